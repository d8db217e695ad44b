//! The HTML of forms, parsed as a browser parses it: every control has its label, its help and its messages.
#![cfg(all(
    feature = "forms",
    feature = "templates",
    feature = "dates",
    feature = "decimals"
))]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::HashSet;

use nuages_handler::FormData;
use nuages_views::forms::{BoundField, FormErrors, FormSet};
use nuages_views::{BoundForm, Choices, Form};
use scraper::{ElementRef, Html, Selector};

#[derive(Clone, Copy, Debug, PartialEq, Choices)]
enum Binding {
    Paperback,
    HardCover,
}

#[derive(Clone, Copy, Debug, PartialEq, Choices)]
enum Topic {
    Jazz,
    Travel,
    Food,
}

/// A widget of one's own.
fn stars(field: &BoundField) -> String {
    format!(
        "<input type=\"range\" class=\"stars\" id=\"{}\" name=\"{}\" min=\"1\" max=\"5\">",
        field.id, field.name
    )
}

#[derive(Debug, Form)]
#[form(clean = whole)]
struct Everything {
    #[form(
        label = "Your name",
        max_length = 5,
        min_length = 2,
        help = "As on your passport",
        autocomplete = "name"
    )]
    name: String,
    #[form(email, autocomplete = "email", placeholder = "you@example.org")]
    email: String,
    #[form(url)]
    home_page: Option<String>,
    #[form(widget = "tel", autocomplete = "tel", attributes = [("inputmode", "tel")])]
    phone: Option<String>,
    #[form(widget = "textarea", optional)]
    note: String,
    #[form(widget = "password")]
    password: String,
    #[form(min = 1, max = 20, initial = 1)]
    copies: u8,
    #[form(max_digits = 6, decimal_places = 2, min = 0.01)]
    price: rust_decimal::Decimal,
    discount: Option<f64>,
    #[form(min = "1900-01-01", max = "2100-12-31", help = "When the shop opens")]
    day: jiff::civil::Date,
    hour: Option<jiff::civil::Time>,
    moment: Option<jiff::civil::DateTime>,
    #[form(widget = "color")]
    colour: Option<String>,
    #[form(widget = "search")]
    query: Option<String>,
    #[form(required)]
    agreed: bool,
    gift: bool,
    binding: Binding,
    #[form(widget = "radio", help = "Only one")]
    cover: Binding,
    #[form(required)]
    topics: Vec<Topic>,
    #[form(widget = "select_multiple")]
    more_topics: Vec<Topic>,
    #[form(widget = stars)]
    stars: Option<u8>,
    #[form(widget = "hidden")]
    token: u32,
}

fn whole(_: &Everything, errors: &mut FormErrors) {
    errors.add_to_form("Something about all of it.");
}

fn selector(text: &str) -> Selector {
    Selector::parse(text).unwrap()
}

fn one<'a>(page: &'a Html, css: &str) -> ElementRef<'a> {
    let selector = selector(css);
    let mut found = page.select(&selector);
    let element = found
        .next()
        .unwrap_or_else(|| panic!("no {css} in {}", page.html()));
    assert!(found.next().is_none(), "more than one {css} in {}", page.html());
    element
}

fn text(element: ElementRef<'_>) -> String {
    element.text().collect::<String>().trim().to_owned()
}

/// What holds for every form, whatever is in it.
fn check_page(html: &str) -> Html {
    let page = Html::parse_fragment(html);
    assert!(page.errors.is_empty(), "{:?} in {html}", page.errors);
    let mut ids = HashSet::new();
    for element in page.select(&selector("[id]")) {
        let id = element.attr("id").unwrap();
        assert!(ids.insert(id.to_owned()), "the id {id} is there twice: {html}");
        assert!(!id.contains(' '), "{id}");
    }
    for control in page.select(&selector("input, select, textarea")) {
        if control.attr("type") == Some("hidden") {
            continue;
        }
        let id = control
            .attr("id")
            .unwrap_or_else(|| panic!("no id: {}", control.html()));
        let label = text(one(&page, &format!("label[for='{id}']")));
        assert!(!label.is_empty(), "{}", control.html());
    }
    for element in page.select(&selector("[aria-describedby]")) {
        for id in element.attr("aria-describedby").unwrap().split(' ') {
            assert!(ids.contains(id), "nothing has the id {id}: {}", element.html());
        }
    }
    for group in page.select(&selector("fieldset")) {
        let first = group.children().find_map(ElementRef::wrap).unwrap();
        assert_eq!(first.value().name(), "legend", "{}", group.html());
        assert!(!text(first).is_empty());
    }
    for link in page.select(&selector(".error-summary a")) {
        let target = link.attr("href").unwrap().strip_prefix('#').unwrap();
        assert!(ids.contains(target), "{} leads nowhere", link.html());
        let leads_to = one(&page, &format!("[id='{target}']"));
        assert!(
            matches!(leads_to.value().name(), "input" | "select" | "textarea"),
            "a link goes to what takes the focus, not to {}",
            leads_to.html()
        );
    }
    page
}

