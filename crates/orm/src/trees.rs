//! Query trees, compiled and run on every database: what the typed layer relies on.

#![expect(clippy::unwrap_used, reason = "a test that fails panics")]

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use rust_decimal::Decimal;
use serde_json::json;
use uuid::Uuid;

use crate::database::{execute, fetch};
use crate::meta::{ColumnMeta, ModelMeta, OnDelete, RelationMeta};
use crate::query::{Aggregate, Delete, Expr, Insert, Operator, Order, Place, Select, Statement, Update};
use crate::testing::*;
use crate::{ColumnType, Database, FromRow, Kind, Result, Value, atomic, create_tables, raw};

common::async_tests! {
    every_kind_comes_back;
    null_comes_back;
    tables_are_created_once;
    foreign_keys;
    text_is_not_longer_than_its_column;
    related_columns;
    not_and_null;
    text_matches;
    money;
    calculations;
    slices_in_order;
    counts_by_subquery_and_group;
    writes_over_relations;
    row_locks;
    models_in_a_circle;
}

fn dec(text: &str) -> Decimal {
    text.parse().unwrap()
}

async fn rows<R: FromRow>(db: &Database, select: Select) -> Result<Vec<R>> {
    fetch(Some(db.clone()), Statement::Select(select), |row| {
        R::from_row(row)
    })
    .await
}

