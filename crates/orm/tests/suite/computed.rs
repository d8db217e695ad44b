// Included twice by `behaviour.rs`: `go!` waits for an Op in the style at hand.

use nuages_orm::{IntoExpression as _, Result, now, random, value};

tests! {
    fn aggregates_over_all_rows_come_as_one(db: Database) {
        shop!(db);
        let (n, stock, mean, first, last) = go!(Book::objects().aggregate(|b| {
            (b.id.count(), b.stock.sum(), b.stock.avg(), b.published.min(), b.published.max())
        }))?;
        assert_eq!((n, stock, mean), (5, Some(11), Some(2.2)));
        assert_eq!((first, last), (Some(day(1937)), Some(day(1992))));
        let (price, mean) = go!(Book::objects().aggregate(|b| (b.price.sum(), b.price.avg())))?;
        assert_eq!((price, mean), (Some(Decimal::new(4950, 2)), Some(Decimal::new(990, 2))));
        Ok(())
    }

    fn an_aggregate_over_no_rows_is_null_and_a_count_zero(db: Database) {
        shop!(db);
        let none = Book::objects().filter(|b| b.stock.gt(99));
        let (n, sum, mean, least) = go!(none.clone().aggregate(|b| (b.id.count(), b.stock.sum(), b.price.avg(), b.title.min())))?;
        assert_eq!((n, sum, mean, least), (0, None, None, None));
        assert_eq!(go!(none.aggregate(|b| b.stock.sum().coalesce(0)))?, 0);
        Ok(())
    }

    fn an_aggregate_leaves_nulls_out_and_takes_options(db: Database) {
        shop!(db);
        let (subtitles, editors, different, few, sums) = go!(Book::objects().aggregate(|b| {
            (
                b.subtitle.count(),
                b.editor.name.count(),
                b.price.count_distinct(),
                b.id.count().filter(b.stock.lt(2)),
                b.stock.sum().distinct().filter(b.stock.gt(0)).filter(b.stock.lt(5)),
            )
        }))?;
        assert_eq!((subtitles, editors, different, few, sums), (1, 2, 1, 2, Some(6)));
        Ok(())
    }

    fn an_aggregate_of_a_slice_spans_the_slice(db: Database) {
        shop!(db);
        let newest = Book::objects().order_by(|b| b.published.desc()).slice(..2);
        assert_eq!(go!(newest.clone().aggregate(|b| b.stock.sum()))?, Some(7));
        assert_eq!(go!(newest.slice(1..).aggregate(|b| (b.stock.sum(), b.id.count())))?, (Some(2), 1));
        Ok(())
    }

    fn spread_is_computed_alike(db: Database) {
        shop!(db);
        let (variance, sample, deviation) = go!(Book::objects().aggregate(|b| {
            (b.stock.variance().round(6), b.stock.sample_variance().round(6), b.stock.stddev().round(6))
        }))?;
        assert_eq!((variance, sample, deviation), (Some(2.96), Some(3.7), Some(1.720_465)));
        let one = Book::objects().filter(|b| b.stock.eq(5));
        assert_eq!(go!(one.aggregate(|b| (b.stock.variance(), b.stock.sample_variance())))?, (Some(0.0), None));
        Ok(())
    }

    fn aggregates_over_several_relations_are_each_right(db: Database) {
        shop!(db);
        let rows: Vec<(Author, i64, Option<i64>, i64)> = go!(Author::objects()
            .annotate(|a| {
                (
                    a.books.count(),
                    a.books.aggregate(|b| b.stock.sum()),
                    a.edited.filter(|b| b.stock.gt(2)).aggregate(|b| b.stock.max().coalesce(0)).cast::<i64>(),
                )
            })
            .order_by(|a, _| a.name)
            .all())?;
        let rows: Vec<_> = rows.iter().map(|(a, n, sum, max)| (a.name.as_str(), *n, *sum, *max)).collect();
        assert_eq!(rows, [("Boris Vian", 1, Some(2), 3), ("Django Reinhardt", 3, Some(4), 0), ("Stéphane Grappelli", 1, Some(5), 0)]);
        let rich = Author::objects().annotate(|a| a.books.aggregate(|b| b.stock.sum().coalesce(0))).filter(|_, sum| sum.gt(3));
        assert_eq!(go!(rich.count())?, 2);
        Ok(())
    }

    fn groups_have_aggregates(db: Database) {
        shop!(db);
        let rows: Vec<(String, Option<i64>, Option<f64>)> = go!(Book::objects()
            .values(|b| b.author.country.name)
            .annotate(|b| (b.stock.sum(), b.stock.avg()))
            .having(|_, (sum, _)| sum.gt(1))
            .order_by(|name, _| name.asc())
            .all())?;
        assert_eq!(rows[0].0, "Belgium");
        assert_eq!((rows[0].1, rows[0].2.map(|mean| (mean * 3.0).round())), (Some(4), Some(4.0)));
        assert_eq!((rows[1].0.as_str(), rows[1].1, rows[1].2), ("France", Some(7), Some(3.5)));
        // Grouped by what is computed.
        let rows: Vec<(i32, i64)> = go!(Book::objects().values(|b| b.published.year()).annotate(|b| b.id.count()).all())?;
        assert_eq!(rows.len(), 5);
        Ok(())
    }

    fn functions_of_text(db: Database) {
        shop!(db);
        macro_rules! text {
            (|$b:ident| $expression:expr) => {
                go!(Book::objects().filter(|b| b.title.startswith("L'")).values(|$b| $expression).first())?.unwrap()
            };
        }
        assert_eq!(text!(|b| b.title.lower()), "l'écume des jours");
        assert_eq!(text!(|b| b.title.upper()), "L'ÉCUME DES JOURS");
        assert_eq!(text!(|b| b.title.length()), 17);
        assert_eq!(text!(|b| b.title.left(3)), "L'É");
        assert_eq!(text!(|b| b.title.right(5)), "jours");
        assert_eq!(text!(|b| b.title.substr(3, 5)), "Écume");
        assert_eq!(text!(|b| b.title.replace("jours", "nuits")), "L'Écume des nuits");
        assert_eq!(text!(|b| b.title.left(2).repeat(2)), "L'L'");
        assert_eq!(text!(|b| b.title.right(5).reversed()), "sruoj");
        assert_eq!(text!(|b| b.title.right(5).lpad(7, "é-")), "é-jours");
        assert_eq!(text!(|b| b.title.right(5).rpad(8, ".")), "jours...");
        assert_eq!(text!(|b| b.title.lpad(2, ".")), "L'");
        assert_eq!(text!(|b| (b.title.str_index("des"), b.title.str_index("nuits"))), (9, 0));
        assert_eq!(text!(|b| value("  x ".to_owned()).trimmed().concat(b.author.name)), "xBoris Vian");
        assert_eq!(text!(|_b| value("  x ".to_owned()).trimmed_start()), "x ");
        assert_eq!(text!(|_b| value("  x ".to_owned()).trimmed_end()), "  x");
        assert_eq!(text!(|b| b.title.concat(": ").concat(b.subtitle).concat("?")), "L'Écume des jours: ?");
        // Of NULL, they are NULL.
        assert_eq!(text!(|b| (b.subtitle.upper(), b.subtitle.length())), (None, None));
        assert_eq!(text!(|b| b.subtitle.coalesce("none")), "none");
        assert_eq!(text!(|b| b.title.null_if("L'Écume des jours")), None);
        assert_eq!(go!(Book::objects().filter(|b| b.title.lower().eq("nuages") | b.title.length().lt(7)).count())?, 1);
        assert_eq!(go!(Book::objects().order_by(|b| b.title.length()).values(|b| b.title).first())?.unwrap(), "Nuages");
        Ok(())
    }

    fn functions_of_numbers(db: Database) {
        shop!(db);
        go!(Book::objects().filter(|b| b.title.eq("Nuages")).update(|b| b.price.set(Decimal::new(12345, 2))))?;
        macro_rules! number {
            (|$b:ident| $expression:expr) => {
                go!(Book::objects().filter(|b| b.title.eq("Nuages")).values(|$b| $expression).first())?.unwrap()
            };
        }
        assert_eq!(number!(|b| ((b.stock - 5).abs(), (b.stock - 5).sign(), b.stock.modulo(2), b.stock.greatest(7), b.stock.least(7))), (2, -1, 1, 7, 3));
        let exact = |digits: i64, places| Decimal::new(digits, places).normalize();
        let (ceil, floor, round) = number!(|b| (b.price.ceil(), b.price.floor(), b.price.round(1)));
        assert_eq!((ceil.normalize(), floor.normalize(), round.normalize()), (exact(124, 0), exact(123, 0), exact(1235, 1)));
        let (halves, negative) = number!(|b| ((b.price - Decimal::new(5, 2)).round(0), (b.price * Decimal::NEGATIVE_ONE).round(1)));
        assert_eq!((halves.normalize(), negative.normalize()), (exact(123, 0), exact(-1235, 1)));
        assert_eq!(number!(|b| (b.stock.power(2.0), b.stock.cast::<f64>().sqrt(), b.stock.exp().ln().round(9))), (9.0, Some(3.0_f64.sqrt()), Some(3.0)));
        assert_eq!(number!(|b| ((b.stock - 3).sin(), (b.stock - 3).cos(), (b.stock - 3).tan(), (b.stock - 3).atan())), (Some(0.0), Some(1.0), Some(0.0), Some(0.0)));
        assert_eq!(number!(|b| ((b.stock - 3).asin(), (b.stock - 2).acos(), (b.stock * 60).radians().degrees().round(6))), (Some(0.0), Some(0.0), Some(180.0)));
        assert_eq!(number!(|b| (b.stock.cast::<String>(), b.stock.cast::<f64>(), b.price.cast::<i64>())), ("3".to_owned(), 3.0, 123));
        // The larger of something and nothing is not known.
        let sheet = go!(Book::objects().filter(|b| b.subtitle.is_null()).values(|b| (b.subtitle.greatest("a"), b.subtitle.least("a"))).first())?;
        assert_eq!(sheet, Some((None, None)));
        let shuffled = go!(Book::objects().order_by(|_| random()).values(|b| b.id).all())?;
        assert_eq!(shuffled.len(), 5);
        assert!((0.0..1.0).contains(&number!(|_b| random())));
        Ok(())
    }

    fn functions_of_dates_and_times(db: Database) {
        go!(tables(db))?;
        let moment: Timestamp = "2027-01-03T23:59:58.25Z".parse().unwrap();
        let civil = jiff::civil::date(2024, 5, 15).at(10, 20, 30, 125_000_000);
        go!(Sheet::create()
            .flag(true).small(0).medium(0).large(0).float(0.0).text("").date(jiff::civil::date(2020, 2, 29)).time(civil.time())
            .datetime(civil).moment(moment).uuid(Uuid::nil()).bytes(vec![]).json(serde_json::Value::Null).tempo(Tempo::Lento))?;
        macro_rules! of {
            (|$s:ident| $expression:expr) => {
                go!(Sheet::objects().values(|$s| $expression).first())?.unwrap()
            };
        }
        assert_eq!(of!(|s| (s.date.year(), s.date.month(), s.date.day(), s.date.quarter())), (2020, 2, 29, 1));
        assert_eq!(of!(|s| (s.date.week(), s.date.week_day(), s.date.iso_week_day(), s.date.iso_year())), (9, 7, 6, 2020));
        // A Sunday that still belongs to the last week of the year before.
        assert_eq!(of!(|s| (s.moment.iso_year(), s.moment.week(), s.moment.week_day(), s.moment.iso_week_day())), (2026, 53, 1, 7));
        assert_eq!(of!(|s| (s.moment.year(), s.moment.hour(), s.moment.minute(), s.moment.second())), (2027, 23, 59, 58));
        assert_eq!(of!(|s| (s.time.hour(), s.time.minute(), s.time.second())), (10, 20, 30));
        assert_eq!(of!(|s| (s.datetime.date(), s.datetime.time())), (civil.date(), civil.time()));
        assert_eq!(of!(|s| s.moment.date()), jiff::civil::date(2027, 1, 3));
        let days = |month, day| jiff::civil::date(2020, month, day);
        assert_eq!(of!(|s| (s.date.trunc_year(), s.date.trunc_quarter(), s.date.trunc_month(), s.date.trunc_week())), (days(1, 1), days(1, 1), days(2, 1), days(2, 24)));
        let at = |month, day, hour, minute, second| jiff::civil::date(2024, month, day).at(hour, minute, second, 0);
        assert_eq!(of!(|s| (s.datetime.trunc_year(), s.datetime.trunc_quarter(), s.datetime.trunc_month(), s.datetime.trunc_week())), (at(1, 1, 0, 0, 0), at(4, 1, 0, 0, 0), at(5, 1, 0, 0, 0), at(5, 13, 0, 0, 0)));
        assert_eq!(of!(|s| (s.datetime.trunc_day(), s.datetime.trunc_hour(), s.datetime.trunc_minute(), s.datetime.trunc_second())), (at(5, 15, 0, 0, 0), at(5, 15, 10, 0, 0), at(5, 15, 10, 20, 0), at(5, 15, 10, 20, 30)));
        let day: Timestamp = "2027-01-03T00:00:00Z".parse().unwrap();
        assert_eq!(of!(|s| (s.moment.trunc_day(), s.moment.trunc_month())), (day, "2027-01-01T00:00:00Z".parse().unwrap()));
        // Found by what is computed.
        assert_eq!(go!(Sheet::objects().filter(|s| s.moment.year().eq(2027) & s.date.eq(days(2, 29)) & s.datetime.trunc_day().lt(s.datetime)).count())?, 1);
        let here: Timestamp = of!(|_s| now());
        assert!(here.duration_since(Timestamp::now()).abs() < jiff::SignedDuration::from_mins(2));
        Ok(())
    }

    fn values_depend_on_conditions(db: Database) {
        shop!(db);
        let shelf: Vec<(String, String)> = go!(Book::objects()
            .values(|b| (b.title, when(b.stock.gt(4), "plenty").when(b.stock.gt(0), b.author.name).otherwise("none")))
            .order_by(|b| b.title)
            .all())?;
        let words: Vec<_> = shelf.iter().map(|(_, word)| word.as_str()).collect();
        assert_eq!(words, ["Django Reinhardt", "Boris Vian", "none", "plenty", "Django Reinhardt"]);
        let nulls: Vec<Option<i32>> = go!(Book::objects().values(|b| when(b.stock.gt(2), b.stock * 2).or_null()).order_by(|b| b.id).all())?;
        assert_eq!(nulls, [Some(6), None, None, Some(10), None]);
        // In an order, in an update, and summed.
        let first = go!(Book::objects().order_by(|b| (when(b.title.startswith("M"), 0).otherwise(1), b.title)).values(|b| b.title).first())?;
        assert_eq!(first.as_deref(), Some("Minor Swing"));
        go!(Book::objects().update(|b| b.stock.set(when(b.stock.gt(2), b.stock - 1).otherwise(b.stock))))?;
        assert_eq!(go!(Book::objects().aggregate(|b| when(b.stock.gt(1), 1).otherwise(0).sum()))?, Some(3_i64));
        Ok(())
    }

    fn an_update_reads_the_old_values_everywhere(db: Database) {
        shop!(db);
        let nuages = Book::objects().filter(|b| b.title.eq("Nuages"));
        go!(nuages.clone().update(|b| (b.stock.set(b.stock + 1), b.title.set(b.title.concat("!")), b.subtitle.set(b.title.upper()))))?;
        let book = go!(Book::objects().get(|b| b.title.eq("Nuages!")))?;
        assert_eq!((book.stock, book.subtitle.as_deref()), (4, Some("NUAGES")));
        Ok(())
    }

    fn an_expression_is_one_everywhere(db: Database) {
        shop!(db);
        let age = || Book::fields().published.year().expression() + 1;
        let rows: Vec<(Book, i32)> = go!(Book::objects().annotate(|_| age()).filter(|_, age| age.gt(1942)).order_by(|_, age| age.desc()).all())?;
        let ages: Vec<_> = rows.iter().map(|(_, age)| *age).collect();
        assert_eq!(ages, [1993, 1948, 1943]);
        assert_eq!(go!(Book::objects().filter(|_| age().eq(1993)).count())?, 1);
        let _ = 3.into_expression() as Expression<Book, i32>;
        Ok(())
    }
}
