//! Every type that a field can have: what is taken, what is refused, and what is shown again.
#![cfg(all(feature = "forms", feature = "dates", feature = "decimals", feature = "uuids"))]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Debug;

use jiff::civil::{Date, DateTime, Time, date};
use nuages_handler::{App, Client, FormData, Request, Result, Urls};
use nuages_views::forms::{FieldType, FormErrors, FormSet, FormValue, validators};
use nuages_views::{BoundForm, Choices, Form};
use rust_decimal::Decimal;
use uuid::Uuid;

fn data(pairs: &[(&str, &str)]) -> FormData {
    pairs.iter().copied().collect()
}

#[derive(Clone, Copy, Debug, PartialEq, Choices)]
enum Topic {
    Jazz,
    #[choice(value = "far-away", label = "Voyages")]
    Travel,
    Food,
}

#[derive(Debug, PartialEq, Form)]
struct Values {
    decimal: Option<Decimal>,
    #[form(max_digits = 5, decimal_places = 2, min = "0.10", max = 999.99)]
    price: Option<Decimal>,
    date: Option<Date>,
    #[form(min = "1910-01-23", max = LAST_DAY)]
    day: Option<Date>,
    time: Option<Time>,
    moment: Option<DateTime>,
    id: Option<Uuid>,
    #[form(url)]
    page: Option<String>,
    #[form(validate = validators::slug, validate = no_digit)]
    slug: Option<String>,
    topic: Option<Topic>,
    topics: Vec<Topic>,
    #[form(choices = [("1", "One"), ("2", "Two")])]
    numbers: Vec<u8>,
    #[form(choices = [("1", "One"), ("2", "Two")], widget = "hidden")]
    number: Option<u8>,
}

const LAST_DAY: Date = date(1953, 5, 16);

fn no_digit(text: &str) -> Result<(), String> {
    match text.chars().find(char::is_ascii_digit) {
        Some(digit) => Err(format!("No {digit}, please.")),
        None => Ok(()),
    }
}

fn values(pairs: &[(&str, &str)]) -> Values {
    Values::bind(&data(pairs)).validate().unwrap()
}

fn errors(pairs: &[(&str, &str)]) -> Vec<String> {
    let form = Values::bind(&data(pairs)).validate().unwrap_err();
    form.fields()
        .iter()
        .flat_map(|field| field.errors.clone())
        .collect()
}

#[test]
fn nothing_is_nothing() {
    let nothing = values(&[]);
    assert_eq!((nothing.decimal, nothing.date, nothing.topic), (None, None, None));
    assert_eq!((nothing.topics.len(), nothing.slug), (0, None));
}

#[test]
fn decimals_are_exact() {
    assert_eq!(
        values(&[("decimal", " -0012.3400 ")]).decimal,
        Some("-12.3400".parse().unwrap())
    );
    assert_eq!(values(&[("price", "0.10")]).price, Some("0.10".parse().unwrap()));
    for wrong in [
        "x",
        "1_000",
        "1,5",
        "1e3",
        "NaN",
        "--1",
        ".",
        "99999999999999999999999999999999",
    ] {
        assert_eq!(errors(&[("decimal", wrong)]), ["Enter a number."], "{wrong}");
    }
    for (typed, message) in [
        ("0.09", "Ensure this value is greater than or equal to 0.10."),
        ("0.123", "Ensure that there are no more than 2 decimal places."),
        ("1234", "Ensure this value is less than or equal to 999.99."),
    ] {
        assert!(
            errors(&[("price", typed)]).contains(&message.to_owned()),
            "{typed}"
        );
    }
    assert!(
        errors(&[("price", "1234")])
            .contains(&"Ensure that there are no more than 3 digits before the decimal point.".to_owned())
    );
    assert!(
        errors(&[("price", "123456")])
            .contains(&"Ensure that there are no more than 5 digits in total.".to_owned())
    );
}

#[test]
fn days_and_times_are_read_as_browsers_send_them() {
    assert_eq!(values(&[("date", "1937-12-14")]).date, Some(date(1937, 12, 14)));
    assert_eq!(
        values(&[("time", "20:30")]).time,
        Some(Time::constant(20, 30, 0, 0))
    );
    assert_eq!(
        values(&[("time", "20:30:15.5")]).time,
        Some(Time::constant(20, 30, 15, 500_000_000))
    );
    assert_eq!(
        values(&[("moment", "1937-12-14T20:30")]).moment,
        Some(date(1937, 12, 14).at(20, 30, 0, 0))
    );
    for (name, wrong, message) in [
        ("date", "14.12.1937", "Enter a valid date."),
        ("date", "1937-02-30", "Enter a valid date."),
        ("date", "1937-12-14T10:00", "Enter a valid date."),
        ("time", "25:00", "Enter a valid time."),
        ("moment", "1937-12-14", "Enter a valid date and time."),
        (
            "day",
            "1910-01-22",
            "Ensure this value is greater than or equal to 1910-01-23.",
        ),
        (
            "day",
            "1953-05-17",
            "Ensure this value is less than or equal to 1953-05-16.",
        ),
    ] {
        assert_eq!(errors(&[(name, wrong)]), [message], "{name} {wrong}");
    }
}

