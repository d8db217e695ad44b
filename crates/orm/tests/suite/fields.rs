// Included twice by `behaviour.rs`: `go!` waits for an Op in the style at hand.

use jiff::SignedDuration;
use nuages_orm::meta::ChoiceValue;
use nuages_orm::{Dialect, Json, Result, raw, raw_trusted};

use crate::models::*;

fn item(slug: &str) -> ItemCreate<nuages_orm::ColumnGiven, nuages_orm::ColumnGiven> {
    Item::create().slug(slug).name("n")
}

tests! {
    fn numbers_of_every_width_come_back_at_their_limits(db: Database) {
        go!(create_tables(db, &[Numbers::meta()]))?;
        let lowest = go!(Numbers::create()
            .tiny(i8::MIN).small(i16::MIN).medium(i32::MIN).large(i64::MIN).byte(0).word(0).dword(0).qword(0_u64)
            .single(f32::MIN).double(f64::MIN_POSITIVE).exact(Decimal::new(-999_999_999_999_999, 4)))?;
        let highest = go!(Numbers::create()
            .tiny(i8::MAX).small(i16::MAX).medium(i32::MAX).large(i64::MAX).byte(u8::MAX).word(u16::MAX).dword(u32::MAX)
            .qword(i64::MAX.unsigned_abs()).single(0.1).double(0.1 + 0.2).exact(Decimal::new(1, 4)))?;
        assert_eq!((lowest.tiny, lowest.small, lowest.medium, lowest.large), (i8::MIN, i16::MIN, i32::MIN, i64::MIN));
        assert_eq!((highest.byte, highest.word, highest.dword, highest.qword), (u8::MAX, u16::MAX, u32::MAX, i64::MAX.unsigned_abs()));
        assert_eq!((highest.tiny, highest.small, highest.medium, highest.large), (i8::MAX, i16::MAX, i32::MAX, i64::MAX));
        assert_eq!((lowest.exact.to_string(), highest.exact.to_string()), ("-99999999999.9999".to_owned(), "0.0001".to_owned()));
        assert_eq!(go!(Numbers::objects().order_by(|n| n.large).all())?, [lowest, highest.clone()]);
        let found = Numbers::objects().filter(|n| {
            n.tiny.eq(i8::MAX) & n.byte.eq(u8::MAX) & n.word.gt(65_000) & n.dword.eq(u32::MAX) & n.qword.ge(7_u64) & n.double.eq(0.1 + 0.2)
                & n.exact.eq(Decimal::new(1, 4))
        });
        assert_eq!(go!(found.values(|n| (n.single, n.byte - 5)).all())?, [(0.1, 250)]);
        assert_eq!(go!(Numbers::objects().aggregate(|n| (n.word.sum(), n.dword.max())))?, (Some(65_535), Some(u32::MAX)));
        Ok(())
    }

    fn a_number_out_of_the_columns_range_is_refused(db: Database) {
        go!(create_tables(db, &[Numbers::meta()]))?;
        let row = || Numbers::create().tiny(0).small(0).medium(0).large(0).word(0).dword(0).single(0.0).double(0.0).exact(Decimal::ONE);
        let too_large = go!(row().byte(0).qword(u64::MAX)).unwrap_err();
        assert!(too_large.to_string().contains("18446744073709551615"), "{too_large}");
        go!(row().byte(0).qword(1_u64))?;
        // What is computed is checked by the database.
        let refused = go!(Numbers::objects().update(|n| n.byte.set(n.byte - 1))).unwrap_err();
        assert!(refused.is_check_violation(), "{refused:?}");
        assert_eq!(refused.constraint(), Some("numbers_byte_range"));
        assert!(go!(Numbers::objects().update(|n| n.tiny.set(n.tiny + 127)))? == 1);
        assert!(go!(Numbers::objects().update(|n| n.tiny.set(n.tiny + 1))).unwrap_err().is_check_violation());
        Ok(())
    }

    fn a_lookup_beyond_the_columns_range_is_known_without_asking(db: Database) {
        go!(create_tables(db, &[Numbers::meta()]))?;
        go!(Numbers::create().tiny(0).small(0).medium(0).large(0).byte(0).word(0).dword(0).qword(5_u64).single(0.0).double(0.0).exact(Decimal::ONE))?;
        macro_rules! count {
            (|$n:ident| $condition:expr) => {
                go!(Numbers::objects().filter(|$n| $condition).count())?
            };
        }
        assert_eq!((count!(|n| n.qword.eq(u64::MAX)), count!(|n| n.qword.ne(u64::MAX))), (0, 1));
        assert_eq!((count!(|n| n.qword.lt(u64::MAX)), count!(|n| n.qword.gt(u64::MAX))), (1, 0));
        assert_eq!((count!(|n| n.qword.in_([5, u64::MAX])), count!(|n| n.qword.in_([u64::MAX]))), (1, 0));
        assert_eq!((count!(|n| n.qword.between(1, u64::MAX)), count!(|n| !n.qword.lt(u64::MAX))), (1, 0));
        Ok(())
    }

    fn texts_of_every_kind_come_back(db: Database) {
        go!(create_tables(db, &[Item::meta()]))?;
        let tuning = Tuning { strings: vec!["D".to_owned(), "G ♯".to_owned()], capo: Some(255) };
        let made = go!(item("gypsy-jazz_1")
            .email("django@example.org").url("https://example.org/?a=%20").file("books/nuages.pdf").image("covers/é.png").path("/srv/x")
            .language("rom").binding(Binding::Paperback).grade(Grade::Poor).bytes(vec![0, 39, 92, 255])
            .address("2001:db8::ff00:42:8329".parse::<std::net::IpAddr>().unwrap())
            .tuning(Json(tuning.clone())).any(serde_json::json!({"a": [1, null, "x"]})))?;
        assert_eq!(made, go!(Item::objects().get(|i| i.slug.eq("gypsy-jazz_1")))?);
        assert_eq!(made.tuning.as_deref(), Some(&tuning));
        assert_eq!((made.binding, made.grade, made.bytes.as_deref()), (Binding::Paperback, Some(Grade::Poor), Some(&[0, 39, 92, 255][..])));
        let address = "2001:0db8:0000:0000:0000:ff00:0042:8329".parse::<std::net::IpAddr>().unwrap();
        assert_eq!(go!(Item::objects().filter(|i| i.address.eq(address) & i.binding.eq(Binding::Paperback) & i.grade.lt(Grade::Good)).count())?, 1);
        let plain = go!(item("plain").address("127.0.0.1".parse::<std::net::IpAddr>().unwrap()))?;
        assert_eq!((plain.email.as_str(), plain.url, plain.language.as_str(), plain.binding), ("", None, "fr", Binding::HardCover));
        assert_eq!(plain.address.map(|address| address.to_string()).as_deref(), Some("127.0.0.1"));
        Ok(())
    }

    fn a_text_is_not_longer_than_its_kind_allows(db: Database) {
        go!(create_tables(db, &[Item::meta()]))?;
        let lengths = |field: &str| Item::meta().columns.iter().find(|column| column.field == field).unwrap().max_length;
        assert_eq!((lengths("slug"), lengths("email"), lengths("url"), lengths("file"), lengths("image")), (Some(50), Some(254), Some(200), Some(100), Some(30)));
        assert_eq!((lengths("binding"), lengths("grade")), (Some(10), None));
        assert!(go!(item(&"é".repeat(50))).is_ok());
        assert!(go!(item(&"é".repeat(51))).unwrap_err().is_check_violation());
        Ok(())
    }

    fn choices_are_known_at_run_time(db: Database) {
        go!(create_tables(db, &[Item::meta()]))?;
        let choices = |field: &str| {
            let column = Item::meta().columns.iter().find(|column| column.field == field).unwrap();
            column.choices.iter().map(|choice| (choice.value, choice.label, choice.group)).collect::<Vec<_>>()
        };
        assert_eq!(choices("binding"), [(ChoiceValue::Text("hard_cover"), "Hard cover", None), (ChoiceValue::Text("pb"), "Paperback", None)]);
        assert_eq!(choices("grade"), [(ChoiceValue::Int(-1), "Poor", None), (ChoiceValue::Int(1), "Good", None), (ChoiceValue::Int(2), "Mint", None)]);
        assert_eq!(choices("language")[2], (ChoiceValue::Text("rom"), "Romani", Some("Others")));
        // What is none of them can't be read.
        go!(item("odd"))?;
        go!(raw("UPDATE item SET binding = 'scroll'").execute())?;
        let odd = go!(Item::objects().all()).unwrap_err();
        assert!(odd.is_decode() && odd.to_string().contains("scroll"), "{odd}");
        Ok(())
    }

    fn what_serde_refuses_is_not_written(db: Database) {
        go!(create_tables(db, &[Item::meta()]))?;
        let refused = go!(item("odd").odd(Json(std::collections::BTreeMap::from([((1, 2), 3)])))).unwrap_err();
        assert!(refused.to_string().contains("key must be a string"), "{refused}");
        Ok(())
    }

    fn spans_and_times_come_back_to_the_microsecond(db: Database) {
        go!(create_tables(db, &[Moment::meta()]))?;
        let spans = [
            SignedDuration::ZERO,
            SignedDuration::from_micros(-1),
            SignedDuration::from_micros(86_400_000_001),
            -SignedDuration::from_hours(24 * 366 * 50),
        ];
        for span in spans {
            let made = go!(Moment::create().span(span))?;
            assert_eq!(made.span, span);
            assert_eq!(go!(Moment::objects().filter(|m| m.span.eq(span)).count())?, 1, "{span}");
        }
        let order = go!(Moment::objects().order_by(|m| m.span).values(|m| m.span).all())?;
        assert_eq!(order, [spans[3], spans[1], spans[0], spans[2]]);
        assert_eq!(go!(Moment::objects().filter(|m| m.span.lt(SignedDuration::ZERO)).count())?, 2);
        let (first, last) = (jiff::civil::date(1000, 1, 1), jiff::civil::date(9999, 12, 31));
        let (midnight, late) = (jiff::civil::time(0, 0, 0, 0), jiff::civil::time(23, 59, 59, 999_999_000));
        for (date, time) in [(first, midnight), (last, late)] {
            let (civil, moment) = (date.to_datetime(time), format!("{date}T{time}Z").parse::<Timestamp>());
            // The last moments of the year 9999 are beyond what a timestamp counts.
            let moment = moment.unwrap_or(Timestamp::MAX.round(jiff::Unit::Second).unwrap_or(Timestamp::UNIX_EPOCH));
            let made = go!(Moment::create().span(SignedDuration::ZERO).date(date).time(time).datetime(civil).moment(moment))?;
            assert_eq!((made.date, made.time, made.datetime, made.moment), (Some(date), Some(time), Some(civil), Some(moment)));
            assert_eq!(go!(Moment::objects().filter(|m| m.date.eq(date) & m.time.eq(time) & m.datetime.eq(civil) & m.moment.eq(moment)).count())?, 1);
        }
        Ok(())
    }

    fn the_present_time_is_filled_in(db: Database) {
        go!(create_tables(db, &[Moment::meta()]))?;
        let before = Timestamp::now() - SignedDuration::from_secs(1);
        let made = go!(Moment::create().span(SignedDuration::ZERO))?;
        assert!(made.made > before && made.made <= Timestamp::now());
        assert_eq!(made.day, jiff::tz::TimeZone::UTC.to_datetime(made.made).date());
        // Saving writes the one, and leaves the other as it is; an update writes neither.
        let long_ago = jiff::civil::date(1940, 12, 13).at(0, 0, 0, 0);
        go!(Moment::objects().update(|m| m.changed.set(long_ago)))?;
        assert_eq!(go!(Moment::objects().get(|m| m.id.eq(made.id)))?.changed, long_ago);
        go!(made.save())?;
        let saved = go!(Moment::objects().get(|m| m.id.eq(made.id)))?;
        assert!(saved.changed >= made.changed);
        assert_eq!(saved.made, made.made);
        Ok(())
    }

    fn the_database_fills_in_its_defaults_and_computes_columns(db: Database) {
        go!(create_tables(db, &[Invoice::meta()]))?;
        let made = go!(Invoice::create().net(Decimal::new(1250, 2)))?;
        assert_eq!((made.copies, made.state.as_str(), made.more), (2, "it's new", 3));
        assert_eq!((made.doubled, made.net), (Decimal::new(2500, 2), Decimal::new(1250, 2)));
        assert!((Timestamp::now().duration_since(made.sent)).abs() < SignedDuration::from_mins(2), "{}", made.sent);
        let given = go!(Invoice::create().net(Decimal::ONE).copies(7).state("old"))?;
        assert_eq!((given.copies, given.state.as_str(), given.more), (7, "old", 8));
        // In a batch, each row by itself.
        go!(Invoice::objects().bulk_create([Invoice::create().net(Decimal::TWO), Invoice::create().net(Decimal::TWO).copies(9)]))?;
        let batch: Vec<(i32, i32)> = go!(Invoice::objects().filter(|i| i.doubled.eq(Decimal::new(4, 0))).order_by(|i| i.id).values(|i| (i.copies, i.more)).all())?;
        assert_eq!(batch, [(2, 3), (9, 10)]);
        // For other programs too, and the column follows what it is computed of.
        go!(raw("INSERT INTO invoices (net_amount) VALUES (3)").execute())?;
        let mut theirs = go!(Invoice::objects().get(|i| i.net.eq(Decimal::new(3, 0))))?;
        assert_eq!((theirs.copies, theirs.state.as_str(), theirs.doubled), (2, "it's new", Decimal::new(600, 2)));
        theirs.net = Decimal::new(50, 1);
        go!(theirs.save())?;
        assert_eq!(go!(Invoice::objects().get(|i| i.id.eq(theirs.id)))?.doubled, Decimal::new(1000, 2));
        Ok(())
    }

    fn a_column_may_be_computed_when_it_is_read(db: Database) {
        let made = go!(create_tables(db, &[Person::meta()]));
        if db.dialect() == Dialect::Postgres {
            let old: Vec<(bool,)> = go!(raw("SELECT current_setting('server_version_num')::int < 180000").fetch())?;
            if old[0].0 {
                assert!(made.is_err());
                return Ok(());
            }
        }
        made?;
        let mut person = go!(Person::create().first("Django").last("Reinhardt"))?;
        assert_eq!(person.full, "Django Reinhardt");
        person.last = None;
        go!(person.save())?;
        assert_eq!(go!(Person::objects().get(|p| p.full.eq("Django ")))?.first, "Django");
        Ok(())
    }

    fn a_column_compares_by_its_collation(db: Database) {
        if db.dialect() != Dialect::Sqlite {
            return Ok(());
        }
        go!(create_tables(db, &[Folded::meta()]))?;
        go!(Folded::create().name("Nuages"))?;
        assert_eq!(go!(Folded::objects().filter(|f| f.name.eq("NUAGES")).count())?, 1);
        Ok(())
    }

    fn comments_are_kept_by_the_database(db: Database) {
        go!(create_tables(db, &[Invoice::meta()]))?;
        let sql = match db.dialect() {
            Dialect::Postgres => {
                "SELECT obj_description('invoices'::regclass), col_description('invoices'::regclass, 2)"
            }
            Dialect::MariaDb => {
                "SELECT t.table_comment, c.column_comment FROM information_schema.tables t JOIN information_schema.columns c USING (table_schema, table_name) \
                 WHERE t.table_schema = DATABASE() AND t.table_name = 'invoices' AND c.column_name = 'net_amount'"
            }
            _ => return Ok(()),
        };
        let comments: Vec<(String, String)> = go!(raw(sql).fetch())?;
        assert_eq!(comments, [("what's owed".to_owned(), "without tax, it's said".to_owned())]);
        Ok(())
    }

    fn constraints_are_kept_and_named(db: Database) {
        go!(create_tables(db, &[Shelf::meta()]))?;
        go!(create_tables(db, &[Shelf::meta()]))?;
        let shelf = |title: &str, stock: i32| Shelf::create().title(title).place(1).stock(stock);
        go!(shelf("Nuages", 3))?;
        let twice = go!(shelf("Nuages", 4)).unwrap_err();
        assert!(twice.is_unique_violation());
        assert_eq!(twice.columns(), ["title", "place"]);
        for wrong in [shelf("Swing", -1), shelf("it's", 1)] {
            let refused = go!(wrong).unwrap_err();
            assert_eq!((refused.is_check_violation(), refused.constraint()), (true, Some("shelf_sane")));
        }
        Ok(())
    }

    fn indexes_are_made_as_each_database_has_them(db: Database) {
        go!(create_tables(db, &[Shelf::meta()]))?;
        let sql = match db.dialect() {
            Dialect::Postgres => "SELECT indexname::text, indexdef FROM pg_indexes WHERE schemaname = current_schema() AND tablename = 'shelf' ORDER BY 1",
            Dialect::MariaDb => {
                "SELECT index_name, GROUP_CONCAT(column_name ORDER BY seq_in_index) FROM information_schema.statistics \
                 WHERE table_schema = DATABASE() AND table_name = 'shelf' GROUP BY index_name ORDER BY 1"
            }
            _ => "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'shelf' AND sql IS NOT NULL ORDER BY 1",
        };
        let indexes: Vec<(String, String)> = go!(raw_trusted(sql.to_owned()).fetch())?;
        let find = |name: &str| indexes.iter().find(|(found, _)| found == name).map(|(_, sql)| sql.as_str());
        match db.dialect() {
            Dialect::MariaDb => {
                assert_eq!((find("shelf_title_stock_idx"), find("shelf_folded"), find("shelf_full")), (Some("title,stock"), None, Some("stock")));
            }
            _ => {
                assert!(find("shelf_title_stock_idx").unwrap().contains("DESC"), "{indexes:?}");
                assert!(find("shelf_folded").unwrap().to_lowercase().contains("lower("), "{indexes:?}");
                assert!(find("shelf_full").unwrap().contains("> 5"), "{indexes:?}");
            }
        }
        Ok(())
    }

    fn a_unique_rule_may_be_of_some_rows_or_of_expressions(db: Database) {
        let made = go!(create_tables(db, &[Draft::meta()]));
        if db.dialect() == Dialect::MariaDb {
            let refused = made.unwrap_err();
            assert!(refused.is_configuration() && refused.to_string().contains("draft_open_once"), "{refused}");
            return Ok(());
        }
        made?;
        let draft = |title: &str, author: &str, open: bool| Draft::create().title(title).author(author).open(open);
        go!(draft("a", "1", true))?;
        go!(draft("a", "2", false))?;
        go!(draft("a", "3", false))?;
        let open_twice = go!(draft("a", "4", true)).unwrap_err();
        assert!(open_twice.is_unique_violation());
        let together = go!(draft("", "a2", false)).unwrap_err();
        assert!(together.is_unique_violation());
        assert_eq!(together.constraint(), Some("draft_together"));
        Ok(())
    }

    fn what_postgresql_alone_has_is_an_error_elsewhere(db: Database) {
        let made = go!(create_tables(db, &[Seat::meta()]));
        if db.dialect() != Dialect::Postgres {
            let refused = made.unwrap_err();
            assert!(refused.is_configuration() && refused.to_string().contains("PostgreSQL"), "{refused}");
            return Ok(());
        }
        made?;
        let (a, b) = (go!(Seat::create().place(1).name("a"))?, go!(Seat::create().place(2).name("b"))?);
        // Only looked at when the transaction ends.
        go!(nuages_orm::atomic(block! {
            go!(Seat::objects().filter(|s| s.id.eq(a.id)).update(|s| s.place.set(2)))?;
            go!(Seat::objects().filter(|s| s.id.eq(b.id)).update(|s| s.place.set(1)))?;
            Ok(())
        }))?;
        go!(Seat::create().place(3))?;
        assert!(go!(Seat::create().place(4)).unwrap_err().is_unique_violation(), "two NULLs are equal here");
        let sql = "SELECT indexdef FROM pg_indexes WHERE schemaname = current_schema() AND tablename = 'seat'";
        let defined: Vec<(String,)> = go!(raw(sql).fetch())?;
        let all = defined.iter().map(|(sql,)| sql.as_str()).collect::<Vec<_>>().join("\n");
        for part in ["USING gin (data jsonb_path_ops)", "USING hash (name)", "(place) INCLUDE (name)", "NULLS NOT DISTINCT", "(place > 100)"] {
            assert!(all.contains(part), "{part} is not in {all}");
        }
        Ok(())
    }

    fn somebody_elses_table_is_left_alone(db: Database) {
        go!(create_tables(db, &[LegacyLog::meta()]))?;
        assert!(go!(LegacyLog::objects().all()).is_err());
        Ok(())
    }

    fn a_default_filter_hides_rows(db: Database) {
        go!(create_tables(db, &[Note::meta()]))?;
        let first = go!(Note::create().text("Swing 42"))?;
        go!(Note::create().text("Swing 39"))?;
        go!(Note::objects().filter(|n| n.id.eq(first.id)).update(|n| n.deleted.set(true)))?;
        assert_eq!((go!(Note::objects().count())?, go!(Note::unfiltered().count())?), (1, 2));
        assert!(go!(Note::objects().get(|n| n.id.eq(first.id))).unwrap_err().is_not_found());
        assert_eq!((go!(Note::objects().about("SWING").count())?, go!(Note::unfiltered().about("42").count())?), (1, 1));
        assert_eq!(go!(Note::objects().update(|n| n.text.set("x")))?, 1);
        // A record that is at hand saves itself, filtered out or not.
        go!(first.save())?;
        assert_eq!(go!(Note::objects().count())?, 2);
        Ok(())
    }
}
