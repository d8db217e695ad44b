//! `.wait()` in an async view is refused with an error that names the operation, the place and both ways out.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::atomic::{AtomicBool, Ordering};

use breakage::in_every_shape;
use nuages_bridge::{BridgeError, Op};
use nuages_handler::{App, Client, Next, Request, Response, Result, Urls};

static RAN: AtomicBool = AtomicBool::new(false);

fn query() -> Op<'static, u8> {
    Op::leaf("Books::count", async {
        RAN.store(true, Ordering::Relaxed);
        Ok(1)
    })
}

const LINE: u32 = line!() + 3;

async fn mistaken() -> String {
    let refused: Result<u8, BridgeError> = query().wait();
    match refused {
        Ok(_) => "it blocked the loop".to_owned(),
        Err(error) => {
            let operation = error
                .synchronous_only_operation()
                .map(|refused| refused.operation());
            format!("{operation:?} {error}")
        }
    }
}

async fn right() -> Result<String> {
    Ok(query().await?.to_string())
}

fn sync_layer(request: Request, next: Next) -> Result<Response> {
    next.run(request).wait()
}

#[test]
fn wait_on_the_loop() {
    let urls = || Urls::new().path("mistaken/", mistaken).path("right/", right);
    let check = |text: &str| {
        assert!(
            text.starts_with("Some(\"Books::count\") `Books::count`"),
            "{text}"
        );
        assert!(text.contains(&format!("{}:{LINE}", file!())), "{text}");
        assert!(
            text.contains(".await") && text.contains("sync_to_async"),
            "{text}"
        );
    };
    for app in [
        |urls| App::new().urls(urls),
        |urls| App::new().middleware(sync_layer).urls(urls),
    ] {
        let client = Client::new(app(urls()));
        in_every_shape(|| async {
            check(client.get("/mistaken/").await.unwrap().text());
            assert!(
                !RAN.swap(false, Ordering::Relaxed),
                "it was refused before it began"
            );
            assert_eq!(client.get("/right/").await.unwrap().text(), "1");
            assert!(RAN.swap(false, Ordering::Relaxed));
        });
        // On the thread of a sync test, which could block, an async view still may not.
        check(client.get("/mistaken/").wait().unwrap().text());
    }
}
