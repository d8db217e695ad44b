//! What is found between the history and the models, how it is asked for, and what is written.

use nuages_migrations::{
    Answers, App, CreateModel, Field, Index, Kind, Migration, Model, OnDelete, Operation, Project, Question,
    RunRust, State, introspect, operations_between,
};
use nuages_orm::create_tables;
use nuages_orm::prelude::{Decimal, ForeignKey, ManyToMany, Model as _, model};

use crate::{on_each, project};

#[model]
struct Country {
    id: i64,
    #[field(max_length = 80, unique)]
    name: String,
}

#[model(ordering = [title], unique_together = [[title, country]])]
struct Record {
    id: i64,
    #[field(max_length = 200, db_index)]
    title: String,
    #[field(max_digits = 8, decimal_places = 2)]
    price: Decimal,
    #[field(default = 3, check = "stock >= 0")]
    stock: i32,
    notes: Option<serde_json::Value>,
    #[relation(on_delete = Protect)]
    country: ForeignKey<Country>,
    #[relation(on_delete = SetNull)]
    cover_of: Option<ForeignKey<Record>>,
}

#[model]
struct Singer {
    id: i64,
    #[field(max_length = 40)]
    name: String,
    songs: ManyToMany<Song>,
}

#[model]
struct Song {
    id: i64,
    #[field(max_length = 40)]
    title: String,
}

#[test]
fn the_table_of_a_many_to_many_relation_comes_and_goes_with_it() {
    let models = [Singer::meta(), Song::meta()];
    let made = Project::new()
        .app(App::new("choir").models(models))
        .changes(&mut Answers::new())
        .unwrap();
    let whole = Project::new().app(
        App::new("choir")
            .models(models)
            .migration(made[0].migration.clone()),
    );
    assert!(whole.changes(&mut Answers::new()).unwrap().is_empty());
    on_each(|database| {
        whole.migrate(database).run().wait().unwrap();
        let migrated = introspect(database).wait().unwrap().sorted();
        assert_eq!(migrated.tables.len(), 3);
        whole.migrate(database).to("choir", "zero").run().wait().unwrap();
        create_tables(database, &models).wait().unwrap();
        for (name, table) in introspect(database).wait().unwrap().sorted().tables {
            assert_eq!(
                migrated.tables.get(&name),
                (name != "nuages_migrations").then_some(&table)
            );
        }
    });
}

fn shop() -> App {
    App::new("shop").models([Country::meta(), Record::meta()])
}

fn descriptions(migration: &Migration) -> Vec<String> {
    migration.operations().iter().map(Operation::describe).collect()
}

#[test]
fn the_first_migration_makes_what_create_tables_makes() {
    let made = Project::new().app(shop()).changes(&mut Answers::new()).unwrap();
    assert_eq!(made.len(), 1);
    assert_eq!(made[0].migration.name(), "0001_initial");
    assert_eq!(
        descriptions(&made[0].migration),
        ["Create model Country", "Create model Record"]
    );
    let whole = Project::new().app(shop().migration(made[0].migration.clone()));
    assert!(whole.changes(&mut Answers::new()).unwrap().is_empty());
    on_each(|database| {
        whole.migrate(database).run().wait().unwrap();
        let migrated = introspect(database).wait().unwrap().sorted();
        whole.migrate(database).to("shop", "zero").run().wait().unwrap();
        create_tables(database, &[Country::meta(), Record::meta()])
            .wait()
            .unwrap();
        for (name, table) in introspect(database).wait().unwrap().sorted().tables {
            assert_eq!(migrated.tables[&name], table, "{}", database.dialect());
        }
    });
}

