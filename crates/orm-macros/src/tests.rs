//! What is read of a struct, and what is made of it. That the result compiles and works is tested in `nuages-orm`.

use proc_macro2::TokenStream;
use quote::quote;

use crate::generate;
use crate::parse::{self, Model};

fn read(options: TokenStream, item: TokenStream) -> Model {
    match parse::model(options, item, "::nuages_orm") {
        Ok(model) => model,
        Err(failure) => panic!("{:?}", failure.messages()),
    }
}

fn mistakes(options: TokenStream, item: TokenStream) -> Vec<String> {
    match parse::model(options, item, "::nuages_orm") {
        Ok(_) => panic!("it is accepted"),
        Err(failure) => failure.messages(),
    }
}

fn book() -> TokenStream {
    quote! {
        pub struct Book {
            pub id: i64,
            #[field(max_length = 200)]
            pub title: String,
            #[field(default = 0)]
            pub stock: i32,
            pub subtitle: Option<String>,
            #[relation(on_delete = Protect)]
            pub author: ForeignKey<Author>,
            #[relation(on_delete = SetNull)]
            pub editor: Option<models::ForeignKey<Author>>,
            #[relation(reverse = Review::book)]
            pub reviews: Many<Review>,
        }
    }
}

#[test]
fn options_name_columns() {
    let model = read(
        quote!(
            ordering = [-stock, author],
            unique_together = [[title, author], [subtitle]]
        ),
        book(),
    );
    assert_eq!(model.table, "book");
    assert_eq!(
        model.ordering,
        [("stock".to_owned(), true), ("author_id".to_owned(), false)]
    );
    assert_eq!(
        model.unique_together,
        [vec!["title", "author_id"], vec!["subtitle"]]
    );
    let named = read(quote!(table = "books"), book());
    assert_eq!(
        (named.table.as_str(), named.module.to_string().as_str()),
        ("books", "book")
    );
}

#[test]
fn create_needs_what_has_no_other_source() {
    let model = read(quote!(), book());
    let required: Vec<_> = model
        .fields
        .iter()
        .filter(|field| field.is_required())
        .map(|field| field.name.to_string())
        .collect();
    assert_eq!(required, ["title", "author"]);
}

#[test]
fn relations_keep_the_users_words_and_get_their_state() {
    let made = generate::model(&read(quote!(), book())).to_string();
    for part in [
        "author : ForeignKey < Author , S :: First >",
        "editor : Option < models :: ForeignKey < Author , S :: Second > >",
        "reviews : Many < Review , S :: Third , book :: reviews >",
    ] {
        assert!(made.contains(part), "{part} is not in {made}");
    }
}

#[test]
fn self_is_the_model_in_the_state_in_which_nothing_is_loaded() {
    let made = generate::model(&read(
        quote!(),
        quote! {
            struct Part { id: i64, #[relation(on_delete = Cascade)] whole: Option<ForeignKey<Self>> }
        },
    ));
    assert!(
        made.to_string()
            .contains("whole : Option < ForeignKey < Part , S :: First > >"),
        "{made}"
    );
}

#[test]
fn a_users_own_type_named_as_the_parameter_stays_his() {
    let model = read(
        quote!(),
        quote!(
            struct Shoe {
                id: i64,
                size: Option<S>,
            }
        ),
    );
    assert_eq!(model.states.to_string(), "LoadingStates");
}

#[test]
fn all_mistakes_of_the_fields_are_told_at_once() {
    let told = mistakes(
        quote!(),
        quote! {
            struct Book {
                id: i64,
                #[field(max_lenght = 3)]
                title: String,
                price: Decimal,
                wait: bool,
                author: ForeignKey<Author>,
            }
        },
    );
    assert_eq!(told.len(), 4, "{told:?}");
    assert!(told[0].starts_with("`max_lenght` is no option of `#[field(..)]`"));
    assert!(told[1].contains("max_digits = 8"));
    assert!(told[2].contains("`wait` is a method"));
    assert!(told[3].contains("`#[relation(on_delete = Protect)]`"));
}

#[test]
fn a_model_has_its_states_up_to_a_limit() {
    let keys = (0..13).map(|at| {
        let name = quote::format_ident!("key{at}");
        quote!(#[relation(on_delete = Protect)] #name: ForeignKey<Author>)
    });
    let told = mistakes(quote!(), quote!(struct Wide { id: i64, #(#keys),* }));
    assert_eq!(told, ["a model has up to 12 relations, this one has 13"]);
}

/// All that is made is compiled anew for each model: what can be the same for all belongs into `nuages-orm`.
#[test]
fn little_is_made() {
    fn count(tokens: TokenStream) -> usize {
        tokens
            .into_iter()
            .map(|token| match token {
                proc_macro2::TokenTree::Group(group) => 1 + count(group.stream()),
                _ => 1,
            })
            .sum()
    }
    let made = count(generate::model(&read(quote!(), book())));
    assert!(made < 5900, "{made} tokens for a model with seven fields");
}
