//! The pages of the bookshop in Chromium, checked by axe-core: wide and narrow, light and dark.
#![allow(
    clippy::unwrap_used,
    unreachable_pub,
    dead_code,
    reason = "a test fails by panicking, and includes the example's own modules"
)]

#[path = "../../../crates/nuages/examples/bookshop/app.rs"]
mod app;
#[path = "../../../crates/nuages/examples/bookshop/cart.rs"]
mod cart;
#[path = "../../../crates/nuages/examples/bookshop/checkout.rs"]
mod checkout;
#[path = "../../../crates/nuages/examples/bookshop/data.rs"]
mod data;
#[path = "../../../crates/nuages/examples/bookshop/legacy.rs"]
mod legacy;
#[path = "../../../crates/nuages/examples/bookshop/middleware.rs"]
mod middleware;
#[path = "../../../crates/nuages/examples/bookshop/migrations/mod.rs"]
mod migrations;
#[path = "../../../crates/nuages/examples/bookshop/models.rs"]
mod models;
#[path = "../../../crates/nuages/examples/bookshop/views/mod.rs"]
mod views;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use browser::{Axe, Browser, Violation};
use nuages::bridge::{async_to_sync, spawn};
use nuages::protocol::server::Server;
use nuages::views::StaticFiles;
use nuages::{Result, orm::Database};

const STATIC: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../crates/nuages/examples/bookshop/static"
);

/// Opens the shop on a port of its own; gives its address. It is served until the test's process ends.
fn open_shop(folder: &Path) -> String {
    let url = format!("sqlite:{}", folder.join("shop.sqlite3").display());
    let open = async {
        let database = Database::connect(&url).await?;
        data::project().migrate(&database).run().await?;
        database.scope(data::load()).await?;
        let handler = app::app(database, StaticFiles::new().dir(STATIC)).build()?;
        let server = Server::bind("127.0.0.1:0").await?;
        let address = format!("http://{}", server.local_addr());
        spawn(async move { server.serve(handler).await });
        Result::<String>::Ok(address)
    };
    async_to_sync(open).unwrap().unwrap()
}

/// What a page is looked at by.
struct Eyes {
    browser: Browser,
    axe: Axe,
    shop: String,
    /// Where pictures go, for people to look at.
    pictures: Option<PathBuf>,
    wrong: Vec<String>,
}

impl Eyes {
    fn open(&self, path: &str) {
        self.browser.open(&format!("{}{path}", self.shop)).unwrap();
    }

    /// Checks the page that is open, in each size and each scheme.
    fn look(&mut self, name: &str) {
        // Colours do not depend on the width, so that the narrow page is looked at in one scheme.
        for (size, width, height, is_dark) in [
            ("wide", 1280, 900, false),
            ("wide", 1280, 900, true),
            ("narrow", 390, 844, false),
        ] {
            let scheme = if is_dark { "dark" } else { "light" };
            let place = format!("{name}-{size}-{scheme}");
            self.browser.view(width, height, is_dark).unwrap();
            let violations: Vec<Violation> = self.axe.check(&self.browser).unwrap();
            self.wrong
                .extend(violations.iter().map(|violation| format!("{place}: {violation}")));
            if self.says("document.documentElement.scrollWidth > innerWidth") == "true" {
                self.wrong
                    .push(format!("{place}: the page is wider than the window"));
            }
            if let Some(folder) = &self.pictures {
                let picture = self.browser.screenshot().unwrap();
                std::fs::write(folder.join(format!("{place}.png")), picture).unwrap();
            }
        }
    }

    /// The title of the page, once it starts so. A click does not wait for the page that it leads to.
    fn title_with(&self, start: &str) -> String {
        let until = Instant::now() + Duration::from_secs(20);
        loop {
            let title = self.says("document.title");
            if title.starts_with(start) || Instant::now() > until {
                return title;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn says(&self, script: &str) -> String {
        let value = self.browser.run(&format!("return String({script})")).unwrap();
        value.as_str().unwrap_or_default().to_owned()
    }
}

#[nuages::test]
fn everybody_can_use_the_bookshop() {
    let Some((browser, axe)) = browser::tools("everybody_can_use_the_bookshop") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let mut eyes = Eyes {
        browser,
        axe,
        shop: open_shop(folder.path()),
        pictures: std::env::var_os("NUAGES_SCREENSHOTS").map(PathBuf::from),
        wrong: Vec::new(),
    };
    for (name, path) in [
        ("home", "/"),
        ("books", "/books/?page=3"),
        ("found", "/books/?q=the&country=GB&order=price"),
        ("nothing-found", "/books/?q=no+such+book"),
        ("wrong-filter", "/books/?order=colour"),
        ("authors", "/authors/"),
        ("cart-empty", "/cart/"),
        ("orders-empty", "/orders/"),
        ("book", "/books/1/"),
    ] {
        eyes.open(path);
        eyes.look(name);
    }

    // From the book to the order, as a visitor goes.
    eyes.browser.click("main form button").unwrap();
    eyes.look("cart");
    eyes.browser.click("a.button").unwrap();
    eyes.look("checkout");
    eyes.browser.type_into("[name=email]", "nobody").unwrap();
    eyes.browser.click("main form button").unwrap();
    let title = eyes.title_with("Error:");
    assert!(
        title.starts_with("Error:"),
        "{title}: {}",
        eyes.says("document.body.innerText")
    );
    assert_eq!(
        eyes.says("document.activeElement.className"),
        "error-summary",
        "the focus is where the mistakes are told"
    );
    eyes.look("checkout-wrong");
    eyes.browser.click(".error-summary a").unwrap();
    assert_eq!(
        eyes.says("document.activeElement.name"),
        "name",
        "a mistake leads to its field"
    );
    eyes.browser.type_into("[name=name]", "Django Reinhardt").unwrap();
    eyes.browser
        .run("document.querySelector('[name=email]').value = ''")
        .unwrap();
    eyes.browser
        .type_into("[name=email]", "django@example.org")
        .unwrap();
    eyes.browser.click("main form button").unwrap();
    assert_eq!(eyes.says("location.pathname"), "/orders/");
    eyes.look("orders");

    assert!(eyes.wrong.is_empty(), "\n{}", eyes.wrong.join("\n"));
}

#[test]
fn a_page_with_mistakes_is_found_out() {
    let Some((browser, axe)) = browser::tools("a_page_with_mistakes_is_found_out") else {
        return;
    };
    let page = "<title>x</title><main><img src='x.png'><input><p style='color:%23ccc;background:%23fff'>pale</p></main>";
    browser
        .open(&format!("data:text/html,<!doctype html><html>{page}"))
        .unwrap();
    let mut rules: Vec<String> = axe
        .check(&browser)
        .unwrap()
        .into_iter()
        .map(|found| found.rule)
        .collect();
    rules.sort();
    assert_eq!(rules, ["color-contrast", "html-has-lang", "image-alt", "label"]);
}