#[test]
fn a_new_field_gets_its_default_and_one_without_is_asked_for() {
    let model = || Model::new("Country").field("id", Field::key());
    let old = Model::new("Record")
        .field("id", Field::key())
        .field("title", Field::new(Kind::Text).max_length(200).index())
        .field("price", Field::new(Kind::Decimal).digits(8, 2))
        .field("notes", Field::new(Kind::Json).null())
        .field("country", Field::foreign_key("Country", OnDelete::Protect))
        .field("cover_of", Field::foreign_key("Record", OnDelete::SetNull).null())
        .unique_together(["title", "country"]);
    let first = Migration::new("0001_initial")
        .operation(CreateModel::new(model()))
        .operation(CreateModel::new(old));
    let project = Project::new().app(shop().migration(first));
    let error = project.changes(&mut Answers::new()).unwrap_err();
    assert!(
        error.is_question() && error.to_string().contains("--fill shop.Country.name=VALUE"),
        "{error}"
    );
    let mut answers = Answers::new().fill("shop.Country.name=Belgium").unwrap();
    let made = project.changes(&mut answers).unwrap();
    assert_eq!(made[0].migration.name(), "0002_country_name_record_stock");
    let source = project.source(&made[0]).unwrap();
    assert!(
        source.contains(".fill(\"Belgium\")") && source.contains(".fill(3_i32)"),
        "{source}"
    );
}

fn book(field: &str) -> State {
    let mut state = State::new();
    let model = Model::new("Book")
        .field("id", Field::key())
        .field(field, Field::new(Kind::Text).max_length(20));
    state.add("t", model).unwrap();
    state
}

fn between(before: &State, after: &State, answers: &mut Answers) -> Vec<String> {
    let operations = operations_between(before, after, answers).unwrap();
    operations
        .iter()
        .map(|(_, operation)| operation.describe())
        .collect()
}

#[test]
fn a_rename_is_asked_for_or_told_by_a_flag() {
    let (before, after) = (book("name"), book("title"));
    let renamed = ["Rename field name on Book to title"];
    let mut yes = Answers::new().ask(|question| {
        assert_eq!(question.to_string(), "was t.Book.name renamed to title?");
        Some("yes".to_owned())
    });
    assert_eq!(between(&before, &after, &mut yes), renamed);
    let mut told = Answers::new().rename("t.Book.name:title").unwrap();
    assert_eq!(between(&before, &after, &mut told), renamed);
    // A person who says no is asked for what the new field holds.
    let mut no = Answers::new().ask(|question| match question {
        Question::Fill(..) => Some("x".to_owned()),
        _ => Some("n".to_owned()),
    });
    assert_eq!(
        between(&before, &after, &mut no),
        ["Add field title to Book", "Remove field name from Book"]
    );
    let mut wrong = Answers::new().no_renames().fill("t.Book.title=x").unwrap();
    assert_eq!(between(&before, &after, &mut wrong).len(), 2);
}

#[test]
fn a_renamed_field_may_keep_its_column() {
    let before = book("name");
    let mut after = State::new();
    let model = Model::new("Book")
        .field("id", Field::key())
        .field("title", Field::new(Kind::Text).max_length(20).column("name"));
    after.add("t", model).unwrap();
    let operations = operations_between(
        &before,
        &after,
        &mut Answers::new().rename("t.Book.name:title").unwrap(),
    )
    .unwrap();
    let migration = operations.into_iter().fold(
        Migration::new("0002_rename").after("0001_initial"),
        |m, (_, o)| m.operation(o),
    );
    let mut first = Migration::new("0001_initial");
    for (_, operation) in operations_between(&State::new(), &before, &mut Answers::new()).unwrap() {
        first = first.operation(operation);
    }
    let sql = project([first, migration])
        .sql("t", "0002", nuages_orm::Dialect::Postgres, false)
        .unwrap();
    assert!(!sql.contains("ALTER TABLE"), "{sql}");
}

