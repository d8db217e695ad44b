//! An operation without its `.await` is a compiler warning in our words (the bridge's own tests compare them) and, where a `let _` hides it, a line in
//! the log of debug mode.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use breakage::{Log, in_every_shape};
use nuages_bridge::{Config, Op};
use nuages_handler::{App, Client, Urls};

fn create() -> Op<'static, ()> {
    Op::leaf("Book::create", async { panic!("nobody has awaited it") })
}

async fn mistaken() -> &'static str {
    #[expect(unused_must_use, reason = "this is the warning")]
    create();
    "the book is not there"
}

async fn hidden() -> &'static str {
    let _ = create();
    "nor is this one"
}

#[test]
fn forgotten_await() {
    Config::new().debug(true).install().unwrap();
    let log = Log::start();
    let client =
        Client::new(App::new().urls(Urls::new().path("mistaken/", mistaken).path("hidden/", hidden)));
    in_every_shape(|| async {
        for path in ["/mistaken/", "/hidden/"] {
            assert_eq!(client.get(path).await.unwrap().status(), 200);
            let lines = log.take();
            assert_eq!(lines.len(), 1, "{lines:?}");
            assert_eq!(lines[0]["operation"], "Book::create");
            assert!(lines[0]["made_at"].contains(file!()), "{lines:?}");
            assert!(lines[0]["message"].contains(".await"), "{lines:?}");
        }
    });
}
