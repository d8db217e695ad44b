//! Constraints and indexes that say too little.

use nuages_orm::prelude::*;

#[model(constraints = [check(|b| b.stock.ge(0))])]
struct Nameless {
    id: i64,
    stock: i32,
}

#[model(indexes = [unique(stock)])]
struct Misplaced {
    id: i64,
    stock: i32,
}

#[model(indexes = [index(stok)])]
struct Misspelt {
    id: i64,
    stock: i32,
}

fn main() {}
