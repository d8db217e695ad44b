//! What every template can call, and how what it shows is escaped.

use std::fmt;
use std::sync::Arc;

use minijinja::value::{Kwargs, Object, ObjectRepr, from_args};
use minijinja::{
    AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior, Value, escape_formatter,
};
use nuages_handler::{Request, csp_nonce, csrf_token};

use super::is_plain;
use super::page::PageRequest;
use crate::url_to::UrlTo;

pub(super) fn add(environment: &mut Environment<'static>) {
    environment.set_auto_escape_callback(|name| {
        if is_plain(name) {
            AutoEscape::None
        } else {
            AutoEscape::Html
        }
    });
    environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    environment.set_formatter(|out, state, value| {
        if let Some(link) = value.downcast_object_ref::<Link>() {
            return write_text(out, state, &link.0.text().map_err(failed)?);
        }
        if let Some(html) = value.downcast_object_ref::<Markup>() {
            return escape_formatter(out, state, &Value::from_safe_string(html.html.clone()));
        }
        match value.as_str() {
            Some(text) if !value.is_safe() => write_text(out, state, text),
            _ => escape_formatter(out, state, value),
        }
    });
    environment.add_function("url", |name: &str, values: Kwargs| -> Result<Value, Error> {
        let mut url = UrlTo::new(name);
        for key in values.args() {
            url = url.with(key, values.get::<Value>(key)?);
        }
        values.assert_all_used()?;
        Ok(Value::from_object(Link(url)))
    });
    environment.add_function("query_with", |state: &State<'_, '_>, name: &str, value: Value| {
        with_request(state, |request| format!("?{}", request.query().with(name, value)))
    });
    environment.add_function("csrf_field", |state: &State<'_, '_>| {
        with_request(state, |request| {
            // The token is of letters and digits.
            let token = csrf_token(request);
            Value::from_safe_string(format!(
                "<input type=\"hidden\" name=\"csrfmiddlewaretoken\" value=\"{token}\">"
            ))
        })
    });
    environment.add_function("csrf_token", |state: &State<'_, '_>| {
        with_request(state, csrf_token)
    });
    environment.add_function("csp_nonce", |state: &State<'_, '_>| {
        with_request(state, csp_nonce)
    });
    #[cfg(feature = "static-files")]
    environment.add_function("static_url", |path: &str| {
        crate::static_files::static_url(path).map_err(failed)
    });
}

/// As `escape_formatter`, which would also write every slash of an address as `&#x2f;`.
fn write_text(out: &mut Output<'_>, state: &State<'_, '_>, text: &str) -> Result<(), Error> {
    if !matches!(state.auto_escape(), AutoEscape::Html) {
        return Ok(out.write_str(text)?);
    }
    let mut rest = text;
    while let Some(at) = rest.find(['&', '<', '>', '"', '\'']) {
        let (before, after) = rest.split_at(at);
        out.write_str(before)?;
        out.write_str(match after.as_bytes()[0] {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' => "&quot;",
            _ => "&#39;",
        })?;
        rest = &after[1..];
    }
    Ok(out.write_str(rest)?)
}

fn failed(error: impl fmt::Display) -> Error {
    Error::new(ErrorKind::InvalidOperation, error.to_string())
}

fn with_request<T>(state: &State<'_, '_>, show: impl FnOnce(&Request) -> T) -> Result<T, Error> {
    let request = state.lookup("request");
    match request
        .as_ref()
        .and_then(|value| value.downcast_object_ref::<PageRequest>())
    {
        Some(PageRequest(request)) => Ok(show(request)),
        None => Err(failed(
            "the template needs the request, and the context has something else of that name",
        )),
    }
}

/// An address that is not written yet.
#[derive(Debug)]
struct Link(UrlTo);

impl Object for Link {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        let url = self.0.clone();
        let url = match method {
            "with" => {
                let (name, value): (&str, Value) = from_args(args)?;
                url.with(name, value)
            }
            "query" => {
                let (name, value): (&str, Value) = from_args(args)?;
                url.query(name, value)
            }
            "fragment" => {
                let (id,): (Value,) = from_args(args)?;
                url.fragment(id)
            }
            _ => return Err(ErrorKind::UnknownMethod.into()),
        };
        Ok(Value::from_object(Self(url)))
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// HTML of ours, with parts that have names.
pub(super) struct Markup {
    pub(super) html: String,
    pub(super) parts: Vec<(String, Value)>,
}

impl Object for Markup {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let key = key.as_str()?;
        let (_, value) = self.parts.iter().find(|(name, _)| name == key)?;
        Some(value.clone())
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.html)
    }
}

/// Values hold passwords.
impl fmt::Debug for Markup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.parts.iter().map(|(name, _)| name))
            .finish()
    }
}
