//! JSON into a type that serde does not know.

use nuages_handler::{Json, Urls};

struct Order {
    book: i64,
}

async fn order(Json(order): Json<Order>) -> String {
    order.book.to_string()
}

fn main() {
    let _ = Urls::new().path("orders/", order);
}
