//! Forms: what was typed becomes a struct, or comes back with a message at each field.
#![cfg(all(feature = "forms", feature = "templates"))]

use nuages_handler::{App, Client, FormData, Request, Response, Result, Urls};
use nuages_views::askama::Template;
use nuages_views::forms::{FormErrors, FormValue};
use nuages_views::{BoundForm, Form, redirect, render};

const LANGUAGES: [(&str, &str); 2] = [("fr", "Français"), ("nl", "Nederlands")];

#[derive(Debug, PartialEq, Form)]
#[form(clean = check)]
struct Order {
    #[form(label = "Your name", max_length = 5, help = "As on your passport")]
    name: String,
    #[form(email)]
    email: String,
    #[form(min = 1, max = 20)]
    copies: u8,
    #[form(choices = LANGUAGES)]
    language: String,
    note: Option<String>,
    #[form(min = -0.5)]
    discount: Option<f64>,
    #[form(required)]
    agreed: bool,
    gift: bool,
    #[form(optional, widget = "textarea")]
    data: String,
}

fn check(order: &Order, errors: &mut FormErrors) {
    if order.gift && order.note.is_none() {
        errors.add("note", "A gift needs a note.");
        errors.add_to_form("This gift is not ready.");
    }
}

const GOOD: [(&str, &str); 6] = [
    ("name", " Nin "),
    ("email", "a@b.be"),
    ("copies", "2"),
    ("language", "fr"),
    ("agreed", "on"),
    ("data", "  "),
];

fn sent(changes: &[(&str, &str)]) -> FormData {
    let mut fields: Vec<(String, String)> = GOOD
        .iter()
        .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
        .collect();
    for (name, value) in changes {
        fields.retain(|(other, _)| other != name);
        fields.push(((*name).to_owned(), (*value).to_owned()));
    }
    fields.into_iter().collect()
}

fn order(changes: &[(&str, &str)]) -> Result<Order, BoundForm<Order>> {
    Order::bind(&sent(changes)).validate()
}

#[test]
fn what_was_typed_becomes_the_struct() {
    let order = order(&[("note", " for you "), ("discount", "2.5")]).unwrap();
    let expected = Order {
        name: "Nin".to_owned(),
        email: "a@b.be".to_owned(),
        copies: 2,
        language: "fr".to_owned(),
        note: Some("for you".to_owned()),
        discount: Some(2.5),
        agreed: true,
        gift: false,
        data: String::new(),
    };
    assert_eq!(order, expected);
}

/// The errors of the one field that has any.
fn errors(changes: &[(&str, &str)]) -> (String, Vec<String>) {
    let form = order(changes).expect_err("something is wrong with it");
    let wrong: Vec<_> = form
        .fields()
        .into_iter()
        .filter(|field| field.has_errors())
        .collect();
    assert_eq!(wrong.len(), 1, "{form:?}");
    (wrong[0].name.clone(), wrong[0].errors.clone())
}

#[test]
fn each_rule_has_its_message() {
    for (name, typed, message) in [
        ("name", "", "This field is required."),
        ("name", "   ", "This field is required."),
        (
            "name",
            "Django",
            "Ensure this value has at most 5 characters (it has 6).",
        ),
        ("name", "a\0b", "Null characters are not allowed."),
        ("email", "nobody", "Enter a valid email address."),
        ("copies", "", "This field is required."),
        ("copies", "two", "Enter a whole number."),
        ("copies", "2.5", "Enter a whole number."),
        ("copies", "0", "Ensure this value is greater than or equal to 1."),
        ("copies", "21", "Ensure this value is less than or equal to 20."),
        ("copies", "256", "Ensure this value is less than or equal to 255."),
        ("copies", "-1", "Ensure this value is greater than or equal to 0."),
        (
            "language",
            "de",
            "Select a valid choice. de is not one of the available choices.",
        ),
        ("discount", "much", "Enter a number."),
        ("discount", "NaN", "Enter a number."),
        (
            "discount",
            "-1",
            "Ensure this value is greater than or equal to -0.5.",
        ),
        ("agreed", "", "This field is required."),
        ("agreed", "false", "This field is required."),
    ] {
        assert_eq!(
            errors(&[(name, typed)]),
            (name.to_owned(), vec![message.to_owned()]),
            "{name} {typed:?}"
        );
    }
}

#[test]
fn length_is_counted_in_characters() {
    assert_eq!(order(&[("name", "éééée")]).unwrap().name, "éééée");
}

#[test]
fn every_field_has_its_message_at_once_and_what_was_typed_stays() {
    let form = Order::bind(&[("name", "too long"), ("copies", "<x>")].into_iter().collect())
        .validate()
        .unwrap_err();
    let wrong: Vec<&str> = form
        .fields()
        .iter()
        .filter(|f| f.has_errors())
        .map(|f| f.field)
        .collect();
    assert_eq!(wrong, ["name", "email", "copies", "language", "agreed"]);
    assert_eq!(form.name.value, "too long");
    assert_eq!(form.copies.value, "<x>");
    assert!(form.has_errors());
}

#[test]
fn a_form_is_looked_at_as_a_whole_once_its_fields_are_right() {
    let form = order(&[("gift", "on")]).unwrap_err();
    assert_eq!(form.note.errors, ["A gift needs a note."]);
    assert_eq!(form.errors(), ["This gift is not ready."]);
    assert!(order(&[("gift", "on"), ("note", "yes")]).unwrap().gift);
    let form = order(&[("gift", "on"), ("name", "")]).unwrap_err();
    assert_eq!((form.errors().len(), form.note.errors.len()), (0, 0));
}

