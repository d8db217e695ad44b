//! The SQL of both dialects, as it is sent.

use super::compile;
use crate::query::{
    Aggregate, Delete, Expr, Insert, Operator, Order, Place, Select, Statement, Update, null,
};
use crate::testing::*;
use crate::{Dialect, Kind, Value};

/// Compiles for one dialect, inside a transaction.
fn sql(dialect: Dialect, statement: Statement) -> (String, Vec<Value>) {
    let compiled = compile(dialect, statement, true).unwrap();
    (compiled.sql.into_owned(), compiled.values)
}

/// Checks the SQL of both dialects, and that they bind the same values.
#[track_caller]
fn both(statement: Statement, sqlite: &str, postgres: &str) -> Vec<Value> {
    let (found, values) = sql(Dialect::Sqlite, statement.clone());
    assert_eq!(found, sqlite);
    let (found, same) = sql(Dialect::Postgres, statement);
    assert_eq!(found, postgres);
    assert_eq!(values, same);
    values
}

/// The WHERE of a query over books.
#[track_caller]
fn filter(filter: Expr, sqlite: &str, postgres: &str) -> Vec<Value> {
    let prefix = r#"SELECT "t0"."id" FROM "book" AS "t0" WHERE "#;
    let statement = Statement::Select(select(&BOOK, [col("id")], Some(filter)));
    both(
        statement,
        &format!("{prefix}{sqlite}"),
        &format!("{prefix}{postgres}"),
    )
}

fn matching(place: Place, pattern: &str, case_sensitive: bool) -> Expr {
    Expr::Match {
        expr: Box::new(col("title")),
        place,
        pattern: pattern.to_owned(),
        case_sensitive,
    }
}

fn count() -> Expr {
    Expr::Aggregate {
        function: Aggregate::Count,
        expr: None,
        distinct: false,
        filter: None,
    }
}

#[test]
fn one_join_a_path_and_outer_joins_where_a_row_may_be_missing() {
    let mut query = select(
        &BOOK,
        [
            col("title"),
            over(&[&BOOK_AUTHOR], "name"),
            over(&[&BOOK_AUTHOR, &AUTHOR_COUNTRY], "name"),
            over(&[&BOOK_EDITOR, &AUTHOR_COUNTRY], "name"),
        ],
        Some(eq(over(&[&BOOK_AUTHOR, &AUTHOR_COUNTRY], "name"), value("BE"))),
    );
    query.order = vec![Order::by(over(&[&BOOK_AUTHOR], "name"), true)];
    let text = |placeholder: &str| {
        format!(
            r#"SELECT "t0"."title", "t1"."name", "t2"."name", "t4"."name" FROM "book" AS "t0" INNER JOIN "author" AS "t1" ON "t0"."author_id" = "t1"."id" INNER JOIN "country" AS "t2" ON "t1"."country_id" = "t2"."id" LEFT JOIN "author" AS "t3" ON "t0"."editor_id" = "t3"."id" LEFT JOIN "country" AS "t4" ON "t3"."country_id" = "t4"."id" WHERE ("t2"."name" = {placeholder}) ORDER BY "t1"."name" DESC"#
        )
    };
    let values = both(Statement::Select(query), &text("?1"), &text("$1"));
    assert_eq!(values, [Value::from("BE")]);
}

#[test]
fn the_key_of_a_related_row_needs_no_join() {
    filter(
        eq(over(&[&BOOK_AUTHOR], "id"), value(3_i64)),
        r#"("t0"."author_id" = ?1)"#,
        r#"("t0"."author_id" = $1)"#,
    );
    let by_country = eq(over(&[&BOOK_AUTHOR, &AUTHOR_COUNTRY], "id"), value(3_i64));
    let (found, _) = sql(
        Dialect::Sqlite,
        Statement::Select(select(&BOOK, [col("id")], Some(by_country))),
    );
    assert_eq!(
        found,
        r#"SELECT "t0"."id" FROM "book" AS "t0" INNER JOIN "author" AS "t1" ON "t0"."author_id" = "t1"."id" WHERE ("t1"."country_id" = ?1)"#
    );
}

