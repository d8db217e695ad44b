//! From the cart to the invoice, and what happens when it fails.

use nuages::bridge::spawn;
use nuages::handler::Client;
use nuages::orm::Database;

use crate::databases::on_each_database;
use crate::legacy::REFUSED;
use crate::models::{Book, Customer, Invoice, Order, OrderLine};

async fn buy(visitor: &Client, book: i64, name: &str) -> (u16, String) {
    visitor
        .post("/cart/add/")
        .form([("book", book.to_string())])
        .await
        .unwrap();
    let response = visitor
        .post("/checkout/")
        .form([("name", name), ("email", "somebody@example.org")])
        .await
        .unwrap();
    (response.status().as_u16(), response.text().to_owned())
}

/// Orders, lines, invoices, customers, and the copies left of a book.
async fn counts(database: &Database, book: i64) -> [u64; 5] {
    database
        .scope(async {
            [
                Order::objects().count().await.unwrap(),
                OrderLine::objects().count().await.unwrap(),
                Invoice::objects().count().await.unwrap(),
                Customer::objects().count().await.unwrap(),
                Book::objects()
                    .get(|b| b.id.eq(book))
                    .await
                    .unwrap()
                    .stock
                    .unsigned_abs()
                    .into(),
            ]
        })
        .await
}

#[nuages::test]
async fn an_order_is_shown_to_who_placed_it_and_to_nobody_else() {
    on_each_database("order", async |shop| {
        let visitor = shop.visitor();
        let (status, _) = buy(&visitor, 1, "Django Reinhardt").await;
        assert_eq!(status, 302);
        let orders = visitor.get("/orders/").await.unwrap();
        assert!(
            orders.text().contains("Invoice ") && orders.text().contains("1 × "),
            "{}",
            orders.text()
        );
        assert_eq!(orders.header("cache-control"), Some("private, no-store"));
        assert!(
            shop.visitor()
                .get("/orders/")
                .await
                .unwrap()
                .text()
                .contains("not ordered anything")
        );
        assert!(
            visitor
                .get("/cart/")
                .await
                .unwrap()
                .text()
                .contains("Nothing in it yet")
        );
        // The same browser is the same customer.
        buy(&visitor, 2, "Django Reinhardt").await;
        let [orders, lines, invoices, customers, _] = counts(&shop.database, 1).await;
        assert_eq!((orders, lines, invoices, customers), (2, 2, 2, 1));
    })
    .await;
}

#[nuages::test]
async fn fifty_buyers_of_twenty_copies_get_twenty() {
    on_each_database("fifty", async |shop| {
        let book = 1;
        let set = Book::objects()
            .filter(|b| b.id.eq(book))
            .update(|b| b.stock.set(20));
        assert_eq!(shop.database.scope(set.into_future()).await.unwrap(), 1);
        let buyers: Vec<_> = (0..50)
            .map(|buyer| {
                let visitor = shop.visitor();
                spawn(async move { buy(&visitor, book, &format!("Buyer {buyer}")).await.0 })
            })
            .collect();
        let mut statuses = Vec::new();
        for buyer in buyers {
            statuses.push(buyer.await.unwrap());
        }
        let placed = statuses.iter().filter(|status| **status == 302).count();
        let sold_out = statuses.iter().filter(|status| **status == 409).count();
        assert_eq!((placed, sold_out), (20, 30), "{statuses:?}");
        assert_eq!(counts(&shop.database, book).await, [20, 20, 20, 20, 0]);
    })
    .await;
}

#[nuages::test]
async fn a_failing_bookkeeping_leaves_nothing_behind() {
    on_each_database("legacy", async |shop| {
        let before = counts(&shop.database, 1).await;
        let visitor = shop.visitor();
        let (status, text) = buy(&visitor, 1, REFUSED).await;
        assert_eq!(status, 500);
        assert!(
            !text.contains("bookkeeping"),
            "what failed inside is not for visitors: {text}"
        );
        assert_eq!(counts(&shop.database, 1).await, before);
        // And the shop goes on, the cart as it was.
        let again = visitor
            .post("/checkout/")
            .form([("name", "Django"), ("email", "d@example.org")])
            .await
            .unwrap();
        assert_eq!(again.status().as_u16(), 302);
    })
    .await;
}