#[test]
fn ids_and_addresses_are_checked() {
    let id = "67e55044-10b1-426f-9247-bb680e5fe0c8";
    assert_eq!(values(&[("id", id)]).id, Some(id.parse().unwrap()));
    assert_eq!(errors(&[("id", "7")]), ["Enter a valid UUID."]);
    assert_eq!(
        values(&[("page", "https://nuages.example/a?b")]).page.unwrap(),
        "https://nuages.example/a?b"
    );
    assert_eq!(
        errors(&[("page", "javascript:alert(1)")]),
        ["Enter a valid URL, such as https://example.org/."]
    );
}

#[test]
fn validators_run_one_after_the_other_on_what_was_given() {
    assert_eq!(values(&[("slug", "minor-swing")]).slug.unwrap(), "minor-swing");
    assert_eq!(errors(&[("slug", "swing-42")]), ["No 4, please."]);
    assert_eq!(
        errors(&[("slug", "a 4")]).len(),
        1,
        "after the first mistake the value is gone"
    );
}

#[test]
fn only_what_is_offered_can_be_chosen() {
    assert_eq!(values(&[("topic", "far-away")]).topic, Some(Topic::Travel));
    assert_eq!(
        errors(&[("topic", "Travel")]),
        ["Select a valid choice. Travel is not one of the available choices."]
    );
    let several = values(&[("topics", "food"), ("topics", "jazz"), ("topics", "food")]);
    assert_eq!(several.topics, [Topic::Food, Topic::Jazz]);
    assert_eq!(
        errors(&[("topics", "food"), ("topics", "x"), ("topics", "y")]).len(),
        2
    );
    assert_eq!(values(&[("numbers", "2"), ("numbers", "1")]).numbers, [2, 1]);
    assert_eq!(
        errors(&[("numbers", "3")]),
        ["Select a valid choice. 3 is not one of the available choices."]
    );
    assert_eq!(
        errors(&[("number", "3")]).len(),
        1,
        "a hidden field takes no more than was offered either"
    );
}

#[test]
fn what_is_shown_is_what_is_read_again() {
    fn same<T: FormValue + PartialEq + Debug>(value: T) {
        assert_eq!(T::from_text(&value.to_text()).as_ref(), Ok(&value));
    }
    same(date(1937, 12, 14));
    same(Time::constant(20, 30, 15, 0));
    same(date(1937, 12, 14).at(20, 30, 15, 0));
    same("12.50".parse::<Decimal>().unwrap());
    same(Uuid::nil());
    same(Topic::Travel);
    same(i64::MIN);
    same(u64::MAX);
    same(0.1_f64);
    assert_eq!(vec![Topic::Food, Topic::Jazz].texts(), ["food", "jazz"]);
    let filled = values(&[("topics", "food"), ("date", "1937-12-14")]).filled();
    assert_eq!(filled.topics.values, ["food"]);
    assert_eq!(filled.date.value, "1937-12-14");
}

#[derive(Debug, Form)]
struct Starts {
    #[form(initial = 3)]
    copies: u8,
    #[form(initial = "Belgium")]
    country: String,
    #[form(initial = LAST_DAY)]
    day: Option<Date>,
    #[form(initial = Topic::Food)]
    topic: Topic,
    #[form(initial = vec![Topic::Food, Topic::Jazz])]
    topics: Vec<Topic>,
    #[form(initial = true)]
    gift: bool,
}

#[test]
fn a_form_begins_with_its_initial_values_and_not_when_something_was_sent() {
    let form = Starts::unbound();
    assert_eq!(
        (&*form.copies.value, &*form.country.value, &*form.day.value),
        ("3", "Belgium", "1953-05-16")
    );
    assert!(form.topic.is_selected("food") && form.gift.is_checked());
    assert!(form.topics.is_selected("jazz") && form.topics.is_selected("food"));
    let form = Starts::setup()
        .initial("country", "France")
        .initial("topics", "far-away")
        .unbound();
    assert_eq!((&*form.country.value, form.topics.values.len()), ("France", 1));
    let form = Starts::bind(&data(&[]));
    assert!(!form.gift.is_checked() && form.copies.value.is_empty());
    assert!(form.validate().is_err(), "an initial value is no default");
}