#[test]
fn a_relation_of_another_model_is_refused() {
    let query = select(&COUNTRY, [over(&[&BOOK_AUTHOR], "name")], None);
    let error = compile(Dialect::Sqlite, Statement::Select(query), false).unwrap_err();
    assert!(error.is_configuration(), "{error}");
}

#[test]
fn conditions() {
    filter(
        Expr::And(vec![
            binary(col("stock"), Operator::Gt, value(0)),
            Expr::Or(vec![eq(col("title"), value("a")), eq(col("title"), value("b"))]),
        ]),
        r#"(("t0"."stock" > ?1) AND (("t0"."title" = ?2) OR ("t0"."title" = ?3)))"#,
        r#"(("t0"."stock" > $1) AND (("t0"."title" = $2) OR ("t0"."title" = $3)))"#,
    );
    filter(Expr::And(vec![]), "TRUE", "TRUE");
    filter(Expr::Or(vec![]), "FALSE", "FALSE");
    filter(Expr::In(Box::new(col("id")), vec![]), "FALSE", "FALSE");
    filter(
        Expr::In(
            Box::new(col("id")),
            vec![1_i64.into(), Value::Null(Kind::BigInt), 2_i64.into()],
        ),
        r#"("t0"."id" IN (?1, ?2))"#,
        r#"("t0"."id" IN ($1, $2))"#,
    );
    filter(
        eq(col("editor_id"), null(Kind::BigInt)),
        r#"("t0"."editor_id" IS NULL)"#,
        r#"("t0"."editor_id" IS NULL)"#,
    );
    filter(
        Expr::IsNull(Box::new(col("subtitle")), false),
        r#"("t0"."subtitle" IS NOT NULL)"#,
        r#"("t0"."subtitle" IS NOT NULL)"#,
    );
}

#[test]
fn not_knows_about_null() {
    filter(
        not(eq(col("stock"), value(1))),
        r#"NOT ("t0"."stock" = ?1)"#,
        r#"NOT ("t0"."stock" = $1)"#,
    );
    filter(
        not(eq(col("subtitle"), value("a"))),
        r#"(("t0"."subtitle" = ?1) IS NOT TRUE)"#,
        r#"(("t0"."subtitle" = $1) IS NOT TRUE)"#,
    );
}

#[test]
fn not_over_a_to_many_relation_means_none() {
    let query = select(
        &AUTHOR,
        [col("id")],
        Some(not(eq(over(&[&AUTHOR_BOOKS], "title"), value("a")))),
    );
    let text = |placeholder: &str| {
        format!(
            r#"SELECT "t0"."id" FROM "author" AS "t0" WHERE NOT ("t0"."id" IN (SELECT "t1"."id" FROM "author" AS "t1" LEFT JOIN "book" AS "t2" ON "t1"."id" = "t2"."author_id" WHERE ("t2"."title" = {placeholder})))"#
        )
    };
    both(Statement::Select(query), &text("?1"), &text("$1"));
}

