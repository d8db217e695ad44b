//! The order of migrations, their record, the lock, and what a failure leaves.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::time::Duration;

use nuages_migrations::{
    AddField, App, CreateModel, Event, Field, Kind, Migration, Model, OnDelete, Project, RunRust, RunSql,
    introspect,
};
use nuages_orm::{Database, Dialect};

use crate::{execute, fetch, on_each, project};

fn book() -> Migration {
    let model = Model::new("Book")
        .field("id", Field::key())
        .field("title", Field::new(Kind::Text).max_length(40));
    Migration::new("0001_initial").operation(CreateModel::new(model))
}

fn add(name: &str, after: &str, field: &str) -> Migration {
    Migration::new(name)
        .after(after)
        .operation(AddField::new("Book", field, Field::new(Kind::Int).null()))
}

fn columns(database: &Database) -> Vec<String> {
    let schema = introspect(database).wait().unwrap();
    let table = schema.tables.get("book");
    table
        .map(|table| table.columns.iter().map(|column| column.name.clone()).collect())
        .unwrap_or_default()
}

fn applied(project: &Project, database: &Database) -> Vec<String> {
    let status = project.status(database).wait().unwrap();
    status
        .into_iter()
        .filter(|one| one.applied)
        .map(|one| one.name)
        .collect()
}

#[test]
fn apps_depend_on_each_other_and_each_goes_to_where_it_is_told() {
    let author = Model::new("Author").field("id", Field::key());
    let people =
        App::new("people").migration(Migration::new("0001_initial").operation(CreateModel::new(author)));
    let shop = App::new("shop").migration(
        Migration::new("0001_initial")
            .after_app("people", "0001_initial")
            .operation(CreateModel::new(
                Model::new("Book")
                    .field("id", Field::key())
                    .field("author", Field::foreign_key("people.Author", OnDelete::Protect)),
            )),
    );
    // The order in which they are given does not matter.
    let project = Project::new().app(shop).app(people);
    on_each(|database| {
        let plan: Vec<String> = project
            .migrate(database)
            .plan()
            .wait()
            .unwrap()
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(plan, ["people 0001_initial", "shop 0001_initial"]);
        project.migrate(database).only("people").run().wait().unwrap();
        assert_eq!(applied(&project, database).len(), 1);
        project.migrate(database).run().wait().unwrap();
        // What others rest on takes them along.
        let back = project
            .migrate(database)
            .to("people", "zero")
            .run()
            .wait()
            .unwrap();
        let back: Vec<String> = back.iter().map(ToString::to_string).collect();
        assert_eq!(back, ["shop 0001_initial (back)", "people 0001_initial (back)"]);
    });
}

#[test]
fn missing_migrations_circles_and_conflicts_are_named() {
    let missing = project([add("0002_pages", "0001_initial", "pages")]);
    assert!(
        missing
            .order()
            .unwrap_err()
            .to_string()
            .contains("0001_initial, which is not there")
    );
    let circle = project([add("0001_a", "0002_b", "a"), add("0002_b", "0001_a", "b")]);
    assert!(circle.order().unwrap_err().to_string().contains("circle"));
    let conflict = project([
        book(),
        add("0002_a", "0001_initial", "a"),
        add("0002_b", "0001_initial", "b"),
    ]);
    let error = conflict.check_conflicts().unwrap_err();
    assert!(
        error.is_conflict() && error.to_string().contains("--merge"),
        "{error}"
    );
}

#[test]
fn a_fake_migration_is_recorded_and_nothing_else() {
    let project = project([book(), add("0002_pages", "0001_initial", "pages")]);
    on_each(|database| {
        project.migrate(database).fake().run().wait().unwrap();
        assert!(columns(database).is_empty());
        assert_eq!(applied(&project, database).len(), 2);
        project
            .migrate(database)
            .to("t", "zero")
            .fake()
            .run()
            .wait()
            .unwrap();
        assert!(applied(&project, database).is_empty());
    });
}

