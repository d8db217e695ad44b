//! What this browser's customer has ordered.

use askama::Template;
use nuages::prelude::*;

use super::cart::token;
use crate::models::{Invoice, Order, OrderLine};

struct PlacedOrder {
    id: i64,
    placed: Timestamp,
    total: Decimal,
    invoice: String,
    lines: Vec<PlacedLine>,
}

struct PlacedLine {
    quantity: i32,
    title: String,
    price: Decimal,
}

impl PlacedOrder {
    fn day(&self) -> String {
        self.placed.strftime("%-d %B %Y").to_string()
    }
}

#[derive(Template)]
#[template(path = "orders.html")]
struct Orders {
    placed: bool,
    orders: Vec<PlacedOrder>,
}

/// Sync: three queries one after the other, however many orders there are.
pub fn order_list(request: Request) -> Result<Response> {
    let orders = match token(&request) {
        Some(token) => orders_of(token)?,
        None => Vec::new(),
    };
    let placed = request.query().get("placed").is_some();
    render(&request, Orders { placed, orders })
}

fn orders_of(token: Uuid) -> Result<Vec<PlacedOrder>> {
    let orders = Order::objects()
        .filter(|o| o.customer.token.eq(token))
        .all()
        .wait()?;
    let lines = OrderLine::objects()
        .filter(|l| l.order.customer.token.eq(token))
        .select_related(|l| l.book)
        .all()
        .wait()?;
    let invoices = Invoice::objects()
        .filter(|i| i.order.customer.token.eq(token))
        .all()
        .wait()?;
    let placed = |order: Order| PlacedOrder {
        id: order.id,
        placed: order.placed,
        total: order.total,
        invoice: invoices
            .iter()
            .find(|invoice| invoice.order.key() == order.id)
            .map_or_else(|| "to follow".to_owned(), |invoice| invoice.number.clone()),
        lines: lines
            .iter()
            .filter(|line| line.order.key() == order.id)
            .map(|line| PlacedLine {
                quantity: line.quantity,
                title: line.book.title.clone(),
                price: line.price,
            })
            .collect(),
    };
    Ok(orders.into_iter().map(placed).collect())
}
