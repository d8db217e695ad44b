//! A sync middleware that awaits nothing and returns the operation itself.

use nuages_handler::{App, Next, Op, Request, Response};

fn audit(request: Request, next: Next) -> Op<'static, Response> {
    next.run(request)
}

fn main() {
    let _ = App::new().middleware(audit);
}