#[test]
fn every_control_has_a_label_and_the_type_that_fits() {
    let page = check_page(&Everything::unbound().to_string());
    for (name, kind) in [
        ("name", "text"),
        ("email", "email"),
        ("home_page", "url"),
        ("phone", "tel"),
        ("password", "password"),
        ("copies", "number"),
        ("price", "number"),
        ("discount", "number"),
        ("day", "date"),
        ("hour", "time"),
        ("moment", "datetime-local"),
        ("colour", "color"),
        ("query", "search"),
        ("agreed", "checkbox"),
        ("token", "hidden"),
    ] {
        assert_eq!(
            one(&page, &format!("[name='{name}']")).attr("type"),
            Some(kind),
            "{name}"
        );
    }
    assert_eq!(one(&page, "[name='note']").value().name(), "textarea");
    assert!(one(&page, "[name='more_topics']").attr("multiple").is_some());
    assert_eq!(page.select(&selector("[name='cover'][type='radio']")).count(), 2);
    assert_eq!(
        page.select(&selector("[name='topics'][type='checkbox']")).count(),
        3
    );
    assert_eq!(
        one(&page, "[name='stars']").attr("class"),
        Some("stars"),
        "a widget of one's own"
    );
    assert!(
        page.select(&selector("[aria-invalid], .errors, .error-summary"))
            .next()
            .is_none()
    );
}

#[test]
fn rules_are_told_to_the_browser_too() {
    let page = check_page(&Everything::unbound().to_string());
    let attribute = |name: &str, attribute: &str| {
        let element = one(&page, &format!("[name='{name}']"));
        element.attr(attribute).map(str::to_owned)
    };
    for (name, key, value) in [
        ("name", "maxlength", Some("5")),
        ("name", "minlength", Some("2")),
        ("name", "required", Some("")),
        ("name", "autocomplete", Some("name")),
        ("email", "placeholder", Some("you@example.org")),
        ("phone", "inputmode", Some("tel")),
        ("phone", "required", None),
        ("copies", "min", Some("1")),
        ("copies", "max", Some("20")),
        ("copies", "value", Some("1")),
        ("copies", "step", None),
        ("price", "step", Some("0.01")),
        ("price", "min", Some("0.01")),
        ("discount", "step", Some("any")),
        ("day", "min", Some("1900-01-01")),
        ("agreed", "required", Some("")),
        ("gift", "required", None),
        ("day", "maxlength", None),
    ] {
        assert_eq!(attribute(name, key).as_deref(), value, "{name} {key}");
    }
}

#[test]
fn help_and_messages_are_joined_to_their_control() {
    let sent: FormData = [("name", "\"><script>"), ("topics", "nothing")]
        .into_iter()
        .collect();
    let page = check_page(&Everything::bind(&sent).validate().unwrap_err().to_string());
    let name = one(&page, "[name='name']");
    assert_eq!(name.attr("aria-invalid"), Some("true"));
    assert_eq!(name.attr("aria-describedby"), Some("id_name-help id_name-error"));
    assert_eq!(
        name.attr("value"),
        Some("\"><script>"),
        "what was typed stays, as text"
    );
    assert_eq!(text(one(&page, "#id_name-help")), "As on your passport");
    assert_eq!(
        text(one(&page, "#id_name-error")),
        "Ensure this value has at most 5 characters (it has 10)."
    );
    assert!(page.select(&selector("script")).next().is_none());

    let cover = one(&page, "fieldset#id_cover");
    assert_eq!(cover.attr("role"), Some("radiogroup"));
    assert_eq!(cover.attr("aria-required"), Some("true"));
    assert_eq!(cover.attr("aria-invalid"), Some("true"));
    assert_eq!(
        cover.attr("aria-describedby"),
        Some("id_cover-help id_cover-error")
    );
    let topics = one(&page, "fieldset#id_topics");
    assert_eq!(topics.attr("aria-describedby"), Some("id_topics-error"));
    assert_eq!(
        page.select(&selector("#id_topics input[aria-invalid='true']"))
            .count(),
        3
    );
    assert!(
        one(&page, "[name='gift']").attr("aria-invalid").is_none(),
        "what is right is not marked"
    );
}

