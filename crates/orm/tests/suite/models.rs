// Included twice by `behaviour.rs`: `go!` waits for an Op in the style at hand.

use nuages_orm::{Error, Result, atomic};

fn titles<S: Loading>(books: &[Book<S>]) -> Vec<&str> {
    books.iter().map(|book| book.title.as_str()).collect()
}

tests! {
    fn create_gives_the_row_with_its_key_and_defaults(db: Database) {
        let (django, ..) = shop!(db);
        let book = go!(Book::create().title("Daphne").published(day(1938)).author(&django))?;
        assert!(book.id > 0);
        assert_eq!((book.stock, book.price, book.subtitle.as_deref()), (0, Decimal::new(990, 2), None));
        assert_eq!(book.author.key(), django.id);
        assert_eq!(book.editor, None);
        assert_eq!(go!(Book::objects().get(|b| b.id.eq(book.id)))?, book);
        Ok(())
    }

    fn get_wants_exactly_one(db: Database) {
        shop!(db);
        let error = go!(Book::objects().get(|b| b.title.eq("Tears"))).unwrap_err();
        assert!(error.is_not_found());
        assert!(error.to_string().contains("no Book matches"), "{error}");
        let error = go!(Book::objects().get(|b| b.stock.gt(0))).unwrap_err();
        assert!(error.is_multiple());
        assert!(error.to_string().contains("more than one Book"), "{error}");
        Ok(())
    }

    fn rows_come_in_the_models_order_unless_the_query_names_one(db: Database) {
        shop!(db);
        let newest_first =
            ["Mon violon pour tout bagage", "L'Écume des jours", "Belleville", "Nuages", "Minor Swing"];
        assert_eq!(titles(&go!(Book::objects().all())?), newest_first);
        assert_eq!(go!(Book::objects().first())?.unwrap().title, newest_first[0]);
        let by_author = go!(Book::objects().order_by(|b| (b.author.name.desc(), b.title)).all())?;
        assert_eq!(
            titles(&by_author),
            ["Mon violon pour tout bagage", "Belleville", "Minor Swing", "Nuages", "L'Écume des jours"]
        );
        // Without any order, the first is by key.
        assert_eq!(go!(Author::objects().first())?.unwrap().name, "Django Reinhardt");
        assert_eq!(go!(Author::objects().filter(|a| a.name.eq("Nobody")).first())?, None);
        Ok(())
    }

    fn slices_count_from_their_start(db: Database) {
        shop!(db);
        let books = Book::objects().order_by(|b| b.published);
        assert_eq!(titles(&go!(books.clone().slice(1..3).all())?), ["Nuages", "Belleville"]);
        assert_eq!(titles(&go!(books.clone().slice(1..).slice(1..=2).all())?), ["Belleville", "L'Écume des jours"]);
        assert_eq!(titles(&go!(books.clone().slice(..4).slice(3..9).all())?), ["L'Écume des jours"]);
        assert_eq!(go!(books.clone().slice(3..3).all())?, []);
        assert_eq!(go!(books.clone().slice(7..9).all())?, []);
        assert_eq!(go!(books.clone().slice(3..).first())?.unwrap().title, "L'Écume des jours");
        assert_eq!(go!(books.clone().slice(3..9).count())?, 2);
        assert_eq!(go!(books.clone().slice(9..).count())?, 0);
        assert_eq!(go!(books.clone().count())?, 5);
        assert!(go!(books.clone().slice(4..).exists())?);
        assert!(!go!(books.clone().slice(5..).exists())?);
        let error = go!(books.clone().slice(..2).filter(|b| b.stock.gt(0)).all()).unwrap_err();
        assert!(error.is_configuration() && error.to_string().contains("before `.slice(..)`"), "{error}");
        let error = go!(books.slice(..2).delete()).unwrap_err();
        assert!(error.is_configuration() && error.to_string().contains("sliced"), "{error}");
        Ok(())
    }

    fn lookups_find_what_they_say(db: Database) {
        shop!(db);
        macro_rules! found {
            (|$b:ident| $condition:expr) => {
                go!(Book::objects().filter(|$b| $condition).order_by(|b| b.id).values(|b| b.id).all())?
                    .into_iter()
                    .map(|id| ["", "nuages", "swing", "belleville", "violon", "ecume"][id as usize])
                    .collect::<Vec<_>>()
                    .join(" ")
            };
        }
        assert_eq!(found!(|b| b.title.eq("Nuages")), "nuages");
        assert_eq!(found!(|b| b.title.ne("Nuages")), "swing belleville violon ecume");
        assert_eq!(found!(|b| b.stock.gt(2)), "nuages violon");
        assert_eq!(found!(|b| b.stock.ge(3)), "nuages violon");
        assert_eq!(found!(|b| b.stock.lt(1)), "swing");
        assert_eq!(found!(|b| b.stock.le(1)), "swing belleville");
        assert_eq!(found!(|b| b.published.between(day(1940), day(1942))), "nuages belleville");
        assert_eq!(found!(|b| b.id.in_([1, 3, 99])), "nuages belleville");
        assert_eq!(found!(|b| b.title.in_(["Nuages", "Belleville"])), "nuages belleville");
        assert_eq!(found!(|b| b.id.in_(Vec::<i64>::new())), "");
        assert_eq!(found!(|b| b.subtitle.is_null()), "nuages belleville violon ecume");
        assert_eq!(found!(|b| !b.subtitle.is_null()), "swing");
        assert_eq!(found!(|b| b.subtitle.startswith("with")), "swing");
        assert_eq!(found!(|b| b.title.contains("ille")), "belleville");
        assert_eq!(found!(|b| b.title.contains("SWING")), "");
        assert_eq!(found!(|b| b.title.icontains("SWING")), "swing");
        assert_eq!(found!(|b| b.title.startswith("M")), "swing violon");
        assert_eq!(found!(|b| b.title.istartswith("mON")), "violon");
        assert_eq!(found!(|b| b.title.endswith("ages")), "nuages");
        assert_eq!(found!(|b| b.title.iendswith("AGE")), "violon");
        assert_eq!(found!(|b| b.title.iexact("nUAGES")), "nuages");
        assert_eq!(found!(|b| b.title.contains("%")), "");
        assert_eq!(found!(|b| b.price.eq(Decimal::new(99, 1)) & b.stock.gt(4)), "violon");
        assert_eq!(found!(|b| b.stock.gt(4) | b.title.eq("Nuages")), "nuages violon");
        assert_eq!(found!(|b| (b.stock + 1).gt(3) & in_stock()), "nuages violon");
        assert_eq!(found!(|b| b.stock.gt(b.stock * 2 - 2)), "swing belleville");
        Ok(())
    }

    fn exclude_takes_exactly_the_others_also_where_a_null_makes_it_unknown(db: Database) {
        shop!(db);
        let books = Book::objects().order_by(|b| b.id);
        let without = go!(books.clone().exclude(|b| b.subtitle.eq("with Stéphane")).all())?;
        assert_eq!(titles(&without), ["Nuages", "Belleville", "Mon violon pour tout bagage", "L'Écume des jours"]);
        let not = go!(books.clone().filter(|b| !b.subtitle.eq("with Stéphane")).all())?;
        assert_eq!(titles(&not), titles(&without));
        // A relation that may be missing, too.
        let not_by_boris = go!(books.exclude(|b| b.editor.name.eq("Boris Vian")).all())?;
        assert_eq!(titles(&not_by_boris), ["Minor Swing", "Belleville", "Mon violon pour tout bagage", "L'Écume des jours"]);
        Ok(())
    }

    fn paths_follow_relations_of_any_length(db: Database) {
        let (django, _, boris) = shop!(db);
        let books = Book::objects().order_by(|b| b.title);
        let belgian = go!(books.clone().filter(|b| b.author.country.name.eq("Belgium")).all())?;
        assert_eq!(titles(&belgian), ["Belleville", "Minor Swing", "Nuages"]);
        let mixed = go!(books.clone().filter(|b| b.editor.country.name.eq("France") & b.author.country.name.eq("Belgium")).all())?;
        assert_eq!(titles(&mixed), ["Nuages"]);
        assert_eq!(go!(books.clone().filter(|b| b.author.eq(&django)).count())?, 3);
        assert_eq!(go!(books.clone().filter(|b| b.author.ne(django.id)).count())?, 2);
        assert_eq!(go!(books.clone().filter(|b| b.author.in_([&django, &boris])).count())?, 4);
        assert_eq!(go!(books.clone().filter(|b| b.author.id.eq(django.id)).count())?, 3);
        assert_eq!(go!(books.clone().filter(|b| b.author.country.id.gt(0)).count())?, 5);
        assert_eq!(go!(books.clone().filter(|b| b.editor.is_null()).count())?, 3);
        assert_eq!(go!(books.clone().exclude(|b| b.editor.eq(&boris)).count())?, 4);
        Ok(())
    }

    fn what_is_loaded_is_in_the_type(db: Database) {
        let (django, _, boris) = shop!(db);
        let book = go!(Book::objects().select_related(|b| b.author).get(|b| b.title.eq("Nuages")))?;
        assert_eq!((book.author.name.as_str(), book.author.key()), ("Django Reinhardt", django.id));

        let book = go!(Book::objects()
            .select_related(|b| b.author.country)
            .select_related(|b| b.editor)
            .get(|b| b.title.eq("Nuages")))?;
        assert_eq!(book.author.country.name, "Belgium");
        let editor = book.editor.as_ref().unwrap();
        assert_eq!((editor.name.as_str(), editor.key()), ("Boris Vian", boris.id));

        // Chained, and in the other order.
        let books = Book::objects().select_related(|b| b.editor).select_related(|b| b.author).select_related(|b| b.author.country);
        let books = go!(books.order_by(|b| b.id).all())?;
        assert_eq!(books[1].editor, None);
        assert_eq!(books[1].author.country.name, "Belgium");
        assert_eq!(books[4].editor.as_ref().unwrap().name, "Stéphane Grappelli");
        assert_eq!(books[4].author.country.name, "France");

        let book = go!(Book::objects().select_related(|b| b.author.country).get(|b| b.title.eq("Belleville")))?;
        assert_eq!(line(&book), "BELLEVILLE by Django Reinhardt (Belgium)");
        let plain = go!(Book::objects().get(|b| b.title.eq("Belleville")))?;
        assert_eq!(plain.shout(), "BELLEVILLE");
        assert_eq!(book.clone(), book);
        assert!(format!("{book:?}").contains("Belgium"));
        assert!(format!("{plain:?}").contains("ForeignKey"));
        Ok(())
    }

    fn what_is_not_loaded_is_fetched_by_a_query_of_its_own(db: Database) {
        let (django, ..) = shop!(db);
        let book = go!(Book::objects().get(|b| b.title.eq("Nuages")))?;
        assert_eq!(go!(book.author.fetch())?, django);
        let editor = book.editor.as_ref().unwrap();
        assert_eq!(go!(editor.fetch())?.name, "Boris Vian");
        Ok(())
    }

    fn many_is_a_queryset(db: Database) {
        let (django, _, boris) = shop!(db);
        assert_eq!(titles(&go!(django.books.all())?), ["Belleville", "Nuages", "Minor Swing"]);
        assert_eq!(go!(django.books.count())?, 3);
        assert_eq!(titles(&go!(django.books.filter(|b| b.stock.gt(1)).all())?), ["Nuages"]);
        let books = go!(django.books.objects().select_related(|b| b.author).order_by(|b| b.title).all())?;
        assert_eq!(titles(&books), ["Belleville", "Minor Swing", "Nuages"]);
        assert_eq!(titles(&go!(boris.edited.all())?), ["Nuages"]);
        Ok(())
    }

    fn values_give_tuples(db: Database) {
        shop!(db);
        let books = Book::objects().order_by(|b| b.id).slice(..2);
        let one: Vec<String> = go!(books.clone().values(|b| b.title).all())?;
        assert_eq!(one, ["Nuages", "Minor Swing"]);
        let some: Vec<(String, i32, String)> = go!(books.clone().values(|b| (b.title, b.stock + 1, b.author.name)).all())?;
        assert_eq!(some[0], ("Nuages".to_owned(), 4, "Django Reinhardt".to_owned()));
        // What is reached over a relation that may be missing may be missing.
        let editors: Vec<Option<String>> = go!(books.clone().values(|b| b.editor.name).all())?;
        assert_eq!(editors, [Some("Boris Vian".to_owned()), None]);
        let key: Vec<i64> = go!(books.values(|b| b.author.id).all())?;
        assert_eq!(key.len(), 2);
        let countries = go!(Book::objects().values(|b| b.author.country.name).distinct().order_by(|b| b.author.country.name).all())?;
        assert_eq!(countries, ["Belgium", "France"]);
        Ok(())
    }

    fn values_and_annotate_group(db: Database) {
        shop!(db);
        let by_country: Vec<(String, i64)> = go!(Book::objects()
            .values(|b| b.author.country.name)
            .annotate(|b| b.id.count())
            .order_by(|_, n| n.desc())
            .all())?;
        assert_eq!(by_country, [("Belgium".to_owned(), 3), ("France".to_owned(), 2)]);
        let more: Vec<(String, String, i64, i64)> = go!(Book::objects()
            .filter(|b| b.stock.gt(0))
            .values(|b| (b.author.country.name, b.author.name))
            .annotate(|b| (b.id.count(), b.editor.id.count_distinct()))
            .having(|_, (n, _)| n.ge(1))
            .order_by(|(country, name), (n, _)| (country.asc(), n.desc(), name.desc()))
            .all())?;
        let expected = [("Belgium", "Django Reinhardt", 2, 1), ("France", "Stéphane Grappelli", 1, 0), ("France", "Boris Vian", 1, 1)];
        assert_eq!(more, expected.map(|(country, name, n, m)| (country.to_owned(), name.to_owned(), n, m)));
        let large = go!(Book::objects().values(|b| b.author.name).annotate(|b| b.id.count()).having(|_, n| n.gt(1)).first())?;
        assert_eq!(large, Some(("Django Reinhardt".to_owned(), 3)));
        Ok(())
    }

    fn counts_over_relations_are_right_however_many_there_are(db: Database) {
        let (django, ..) = shop!(db);
        go!(Book::objects().update(|b| b.editor.set(&django)))?;
        let counted = go!(Author::objects()
            .annotate(|a| (a.books.count(), a.edited.count(), a.books.filter(|b| b.stock.gt(0)).count()))
            .order_by(|a, (n, ..)| (n.desc(), a.name))
            .all())?;
        let counted: Vec<_> = counted.iter().map(|(author, n, m, k)| (author.name.as_str(), *n, *m, *k)).collect();
        assert_eq!(
            counted,
            [("Django Reinhardt", 3, 5, 2), ("Boris Vian", 1, 0, 1), ("Stéphane Grappelli", 1, 0, 1)]
        );

        let several = Author::objects()
            .select_related(|a| a.country)
            .annotate(|a| a.books.filter(|b| b.stock.gt(0) & b.author.name.startswith("D")).count())
            .filter(|a, n| n.gt(1) & a.country.name.eq("Belgium"));
        assert_eq!(go!(several.clone().count())?, 1);
        let (author, n) = go!(several.clone().get(|a, _| a.name.startswith("Django")))?;
        assert_eq!((author.name.as_str(), author.country.name.as_str(), n), ("Django Reinhardt", "Belgium", 2));
        assert!(!go!(several.exclude(|_, n| n.eq(2)).exists())?);

        // From further away: the countries' authors' books.
        let n = go!(Country::objects().annotate(|c| c.authors.filter(|a| a.books.exists()).count()).order_by(|c, _| c.name).all())?;
        assert_eq!(n.iter().map(|(country, n)| (country.name.as_str(), *n)).collect::<Vec<_>>(), [("Belgium", 1), ("France", 2)]);
        // From the other side: a book, and how many its author has.
        let n = go!(Book::objects().annotate(|b| b.author.books.count()).order_by(|b, _| b.id).all())?;
        assert_eq!(n.iter().map(|(_, n)| *n).collect::<Vec<_>>(), [3, 3, 3, 1, 1]);
        Ok(())
    }

    fn conditions_over_many_multiply_no_rows(db: Database) {
        shop!(db);
        let authors = Author::objects().order_by(|a| a.name);
        let names = |authors: Vec<Author>| authors.into_iter().map(|author| author.name).collect::<Vec<_>>();
        assert_eq!(names(go!(authors.clone().filter(|a| a.books.published.lt(day(1945))).all())?), ["Django Reinhardt"]);
        assert_eq!(
            names(go!(authors.clone().exclude(|a| a.books.title.icontains("swing")).all())?),
            ["Boris Vian", "Stéphane Grappelli"]
        );
        // In one filter, they are about one row; in two, each may be met by another one.
        assert_eq!(go!(authors.clone().filter(|a| a.books.title.eq("Minor Swing") & a.books.stock.gt(2)).count())?, 0);
        assert_eq!(go!(authors.clone().filter(|a| a.books.title.eq("Minor Swing")).filter(|a| a.books.stock.gt(2)).count())?, 1);
        assert_eq!(go!(authors.clone().filter(|a| a.books.filter(|b| b.title.eq("Minor Swing") & b.stock.gt(2)).exists()).count())?, 0);
        let belgium = go!(Country::objects().filter(|c| c.authors.books.title.eq("Nuages")).all())?;
        assert_eq!(belgium.len(), 1);
        assert_eq!(belgium[0].name, "Belgium");
        Ok(())
    }

    fn update_computes_in_the_database(db: Database) {
        let (django, _, boris) = shop!(db);
        let nuages = || Book::objects().filter(|b| b.title.eq("Nuages"));
        assert_eq!(go!(nuages().update(|b| (b.stock.set(b.stock - 1), b.price.set(b.price * Decimal::TWO))))?, 1);
        let book = go!(nuages().first())?.unwrap();
        assert_eq!((book.stock, book.price), (2, Decimal::new(1980, 2)));
        go!(nuages().update(|b| (b.author.set(&boris), b.editor.set(None::<&Author>), b.subtitle.set("clouds"))))?;
        let book = go!(nuages().first())?.unwrap();
        assert_eq!((book.author.key(), book.editor, book.subtitle.as_deref()), (boris.id, None, Some("clouds")));
        go!(nuages().update(|b| b.subtitle.set(b.title)))?;
        assert_eq!(go!(nuages().first())?.unwrap().subtitle.as_deref(), Some("Nuages"));
        // Rows that are chosen over a relation.
        assert_eq!(go!(Book::objects().filter(|b| b.author.country.name.eq("Belgium")).update(|b| b.stock.set(7)))?, 2);
        assert_eq!(go!(Book::objects().filter(|b| b.stock.eq(7)).count())?, 2);
        assert_eq!(go!(Author::objects().filter(|a| a.books.stock.eq(7)).update(|a| a.name.set("Django")))?, 1);
        assert_eq!(go!(Author::objects().get(|a| a.id.eq(django.id)))?.name, "Django");
        Ok(())
    }

    fn save_writes_the_record_back(db: Database) {
        let (_, _, boris) = shop!(db);
        let mut book = go!(Book::objects().get(|b| b.title.eq("Nuages")))?;
        book.title = "Nuages (take 2)".into();
        book.author = ForeignKey::to(&boris);
        book.editor = None;
        go!(book.save())?;
        assert_eq!(go!(Book::objects().get(|b| b.id.eq(book.id)))?, book);
        // In any state.
        let mut loaded = go!(Book::objects().select_related(|b| b.author).get(|b| b.id.eq(book.id)))?;
        loaded.stock = 9;
        go!(loaded.save())?;
        assert_eq!(go!(Book::objects().get(|b| b.id.eq(book.id)))?.stock, 9);
        assert_eq!(go!(book.delete())?, 1);
        assert_eq!(go!(book.delete())?, 0);
        assert!(go!(book.save()).unwrap_err().is_not_found());
        Ok(())
    }

    fn delete_does_as_on_delete_says(db: Database) {
        let (django, _, boris) = shop!(db);
        // The authors protect their country, take their books with them, and leave the books that they edited.
        let error = go!(Country::objects().delete()).unwrap_err();
        assert!(error.is_integrity(), "{error}");
        let deleted = go!(boris.delete())?;
        assert_eq!((deleted.of::<Author>(), deleted.of::<Book>()), (1, 1));
        assert_eq!(go!(Book::objects().filter(|b| b.title.startswith("L'Écume")).count())?, 0);
        assert_eq!(go!(Book::objects().get(|b| b.title.eq("Nuages")))?.editor, None);
        assert_eq!(go!(Book::objects().filter(|b| b.author.name.eq("Django Reinhardt") & b.stock.eq(0)).delete())?, 1);
        assert_eq!(go!(django.books.count())?, 2);
        Ok(())
    }

    fn rules_of_the_schema_hold(db: Database) {
        let (django, ..) = shop!(db);
        let again = go!(Country::create().name("France")).unwrap_err();
        assert!(again.is_unique_violation() && again.columns() == ["name"], "{again}");
        let twice = go!(Book::create().title("Nuages").published(day(1940)).author(&django)).unwrap_err();
        assert!(twice.is_unique_violation(), "{twice}");
        let negative = go!(Book::objects().update(|b| b.stock.set(b.stock - 4))).unwrap_err();
        assert!(negative.is_check_violation(), "{negative}");
        let nobody = go!(Book::create().title("Nuages").published(day(1940)).author(4711)).unwrap_err();
        assert!(nobody.is_foreign_key_violation(), "{nobody}");
        let long = go!(Country::create().name("x".repeat(81))).unwrap_err();
        assert!(!long.is_not_found());
        Ok(())
    }

    fn every_type_comes_back_as_it_went(db: Database) {
        go!(tables(db))?;
        let moment: Timestamp = "1953-05-16T12:00:00.25Z".parse().unwrap();
        let uuid = Uuid::from_u128(7);
        let sheet = go!(Sheet::create()
            .flag(true).small(-3).medium(1 << 30).large(1 << 60).float(1.5).text("Troublant Boléro")
            .amount(Decimal::new(12345, 2)).date(day(1948)).time(jiff::civil::time(12, 30, 0, 0))
            .datetime(day(1948).at(12, 30, 5, 0)).moment(moment).uuid(uuid).bytes(vec![0, 1, 255])
            .json(serde_json::json!({"strings": 6})).tempo(Tempo::Lento))?;
        let expected = go!(Sheet::objects().get(|s| s.id.eq(sheet.id)))?;
        assert_eq!(sheet, expected);
        assert_eq!((sheet.small, sheet.medium, sheet.large, sheet.float), (-3, 1 << 30, 1 << 60, 1.5));
        assert_eq!((sheet.amount, sheet.date, sheet.moment, sheet.uuid), (Some(Decimal::new(12345, 2)), day(1948), moment, uuid));
        assert_eq!((sheet.tempo, sheet.r#type, sheet.secret.as_deref()), (Tempo::Lento, Some(Tempo::Presto), None));
        assert_eq!(sheet.json["strings"], 6);
        macro_rules! found {
            (|$s:ident| $condition:expr) => {
                go!(Sheet::objects().filter(|$s| $condition).count())?
            };
        }
        assert_eq!(found!(|s| s.flag), 1);
        // What is computed with a NULL is one, and so on the other side.
        assert_eq!((found!(|s| (s.medium + s.bonus).gt(3)), found!(|s| !(s.medium + s.bonus).gt(3))), (0, 1));
        assert_eq!(found!(|s| s.tempo.eq(Tempo::Lento) & s.tempo.startswith("len") & s.r#type.eq(Tempo::Presto)), 1);
        assert_eq!(found!(|s| s.moment.eq(moment) & s.uuid.eq(uuid) & s.date.eq(day(1948)) & s.bytes.eq(vec![0, 1, 255])), 1);
        assert_eq!(found!(|s| s.amount.gt(Decimal::ONE_HUNDRED) & s.float.lt(1.6) & s.large.ge(1 << 60)), 1);

        let part = go!(Sheet::create()
            .flag(false).small(0).medium(0).large(0).float(0.0).text("").date(day(1948)).time(Time::midnight())
            .datetime(day(1948).at(0, 0, 0, 0)).moment(moment).uuid(uuid).bytes(vec![]).json(serde_json::Value::Null)
            .tempo(Tempo::Lento).r#type(None).parent(&sheet))?;
        assert_eq!((part.amount, part.r#type), (None, None));
        let part = go!(Sheet::objects().select_related(|s| s.parent.parent).get(|s| s.parent.eq(&sheet)))?;
        let whole = part.parent.as_ref().unwrap();
        assert_eq!((whole.text.as_str(), whole.parent.is_none()), ("Troublant Boléro", true));
        assert_eq!(go!(sheet.parts.count())?, 1);
        go!(nuages_orm::raw("UPDATE sheet_music SET tempo = 'allegro'").execute())?;
        let error = go!(Sheet::objects().all()).unwrap_err();
        assert!(error.is_decode() && error.to_string().contains("tempo") && error.to_string().contains("allegro"), "{error}");
        assert_eq!(go!(Vault::create().content(Opaque(5)))?.content, Opaque(5));
        Ok(())
    }

    fn serde_knows_every_state(db: Database) {
        let (django, _, boris) = shop!(db);
        let book = go!(Book::objects().get(|b| b.title.eq("Nuages")))?;
        let json = serde_json::to_value(&book).unwrap();
        assert_eq!(
            json,
            serde_json::json!({
                "id": book.id, "title": "Nuages", "subtitle": null, "published": "1940-06-01", "price": "9.90", "stock": 3,
                "author": django.id, "editor": boris.id,
            })
        );
        assert_eq!(serde_json::from_value::<Book>(json.clone()).unwrap(), book);
        let loaded = go!(Book::objects().select_related(|b| b.author.country).get(|b| b.title.eq("Nuages")))?;
        let json = serde_json::to_value(&loaded).unwrap();
        assert_eq!(json["author"]["name"], "Django Reinhardt");
        assert_eq!(json["author"]["country"]["name"], "Belgium");
        assert_eq!(json["editor"], boris.id);

        // The other side of a foreign key is at hand after deserialising, too.
        let author: Author = serde_json::from_value(serde_json::to_value(&django).unwrap()).unwrap();
        assert_eq!(go!(author.books.count())?, 3);
        // What is a sequence of values, too, as compact formats have it; and what is named otherwise, or kept back.
        let france: Country = serde_json::from_str(r#"[2, "France"]"#).unwrap();
        assert_eq!(go!(france.authors.count())?, 2);
        let part = serde_json::json!({
            "id": 1, "flag": true, "small": 1, "medium": 1, "large": 1, "float": 1.0, "text": "", "date": "1948-06-01",
            "time": "12:00:00", "datetime": "1948-06-01T12:00:00", "moment": "1948-06-01T12:00:00Z", "uuid": Uuid::nil(), "bytes": [1],
            "json": {}, "tempo": "Lento", "partOf": 7, "secret": "not read",
        });
        let part: Sheet = serde_json::from_value(part).unwrap();
        assert_eq!((part.secret.as_deref(), part.amount, part.parent.as_ref().map(ForeignKey::key)), (None, None, Some(7)));
        let json = serde_json::to_value(Sheet { secret: Some("kept".into()), ..part }).unwrap();
        assert_eq!((&json["partOf"], json.get("secret"), &json["type"]), (&7.into(), None, &serde_json::Value::Null));
        let error = serde_json::from_str::<Author>(r#"{"id": 1, "unknown": [], "country": 1}"#).unwrap_err();
        assert!(error.to_string().contains("missing field `name`"), "{error}");
        Ok(())
    }

    fn rows_are_locked_in_a_transaction(db: Database) {
        shop!(db);
        let stock = go!(atomic(block! {
            let mut book = go!(Book::objects().select_for_update().get(|b| b.title.eq("Nuages")))?;
            book.stock -= 1;
            go!(book.save())?;
            let editors = go!(Book::objects().select_related(|b| b.editor).select_for_update().all())?;
            assert_eq!(editors.len(), 5);
            assert_eq!(go!(Book::objects().select_for_update().count())?, 5);
            Ok::<_, Error>(book.stock)
        }))?;
        assert_eq!(stock, 2);
        Ok(())
    }

    fn a_query_can_name_its_database(db: Database) {
        shop!(db);
        let other = go!(Database::connect("sqlite::memory:"))?;
        go!(tables(&other))?;
        go!(Country::create().name("Elsewhere").using(&other))?;
        assert_eq!(go!(Country::objects().using(&other).count())?, 1);
        assert_eq!(go!(Country::objects().count())?, 2);
        Ok(())
    }
}
