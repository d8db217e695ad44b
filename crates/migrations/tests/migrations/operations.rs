//! Every operation, forward and back, with rows in the tables.

use nuages_migrations::{
    AddConstraint, AddField, AddIndex, AlterConstraint, AlterField, AlterModelComment, AlterModelTable,
    AlterUniqueTogether, Constraint, CreateExtension, CreateModel, DeleteModel, Error, Field, Index, Kind,
    Migration, Model, OnDelete, Operation, RemoveConstraint, RemoveField, RemoveIndex, RenameField,
    RenameIndex, RenameModel, RunRust, RunSql, SeparateDatabaseAndState, ValidateConstraint, introspect,
};
use nuages_orm::prelude::*;
use nuages_orm::{Dialect, raw};

use crate::{execute, fetch, on_each, project};

/// Authors and their books, with rules of every sort.
fn first() -> Migration {
    Migration::new("0001_initial")
        .operation(CreateModel::new(
            Model::new("Author")
                .field("id", Field::key())
                .field("name", Field::new(Kind::Text).max_length(40).unique()),
        ))
        .operation(CreateModel::new(
            Model::new("Book")
                .field("id", Field::key())
                .field("title", Field::new(Kind::Text).max_length(40))
                .field("stock", Field::new(Kind::Int).check("stock >= 0"))
                .field("author", Field::foreign_key("Author", OnDelete::Cascade))
                .unique_together(["title", "author"])
                .index(Index::new("book_by_stock", ["stock", "-title"]))
                .constraint(Constraint::check("book_small", "stock < 1000")),
        ))
}

fn rows(database: &Database) {
    execute(
        database,
        "INSERT INTO author (name) VALUES ('Django'), ('Stéphane')",
    );
    execute(
        database,
        "INSERT INTO book (title, stock, author_id) VALUES ('Nuages', 3, 1), ('Minor Swing', 0, 1), ('Daphne', 7, 2)",
    );
}

/// Applies an operation to tables with rows, looks at it, and takes it back.
fn there_and_back(operation: impl Into<Operation>, look: impl Fn(&Database)) {
    let second = Migration::new("0002_change")
        .after("0001_initial")
        .operation(operation);
    let project = project([first(), second]);
    on_each(|database| {
        project.migrate(database).to("t", "0001").run().wait().unwrap();
        rows(database);
        let before = introspect(database).wait().unwrap().sorted();
        project.migrate(database).run().wait().unwrap();
        look(database);
        project.migrate(database).to("t", "0001").run().wait().unwrap();
        assert_eq!(introspect(database).wait().unwrap().sorted(), before);
        // The key goes on counting.
        execute(database, "INSERT INTO author (name) VALUES ('Babik')");
    });
}

fn count(database: &Database, sql: &str) -> i64 {
    fetch::<(i64,)>(database, sql)[0].0
}

fn refused(database: &Database, sql: &'static str) {
    let error = raw(sql).using(database).execute().wait().unwrap_err();
    assert!(error.is_integrity(), "{sql}: {error:?}");
}

#[test]
fn a_new_model_points_to_an_old_one() {
    let review = Model::new("Review")
        .field("id", Field::key())
        .field("book", Field::foreign_key("Book", OnDelete::Cascade));
    there_and_back(CreateModel::new(review), |database| {
        execute(database, "INSERT INTO review (book_id) VALUES (1)");
        execute(database, "DELETE FROM book WHERE id = 1");
        assert_eq!(count(database, "SELECT count(*) FROM review"), 0);
        execute(
            database,
            "INSERT INTO book (id, title, stock, author_id) VALUES (1, 'Nuages', 3, 1)",
        );
    });
}

#[test]
fn a_deleted_model_comes_back_empty() {
    let second = Migration::new("0002_delete")
        .after("0001_initial")
        .operation(DeleteModel::new("Book"));
    let project = project([first(), second]);
    on_each(|database| {
        project.migrate(database).to("t", "0001").run().wait().unwrap();
        rows(database);
        project.migrate(database).run().wait().unwrap();
        assert!(!introspect(database).wait().unwrap().tables.contains_key("book"));
        project.migrate(database).to("t", "0001").run().wait().unwrap();
        assert_eq!(count(database, "SELECT count(*) FROM book"), 0);
        assert_eq!(count(database, "SELECT count(*) FROM author"), 2);
    });
}

