//! A request as CGI and WSGI know it.

use std::net::SocketAddr;

use http::{Method, Uri};
use nuages_protocol::{HttpScope, sync::SyncRequest};

fn request(uri: &'static str) -> HttpScope {
    HttpScope::new(Method::GET, Uri::from_static(uri))
}

#[test]
fn script_name_and_path_info_part_between_two_segments() {
    for (uri, root_path, script_name, path_info) in [
        ("/shop/books/", "/shop", "/shop", "/books/"),
        ("/shop/books/", "/shop/", "/shop", "/books/"),
        ("/shop", "/shop", "/shop", ""),
        ("/shopping/", "/shop", "/shop", "/shopping/"),
        ("/books/", "", "", "/books/"),
        ("/books/caf%C3%A9%2F", "", "", "/books/café/"),
        ("/%FF", "", "", "/\u{fffd}"),
    ] {
        let mut scope = request(uri);
        scope.root_path = root_path.into();
        let request = SyncRequest::new(scope, "");
        assert_eq!(request.script_name(), script_name, "{uri}");
        assert_eq!(request.path_info(), path_info, "{uri}");
    }
}

#[test]
fn headers_that_come_several_times_are_joined() {
    let mut scope = request("/");
    for (name, value) in [
        ("x-many", "a"),
        ("x-many", "b, c"),
        ("cookie", "a=1"),
        ("cookie", "b=2"),
        ("x-one", "1"),
    ] {
        scope.headers.append(name, value.parse().unwrap());
    }
    let request = SyncRequest::new(scope, "");
    assert_eq!(request.header("X-Many").unwrap(), "a,b, c");
    assert_eq!(request.header("cookie").unwrap(), "a=1; b=2");
    assert_eq!(request.header("x-one").unwrap(), "1");
    assert_eq!(request.header("x-none"), None);
}

#[test]
fn the_environment_is_what_pep_3333_asks_for() {
    let mut scope = request("/shop/caf%C3%A9?q=%C3%A9");
    scope.method = Method::POST;
    scope.root_path = "/shop".into();
    scope.client = Some(SocketAddr::from(([192, 0, 2, 1], 4711)).into());
    scope.server = Some(SocketAddr::from(([192, 0, 2, 2], 443)).into());
    scope.scheme = nuages_protocol::Scheme::Https;
    for (name, value) in [
        ("content-type", "text/plain"),
        ("content-length", "3"),
        ("x-user", "ann"),
        ("x-many", "1"),
        ("x-many", "2"),
        ("x_user", "mallory"),
    ] {
        scope.headers.append(name, value.parse().unwrap());
    }
    let environ = SyncRequest::new(scope, "abc").environ();
    for (key, value) in [
        ("REQUEST_METHOD", "POST"),
        ("SCRIPT_NAME", "/shop"),
        ("PATH_INFO", "/caf\u{c3}\u{a9}"),
        ("QUERY_STRING", "q=%C3%A9"),
        ("SERVER_PROTOCOL", "HTTP/1.1"),
        ("SERVER_NAME", "192.0.2.2"),
        ("SERVER_PORT", "443"),
        ("REMOTE_ADDR", "192.0.2.1"),
        ("REMOTE_PORT", "4711"),
        ("CONTENT_TYPE", "text/plain"),
        ("CONTENT_LENGTH", "3"),
        ("HTTP_X_USER", "ann"),
        ("HTTP_X_MANY", "1,2"),
        ("wsgi.url_scheme", "https"),
    ] {
        assert_eq!(environ.get(key).map(String::as_str), Some(value), "{key}");
    }
    assert!(!environ.contains_key("HTTP_CONTENT_TYPE"));
}
