//! What a template finds by name.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use minijinja::value::Object;
use minijinja::{Error, ErrorKind, Value};
use nuages_handler::Request;

use crate::template_values::Kept;

/// The context of the page itself, then the request, then what was kept for it.
pub(super) struct PageContext {
    own: Value,
    request: Value,
    kept: Kept,
}

impl PageContext {
    pub(super) fn new(request: &Request, own: Value) -> Self {
        Self {
            own,
            request: Value::from_object(PageRequest(request.clone())),
            kept: Kept::of(request),
        }
    }
}

impl Object for PageContext {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        let own = self.own.get_attr(key).ok().filter(|value| !value.is_undefined());
        own.or_else(|| (key == "request").then(|| self.request.clone()))
            .or_else(|| Some(to_value(key, self.kept.get(key)?)))
    }
}

impl fmt::Debug for PageContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.own, f)
    }
}

/// A value of any type that a template can show.
fn to_value(name: &str, kept: &(dyn Any + Send + Sync)) -> Value {
    macro_rules! one_of {
        ($($type:ty),+) => {
            $(if let Some(value) = kept.downcast_ref::<$type>() {
                return value.clone().into();
            })+
        };
    }
    one_of!(Value, String, &'static str, bool, i32, u32, i64, u64, f64);
    if let Some(number) = kept.downcast_ref::<usize>() {
        return (*number as u64).into();
    }
    // It fails where it is used, at that line.
    Error::new(
        ErrorKind::InvalidOperation,
        format!(
            "`{name}` was kept by `set_template_value` as a type that this template can't read: keep a `minijinja::Value`"
        ),
    )
    .into()
}

/// The request, as templates see it.
#[derive(Debug)]
pub(super) struct PageRequest(pub(super) Request);

impl Object for PageRequest {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let request = &self.0;
        Some(match key.as_str()? {
            "path" => request.path().into(),
            "full_path" => request.full_path().into(),
            "method" => request.method().as_str().into(),
            "host" => request.host().into(),
            "is_secure" => request.is_secure().into(),
            "route_name" => request.route_name().into(),
            "query" => Value::from_object(PageQuery(request.clone())),
            _ => return None,
        })
    }
}

/// The query: the last value of each name.
#[derive(Debug)]
struct PageQuery(Request);

impl Object for PageQuery {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        Some(self.0.query().get(key.as_str()?)?.into())
    }
}
