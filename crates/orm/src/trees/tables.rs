//! Tables and their rules, and what is written to them.

use super::*;

common::async_tests! {
    foreign_keys;
    tables_are_created_once;
    text_is_not_longer_than_its_column;
    models_in_a_circle;
    row_locks;
    writes_over_relations;
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
