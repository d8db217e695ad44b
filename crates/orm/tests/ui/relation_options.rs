//! Relations that say too little, or what contradicts itself.

use nuages_orm::prelude::*;

#[model]
struct Tag {
    id: i64,
}

#[model]
struct Book {
    id: i64,
    #[relation(through = Tagging)]
    tags: ManyToMany<Tag>,
    #[relation(symmetrical = true)]
    others: ManyToMany<Tag>,
    #[relation(on_delete = Cascade)]
    more: ManyToMany<Tag>,
    one: ReverseOneToOne<Tag>,
    #[relation(on_delete = SetNull)]
    first: OneToOne<Tag>,
    second: OneToOne<Tag>,
}

fn main() {}
