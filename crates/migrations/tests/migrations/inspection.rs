//! Models of a database that is there: what nuages made, and what Django made.

use nuages_migrations::{
    Answers, App, Constraint, CreateModel, Field, Index, Kind, Migration, Model, OnDelete, Project, State,
    inspect, introspect, operations_between,
};
use nuages_orm::{Database, Dialect};

use crate::{execute, on_each, project};

fn shop() -> State {
    let mut state = State::new();
    let author = Model::new("Author")
        .field("id", Field::key())
        .field(
            "name",
            Field::new(Kind::Text)
                .max_length(40)
                .unique()
                .comment("as on the cover"),
        )
        .comment("who wrote it");
    let book = Model::new("Book")
        .field("id", Field::key())
        .field("title", Field::new(Kind::Text).max_length(40).index())
        .field("price", Field::new(Kind::Decimal).digits(8, 2))
        .field("stock", Field::new(Kind::Int).check("stock >= 0"))
        .field("big", Field::new(Kind::BigInt).null())
        .field("small", Field::new(Kind::SmallInt))
        .field("sold", Field::new(Kind::Bool))
        .field("token", Field::new(Kind::Uuid))
        .field("extra", Field::new(Kind::Json).null())
        .field("scan", Field::new(Kind::Bytes))
        .field("weight", Field::new(Kind::Float))
        .field("day", Field::new(Kind::Date))
        .field("hour", Field::new(Kind::Time))
        .field("moment", Field::new(Kind::Timestamp))
        .field("author", Field::foreign_key("Author", OnDelete::Cascade))
        .field("editor", Field::foreign_key("Author", OnDelete::SetNull).null())
        .unique_together(["title", "author"])
        .index(Index::new("book_by_stock", ["stock", "-title"]))
        .constraint(Constraint::check("book_small", "stock < 1000"));
    state.add("inspected", author).unwrap();
    state.add("inspected", book).unwrap();
    state
}

fn migrate(database: &Database, state: &State) -> Project {
    let operations = operations_between(&State::new(), state, &mut Answers::new()).unwrap();
    let migration = operations
        .into_iter()
        .fold(Migration::new("0001_initial"), |migration, (_, operation)| {
            migration.operation(operation)
        });
    let project = Project::new().app(App::new("inspected").migration(migration));
    project.migrate(database).run().wait().unwrap();
    project
}

#[test]
fn what_nuages_made_is_read_back_and_a_second_look_finds_no_difference() {
    on_each(|database| {
        let project = migrate(database, &shop());
        let first = introspect(database).wait().unwrap().sorted();
        let found = inspect(&first, database.dialect()).state().unwrap();
        for (name, model) in shop().models() {
            for (field, wanted) in model.fields() {
                let read = found.model(name).unwrap().get(field).unwrap();
                assert_eq!(
                    (read.kind(), read.is_null(), read.target()),
                    (wanted.kind(), wanted.is_null(), wanted.target()),
                    "{field}"
                );
            }
        }
        // The same tables are made of what was found.
        project
            .migrate(database)
            .to("inspected", "zero")
            .run()
            .wait()
            .unwrap();
        let _ = migrate(database, &found);
        let second = introspect(database).wait().unwrap().sorted();
        for (name, table) in &first.tables {
            assert_eq!(Some(table), second.tables.get(name), "{}", database.dialect());
        }
        assert!(
            operations_between(
                &found,
                &inspect(&second, database.dialect()).state().unwrap(),
                &mut Answers::new()
            )
            .unwrap()
            .is_empty()
        );
    });
}

#[test]
fn the_models_of_what_was_found_are_rust() {
    on_each(|database| {
        let _ = migrate(database, &shop());
        let source = inspect(&introspect(database).wait().unwrap(), database.dialect()).source();
        for line in [
            "pub struct Book {",
            "    pub author: ForeignKey<Author>,",
            "    pub editor: Option<ForeignKey<Author>>,",
            "    #[relation(on_delete = SetNull)]",
            "    pub extra: Option<serde_json::Value>,",
            "// The model does not say: the index book_by_stock of (stock, -title)",
        ] {
            assert!(
                source.lines().any(|own| own == line),
                "{}: {line}\n{source}",
                database.dialect()
            );
        }
        // SQLite keeps no digits.
        let digits = if database.dialect() == Dialect::Sqlite {
            "15"
        } else {
            "8"
        };
        let line = format!("    #[field(max_digits = {digits}, decimal_places = 2)]");
        assert!(source.lines().any(|own| own == line), "{source}");
    });
}

