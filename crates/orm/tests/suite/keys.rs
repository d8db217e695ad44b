// Included twice by `behaviour.rs`: `go!` waits for an Op in the style at hand.

use nuages_orm::Result;

tests! {
    fn a_uuid_key_is_made_by_the_program_and_grows(db: Database) {
        go!(keyed_tables(db))?;
        let first = go!(Artist::create().name("Django"))?;
        let second = go!(Artist::create().name("Stéphane"))?;
        assert_eq!(first.id.get_version_num(), 7);
        assert!(second.id > first.id);
        let given = go!(Artist::create().id(Uuid::from_u128(7)).name("Boris"))?;
        assert_eq!(given.id, Uuid::from_u128(7));
        assert_eq!(go!(Artist::objects().get(|a| a.id.eq(given.id)))?.name, "Boris");
        let made = go!(Artist::objects().bulk_create(["A", "B"].map(|name| Artist::create().name(name))))?;
        assert_ne!(made[0].id, made[1].id);
        let found = go!(Artist::objects().in_bulk([first.id, given.id, Uuid::nil()]))?;
        assert_eq!((found.len(), found[&first.id].name.as_str()), (2, "Django"));
        Ok(())
    }

    fn a_key_of_ones_own_is_given(db: Database) {
        go!(keyed_tables(db))?;
        let swing = go!(Genre::create().code("swing"))?;
        assert_eq!(swing.code, "swing");
        assert!(go!(Genre::create().code("swing")).unwrap_err().is_unique_violation());
        let (found, made) = go!(Genre::get_or_create().code("swing"))?;
        assert_eq!((found, made), (swing, false));
        assert_eq!(go!(Genre::objects().in_bulk(["swing".to_owned()]))?.len(), 1);
        assert!(go!(Genre::create().code("a name that is far too long for it")).is_err());
        let json = serde_json::to_string(&go!(Genre::objects().first())?.unwrap()).unwrap();
        assert_eq!(json, r#"{"code":"swing"}"#);
        assert_eq!(serde_json::from_str::<Genre>(&json).unwrap().code, "swing");
        Ok(())
    }

    fn relations_point_to_keys_of_every_type(db: Database) {
        go!(keyed_tables(db))?;
        let (none, swing) = (go!(Genre::create().code("none"))?, go!(Genre::create().code("swing"))?);
        let django = go!(Artist::create().name("Django"))?;
        let album = go!(Album::create().title("Swing 42").artist(&django).genre("swing").second(&swing))?;
        let plain = go!(Album::create().title("Plain").artist(django.id))?;
        assert_eq!((plain.genre.key().as_str(), plain.second), ("none", None));
        let song = go!(Song::create().title("Nuages").artist(&django).album(album.id))?;
        go!(song.genres.add([&swing, &none]))?;
        go!(song.genres.remove(["none"]))?;
        let loaded = in_statements!(db, 1, Song::objects().select_related(|s| s.artist).select_related(|s| s.album.genre).first())?.unwrap();
        assert_eq!((loaded.artist.name.as_str(), loaded.album.unwrap().genre.code.as_str()), ("Django", "swing"));
        let artists = in_statements!(db, 3, Artist::objects()
            .prefetch_related(|a| a.albums.order_by(|a| a.id))
            .prefetch_related(|a| a.songs)
            .all())?;
        assert_eq!((artists[0].albums.len(), artists[0].songs.len()), (2, 1));
        let genres = go!(Genre::objects().prefetch_related(|g| g.songs).prefetch_related(|g| g.albums).order_by(|g| g.code).all())?;
        assert_eq!(genres.iter().map(|g| (g.songs.len(), g.albums.len())).collect::<Vec<_>>(), [(0, 1), (1, 1)]);
        assert_eq!(go!(Song::objects().filter(|s| s.genres.eq("swing") & s.artist.eq(django.id)).count())?, 1);
        assert_eq!(go!(Album::objects().filter(|a| a.genre.in_([&swing])).count())?, 1);
        assert_eq!(go!(song.artist.fetch())?, django);
        Ok(())
    }
}
