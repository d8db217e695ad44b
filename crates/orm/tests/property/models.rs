//! A dozen models with every kind of relation between them.

use nuages_orm::prelude::*;

#[model]
pub(crate) struct Continent {
    pub(crate) id: i64,
    #[field(max_length = 20)]
    pub(crate) name: String,
    #[relation(reverse = Country::continent)]
    pub(crate) countries: Many<Country>,
}

#[model]
pub(crate) struct Country {
    pub(crate) id: i64,
    #[field(max_length = 20)]
    pub(crate) name: String,
    pub(crate) people: Option<i64>,
    #[relation(on_delete = Cascade)]
    pub(crate) continent: ForeignKey<Continent>,
    #[relation(reverse = City::country)]
    pub(crate) cities: Many<City>,
    #[relation(reverse = Author::country)]
    pub(crate) authors: Many<Author>,
}

#[model]
pub(crate) struct City {
    pub(crate) id: i64,
    #[field(max_length = 20)]
    pub(crate) name: String,
    pub(crate) coastal: bool,
    #[relation(on_delete = Cascade)]
    pub(crate) country: ForeignKey<Country>,
    #[relation(on_delete = SetNull)]
    pub(crate) twin: Option<ForeignKey<Self>>,
    #[relation(reverse = City::twin)]
    pub(crate) twins: Many<City>,
    #[relation(reverse = Publisher::city)]
    pub(crate) publishers: Many<Publisher>,
    #[relation(reverse = Reader::city)]
    pub(crate) readers: Many<Reader>,
}

#[model]
pub(crate) struct Publisher {
    pub(crate) id: i64,
    #[field(max_length = 20)]
    pub(crate) name: String,
    pub(crate) founded: Option<i32>,
    #[relation(on_delete = SetNull)]
    pub(crate) city: Option<ForeignKey<City>>,
    #[relation(reverse = Book::publisher)]
    pub(crate) books: Many<Book>,
}

#[model]
pub(crate) struct Author {
    pub(crate) id: i64,
    #[field(max_length = 20)]
    pub(crate) name: String,
    #[field(max_length = 20)]
    pub(crate) alias: Option<String>,
    pub(crate) born: Date,
    #[relation(on_delete = Cascade)]
    pub(crate) country: ForeignKey<Country>,
    #[relation(on_delete = SetNull)]
    pub(crate) mentor: Option<ForeignKey<Self>>,
    #[relation(reverse = Author::mentor)]
    pub(crate) pupils: Many<Author>,
    #[relation(reverse = Book::author)]
    pub(crate) books: Many<Book>,
    #[relation(reverse = Book::editor)]
    pub(crate) edited: Many<Book>,
    #[relation(reverse = Award::author)]
    pub(crate) awards: Many<Award>,
}

#[model]
pub(crate) struct Book {
    pub(crate) id: i64,
    #[field(max_length = 20)]
    pub(crate) title: String,
    pub(crate) stock: i32,
    #[field(max_digits = 8, decimal_places = 2)]
    pub(crate) price: Option<Decimal>,
    pub(crate) published: Option<Date>,
    #[relation(on_delete = Cascade)]
    pub(crate) author: ForeignKey<Author>,
    #[relation(on_delete = SetNull)]
    pub(crate) editor: Option<ForeignKey<Author>>,
    #[relation(on_delete = Cascade)]
    pub(crate) publisher: ForeignKey<Publisher>,
    #[relation(reverse = Chapter::book)]
    pub(crate) chapters: Many<Chapter>,
    #[relation(reverse = Review::book)]
    pub(crate) reviews: Many<Review>,
    #[relation(reverse = Loan::book)]
    pub(crate) loans: Many<Loan>,
    #[relation(reverse = Reader::favourite)]
    pub(crate) fans: Many<Reader>,
}

#[model]
pub(crate) struct Chapter {
    pub(crate) id: i64,
    #[field(max_length = 20)]
    pub(crate) heading: String,
    pub(crate) pages: i16,
    #[relation(on_delete = Cascade)]
    pub(crate) book: ForeignKey<Book>,
}

#[model]
pub(crate) struct Reader {
    pub(crate) id: i64,
    #[field(max_length = 20)]
    pub(crate) name: String,
    pub(crate) member: bool,
    #[relation(on_delete = SetNull)]
    pub(crate) city: Option<ForeignKey<City>>,
    #[relation(on_delete = SetNull)]
    pub(crate) favourite: Option<ForeignKey<Book>>,
    #[relation(reverse = Review::reader)]
    pub(crate) reviews: Many<Review>,
    #[relation(reverse = Loan::reader)]
    pub(crate) loans: Many<Loan>,
}

#[model]
pub(crate) struct Review {
    pub(crate) id: i64,
    pub(crate) stars: Option<i32>,
    pub(crate) weight: f64,
    #[relation(on_delete = Cascade)]
    pub(crate) book: ForeignKey<Book>,
    #[relation(on_delete = SetNull)]
    pub(crate) reader: Option<ForeignKey<Reader>>,
    #[relation(reverse = Comment::review)]
    pub(crate) comments: Many<Comment>,
}

#[model]
pub(crate) struct Comment {
    pub(crate) id: i64,
    #[field(max_length = 20)]
    pub(crate) text: String,
    #[relation(on_delete = Cascade)]
    pub(crate) review: ForeignKey<Review>,
    #[relation(on_delete = SetNull)]
    pub(crate) answers: Option<ForeignKey<Self>>,
    #[relation(reverse = Comment::answers)]
    pub(crate) answered: Many<Comment>,
}

#[model]
pub(crate) struct Loan {
    pub(crate) id: i64,
    pub(crate) days: i32,
    pub(crate) returned: bool,
    #[relation(on_delete = Cascade)]
    pub(crate) reader: ForeignKey<Reader>,
    #[relation(on_delete = Cascade)]
    pub(crate) book: ForeignKey<Book>,
}

#[model]
pub(crate) struct Award {
    pub(crate) id: i64,
    #[field(max_length = 20)]
    pub(crate) name: String,
    pub(crate) money: Option<i64>,
    #[relation(on_delete = SetNull)]
    pub(crate) author: Option<ForeignKey<Author>>,
}

/// Each model after those that it points to.
pub(crate) fn all() -> Vec<&'static nuages_orm::meta::ModelMeta> {
    vec![
        Continent::meta(),
        Country::meta(),
        City::meta(),
        Publisher::meta(),
        Author::meta(),
        Book::meta(),
        Chapter::meta(),
        Reader::meta(),
        Review::meta(),
        Comment::meta(),
        Loan::meta(),
        Award::meta(),
    ]
}