#[derive(Debug, Form)]
#[form(deny_unknown)]
struct Strict {
    name: String,
}

#[test]
fn unknown_fields_are_ignored_or_refused() {
    let sent = data(&[
        ("name", "Django"),
        ("is_admin", "true"),
        ("csrfmiddlewaretoken", "x"),
        ("is_admin", "1"),
    ]);
    let form = Strict::bind(&sent).validate().unwrap_err();
    assert_eq!(form.errors(), ["This form has no field “is_admin”."]);
    assert_eq!(
        Strict::setup()
            .deny_unknown(false)
            .bind(&sent)
            .validate()
            .unwrap()
            .name,
        "Django"
    );
    let sent = data(&[("a-name", "Django"), ("other", "x")]);
    assert!(
        Strict::setup().prefix("a").bind(&sent).validate().is_ok(),
        "what is another form's is no concern of this one"
    );
    let sent = data(&[("a-name", "Django"), ("a-x", "x")]);
    assert!(Strict::setup().prefix("a").bind(&sent).validate().is_err());
}

#[derive(Clone, Debug, PartialEq, Form)]
#[form(clean = both)]
struct Line {
    title: String,
    #[form(min = 1)]
    copies: u8,
}

fn both(line: &Line, errors: &mut FormErrors) {
    if line.title == "no" {
        errors.add("title", "Not this one.");
    }
}

fn line(title: &str, copies: u8) -> Line {
    Line {
        title: title.to_owned(),
        copies,
    }
}

fn set(pairs: &[(&str, &str)]) -> FormSet<Line> {
    FormSet::<Line>::setup()
        .min(1)
        .max(2)
        .can_delete(true)
        .bind(&data(pairs))
}

#[test]
fn a_set_says_what_to_keep_to_add_and_to_delete() {
    let values = set(&[
        ("form-TOTAL_FORMS", "4"),
        ("form-INITIAL_FORMS", "2"),
        ("form-0-title", "a"),
        ("form-0-copies", "2"),
        ("form-1-title", ""),
        ("form-1-DELETE", "on"),
        ("form-2-title", "b"),
        ("form-2-copies", "1"),
        ("form-3-title", "c"),
        ("form-3-DELETE", "on"),
    ])
    .validate()
    .unwrap();
    assert_eq!(values.existing, [(0, line("a", 2))]);
    assert_eq!(values.added, [line("b", 1)]);
    assert_eq!(
        values.deleted,
        [1],
        "what is deleted is not checked, and what never existed is not deleted"
    );
}

#[test]
fn a_set_has_limits() {
    let wrong = |pairs: &[(&str, &str)]| set(pairs).validate().unwrap_err();
    assert!(wrong(&[]).errors()[0].contains("tampered"));
    assert!(
        wrong(&[("form-TOTAL_FORMS", "x"), ("form-INITIAL_FORMS", "0")]).errors()[0].contains("tampered")
    );
    assert!(
        wrong(&[("form-TOTAL_FORMS", "1"), ("form-INITIAL_FORMS", "2")]).errors()[0].contains("tampered")
    );
    let few = wrong(&[("form-TOTAL_FORMS", "1"), ("form-INITIAL_FORMS", "0")]);
    assert_eq!(
        few.forms()[0].title.errors,
        ["This field is required."],
        "one has to be filled in"
    );
    let none = wrong(&[("form-TOTAL_FORMS", "0"), ("form-INITIAL_FORMS", "0")]);
    assert_eq!(none.errors(), ["Please submit at least 1 form."]);
    let many: Vec<(String, String)> = (0..3)
        .flat_map(|i| {
            [
                (format!("form-{i}-title"), "a".to_owned()),
                (format!("form-{i}-copies"), "1".to_owned()),
            ]
        })
        .chain([
            ("form-TOTAL_FORMS".to_owned(), "3".to_owned()),
            ("form-INITIAL_FORMS".to_owned(), "0".to_owned()),
        ])
        .collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(a, b)| (&**a, &**b)).collect();
    assert_eq!(wrong(&many).errors(), ["Please submit at most 2 forms."]);
    // However many are claimed, no more are made than the limit and a thousand.
    assert_eq!(
        set(&[("form-TOTAL_FORMS", "4000000000"), ("form-INITIAL_FORMS", "0")])
            .forms()
            .len(),
        1002
    );
    let cross = wrong(&[
        ("form-TOTAL_FORMS", "1"),
        ("form-INITIAL_FORMS", "0"),
        ("form-0-title", "no"),
        ("form-0-copies", "1"),
    ]);
    assert_eq!(cross.forms()[0].title.errors, ["Not this one."]);
    assert!(FormSet::<Line>::setup().unbound::<Line>().validate().is_err());
}