#[test]
fn tables_that_are_there_already_are_adopted() {
    let project = project([book(), add("0002_pages", "0001_initial", "pages")]);
    on_each(|database| {
        execute(database, "CREATE TABLE book (id integer, title varchar(40))");
        let done = project.migrate(database).fake_initial().run().wait().unwrap();
        assert_eq!((done[0].fake, done[1].fake), (true, false));
        assert_eq!(columns(database), ["id", "title", "pages"]);
    });
}

#[test]
fn a_failed_migration_says_what_it_left_and_goes_on_there() {
    let broken = |sql: &str| {
        Migration::new("0002_two_things")
            .after("0001_initial")
            .operation(AddField::new("Book", "pages", Field::new(Kind::Int).null()))
            .operation(RunSql::new(sql).reverse_nothing())
    };
    on_each(|database| {
        let error = project([book(), broken("UPDATE nowhere SET x = 1")])
            .migrate(database)
            .run()
            .wait()
            .unwrap_err();
        assert!(
            error.is_failed() && error.to_string().contains("t 0002_two_things: Run SQL failed"),
            "{error}"
        );
        let in_parts = database.dialect() == Dialect::MariaDb;
        assert_eq!(columns(database).contains(&"pages".to_owned()), in_parts);
        let status = project([book(), broken("x")]).status(database).wait().unwrap();
        assert_eq!(status[1].partly, in_parts.then_some(1));
        // The first of its operations is not done twice.
        project([book(), broken("UPDATE book SET pages = 1")])
            .migrate(database)
            .run()
            .wait()
            .unwrap();
        assert_eq!(columns(database), ["id", "title", "pages"]);
    });
}

#[test]
fn what_is_not_atomic_goes_on_where_it_stopped_on_every_database() {
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&runs);
    let count = RunRust::sync("count", move || {
        counted.fetch_add(1, Ordering::SeqCst);
        Ok(())
    });
    let with = |sql: &str| {
        let second = Migration::new("0002_parts")
            .after("0001_initial")
            .not_atomic()
            .operation(count.clone())
            .operation(RunSql::new(sql));
        project([book(), second])
    };
    on_each(|database| {
        runs.store(0, Ordering::SeqCst);
        let error = with("UPDATE nowhere SET x = 1")
            .migrate(database)
            .run()
            .wait()
            .unwrap_err();
        assert!(
            error.to_string().contains("the 1 operations before it are done"),
            "{error}"
        );
        with("UPDATE book SET title = 'x'")
            .migrate(database)
            .run()
            .wait()
            .unwrap();
        assert_eq!(runs.load(Ordering::SeqCst), 1);
    });
}

#[test]
fn two_processes_migrate_once() {
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&runs);
    let second = Migration::new("0002_count")
        .after("0001_initial")
        .operation(RunRust::sync("count", move || {
            counted.fetch_add(1, Ordering::SeqCst);
            Ok(())
        }));
    let project = project([book(), second]);
    on_each(|database| {
        runs.store(0, Ordering::SeqCst);
        let barrier = Barrier::new(2);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    barrier.wait();
                    project.migrate(database).run().wait().unwrap();
                });
            }
        });
        assert_eq!(runs.load(Ordering::SeqCst), 1, "{}", database.dialect());
        assert_eq!(applied(&project, database).len(), 2);
    });
}

#[test]
fn a_process_does_not_wait_for_ever() {
    let (entered, leave) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
    let (inside, until) = (Arc::clone(&entered), Arc::clone(&leave));
    let slow = Migration::new("0002_slow")
        .after("0001_initial")
        .operation(RunRust::sync("wait", move || {
            inside.wait();
            until.wait();
            Ok(())
        }));
    let project = project([book(), slow]);
    on_each(|database| {
        // SQLite's lock is a transaction, whose wait has a limit of its own.
        if database.dialect() == Dialect::Sqlite {
            return;
        }
        std::thread::scope(|scope| {
            let first = scope.spawn(|| project.migrate(database).run().wait().unwrap());
            entered.wait();
            let second = project
                .migrate(database)
                .lock_timeout(Duration::from_millis(50))
                .run()
                .wait();
            leave.wait();
            assert!(second.unwrap_err().is_locked());
            first.join().unwrap();
        });
    });
}

