//! The list of books, and each of them.

use askama::Template;
use nuages::prelude::*;

use super::Page;
use crate::models::{Author, Book, Country, author, book};

/// How many books a page of the list shows.
pub const PAGE: u64 = 20;

const ORDERS: [(&str, &str); 4] = [
    ("title", "Title"),
    ("author", "Author"),
    ("year", "Oldest first"),
    ("price", "Cheapest first"),
];

/// What the URL asks for. Everything in it is optional, and what makes no sense counts as not said.
#[derive(Clone, Debug, PartialEq)]
pub struct List {
    pub q: String,
    pub country: String,
    pub order: &'static str,
    pub page: u64,
    pub pages: u64,
    pub total: u64,
}

impl List {
    pub fn of(request: &Request) -> Self {
        let query = request.query();
        let text = |name| {
            query
                .get(name)
                .unwrap_or_default()
                .trim()
                .chars()
                .take(100)
                .collect()
        };
        let order = query
            .get("order")
            .and_then(|order| ORDERS.iter().find(|(value, _)| *value == order));
        let page = query
            .get("page")
            .and_then(|page| page.parse().ok())
            .unwrap_or(1_i64)
            .max(1)
            .unsigned_abs();
        Self {
            q: text("q"),
            country: text("country"),
            order: order.map_or("title", |(value, _)| value),
            page,
            pages: 1,
            total: 0,
        }
    }

    /// The query, before it is ordered and cut into pages.
    pub fn matching(&self) -> QuerySet<Book> {
        let mut books = Book::objects();
        if !self.q.is_empty() {
            books = books.filter(|b| b.title.icontains(&self.q) | b.author.name.icontains(&self.q));
        }
        if !self.country.is_empty() {
            books = books.filter(|b| b.author.country.code.eq(&self.country));
        }
        books
    }

    pub fn ordered(&self) -> QuerySet<Book> {
        match self.order {
            "author" => self.matching().order_by(|b| (b.author.name.asc(), b.title.asc())),
            "year" => self.matching().order_by(|b| (b.year.asc(), b.title.asc())),
            "price" => self.matching().order_by(|b| (b.price.asc(), b.title.asc())),
            _ => self.matching().order_by(|b| b.title.asc()),
        }
    }

    /// Settles on a page that exists.
    pub fn found(&mut self, total: u64) {
        self.total = total;
        self.pages = total.div_ceil(PAGE).max(1);
        self.page = self.page.clamp(1, self.pages);
    }

    /// The rows of the page.
    pub fn rows(&self) -> std::ops::Range<u64> {
        let first = (self.page - 1) * PAGE;
        first..first + PAGE
    }

    /// The address of another page of the same list.
    pub fn url(&self, page: u64) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in [
            ("q", self.q.as_str()),
            ("country", &self.country),
            ("order", self.order),
        ] {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        format!(
            "/books/?{}",
            query.append_pair("page", &page.to_string()).finish()
        )
    }

    /// Each order's value and label, and whether it is the chosen one.
    pub fn orders(&self) -> impl Iterator<Item = (&'static str, &'static str, bool)> {
        ORDERS
            .into_iter()
            .map(|(value, label)| (value, label, value == self.order))
    }

    pub fn is_country(&self, code: &str) -> bool {
        self.country == code
    }

    pub fn summary(&self) -> String {
        match self.total {
            0 => "No book fits.".to_owned(),
            1 => "One book.".to_owned(),
            n if self.pages == 1 => format!("{n} books."),
            n => format!("{n} books, page {} of {}.", self.page, self.pages),
        }
    }
}

#[derive(Template)]
#[template(path = "books.html")]
struct Books {
    page: Page,
    list: List,
    countries: Vec<Country>,
    books: Vec<With<Book, book::author>>,
}

/// Async: search, filter, order and page, all of it in the URL.
pub async fn book_list(request: Request) -> Result<Response> {
    let mut list = List::of(&request);
    let (total, countries) = tokio::try_join!(
        list.matching().count().into_future(),
        Country::objects().all().into_future()
    )?;
    list.found(total);
    let books = list
        .ordered()
        .select_related(|b| b.author)
        .slice(list.rows())
        .all()
        .await?;
    render(
        &request,
        Books {
            page: Page::of(&request),
            list,
            countries,
            books,
        },
    )
}

#[derive(Template)]
#[template(path = "book.html")]
struct BookDetail {
    page: Page,
    book: With<Book, book::author, With<Author, author::country>>,
}

/// Async: the book, its author and the author's country come in one query.
pub async fn book_detail(request: Request, Path(id): Path<i64>) -> Result<Response> {
    let books = Book::objects().select_related(|b| b.author.country);
    let book = get_object_or_404(books, |b| b.id.eq(id)).await?;
    render(
        &request,
        BookDetail {
            page: Page::of(&request),
            book,
        },
    )
}