#[test]
fn a_set_shows_what_exists_and_room_for_more() {
    let lines = [line("a", 1), line("b", 2)];
    let shown = |extra, max| {
        FormSet::<Line>::setup()
            .extra(extra)
            .max(max)
            .filled(&lines)
            .forms()
            .len()
    };
    assert_eq!(
        (shown(3, 10), shown(3, 4), shown(0, 10), shown(1, 1)),
        (5, 4, 2, 2)
    );
    let set = FormSet::<Line>::setup().prefix("x").filled(&lines);
    assert_eq!(
        set.management(),
        [("x-TOTAL_FORMS".to_owned(), 3), ("x-INITIAL_FORMS".to_owned(), 2)]
    );
    assert_eq!(set.forms()[1].title.name, "x-1-title");
    assert!(set.forms()[1].exists() && !set.forms()[2].exists());
}

#[derive(Debug, Form)]
#[form(clean = first, clean_async = second)]
struct Signup {
    name: String,
}

fn first(signup: &Signup, errors: &mut FormErrors) {
    if signup.name == "first" {
        errors.add_to_form("The first check says no.");
    }
}

async fn second(signup: &Signup, errors: &mut FormErrors) -> Result<()> {
    nuages_bridge::Op::<_, nuages_handler::Error>::new("a query", async { Ok(()) }).await?;
    match &*signup.name {
        "first" => panic!("what the first check refuses, the second does not see"),
        "second" => errors.add("name", "This name is taken."),
        "broken" => return Err(nuages_handler::Error::not_found()),
        _ => {}
    }
    Ok(())
}

#[test]
fn a_check_with_io_is_awaited_or_waited_for() {
    async fn in_async(form: BoundForm<Signup>) -> Result<String> {
        Ok(answer(form.clean().await?))
    }
    fn in_sync(form: BoundForm<Signup>) -> Result<String> {
        Ok(answer(form.clean().wait()?))
    }
    fn answer(result: Result<Signup, BoundForm<Signup>>) -> String {
        match result {
            Ok(signup) => signup.name,
            Err(form) => format!("{:?} {:?}", form.errors(), form.name.errors),
        }
    }
    let client = Client::new(App::new().urls(Urls::new().path("async/", in_async).path("sync/", in_sync)));
    for path in ["/async/", "/sync/"] {
        for (name, answer) in [
            ("django", "django"),
            ("first", "[\"The first check says no.\"] []"),
            ("second", "[] [\"This name is taken.\"]"),
            ("", "[] [\"This field is required.\"]"),
        ] {
            assert_eq!(
                client.post(path).form([("name", name)]).wait().unwrap().text(),
                answer,
                "{path} {name}"
            );
        }
        assert_eq!(
            client
                .post(path)
                .form([("name", "broken")])
                .wait()
                .unwrap()
                .status(),
            404
        );
        assert_eq!(
            client.get(path).wait().unwrap().text(),
            "[] []",
            "an unbound form is neither right nor wrong"
        );
    }
}

#[test]
fn choices_of_a_request_limit_what_is_taken() {
    #[derive(Debug, Form)]
    struct Wish {
        book: i64,
        also: Vec<i64>,
    }
    fn view(_: Request, mut form: BoundForm<Wish>) -> String {
        form.book.set_choices([("3", "Nuages")]);
        form.also
            .set_choices(vec![(4.to_string(), "Minor Swing".to_owned())]);
        match form.validate() {
            Ok(wish) => format!("{} {:?}", wish.book, wish.also),
            Err(form) => format!("{:?} {:?}", form.book.errors.len(), form.also.errors.len()),
        }
    }
    let client = Client::new(App::new().urls(Urls::new().path("", view)));
    let post = |pairs: &[(&str, &str)]| {
        let response = client.post("/").form(pairs.iter().copied()).wait().unwrap();
        response.text().to_owned()
    };
    assert_eq!(post(&[("book", "3"), ("also", "4")]), "3 [4]");
    assert_eq!(post(&[("book", "4"), ("also", "3")]), "1 1");
}
