//! Mistakes in the attributes of a model.

use nuages_orm::prelude::*;

#[model]
struct NoKey {
    name: String,
}

#[model]
struct WrongKey {
    id: String,
}

#[model(tabel = "books")]
struct UnknownOption {
    id: i64,
}

#[model(ordering = [-publishd])]
struct UnknownColumn {
    id: i64,
    published: Date,
}

#[model]
struct Fields {
    id: i64,
    #[field(maxlength = 80)]
    unknown: String,
    #[field(max_length = 80)]
    length: i32,
    digits: Decimal,
    #[field(max_digits = 8)]
    half: Decimal,
    #[relation(on_delete = Cascade)]
    plain: i32,
    #[field(on_delete = Cascade)]
    wrong_attribute: i32,
    #[serde(flatten)]
    flat: i32,
}

#[model]
struct Relations {
    id: i64,
    silent: ForeignKey<Target>,
    #[relation(on_delete = SetNull)]
    never_null: ForeignKey<Target>,
    #[relation(on_delete = Ignore)]
    ignored: ForeignKey<Target>,
    many: Many<Target>,
    #[relation(reverse = Other::relation)]
    of_another: Many<Target>,
}

#[model]
struct Target {
    id: i64,
}

#[model]
#[derive(Clone, Eq)]
struct Derived {
    id: i64,
}

#[model]
enum Choice {
    One,
}

#[model]
struct Generic<T> {
    id: i64,
    value: T,
}

fn main() {}
