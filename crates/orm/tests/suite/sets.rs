// Included twice by `behaviour.rs`: `go!` waits for an Op in the style at hand.

use nuages_orm::Result;

/// The titles of books, in the order that they come in.
fn titles(books: &[Book]) -> Vec<&str> {
    books.iter().map(|book| book.title.as_str()).collect()
}

tests! {
    fn queries_are_put_together(db: Database) {
        let (django, _, boris) = shop!(db);
        let old = Book::objects().filter(|b| b.published.lt(day(1941)));
        let plenty = Book::objects().filter(|b| b.stock.gt(2));
        let union = old.clone().union(plenty.clone());
        assert_eq!(titles(&go!(union.clone().order_by(|b| b.title).all())?), ["Minor Swing", "Mon violon pour tout bagage", "Nuages"]);
        // In the model's order, where none is said.
        assert_eq!(titles(&go!(union.clone().all())?), ["Mon violon pour tout bagage", "Nuages", "Minor Swing"]);
        assert_eq!(titles(&go!(old.clone().intersection(plenty.clone()).all())?), ["Nuages"]);
        assert_eq!(titles(&go!(old.clone().difference(plenty.clone()).all())?), ["Minor Swing"]);
        let twice = old.clone().union_all(plenty.clone());
        assert_eq!((go!(twice.clone().count())?, go!(twice.clone().distinct().count())?, go!(twice.clone().distinct().all())?.len()), (4, 3, 3));
        // Counted, aggregated, sliced, filtered and asked for as one query.
        assert_eq!((go!(union.clone().count())?, go!(union.clone().exists())?), (3, true));
        assert_eq!(go!(union.clone().aggregate(|b| (b.stock.sum(), b.id.count(), b.author.name.max())))?, (Some(8), 3, Some("Stéphane Grappelli".to_owned())));
        assert_eq!(go!(twice.clone().aggregate(|b| (b.stock.sum(), b.id.count_distinct())))?, (Some(11), 3));
        assert_eq!(go!(union.clone().order_by(|b| b.stock.desc()).slice(1..3).aggregate(|b| b.stock.sum()))?, Some(3));
        assert_eq!(go!(union.clone().slice(1..).count())?, 2);
        assert_eq!(titles(&go!(union.clone().filter(|b| b.author.name.startswith("D")).order_by(|b| b.author.country.name).order_by(|b| b.id).all())?), ["Nuages", "Minor Swing"]);
        let lines: Vec<_> = go!(union.clone().select_related(|b| b.author.country).order_by(|b| b.title).all())?.iter().map(line).collect();
        assert_eq!(lines[0], "MINOR SWING by Django Reinhardt (Belgium)");
        assert_eq!(go!(union.clone().get(|b| b.stock.eq(5)))?.title, "Mon violon pour tout bagage");
        assert_eq!(go!(union.clone().first())?.unwrap().title, "Mon violon pour tout bagage");
        let nuages = go!(Book::objects().get(|b| b.title.eq("Nuages")))?;
        assert!(go!(union.clone().contains(&nuages))?);
        assert_eq!(go!(union.clone().values(|b| b.title).order_by(|b| b.title).first())?.as_deref(), Some("Minor Swing"));
        let counted: Vec<(Book, i64)> = go!(union.clone().annotate(|b| when(b.editor.is_null(), 1_i64).otherwise(0)).all())?;
        assert_eq!(counted.len(), 3);
        // Members that are sliced, or combined, stay what they are.
        let newest = Book::objects().order_by(|b| b.published.desc()).slice(..1);
        let oldest = Book::objects().order_by(|b| b.published).slice(..1);
        assert_eq!(titles(&go!(newest.clone().union(oldest.clone()).all())?), ["Mon violon pour tout bagage", "Minor Swing"]);
        assert_eq!(go!(Book::objects().difference(newest.union(oldest)).count())?, 3);
        assert_eq!(go!(old.clone().union(plenty.clone()).intersection(old.clone()).count())?, 2);
        assert_eq!(go!(old.clone().union(old.clone()).union(plenty.clone()).count())?, 3);
        // In a subquery, and in a subquery of a subquery.
        let authors = Author::objects().filter(|a| a.id.eq(django.id)).union(Author::objects().filter(|a| a.name.startswith("B")));
        assert_eq!(go!(Book::objects().filter(|b| b.author.in_query(authors.clone())).count())?, 4);
        assert_eq!(go!(Book::objects().filter(|b| !b.author.in_query(authors.clone().filter(|a| a.name.contains("Vian")))).count())?, 4);
        // With what nothing is in.
        let none = Book::objects().none();
        assert_eq!((go!(none.clone().union(old.clone()).count())?, go!(old.clone().intersection(none.clone()).count())?), (2, 0));
        assert_eq!(go!(none.clone().union(none).aggregate(|b| (b.stock.sum(), b.id.count())))?, (None, 0));
        // Written.
        assert_eq!(go!(union.clone().update(|b| b.stock.set(b.stock + 1)))?, 3);
        assert_eq!(go!(Book::objects().filter(|b| b.stock.gt(3)).union(Book::objects().filter(|b| b.author.eq(&boris))).delete())?, 3);
        assert_eq!(go!(Book::objects().count())?, 2);
        Ok(())
    }

    fn conditions_of_queries_are_joined(db: Database) {
        shop!(db);
        let old = || Book::objects().filter(|b| b.published.lt(day(1941)));
        let plenty = || Book::objects().filter(|b| b.stock.gt(2));
        let count = |query: QuerySet<Book>| query.count();
        assert_eq!(go!(count(old() & plenty()))?, 1);
        assert_eq!(go!(count(old() | plenty()))?, 3);
        assert_eq!(go!(count(old() ^ plenty()))?, 2);
        assert_eq!((go!(count(Book::objects() & plenty()))?, go!(count(Book::objects() | plenty()))?, go!(count(plenty() ^ Book::objects()))?), (2, 5, 3));
        // A row for which a side is unknown is on the other side of it.
        let edited = || Book::objects().filter(|b| b.editor.name.startswith("B"));
        assert_eq!(go!(count(edited() ^ old()))?, 1);
        assert_eq!(go!(Book::objects().filter(|b| b.editor.name.startswith("B") ^ b.published.lt(day(1941))).count())?, 1);
        assert_eq!(go!(Book::objects().filter(|b| Condition::any([b.stock.eq(3), b.stock.eq(5)])).count())?, 2);
        assert_eq!(go!(Book::objects().filter(|b| Condition::all([b.stock.ge(3), b.stock.lt(5)])).count())?, 1);
        assert_eq!((go!(Book::objects().filter(|_| Condition::any([])).count())?, go!(Book::objects().filter(|_| Condition::all([])).count())?), (0, 5));
        let error = go!((Book::objects().slice(..1) & Book::objects()).all()).unwrap_err();
        assert!(error.is_configuration() && error.to_string().contains(".intersection(..)"), "{error}");
        let error = go!(Book::objects().slice(..1).union(Book::objects()).select_for_update().all()).unwrap_err();
        assert!(error.is_transaction_required() || error.is_configuration(), "{error}");
        let error = go!(Book::objects().select_for_update().union(Book::objects()).all()).unwrap_err();
        assert!(error.to_string().contains("can't be locked"), "{error}");
        Ok(())
    }

    fn values_of_models_are_put_together(db: Database) {
        shop!(db);
        let names = Author::objects().values(|a| (a.name, a.country.name));
        let titles = Book::objects().filter(|b| b.stock.gt(1)).values(|b| (b.title, b.author.country.name));
        let both = names.clone().union(titles.clone());
        assert_eq!(go!(both.clone().count())?, 6);
        let rows: Vec<(String, String)> = go!(both.clone().filter(|(_, country)| country.eq("Belgium")).order_by(|(name, _)| name.desc()).all())?;
        assert_eq!(rows.iter().map(|row| row.0.as_str()).collect::<Vec<_>>(), ["Nuages", "Django Reinhardt"]);
        assert_eq!(go!(both.clone().order_by(|(name, country)| (country.asc(), name.asc())).slice(1..).first())?.unwrap().0, "Nuages");
        assert_eq!(go!(both.clone().aggregate(|(name, country)| (name.length().max(), country.count_distinct())))?, (Some(27), 2));
        assert_eq!(go!(both.clone().order_by(|(name, _)| name.asc()).slice(..2).aggregate(|(name, _)| name.count()))?, 2);
        assert!(go!(both.clone().exists())? && !go!(both.filter(|(name, _)| name.eq("nobody")).exists())?);
        let editors = Book::objects().filter(|b| !b.editor.is_null()).values(|b| b.editor.name.coalesce(""));
        let authors = Author::objects().values(|a| a.name);
        assert_eq!(go!(authors.clone().intersection(editors.clone()).order_by(|name| name.asc()).all())?, ["Boris Vian", "Stéphane Grappelli"]);
        assert_eq!(go!(authors.clone().difference(editors.clone()).all())?, ["Django Reinhardt"]);
        assert_eq!(go!(authors.clone().union_all(editors.clone()).count())?, 5);
        assert_eq!(go!(authors.clone().union_all(editors).union(authors).count())?, 3);
        // Money keeps its digits.
        let prices = Book::objects().values(|b| b.price);
        assert_eq!(go!(prices.clone().union(prices).all())?.iter().map(ToString::to_string).collect::<Vec<_>>(), ["9.90"]);
        Ok(())
    }

    fn distinct_rows(db: Database) {
        shop!(db);
        let authors = Book::objects().values(|b| b.author.name).distinct();
        assert_eq!((go!(authors.clone().count())?, go!(authors.clone().order_by(|b| b.author.name).all())?.len()), (3, 3));
        assert_eq!(go!(authors.clone().order_by(|b| b.author.name).slice(1..).count())?, 2);
        assert_eq!((go!(Book::objects().values(|b| b.author.name).count())?, go!(Book::objects().values(|b| b.author.name).slice(3..).count())?), (5, 2));
        assert!(go!(authors.exists())?);
        // The first of each author, by another order than that of the authors.
        let best = Book::objects().order_by(|b| (b.stock.desc(), b.id)).distinct_on(|b| b.author.id);
        assert_eq!(titles(&go!(best.clone().all())?), ["Mon violon pour tout bagage", "Nuages", "L'Écume des jours"]);
        assert_eq!((go!(best.clone().count())?, go!(best.clone().slice(..2).count())?), (3, 2));
        assert_eq!(go!(best.clone().aggregate(|b| b.stock.sum()))?, Some(10));
        assert_eq!(titles(&go!(best.clone().filter(|b| b.author.country.name.eq("France")).all())?), ["Mon violon pour tout bagage", "L'Écume des jours"]);
        let names: Vec<String> = go!(best.values(|b| b.author.name).all())?;
        assert_eq!(names, ["Stéphane Grappelli", "Django Reinhardt", "Boris Vian"]);
        Ok(())
    }

    fn windows(db: Database) {
        shop!(db);
        use nuages_orm::{FrameBound, Window, cume_dist, dense_rank, ntile, percent_rank, rank, row_number};

        let by_author = |b: &'static Fields<Book>| Window::new().partition_by(b.author.id).order_by((b.stock.desc(), b.id));
        let numbered: Vec<(Book, i64)> = go!(Book::objects().annotate(|b| row_number().over(by_author(b))).order_by(|b, n| (b.author.name, n.asc())).all())?;
        let numbers: Vec<_> = numbered.iter().map(|(book, n)| (book.title.as_str(), *n)).collect();
        assert_eq!(numbers, [("L'Écume des jours", 1), ("Nuages", 1), ("Belleville", 2), ("Minor Swing", 3), ("Mon violon pour tout bagage", 1)]);
        // Filtered by a window: it is computed before, over all that the other conditions leave.
        let second = Book::objects().annotate(|b| row_number().over(by_author(b))).filter(|_, n| n.eq(2));
        assert_eq!(go!(second.clone().all())?.iter().map(|(book, n)| (book.title.as_str(), *n)).collect::<Vec<_>>(), [("Belleville", 2)]);
        assert_eq!((go!(second.clone().count())?, go!(second.clone().exists())?), (1, true));
        assert_eq!(go!(second.clone().filter(|b, _| b.stock.lt(3)).all())?.first().map(|(book, _)| book.title.clone()).as_deref(), Some("Minor Swing"));
        assert_eq!(go!(second.clone().exclude(|_, n| n.gt(1)).count())?, 0);
        assert_eq!(titles(&go!(second.records().all())?), ["Belleville"]);
        assert_eq!(go!(Book::objects().filter(|b| row_number().over(by_author(b)).le(2) & b.author.name.startswith("D")).count())?, 2);
        assert_eq!(go!(Book::objects().filter(|b| row_number().over(by_author(b)).eq(3)).update(|b| b.stock.set(7)))?, 1);
        assert_eq!(go!(Book::objects().get(|b| b.title.eq("Minor Swing")))?.stock, 7);
        go!(Book::objects().filter(|b| b.title.eq("Minor Swing")).update(|b| b.stock.set(0)))?;
        // Ranks.
        let by_country = || Window::new().order_by(Book::fields().author.country.name);
        let ranks: Vec<(i64, i64, f64, f64)> = go!(Book::objects()
            .values(|_| (rank().over(by_country()), dense_rank().over(by_country()), percent_rank().over(by_country()), cume_dist().over(by_country())))
            .order_by(|b| (b.author.country.name, b.id))
            .all())?;
        assert_eq!((ranks[0].0, ranks[0].1, ranks[4].0, ranks[4].1), (1, 1, 4, 2));
        assert!((ranks[4].2 - 0.75).abs() < 1e-9 && (ranks[0].3 - 0.6).abs() < 1e-9 && (ranks[4].3 - 1.0).abs() < 1e-9);
        let by_id = || Window::new().order_by(Book::fields().id);
        let buckets: Vec<i64> = go!(Book::objects().values(|_| ntile(2).over(by_id())).order_by(|b| b.id).all())?;
        assert_eq!(buckets, [1, 1, 1, 2, 2]);
        // Other rows.
        let around = go!(Book::objects()
            .values(|b| (b.stock.lag(1).over(by_id()), b.stock.lead(2).over(by_id()), b.stock.first_value().over(by_id()), b.stock.nth_value(2).over(by_id())))
            .order_by(|b| b.id)
            .all())?;
        assert_eq!(around[0], (None, Some(1), Some(3), None));
        assert_eq!(around[4], (Some(5), None, Some(3), Some(0)));
        let last: Vec<Option<i32>> = go!(Book::objects()
            .values(|b| b.stock.last_value().over(by_id().rows(FrameBound::Start, FrameBound::End)))
            .order_by(|b| b.id)
            .all())?;
        assert_eq!(last, [Some(2); 5]);
        // Aggregates, and frames.
        let sums = go!(Book::objects()
            .values(|b| (
                b.stock.sum().over(by_id()),
                b.stock.sum().over(by_id().rows(FrameBound::Before(1), FrameBound::Behind(1))),
                b.id.count().filter(b.stock.gt(0)).over(Window::new().partition_by(b.author.country.name)),
                b.stock.avg().over(by_id().range(FrameBound::Current, FrameBound::End)),
            ))
            .order_by(|b| b.id)
            .all())?;
        assert_eq!(sums.iter().map(|row| row.0).collect::<Vec<_>>(), [Some(3), Some(3), Some(4), Some(9), Some(11)]);
        assert_eq!(sums.iter().map(|row| row.1).collect::<Vec<_>>(), [Some(3), Some(4), Some(6), Some(8), Some(7)]);
        assert_eq!(sums.iter().map(|row| row.2).collect::<Vec<_>>(), [2, 2, 2, 2, 2]);
        assert_eq!(sums[4].3, Some(2.0));
        // Computed with, and of a group of its own.
        let share: Vec<(String, f64)> = go!(Book::objects()
            .filter(|b| b.stock.gt(0))
            .values(|b| (b.title, b.stock.cast::<f64>() / b.stock.cast::<f64>().sum().over(Window::new())))
            .order_by(|b| b.title)
            .all())?;
        assert!((share[0].1 - 1.0 / 11.0).abs() < 1e-9);
        Ok(())
    }

    fn aggregates_of_annotations(db: Database) {
        shop!(db);
        let counted = Author::objects().annotate(|a| (a.books.count(), a.edited.count()));
        let (mean, most, edited) = go!(counted.clone().aggregate(|_, (n, m)| (n.avg(), n.max(), m.sum())))?;
        assert_eq!((mean.map(|mean| (mean * 3.0).round()), most, edited), (Some(5.0), Some(3), Some(2)));
        assert_eq!(go!(counted.clone().filter(|_, (n, _)| n.lt(3)).aggregate(|a, (n, _)| (n.sum(), a.name.min())))?, (Some(2), Some("Boris Vian".to_owned())));
        assert_eq!(go!(counted.clone().order_by(|_, (n, _)| n.desc()).slice(..1).aggregate(|_, (n, _)| n.sum()))?, Some(3));
        assert_eq!(go!(counted.records().alias(|a| a.books.count(), |authors, n| authors.filter(|_| n.eq(1)).order_by(|a| a.name)).all())?.len(), 2);
        // Over several to-many relations, in one query: no product of rows.
        let (books, edits) = go!(Author::objects().annotate(|a| (a.books.aggregate(|b| b.stock.sum()), a.edited.aggregate(|b| b.stock.sum()))).get(|a, _| a.name.startswith("B")))
            .map(|(_, books, edits)| (books, edits))?;
        assert_eq!((books, edits), (Some(2), Some(3)));
        Ok(())
    }

    fn conditions_on_a_to_many_relation(db: Database) {
        shop!(db);
        // In one `filter`: one book that is both. In two: a book that is one, and a book that is the other.
        let one = Author::objects().filter(|a| a.books.title.eq("Minor Swing") & a.books.stock.gt(2));
        let two = Author::objects().filter(|a| a.books.title.eq("Minor Swing")).filter(|a| a.books.stock.gt(2));
        assert_eq!((go!(one.count())?, go!(two.count())?), (0, 1));
        let one = Author::objects().filter(|a| a.books.title.eq("Nuages") & a.books.stock.gt(2) & a.name.startswith("D"));
        assert_eq!(go!(one.count())?, 1);
        // An offset counts authors, however many books each has.
        let with_books = Author::objects().filter(|a| a.books.stock.ge(0)).order_by(|a| a.id);
        let names: Vec<String> = go!(with_books.clone().slice(1..).values(|a| a.name).all())?;
        assert_eq!(names, ["Stéphane Grappelli", "Boris Vian"]);
        assert_eq!((go!(with_books.clone().slice(2..).count())?, go!(with_books.slice(3..).exists())?), (1, false));
        // Behind another relation, and of another relation.
        let countries = Country::objects().filter(|c| c.authors.books.title.eq("Minor Swing") & c.authors.books.stock.gt(2));
        assert_eq!(go!(countries.count())?, 0);
        assert_eq!(go!(Author::objects().filter(|a| a.books.stock.eq(2) & a.edited.stock.eq(3)).count())?, 1);
        // `exclude` asks for each by itself, as Django's does: not those with such a title and such a stock, in whichever books.
        let kept = Author::objects().exclude(|a| a.books.title.eq("Minor Swing") & a.books.stock.gt(2)).order_by(|a| a.name);
        assert_eq!(go!(kept.all())?.len(), 2);
        let kept = Author::objects().exclude(|a| a.books.filter(|b| b.title.eq("Minor Swing") & b.stock.gt(2)).exists());
        assert_eq!(go!(kept.count())?, 3);
        Ok(())
    }

    fn orders_with_nulls(db: Database) {
        shop!(db);
        let first = |order: fn(&'static Fields<Book>) -> nuages_orm::Order<Book>| Book::objects().order_by(move |b| (order(b), b.id)).values(|b| b.title).first();
        assert_eq!(go!(first(|b| b.subtitle.asc()))?.unwrap(), "Minor Swing");
        assert_eq!(go!(first(|b| b.subtitle.asc().nulls_first()))?.unwrap(), "Nuages");
        assert_eq!(go!(first(|b| b.subtitle.desc()))?.unwrap(), "Nuages");
        assert_eq!(go!(first(|b| b.subtitle.desc().nulls_last()))?.unwrap(), "Minor Swing");
        assert_eq!(go!(Book::objects().order_by(|b| (b.subtitle.asc().nulls_first(), b.id)).last())?.unwrap().title, "Minor Swing");
        assert!(Book::objects().is_ordered() && !Author::objects().is_ordered() && Author::objects().order_by(|a| a.name).is_ordered());
        Ok(())
    }

    fn conditions_are_values(db: Database) {
        shop!(db);
        let rows: Vec<(Book, bool, bool)> = go!(Book::objects().annotate(|b| (b.stock.gt(2), b.editor.name.startswith("B"))).order_by(|b, (many, _)| (many.clone().value().desc(), b.id)).all())?;
        assert_eq!(rows.iter().map(|(book, many, boris)| (book.id, *many, *boris)).collect::<Vec<_>>(), [(1, true, true), (4, true, false), (2, false, false), (3, false, false), (5, false, false)]);
        assert_eq!(go!(Book::objects().filter(|b| when(b.stock.gt(2), b.stock.lt(5).value()).otherwise(false)).count())?, 1);
        assert_eq!(go!(Book::objects().exclude(|b| when(b.stock.gt(2), true).or_null().coalesce(false)).count())?, 3);
        Ok(())
    }

    fn dates_of_a_column(db: Database) {
        use nuages_orm::Part;

        shop!(db);
        let day = |year, month, day| jiff::civil::date(year, month, day);
        let years = go!(Book::objects().filter(|b| b.stock.gt(0)).dates(|b| b.published, Part::Year))?;
        assert_eq!(years, [1940, 1942, 1947, 1992].map(|year| day(year, 1, 1)));
        assert_eq!(go!(Book::objects().slice(..2).dates(|b| b.published, Part::Month))?, [day(1947, 6, 1), day(1992, 6, 1)]);
        let sheet = |moment: &str| Sheet::create()
            .flag(true).small(0).medium(0).large(0).float(0.0).text("").date(day(2020, 2, 29)).time(jiff::civil::time(1, 2, 3, 0))
            .datetime(day(2024, 5, 15).at(10, 20, 30, 0)).moment(moment.parse::<Timestamp>().unwrap()).uuid(Uuid::nil()).bytes(vec![]).json(serde_json::Value::Null).tempo(Tempo::Lento);
        go!(sheet("2027-01-03T23:59:58Z"))?;
        go!(sheet("2027-01-03T23:10:00Z"))?;
        assert_eq!(go!(Sheet::objects().datetimes(|s| s.moment, Part::Hour))?, ["2027-01-03T23:00:00Z".parse::<Timestamp>().unwrap()]);
        assert_eq!(go!(Sheet::objects().dates(|s| s.moment, Part::Day))?, [day(2027, 1, 3)]);
        Ok(())
    }

    fn other_shapes_of_rows(db: Database) {
        #[derive(Debug, PartialEq)]
        struct Line {
            title: String,
            author: String,
        }

        shop!(db);
        let lines = Book::objects().values(|b| (b.title, b.author.name)).order_by(|b| b.stock.desc()).map(|(title, author)| Line { title, author });
        assert_eq!(go!(lines.first())?.unwrap(), Line { title: "Mon violon pour tout bagage".to_owned(), author: "Stéphane Grappelli".to_owned() });
        assert_eq!(go!(Book::objects().values(|b| b.id).map(|id| id * 2).all())?, [8, 10, 6, 2, 4]);
        let stock = go!(Book::objects().values(|b| (b.title, b.stock)).to_map())?;
        assert_eq!((stock.len(), stock["Nuages"]), (5, 3));
        assert_eq!(go!(Book::objects().values(|b| b.title).exclude(|b| b.stock.gt(1)).count())?, 2);
        Ok(())
    }

    fn some_columns_of_a_record(db: Database) {
        nuages_orm::only! {
            struct Line of Book {
                title: String,
                subtitle: Option<String>,
                price: Decimal,
            }
        }

        let (django, ..) = shop!(db);
        let lines = Book::objects().filter(|b| b.author.eq(&django)).order_by(|b| b.stock.desc()).only::<Line>();
        let found: Vec<Line> = go!(lines.clone().all())?;
        assert_eq!(found.iter().map(|line| (line.id, line.title.as_str())).collect::<Vec<_>>(), [(1, "Nuages"), (3, "Belleville"), (2, "Minor Swing")]);
        assert_eq!((found[2].subtitle.as_deref(), found[2].price.to_string().as_str()), (Some("with Stéphane"), "9.90"));
        assert_eq!((go!(lines.clone().count())?, go!(lines.clone().slice(1..).first())?.unwrap().id), (3, 3));
        assert_eq!(go!(lines.clone().union(Book::objects().filter(|b| b.stock.eq(5)).only()).all())?.len(), 4);
        assert_eq!(go!(lines.get(|b| b.title.eq("Nuages")))?, found[0]);
        let error = go!(Book::objects().bulk_update(&found, |b| b.title)).unwrap_err();
        assert!(error.to_string().contains(".update(..)"), "{error}");
        Ok(())
    }

    fn a_query_is_explained(db: Database) {
        use nuages_orm::{Dialect, Explain};

        shop!(db);
        let one = || Book::objects().filter(|b| b.id.eq(1));
        let plan = go!(one().explain(Explain::default()))?;
        assert!(!plan.is_empty());
        let rich = go!(one().values(|b| b.title).explain(Explain::json().analyze()));
        match db.dialect() {
            Dialect::Sqlite => assert!(rich.unwrap_err().to_string().contains("SQLite explains")),
            _ => assert!(rich?.contains('{')),
        }
        Ok(())
    }

    fn locks_that_a_database_has_not_are_an_error(db: Database) {
        use nuages_orm::{Dialect, atomic};

        shop!(db);
        assert!(go!(Book::objects().select_for_update().all()).unwrap_err().is_transaction_required());
        let locked = go!(atomic(block! {
            assert_eq!(go!(Book::objects().select_for_update().no_key().all())?.len(), 5);
            let none = [go!(Book::objects().nowait().all()).map(drop), go!(Book::objects().skip_locked().all()).map(drop)];
            Ok(none)
        }))?;
        for result in locked {
            match db.dialect() {
                Dialect::Sqlite => assert!(result.unwrap_err().to_string().contains("SQLite has no row locks")),
                _ => result?,
            }
        }
        Ok(())
    }
}
