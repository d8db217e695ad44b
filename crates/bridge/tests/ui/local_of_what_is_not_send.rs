//! A `Local` follows the work onto other threads, so its value must be able to.
use std::rc::Rc;

use nuages_bridge::Local;

static NAME: Local<Rc<String>> = Local::new("name");

fn main() {
    NAME.delete();
}
