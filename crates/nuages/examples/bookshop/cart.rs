//! The cart: in a cookie, as `3:1,17:2`, book by book.

use nuages::prelude::*;

use crate::models::Book;

const COOKIE: &str = "cart";
/// More of one book, or more books than this, is a mistake or worse.
const MOST: i32 = 20;

/// The cart as the browser has it: books by their key, and how many copies.
#[derive(Clone, Debug, Default)]
pub struct Wishes(Vec<(i64, i32)>);

impl Wishes {
    /// What the request's cookie says. What is no wish is left out: a cookie is the client's, and may hold anything.
    pub fn of(request: &Request) -> Self {
        let mut wishes = Self::default();
        for wish in request.cookie(COOKIE).unwrap_or_default().split(',') {
            if let Some((book, copies)) = wish.split_once(':')
                && let (Ok(book), Ok(copies)) = (book.parse(), copies.parse::<i32>())
            {
                wishes.add(book, copies);
            }
        }
        wishes
    }

    pub fn add(&mut self, book: i64, copies: i32) {
        if copies < 1 {
            return;
        }
        if let Some((_, before)) = self.0.iter_mut().find(|(id, _)| *id == book) {
            *before = before.saturating_add(copies).min(MOST);
        } else if self.0.len() < MOST as usize {
            self.0.push((book, copies.min(MOST)));
        }
    }

    pub fn remove(&mut self, book: i64) {
        self.0.retain(|(id, _)| *id != book);
    }

    pub fn copies(&self) -> i32 {
        self.0.iter().map(|(_, copies)| copies).sum()
    }

    pub fn cookie(&self) -> Cookie {
        let wishes: Vec<_> = self
            .0
            .iter()
            .map(|(book, copies)| format!("{book}:{copies}"))
            .collect();
        Cookie::new(COOKIE, wishes.join(","))
            .path("/")
            .http_only(true)
            .same_site(SameSite::Lax)
    }

    /// The books themselves, in one query. A book that is gone is left out.
    pub fn cart(&self) -> Op<'static, Cart> {
        let wishes = self.0.clone();
        let books = Book::objects()
            .filter(|b| b.id.in_(wishes.iter().map(|(book, _)| *book)))
            .all();
        let lines = move |books: Vec<Book>| {
            let line = |book: Book| {
                let (_, quantity) = wishes.iter().find(|(id, _)| *id == book.id)?;
                Some(Line {
                    quantity: *quantity,
                    book,
                })
            };
            Cart {
                lines: books.into_iter().filter_map(line).collect(),
            }
        };
        books.map(lines).map_err(Error::from)
    }
}

/// The cart with its books.
#[derive(Debug)]
pub struct Cart {
    pub lines: Vec<Line>,
}

#[derive(Debug)]
pub struct Line {
    pub book: Book,
    pub quantity: i32,
}

impl Line {
    pub fn price(&self) -> Decimal {
        self.book.price * Decimal::from(self.quantity)
    }
}

impl Cart {
    pub fn total(&self) -> Decimal {
        self.lines.iter().map(Line::price).sum()
    }
}
