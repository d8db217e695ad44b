// Included twice by `behaviour.rs`: `go!` waits for an Op in the style at hand.

use nuages_orm::Result;

macro_rules! catalogue {
    ($db:ident) => {{
        go!(keyed_tables($db))?;
        for code in ["none", "other", "swing", "slow"] {
            go!(Genre::create().code(code))?;
        }
        let django = go!(Artist::create().name("Django"))?;
        let album = go!(Album::create().title("Swing 42").artist(&django).genre("swing").second("slow"))?;
        let song = go!(Song::create().title("Nuages").artist(&django).album(&album))?;
        go!(song.genres.add(["swing", "slow"]))?;
        (django, album, song)
    }};
}

tests! {
    fn what_nothing_points_to_goes_in_one_statement(db: Database) {
        catalogue!(db);
        let deleted = in_statements!(db, 1, Review::objects().delete())?;
        assert_eq!(deleted, 0);
        assert_eq!(deleted.iter().count(), 0);
        let vault = go!(Review::create().song(1))?;
        assert_eq!(in_statements!(db, 1, vault.delete())?, 1);
        assert_eq!(in_statements!(db, 1, vault.delete())?, 0);
        Ok(())
    }

    fn a_cascade_counts_what_went_of_each_model(db: Database) {
        let (django, ..) = catalogue!(db);
        let boris = go!(Artist::create().name("Boris"))?;
        go!(boris.songs.create().title("Le Déserteur"))?;
        // Albums, songs, and what restricts; then the table between, songs, albums and the artist.
        let deleted = in_statements!(db, 7, django.delete())?;
        assert_eq!(deleted, 5);
        assert_eq!((deleted.of::<Artist>(), deleted.of::<Album>(), deleted.of::<Song>(), deleted.of::<Genre>()), (1, 1, 1, 0));
        let mut models: Vec<_> = deleted.iter().collect();
        models.sort_unstable();
        assert_eq!(models, [("Album", 1), ("Artist", 1), ("Song", 1), ("Song_genres", 2)]);
        assert_eq!(go!(Song::objects().values(|s| s.title).all())?, ["Le Déserteur"]);
        // Gone already: what might point to it is looked for, and it is deleted in vain.
        assert_eq!(go!(django.delete())?, 0);
        // A query, of which nothing is found.
        assert_eq!(in_statements!(db, 1, Artist::objects().filter(|a| a.name.eq("Nobody")).delete())?, 0);
        assert_eq!(go!(Artist::objects().delete())?.of::<Song>(), 1);
        Ok(())
    }

    fn restrict_refuses_unless_the_row_goes_too(db: Database) {
        let (django, album, song) = catalogue!(db);
        let error = go!(album.delete()).unwrap_err();
        assert!(error.is_protected() && error.is_integrity(), "{error:?}");
        let [held] = error.held_by() else { panic!("{error:?}") };
        assert_eq!((held.model(), held.field(), held.keys()), ("Song", "album", &[song.id.into()][..]));
        assert!(error.to_string().contains("`Song.album` of 1"), "{error}");
        assert_eq!(go!(Album::objects().count())?, 1);
        // The song of another artist is on the album.
        let boris = go!(Artist::create().name("Boris"))?;
        let other = go!(boris.songs.create().title("La complainte du progrès").album(&album))?;
        let error = go!(django.delete()).unwrap_err();
        assert_eq!(error.held_by()[0].keys(), [other.id.into()]);
        assert_eq!(go!(Song::objects().count())?, 2);
        go!(other.delete())?;
        assert_eq!(go!(django.delete())?.of::<Album>(), 1);
        Ok(())
    }

    fn protect_names_what_holds_the_rows(db: Database) {
        go!(keyed_tables(db))?;
        let egg = go!(Egg::create())?;
        for _ in 0..12 {
            go!(Egg::create().twin(&egg))?;
        }
        let error = go!(egg.delete()).unwrap_err();
        assert!(error.is_protected() && error.is_foreign_key_violation(), "{error:?}");
        assert_eq!((error.held_by()[0].field(), error.held_by()[0].keys().len()), ("twin", 10));
        let text = error.to_string();
        assert!(text.contains("`Egg.twin` of 2, 3") && text.contains("and more") && text.contains("point them elsewhere"), "{text}");
        assert_eq!(go!(Egg::objects().count())?, 13);
        assert_eq!(go!(Egg::objects().filter(|e| !e.twin.is_null()).delete())?, 12);
        assert_eq!(go!(egg.delete())?, 1);
        Ok(())
    }

    fn foreign_keys_become_their_default_or_a_value(db: Database) {
        let (_, album, song) = catalogue!(db);
        go!(song.genres.clear())?;
        // One statement for each foreign key, one for the table between, and the row.
        let swing = go!(Genre::objects().get(|g| g.code.eq("swing")))?;
        let deleted = in_statements!(db, 4, swing.delete())?;
        assert_eq!(deleted, 1);
        let deleted = in_statements!(db, 5, Genre::objects().filter(|g| g.code.eq("slow")).delete())?;
        assert_eq!(deleted, 1);
        let album = go!(Album::objects().get(|a| a.id.eq(album.id)))?;
        assert_eq!((album.genre.key().as_str(), album.second.map(|g| g.key()).as_deref()), ("none", Some("other")));
        Ok(())
    }

    fn a_foreign_key_becomes_null(db: Database) {
        let Scene { django, stephane, .. } = scene!(db);
        let guitar = go!(django.guitars.create().name("Selmer"))?;
        go!(Guitar::create().name("Copy").model_of(&guitar).owner(&stephane))?;
        let deleted = go!(django.delete())?;
        assert_eq!((deleted.of::<Musician>(), deleted.of::<Profile>(), deleted.of::<Guitar>()), (1, 1, 0));
        assert_eq!(go!(Guitar::objects().get(|g| g.name.eq("Selmer")))?.owner, None);
        Ok(())
    }

    fn the_database_does_what_it_was_told_to(db: Database) {
        let (_, _, song) = catalogue!(db);
        let review = go!(Review::create().song(&song).genre("other"))?;
        let answer = go!(Review::create().song(&song).answers(&review))?;
        // Nothing is done, so the rule of the database speaks.
        let error = go!(Genre::objects().filter(|g| g.code.eq("other")).delete()).unwrap_err();
        assert!(error.is_foreign_key_violation() && !error.is_protected(), "{error:?}");
        assert_eq!(in_statements!(db, 1, review.delete())?, 1);
        assert_eq!(go!(Review::objects().get(|r| r.id.eq(answer.id)))?.answers, None);
        let deleted = go!(song.delete())?;
        assert_eq!(deleted.of::<Review>(), 0);
        assert_eq!(go!(Review::objects().count())?, 0);
        Ok(())
    }

    fn a_tree_goes_with_its_root_and_is_counted(db: Database) {
        go!(tables(db))?;
        let root = go!(Guitar::create().name("Selmer"))?;
        let branch = go!(root.copies.create().name("Favino"))?;
        go!(branch.copies.create().name("Dupont"))?;
        go!(branch.copies.create().name("Gallato"))?;
        let other = go!(Guitar::create().name("Gibson"))?;
        // The levels, one after the other, and then all.
        assert_eq!(in_statements!(db, 4, root.delete())?, 4);
        assert_eq!(go!(Guitar::objects().values(|g| g.name).all())?, ["Gibson"]);
        assert_eq!(in_statements!(db, 2, other.delete())?, 1);
        assert_eq!(go!(other.delete())?, 0);
        Ok(())
    }

    fn what_points_in_a_circle_goes_together(db: Database) {
        go!(keyed_tables(db))?;
        let hen = go!(Hen::create())?;
        let egg = go!(Egg::create().hen(&hen))?;
        go!(Hen::objects().update(|h| h.egg.set(&egg)))?;
        let chick = go!(Hen::create().egg(&egg))?;
        let deleted = go!(hen.delete())?;
        assert_eq!((deleted.of::<Hen>(), deleted.of::<Egg>()), (2, 1));
        assert_eq!(go!(chick.delete())?, 0);
        Ok(())
    }
}
