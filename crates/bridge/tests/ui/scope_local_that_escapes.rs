//! A value of a scope's thread is used there and nowhere else.
use nuages_bridge::ScopeLocal;

static NAME: ScopeLocal<String> = ScopeLocal::new("name", String::new);

fn main() {
    let _escaped: &str = NAME.with(|name| name.as_str()).unwrap();
}
