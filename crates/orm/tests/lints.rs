//! Models in a crate that denies what can be denied: what `#[model]` makes is documented, used and named as it should be. That this compiles is the test.

#![deny(
    clippy::all,
    missing_debug_implementations,
    missing_docs,
    nonstandard_style,
    private_bounds,
    private_interfaces,
    rust_2018_idioms,
    unreachable_pub,
    unused
)]

/// Models that anyone sees.
pub mod public {
    use nuages_orm::prelude::*;

    /// An author.
    #[model(ordering = [name])]
    #[derive(Eq, Hash)]
    pub struct Author {
        /// The key.
        pub id: i64,
        /// The name.
        pub name: String,
        /// A pen name, which no one reads.
        alias: Option<String>,
        /// The books.
        #[relation(reverse = Book::author)]
        pub books: Many<Book>,
    }

    /// A book.
    #[model]
    pub struct Book {
        /// The key.
        pub id: i64,
        /// The author.
        #[relation(on_delete = Protect)]
        pub author: ForeignKey<Author>,
        /// Who else saw to it.
        #[relation(on_delete = SetNull)]
        editor: Option<ForeignKey<Author>>,
    }
}

mod private {
    use nuages_orm::prelude::*;

    #[model]
    struct Quiet {
        id: i64,
        name: String,
        #[relation(on_delete = Cascade)]
        loud: ForeignKey<Loud>,
    }

    #[model]
    pub(crate) struct Loud {
        pub(crate) id: i64,
        pub(super) r#type: String,
        // A name that the prelude has, too.
        database: Option<i32>,
    }

    #[model]
    pub(in crate::private) struct Between {
        id: i64,
        #[relation(on_delete = Cascade)]
        loud: ForeignKey<Loud>,
    }

    #[model]
    pub(self) struct Own {
        id: i64,
        #[relation(on_delete = Cascade)]
        between: ForeignKey<Between>,
    }

    /// Names what the compiler would call unused.
    pub(crate) fn used() -> [&'static str; 4] {
        [
            Quiet::meta().table,
            Loud::meta().table,
            Between::meta().table,
            Own::meta().table,
        ]
    }
}

#[test]
fn models_may_live_in_a_function_beside_a_foreign_result() {
    // Names that the generated code uses mean other things here.
    #![allow(dead_code, non_camel_case_types)]
    struct Result;
    struct Option;
    struct Some;
    struct Vec;
    struct String;
    trait Future {}

    use nuages_orm::prelude::{ForeignKey, model};

    #[model]
    struct Outer {
        id: i64,
        text: std::string::String,
        #[relation(on_delete = Cascade)]
        inner: ForeignKey<Inner>,
    }

    #[model]
    struct Inner {
        id: i64,
    }

    assert_eq!(private::used(), ["quiet", "loud", "between", "own"]);
    drop(Outer::objects().select_related(|o| o.inner));
}