#[test]
fn text_matches_escape_their_own_signs() {
    let of = |sqlite: (&str, &str), postgres: (&str, &str), expr: Expr| {
        for (dialect, (text, pattern)) in [(Dialect::Sqlite, sqlite), (Dialect::Postgres, postgres)] {
            let query = select(&BOOK, [col("id")], Some(expr.clone()));
            let (found, values) = sql(dialect, Statement::Select(query));
            assert!(found.ends_with(&format!("WHERE ({text})")), "{found}");
            assert_eq!(values, [Value::from(pattern)]);
        }
    };
    of(
        (r#""t0"."title" GLOB ?1"#, "*50% [*]_[?][[]\\*"),
        (r#""t0"."title" LIKE $1"#, r"%50\% *\_?[\\%"),
        matching(Place::Anywhere, r"50% *_?[\", true),
    );
    of(
        (r#"nuages_fold("t0"."title") GLOB ?1"#, "école*"),
        (r#"UPPER("t0"."title") LIKE UPPER($1)"#, "ÉCOLE%"),
        matching(Place::Start, "ÉCOLE", false),
    );
    of(
        (r#""t0"."title" GLOB ?1"#, "*a"),
        (r#""t0"."title" LIKE $1"#, "%a"),
        matching(Place::End, "a", true),
    );
    of(
        (r#""t0"."title" = ?1"#, "a*"),
        (r#""t0"."title" = $1"#, "a*"),
        matching(Place::Whole, "a*", true),
    );
    of(
        (r#"nuages_fold("t0"."title") = ?1"#, "a%"),
        (r#"UPPER("t0"."title") = UPPER($1)"#, "A%"),
        matching(Place::Whole, "A%", false),
    );
}

#[test]
fn slices_and_orders() {
    let mut query = select(&BOOK, [col("id")], None);
    query.order = vec![
        Order::by(col("subtitle"), false),
        Order::by(over(&[&BOOK_EDITOR], "name"), true),
        Order::by(col("id"), false),
    ];
    query.limit = Some(20);
    query.offset = Some(40);
    query.distinct = true;
    let from = r#"SELECT DISTINCT "t0"."id" FROM "book" AS "t0" LEFT JOIN "author" AS "t1" ON "t0"."editor_id" = "t1"."id""#;
    let values = both(
        Statement::Select(query),
        &format!(
            r#"{from} ORDER BY "t0"."subtitle" ASC NULLS LAST, "t1"."name" DESC NULLS FIRST, "t0"."id" ASC LIMIT ?1 OFFSET ?2"#
        ),
        &format!(
            r#"{from} ORDER BY "t0"."subtitle" ASC, "t1"."name" DESC, "t0"."id" ASC LIMIT $1 OFFSET $2"#
        ),
    );
    assert_eq!(values, [Value::BigInt(20), Value::BigInt(40)]);

    let mut query = select(&BOOK, [], None);
    query.offset = Some(5);
    both(
        Statement::Select(query),
        r#"SELECT 1 FROM "book" AS "t0" LIMIT -1 OFFSET ?1"#,
        r#"SELECT 1 FROM "book" AS "t0" OFFSET $1"#,
    );
}

#[test]
fn groups() {
    let name = over(&[&BOOK_AUTHOR], "name");
    let mut query = select(&BOOK, [name.clone(), count()], None);
    query.group_by = vec![name];
    query.having = Some(binary(count(), Operator::Gt, value(3_i64)));
    query.order = vec![Order::by(count(), true)];
    let text = |placeholder: &str| {
        format!(
            r#"SELECT "t1"."name", COUNT(*) FROM "book" AS "t0" INNER JOIN "author" AS "t1" ON "t0"."author_id" = "t1"."id" GROUP BY "t1"."name" HAVING (COUNT(*) > {placeholder}) ORDER BY COUNT(*) DESC"#
        )
    };
    both(Statement::Select(query), &text("?1"), &text("$1"));
}

#[test]
fn subqueries_see_the_query_around_them() {
    let of_author = || {
        eq(
            col("author_id"),
            Expr::Outer {
                path: [].into(),
                column: "id",
            },
        )
    };
    let counted = select(&BOOK, [count()], Some(of_author()));
    let of_country = eq(
        col("id"),
        Expr::Outer {
            path: [&AUTHOR_COUNTRY].into(),
            column: "id",
        },
    );
    let named = select(&COUNTRY, [], Some(of_country));
    let query = select(
        &AUTHOR,
        [col("name"), Expr::Subquery(Box::new(counted))],
        Some(Expr::Exists(Box::new(named))),
    );
    let text = r#"SELECT "t0"."name", (SELECT COUNT(*) FROM "book" AS "t1" WHERE ("t1"."author_id" = "t0"."id")) FROM "author" AS "t0" WHERE EXISTS (SELECT 1 FROM "country" AS "t2" WHERE ("t2"."id" = "t0"."country_id"))"#;
    both(Statement::Select(query), text, text);

    let lost = select(&BOOK, [], Some(of_author()));
    assert!(
        compile(Dialect::Sqlite, Statement::Select(lost), false)
            .unwrap_err()
            .is_configuration()
    );
}

#[test]
fn a_join_that_a_subquery_needs_is_made_around_it() {
    let counted = select(
        &BOOK,
        [count()],
        Some(eq(
            col("title"),
            Expr::Outer {
                path: [&AUTHOR_COUNTRY].into(),
                column: "name",
            },
        )),
    );
    let query = select(&AUTHOR, [Expr::Subquery(Box::new(counted))], None);
    let text = r#"SELECT (SELECT COUNT(*) FROM "book" AS "t1" WHERE ("t1"."title" = "t2"."name")) FROM "author" AS "t0" INNER JOIN "country" AS "t2" ON "t0"."country_id" = "t2"."id""#;
    both(Statement::Select(query), text, text);
}

#[test]
fn row_locks_need_a_transaction() {
    let mut query = select(&BOOK, [col("id"), over(&[&BOOK_EDITOR], "name")], None);
    query.lock = Some(crate::query::Lock::default());
    let from = r#"SELECT "t0"."id", "t1"."name" FROM "book" AS "t0" LEFT JOIN "author" AS "t1" ON "t0"."editor_id" = "t1"."id""#;
    both(
        Statement::Select(query.clone()),
        from,
        &format!(r#"{from} FOR UPDATE OF "t0""#),
    );
    for dialect in [Dialect::Sqlite, Dialect::Postgres] {
        let error = compile(dialect, Statement::Select(query.clone()), false).unwrap_err();
        assert!(error.is_transaction_required(), "{error}");
        assert!(error.to_string().contains("select_for_update"), "{error}");
    }
}

#[test]
fn inserts() {
    let row = |title: &str| {
        vec![
            title.into(),
            "12.345".parse::<rust_decimal::Decimal>().unwrap().into(),
        ]
    };
    let insert = Insert {
        model: &BOOK,
        columns: vec!["title", "price"],
        rows: vec![row("a"), row("b")],
        conflict: None,
        returning: vec!["id", "price"],
    };
    let compiled = compile(Dialect::Sqlite, Statement::Insert(insert.clone()), false).unwrap();
    assert_eq!(
        compiled.sql,
        r#"INSERT INTO "book" ("title", "price") VALUES (?1, ?2), (?3, ?4) RETURNING "id", "price""#
    );
    // Rounded to the column, as PostgreSQL does, and to be read back with the column's places.
    assert_eq!(compiled.values[1], Value::Decimal("12.35".parse().unwrap()));
    assert_eq!(compiled.places.as_deref(), Some(&[None, Some(2)][..]));
    assert!(compiled.writes);
    let (found, _) = sql(Dialect::Postgres, Statement::Insert(insert));
    assert_eq!(
        found,
        r#"INSERT INTO "book" ("title", "price") VALUES ($1, $2), ($3, $4) RETURNING "id", "price""#
    );

    let empty = Insert {
        model: &COUNTRY,
        columns: vec![],
        rows: vec![vec![]],
        conflict: None,
        returning: vec![],
    };
    let text = r#"INSERT INTO "country" DEFAULT VALUES"#;
    both(Statement::Insert(empty), text, text);
}

#[test]
fn a_decimal_that_the_column_has_no_room_for_is_refused() {
    let insert = |price: &str| Insert {
        model: &BOOK,
        columns: vec!["price"],
        rows: vec![vec![Value::Decimal(price.parse().unwrap())]],
        conflict: None,
        returning: vec![],
    };
    assert!(compile(Dialect::Sqlite, Statement::Insert(insert("999999.99")), false).is_ok());
    assert!(compile(Dialect::Sqlite, Statement::Insert(insert("0")), false).is_ok());
    let error = compile(Dialect::Sqlite, Statement::Insert(insert("999999.995")), false).unwrap_err();
    assert!(error.to_string().contains("price"), "{error}");
}

#[test]
fn updates() {
    let less = binary(col("stock"), Operator::Sub, value(1));
    let more = binary(
        col("price"),
        Operator::Mul,
        Expr::Value(Value::Decimal("1.1".parse().unwrap())),
    );
    let update = Update {
        model: &BOOK,
        set: vec![("stock", less), ("price", more), ("title", value("x"))],
        filter: Some(eq(col("id"), value(3_i64))),
    };
    both(
        Statement::Update(update),
        r#"UPDATE "book" AS "t0" SET "stock" = ("t0"."stock" - ?1), "price" = nuages_round(nuages_multiply("t0"."price", ?2), 2), "title" = ?3 WHERE ("t0"."id" = ?4)"#,
        r#"UPDATE "book" AS "t0" SET "stock" = ("t0"."stock" - $1), "price" = ("t0"."price" * $2), "title" = $3 WHERE ("t0"."id" = $4)"#,
    );
    let foreign = Update {
        model: &BOOK,
        set: vec![("title", over(&[&BOOK_AUTHOR], "name"))],
        filter: None,
    };
    let error = compile(Dialect::Postgres, Statement::Update(foreign), false).unwrap_err();
    assert!(error.is_configuration(), "{error}");
}

#[test]
fn writes_over_relations_pick_their_rows_by_a_subquery() {
    let filter = Some(eq(over(&[&BOOK_AUTHOR], "name"), value("a")));
    let picked = |placeholder: &str| {
        format!(
            r#"WHERE "t0"."id" IN (SELECT "t2"."id" FROM "book" AS "t2" INNER JOIN "author" AS "t3" ON "t2"."author_id" = "t3"."id" WHERE ("t3"."name" = {placeholder}))"#
        )
    };
    let values = both(
        Statement::Delete(Delete {
            model: &BOOK,
            filter: filter.clone(),
        }),
        &format!(r#"DELETE FROM "book" AS "t0" {}"#, picked("?1")),
        &format!(r#"DELETE FROM "book" AS "t0" {}"#, picked("$1")),
    );
    assert_eq!(values.len(), 1);
    both(
        Statement::Update(Update {
            model: &BOOK,
            set: vec![("stock", value(0))],
            filter,
        }),
        &format!(r#"UPDATE "book" AS "t0" SET "stock" = ?1 {}"#, picked("?2")),
        &format!(r#"UPDATE "book" AS "t0" SET "stock" = $1 {}"#, picked("$2")),
    );
    both(
        Statement::Delete(Delete {
            model: &BOOK,
            filter: None,
        }),
        r#"DELETE FROM "book" AS "t0""#,
        r#"DELETE FROM "book" AS "t0""#,
    );
}

#[test]
fn decimals_are_calculated_exactly_where_sqlite_would_not() {
    let sum = Expr::Aggregate {
        function: Aggregate::Sum,
        expr: Some(Box::new(col("price"))),
        distinct: false,
        filter: None,
    };
    let half = binary(col("price"), Operator::Div, value(2));
    let query: Select = select(&BOOK, [sum, half], None);
    let compiled = compile(Dialect::Sqlite, Statement::Select(query), false).unwrap();
    assert_eq!(
        compiled.sql,
        r#"SELECT nuages_sum("t0"."price"), nuages_divide("t0"."price", ?1) FROM "book" AS "t0""#
    );
    assert_eq!(compiled.places.as_deref(), Some(&[Some(2), None][..]));
}

#[test]
fn names_are_quoted() {
    let mut sql = String::new();
    super::quote("a\"; DROP TABLE book; --", &mut sql);
    assert_eq!(sql, "\"a\"\"; DROP TABLE book; --\"");
}
