// Included twice by `behaviour.rs`: `go!` waits for an Op in the style at hand.

use nuages_orm::{Result, exists, subquery};

tests! {
    fn a_query_can_ask_whether_another_one_has_rows(db: Database) {
        shop!(db);
        let with_rich_books = |least| Author::objects()
            .filter(move |a| exists(Book::objects().filter(move |b| b.author.id.eq(a.id.outer()) & b.stock.ge(least))))
            .order_by(|a| a.name);
        let found = go!(with_rich_books(3).all())?;
        assert_eq!(found.iter().map(|a| a.name.as_str()).collect::<Vec<_>>(), ["Django Reinhardt", "Stéphane Grappelli"]);
        assert_eq!(go!(with_rich_books(9).count())?, 0);
        let without = go!(Author::objects().exclude(|a| exists(Book::objects().filter(|b| b.editor.id.eq(a.id.outer())))).all())?;
        assert_eq!(without.iter().map(|a| a.name.as_str()).collect::<Vec<_>>(), ["Django Reinhardt"]);
        // A column over a relation of the query around, two levels up.
        let same = Book::objects().filter(|b| exists(Author::objects().filter(|a| {
            a.id.eq(b.author.id.outer()) & exists(Country::objects().filter(|c| c.id.eq(a.country.id.outer()) & c.name.eq("Belgium")))
        })));
        assert_eq!(go!(same.count())?, 3);
        Ok(())
    }

    fn a_value_can_come_from_another_query(db: Database) {
        shop!(db);
        let best: Vec<(String, Option<String>, Option<i32>)> = go!(Author::objects()
            .values(|a| {
                let books = Book::objects().filter(|b| b.author.id.eq(a.id.outer()) & b.stock.gt(0)).order_by(|b| b.stock.desc());
                (a.name, subquery(books.clone().values(|b| b.title)), subquery(books.slice(1..).values(|b| b.stock)))
            })
            .order_by(|a| a.name)
            .all())?;
        let best: Vec<_> = best.iter().map(|(name, title, second)| (name.as_str(), title.as_deref(), *second)).collect();
        assert_eq!(best, [
            ("Boris Vian", Some("L'Écume des jours"), None),
            ("Django Reinhardt", Some("Nuages"), Some(1)),
            ("Stéphane Grappelli", Some("Mon violon pour tout bagage"), None),
        ]);
        Ok(())
    }

    fn a_value_can_be_among_those_of_another_query(db: Database) {
        shop!(db);
        let belgians = Author::objects().filter(|a| a.country.name.eq("Belgium"));
        assert_eq!(go!(Book::objects().filter(|b| b.author.in_query(belgians.clone())).count())?, 3);
        assert_eq!(go!(Book::objects().exclude(|b| b.author.in_query(belgians)).count())?, 2);
        let subtitles = Book::objects().values(|b| b.subtitle);
        assert_eq!(go!(Book::objects().filter(|b| b.title.in_query(subtitles.clone())).count())?, 0);
        // A NULL among them, or compared with them, is not in the way.
        assert_eq!(go!(Book::objects().exclude(|b| b.title.in_query(subtitles.clone())).count())?, 5);
        assert_eq!(go!(Book::objects().exclude(|b| b.subtitle.in_query(subtitles)).count())?, 4);
        let newest = Author::objects().order_by(|a| a.id.desc()).slice(..2);
        assert_eq!(go!(Book::objects().filter(|b| b.author.in_query(newest)).count())?, 2);
        assert_eq!(go!(Author::objects().filter(|a| a.books.title.in_query(Book::objects().filter(|b| b.stock.gt(2)).values(|b| b.title))).count())?, 2);
        // In what is changed.
        let poor = Author::objects().filter(|a| a.name.startswith("S"));
        assert_eq!(go!(Book::objects().filter(|b| b.author.in_query(poor)).update(|b| b.stock.set(0)))?, 1);
        let titles = Book::objects().filter(|b| b.stock.eq(0)).values(|b| b.id);
        assert_eq!(go!(Book::objects().filter(|b| b.id.in_query(titles)).delete())?, 2);
        Ok(())
    }

    fn the_ends_of_a_query(db: Database) {
        let (django, ..) = shop!(db);
        let title = |book: Option<Book>| book.map(|book| book.title);
        // The model's order is newest first.
        assert_eq!(title(go!(Book::objects().last())?).as_deref(), Some("Minor Swing"));
        assert_eq!(title(go!(Book::objects().order_by(|b| b.stock).last())?).as_deref(), Some("Mon violon pour tout bagage"));
        assert_eq!(title(go!(Book::objects().order_by(|b| (b.author.name, b.id)).reverse().first())?).as_deref(), Some("Mon violon pour tout bagage"));
        assert_eq!(go!(Author::objects().last())?.unwrap().name, "Boris Vian");
        assert_eq!(go!(Book::objects().earliest(|b| b.published))?.title, "Minor Swing");
        assert_eq!(go!(Book::objects().latest(|b| (b.author.name, b.stock)))?.title, "Mon violon pour tout bagage");
        assert!(go!(Book::objects().filter(|b| b.stock.gt(99)).latest(|b| b.published)).unwrap_err().is_not_found());
        assert!(go!(Book::objects().slice(..2).last()).unwrap_err().to_string().contains(".reverse()"));
        let none = Book::objects().none();
        assert_eq!((go!(none.clone().count())?, go!(none.clone().all())?.len(), go!(none.clone().exists())?), (0, 0, false));
        assert_eq!(go!(none.filter(|b| b.stock.gt(0)).update(|b| b.stock.set(0)))?, 0);
        let of_django = Book::objects().filter(|b| b.author.eq(&django));
        let nuages = go!(Book::objects().get(|b| b.title.eq("Nuages")))?;
        assert!(go!(of_django.clone().contains(&nuages))?);
        assert!(!go!(of_django.exclude(|b| b.title.eq("Nuages")).contains(&nuages))?);
        let found = go!(Book::objects().in_bulk([1, 3, 99]))?;
        let mut found: Vec<_> = found.iter().map(|(id, book)| (*id, book.title.as_str())).collect();
        found.sort_unstable();
        assert_eq!(found, [(1, "Nuages"), (3, "Belleville")]);
        assert!(go!(Book::objects().in_bulk([]))?.is_empty());
        Ok(())
    }
}