#[test]
fn a_renamed_model_is_still_pointed_to() {
    there_and_back(RenameModel::new("Author", "Composer"), |database| {
        assert_eq!(count(database, "SELECT count(*) FROM composer"), 2);
        refused(
            database,
            "INSERT INTO book (title, stock, author_id) VALUES ('x', 1, 9)",
        );
        refused(database, "INSERT INTO composer (name) VALUES ('Django')");
    });
}

#[test]
fn a_table_has_another_name() {
    there_and_back(AlterModelTable::new("Book", "records"), |database| {
        assert_eq!(count(database, "SELECT count(*) FROM records"), 3);
    });
}

#[test]
fn a_comment_stays_in_the_database_where_that_has_some() {
    there_and_back(AlterModelComment::new("Book", "what's sold"), |database| {
        let comment = introspect(database).wait().unwrap().tables["book"]
            .comment
            .clone();
        let expected = (database.dialect() != Dialect::Sqlite).then(|| "what's sold".to_owned());
        assert_eq!(comment, expected);
    });
}

#[test]
fn a_field_is_added_with_a_value_for_the_rows_that_are_there() {
    let field = Field::new(Kind::Text).max_length(20);
    there_and_back(
        AddField::new("Book", "genre", field).fill("it's swing"),
        |database| {
            assert_eq!(
                count(database, "SELECT count(*) FROM book WHERE genre = 'it''s swing'"),
                3
            );
            refused(
                database,
                "INSERT INTO book (title, stock, author_id) VALUES ('x', 1, 1)",
            );
        },
    );
}

#[test]
fn a_default_of_the_database_fills_a_new_field() {
    let field = Field::new(Kind::Int).db_default("5");
    there_and_back(AddField::new("Book", "pages", field), |database| {
        execute(
            database,
            "INSERT INTO book (id, title, stock, author_id) VALUES (9, 'x', 1, 1)",
        );
        assert_eq!(count(database, "SELECT count(*) FROM book WHERE pages = 5"), 4);
        execute(database, "DELETE FROM book WHERE id = 9");
    });
}

#[test]
fn a_field_goes_and_takes_its_rules_along() {
    let second = Migration::new("0002_remove")
        .after("0001_initial")
        .operation(RemoveIndex::new("Book", "book_by_stock"))
        .operation(RemoveConstraint::new("Book", "book_small"))
        .operation(RemoveField::new("Book", "stock"));
    let project = project([first(), second]);
    on_each(|database| {
        project.migrate(database).to("t", "0001").run().wait().unwrap();
        rows(database);
        project.migrate(database).run().wait().unwrap();
        let table = &introspect(database).wait().unwrap().tables["book"];
        assert!(table.columns.iter().all(|column| column.name != "stock"));
        assert!(table.checks.iter().all(|check| !check.sql.contains("stock")));
        assert_eq!(count(database, "SELECT count(*) FROM book"), 3);
    });
}

#[test]
fn a_field_changes_its_type_and_forbids_null() {
    let second = Migration::new("0002_null")
        .after("0001_initial")
        .operation(AddField::new("Book", "pages", Field::new(Kind::SmallInt).null()));
    let third = Migration::new("0003_not_null")
        .after("0002_null")
        .operation(AlterField::new("Book", "pages", Field::new(Kind::BigInt)).fill(1_i64));
    let project = project([first(), second, third]);
    on_each(|database| {
        project.migrate(database).to("t", "0002").run().wait().unwrap();
        rows(database);
        execute(database, "UPDATE book SET pages = 300 WHERE id = 1");
        project.migrate(database).run().wait().unwrap();
        let pages: Vec<(i64,)> = fetch(database, "SELECT pages FROM book ORDER BY id");
        assert_eq!(pages, [(300,), (1,), (1,)]);
        execute(database, "UPDATE book SET pages = 5000000000 WHERE id = 2");
        refused(database, "UPDATE book SET pages = NULL");
    });
}

