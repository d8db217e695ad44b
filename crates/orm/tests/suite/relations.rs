// Included twice by `behaviour.rs`: `go!` waits for an Op in the style at hand.

use nuages_orm::{Result, atomic, create_tables};

fn names<S: Loading>(musicians: &[Musician<S>]) -> Vec<&str> {
    musicians.iter().map(|musician| musician.name.as_str()).collect()
}

fn styles(styles: &[Style]) -> Vec<&str> {
    styles.iter().map(|style| style.name.as_str()).collect()
}

tests! {
    fn one_to_one_has_an_option_on_its_other_side(db: Database) {
        let Scene { django, stephane, .. } = scene!(db);
        assert_eq!(go!(django.profile.fetch())?.map(|p| p.bio), Some("guitarist".to_owned()));
        assert_eq!(go!(stephane.profile.fetch())?, None);
        let all = in_statements!(db, 1, Musician::objects().select_related(|m| m.profile).order_by(|m| m.id).all())?;
        let bios: Vec<_> = all.iter().map(|m| m.profile.as_ref().map(|p| p.bio.as_str())).collect();
        assert_eq!(bios, [Some("guitarist"), None, None]);
        if let Some(profile) = &*all[0].profile {
            assert_eq!(profile.musician.key(), django.id);
        }
        assert_eq!(all[0].clone(), all[0]);
        // On the way to another relation, and on the way back.
        let loaded = go!(Musician::objects().select_related(|m| m.profile.musician).order_by(|m| m.id).all())?;
        assert_eq!(loaded[0].profile.as_ref().unwrap().musician.name, "Django");
        assert!(loaded[1].profile.is_none());
        let profile = go!(Profile::objects().select_related(|p| p.musician.profile).select_related(|p| p.idol).first())?.unwrap();
        assert_eq!((profile.musician.profile.as_ref().map(|p| p.id), profile.idol), (Some(profile.id), None));
        Ok(())
    }

    fn one_to_one_is_unique(db: Database) {
        let Scene { django, stephane, .. } = scene!(db);
        let error = go!(django.profile.create().bio("again")).unwrap_err();
        assert!(error.is_unique_violation(), "{error}");
        let made = go!(stephane.profile.create().bio("violinist").idol(&django))?;
        assert_eq!((made.musician.key(), made.idol.map(|i| i.key())), (stephane.id, Some(django.id)));
        // Any number of rows may point to nothing.
        assert_eq!(go!(Profile::objects().filter(|p| p.idol.is_null()).count())?, 1);
        Ok(())
    }

    fn filters_follow_one_to_one_both_ways(db: Database) {
        let Scene { django, .. } = scene!(db);
        assert_eq!(names(&go!(Musician::objects().filter(|m| m.profile.bio.eq("guitarist")).all())?), ["Django"]);
        assert_eq!(names(&go!(Musician::objects().filter(|m| m.profile.is_null()).order_by(|m| m.id).all())?), ["Stéphane", "Boris"]);
        // Who has none has no such profile either.
        let others = Musician::objects().exclude(|m| m.profile.bio.eq("guitarist")).order_by(|m| m.id);
        assert_eq!(names(&go!(others.all())?), ["Stéphane", "Boris"]);
        let profile = go!(Profile::objects().get(|p| p.musician.name.eq("Django")))?;
        assert_eq!(names(&go!(Musician::objects().filter(|m| m.profile.eq(&profile)).all())?), ["Django"]);
        assert_eq!(names(&go!(Musician::objects().filter(|m| m.profile.musician.id.eq(django.id)).all())?), ["Django"]);
        assert_eq!(go!(Musician::objects().filter(|m| m.profile.in_([profile.id, 99])).count())?, 1);
        let bios = go!(Musician::objects().values(|m| (m.name, m.profile.bio)).order_by(|m| m.id).all())?;
        assert_eq!(bios[1], ("Stéphane".to_owned(), None));
        let by_bio = go!(Musician::objects().order_by(|m| (m.profile.bio, m.id)).all())?;
        assert_eq!(names(&by_bio), ["Django", "Stéphane", "Boris"]);
        Ok(())
    }

    fn one_to_one_is_prefetched_from_its_other_side(db: Database) {
        scene!(db);
        let all = in_statements!(db, 2, Musician::objects().prefetch_related(|m| m.profile).order_by(|m| m.id).all())?;
        let bios: Vec<_> = all.iter().map(|m| m.profile.get().map(|p| p.bio.as_str())).collect();
        assert_eq!(bios, [Some("guitarist"), None, None]);
        Ok(())
    }

    fn many_to_many_adds_each_once(db: Database) {
        let Scene { django, stephane, swing, musette, bop, .. } = scene!(db);
        in_statements!(db, 1, django.styles.add([&swing, &musette, &swing]))?;
        in_statements!(db, 1, django.styles.add([swing.id, bop.id]))?;
        in_statements!(db, 0, django.styles.add(Vec::<i64>::new()))?;
        assert_eq!(styles(&in_statements!(db, 1, django.styles.all())?), ["bop", "musette", "swing"]);
        in_statements!(db, 1, swing.musicians.add([&stephane, &django]))?;
        assert_eq!(names(&go!(swing.musicians.objects().order_by(|m| m.id).all())?), ["Django", "Stéphane"]);
        assert_eq!(go!(stephane.styles.count())?, 1);
        let error = go!(django.styles.add([99])).unwrap_err();
        assert!(error.is_foreign_key_violation(), "{error}");
        assert_eq!(go!(django.styles.filter(|s| s.year.lt(1940)).order_by(|s| s.year).values(|s| s.year).all())?, [1880, 1930]);
        Ok(())
    }

    fn many_to_many_removes_sets_and_clears(db: Database) {
        let Scene { django, stephane, swing, musette, bop, .. } = scene!(db);
        go!(django.styles.add([&swing, &musette]))?;
        go!(stephane.styles.add([&swing]))?;
        in_statements!(db, 1, django.styles.remove([&musette, &bop]))?;
        assert_eq!(styles(&go!(django.styles.all())?), ["swing"]);
        in_statements!(db, 0, django.styles.remove(Vec::<i64>::new()))?;
        // What is there, what goes, what comes.
        in_statements!(db, 3, django.styles.set([&bop, &musette]))?;
        assert_eq!(styles(&go!(django.styles.all())?), ["bop", "musette"]);
        in_statements!(db, 1, django.styles.set([&bop, &musette]))?;
        in_statements!(db, 2, django.styles.set(Vec::<i64>::new()))?;
        assert_eq!(go!(django.styles.count())?, 0);
        go!(swing.musicians.set([&django]))?;
        assert_eq!(go!(stephane.styles.count())?, 0);
        in_statements!(db, 1, swing.musicians.clear())?;
        assert_eq!(go!(swing.musicians.count())?, 0);
        assert_eq!(go!(Style::objects().count())?, 3);
        Ok(())
    }

    fn many_to_many_makes_what_it_joins(db: Database) {
        let Scene { django, swing, .. } = scene!(db);
        let waltz = in_statements!(db, 2, django.styles.create().name("waltz"))?;
        assert_eq!((waltz.name.as_str(), waltz.year), ("waltz", 1900));
        assert_eq!(go!(django.styles.get_or_create().name("waltz"))?, (waltz.clone(), false));
        let (tango, made) = go!(django.styles.get_or_create().name("tango").defaults(|s| s.year(1890)))?;
        assert!(made && tango.year == 1890);
        let (tango, made) = go!(django.styles.update_or_create().name("tango").defaults(|s| s.year(1880)))?;
        assert!(!made && tango.year == 1880);
        assert_eq!(styles(&go!(django.styles.all())?), ["tango", "waltz"]);
        // There is such a style, and it is none of his: the rule of its table speaks.
        let error = go!(django.styles.get_or_create().name("swing")).unwrap_err();
        assert!(error.is_unique_violation(), "{error}");
        assert_eq!(go!(swing.musicians.count())?, 0);
        let (_, made) = go!(swing.musicians.update_or_create().name("Joseph"))?;
        assert!(made);
        assert_eq!(go!(swing.musicians.count())?, 1);
        Ok(())
    }

    fn a_failed_create_on_a_relation_leaves_nothing(db: Database) {
        let Scene { django, .. } = scene!(db);
        go!(Musician::objects().filter(|m| m.id.eq(django.id)).delete())?;
        let error = go!(django.styles.create().name("waltz")).unwrap_err();
        assert!(error.is_foreign_key_violation(), "{error}");
        assert_eq!(go!(Style::objects().filter(|s| s.name.eq("waltz")).count())?, 0);
        Ok(())
    }

    fn filters_follow_many_to_many(db: Database) {
        let Scene { django, stephane, boris, swing, musette, bop } = scene!(db);
        go!(django.styles.add([&swing, &musette]))?;
        go!(stephane.styles.add([&swing]))?;
        go!(boris.styles.add([&bop]))?;
        macro_rules! found {
            ($query:expr) => {
                go!($query.order_by(|m| m.id).values(|m| m.name).all())?.join(" ")
            };
        }
        let all = Musician::objects;
        assert_eq!(found!(all().filter(|m| m.styles.name.eq("swing"))), "Django Stéphane");
        assert_eq!(found!(all().filter(|m| m.styles.eq(&musette))), "Django");
        assert_eq!(found!(all().filter(|m| m.styles.in_([&swing, &musette]))), "Django Stéphane");
        assert_eq!(found!(all().filter(|m| m.styles.in_(Vec::<i64>::new()))), "");
        assert_eq!(found!(all().filter(|m| m.styles.in_query(Style::objects().filter(|s| s.year.lt(1900))))), "Django");
        // In one filter it is one style that is both; chained, another may do for each.
        assert_eq!(found!(all().filter(|m| m.styles.name.eq("swing") & m.styles.year.lt(1900))), "");
        assert_eq!(found!(all().filter(|m| m.styles.name.eq("swing")).filter(|m| m.styles.year.lt(1900))), "Django");
        assert_eq!(found!(all().filter(|m| m.styles.eq(&swing)).filter(|m| m.styles.eq(&musette))), "Django");
        assert_eq!(found!(all().filter(|m| m.styles.filter(|s| s.name.eq("swing") & s.year.lt(1900)).exists())), "");
        // Not one of his styles is swing; that is no "he has a style that is not".
        assert_eq!(found!(all().exclude(|m| m.styles.name.eq("swing"))), "Boris");
        assert_eq!(found!(all().filter(|m| m.styles.name.ne("swing"))), "Django Boris");
        assert_eq!(found!(all().filter(|m| !m.styles.exists())), "");
        assert_eq!(go!(Style::objects().filter(|s| s.musicians.name.startswith("S")).values(|s| s.name).all())?, ["swing"]);
        // Over both: whoever plays what Stéphane plays.
        assert_eq!(found!(all().filter(|m| m.styles.musicians.eq(&stephane))), "Django Stéphane");
        assert_eq!(go!(Profile::objects().filter(|p| p.musician.styles.name.eq("musette")).count())?, 1);
        assert_eq!(go!(all().filter(|m| m.styles.name.eq("swing")).update(|m| m.name.set("S")))?, 2);
        Ok(())
    }

    fn aggregates_over_many_to_many_are_right_beside_each_other(db: Database) {
        let Scene { django, stephane, boris, swing, musette, bop } = scene!(db);
        go!(django.styles.add([&swing, &musette, &bop]))?;
        go!(django.friends.add([&stephane, &boris]))?;
        go!(stephane.styles.add([&swing]))?;
        let rows = in_statements!(db, 1, Musician::objects()
            .annotate(|m| (
                m.styles.count(),
                m.friends.count(),
                m.styles.filter(|s| s.year.gt(1900)).count(),
                m.styles.aggregate(|s| s.year.max()),
            ))
            .order_by(|m, _| m.id)
            .all())?;
        let numbers: Vec<_> = rows.iter().map(|(_, styles, friends, modern, latest)| (*styles, *friends, *modern, *latest)).collect();
        assert_eq!(numbers, [(3, 2, 2, Some(1944)), (1, 1, 1, Some(1930)), (0, 1, 0, None)]);
        let most = go!(Style::objects().annotate(|s| s.musicians.count()).filter(|_, n| n.gt(1)).all())?;
        assert_eq!(most.iter().map(|(s, n)| (s.name.as_str(), *n)).collect::<Vec<_>>(), [("swing", 2)]);
        Ok(())
    }

    fn many_to_many_is_prefetched_in_one_query_a_level(db: Database) {
        let Scene { django, stephane, swing, musette, bop, .. } = scene!(db);
        go!(django.styles.add([&swing, &musette, &bop]))?;
        go!(stephane.styles.add([&swing, &bop]))?;
        let all = in_statements!(db, 2, Musician::objects().prefetch_related(|m| m.styles).order_by(|m| m.id).all())?;
        assert_eq!(all.iter().map(|m| styles(&m.styles)).collect::<Vec<_>>(), [
            vec!["bop", "musette", "swing"], vec!["bop", "swing"], vec![],
        ]);
        for style in &all[1].styles {
            assert!(style.year > 1900);
        }
        // A slice for each, of rows that several of them have.
        let first = go!(Musician::objects()
            .prefetch_related(|m| m.styles.query(|s| s.order_by(|s| s.year.desc()).slice(..1)))
            .order_by(|m| m.id).all())?;
        assert_eq!(first.iter().map(|m| styles(&m.styles)).collect::<Vec<_>>(), [vec!["bop"], vec!["bop"], vec![]]);
        let second = go!(Musician::objects()
            .prefetch_related(|m| m.styles.query(|s| s.order_by(|s| s.year.desc()).slice(1..2)))
            .order_by(|m| m.id).all())?;
        assert_eq!(second.iter().map(|m| styles(&m.styles)).collect::<Vec<_>>(), [vec!["swing"], vec!["swing"], vec![]]);
        let filtered = go!(Musician::objects().prefetch_related(|m| m.styles.filter(|s| s.year.lt(1940))).order_by(|m| m.id).all())?;
        assert_eq!(filtered.iter().map(|m| m.styles.len()).collect::<Vec<_>>(), [2, 1, 0]);
        let levels = in_statements!(db, 3, Style::objects()
            .prefetch_related(|s| s.musicians.query(|m| m.order_by(|m| m.id).select_related(|m| m.profile).prefetch_related(|m| m.styles)))
            .all())?;
        assert_eq!(names(&levels[0].musicians), ["Django", "Stéphane"]);
        assert_eq!(levels[0].musicians[0].profile.as_ref().map(|p| p.bio.as_str()), Some("guitarist"));
        assert_eq!(levels[0].musicians[1].styles.len(), 2);
        in_statements!(db, 1, Musician::objects().none().prefetch_related(|m| m.styles).all())?;
        Ok(())
    }

    fn many_to_many_to_self_means_the_same_both_ways(db: Database) {
        let Scene { django, stephane, boris, .. } = scene!(db);
        in_statements!(db, 1, django.friends.add([&stephane, &django]))?;
        in_statements!(db, 1, stephane.friends.add([&django, &boris]))?;
        assert_eq!(names(&go!(stephane.friends.objects().order_by(|m| m.id).all())?), ["Django", "Boris"]);
        assert_eq!(names(&go!(django.friends.objects().order_by(|m| m.id).all())?), ["Django", "Stéphane"]);
        in_statements!(db, 1, boris.friends.remove([&stephane]))?;
        assert_eq!(names(&go!(stephane.friends.all())?), ["Django"]);
        go!(boris.friends.set([&django, &stephane]))?;
        assert_eq!(names(&go!(django.friends.objects().order_by(|m| m.id).all())?), ["Django", "Stéphane", "Boris"]);
        go!(boris.friends.set([&django]))?;
        assert_eq!(names(&go!(stephane.friends.all())?), ["Django"]);
        in_statements!(db, 1, django.friends.clear())?;
        assert_eq!((go!(stephane.friends.count())?, go!(boris.friends.count())?), (0, 0));
        Ok(())
    }

    fn many_to_many_to_self_may_have_two_sides(db: Database) {
        let Scene { django, stephane, boris, .. } = scene!(db);
        go!(boris.teachers.add([&django, &stephane]))?;
        assert_eq!(names(&go!(django.pupils.all())?), ["Boris"]);
        assert_eq!(go!(boris.pupils.count())?, 0);
        go!(django.pupils.remove([&boris]))?;
        assert_eq!(names(&go!(boris.teachers.all())?), ["Stéphane"]);
        let pupils = go!(Musician::objects().filter(|m| m.teachers.teachers.name.eq("Stéphane")).count())?;
        assert_eq!(pupils, 0);
        assert_eq!(names(&go!(Musician::objects().filter(|m| m.pupils.eq(&boris)).all())?), ["Stéphane"]);
        Ok(())
    }

    fn a_through_model_keeps_what_a_membership_has(db: Database) {
        let Scene { django, stephane, boris, .. } = scene!(db);
        let quintette = go!(Band::create().name("Quintette"))?;
        let guitar = || quintette.members.through_defaults(|m| m.instrument("guitar"));
        in_statements!(db, 2, guitar().add([&django, &boris]))?;
        // Who is a member stays as he is.
        in_statements!(db, 1, quintette.members.through_defaults(|m| m.instrument("violin")).add([&django]))?;
        in_statements!(db, 2, quintette.members.through_defaults(|m| m.instrument("violin").invited_by(&django)).add([&django, &stephane]))?;
        let who = go!(Membership::objects().values(|m| (m.musician.name, m.instrument, m.invited_by.name)).order_by(|m| m.id).all())?;
        assert_eq!(who, [
            ("Django".to_owned(), "guitar".to_owned(), None),
            ("Boris".to_owned(), "guitar".to_owned(), None),
            ("Stéphane".to_owned(), "violin".to_owned(), Some("Django".to_owned())),
        ]);
        assert_eq!(go!(django.bands.all())?[0].name, "Quintette");
        in_statements!(db, 1, quintette.members.remove([&boris]))?;
        in_statements!(db, 3, guitar().set([&boris, &django]))?;
        assert_eq!(names(&go!(quintette.members.objects().order_by(|m| m.id).all())?), ["Django", "Boris"]);
        let joseph = go!(guitar().create().name("Joseph"))?;
        let (_, made) = go!(guitar().get_or_create().name("Joseph"))?;
        assert!(!made);
        assert_eq!(go!(Membership::objects().get(|m| m.musician.eq(&joseph)))?.instrument, "guitar");
        go!(django.bands.through_defaults(|m| m.instrument("banjo")).create().name("Hot Four"))?;
        let bands = go!(Band::objects().prefetch_related(|b| b.members.order_by(|m| m.id)).order_by(|b| b.id).all())?;
        assert_eq!((names(&bands[0].members), names(&bands[1].members)), (vec!["Django", "Boris", "Joseph"], vec!["Django"]));
        Ok(())
    }

    fn the_other_side_of_a_foreign_key_takes_rows_and_lets_them_go(db: Database) {
        let Scene { django, stephane, .. } = scene!(db);
        let selmer = in_statements!(db, 1, django.guitars.create().name("Selmer"))?;
        assert_eq!(selmer.owner.as_ref().map(ForeignKey::key), Some(django.id));
        let favino = go!(Guitar::create().name("Favino"))?;
        let busato = go!(Guitar::create().name("Busato"))?;
        in_statements!(db, 1, django.guitars.add([&favino, &busato, &selmer]))?;
        assert_eq!(go!(django.guitars.count())?, 3);
        in_statements!(db, 0, django.guitars.add(Vec::<i64>::new()))?;
        // Only those that are his.
        in_statements!(db, 1, stephane.guitars.remove([&favino]))?;
        in_statements!(db, 1, django.guitars.remove([&favino]))?;
        assert_eq!(go!(Guitar::objects().get(|g| g.id.eq(favino.id)))?.owner, None);
        in_statements!(db, 3, django.guitars.set([&favino, &selmer]))?;
        let guitars = go!(django.guitars.objects().order_by(|g| g.name).values(|g| g.name).all())?;
        assert_eq!(guitars, ["Favino", "Selmer"]);
        in_statements!(db, 1, django.guitars.set([favino.id, selmer.id]))?;
        in_statements!(db, 1, django.guitars.clear())?;
        assert_eq!(go!(Guitar::objects().filter(|g| g.owner.is_null()).count())?, 3);
        let (found, made) = go!(stephane.guitars.get_or_create().name("Selmer"))?;
        assert!(made && found.id != selmer.id);
        let (_, made) = go!(stephane.guitars.update_or_create().name("Selmer").defaults(|g| g.model_of(&selmer)))?;
        assert!(!made);
        assert_eq!(go!(selmer.copies.count())?, 1);
        Ok(())
    }

    fn operations_of_relations_join_the_transaction_around(db: Database) {
        let Scene { django, swing, .. } = scene!(db);
        let (musician, style) = (django.clone(), swing.clone());
        let failed = go!(atomic(block! {
            go!(musician.styles.set([&style]))?;
            go!(musician.styles.create().name("waltz"))?;
            go!(musician.guitars.create().name("Selmer"))?;
            Err::<(), _>(nuages_orm::Error::other("no"))
        }));
        assert!(failed.is_err());
        assert_eq!((go!(django.styles.count())?, go!(django.guitars.count())?, go!(Style::objects().count())?), (0, 0, 3));
        Ok(())
    }

    fn operations_of_relations_can_name_their_database(db: Database) {
        let Scene { django, .. } = scene!(db);
        let other = go!(Database::connect("sqlite::memory:"))?;
        go!(create_tables(&other, &[Musician::meta(), Style::meta(), Guitar::meta()]))?;
        let there = go!(Musician::create().name("Django").using(&other))?;
        go!(there.styles.using(&other).create().name("swing"))?;
        go!(there.guitars.using(&other).create().name("Selmer"))?;
        assert_eq!((go!(there.styles.using(&other).count())?, go!(there.guitars.using(&other).count())?), (1, 1));
        assert_eq!((go!(django.styles.count())?, go!(django.guitars.count())?), (0, 0));
        Ok(())
    }

    fn a_tree_is_followed_to_any_depth(db: Database) {
        go!(super::super::related::tables(db))?;
        let selmer = go!(Guitar::create().name("Selmer"))?;
        let favino = go!(Guitar::create().name("Favino").model_of(&selmer))?;
        let dupont = go!(Guitar::create().name("Dupont").model_of(&favino))?;
        go!(Guitar::create().name("Gallato").model_of(&dupont))?;
        let found = in_statements!(db, 1, Guitar::objects().select_related(|g| g.model_of.model_of.model_of).order_by(|g| g.id).all())?;
        let gallato = &found[3];
        let dupont = gallato.model_of.as_ref().unwrap();
        let favino = dupont.model_of.as_ref().unwrap();
        assert_eq!(favino.model_of.as_ref().unwrap().name, "Selmer");
        assert!(found[0].model_of.is_none());
        assert_eq!(gallato.name, "Gallato");
        assert_eq!(go!(Guitar::objects().filter(|g| g.model_of.model_of.name.eq("Selmer")).values(|g| g.name).all())?, ["Dupont"]);
        assert_eq!(go!(Guitar::objects().filter(|g| g.copies.copies.name.eq("Dupont")).values(|g| g.name).all())?, ["Selmer"]);
        let levels = in_statements!(db, 3, Guitar::objects()
            .filter(|g| g.model_of.is_null())
            .prefetch_related(|g| g.copies.query(|c| c.prefetch_related(|c| c.copies)))
            .all())?;
        assert_eq!(levels[0].copies[0].copies[0].name, "Dupont");
        Ok(())
    }

    fn names_follow_many_to_many_and_one_to_one(db: Database) {
        let Scene { django, stephane, swing, musette, .. } = scene!(db);
        go!(django.styles.add([&swing, &musette]))?;
        go!(stephane.styles.add([&swing]))?;
        let models = nuages_orm::dynamic::Models::new([Musician::meta(), Style::meta(), Profile::meta()]);
        let musicians = || models.get("musician").unwrap();
        for (name, value, expected) in [
            ("styles__name", "swing", 2), ("styles", "2", 1), ("styles__name__startswith", "mus", 1), ("styles__musicians__name", "Django", 2),
            ("profile__bio", "guitarist", 1), ("profile__isnull", "true", 2), ("profile", "1", 1), ("profile__musician__name", "Django", 1),
        ] {
            assert_eq!(go!(musicians().filter((name, value))?.count())?, expected, "{name}");
        }
        assert_eq!(go!(musicians().exclude(("styles__name", "swing"))?.count())?, 1);
        let rows = go!(musicians().annotate("n", nuages_orm::dynamic::count("styles"))?.order_by(["-n"])?.values(["n"])?.all())?;
        assert_eq!(rows[0].to_json()["n"], 2);
        Ok(())
    }
}
