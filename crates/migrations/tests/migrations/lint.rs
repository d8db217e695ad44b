//! What the linter warns of, and what it lets pass.

use nuages_migrations::{
    AddConstraint, AddField, AddIndex, AlterField, Constraint, CreateModel, DeleteModel, Field, Index, Kind,
    Migration, Model, OnDelete, Operation, RemoveField, RenameField, RenameModel, RunSql,
};
use nuages_orm::Dialect;

use crate::project;

fn first() -> Migration {
    Migration::new("0001_initial").operation(CreateModel::new(
        Model::new("Book")
            .field("id", Field::key())
            .field("title", Field::new(Kind::Text).max_length(20))
            .field("pages", Field::new(Kind::Int).null())
            .index(Index::new("book_by_title", ["title"])),
    ))
}

/// The warnings on an operation, as what happens and the way around it.
fn warnings(dialect: Dialect, operation: impl Into<Operation>) -> Vec<String> {
    let second = Migration::new("0002_change")
        .after("0001_initial")
        .operation(operation);
    let warnings = project([first(), second]).lint(dialect).unwrap();
    assert!(warnings.iter().all(|warning| warning.migration == "0002_change"));
    warnings.iter().map(ToString::to_string).collect()
}

fn warns(dialect: Dialect, operation: impl Into<Operation>, of: &str, instead: &str) {
    let warnings = warnings(dialect, operation);
    assert!(
        warnings
            .iter()
            .any(|text| text.contains(of) && text.contains(instead)),
        "{of}: {warnings:#?}"
    );
}

#[test]
fn what_breaks_the_release_that_still_runs_is_told() {
    for dialect in [Dialect::Sqlite, Dialect::Postgres, Dialect::MariaDb] {
        warns(
            dialect,
            DeleteModel::new("Book"),
            "reads and writes the table",
            "next release",
        );
        warns(
            dialect,
            RemoveField::new("Book", "title"),
            "names the column",
            "SeparateDatabaseAndState",
        );
        warns(
            dialect,
            RenameField::new("Book", "title", "name"),
            "does not find its column",
            "copy the old values",
        );
        warns(
            dialect,
            RenameModel::new("Book", "Record"),
            "does not find its table",
            "table = ",
        );
        let field = Field::new(Kind::Int);
        warns(
            dialect,
            AddField::new("Book", "stock", field.clone()).fill(0),
            "inserts rows without",
            "default that the database knows",
        );
        warns(
            dialect,
            AlterField::new("Book", "pages", field).fill(0),
            "writes NULL",
            "",
        );
    }
}

#[test]
fn what_locks_a_table_of_postgresql_is_told() {
    let pg = Dialect::Postgres;
    warns(
        pg,
        AddIndex::new("Book", Index::new("by_pages", ["pages"])),
        "nobody can write",
        "concurrently()",
    );
    let check = Constraint::check("book_long", "pages > 0");
    warns(
        pg,
        AddConstraint::new("Book", check.clone()),
        "lock",
        "not_valid()",
    );
    warns(
        pg,
        AlterField::new("Book", "title", Field::new(Kind::Uuid)),
        "written anew",
        "in batches",
    );
    warns(
        pg,
        AlterField::new("Book", "title", Field::new(Kind::Text).max_length(20).unique()),
        "index of the rule",
        "USING INDEX",
    );
    let points = Field::foreign_key("Book", OnDelete::Cascade).null();
    warns(
        pg,
        AddField::new("Book", "cover_of", points),
        "both tables are locked",
        "ValidateConstraint",
    );
    warns(
        pg,
        AddIndex::new("Book", Index::new("by_pages", ["pages"])).concurrently(),
        "refuses CONCURRENTLY",
        "not_atomic",
    );
    assert!(warnings(pg, AddConstraint::new("Book", check).not_valid()).is_empty());
}

#[test]
fn what_copies_a_table_of_sqlite_and_what_can_not_be_taken_back_is_told() {
    let longer = Field::new(Kind::Text).max_length(50);
    warns(
        Dialect::Sqlite,
        AlterField::new("Book", "title", longer),
        "copied",
        "plan a time",
    );
    warns(
        Dialect::Sqlite,
        RunSql::new("UPDATE book SET pages = 1"),
        "can't be taken back",
        "reverse_nothing",
    );
}

#[test]
fn what_is_safe_passes() {
    for dialect in [Dialect::Sqlite, Dialect::Postgres, Dialect::MariaDb] {
        assert!(
            warnings(
                dialect,
                AddField::new("Book", "stock", Field::new(Kind::Int).null())
            )
            .is_empty()
        );
        let model = Model::new("Tag")
            .field("id", Field::key())
            .index(Index::new("tag_by_id", ["-id"]));
        assert!(warnings(dialect, CreateModel::new(model)).is_empty());
        assert!(project([first()]).lint(dialect).unwrap().is_empty());
    }
    let longer = Field::new(Kind::Text).max_length(50);
    assert!(warnings(Dialect::Postgres, AlterField::new("Book", "title", longer)).is_empty());
}