/// What Django 5.2 makes of a small shop, on each database.
fn django(dialect: Dialect) -> [&'static str; 4] {
    match dialect {
        Dialect::Sqlite => [
            r#"CREATE TABLE "shop_author" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "name" varchar(120) NOT NULL UNIQUE)"#,
            r#"CREATE TABLE "shop_book" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "title" varchar(200) NOT NULL, "stock" integer unsigned NOT NULL CHECK ("stock" >= 0), "extra" text NULL CHECK ((JSON_VALID("extra") OR "extra" IS NULL)), "author_id" bigint NOT NULL REFERENCES "shop_author" ("id") DEFERRABLE INITIALLY DEFERRED)"#,
            r#"CREATE INDEX "shop_book_author_id_2d6ac2b8" ON "shop_book" ("author_id")"#,
            r#"CREATE TABLE "shop_pair" ("left" integer NOT NULL, "right" integer NOT NULL, PRIMARY KEY ("left", "right"))"#,
        ],
        Dialect::Postgres => [
            r#"CREATE TABLE "shop_author" ("id" bigint NOT NULL PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY, "name" varchar(120) NOT NULL UNIQUE)"#,
            r#"CREATE TABLE "shop_book" ("id" bigint NOT NULL PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY, "title" varchar(200) NOT NULL, "stock" integer NOT NULL CHECK ("stock" >= 0), "extra" jsonb NULL, "author_id" bigint NOT NULL CONSTRAINT "shop_book_author_id_2d6ac2b8_fk_shop_author_id" REFERENCES "shop_author" ("id") DEFERRABLE INITIALLY DEFERRED)"#,
            r#"CREATE INDEX "shop_book_author_id_2d6ac2b8" ON "shop_book" ("author_id")"#,
            r#"CREATE TABLE "shop_pair" ("left" integer NOT NULL, "right" integer NOT NULL, PRIMARY KEY ("left", "right"))"#,
        ],
        _ => [
            r#"CREATE TABLE "shop_author" ("id" bigint AUTO_INCREMENT NOT NULL PRIMARY KEY, "name" varchar(120) NOT NULL UNIQUE)"#,
            r#"CREATE TABLE "shop_book" ("id" bigint AUTO_INCREMENT NOT NULL PRIMARY KEY, "title" varchar(200) NOT NULL, "stock" integer UNSIGNED NOT NULL CHECK ("stock" >= 0), "extra" json NULL CHECK (JSON_VALID("extra")), "author_id" bigint NOT NULL)"#,
            r#"ALTER TABLE "shop_book" ADD CONSTRAINT "shop_book_author_id_2d6ac2b8_fk_shop_author_id" FOREIGN KEY ("author_id") REFERENCES "shop_author" ("id")"#,
            r#"CREATE TABLE "shop_pair" ("left" integer NOT NULL, "right" integer NOT NULL, PRIMARY KEY ("left", "right"))"#,
        ],
    }
}

#[test]
fn what_django_made_is_read_with_its_names() {
    on_each(|database| {
        for sql in django(database.dialect()) {
            execute(database, sql);
        }
        let found = inspect(&introspect(database).wait().unwrap(), database.dialect());
        let state = found.state().unwrap();
        let book = state.model("inspected.ShopBook").unwrap();
        assert_eq!(book.table_name(), "shop_book");
        assert_eq!(book.get("author").unwrap().target(), Some("inspected.ShopAuthor"));
        assert_eq!(book.get("extra").unwrap().kind(), Kind::Json);
        assert_eq!(book.get("stock").unwrap().kind(), Kind::Int);
        let source = found.source();
        assert!(source.contains("pub author: ForeignKey<ShopAuthor>"), "{source}");
        assert!(source.contains("the primary key is (left, right)"), "{source}");
        // Its tables can be adopted: nothing is done to them.
        let adopting = Migration::new("0001_initial").operation(CreateModel::new(
            Model::new("ShopAuthor")
                .field("id", Field::key())
                .field("name", Field::new(Kind::Text).max_length(120).unique()),
        ));
        let done = project([adopting])
            .migrate(database)
            .fake_initial()
            .run()
            .wait()
            .unwrap();
        assert!(done[0].fake);
    });
}
