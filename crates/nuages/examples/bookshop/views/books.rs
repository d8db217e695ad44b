//! The list of books, and each of them.

use askama::Template;
use nuages::prelude::*;

use crate::models::{Author, Book, Country, author, book};

/// How many books a page of the list shows.
const PER_PAGE: u64 = 20;

/// What the URL asks for.
#[derive(Debug, Default, Form)]
pub struct Filter {
    #[form(label = "Title or author", widget = "search", max_length = 100)]
    pub q: Option<String>,
    #[form(empty = "All countries")]
    pub country: Option<String>,
    #[form(empty = "Title")]
    pub order: Option<Order>,
}

/// By what the list is ordered, if not by title.
#[derive(Clone, Copy, Debug, PartialEq, Choices)]
pub enum Order {
    Author,
    #[choice(value = "year", label = "Oldest first")]
    Year,
    #[choice(value = "price", label = "Cheapest first")]
    Price,
}

impl Filter {
    /// The form of the request's query, for the page to show.
    pub fn of(request: &Request) -> BoundForm<Self> {
        Self::bind(&FormData::from(request.query().clone()))
    }

    /// The query, before it is ordered and cut into pages.
    pub fn matching(&self) -> QuerySet<Book> {
        let mut books = Book::objects();
        if let Some(q) = &self.q {
            books = books.filter(|b| b.title.icontains(q) | b.author.name.icontains(q));
        }
        if let Some(country) = &self.country {
            books = books.filter(|b| b.author.country.code.eq(country));
        }
        books
    }

    pub fn ordered(&self) -> QuerySet<Book> {
        match self.order {
            Some(Order::Author) => self.matching().order_by(|b| (b.author.name.asc(), b.title.asc())),
            Some(Order::Year) => self.matching().order_by(|b| (b.year.asc(), b.title.asc())),
            Some(Order::Price) => self.matching().order_by(|b| (b.price.asc(), b.title.asc())),
            None => self.matching().order_by(|b| b.title.asc()),
        }
    }

    /// The page of books that the request asks for; past the last one, the last.
    pub async fn page(&self, request: &Request) -> Result<Page<With<Book, book::author>>> {
        let total = self.matching().count().await?;
        let paginator = Paginator::new(PER_PAGE).out_of_range(OutOfRange::Nearest);
        let pages = paginator.pages(request.query().get("page"), total)?;
        let books = self.ordered().select_related(|b| b.author).slice(pages.range());
        Ok(Page::new(books.all().await?, pages))
    }
}

fn summary(books: &Page<With<Book, book::author>>) -> String {
    match books.total() {
        0 => "No book fits.".to_owned(),
        1 => "One book.".to_owned(),
        n if !books.has_other_pages() => format!("{n} books."),
        n => format!("{n} books, page {} of {}.", books.number(), books.pages()),
    }
}

#[derive(Template)]
#[template(path = "books.html")]
struct Books {
    form: BoundForm<Filter>,
    summary: String,
    books: Page<With<Book, book::author>>,
}

/// Async: search, filter, order and page, all of it in the URL.
pub async fn book_list(request: Request) -> Result<Response> {
    let mut form = Filter::of(&request);
    let countries = Country::objects().all().await?;
    form.country
        .set_choices(countries.into_iter().map(|country| (country.code, country.name)));
    // What makes no sense counts as not said; the form says so at its field.
    let (filter, form) = match form.clone().validate() {
        Ok(filter) => (filter, form),
        Err(form) => (Filter::default(), form),
    };
    let books = filter.page(&request).await?;
    let summary = summary(&books);
    render(&request, Books { form, summary, books })
}

#[derive(Template)]
#[template(path = "book.html")]
struct BookDetail {
    book: With<Book, book::author, With<Author, author::country>>,
}

/// Async: the book, its author and the author's country come in one query.
pub async fn book_detail(request: Request, Path(id): Path<i64>) -> Result<Response> {
    let books = Book::objects().select_related(|b| b.author.country);
    let book = get_object_or_404(books, |b| b.id.eq(id)).await?;
    render(&request, BookDetail { book })
}
