// Included twice by `behaviour.rs`: `go!` waits for an Op in the style at hand, `each!` reads a stream or an iterator to its end.

use nuages_orm::{Kept, Result};

tests! {
    fn records_come_in_chunks(db: Database) {
        shop!(db);
        let titles = |books: Vec<Book>| books.into_iter().map(|book| book.title).collect::<Vec<_>>();
        let all = titles(go!(Book::objects().all())?);
        // In the model's order, whatever the size of a chunk.
        for size in 1..7 {
            assert_eq!(titles(each!(Book::objects(), .chunk_size(size))?), all, "{size}");
        }
        assert_eq!(titles(each!(Book::objects(),)?), all);
        // By columns with NULL, both ways, and with equal values.
        for query in [
            Book::objects().order_by(|b| b.subtitle),
            Book::objects().order_by(|b| (b.subtitle.desc(), b.stock)),
            Book::objects().order_by(|b| (b.editor.name.asc().nulls_first(), b.author.name.desc())),
            Book::objects().order_by(|b| (b.editor.name.desc().nulls_last(), b.price)),
            Book::objects().order_by(|b| (b.author.country.name, b.id.desc())),
            Book::objects().order_by(|b| (b.title.length().desc(), b.published.year())),
            Book::objects().filter(|b| b.stock.gt(0) & b.author.books.stock.gt(0)).order_by(|b| b.stock),
            Book::objects().order_by(|b| (b.stock.desc(), b.id)).distinct_on(|b| b.author.id),
            Book::objects().filter(|b| b.stock.gt(2)).union(Book::objects().filter(|b| b.published.lt(day(1941)))),
        ] {
            let key = query.clone().order_by(|b| b.id);
            let expected = go!(query.clone().values(|b| (b.id, b.stock)).all())?.len();
            let mut streamed = each!(query.clone(), .chunk_size(2))?;
            assert_eq!(streamed.len(), expected);
            streamed.sort_by_key(|book| book.id);
            if !format!("{query:?}").contains("distinct_on: [C") {
                assert_eq!(titles(streamed), titles(go!(key.all())?));
            }
        }
        // In the order that `all` gives, where that is certain.
        let by_name = Book::objects().order_by(|b| (b.editor.name.desc().nulls_last(), b.id.desc()));
        assert_eq!(titles(each!(by_name.clone(), .chunk_size(2))?), titles(go!(by_name.all())?));
        // Sliced, with what is loaded, and as values.
        let sliced = Book::objects().order_by(|b| b.title).slice(1..4);
        assert_eq!(titles(each!(sliced.clone(), .chunk_size(2))?), titles(go!(sliced.all())?));
        assert!(each!(Book::objects().slice(0..0),)?.is_empty() && each!(Book::objects().none(),)?.is_empty());
        let loaded = each!(Book::objects().select_related(|b| b.author.country), .chunk_size(3))?;
        assert_eq!(line(&loaded[0]), "MON VIOLON POUR TOUT BAGAGE by Stéphane Grappelli (France)");
        let values: Vec<(String, String)> = each!(Book::objects().values(|b| (b.title, b.author.name)).order_by(|b| b.stock), .chunk_size(2))?;
        assert_eq!((values.len(), values[4].0.as_str()), (5, "Mon violon pour tout bagage"));
        let authors = each!(Author::objects().prefetch_related(|a| a.books), .chunk_size(2))?;
        assert_eq!(authors.iter().map(|author| author.books.len()).collect::<Vec<_>>(), [3, 1, 1]);
        Ok(())
    }

    fn what_cannot_be_streamed_says_so(db: Database) {
        shop!(db);
        let error = |result: Result<usize>| result.unwrap_err().to_string();
        assert!(error(each!(Author::objects().prefetch_related(|a| a.books),).map(|all| all.len())).contains(".chunk_size(..)"));
        assert!(error(each!(Book::objects().order_by(|_| nuages_orm::random()),).map(|all| all.len())).contains("ordered by columns"));
        assert!(error(each!(Book::objects().union_all(Book::objects()),).map(|all| all.len())).contains(".union(..)"));
        assert!(error(each!(Book::objects().values(|b| b.author.name).distinct(),).map(|all| all.len())).contains(".all()"));
        Ok(())
    }

    fn a_stream_leaves_its_transaction_free_between_chunks(db: Database) {
        shop!(db);
        let seen = go!(nuages_orm::atomic(block! {
            let mut seen = 0;
            let ids = go!(Book::objects().order_by(|b| b.id).values(|b| b.id).all())?;
            for book in each!(Book::objects().order_by(|b| b.id), .chunk_size(1))? {
                // On the one connection of the transaction.
                go!(Book::objects().filter(|b| b.id.eq(book.id)).update(|b| b.stock.set(b.stock + 1)))?;
                assert_eq!(book.id, ids[seen]);
                seen += 1;
            }
            Ok(seen)
        }))?;
        assert_eq!(seen, 5);
        assert_eq!(go!(Book::objects().aggregate(|b| b.stock.sum()))?, Some(16));
        Ok(())
    }

    fn a_kept_query_runs_with_other_values(db: Database) {
        let (django, stephane, _) = shop!(db);
        let of_author: Kept<Book, (i64, i32)> = Book::objects()
            .keep::<(i64, i32), _>(|books, (author, least)| books.filter(|b| b.author.id.eq(author) & b.stock.ge(least) & !b.title.eq("?")).order_by(|b| b.title));
        let titles = |books: Vec<Book>| books.into_iter().map(|book| book.title).collect::<Vec<_>>();
        for _ in 0..2 {
            assert_eq!(titles(go!(of_author.all((django.id, 1)))?), ["Belleville", "Nuages"]);
            assert_eq!(titles(go!(of_author.all((stephane.id, 1)))?), ["Mon violon pour tout bagage"]);
            assert_eq!((go!(of_author.count((django.id, 0)))?, go!(of_author.count((django.id, 99)))?), (3, 0));
            assert_eq!((go!(of_author.exists((django.id, 0)))?, go!(of_author.exists((django.id, 99)))?), (true, false));
            assert_eq!(go!(of_author.first((django.id, 0)))?.map(|book| book.title).as_deref(), Some("Belleville"));
            assert_eq!(go!(of_author.get((django.id, 2)))?.title, "Nuages");
            assert!(go!(of_author.get((django.id, 9))).unwrap_err().is_not_found());
        }
        // With what is loaded, in the middle of the SQL, in a subquery and twice.
        let kept = Author::objects().keep::<(String, i32), _>(|authors, (name, stock)| {
            authors
                .filter(|a| a.books.filter(|b| b.title.eq(name) | b.stock.gt(stock)).exists() & !a.name.eq(name))
                .select_related(|a| a.country)
                .prefetch_related(|a| a.books)
        });
        let found = go!(kept.all(("Nuages".to_owned(), 4)))?;
        assert_eq!(found.iter().map(|a| (a.name.as_str(), a.country.name.as_str(), a.books.len())).collect::<Vec<_>>(), [("Django Reinhardt", "Belgium", 3), ("Stéphane Grappelli", "France", 1)]);
        // A parameter has a value where it is kept, and nowhere else.
        let mut stolen = None;
        let _ = Book::objects().keep::<(i32,), _>(|books, (stock,)| {
            stolen = Some(stock);
            books
        });
        let error = go!(Book::objects().filter(|b| b.stock.eq(stolen.unwrap())).all()).unwrap_err();
        assert!(error.to_string().contains(".keep(..)"), "{error}");
        Ok(())
    }
}