#[test]
fn a_summary_above_the_form_links_to_each_mistake_and_takes_the_focus() {
    let sent: FormData = [("token", "x")].into_iter().collect();
    let form = Everything::bind(&sent).validate().unwrap_err();
    let page = check_page(&form.to_string());
    let summary = one(&page, ".error-summary");
    assert_eq!(summary.attr("role"), Some("alert"));
    assert_eq!(summary.attr("tabindex"), Some("-1"));
    assert!(summary.attr("autofocus").is_some());
    assert!(
        text(summary).starts_with("There are 11 problems"),
        "{}",
        text(summary)
    );
    let links: Vec<_> = page
        .select(&selector(".error-summary a"))
        .map(|link| (link.attr("href").unwrap(), text(link)))
        .collect();
    assert_eq!(
        links[0],
        ("#id_name", "Your name: This field is required.".to_owned())
    );
    assert!(links.iter().any(|(href, _)| *href == "#id_cover_0"), "{links:?}");
    // Nobody can go to a hidden field; what is wrong with it is said all the same.
    assert!(text(summary).contains("Token: Enter a whole number."));
    assert!(!links.iter().any(|(_, text)| text.contains("Token")));
    assert_eq!(one(&page, "[name='token']").attr("value"), Some("x"));

    let mut form = Everything::unbound();
    form.add_form_error("<b>no</b>");
    let page = check_page(&form.error_summary().to_string());
    assert!(text(one(&page, ".error-summary")).starts_with("There is a problem"));
    assert_eq!(text(one(&page, ".error-summary li")), "<b>no</b>");
    assert_eq!(Everything::unbound().error_summary().to_string(), "");
}

#[test]
fn what_was_chosen_is_chosen_again() {
    let sent: FormData = [
        ("binding", "hard_cover"),
        ("cover", "paperback"),
        ("topics", "jazz"),
        ("topics", "food"),
        ("more_topics", "travel"),
        ("gift", "on"),
        ("note", "<b>\nline"),
        ("password", "secret"),
    ]
    .into_iter()
    .collect();
    let page = check_page(&Everything::bind(&sent).to_string());
    let values = |css: &str| -> Vec<String> {
        let selector = selector(css);
        page.select(&selector)
            .map(|e| e.attr("value").unwrap().to_owned())
            .collect()
    };
    assert_eq!(values("[name='binding'] option[selected]"), ["hard_cover"]);
    assert_eq!(values("[name='cover'][checked]"), ["paperback"]);
    assert_eq!(values("[name='topics'][checked]"), ["jazz", "food"]);
    assert_eq!(values("[name='more_topics'] option[selected]"), ["travel"]);
    assert_eq!(values("[name='gift'][checked]"), ["on"]);
    assert_eq!(
        one(&page, "[name='note']").text().collect::<String>(),
        "<b>\nline"
    );
    assert_eq!(
        one(&page, "[name='password']").attr("value"),
        Some(""),
        "a password is never shown again"
    );
    let options: Vec<String> = page
        .select(&selector("[name='binding'] option"))
        .map(text)
        .collect();
    assert_eq!(
        options,
        ["Paperback", "Hard cover"],
        "what is required and chosen has no empty option"
    );
}

#[derive(Debug, Form)]
struct Track {
    title: String,
    #[form(min = 1)]
    minutes: u8,
}

#[test]
fn each_form_of_a_set_is_a_group_and_the_summary_says_which_one() {
    let set: FormSet<Track> = FormSet::<Track>::setup()
        .prefix("t")
        .legend("Track")
        .can_delete(true)
        .extra(2)
        .unbound();
    let page = check_page(&set.to_string());
    let legends: Vec<String> = page.select(&selector("legend")).map(text).collect();
    assert_eq!(legends, ["Track 1", "Track 2"]);
    assert_eq!(one(&page, "[name='t-TOTAL_FORMS']").attr("value"), Some("2"));
    assert_eq!(one(&page, "[name='t-1-DELETE']").attr("type"), Some("checkbox"));
    let sent: FormData = [
        ("t-TOTAL_FORMS", "2"),
        ("t-INITIAL_FORMS", "0"),
        ("t-1-title", "Nuages"),
        ("t-1-minutes", "x"),
    ]
    .into_iter()
    .collect();
    let set: FormSet<Track> = FormSet::<Track>::setup().prefix("t").legend("Track").bind(&sent);
    let page = check_page(&set.validate().unwrap_err().to_string());
    let link = one(&page, ".error-summary a");
    assert_eq!(
        (link.attr("href"), &*text(link)),
        (Some("#id_t-1-minutes"), "Track 2, Minutes: Enter a whole number.")
    );
    assert!(
        check_page(
            &FormSet::<Track>::setup()
                .unbound::<Track>()
                .empty_form()
                .to_string()
        )
        .select(&selector("[name='form-__prefix__-title']"))
        .next()
        .is_some()
    );
}

#[test]
fn two_forms_with_prefixes_share_a_page() {
    let (a, b): (BoundForm<Track>, BoundForm<Track>) = (
        Track::setup().prefix("a").unbound(),
        Track::setup().prefix("b").unbound(),
    );
    check_page(&format!("<form>{a}{b}</form>"));
}
