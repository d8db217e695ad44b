//! Typed queries with random values, and what they give.

use nuages_orm::prelude::*;
use nuages_orm::{Database, Value, Window, row_number};

use crate::data::{Data, Random, Row};
use crate::models::{Author, Book, City, Reader};

fn int(row: &Row, column: &str) -> Option<i64> {
    match &row[column] {
        Value::Int(value) => Some(i64::from(*value)),
        Value::BigInt(value) => Some(*value),
        _ => None,
    }
}

fn text<'r>(row: &'r Row, column: &str) -> Option<&'r str> {
    match &row[column] {
        Value::Text(text) => Some(text),
        _ => None,
    }
}

fn ids<'r>(rows: impl IntoIterator<Item = &'r Row>) -> Vec<i64> {
    let mut ids: Vec<i64> = rows.into_iter().filter_map(|row| int(row, "id")).collect();
    ids.sort_unstable();
    ids
}

fn found<S: Record>(records: &[S]) -> Vec<i64>
where
    <S::Model as Model>::Key: Into<i64>,
{
    let mut ids: Vec<i64> = records.iter().map(|record| record.primary_key().into()).collect();
    ids.sort_unstable();
    ids
}

pub(crate) fn check(_: &Database, data: &Data, random: &mut Random) {
    let few = i32::try_from(random.below(5)).unwrap();
    let letter = *random.pick(&["a", "b", "ab", "%"]);
    let (books, authors, cities) = (
        data.of(Book::meta()),
        data.of(Author::meta()),
        data.of(City::meta()),
    );
    let author_of = |book: &Row| {
        authors
            .iter()
            .find(|author| int(author, "id") == int(book, "author_id"))
            .unwrap()
    };
    let books_of = |author: &Row| {
        books
            .iter()
            .filter(|book| int(book, "author_id") == int(author, "id"))
            .collect::<Vec<_>>()
    };

    // Over a to-one relation, and back.
    let query = Book::objects().filter(|b| b.stock.gt(few) & !b.author.name.icontains(letter));
    let expected = books.iter().filter(|book| {
        int(book, "stock") > Some(few.into())
            && !text(author_of(book), "name")
                .unwrap()
                .to_lowercase()
                .contains(letter)
    });
    assert_eq!(found(&query.all().wait().unwrap()), ids(expected));

    // Over to-many relations: one row, and rows.
    let query = Author::objects().filter(|a| a.books.stock.ge(few) & a.books.title.startswith(letter));
    let expected = authors.iter().filter(|author| {
        books_of(author).iter().any(|book| {
            int(book, "stock") >= Some(few.into()) && text(book, "title").unwrap().starts_with(letter)
        })
    });
    assert_eq!(found(&query.all().wait().unwrap()), ids(expected));

    // Numbers of several to-many relations at once.
    let rows = Author::objects()
        .annotate(|a| {
            (
                a.books.filter(|b| b.stock.lt(few)).count(),
                a.edited.count(),
                a.pupils.count(),
            )
        })
        .order_by(|a, _| a.id)
        .all()
        .wait()
        .unwrap();
    for (author, few_books, edited, pupils) in rows {
        let own = authors
            .iter()
            .find(|row| int(row, "id") == Some(author.primary_key()))
            .unwrap();
        let count = |rows: &[Row], column: &str| {
            rows.iter()
                .filter(|row| int(row, column) == int(own, "id"))
                .count()
        };
        let few_expected = books_of(own)
            .iter()
            .filter(|book| int(book, "stock") < Some(few.into()))
            .count();
        let expected = (
            few_expected,
            count(books, "editor_id"),
            count(authors, "mentor_id"),
        );
        assert_eq!(
            (few_books, edited, pupils),
            (as_i64(expected.0), as_i64(expected.1), as_i64(expected.2))
        );
    }

    // Loaded relations.
    let rows = Book::objects()
        .select_related(|b| b.author.country)
        .select_related(|b| b.editor)
        .all()
        .wait()
        .unwrap();
    for book in &rows {
        let own = books
            .iter()
            .find(|row| int(row, "id") == Some(book.primary_key()))
            .unwrap();
        assert_eq!(Some(book.author.primary_key()), int(own, "author_id"));
        assert_eq!(
            Some(book.author.country.primary_key()),
            int(author_of(own), "country_id")
        );
        assert_eq!(
            book.editor.as_ref().map(|editor| editor.primary_key()),
            int(own, "editor_id")
        );
    }
    let rows = Author::objects()
        .prefetch_related(|a| a.books.filter(|b| b.stock.ge(few)))
        .all()
        .wait()
        .unwrap();
    for author in &rows {
        let own = authors
            .iter()
            .find(|row| int(row, "id") == Some(author.primary_key()))
            .unwrap();
        let expected = books_of(own)
            .into_iter()
            .filter(|book| int(book, "stock") >= Some(few.into()));
        assert_eq!(found(&author.books), ids(expected));
    }

    // The first of each group, by a window and by `distinct_on`.
    let first = Book::objects()
        .annotate(|b| {
            row_number().over(
                Window::new()
                    .partition_by(b.author.id)
                    .order_by((b.stock.desc(), b.id)),
            )
        })
        .filter(|_, number| number.eq(1))
        .records();
    let same = Book::objects()
        .order_by(|b| (b.stock.desc(), b.id))
        .distinct_on(|b| b.author.id);
    let expected = authors.iter().filter_map(|author| {
        books_of(author)
            .into_iter()
            .max_by_key(|book| (int(book, "stock"), int(book, "id").map(|id| -id)))
    });
    let expected = ids(expected);
    assert_eq!(found(&first.all().wait().unwrap()), expected);
    assert_eq!(found(&same.all().wait().unwrap()), expected);

    // Queries in queries, and put together.
    let coastal = City::objects().filter(|c| c.coastal.eq(true));
    let query = Reader::objects()
        .filter(|r| r.city.in_query(coastal.clone()))
        .union(Reader::objects().filter(|r| r.member.eq(true)));
    let expected = data.of(Reader::meta()).iter().filter(|reader| {
        let city = cities
            .iter()
            .find(|city| int(city, "id") == int(reader, "city_id"));
        reader["member"] == Value::Bool(true) || city.is_some_and(|city| city["coastal"] == Value::Bool(true))
    });
    let expected = ids(expected);
    assert_eq!(found(&query.clone().all().wait().unwrap()), expected);
    assert_eq!(
        query.clone().count().wait().unwrap(),
        u64::try_from(expected.len()).unwrap()
    );
    assert_eq!(
        query.aggregate(|r| r.id.sum().coalesce(0)).wait().unwrap(),
        expected.iter().sum::<i64>()
    );
}

fn as_i64(count: usize) -> i64 {
    i64::try_from(count).unwrap()
}
