//! What the shop keeps.

use nuages::prelude::*;

/// A country that authors come from.
#[model(ordering = [name])]
pub struct Country {
    pub id: i64,
    #[field(max_length = 80, unique)]
    pub name: String,
    #[field(max_length = 2, unique)]
    pub code: String,
}

#[model(ordering = [name])]
pub struct Author {
    pub id: i64,
    #[field(max_length = 120, db_index)]
    pub name: String,
    #[relation(on_delete = Protect)]
    pub country: ForeignKey<Country>,
    #[relation(reverse = Book::author)]
    pub books: Many<Book>,
}

#[model(ordering = [title], unique_together = [[title, author]])]
pub struct Book {
    pub id: i64,
    #[field(max_length = 200, db_index)]
    pub title: String,
    /// The year of the first edition.
    pub year: i32,
    #[field(max_digits = 8, decimal_places = 2)]
    pub price: Decimal,
    #[field(default = 0, check = "stock >= 0")]
    pub stock: i32,
    #[relation(on_delete = Protect)]
    pub author: ForeignKey<Author>,
}

/// Somebody who ordered something. The token stands in a cookie and is all that proves who they are: there is no login yet.
#[model]
pub struct Customer {
    pub id: i64,
    #[field(unique)]
    pub token: Uuid,
    #[field(max_length = 80)]
    pub name: String,
    #[field(max_length = 254)]
    pub email: String,
}

#[model(ordering = [-placed, -id])]
pub struct Order {
    pub id: i64,
    #[relation(on_delete = Protect)]
    pub customer: ForeignKey<Customer>,
    pub placed: Timestamp,
    #[field(max_digits = 10, decimal_places = 2)]
    pub total: Decimal,
}

#[model(ordering = [id])]
pub struct OrderLine {
    pub id: i64,
    #[relation(on_delete = Cascade)]
    pub order: ForeignKey<Order>,
    #[relation(on_delete = Protect)]
    pub book: ForeignKey<Book>,
    #[field(check = "quantity > 0")]
    pub quantity: i32,
    /// What one copy cost on the day.
    #[field(max_digits = 8, decimal_places = 2)]
    pub price: Decimal,
}

/// Written by the bookkeeping, which is older than the shop and knows only sync code.
#[model]
pub struct Invoice {
    pub id: i64,
    #[field(max_length = 20, unique)]
    pub number: String,
    #[relation(on_delete = Protect)]
    pub order: ForeignKey<Order>,
    #[field(max_length = 80)]
    pub addressee: String,
    #[field(max_digits = 10, decimal_places = 2)]
    pub total: Decimal,
}
