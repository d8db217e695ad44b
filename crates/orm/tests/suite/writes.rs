// Included twice by `behaviour.rs`: `go!` waits for an Op in the style at hand.

use nuages_orm::{Error, Result, atomic};

fn names(countries: &[Country]) -> Vec<&str> {
    countries.iter().map(|country| country.name.as_str()).collect()
}

tests! {
    fn get_or_create_makes_a_row_once(db: Database) {
        let (django, ..) = shop!(db);
        let (spain, made) = go!(Country::get_or_create().name("Spain"))?;
        assert!(made);
        assert_eq!(go!(Country::get_or_create().name("Spain"))?, (spain, false));
        assert_eq!(go!(Country::objects().filter(|c| c.name.eq("Spain")).count())?, 1);

        let daphne = || Book::get_or_create().title("Daphne").author(&django).defaults(|b| b.published(day(1938)).stock(7));
        let (book, made) = go!(daphne())?;
        assert_eq!((book.title.as_str(), book.stock, book.published, made), ("Daphne", 7, day(1938), true));
        go!(Book::objects().filter(|b| b.id.eq(book.id)).update(|b| b.stock.set(1)))?;
        let (book, made) = go!(daphne())?;
        assert_eq!((book.stock, made), (1, false));
        // NULL is looked up as NULL.
        let (found, made) = go!(Book::get_or_create().subtitle(None::<String>).title("Nuages").defaults(|b| b.author(&django).published(day(1940))))?;
        assert_eq!((found.stock, made), (3, false));
        Ok(())
    }

    fn get_or_create_fails_without_breaking_the_transaction(db: Database) {
        shop!(db);
        go!(atomic(block! {
            // Another author's book of that title would do, but the check refuses it.
            let refused = go!(Book::get_or_create().title("Daphne").defaults(|b| b.published(day(1938)).author(1).stock(-1)));
            assert!(refused.unwrap_err().is_check_violation());
            go!(Country::create().name("Spain"))?;
            Ok(())
        }))?;
        assert_eq!(go!(Country::objects().filter(|c| c.name.eq("Spain")).count())?, 1);
        Ok(())
    }

    fn update_or_create_changes_the_row_that_is_there(db: Database) {
        let (django, ..) = shop!(db);
        let nuages = |stock| Book::update_or_create().title("Nuages").author(&django).defaults(move |b| b.stock(stock).published(day(1953)));
        let (book, made) = go!(nuages(9))?;
        assert_eq!((book.stock, book.published, made), (9, day(1953), false));
        assert_eq!(go!(Book::objects().get(|b| b.title.eq("Nuages")))?, book);
        let (book, made) = go!(Book::update_or_create().title("Daphne").author(&django).defaults(|b| b.published(day(1938))))?;
        assert_eq!((book.stock, made), (0, true));
        let error = go!(nuages(-1)).unwrap_err();
        assert!(error.is_check_violation(), "{error}");
        assert_eq!(go!(Book::objects().get(|b| b.title.eq("Nuages")))?.stock, 9);
        Ok(())
    }

    fn bulk_create_makes_rows_in_order(db: Database) {
        go!(tables(db))?;
        let made = go!(Country::objects().bulk_create(["Spain", "Italy", "Chad"].map(|name| Country::create().name(name))))?;
        assert_eq!(names(&made), ["Spain", "Italy", "Chad"]);
        assert!(made[0].id < made[1].id && made[1].id < made[2].id);
        assert_eq!(go!(Country::objects().order_by(|c| c.id).all())?, made);
        let none: [CountryCreate<nuages_orm::ColumnGiven>; 0] = [];
        assert_eq!(go!(Country::objects().bulk_create(none))?, []);
        // Defaults, and columns that only some rows have.
        let author = go!(Author::create().name("Django Reinhardt").country(&made[0]))?;
        let book = |title: &str| Book::create().title(title).published(day(1940)).author(&author);
        let books = go!(Book::objects().bulk_create([book("Nuages").subtitle("Clouds").stock(3), book("Tears"), book("Daphne").price(Decimal::ONE)]))?;
        let stocks: Vec<_> = books.iter().map(|b| (b.subtitle.as_deref(), b.stock, b.price)).collect();
        let price = Decimal::new(990, 2);
        assert_eq!(stocks, [(Some("Clouds"), 3, price), (None, 0, price), (None, 0, Decimal::ONE)]);
        Ok(())
    }

    fn bulk_create_is_all_or_nothing_also_over_several_statements(db: Database) {
        go!(tables(db))?;
        go!(Country::create().name("Chad"))?;
        let rows = || ["Spain", "Italy", "Chad"].map(|name| Country::create().name(name));
        let error = go!(Country::objects().bulk_create(rows()).batch_size(1)).unwrap_err();
        assert!(error.is_unique_violation() && error.columns() == ["name"], "{error}");
        assert_eq!(go!(Country::objects().count())?, 1);
        // More rows than fit into one statement.
        let many = (0..31_000).map(|n| Country::create().name(format!("country {n}")));
        assert_eq!(go!(Country::objects().bulk_create(many))?.len(), 31_000);
        Ok(())
    }

    fn bulk_create_can_leave_out_what_is_there(db: Database) {
        go!(tables(db))?;
        let spain = go!(Country::create().name("Spain"))?;
        let rows = || ["Spain", "Italy", "Italy"].map(|name| Country::create().name(name));
        go!(Country::objects().bulk_create(rows()).ignore_conflicts())?;
        go!(Country::objects().bulk_create(rows()).ignore_conflicts().batch_size(2))?;
        let all = go!(Country::objects().order_by(|c| c.id).all())?;
        assert_eq!(names(&all), ["Spain", "Italy"]);
        assert_eq!(all[0], spain);
        // Other rules are not conflicts.
        let long = "x".repeat(90);
        let error = go!(Country::objects().bulk_create([Country::create().name(long)]).ignore_conflicts()).unwrap_err();
        assert!(error.is_check_violation(), "{error}");
        Ok(())
    }

    fn bulk_create_can_update_what_is_there(db: Database) {
        let (django, ..) = shop!(db);
        let book = |title: &str, stock| Book::create().title(title).published(day(1999)).author(&django).stock(stock);
        let books = go!(Book::objects()
            .bulk_create([book("Nuages", 30), book("Daphne", 4)])
            .update_conflicts(|b| (b.title, b.author), |b| b.stock))?;
        assert_eq!(books.iter().map(|b| (b.stock, b.published)).collect::<Vec<_>>(), [(30, day(1940)), (4, day(1999))]);
        assert_eq!(go!(Book::objects().count())?, 6);
        Ok(())
    }

    fn bulk_update_writes_each_record_its_own_values(db: Database) {
        shop!(db);
        let mut books = go!(Book::objects().order_by(|b| b.id).all())?;
        for (n, book) in (0..).zip(&mut books) {
            book.stock = 100 + n;
            book.title = "not written".to_owned();
            book.subtitle = (n > 2).then(|| format!("number {n}"));
        }
        assert_eq!(go!(Book::objects().bulk_update(&books[1..], |b| (b.stock, b.subtitle)))?, 4);
        let found = go!(Book::objects().order_by(|b| b.id).all())?;
        let found: Vec<_> = found.iter().map(|b| (b.title.as_str(), b.stock, b.subtitle.as_deref())).collect();
        assert_eq!(found, [
            ("Nuages", 3, None), ("Minor Swing", 101, None), ("Belleville", 102, None),
            ("Mon violon pour tout bagage", 103, Some("number 3")), ("L'Écume des jours", 104, Some("number 4")),
        ]);
        assert_eq!(go!(Book::objects().bulk_update(&books[..0], |b| b.stock))?, 0);
        books[4].stock = -1;
        books[3].stock = 0;
        assert!(go!(Book::objects().bulk_update(&books, |b| b.stock)).unwrap_err().is_check_violation());
        assert_eq!(go!(Book::objects().filter(|b| b.stock.eq(0)).count())?, 0);
        Ok(())
    }

    fn save_can_write_some_columns_only(db: Database) {
        shop!(db);
        let mut book = go!(Book::objects().select_related(|b| b.author).get(|b| b.title.eq("Nuages")))?;
        go!(Book::objects().filter(|b| b.id.eq(book.id)).update(|b| b.stock.set(50)))?;
        book.title = "Nuages (1946)".to_owned();
        book.stock = 1;
        go!(book.save().only(|b| (b.title, b.author)))?;
        let found = go!(Book::objects().get(|b| b.id.eq(book.id)))?;
        assert_eq!((found.title.as_str(), found.stock), ("Nuages (1946)", 50));
        go!(found.delete())?;
        let error: Error = go!(book.save().only(|b| b.title)).unwrap_err();
        assert!(error.is_not_found(), "{error}");
        Ok(())
    }
}
