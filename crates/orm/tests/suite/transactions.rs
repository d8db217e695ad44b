// Included twice by `behaviour.rs`: `go!` waits for an Op in the style at hand, and `block!` is a closure of that style.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

use nuages_orm::transaction::{Isolation, set_rollback};
use nuages_orm::{Dialect, Error, Result, atomic, atomic_retry, on_commit, on_commit_or_fail, pinned_connection, raw};

macro_rules! titles {
    () => {{
        let rows: Vec<(String,)> = go!(raw("SELECT title FROM book ORDER BY id").fetch())?;
        rows.into_iter().map(|row| row.0).collect::<Vec<_>>()
    }};
}

macro_rules! table {
    () => {
        go!(raw("CREATE TABLE book (id integer PRIMARY KEY, title varchar(80) NOT NULL UNIQUE)").execute())?
    };
}

macro_rules! insert {
    ($id:expr, $title:expr) => {
        go!(raw("INSERT INTO book (id, title) VALUES ($1, $2)").bind($id).bind($title).execute())
    };
}

tests! {
    fn commit(_db: Database) {
        table!();
        let n = go!(atomic(block! {
            insert!(1, "Nuages")?;
            insert!(2, "Minor Swing")
        }))?;
        assert_eq!(n, 1);
        assert_eq!(titles!(), ["Nuages", "Minor Swing"]);
        Ok(())
    }

    fn rollback(_db: Database) {
        table!();
        let failed = go!(atomic(block! {
            insert!(1, "Nuages")?;
            Err::<(), _>(Error::other(std::io::Error::other("no more paper")))
        }));
        assert_eq!(failed.unwrap_err().downcast_ref::<std::io::Error>().unwrap().to_string(), "no more paper");
        assert!(titles!().is_empty());
        Ok(())
    }

    fn nested_savepoint_fails_alone(_db: Database) {
        table!();
        go!(atomic(block! {
            insert!(1, "Nuages")?;
            let inner = go!(atomic(block! {
                insert!(2, "lost")?;
                insert!(3, "Nuages")
            }));
            assert!(inner.unwrap_err().is_unique_violation());
            go!(atomic(block! {
                insert!(4, "Minor Swing")?;
                go!(atomic(block! { insert!(5, "Daphne") }))
            }))?;
            Ok(())
        }))?;
        assert_eq!(titles!(), ["Nuages", "Minor Swing", "Daphne"]);
        Ok(())
    }

    fn savepoint_goes_with_its_transaction(_db: Database) {
        table!();
        let failed = go!(atomic(block! {
            go!(atomic(block! { insert!(1, "Nuages") }))?;
            Err::<(), _>(Error::other("changed my mind"))
        }));
        assert!(failed.is_err());
        assert!(titles!().is_empty());
        Ok(())
    }

    fn swallowed_error_breaks_the_transaction(_db: Database) {
        table!();
        insert!(1, "Nuages")?;
        let broken = go!(atomic(block! {
            insert!(2, "Minor Swing")?;
            let _swallowed = insert!(3, "Nuages");
            let next = insert!(4, "Daphne").unwrap_err();
            assert!(next.is_transaction_broken(), "{next}");
            Ok(())
        }));
        let error = broken.unwrap_err();
        assert!(error.is_transaction_broken(), "{error}");
        assert!(std::error::Error::source(&error).unwrap().to_string().contains("title"));
        assert_eq!(titles!(), ["Nuages"]);
        Ok(())
    }

    fn errors_name_what_was_broken(db: Database) {
        go!(raw("CREATE TABLE author (id integer PRIMARY KEY)").execute())?;
        go!(raw(
            "CREATE TABLE book (id integer PRIMARY KEY, title varchar(80) NOT NULL, author_id integer REFERENCES author (id),
             stock integer, UNIQUE (title, author_id), CONSTRAINT stock_check CHECK (stock >= 0))"
        ).execute())?;
        go!(raw("INSERT INTO author (id) VALUES (1)").execute())?;
        go!(raw("INSERT INTO book (id, title, author_id) VALUES (1, 'Nuages', 1)").execute())?;

        let unique = go!(raw("INSERT INTO book (id, title, author_id) VALUES (2, 'Nuages', 1)").execute()).unwrap_err();
        assert!(unique.is_unique_violation() && unique.is_integrity(), "{unique:?}");
        if db.dialect() == nuages_orm::Dialect::MariaDb {
            // It names the index alone; the columns of a model's are filled in.
            assert_eq!((unique.constraint(), unique.columns()), (Some("title"), &[] as &[String]));
        } else {
            assert_eq!(unique.columns(), ["title", "author_id"]);
        }

        let null = go!(raw("INSERT INTO book (id) VALUES (2)").execute()).unwrap_err();
        assert!(null.is_not_null_violation(), "{null:?}");
        assert_eq!(null.columns(), ["title"]);

        if db.dialect() != nuages_orm::Dialect::MariaDb {
            assert_eq!((unique.table(), null.table()), (Some("book"), Some("book")));
        }

        let check = go!(raw("INSERT INTO book (id, title, stock) VALUES (2, 'a', -1)").execute()).unwrap_err();
        assert!(check.is_check_violation(), "{check:?}");
        assert_eq!(check.constraint(), Some("stock_check"));

        let missing = go!(raw("INSERT INTO book (id, title, author_id) VALUES (2, 'a', 7)").execute()).unwrap_err();
        assert!(missing.is_foreign_key_violation(), "{missing:?}");

        let unknown = go!(raw("SELECT nothing FROM nowhere").execute()).unwrap_err();
        assert!(!unknown.is_integrity() && !unknown.is_connection(), "{unknown:?}");
        let decode = go!(raw("SELECT title FROM book").fetch::<(i64,)>()).unwrap_err();
        assert!(decode.is_decode() && decode.to_string().contains("title"), "{decode:?}");
        Ok(())
    }

    fn hooks_run_after_the_outermost_commit_in_order(_db: Database) {
        table!();
        let done = Arc::new(Mutex::new(Vec::new()));
        let send = |what: &'static str| {
            let done = Arc::clone(&done);
            move || done.lock().unwrap().push(what)
        };
        let (first, second, third, lost) = (send("first"), send("second"), send("third"), send("lost"));
        go!(atomic(block! {
            on_commit(first);
            go!(atomic(block! {
                on_commit(async move || second());
                Ok(())
            }))?;
            let failed = go!(atomic(block! {
                on_commit(lost);
                Err::<(), _>(Error::other("rolled back"))
            }));
            assert!(failed.is_err());
            on_commit(|| -> Result<(), String> { Err("a hook that fails".to_owned()) });
            on_commit(|| -> Result<(), String> { panic!("a hook that panics") });
            on_commit(third);
            assert!(done.lock().unwrap().is_empty());
            Ok(())
        }))?;
        assert_eq!(*done.lock().unwrap(), ["first", "second", "third"]);

        let fourth = send("fourth");
        let failed = go!(atomic(block! {
            on_commit(fourth);
            Err::<(), _>(Error::other("rolled back"))
        }));
        assert!(failed.is_err());
        assert_eq!(done.lock().unwrap().len(), 3);
        Ok(())
    }

    fn durable_is_refused_inside(_db: Database) {
        table!();
        go!(atomic(block! { insert!(1, "Nuages") }).durable())?;
        let refused = go!(atomic(block! {
            go!(atomic(block! { Ok(()) }).durable())
        }));
        let error = refused.unwrap_err();
        assert!(error.is_transaction_required(), "{error}");
        assert!(error.to_string().contains("suite/transactions.rs"), "{error}");
        Ok(())
    }

    fn a_read_only_transaction_writes_nothing(_db: Database) {
        table!();
        insert!(1, "Nuages")?;
        let read = go!(atomic(block! { Ok(titles!()) }).read_only())?;
        assert_eq!(read, ["Nuages"]);
        let refused = go!(atomic(block! { insert!(2, "Minor Swing") }).read_only()).unwrap_err();
        assert!(!refused.is_connection() && !refused.is_contention(), "{refused:?}");
        // The connection writes again afterwards.
        go!(atomic(block! { insert!(2, "Minor Swing") }))?;
        insert!(3, "Daphne")?;
        assert_eq!(titles!(), ["Nuages", "Minor Swing", "Daphne"]);

        let outer = go!(atomic(block! { go!(atomic(block! { Ok(()) }).read_only()) })).unwrap_err();
        assert!(outer.is_transaction_required() && outer.to_string().contains("read-only"), "{outer}");
        go!(atomic(block! { go!(atomic(block! { Ok(titles!()) })) }).read_only())?;
        Ok(())
    }

    fn isolation_is_asked_for_where_a_transaction_begins(db: Database) {
        table!();
        for isolation in [Isolation::ReadCommitted, Isolation::RepeatableRead, Isolation::Serializable] {
            let seen = go!(atomic(block! {
                insert!(1, "Nuages")?;
                let level: Vec<(String,)> = match db.dialect() {
                    Dialect::Postgres => go!(raw("SELECT current_setting('transaction_isolation')").fetch())?,
                    _ => vec![(String::from("serializable"),)],
                };
                go!(raw("DELETE FROM book").execute())?;
                Ok(level[0].0.clone())
            }).isolation(isolation))?;
            if db.dialect() == Dialect::Postgres {
                let expected = match isolation {
                    Isolation::ReadCommitted => "read committed",
                    Isolation::RepeatableRead => "repeatable read",
                    _ => "serializable",
                };
                assert_eq!(seen, expected);
            }
        }
        // It is for that transaction alone.
        go!(atomic(block! { Ok(()) }))?;
        let inside = go!(atomic(block! {
            go!(atomic(block! { Ok(()) }).isolation(Isolation::ReadCommitted))?;
            go!(atomic(block! { Ok(()) }).isolation(Isolation::Serializable))
        }));
        match db.dialect() {
            Dialect::Sqlite => inside?,
            _ => {
                let error = inside.unwrap_err();
                assert!(error.is_transaction_required() && error.to_string().contains("another isolation"), "{error}");
            }
        }
        go!(atomic(block! {
            go!(atomic(block! { Ok(()) }).isolation(Isolation::RepeatableRead))
        }).isolation(Isolation::Serializable))
    }

    fn a_block_without_a_savepoint_merges_and_poisons(_db: Database) {
        table!();
        go!(atomic(block! {
            insert!(1, "Nuages")?;
            go!(atomic(block! { insert!(2, "Minor Swing") }).no_savepoint())
        }))?;
        let whole = go!(atomic(block! {
            insert!(3, "Daphne")?;
            let merged = go!(atomic(block! {
                insert!(4, "Tears")?;
                Err::<(), _>(Error::other("changed my mind"))
            }).no_savepoint());
            assert!(merged.is_err());
            let next = insert!(5, "Belleville").unwrap_err();
            assert!(next.is_transaction_broken(), "{next}");
            Ok(())
        }));
        assert!(whole.unwrap_err().is_transaction_broken());
        assert_eq!(titles!(), ["Nuages", "Minor Swing"]);

        // Inside a savepoint it is that which goes.
        go!(atomic(block! {
            let savepoint = go!(atomic(block! {
                let merged = go!(atomic(block! { Err::<(), _>(Error::other("no")) }).no_savepoint());
                assert!(merged.is_err());
                Ok(())
            }));
            assert!(savepoint.unwrap_err().is_transaction_broken());
            insert!(3, "Daphne")
        }))?;
        // Alone it is a transaction as any other.
        let alone = go!(atomic(block! { insert!(4, "Tears")?; Err::<(), _>(Error::other("no")) }).no_savepoint());
        assert!(alone.is_err());
        assert_eq!(titles!(), ["Nuages", "Minor Swing", "Daphne"]);
        Ok(())
    }

    fn a_rehearsal_is_taken_back(_db: Database) {
        table!();
        let ran = Arc::new(Mutex::new(0));
        let hook = Arc::clone(&ran);
        let value = go!(atomic(block! {
            set_rollback()?;
            on_commit(move || *hook.lock().unwrap() += 1);
            insert!(1, "Nuages")?;
            Ok(titles!())
        }))?;
        assert_eq!(value, ["Nuages"]);
        go!(atomic(block! {
            insert!(2, "Minor Swing")?;
            go!(atomic(block! { set_rollback()?; insert!(3, "Daphne") }))
        }))?;
        assert_eq!(titles!(), ["Minor Swing"]);
        assert_eq!(*ran.lock().unwrap(), 0);
        assert!(set_rollback().unwrap_err().is_transaction_required());
        Ok(())
    }

    fn a_hook_that_must_not_fail_says_so(_db: Database) {
        table!();
        let done = Arc::new(Mutex::new(Vec::new()));
        let send = |what: &'static str| {
            let done = Arc::clone(&done);
            move || done.lock().unwrap().push(what)
        };
        let (first, third) = (send("first"), send("third"));
        let failed = go!(atomic(block! {
            insert!(1, "Nuages")?;
            on_commit(first);
            on_commit_or_fail(async || Err::<(), _>("no more stamps"));
            on_commit(third);
            Ok(())
        })).unwrap_err();
        assert!(failed.is_after_commit(), "{failed}");
        assert_eq!(std::error::Error::source(&failed).unwrap().to_string(), "no more stamps");
        assert_eq!(*done.lock().unwrap(), ["first"]);
        assert_eq!(titles!(), ["Nuages"]);
        Ok(())
    }

    fn what_others_were_in_the_way_of_is_run_again(_db: Database) {
        table!();
        let ran = Mutex::new(0);
        let again = |from: i32| {
            let mut ran = ran.lock().unwrap();
            *ran += 1;
            if *ran < from { Err(Error::serialization("another came first")) } else { Ok(()) }
        };
        go!(atomic_retry(block! {
            insert!(1, "Nuages")?;
            again(3)
        }))?;
        assert_eq!(std::mem::take(&mut *ran.lock().unwrap()), 3);
        assert_eq!(titles!(), ["Nuages"]);

        let failed = go!(atomic_retry(block! { again(3) }).times(2)).unwrap_err();
        assert!(failed.is_serialization_failure() && failed.is_contention(), "{failed}");
        assert_eq!(std::mem::take(&mut *ran.lock().unwrap()), 2);

        let other = go!(atomic_retry(block! {
            again(0)?;
            Err::<(), _>(Error::other("no paper"))
        })).unwrap_err();
        assert!(!other.is_contention());
        assert_eq!(std::mem::take(&mut *ran.lock().unwrap()), 1);

        let inside = go!(atomic(block! { go!(atomic_retry(block! { Ok(()) })) })).unwrap_err();
        assert!(inside.is_transaction_required(), "{inside}");
        Ok(())
    }

    fn sticky_connection(db: Database) {
        table!();
        go!(pinned_connection(block! {
            go!(raw("CREATE TEMPORARY TABLE seen (id integer)").execute())?;
            go!(atomic(block! {
                go!(raw("INSERT INTO seen (id) VALUES (1)").execute())?;
                insert!(1, "Nuages")
            }))?;
            let failed = go!(atomic(block! {
                go!(raw("INSERT INTO seen (id) VALUES (2)").execute())?;
                Err::<(), _>(Error::other("no"))
            }));
            assert!(failed.is_err());
            // A statement that fails breaks nothing: there is no transaction.
            assert!(insert!(1, "Nuages").unwrap_err().is_integrity());
            let seen: Vec<(i32,)> = go!(raw("SELECT id FROM seen").fetch())?;
            assert_eq!(seen, [(1,)]);
            if db.dialect() == Dialect::Postgres {
                go!(raw("SET application_name = 'pinned'").execute())?;
                go!(raw("SELECT pg_advisory_lock(4711)").execute())?;
                let name: Vec<(String,)> = go!(raw("SELECT current_setting('application_name')").fetch())?;
                assert_eq!(name[0].0, "pinned");
            }
            Ok(())
        }))?;
        for _ in 0..2 {
            assert!(go!(raw("SELECT id FROM seen").fetch::<(i32,)>()).is_err());
            if db.dialect() == Dialect::Postgres {
                let name: Vec<(String,)> = go!(raw("SELECT current_setting('application_name')").fetch())?;
                assert_ne!(name[0].0, "pinned");
                let locks: Vec<(i64,)> = go!(raw(
                    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711 AND pid = pg_backend_pid()"
                ).fetch())?;
                assert_eq!(locks, [(0,)]);
            }
        }
        assert!(go!(raw("SET application_name = 'for all'").execute()).unwrap_err().is_configuration());
        assert_eq!(titles!(), ["Nuages"]);
        Ok(())
    }

    fn two_databases_have_two_transactions(_db: Database) {
        table!();
        let other = go!(Database::connect("sqlite::memory:"))?;
        let outer = go!(atomic(block! {
            insert!(1, "Nuages")?;
            go!(atomic(block! {
                go!(raw("CREATE TABLE note (id integer)").execute())?;
                Ok(())
            }).using(&other))?;
            assert_eq!(titles!(), ["Nuages"]);
            Err::<(), _>(Error::other("only the outer one"))
        }));
        assert!(outer.is_err());
        assert!(titles!().is_empty());
        let notes: Vec<(i64,)> = go!(raw("SELECT id FROM note").using(&other).fetch())?;
        assert!(notes.is_empty());
        Ok(())
    }

    fn values_come_back(_db: Database) {
        use nuages_orm::Value;
        let text = "Django's \"Nuages\" \u{1F3B8}";
        let rows: Vec<(String, i64, Option<i32>, bool)> = go!(raw("SELECT $1, $2, $3, $4")
            .bind(text)
            .bind(i64::MAX)
            .bind(None::<i32>)
            .bind(true)
            .fetch())?;
        assert_eq!(rows, [(text.to_owned(), i64::MAX, None, true)]);
        // The same text with other types is another statement.
        let rows: Vec<(i64,)> = go!(raw("SELECT $1").bind(Value::Int(1)).fetch())?;
        assert_eq!(rows, [(1,)]);
        let rows: Vec<(String,)> = go!(raw("SELECT $1").bind("one").fetch())?;
        assert_eq!(rows, [("one".to_owned(),)]);
        Ok(())
    }

    fn one_statement_at_a_time(_db: Database) {
        table!();
        insert!(1, "Nuages")?;
        let two = go!(raw("SELECT title FROM book WHERE title = $1; DELETE FROM book").bind("x").fetch::<(String,)>());
        assert!(two.is_err());
        assert!(go!(raw("SELECT title FROM book WHERE id = $1").fetch::<(String,)>()).is_err());
        assert_eq!(titles!(), ["Nuages"]);
        Ok(())
    }

    fn a_closed_database_says_so(db: Database) {
        table!();
        go!(db.close())?;
        let error = go!(raw("SELECT 1").fetch::<(i64,)>()).unwrap_err();
        assert!(error.is_connection(), "{error}");
        assert_eq!(error.to_string(), "the database is closed");
        Ok(())
    }
}

#[test]
fn this_style_has_a_database_by_name_only() {
    let error = catch_unwind(AssertUnwindSafe(|| raw("SELECT 1").execute().wait())).unwrap().unwrap_err();
    assert!(error.is_configuration(), "{error}");
    assert!(error.to_string().contains("make_default"), "{error}");
}