#[test]
fn a_renamed_field_keeps_its_rules() {
    there_and_back(RenameField::new("Book", "stock", "amount"), |database| {
        assert_eq!(count(database, "SELECT amount FROM book WHERE id = 3"), 7);
        refused(database, "UPDATE book SET amount = -1");
        refused(database, "UPDATE book SET amount = 1000");
    });
}

#[test]
fn a_renamed_foreign_key_still_points() {
    there_and_back(RenameField::new("Book", "author", "composer"), |database| {
        refused(database, "UPDATE book SET composer_id = 9");
    });
}

#[test]
fn sets_of_unique_fields_change() {
    there_and_back(
        AlterUniqueTogether::new("Book").set(["title", "stock"]),
        |database| {
            execute(
                database,
                "INSERT INTO book (id, title, stock, author_id) VALUES (9, 'Nuages', 4, 1)",
            );
            execute(database, "DELETE FROM book WHERE id = 9");
            refused(
                database,
                "INSERT INTO book (title, stock, author_id) VALUES ('Nuages', 3, 2)",
            );
        },
    );
}

#[test]
fn indexes_come_and_go_and_are_renamed() {
    let names = |database: &Database| -> Vec<String> {
        let schema = introspect(database).wait().unwrap().sorted();
        let indexes = schema.tables["book"].indexes.iter();
        indexes.map(|index| index.name.clone()).collect()
    };
    there_and_back(
        AddIndex::new("Book", Index::new("book_by_title", ["title"])),
        |database| assert!(names(database).contains(&"book_by_title".to_owned())),
    );
    there_and_back(RemoveIndex::new("Book", "book_by_stock"), |database| {
        assert!(!names(database).contains(&"book_by_stock".to_owned()));
    });
    there_and_back(
        RenameIndex::new("Book", "book_by_stock", "book_stocked"),
        |database| {
            assert!(names(database).contains(&"book_stocked".to_owned()));
        },
    );
}

#[test]
fn an_index_of_some_rows_is_unique_among_them() {
    let constraint = Constraint::unique("book_one_sold_out", ["author"]).condition("stock = 0");
    there_and_back(AddConstraint::new("Book", constraint), |database| {
        // MariaDB has no such rule, and gets none.
        if database.dialect() != Dialect::MariaDb {
            refused(
                database,
                "INSERT INTO book (title, stock, author_id) VALUES ('x', 0, 1)",
            );
        }
    });
}

#[test]
fn constraints_come_and_go_and_change() {
    there_and_back(
        AddConstraint::new("Book", Constraint::check("book_even", "stock <> 5")),
        |database| refused(database, "UPDATE book SET stock = 5"),
    );
    there_and_back(RemoveConstraint::new("Book", "book_small"), |database| {
        execute(database, "UPDATE book SET stock = 5000 WHERE id = 1");
        execute(database, "UPDATE book SET stock = 3 WHERE id = 1");
    });
    there_and_back(
        AlterConstraint::new("Book", Constraint::check("book_small", "stock < 10")),
        |database| refused(database, "UPDATE book SET stock = 10"),
    );
}

#[test]
fn a_constraint_is_checked_for_old_rows_afterwards() {
    let add = Migration::new("0002_add")
        .after("0001_initial")
        .operation(AddConstraint::new("Book", Constraint::check("book_tiny", "stock < 5")).not_valid());
    let validate = Migration::new("0003_validate")
        .after("0002_add")
        .operation(ValidateConstraint::new("Book", "book_tiny"));
    let project = project([first(), add, validate]);
    on_each(|database| {
        if database.dialect() != Dialect::Postgres {
            return;
        }
        project.migrate(database).to("t", "0001").run().wait().unwrap();
        rows(database);
        project.migrate(database).to("t", "0002").run().wait().unwrap();
        refused(
            database,
            "INSERT INTO book (title, stock, author_id) VALUES ('x', 6, 1)",
        );
        let error = project.migrate(database).run().wait().unwrap_err();
        assert!(error.is_failed(), "{error}");
        execute(database, "UPDATE book SET stock = 4 WHERE id = 3");
        project.migrate(database).run().wait().unwrap();
    });
}

