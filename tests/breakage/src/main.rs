//! A server for the rows `shutdown` and `panic_in_view`: it is stopped by a signal with work in flight and says what becomes of it, and panics when asked.

use std::time::Duration;

use breakage::runtimes;
use nuages_bridge::{async_to_sync, spawn, sync_to_async};
use nuages_handler::{App, Result, Urls};
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

/// Answers, and leaves a job behind.
async fn later_view() -> &'static str {
    spawn(async {
        let job = sync_to_async(|| {
            println!("in the job for later");
            std::thread::sleep(WORK);
            println!("the job for later has finished");
        });
        job.await
    });
    "it is being done"
}

/// A library that never returns, and knows of no cancellation.
fn stuck_view() -> &'static str {
    println!("in the stuck view");
    loop {
        std::thread::park();
    }
}

/// The name is looked for in a backtrace.
fn library_that_panics() -> &'static str {
    panic!("swordfish")
}

fn sync_view_that_panics() -> &'static str {
    library_that_panics()
}

async fn async_view_that_panics() -> &'static str {
    std::future::ready(()).await;
    library_that_panics()
}

/// The panic crosses to the view that awaits it.
async fn view_that_awaits_it() -> Result<&'static str> {
    Ok(sync_to_async(library_that_panics).await?)
}

/// The application with its lifespan.
struct Shop(nuages_handler::Handler);

impl Application for Shop {
    async fn http(&self, scope: HttpScope, body: Body) -> std::result::Result<Response, BoxError> {
        self.0.http(scope, body).await
    }

    async fn shutdown(&self) -> std::result::Result<(), BoxError> {
        let text = sync_to_async(|| "lifespan shutdown, with sync code of its own").await?;
        println!("{text}");
        Ok(())
    }
}

fn main() -> std::result::Result<(), BoxError> {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .init();
    let urls = Urls::new()
        .path("sync/", sync_view)
        .path("async/", async_view)
        .path("later/", later_view)
        .path("endless/", endless_view)
        .path("stuck/", stuck_view)
        .path("panic/sync/", sync_view_that_panics)
        .path("panic/async/", async_view_that_panics)
        .path("panic/far/", view_that_awaits_it);
    let shop = Shop(App::new().urls(urls).build()?);
    let [runtime, _] = runtimes();
    runtime.block_on(async {
        let server = Server::bind("127.0.0.1:0").await?.grace(Duration::from_secs(3));
        println!("listening on {}", server.local_addr());
        server.serve(shop).await
    })?;
    println!("goodbye");
    Ok(())
}
