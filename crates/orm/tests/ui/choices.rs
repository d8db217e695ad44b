//! Types that are no choices.

use nuages_orm::prelude::*;

#[derive(Clone, Debug, PartialEq, FieldType)]
struct Tempo(i32);

#[derive(Clone, Debug, PartialEq, FieldType)]
enum Key {
    Major(char),
}

fn main() {}