#[test]
fn an_index_is_made_while_others_write() {
    let add = AddIndex::new("Book", Index::new("book_by_title", ["title"])).concurrently();
    let second = Migration::new("0002_index")
        .after("0001_initial")
        .not_atomic()
        .operation(add);
    let project = project([first(), second]);
    on_each(|database| {
        project.migrate(database).run().wait().unwrap();
        project.migrate(database).to("t", "0001").run().wait().unwrap();
        project.migrate(database).run().wait().unwrap();
        let schema = introspect(database).wait().unwrap();
        assert!(
            schema.tables["book"]
                .indexes
                .iter()
                .any(|index| index.name == "book_by_title")
        );
    });
}

#[test]
fn an_extension_is_for_postgresql_alone() {
    let second = Migration::new("0002_extension")
        .after("0001_initial")
        .operation(CreateExtension::new("plpgsql"));
    let project = project([first(), second]);
    on_each(|database| {
        project.migrate(database).run().wait().unwrap();
        project.migrate(database).to("t", "0001").run().wait().unwrap();
    });
}

#[test]
fn sql_runs_both_ways_and_says_what_it_is_to_the_state() {
    let sql = RunSql::new("ALTER TABLE book ADD COLUMN pages integer")
        .then("UPDATE book SET pages = 7")
        .reverse("ALTER TABLE book DROP COLUMN pages")
        .state(AddField::new("Book", "pages", Field::new(Kind::Int).null()));
    there_and_back(sql, |database| {
        assert_eq!(count(database, "SELECT count(*) FROM book WHERE pages = 7"), 3);
    });
}

#[test]
fn what_has_no_reverse_can_not_be_taken_back() {
    let second = Migration::new("0002_sql")
        .after("0001_initial")
        .operation(RunSql::new("UPDATE book SET stock = 1"));
    let project = project([first(), second]);
    on_each(|database| {
        project.migrate(database).run().wait().unwrap();
        let error = project
            .migrate(database)
            .to("t", "0001")
            .run()
            .wait()
            .unwrap_err();
        assert!(
            error.is_irreversible() && error.to_string().contains("reverse_nothing"),
            "{error}"
        );
    });
}

/// The book as it is at that point of the history.
#[model]
struct Book {
    id: i64,
    #[field(max_length = 40)]
    title: String,
}

#[test]
fn rust_runs_as_sync_and_as_async_code_in_the_transaction() {
    let loud = RunRust::new("make the titles loud", async || {
        for mut book in Book::objects().all().await? {
            book.title = book.title.to_uppercase();
            book.save().await?;
        }
        Ok(())
    })
    .reverse_sync(|| {
        let books = Book::objects().all().wait()?;
        for mut book in books {
            book.title = book.title.to_lowercase();
            book.save().wait()?;
        }
        Ok(())
    });
    let failing = RunRust::sync("write and fail", || {
        let mut book = Book::objects()
            .order_by(|b| b.id.asc())
            .first()
            .wait()?
            .ok_or_else(|| Error::other("no book"))?;
        book.title = "half".to_owned();
        book.save().wait()?;
        Err(Error::other("the printer is on fire"))
    });
    let second = Migration::new("0002_loud").after("0001_initial").operation(loud);
    let third = Migration::new("0003_fails").after("0002_loud").operation(failing);
    let project = project([first(), second, third]);
    on_each(|database| {
        project.migrate(database).to("t", "0001").run().wait().unwrap();
        rows(database);
        let error = project.migrate(database).run().wait().unwrap_err();
        assert!(
            error.is_failed()
                && error
                    .to_string()
                    .contains("t 0003_fails: Run Rust: write and fail"),
            "{error}"
        );
        let titles: Vec<(String,)> = fetch(database, "SELECT title FROM book ORDER BY id");
        // MariaDB's migrations are no transactions.
        let title = if database.dialect() == Dialect::MariaDb {
            "half"
        } else {
            "NUAGES"
        };
        assert_eq!(
            (titles[0].0.as_str(), titles[1].0.as_str()),
            (title, "MINOR SWING")
        );
        if database.dialect() != Dialect::MariaDb {
            project.migrate(database).to("t", "0001").run().wait().unwrap();
            assert_eq!(
                count(database, "SELECT count(*) FROM book WHERE title = 'nuages'"),
                1
            );
        }
    });
}

