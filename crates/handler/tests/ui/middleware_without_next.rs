//! A middleware that takes no `Next`.

use nuages_handler::{App, Request, Response, Result};

fn audit(request: Request) -> Result<Response> {
    println!("{}", request.path());
    Ok(Response::default())
}

fn main() {
    let _ = App::new().middleware(audit);
}