async fn insert(
    db: &Database,
    model: &'static ModelMeta,
    columns: &[&'static str],
    rows: Vec<Vec<Value>>,
) -> Result<Vec<i64>> {
    let insert = Insert {
        model,
        columns: columns.to_vec(),
        rows,
        conflict: None,
        returning: vec!["id"],
    };
    fetch(Some(db.clone()), Statement::Insert(insert), |row| {
        i64::from_row(row, 0)
    })
    .await
}

async fn update(db: &Database, set: Vec<(&'static str, Expr)>, filter: Option<Expr>) -> Result<u64> {
    execute(
        Some(db.clone()),
        Statement::Update(Update {
            model: &BOOK,
            set,
            filter,
        }),
    )
    .await
}

async fn delete(db: &Database, model: &'static ModelMeta, filter: Option<Expr>) -> Result<u64> {
    execute(Some(db.clone()), Statement::Delete(Delete { model, filter })).await
}

/// Two countries, two authors, three books; one of these has an editor and a subtitle.
async fn shop(db: &Database) -> Result<()> {
    // Given in the wrong order.
    create_tables(db, &[&BOOK, &AUTHOR, &COUNTRY]).await?;
    let countries = insert(
        db,
        &COUNTRY,
        &["name"],
        vec![vec!["Belgium".into()], vec!["France".into()]],
    )
    .await?;
    assert_eq!(countries, [1, 2]);
    let author = |name: &str, country: i64| vec![name.into(), country.into()];
    insert(
        db,
        &AUTHOR,
        &["name", "country_id"],
        vec![author("Django", 1), author("Stéphane", 2)],
    )
    .await?;
    let book =
        |title: &str, price: &str, stock: i32, subtitle: Option<&str>, author: i64, editor: Option<i64>| {
            vec![
                title.into(),
                dec(price).into(),
                stock.into(),
                subtitle.map(ToOwned::to_owned).into(),
                author.into(),
                editor.into(),
            ]
        };
    insert(
        db,
        &BOOK,
        &["title", "price", "stock", "subtitle", "author_id", "editor_id"],
        vec![
            book("Nuages", "12.50", 3, None, 1, None),
            book("Minor Swing", "0.10", 0, Some("1937"), 1, Some(2)),
            book("École 50%", "0.20", 7, None, 2, None),
        ],
    )
    .await?;
    Ok(())
}

static EVERYTHING: ModelMeta = ModelMeta::new("Everything", "everything").columns(&[
    ColumnMeta::new("id", "id", Kind::BigInt).automatic(),
    ColumnMeta::new("yes", "yes", Kind::Bool).nullable(true),
    ColumnMeta::new("small", "small", Kind::SmallInt).nullable(true),
    ColumnMeta::new("int", "int", Kind::Int).nullable(true),
    ColumnMeta::new("big", "big", Kind::BigInt).nullable(true),
    ColumnMeta::new("float", "float", Kind::Float).nullable(true),
    ColumnMeta::new("decimal", "decimal", Kind::Decimal)
        .digits(15, 3)
        .nullable(true),
    ColumnMeta::new("text", "text", Kind::Text).nullable(true),
    ColumnMeta::new("bytes", "bytes", Kind::Bytes).nullable(true),
    ColumnMeta::new("date", "date", Kind::Date).nullable(true),
    ColumnMeta::new("time", "time", Kind::Time).nullable(true),
    ColumnMeta::new("datetime", "datetime", Kind::DateTime).nullable(true),
    ColumnMeta::new("timestamp", "timestamp", Kind::Timestamp).nullable(true),
    ColumnMeta::new("uuid", "uuid", Kind::Uuid).nullable(true),
    ColumnMeta::new("json", "json", Kind::Json).nullable(true),
]);

/// One row of everything goes in, is found by each of its values, and comes out.
async fn there_and_back(db: &Database, values: Vec<Value>) {
    create_tables(db, &[&EVERYTHING]).await.unwrap();
    let names: Vec<_> = EVERYTHING.columns[1..]
        .iter()
        .map(|column| column.column)
        .collect();
    insert(db, &EVERYTHING, &names, vec![values.clone()])
        .await
        .unwrap();
    for (name, value) in names.iter().zip(&values) {
        // PostgreSQL has no equality of JSON texts, but of jsonb; NULL is asked for as NULL.
        let found = select(
            &EVERYTHING,
            [col("id")],
            Some(eq(col(name), Expr::Value(value.clone()))),
        );
        if value.kind() != Kind::Json || value.is_null() {
            assert_eq!(rows::<(i64,)>(db, found).await.unwrap().len(), 1, "{name}");
        }
    }
    let query = Statement::Select(select(&EVERYTHING, names.iter().map(|name| col(name)), None));
    let back = fetch(Some(db.clone()), query, |row| {
        Ok(vec![
            Option::<bool>::from_row(row, 0)?.into(),
            Option::<i16>::from_row(row, 1)?.into(),
            Option::<i32>::from_row(row, 2)?.into(),
            Option::<i64>::from_row(row, 3)?.into(),
            Option::<f64>::from_row(row, 4)?.into(),
            Option::<Decimal>::from_row(row, 5)?.into(),
            Option::<String>::from_row(row, 6)?.into(),
            Option::<Vec<u8>>::from_row(row, 7)?.into(),
            Option::<Date>::from_row(row, 8)?.into(),
            Option::<Time>::from_row(row, 9)?.into(),
            Option::<DateTime>::from_row(row, 10)?.into(),
            Option::<Timestamp>::from_row(row, 11)?.into(),
            Option::<Uuid>::from_row(row, 12)?.into(),
            Option::<serde_json::Value>::from_row(row, 13)?.into(),
        ])
    });
    let back: Vec<Vec<Value>> = back.await.unwrap();
    assert_eq!(back, [values]);
}

async fn every_kind_comes_back(db: Database) {
    there_and_back(
        &db,
        vec![
            true.into(),
            i16::MIN.into(),
            i32::MAX.into(),
            i64::MIN.into(),
            1e300.into(),
            dec("123456789012.340").into(),
            "L'été \u{1F3B8} '; DROP TABLE everything; --".into(),
            vec![0_u8, 255, 0].into(),
            "1910-01-23".parse::<Date>().unwrap().into(),
            "23:59:59.000001".parse::<Time>().unwrap().into(),
            "1953-05-16T08:00:00".parse::<DateTime>().unwrap().into(),
            "1953-05-16T08:00:00.123456Z".parse::<Timestamp>().unwrap().into(),
            Uuid::from_u128(0x1234_5678_9012_3456_7890_1234_5678_9012).into(),
            json!({"strings": ["E", "A", null], "tempo": 120.5}).into(),
        ],
    )
    .await;
}

async fn null_comes_back(db: Database) {
    there_and_back(
        &db,
        EVERYTHING.columns[1..]
            .iter()
            .map(|column| Value::Null(column.kind))
            .collect(),
    )
    .await;
}

async fn tables_are_created_once(db: Database) {
    shop(&db).await.unwrap();
    create_tables(&db, &[&COUNTRY, &BOOK, &AUTHOR, &COUNTRY])
        .await
        .unwrap();
    let query = select(&BOOK, [col("id")], None);
    assert_eq!(rows::<(i64,)>(&db, query).await.unwrap().len(), 3);

    let twice = insert(&db, &COUNTRY, &["name"], vec![vec!["France".into()]])
        .await
        .unwrap_err();
    assert!(twice.is_unique_violation(), "{twice}");
    assert_eq!(twice.columns(), ["name"]);
    let together = update(
        &db,
        vec![("title", value("Nuages"))],
        Some(eq(col("id"), value(2_i64))),
    )
    .await
    .unwrap_err();
    assert_eq!(together.columns(), ["title", "author_id"]);
    let check = update(&db, vec![("stock", value(-1))], None).await.unwrap_err();
    assert_eq!(check.constraint(), Some("book_stock_check"));
}

async fn foreign_keys(db: Database) {
    shop(&db).await.unwrap();
    let nowhere = update(&db, vec![("author_id", value(77_i64))], None)
        .await
        .unwrap_err();
    assert!(nowhere.is_foreign_key_violation(), "{nowhere:?}");
    let protected = delete(&db, &COUNTRY, None).await.unwrap_err();
    assert!(protected.is_foreign_key_violation(), "{protected:?}");

    // The second author is the editor of one book, and the author of another.
    assert_eq!(
        delete(&db, &AUTHOR, Some(eq(col("id"), value(2_i64))))
            .await
            .unwrap(),
        1
    );
    let query = select(&BOOK, [col("title"), col("editor_id")], None);
    let left: Vec<(String, Option<i64>)> = rows(&db, query).await.unwrap();
    assert_eq!(
        left,
        [("Nuages".to_owned(), None), ("Minor Swing".to_owned(), None)]
    );
}

async fn text_is_not_longer_than_its_column(db: Database) {
    shop(&db).await.unwrap();
    insert(&db, &COUNTRY, &["name"], vec![vec!["é".repeat(20).into()]])
        .await
        .unwrap();
    let long = insert(&db, &COUNTRY, &["name"], vec![vec!["e".repeat(21).into()]])
        .await
        .unwrap_err();
    assert!(long.is_check_violation(), "{long:?}");
}

async fn related_columns(db: Database) {
    shop(&db).await.unwrap();
    let mut query = select(
        &BOOK,
        [
            col("title"),
            over(&[&BOOK_AUTHOR, &AUTHOR_COUNTRY], "name"),
            over(&[&BOOK_EDITOR, &AUTHOR_COUNTRY], "name"),
        ],
        None,
    );
    query.order = vec![Order::by(col("id"), false)];
    let found: Vec<(String, String, Option<String>)> = rows(&db, query).await.unwrap();
    let row = |title: &str, country: &str, editor: Option<&str>| {
        (
            title.to_owned(),
            country.to_owned(),
            editor.map(ToOwned::to_owned),
        )
    };
    assert_eq!(
        found,
        [
            row("Nuages", "Belgium", None),
            row("Minor Swing", "Belgium", Some("France")),
            row("École 50%", "France", None),
        ]
    );
}

async fn ids(db: &Database, model: &'static ModelMeta, filter: Expr) -> Vec<i64> {
    let mut query = select(model, [col("id")], Some(filter));
    query.order = vec![Order::by(col("id"), false)];
    rows::<(i64,)>(db, query)
        .await
        .unwrap()
        .into_iter()
        .map(|row| row.0)
        .collect()
}

async fn not_and_null(db: Database) {
    shop(&db).await.unwrap();
    let subtitle = || eq(col("subtitle"), value("1937"));
    assert_eq!(ids(&db, &BOOK, subtitle()).await, [2]);
    assert_eq!(ids(&db, &BOOK, not(subtitle())).await, [1, 3]);
    let editor = || eq(over(&[&BOOK_EDITOR], "name"), value("Django"));
    assert_eq!(ids(&db, &BOOK, not(editor())).await, [1, 2, 3]);
    assert_eq!(ids(&db, &BOOK, not(not(editor()))).await, [0_i64; 0]);
    // Authors without any such book, and not: authors with some other book.
    let wrote = || eq(over(&[&AUTHOR_BOOKS], "title"), value("Nuages"));
    assert_eq!(ids(&db, &AUTHOR, wrote()).await, [1]);
    assert_eq!(ids(&db, &AUTHOR, not(wrote())).await, [2]);
}

async fn text_matches(db: Database) {
    shop(&db).await.unwrap();
    let find = async |place, pattern: &str, case_sensitive| {
        let expr = Box::new(col("title"));
        ids(
            &db,
            &BOOK,
            Expr::Match {
                expr,
                place,
                pattern: pattern.to_owned(),
                case_sensitive,
            },
        )
        .await
    };
    assert_eq!(find(Place::Anywhere, "ua", true).await, [1]);
    assert_eq!(find(Place::Anywhere, "UA", true).await, [0; 0]);
    assert_eq!(find(Place::Anywhere, "UA", false).await, [1]);
    assert_eq!(find(Place::Start, "école", false).await, [3]);
    assert_eq!(find(Place::Start, "École", true).await, [3]);
    assert_eq!(find(Place::Start, "école", true).await, [0; 0]);
    assert_eq!(find(Place::End, "SWING", false).await, [2]);
    assert_eq!(find(Place::Whole, "ÉCOLE 50%", false).await, [3]);
    assert_eq!(find(Place::End, "0%", true).await, [3]);
    for sign in ["%", "_", "*", "?", "[a-z]", "\\"] {
        let expected: &[i64] = if sign == "%" { &[3] } else { &[] };
        assert_eq!(find(Place::Anywhere, sign, true).await, expected, "{sign}");
        assert_eq!(find(Place::Anywhere, sign, false).await, expected, "{sign}");
    }
}

fn aggregate(function: Aggregate, expr: Expr) -> Expr {
    Expr::Aggregate {
        function,
        expr: Some(Box::new(expr)),
        distinct: false,
        filter: None,
    }
}

async fn money(db: Database) {
    shop(&db).await.unwrap();
    // With the digits of its column, also where the database keeps a number without them.
    let mut query = select(&BOOK, [col("price")], None);
    query.order = vec![Order::by(col("price"), false)];
    let prices: Vec<(Decimal,)> = rows(&db, query).await.unwrap();
    let prices: Vec<_> = prices.iter().map(|row| row.0.to_string()).collect();
    assert_eq!(prices, ["0.10", "0.20", "12.50"]);

    let price = |operator, text| binary(col("price"), operator, value(dec(text)));
    assert_eq!(ids(&db, &BOOK, price(Operator::Lt, "5")).await, [2, 3]);
    assert_eq!(ids(&db, &BOOK, price(Operator::Eq, "12.5")).await, [1]);
    // In binary, 0.1 + 0.2 is not 0.3.
    let more = binary(col("price"), Operator::Add, value(dec("0.2")));
    assert_eq!(ids(&db, &BOOK, eq(more, value(dec("0.3")))).await, [2]);
    let sum = select(
        &BOOK,
        [aggregate(Aggregate::Sum, col("price"))],
        Some(price(Operator::Lt, "1")),
    );
    let sums: Vec<(Decimal,)> = rows(&db, sum).await.unwrap();
    assert_eq!(sums[0].0.to_string(), "0.30");
    let none = select(
        &BOOK,
        [aggregate(Aggregate::Sum, col("price"))],
        Some(price(Operator::Lt, "0")),
    );
    assert_eq!(rows::<(Option<Decimal>,)>(&db, none).await.unwrap(), [(None,)]);

    // 0.10 * 1.25 is 0.125, and rounds up.
    let dearer = binary(col("price"), Operator::Mul, value(dec("1.25")));
    update(&db, vec![("price", dearer)], Some(eq(col("id"), value(2_i64))))
        .await
        .unwrap();
    assert_eq!(ids(&db, &BOOK, price(Operator::Eq, "0.13")).await, [2]);
    // A whole price is no integer: half of it has digits.
    update(&db, vec![("price", value(dec("5")))], None).await.unwrap();
    let half = binary(col("price"), Operator::Div, value(dec("2")));
    update(&db, vec![("price", half)], None).await.unwrap();
    assert_eq!(ids(&db, &BOOK, price(Operator::Eq, "2.5")).await, [1, 2, 3]);
}

async fn calculations(db: Database) {
    shop(&db).await.unwrap();
    let fewer = binary(col("stock"), Operator::Sub, value(1));
    let some = binary(col("stock"), Operator::Gt, value(0));
    assert_eq!(update(&db, vec![("stock", fewer)], Some(some)).await.unwrap(), 2);
    let query = select(
        &BOOK,
        [
            aggregate(Aggregate::Sum, col("stock")),
            aggregate(Aggregate::Min, col("stock")),
            aggregate(Aggregate::Max, col("stock")),
        ],
        None,
    );
    assert_eq!(rows::<(i64, i32, i32)>(&db, query).await.unwrap(), [(8, 0, 6)]);
    let mean = select(&BOOK, [aggregate(Aggregate::Avg, col("stock"))], None);
    let mean: Vec<(f64,)> = rows(&db, mean).await.unwrap();
    assert!((mean[0].0 - 8.0 / 3.0).abs() < 1e-9);
    let ids_sum = select(&BOOK, [aggregate(Aggregate::Sum, col("id"))], None);
    assert_eq!(rows::<(i64,)>(&db, ids_sum).await.unwrap(), [(6,)]);
}

async fn slices_in_order(db: Database) {
    shop(&db).await.unwrap();
    let page = async |limit, offset, descending| {
        let mut query = select(&BOOK, [col("id")], None);
        query.order = vec![
            Order::by(col("subtitle"), descending),
            Order::by(col("id"), false),
        ];
        query.limit = limit;
        query.offset = offset;
        let found: Vec<(i64,)> = rows(&db, query).await.unwrap();
        found.into_iter().map(|row| row.0).collect::<Vec<_>>()
    };
    assert_eq!(page(None, None, false).await, [2, 1, 3]);
    assert_eq!(page(None, None, true).await, [1, 3, 2]);
    assert_eq!(page(Some(1), Some(1), false).await, [1]);
    assert_eq!(page(None, Some(2), false).await, [3]);
    assert_eq!(page(Some(5), Some(9), false).await, [0; 0]);
    assert_eq!(page(Some(u64::MAX), None, false).await.len(), 3);
}

async fn counts_by_subquery_and_group(db: Database) {
    shop(&db).await.unwrap();
    let count = || Expr::Aggregate {
        function: Aggregate::Count,
        expr: None,
        distinct: false,
        filter: None,
    };
    let books = select(
        &BOOK,
        [count()],
        Some(eq(
            col("author_id"),
            Expr::Outer {
                path: [].into(),
                column: "id",
            },
        )),
    );
    let mut query = select(&AUTHOR, [col("name"), Expr::Subquery(Box::new(books))], None);
    query.order = vec![Order::by(col("id"), false)];
    let found: Vec<(String, i64)> = rows(&db, query).await.unwrap();
    assert_eq!(found, [("Django".to_owned(), 2), ("Stéphane".to_owned(), 1)]);

    let country = over(&[&BOOK_AUTHOR, &AUTHOR_COUNTRY], "name");
    let mut query = select(&BOOK, [country.clone(), count()], None);
    query.group_by = vec![country];
    query.having = Some(binary(count(), Operator::Gt, value(1_i64)));
    assert_eq!(
        rows::<(String, i64)>(&db, query).await.unwrap(),
        [("Belgium".to_owned(), 2)]
    );
}

async fn writes_over_relations(db: Database) {
    shop(&db).await.unwrap();
    let of = |country: &str| eq(over(&[&BOOK_AUTHOR, &AUTHOR_COUNTRY], "name"), value(country));
    assert_eq!(
        update(&db, vec![("stock", value(9))], Some(of("Belgium")))
            .await
            .unwrap(),
        2
    );
    assert_eq!(delete(&db, &BOOK, Some(of("France"))).await.unwrap(), 1);
    let query = select(&BOOK, [col("id"), col("stock")], None);
    assert_eq!(rows::<(i64, i32)>(&db, query).await.unwrap(), [(1, 9), (2, 9)]);
}

async fn row_locks(db: Database) {
    shop(&db).await.unwrap();
    let locked = || {
        let mut query = select(&BOOK, [col("stock"), over(&[&BOOK_EDITOR], "name")], None);
        query.lock = Some(crate::query::Lock::default());
        query
    };
    assert!(
        rows::<(i32, Option<String>)>(&db, locked())
            .await
            .unwrap_err()
            .is_transaction_required()
    );
    let found = atomic(async || {
        let found: Vec<(i32, Option<String>)> = rows(&db, locked()).await?;
        raw("UPDATE book SET stock = 0").execute().await?;
        Ok(found.len())
    })
    .using(&db);
    assert_eq!(found.await.unwrap(), 3);
}

static HEN: ModelMeta = ModelMeta::new("Hen", "hen").columns(&[
    ColumnMeta::new("id", "id", Kind::BigInt).automatic(),
    ColumnMeta::new("egg", "egg_id", Kind::BigInt)
        .nullable(true)
        .references(&HEN_EGG),
]);
static EGG: ModelMeta = ModelMeta::new("Egg", "egg").columns(&[
    ColumnMeta::new("id", "id", Kind::BigInt).automatic(),
    ColumnMeta::new("hen", "hen_id", Kind::BigInt)
        .nullable(true)
        .references(&EGG_HEN),
    ColumnMeta::new("twin", "twin_id", Kind::BigInt)
        .nullable(true)
        .references(&EGG_TWIN),
]);
static HEN_EGG: RelationMeta =
    RelationMeta::foreign_key("egg", || &HEN, || &EGG, "egg_id", "id", OnDelete::SetNull).nullable();
static EGG_HEN: RelationMeta =
    RelationMeta::foreign_key("hen", || &EGG, || &HEN, "hen_id", "id", OnDelete::Protect).nullable();
static EGG_TWIN: RelationMeta =
    RelationMeta::foreign_key("twin", || &EGG, || &EGG, "twin_id", "id", OnDelete::SetNull).nullable();

async fn models_in_a_circle(db: Database) {
    for _ in 0..2 {
        create_tables(&db, &[&HEN, &EGG]).await.unwrap();
    }
    insert(&db, &HEN, &["egg_id"], vec![vec![Value::Null(Kind::BigInt)]])
        .await
        .unwrap();
    insert(&db, &EGG, &["hen_id"], vec![vec![1_i64.into()]])
        .await
        .unwrap();
    insert(&db, &EGG, &["twin_id"], vec![vec![1_i64.into()]])
        .await
        .unwrap();
    for (model, column) in [(&HEN, "egg_id"), (&EGG, "hen_id"), (&EGG, "twin_id")] {
        let nowhere = insert(&db, model, &[column], vec![vec![9_i64.into()]])
            .await
            .unwrap_err();
        assert!(nowhere.is_foreign_key_violation(), "{column}: {nowhere:?}");
    }
    assert!(
        delete(&db, &HEN, None)
            .await
            .unwrap_err()
            .is_foreign_key_violation()
    );
}

/// What Django's own tables hold: its types, and values as its SQLite backend writes them.
#[test]
fn what_django_wrote_is_read() {
    common::with_database(
        common::Backend::SqliteFile,
        |options| options,
        |db| {
            let run = |sql: &'static str| raw(sql).using(&db).execute().wait().unwrap();
            run("CREATE TABLE everything (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, yes bool, decimal decimal,
                 date date, time time, timestamp datetime, uuid char(32), json text CHECK (JSON_VALID(json) OR json IS NULL))");
            run("INSERT INTO everything (yes, decimal, date, time, timestamp, uuid, json) VALUES
                 (1, '12.50', '2026-11-20', '10:11:12.000013', '2026-11-20 10:11:12.123456', '12345678901234567890123456789012', '[1, null]'),
                 (0, '12', '2026-11-20', '10:11:12', '2026-11-20 10:11:12', '0000000000000000000000000000000a', '{}')");
            type Found = (bool, Decimal, Date, Time, Timestamp, Uuid, serde_json::Value);
            let names = ["yes", "decimal", "date", "time", "timestamp", "uuid", "json"];
            let mut query = select(&EVERYTHING, names.map(col), None);
            query.order = vec![Order::by(col("id"), false)];
            let found: Vec<Found> = nuages_bridge::async_to_sync(rows(&db, query)).unwrap().unwrap();
            let date = "2026-11-20".parse::<Date>().unwrap();
            assert_eq!(
                found,
                [
                    (
                        true,
                        dec("12.500"),
                        date,
                        "10:11:12.000013".parse().unwrap(),
                        "2026-11-20T10:11:12.123456Z".parse().unwrap(),
                        Uuid::from_u128(0x1234_5678_9012_3456_7890_1234_5678_9012),
                        json!([1, null]),
                    ),
                    (
                        false,
                        dec("12.000"),
                        date,
                        "10:11:12".parse().unwrap(),
                        "2026-11-20T10:11:12Z".parse().unwrap(),
                        Uuid::from_u128(10),
                        json!({}),
                    ),
                ]
            );
            // And found, by values that are bound our way.
            let by = |column, value: Value| {
                let query = select(
                    &EVERYTHING,
                    [col("id")],
                    Some(eq(col(column), Expr::Value(value))),
                );
                nuages_bridge::async_to_sync(rows::<(i64,)>(&db, query))
                    .unwrap()
                    .unwrap()
            };
            assert_eq!(by("decimal", dec("12.5").into()), [(1,)]);
            assert_eq!(by("yes", true.into()), [(1,)]);
            assert_eq!(by("time", "10:11:12".parse::<Time>().unwrap().into()), [(2,)]);
            assert_eq!(
                by(
                    "timestamp",
                    "2026-11-20T10:11:12Z".parse::<Timestamp>().unwrap().into()
                ),
                [(2,)]
            );
            assert_eq!(by("uuid", Uuid::from_u128(10).into()), [(2,)]);
        },
    );
}