#[test]
fn whoever_listens_is_told_each_operation() {
    let project = project([book(), add("0002_pages", "0001_initial", "pages")]);
    on_each(|database| {
        let told = Arc::new(std::sync::Mutex::new(Vec::new()));
        let into = Arc::clone(&told);
        project
            .migrate(database)
            .progress(move |event| {
                if let Event::Operation(number, of, what) = event {
                    into.lock().unwrap().push(format!("{number}/{of} {what}"));
                }
            })
            .run()
            .wait()
            .unwrap();
        assert_eq!(
            *told.lock().unwrap(),
            ["1/1 Create model Book", "1/1 Add field pages to Book"]
        );
    });
}

#[test]
fn the_sql_of_a_migration_is_shown_for_each_database() {
    let project = project([book(), add("0002_pages", "0001_initial", "pages")]);
    let sql = project.sql("t", "0001", Dialect::Postgres, false).unwrap();
    assert!(
        sql.starts_with("BEGIN;\n--\n-- Create model Book\n--\nCREATE TABLE \"book\""),
        "{sql}"
    );
    let sql = project.sql("t", "0002", Dialect::MariaDb, false).unwrap();
    assert!(
        sql.contains("ALTER TABLE \"book\" ADD COLUMN \"pages\" integer;") && !sql.contains("BEGIN"),
        "{sql}"
    );
    let sql = project.sql("t", "0002", Dialect::Sqlite, true).unwrap();
    assert!(
        sql.starts_with("PRAGMA foreign_keys = OFF;") && sql.contains("new__book"),
        "{sql}"
    );
}

#[test]
fn a_squashed_migration_stands_for_the_others() {
    let old = || {
        [
            book(),
            add("0002_pages", "0001_initial", "pages"),
            add("0003_weight", "0002_pages", "weight"),
        ]
    };
    let made = project(old()).squash("t", "0003").unwrap();
    assert_eq!(made.migration.name(), "0001_squashed_0003_weight");
    assert_eq!(made.migration.operations().len(), 1);
    let both = project(old().into_iter().chain([made.migration.clone()]));
    let alone = project([made.migration.clone()]);
    let part = project(old().into_iter().take(2));
    on_each(|database| {
        // A new database gets the one; the files of the others can go then.
        assert_eq!(both.migrate(database).run().wait().unwrap().len(), 1);
        assert!(alone.migrate(database).plan().wait().unwrap().is_empty());
        assert_eq!(columns(database), ["id", "title", "pages", "weight"]);
        alone.migrate(database).to("t", "zero").run().wait().unwrap();
        assert!(columns(database).is_empty());
        // One that has some of the others gets the rest of them first.
        part.migrate(database).run().wait().unwrap();
        assert_eq!(both.migrate(database).run().wait().unwrap().len(), 1);
        assert_eq!(columns(database), ["id", "title", "pages", "weight"]);
        both.migrate(database).run().wait().unwrap();
        assert!(alone.migrate(database).plan().wait().unwrap().is_empty());
        let names: Vec<(String,)> = fetch(
            database,
            "SELECT name FROM nuages_migrations WHERE name LIKE '%squashed%'",
        );
        assert_eq!(names.len(), 1);
    });
}

#[test]
fn a_merge_joins_what_was_made_side_by_side_unless_both_change_the_same() {
    let left = || add("0002_a", "0001_initial", "a");
    let apart = project([book(), left(), add("0002_b", "0001_initial", "b")]);
    let merges = apart.merges().unwrap();
    assert_eq!(merges[0].migration.name(), "0003_merge");
    let merged = project([
        book(),
        left(),
        add("0002_b", "0001_initial", "b"),
        merges[0].migration.clone(),
    ]);
    on_each(|database| {
        assert_eq!(merged.migrate(database).run().wait().unwrap().len(), 4);
    });
    let same = project([book(), left(), add("0002_b", "0001_initial", "a")]);
    let error = same.merges().unwrap_err();
    assert!(
        error.is_conflict() && error.to_string().contains("t.Book.a"),
        "{error}"
    );
}
