//! An application that is mounted before it was built.

use nuages_handler::{App, Urls};

fn main() {
    let _ = Urls::new().mount("shop/", App::new());
}
