//! Values of every kind, there and back, and what is calculated of them.

use super::*;

common::async_tests! {
    every_kind_comes_back;
    null_comes_back;
    money;
    calculations;
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
