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

/// The ORM by another path, as the facade has it.
mod elsewhere {
    pub(crate) mod facade {
        pub(crate) use nuages_orm as orm;
    }
}

#[test]
fn the_orm_may_be_found_elsewhere() {
    use elsewhere::facade::orm::prelude::*;

    #[model(crate = crate::elsewhere::facade::orm, table = "written")]
    struct Book {
        id: i64,
        #[relation(reverse = Review::book)]
        reviews: Many<Review>,
    }

    #[model(crate = crate::elsewhere::facade::orm)]
    struct Review {
        id: i64,
        #[field(unique)]
        #[relation(on_delete = Cascade)]
        book: ForeignKey<Book>,
    }

    assert_eq!(Book::meta().table, "written");
    assert!(Review::meta().columns[1].unique && !Review::meta().columns[1].index);
    drop(Book::objects().annotate(|b| b.reviews.count()));
}

#[test]
fn what_is_built_can_be_sent_and_shared() {
    fn can<T: Send + Sync + Clone>(_: &T) {}
    fn is_a_future<T: Future + Send + Unpin>(_: &T) {}

    use nuages_orm::prelude::*;
    use public::{Author, Book};

    let books = Book::objects().filter(|b| b.author.name.eq("Django Reinhardt"));
    can(&books);
    can(&books.clone().select_related(|b| b.author));
    can(&books.clone().values(|b| b.author.name));
    can(&books.clone().values(|b| b.author.name).annotate(|b| b.id.count()));
    can(&Author::objects().annotate(|a| a.books.count()));
    is_a_future(&Author::create().name("Django Reinhardt"));
    is_a_future(&books.all().into_future());
}
