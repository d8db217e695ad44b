//! The bookshop as its visitors see it, on SQLite and on PostgreSQL.

#![allow(
    clippy::unwrap_used,
    unreachable_pub,
    reason = "a test fails by panicking, and includes the example's own modules"
)]

#[path = "../../examples/bookshop/app.rs"]
mod app;
#[path = "../../examples/bookshop/cart.rs"]
mod cart;
#[path = "../../examples/bookshop/checkout.rs"]
mod checkout;
#[path = "../../examples/bookshop/data.rs"]
mod data;
#[path = "../../examples/bookshop/legacy.rs"]
mod legacy;
#[path = "../../examples/bookshop/middleware.rs"]
mod middleware;
#[path = "../../examples/bookshop/migrations/mod.rs"]
mod migrations;
#[path = "../../examples/bookshop/models.rs"]
mod models;
#[path = "../../examples/bookshop/views/mod.rs"]
mod views;

mod buying;
mod databases;
mod history;
mod pages;
mod plan;
