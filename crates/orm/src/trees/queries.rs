//! What is read.

use super::*;

common::async_tests! {
    related_columns;
    not_and_null;
    text_matches;
    slices_in_order;
    counts_by_subquery_and_group;
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
