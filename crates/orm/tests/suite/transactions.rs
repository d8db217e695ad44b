// Included twice by `behaviour.rs`: `go!` waits for an Op in the style at hand, and `block!` is a closure of that style.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

use nuages_orm::{Error, Result, atomic, on_commit, raw};

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
