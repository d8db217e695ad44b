//! Query trees, compiled and run on every database: what the typed layer relies on.

#![expect(clippy::unwrap_used, reason = "a test that fails panics")]

mod queries;
mod tables;
mod values;

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

fn aggregate(function: Aggregate, expr: Expr) -> Expr {
    Expr::Aggregate {
        function,
        expr: Some(Box::new(expr)),
        distinct: false,
        filter: None,
    }
}
