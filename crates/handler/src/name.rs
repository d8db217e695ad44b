//! How views and middleware are called in plans and logs.

use std::any::type_name;
use std::borrow::Cow;
use std::panic::Location;

/// A function's own name; for a closure, which has none, where it stands.
pub(crate) fn name_of<F>(location: &Location<'_>) -> Cow<'static, str> {
    let path = type_name::<F>();
    if path.contains("{{closure}}") {
        return Cow::Owned(format!("closure at {}:{}", location.file(), location.line()));
    }
    Cow::Borrowed(short(path))
}

/// A name as reports need it: for as long as the program runs. A view is made once, so what the name of a closure takes is little.
#[expect(
    clippy::ptr_arg,
    reason = "what is borrowed is kept as it is; only what is owned is leaked"
)]
pub(crate) fn for_ever(name: &Cow<'static, str>) -> &'static str {
    match name {
        Cow::Borrowed(name) => name,
        Cow::Owned(name) => name.clone().leak(),
    }
}

/// `shop::views::home` is `home`; what has type parameters keeps them out too.
pub(crate) fn short(path: &'static str) -> &'static str {
    let path = path.split('<').next().unwrap_or(path);
    path.rsplit("::").next().unwrap_or(path)
}