#[test]
fn an_unbound_form_is_neither_valid_nor_wrong() {
    let form = Order::unbound().validate().unwrap_err();
    assert!(!form.has_errors() && !form.is_bound());
}

#[test]
fn a_form_can_be_filled_with_what_exists() {
    let form = order(&[("discount", "2.5")]).unwrap().filled();
    assert_eq!(form.name.value, "Nin");
    assert_eq!(form.copies.value, "2");
    assert_eq!(form.discount.value, "2.5");
    assert!(form.agreed.is_checked() && !form.gift.is_checked());
    assert!(form.language.is_selected("fr"));
    // And what a browser would send of it makes the same struct.
    let again: FormData = form
        .fields()
        .iter()
        .map(|f| (f.name.clone(), f.value.clone()))
        .collect();
    assert_eq!(
        Order::bind(&again).validate().unwrap().filled().discount.value,
        "2.5"
    );
}

#[test]
fn an_error_that_is_found_later_is_said_at_its_field() {
    let mut form = Order::bind(&sent(&[]));
    form.add_error("email", "This address is taken.");
    form.add_error("nothing", "Something else.");
    assert_eq!(form.email.errors, ["This address is taken."]);
    assert_eq!(form.errors(), ["Something else."]);
    assert!(form.validate().is_ok(), "validating begins anew");
}

#[derive(Debug, Form)]
struct Login {
    #[form(widget = "password", min_length = 3)]
    password: String,
    #[form(widget = "hidden")]
    token: u32,
}

#[test]
fn passwords_are_taken_as_they_are_and_never_shown_again() {
    let sent: FormData = [("password", "  x  "), ("token", "1")].into_iter().collect();
    let form = Login::bind(&sent);
    assert_eq!(form.password.value, "");
    assert!(!form.to_string().contains("  x  "));
    assert!(!format!("{form:?}").contains("  x  "));
    let login = form.validate().unwrap();
    assert_eq!((login.password.as_str(), login.token), ("  x  ", 1));
    let login = Login {
        password: "swordfish".to_owned(),
        token: 1,
    };
    assert_eq!(login.filled().password.value, "");
}

#[test]
fn errors_of_hidden_fields_are_said_above() {
    let form = Login::bind(&[("password", "abc"), ("token", "x")].into_iter().collect())
        .validate()
        .unwrap_err();
    assert!(
        form.to_string().contains("<li>Token: Enter a whole number.</li>"),
        "{form}"
    );
}

#[derive(Template)]
#[template(
    source = "<form method=\"post\">{{ form }}<button>Send</button></form>{{ form.name.label }}",
    ext = "html",
    askama = nuages_views::askama
)]
struct Page {
    form: BoundForm<Order>,
}

fn sync_view(request: Request, form: BoundForm<Order>) -> Result<Response> {
    match form.validate() {
        Ok(order) => Ok(redirect(format!("/thanks/{}/", order.copies))),
        Err(form) => Ok(render(&request, Page { form })?.status_code(http::StatusCode::UNPROCESSABLE_ENTITY)),
    }
}

async fn async_view(request: Request) -> Result<Response> {
    sync_view(request.clone(), BoundForm::bind(&request.form().await?))
}

#[test]
fn a_view_shows_the_form_takes_it_or_gives_it_back() {
    let urls = Urls::new().path("sync/", sync_view).path("async/", async_view);
    let client = Client::new(App::new().urls(urls));
    let first = client.get("/sync/").wait().unwrap();
    assert!(
        first.text().contains("<label for=\"id_name\">Your name</label>"),
        "{}",
        first.text()
    );
    assert!(!first.text().contains("aria-invalid"), "{}", first.text());
    for path in ["/sync/", "/async/"] {
        let wrong = client.post(path).form([("name", "<b>")]).wait().unwrap();
        assert_eq!(wrong.status(), 422);
        assert!(wrong.text().contains("value=\"&#60;b&#62;\""), "{}", wrong.text());
        assert!(
            wrong.text().contains("<li>This field is required.</li>"),
            "{}",
            wrong.text()
        );
        let good = client.post(path).form(sent(&[]).iter()).wait().unwrap();
        assert_eq!(good.header("location"), Some("/thanks/2/"), "{}", good.text());
    }
}

#[test]
fn a_type_of_ones_own_can_be_a_field() {
    #[derive(Debug, PartialEq)]
    struct Colour(u32);
    impl FormValue for Colour {
        fn from_text(text: &str) -> Result<Self, String> {
            u32::from_str_radix(text.trim_start_matches('#'), 16)
                .map(Self)
                .map_err(|_| "Enter a colour.".to_owned())
        }
        fn to_text(&self) -> String {
            format!("#{:06x}", self.0)
        }
    }
    #[derive(Debug, Form)]
    struct Paint {
        r#type: Colour,
    }
    let paint = |text: &str| Paint::bind(&[("type", text)].into_iter().collect()).validate();
    assert_eq!(paint("#2b6cb0").unwrap().r#type, Colour(0x2b_6c_b0));
    assert_eq!(paint("blue").unwrap_err().r#type.errors, ["Enter a colour."]);
    assert_eq!(Paint { r#type: Colour(1) }.filled().r#type.value, "#000001");
}
