//! The one place where much happens at once: the stock, the order, its lines and the invoice, or none of them.

use nuages::prelude::*;

use crate::cart::Cart;
use crate::legacy;
use crate::models::{Book, Customer, Order, OrderLine};

/// Why an order was not placed: somebody else was faster.
#[derive(Debug)]
pub struct SoldOut {
    pub title: String,
}

impl std::fmt::Display for SoldOut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "“{}” has just been sold out, or has fewer copies left than are in the cart.",
            self.title
        )
    }
}

impl std::error::Error for SoldOut {}

/// Who orders.
#[derive(Clone, Debug)]
pub struct Buyer {
    pub token: Uuid,
    pub name: String,
    pub email: String,
}

/// Places an order. The transaction spans this async code and the sync bookkeeping.
pub async fn place_order(cart: &Cart, buyer: &Buyer) -> Result<Order> {
    atomic(async || {
        let customer = customer(buyer).await?;
        let mut total = Decimal::ZERO;
        for line in &cart.lines {
            // One statement that reads and writes: of two buyers of the last copy, one changes no row.
            let (book, copies) = (line.book.id, line.quantity);
            let taken = Book::objects()
                .filter(|b| b.id.eq(book) & b.stock.ge(copies))
                .update(|b| b.stock.set(b.stock - copies))
                .await?;
            if taken == 0 {
                return Err(SoldOut {
                    title: line.book.title.clone(),
                }
                .into());
            }
            total += line.price();
        }
        let order = Order::create()
            .customer(&customer)
            .placed(Timestamp::now())
            .total(total)
            .await?;
        for line in &cart.lines {
            OrderLine::create()
                .order(&order)
                .book(&line.book)
                .quantity(line.quantity)
                .price(line.book.price)
                .await?;
        }
        let id = order.id;
        sync_to_async(move || legacy::write_invoice(id)).await??;
        Ok(order)
    })
    .await
}

/// The customer whose browser this is, under the name that they gave today.
async fn customer(buyer: &Buyer) -> Result<Customer> {
    let token = buyer.token;
    match Customer::objects().filter(|c| c.token.eq(token)).first().await? {
        Some(mut customer) => {
            customer.name.clone_from(&buyer.name);
            customer.email.clone_from(&buyer.email);
            customer.save().await?;
            Ok(customer)
        }
        None => Ok(Customer::create()
            .token(token)
            .name(buyer.name.clone())
            .email(buyer.email.clone())
            .await?),
    }
}
