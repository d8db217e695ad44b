//! The plaintext and JSON tests of the TechEmpower benchmarks, as async and as sync views.
//!
//! ```sh
//! cargo run --release --example techempower -- 127.0.0.1:8080
//! curl -i http://127.0.0.1:8080/plaintext       # and /json, /sync/plaintext, /sync/json
//! ```
//!
//! As the rules ask, each answer has a type, a length, a date and the server's name, and the JSON is made for each request.

use nuages::prelude::*;

#[derive(serde::Serialize)]
struct Message {
    message: &'static str,
}

const HELLO: &str = "Hello, World!";

fn plain() -> Response {
    Response::new(200)
        .header("content-type", "text/plain")
        .body(HELLO)
}

fn message() -> Json<Message> {
    Json(Message { message: HELLO })
}

async fn plaintext() -> Response {
    plain()
}

async fn json() -> Json<Message> {
    message()
}

fn sync_plaintext() -> Response {
    plain()
}

fn sync_json() -> Json<Message> {
    message()
}

#[nuages::main]
async fn main() -> Result<()> {
    let address = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "127.0.0.1:8080".to_owned());
    let urls = Urls::new()
        .path("plaintext", plaintext)
        .path("json", json)
        .path("sync/plaintext", sync_plaintext)
        .path("sync/json", sync_json);
    let server = neutral(|_| None, |_, response| response.header("server", "nuages")).named("server");
    App::new().middleware(server).urls(urls).serve(address).await
}
