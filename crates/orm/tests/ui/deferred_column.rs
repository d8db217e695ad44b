//! A column that was not read.

use nuages_orm::prelude::*;

#[model]
struct Book {
    id: i64,
    title: String,
    text: String,
}

nuages_orm::only! {
    struct Line of Book {
        title: String,
    }
}

fn main() {
    for line in Book::objects().only::<Line>().all().wait().unwrap() {
        println!("{} {}", line.title, line.text);
    }
}
