//! A server for the row `shutdown`: it is stopped by a signal with work in flight, and says what becomes of it.

use std::time::Duration;

use breakage::runtimes;
use nuages_bridge::async_to_sync;
use nuages_handler::{App, Urls};
use nuages_protocol::server::Server;
use nuages_protocol::{Application, Body, BoxError, HttpScope, Response};

/// How long the views take, in milliseconds: short of the grace time and past it.
const WORK: Duration = Duration::from_millis(300);

fn sync_view() -> &'static str {
    println!("in the sync view");
    // Blocking work that knows nothing of the shutdown.
    std::thread::sleep(WORK);
    match async_to_sync(tokio::time::sleep(WORK)) {
        Ok(()) => "the sync view has finished",
        Err(_) => "the sync view was given up",
    }
}

async fn async_view() -> &'static str {
    println!("in the async view");
    tokio::time::sleep(WORK).await;
    "the async view has finished"
}

async fn endless_view() -> &'static str {
    println!("in the endless view");
    std::future::pending().await
}

/// The application with its lifespan.
struct Shop(nuages_handler::Handler);

impl Application for Shop {
    async fn http(&self, scope: HttpScope, body: Body) -> Result<Response, BoxError> {
        self.0.http(scope, body).await
    }

    async fn shutdown(&self) -> Result<(), BoxError> {
        println!("lifespan shutdown");
        Ok(())
    }
}

fn main() -> Result<(), BoxError> {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .init();
    let urls = Urls::new()
        .path("sync/", sync_view)
        .path("async/", async_view)
        .path("endless/", endless_view);
    let shop = Shop(App::new().urls(urls).build()?);
    let [runtime, _] = runtimes();
    runtime.block_on(async {
        let server = Server::bind("127.0.0.1:0").await?.grace(Duration::from_secs(2));
        println!("listening on {}", server.local_addr());
        server.serve(shop).await
    })?;
    println!("goodbye");
    Ok(())
}
