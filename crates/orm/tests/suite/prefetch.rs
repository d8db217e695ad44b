// Included twice by `behaviour.rs`: `go!` waits for an Op in the style at hand.

use nuages_orm::{Prefetched, Result};

/// A prefetched author by name, as a template's struct needs it.
type WithBooks = <Author as nuages_orm::Relate<author::books>>::In<Prefetched<Book>>;

fn summary(authors: &[WithBooks]) -> Vec<(&str, Vec<&str>)> {
    authors.iter().map(|a| (a.name.as_str(), a.books.iter().map(|b| b.title.as_str()).collect())).collect()
}

tests! {
    fn a_to_many_relation_comes_with_the_records(db: Database) {
        shop!(db);
        let authors = go!(Author::objects().prefetch_related(|a| a.books).order_by(|a| a.name).all())?;
        assert_eq!(summary(&authors), [
            ("Boris Vian", vec!["L'Écume des jours"]),
            // In the order of the model.
            ("Django Reinhardt", vec!["Belleville", "Nuages", "Minor Swing"]),
            ("Stéphane Grappelli", vec!["Mon violon pour tout bagage"]),
        ]);
        assert_eq!(authors[1].books.len(), 3);
        let mut all = Vec::new();
        for book in &authors[1].books {
            all.push(book.stock);
        }
        assert_eq!(all, [1, 3, 0]);
        // A query beside it is still there.
        assert_eq!(go!(authors[1].books.filter(|b| b.stock.gt(0)).count())?, 2);
        assert_eq!(authors[0].clone(), authors[0]);
        assert!(format!("{:?}", authors[0].books).contains("Book"));
        Ok(())
    }

    fn a_record_without_rows_has_an_empty_slice(db: Database) {
        shop!(db);
        let nobody = go!(Author::create().name("Nobody").country(1))?;
        let nobody = go!(Author::objects().prefetch_related(|a| a.books).get(|a| a.id.eq(nobody.id)))?;
        assert!(nobody.books.is_empty());
        assert_eq!(go!(Author::objects().filter(|a| a.name.eq("No one")).prefetch_related(|a| a.books).all())?.len(), 0);
        Ok(())
    }

    fn prefetched_rows_are_filtered_ordered_and_sliced_for_each_record(db: Database) {
        shop!(db);
        let authors = Author::objects().order_by(|a| a.name);
        let filtered = go!(authors.clone().prefetch_related(|a| a.books.filter(|b| b.stock.gt(0))).all())?;
        assert_eq!(summary(&filtered)[1].1, ["Belleville", "Nuages"]);
        let ordered = go!(authors.clone().prefetch_related(|a| a.books.order_by(|b| b.title.desc())).all())?;
        assert_eq!(summary(&ordered)[1].1, ["Nuages", "Minor Swing", "Belleville"]);
        let sliced = go!(authors.clone().prefetch_related(|a| a.books.query(|b| b.order_by(|b| b.stock.desc()).slice(..2))).all())?;
        assert_eq!(summary(&sliced), [
            ("Boris Vian", vec!["L'Écume des jours"]),
            ("Django Reinhardt", vec!["Nuages", "Belleville"]),
            ("Stéphane Grappelli", vec!["Mon violon pour tout bagage"]),
        ]);
        let second = go!(authors.prefetch_related(|a| a.books.query(|b| b.filter(|b| b.stock.lt(9)).slice(1..2))).all())?;
        assert_eq!(summary(&second), [("Boris Vian", vec![]), ("Django Reinhardt", vec!["Nuages"]), ("Stéphane Grappelli", vec![])]);
        Ok(())
    }

    fn prefetches_nest_and_load_relations(db: Database) {
        shop!(db);
        let countries = go!(Country::objects()
            .prefetch_related(|c| c.authors.query(|a| {
                a.order_by(|a| a.name).prefetch_related(|a| a.books.query(|b| b.select_related(|b| b.editor).order_by(|b| b.id)))
            }))
            .order_by(|c| c.name)
            .all())?;
        let belgium = &countries[0];
        assert_eq!((belgium.name.as_str(), belgium.authors.len(), belgium.authors[0].books.len()), ("Belgium", 1, 3));
        assert_eq!(belgium.authors[0].books[0].editor.as_ref().unwrap().name, "Boris Vian");
        let france: Vec<_> = countries[1].authors.iter().map(|a| a.name.as_str()).collect();
        assert_eq!(france, ["Boris Vian", "Stéphane Grappelli"]);
        Ok(())
    }

    fn several_relations_and_loaded_ones_go_together(db: Database) {
        shop!(db);
        let authors = go!(Author::objects()
            .prefetch_related(|a| a.books)
            .select_related(|a| a.country)
            .prefetch_related(|a| a.edited.order_by(|b| b.id))
            .order_by(|a| a.name)
            .all())?;
        let boris = &authors[0];
        assert_eq!((boris.country.name.as_str(), boris.books.len(), boris.edited[0].title.as_str()), ("France", 1, "Nuages"));
        assert!(authors[1].edited.is_empty());
        let first = go!(Author::objects().prefetch_related(|a| a.books).order_by(|a| a.name).first())?.unwrap();
        assert_eq!(first.books.len(), 1);
        Ok(())
    }

    fn annotated_records_are_prefetched_too(db: Database) {
        shop!(db);
        let rows = go!(Author::objects()
            .prefetch_related(|a| a.books)
            .annotate(|a| a.books.count())
            .order_by(|_, n| n.desc())
            .all())?;
        assert_eq!((rows[0].0.books.len(), rows[0].1), (3, 3));
        Ok(())
    }
}
