//! The shop's tables, and the books that it opens with.

use std::collections::HashMap;

use nuages::migrations::Project;
use nuages::prelude::*;
use serde::Deserialize;

use crate::migrations;
use crate::models::{Author, Book, Country, Customer, Invoice, Order, OrderLine};

#[derive(Deserialize)]
struct Entry {
    country: String,
    code: String,
    author: String,
    title: String,
    year: i32,
    price: Decimal,
    stock: i32,
}

/// The shop's models, and the history of their tables.
pub fn project() -> Project {
    let models = [
        Country::meta(),
        Author::meta(),
        Book::meta(),
        Customer::meta(),
        Order::meta(),
        OrderLine::meta(),
        Invoice::meta(),
    ];
    Project::new().app(migrations::app().models(models))
}

/// Fills an empty shop, all or nothing; a shop that has books is left as it is.
pub async fn load() -> Result<()> {
    let entries: Vec<Entry> = serde_json::from_str(include_str!("data/books.json"))?;
    atomic(async || {
        if Country::objects().exists().await? {
            return Ok(());
        }
        let mut countries = HashMap::new();
        let mut authors = HashMap::new();
        for entry in entries {
            if !countries.contains_key(&entry.code) {
                let country = Country::create()
                    .name(entry.country)
                    .code(entry.code.clone())
                    .await?;
                countries.insert(entry.code.clone(), country);
            }
            if !authors.contains_key(&entry.author) {
                let author = Author::create()
                    .name(entry.author.clone())
                    .country(&countries[&entry.code])
                    .await?;
                authors.insert(entry.author.clone(), author);
            }
            Book::create()
                .title(entry.title)
                .year(entry.year)
                .price(entry.price)
                .stock(entry.stock)
                .author(&authors[&entry.author])
                .await?;
        }
        Ok(())
    })
    .await
}