#[test]
fn a_renamed_model_takes_along_what_points_to_it() {
    let state = |author: &str| {
        let mut state = State::new();
        state
            .add("t", Model::new(author).field("id", Field::key()))
            .unwrap();
        let book = Model::new("Book")
            .field("id", Field::key())
            .field("author", Field::foreign_key(author, OnDelete::Cascade));
        state.add("t", book).unwrap();
        state
    };
    let mut answers = Answers::new().rename("t.Author:Composer").unwrap();
    assert_eq!(
        between(&state("Author"), &state("Composer"), &mut answers),
        ["Rename model Author to Composer"]
    );
}

#[test]
fn circles_are_split_and_apps_are_put_in_order() {
    let mut after = State::new();
    let hen = Model::new("Hen")
        .field("id", Field::key())
        .field("egg", Field::foreign_key("farm.Egg", OnDelete::Protect));
    let egg = Model::new("Egg")
        .field("id", Field::key())
        .field("hen", Field::foreign_key("zoo.Hen", OnDelete::Protect));
    after.add("zoo", hen).unwrap();
    after.add("farm", egg).unwrap();
    let operations = operations_between(&State::new(), &after, &mut Answers::new()).unwrap();
    let told: Vec<String> = operations
        .iter()
        .map(|(app, operation)| format!("{app}: {}", operation.describe()))
        .collect();
    assert_eq!(
        told,
        [
            "zoo: Create model Hen",
            "farm: Create model Egg",
            "zoo: Add field egg to Hen"
        ]
    );
    assert_eq!(
        between(&after, &State::new(), &mut Answers::new()),
        [
            "Remove field hen from Egg",
            "Delete model Hen",
            "Delete model Egg"
        ]
    );
}

#[test]
fn an_index_with_another_name_is_renamed() {
    let with = |name: &str| {
        let mut state = State::new();
        let model = Model::new("Book")
            .field("id", Field::key())
            .field("title", Field::new(Kind::Text).max_length(20))
            .index(Index::new(name, ["title"]));
        state.add("t", model).unwrap();
        state
    };
    assert_eq!(
        between(&with("one"), &with("two"), &mut Answers::new()),
        ["Rename index one on Book to two"]
    );
}

#[test]
fn what_is_written_is_what_was_made() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("Cargo.toml"), "").unwrap();
    let migrations = folder.path().join("src/migrations");
    let app = || shop().folder(&migrations).root("nuages_migrations");
    let project = Project::new().app(app());
    let made = project.changes(&mut Answers::new()).unwrap();
    let files = project.write(&made).unwrap();
    assert_eq!(
        files,
        [migrations.join("m0001_initial.rs"), migrations.join("mod.rs")]
    );
    // Where the lines are broken is rustfmt's.
    let text = |source: &str| source.replace([' ', '\n', ','], "");
    let written = std::fs::read_to_string(&files[0]).unwrap();
    assert_eq!(text(&written), text(include_str!("written/m0001_initial.rs")));
    let module = std::fs::read_to_string(&files[1]).unwrap();
    let compiled = include_str!("written/mod.rs").replace("tests/migrations/written", "src/migrations");
    assert_eq!(text(&module), text(&compiled));
    // The file that is compiled in says the same.
    assert!(
        Project::new()
            .app(crate::written::app().models([Country::meta(), Record::meta()]))
            .changes(&mut Answers::new())
            .unwrap()
            .is_empty()
    );
}

#[test]
fn a_squashed_file_has_the_rust_of_the_others() {
    let code = RunRust::sync("count", || Ok(())).reverse_nothing();
    let app = App::new("t")
        .migration(
            Migration::new("0001_initial")
                .operation(CreateModel::new(Model::new("Book").field("id", Field::key()))),
        )
        .migration(Migration::new("0002_count").after("0001_initial").operation(code));
    let project = Project::new().app(app);
    let made = project.squash("t", "0002").unwrap();
    let source = project.source(&made).unwrap();
    assert!(
        source.contains(".operation(super::m0002_count::migration().operations()[0].clone())"),
        "{source}"
    );
    assert!(
        source.contains(".replaces([\"0001_initial\", \"0002_count\"])"),
        "{source}"
    );
}