#[test]
fn the_database_and_the_state_go_separate_ways() {
    let separate = SeparateDatabaseAndState::new()
        .database(
            RunSql::new("ALTER TABLE book RENAME TO records").reverse("ALTER TABLE records RENAME TO book"),
        )
        .database(
            RunSql::new("UPDATE records SET stock = stock + 1")
                .reverse("UPDATE records SET stock = stock - 1"),
        )
        .state(AlterModelTable::new("Book", "records"));
    let second = Migration::new("0002_separate")
        .after("0001_initial")
        .operation(separate);
    let project = project([first(), second]);
    on_each(|database| {
        project.migrate(database).to("t", "0001").run().wait().unwrap();
        rows(database);
        project.migrate(database).run().wait().unwrap();
        assert_eq!(
            project.history().unwrap().model("t.Book").unwrap().table_name(),
            "records"
        );
        assert_eq!(count(database, "SELECT stock FROM records WHERE id = 1"), 4);
        project.migrate(database).to("t", "0001").run().wait().unwrap();
        assert_eq!(count(database, "SELECT stock FROM book WHERE id = 1"), 3);
    });
}

#[test]
fn models_in_a_circle_are_created_and_deleted() {
    let a = Model::new("Hen").field("id", Field::key());
    let b = Model::new("Egg")
        .field("id", Field::key())
        .field("hen", Field::foreign_key("Hen", OnDelete::Protect));
    let first = Migration::new("0001_initial")
        .operation(CreateModel::new(a))
        .operation(CreateModel::new(b))
        .operation(AddField::new(
            "Hen",
            "egg",
            Field::foreign_key("Egg", OnDelete::SetNull).null(),
        ));
    let project = project([first]);
    on_each(|database| {
        project.migrate(database).run().wait().unwrap();
        execute(database, "INSERT INTO hen (id) VALUES (1)");
        execute(database, "INSERT INTO egg (id, hen_id) VALUES (1, 1)");
        project.migrate(database).to("t", "zero").run().wait().unwrap();
        assert!(introspect(database).wait().unwrap().tables.is_empty());
    });
}

#[test]
fn a_table_of_sqlite_that_is_made_anew_keeps_triggers_indexes_keys_and_what_points_to_it() {
    let second = Migration::new("0002_longer")
        .after("0001_initial")
        .operation(AlterField::new(
            "Author",
            "name",
            Field::new(Kind::Text).max_length(80).unique(),
        ));
    let project = project([first(), second]);
    on_each(|database| {
        if database.dialect() != Dialect::Sqlite {
            return;
        }
        project.migrate(database).to("t", "0001").run().wait().unwrap();
        rows(database);
        execute(database, "CREATE TABLE log (what text)");
        execute(
            database,
            "CREATE TRIGGER gone AFTER DELETE ON author BEGIN INSERT INTO log VALUES (old.name); END",
        );
        execute(database, "CREATE INDEX by_hand ON author (lower(name))");
        execute(database, "CREATE VIEW short AS SELECT name FROM author");
        execute(database, "INSERT INTO author (id, name) VALUES (50, 'Grappelli')");
        execute(database, "DELETE FROM author WHERE id = 50");
        project.migrate(database).run().wait().unwrap();
        assert_eq!(count(database, "SELECT count(*) FROM book"), 3);
        assert_eq!(count(database, "SELECT count(*) FROM short"), 2);
        // A number is not given twice.
        execute(database, "INSERT INTO author (name) VALUES ('Babik')");
        assert_eq!(count(database, "SELECT id FROM author WHERE name = 'Babik'"), 51);
        execute(database, "DELETE FROM author WHERE id = 2");
        assert_eq!(count(database, "SELECT count(*) FROM log"), 2);
        assert_eq!(count(database, "SELECT count(*) FROM book"), 2);
        let indexes = &introspect(database).wait().unwrap().tables["author"].indexes;
        assert!(indexes.iter().any(|index| index.name == "by_hand"));
        // The pool's connections enforce foreign keys as before.
        refused(
            database,
            "INSERT INTO book (title, stock, author_id) VALUES ('x', 1, 9)",
        );
    });
}
