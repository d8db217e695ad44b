// Included twice by `behaviour.rs`: `go!` waits for an Op in the style at hand.

use nuages_orm::query::Custom;
use nuages_orm::{Dialect, Kind, Result, custom, json_array, json_object, uuid4, uuid7, value};

macro_rules! everything {
    () => {
        Sheet::create()
            .flag(true).small(1).medium(6).large(12).float(2.0).text("t").date(day(2020)).time(jiff::civil::time(1, 2, 3, 0))
            .datetime(day(2020).at(0, 0, 0, 0)).moment(Timestamp::UNIX_EPOCH).uuid(Uuid::nil()).bytes(vec![]).json(serde_json::Value::Null)
            .tempo(Tempo::Lento)
    };
}

/// Whether a text has so many characters: for every database, and SQLite apart.
static LONGER: Custom = Custom::new("longer", Kind::Bool, |dialect, args| match (dialect, args) {
    (Dialect::Sqlite, [text, characters]) => Some(format!("length({text}) > {characters}")),
    (_, [text, characters]) => Some(format!("CHAR_LENGTH({text}) > {characters}")),
    _ => None,
});

static NOWHERE: Custom = Custom::new("nowhere", Kind::Bool, |_, _| None);

tests! {
    fn texts_match_regular_expressions(db: Database) {
        shop!(db);
        let found = |pattern: &'static str| Book::objects().filter(move |b| b.title.regex(pattern)).count();
        assert_eq!(go!(found("^[MN]"))?, 3);
        assert_eq!(go!(found("^[mn]"))?, 0);
        assert_eq!(go!(found("swing$|jours$"))?, 1);
        assert_eq!(go!(Book::objects().filter(|b| b.title.iregex("^[mn]|SWING$")).count())?, 3);
        assert_eq!(go!(Book::objects().filter(|b| b.title.lower().regex("^nu")).count())?, 1);
        // Of NULL, it is neither; its opposite has the row.
        assert_eq!(go!(Book::objects().filter(|b| b.subtitle.regex("with")).count())?, 1);
        assert_eq!(go!(Book::objects().exclude(|b| b.subtitle.regex("with")).count())?, 4);
        assert_eq!(go!(Author::objects().filter(|a| a.books.title.regex("^B")).count())?, 1);
        assert!(go!(found("(")).is_err());
        Ok(())
    }

    fn a_uuid_is_searched_without_its_hyphens(db: Database) {
        go!(tables(db))?;
        let uuid = Uuid::from_u128(0x1234_5678_9abc_def0_1234_5678_9abc_def0);
        go!(everything!().uuid(uuid))?;
        let found = |part: &'static str| Sheet::objects().filter(move |s| s.uuid.icontains(part)).count();
        assert_eq!((go!(found("5678-9ABC"))?, go!(found("56789abc"))?, go!(found("5678-9abd"))?), (1, 1, 0));
        assert_eq!(go!(Sheet::objects().filter(|s| s.uuid.startswith("12345678-9")).count())?, 1);
        Ok(())
    }

    fn a_year_is_compared_as_a_range_of_days(db: Database) {
        shop!(db);
        macro_rules! years {
            (|$b:ident| $condition:expr) => {
                go!(Book::objects().filter(|$b| $condition).order_by(|b| b.published).values(|b| b.published.year()).all())?
            };
        }
        assert_eq!(years!(|b| b.published.year().eq(1940)), [1940]);
        assert_eq!(years!(|b| b.published.year().ne(1940)), [1937, 1942, 1947, 1992]);
        assert_eq!(years!(|b| b.published.year().gt(1942)), [1947, 1992]);
        assert_eq!(years!(|b| b.published.year().ge(1942)), [1942, 1947, 1992]);
        assert_eq!(years!(|b| b.published.year().lt(1940)), [1937]);
        assert_eq!(years!(|b| b.published.year().le(1940)), [1937, 1940]);
        assert_eq!(years!(|b| b.published.iso_year().eq(1940)), [1940]);
        assert_eq!(years!(|b| !b.published.year().between(1938, 1950)), [1937, 1992]);
        assert_eq!(years!(|b| b.published.year().eq(99_999)), [0_i32; 0]);
        // The last days of a year can belong to the first week of the next one.
        go!(Book::objects().filter(|b| b.published.year().eq(1992)).update(|b| b.published.set(jiff::civil::date(1991, 12, 30))))?;
        assert_eq!((years!(|b| b.published.iso_year().eq(1992)), years!(|b| b.published.year().eq(1992))), (vec![1991], vec![]));
        Ok(())
    }

    fn json_is_looked_into(db: Database) {
        go!(tables(db))?;
        for json in [
            serde_json::json!({"title": "Nuages", "year": 1940, "takes": [1, 2, {"long": true}], "none": null, "a \"b\"\\.c": {"x": 1.5}}),
            serde_json::json!({"title": "Swing", "year": "1937", "takes": []}),
            serde_json::json!([1, "two", null]),
            serde_json::json!(null),
        ] {
            go!(everything!().json(json))?;
        }
        macro_rules! count {
            (|$s:ident| $condition:expr) => {
                go!(Sheet::objects().filter(|$s| $condition).count())?
            };
        }
        assert_eq!(count!(|s| s.json.key("title").eq(serde_json::json!("Nuages"))), 1);
        assert_eq!(count!(|s| s.json.key("title").text().iexact("NUAGES")), 1);
        assert_eq!(count!(|s| s.json.key("takes").index(-1).key("long").eq(serde_json::json!(true))), 1);
        assert_eq!(count!(|s| s.json.index(1).text().eq("two")), 1);
        assert_eq!(count!(|s| s.json.index(-2).eq(serde_json::json!("two"))), 1);
        assert_eq!(count!(|s| s.json.key("a \"b\"\\.c").key("x").value_as::<f64>().gt(1.0)), 1);
        assert_eq!(count!(|s| s.json.key("year").value_as::<i64>().eq(1940)), 1);
        // Null, missing, and NULL.
        assert_eq!((count!(|s| s.json.key("none").is_json_null()), count!(|s| s.json.is_json_null())), (1, 1));
        assert_eq!((count!(|s| s.json.key("none").is_null()), count!(|s| !s.json.key("none").is_null())), (3, 1));
        assert_eq!((count!(|s| s.json.eq(serde_json::Value::Null)), count!(|s| s.json.is_null())), (1, 0));
        assert_eq!((count!(|s| s.json.has_key("year")), count!(|s| s.json.has_key("none"))), (2, 1));
        assert_eq!((count!(|s| s.json.has_keys(["year", "none"])), count!(|s| s.json.has_any_keys(["nowhere", "none", "takes"]))), (1, 2));
        // Equal, whatever the order of the keys.
        assert_eq!(count!(|s| s.json.eq(serde_json::json!({"year": "1937", "takes": [], "title": "Swing"}))), 1);
        assert_eq!(count!(|s| s.json.json_contains(serde_json::json!({"takes": [2]}))), 1);
        assert_eq!(count!(|s| s.json.json_contains(serde_json::json!({"title": "Swing"}))), 1);
        assert_eq!(count!(|s| s.json.key("takes").json_contained_by(serde_json::json!([1, 2, {"long": true}, 4]))), 2);
        let values: Vec<(Option<serde_json::Value>, Option<String>)> =
            go!(Sheet::objects().order_by(|s| s.id).values(|s| (s.json.key("takes").index(0), s.json.key("year").text())).all())?;
        assert_eq!(values[0], (Some(1.into()), Some("1940".to_owned())));
        assert_eq!((&values[1], &values[3]), (&(None, Some("1937".to_owned())), &(None, None)));
        Ok(())
    }

    fn json_is_made_of_rows(db: Database) {
        shop!(db);
        let object: serde_json::Value = go!(Book::objects()
            .filter(|b| b.title.eq("Nuages"))
            .values(|b| json_object().with("title", b.title).with("by", b.author.name).with("none", b.subtitle).with("n", b.stock))
            .first())?.unwrap();
        assert_eq!(object, serde_json::json!({"title": "Nuages", "by": "Django Reinhardt", "none": null, "n": 3}));
        go!(everything!().flag(true).json(serde_json::json!({"a": [1]})))?;
        let array: serde_json::Value = go!(Sheet::objects().values(|s| json_array().and(s.flag).and(s.json).and(s.text).and(7)).first())?.unwrap();
        assert_eq!(array, serde_json::json!([true, {"a": [1]}, "t", 7]));
        Ok(())
    }

    fn texts_are_hashed_alike(db: Database) {
        shop!(db);
        let hashes: (String, String, String, String) = go!(Book::objects()
            .filter(|b| b.title.startswith("L'"))
            .values(|b| (b.title.md5(), b.title.sha224(), b.title.sha256().left(16), b.title.sha512().right(8)))
            .first())?.unwrap();
        assert_eq!(hashes.0.len(), 32);
        assert_eq!(hashes.1.len(), 56);
        // `printf "L'Écume des jours" | sha256sum`, and sha512sum.
        assert_eq!((hashes.2.as_str(), hashes.3.as_str()), ("987db48b5d392f0e", "951f73ee"));
        if db.dialect() != Dialect::Postgres {
            assert_eq!(go!(Book::objects().values(|_| value("abc".to_owned()).sha1()).first())?.unwrap(), "a9993e364706816aba3e25717850c26c9cd0d89d");
        }
        assert_eq!(go!(Book::objects().values(|_| value("abc".to_owned()).md5()).first())?.unwrap(), "900150983cd24fb0d6963f7d28e17f72");
        Ok(())
    }

    fn more_functions_of_texts_and_numbers(db: Database) {
        shop!(db);
        macro_rules! one {
            (|$b:ident| $expression:expr) => {
                go!(Book::objects().filter(|b| b.title.startswith("L'")).values(|$b| $expression).first())?.unwrap()
            };
        }
        assert_eq!(one!(|b| (b.title.substr(3, 1).ord(), b.title.ord())), (201, 76));
        assert_eq!(one!(|b| (b.stock + 199).chr()), "É");
        let round = |number: Option<f64>| number.map(|number| (number * 1e6).round() / 1e6);
        assert_eq!(round(one!(|b| b.stock.cot())), Some(-0.457_658));
        assert_eq!(round(one!(|b| b.stock.atan2(3))), Some(0.588_003));
        assert_eq!(round(one!(|b| b.stock.log(8.0))), Some(0.333_333));
        if db.dialect() == Dialect::Postgres {
            assert_eq!(one!(|b| b.title.collate("C").upper().left(2)), "L'");
        }
        if db.dialect() == Dialect::Sqlite {
            assert_eq!(go!(Book::objects().filter(|b| b.title.collate("NOCASE").eq("NUAGES")).count())?, 1);
        }
        let ids: Vec<(Uuid, Uuid)> = go!(Book::objects().values(|_| (uuid4(), uuid7())).all())?;
        for (four, seven) in &ids {
            assert_eq!((four.get_version_num(), seven.get_version_num()), (4, 7), "{four} {seven}");
            assert_eq!((four.get_variant(), seven.get_variant()), (uuid::Variant::RFC4122, uuid::Variant::RFC4122));
        }
        assert_ne!(ids[0].0, ids[1].0);
        let made = ids[0].1.get_timestamp().unwrap().to_unix().0;
        assert!(made.abs_diff(Timestamp::now().as_second().unsigned_abs()) < 120);
        Ok(())
    }

    fn texts_are_joined_by_an_aggregate(db: Database) {
        shop!(db);
        let titles = go!(Book::objects().aggregate(|b| b.title.string_agg(", ").order_by(b.title.desc()).filter(b.stock.gt(1))))?;
        assert_eq!(titles.as_deref(), Some("Nuages, Mon violon pour tout bagage, L'Écume des jours"));
        let authors = go!(Book::objects().aggregate(|b| b.author.name.string_agg("'|").distinct().order_by(b.author.name)))?;
        assert_eq!(authors.as_deref(), Some("Boris Vian'|Django Reinhardt'|Stéphane Grappelli"));
        let (none, some) = go!(Book::objects().filter(|b| b.stock.gt(2)).aggregate(|b| (b.subtitle.string_agg(","), b.title.string_agg("").order_by(b.title))))?;
        assert_eq!((none, some.as_deref()), (None, Some("Mon violon pour tout bagageNuages")));
        let groups: Vec<(String, Option<String>)> = go!(Book::objects()
            .values(|b| b.author.country.name)
            .annotate(|b| b.title.string_agg("; ").order_by(b.title))
            .order_by(|name, _| name.asc())
            .all())?;
        assert_eq!(groups[0], ("Belgium".to_owned(), Some("Belleville; Minor Swing; Nuages".to_owned())));
        Ok(())
    }

    fn bits_and_any_value_are_aggregates(db: Database) {
        go!(tables(db))?;
        let empty = go!(Sheet::objects().aggregate(|s| (s.medium.bit_and(), s.medium.bit_or(), s.medium.bit_xor(), s.text.any_value())))?;
        assert_eq!(empty, (None, None, None, None));
        for medium in [6, 3, 2, -8] {
            go!(everything!().medium(medium).bonus(medium))?;
        }
        let positive = Sheet::objects().filter(|s| s.medium.gt(0));
        assert_eq!(go!(positive.aggregate(|s| (s.medium.bit_and(), s.medium.bit_or(), s.medium.bit_xor())))?, (Some(2), Some(7), Some(7)));
        assert_eq!(go!(Sheet::objects().aggregate(|s| (s.large.bit_and(), s.medium.bit_or())))?, (Some(12), Some(-1)));
        assert_eq!(go!(Sheet::objects().aggregate(|s| (s.text.any_value(), s.bonus.any_value().filter(s.medium.eq(3)))))?, (Some("t".to_owned()), Some(3)));
        let list = go!(Sheet::objects().filter(|s| s.medium.eq(3)).aggregate(|s| (s.medium.json_agg(), s.flag.json_agg(), s.json.json_agg())))?;
        assert_eq!(list, (Some(serde_json::json!([3])), Some(serde_json::json!([true])), Some(serde_json::json!([null]))));
        Ok(())
    }

    fn a_programs_own_lookups_are_conditions_and_expressions(db: Database) {
        shop!(db);
        let longer = |b: &'static nuages_orm::Fields<Book>, than: i32| custom(&LONGER).of(b.title).of(than).condition();
        assert_eq!(go!(Book::objects().filter(|b| longer(b, 10)).count())?, 3);
        assert_eq!(go!(Book::objects().filter(|b| !longer(b, 10)).count())?, 2);
        let refused = go!(Book::objects().filter(|b| custom(&NOWHERE).of(b.title).condition()).count()).unwrap_err();
        assert!(refused.is_configuration() && refused.to_string().contains("nowhere"), "{refused}");
        Ok(())
    }
}
