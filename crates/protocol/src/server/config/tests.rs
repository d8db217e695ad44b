use std::time::Duration;

use super::*;

fn variables(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter()
        .map(|&(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

#[test]
fn every_default_survives_the_way_through_text() {
    let mut config = ServerConfig::default();
    for (key, value) in ServerConfig::default().values() {
        let read = config.set(key, std::slice::from_ref(&value)).unwrap();
        assert_eq!(read, Ok(()), "{key} = {value:?}");
    }
    assert_eq!(config.values(), ServerConfig::default().values());
    assert!(config.check().is_ok());
}

#[test]
fn times_and_sizes_have_units() {
    let config = ServerConfig::default()
        .with_environment(variables(&[
            ("NUAGES_SERVER_GRACE", "500ms"),
            ("NUAGES_SERVER_KEEP_ALIVE_TIMEOUT", "2 min"),
            ("NUAGES_SERVER_WRITE_TIMEOUT", "1.5"),
            ("NUAGES_SERVER_MAX_BODY_SIZE", "16MiB"),
            ("NUAGES_SERVER_MAX_HEADER_SIZE", "8 kB"),
            ("NUAGES_SERVER_MAX_CONNECTIONS", "1_000"),
            ("NUAGES_SERVER_UNIX_MODE", "0o600"),
            ("NUAGES_SERVER_BIND", "127.0.0.1:80, unix:/run/shop.sock"),
            ("NUAGES_SERVER_ACCESS_LOG", "json"),
            ("NUAGES_DEBUG", "1"),
        ]))
        .unwrap();
    assert_eq!(config.grace, Duration::from_millis(500));
    assert_eq!(config.keep_alive_timeout, Duration::from_secs(120));
    assert_eq!(config.write_timeout, Duration::from_millis(1500));
    assert_eq!(config.max_body_size, 16 << 20);
    assert_eq!(config.max_header_size, 8000);
    assert_eq!(config.max_connections, 1000);
    assert_eq!(config.unix_mode, Mode(0o600));
    assert_eq!(config.bind.len(), 2);
    assert_eq!(config.access_log, Some(AccessLog::Json));
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let error = ServerConfig::default()
        .with_environment(variables(&[
            ("NUAGES_SERVER_GRASE", "1"),
            ("NUAGES_SERVER_GRACE", "a while"),
            ("NUAGES_SERVER_MAX_CONNECTIONS", "0"),
            ("NUAGES_SERVER_MAX_HEADERS", "99999999999999999999"),
            ("NUAGES_SERVER_HTTP2", "maybe"),
            ("NUAGES_SERVER_TRUSTED_PROXIES", "10.0.0.0/8,next door"),
            ("NUAGES_SERVER_ROOT_PATH", "shop/"),
            ("NUAGES_SERVER_TOTALLY_DIFFERENT", ""),
        ]))
        .unwrap_err();
    let text = error.to_string();
    for part in [
        "`NUAGES_SERVER_GRASE` is unknown; did you mean `grace`?",
        "`NUAGES_SERVER_GRACE` is a time",
        "`max_connections` is at least one connection",
        "`NUAGES_SERVER_MAX_HEADERS` takes a whole number",
        "`NUAGES_SERVER_HTTP2` is `true` or `false`, not `maybe`",
        "`NUAGES_SERVER_TRUSTED_PROXIES`",
        "next door",
        "`root_path` begins with a slash",
        "`NUAGES_SERVER_TOTALLY_DIFFERENT` is unknown",
    ] {
        assert!(text.contains(part), "{part} is missing in {text}");
    }
    assert_eq!(error.keys().count(), 8);
}

#[cfg(feature = "toml")]
#[test]
fn a_file_has_a_table_of_its_own() {
    let config = ServerConfig::default()
        .with_toml(
            r#"
            [server]
            bind = ["127.0.0.1:80", "[::1]:80"]
            grace = 5
            write_timeout = "250ms"
            max_body_size = 1_000
            http2 = false

            [database]
            url = "sqlite:shop.sqlite3"
            "#,
        )
        .unwrap();
    assert_eq!(config.bind.len(), 2);
    assert_eq!(config.grace, Duration::from_secs(5));
    assert_eq!(config.write_timeout, Duration::from_millis(250));
    assert_eq!(config.max_body_size, 1000);
    assert!(!config.http2);

    let error = ServerConfig::default()
        .with_toml("[server]\ngrase = 5\nbind = 7\ngrace = { seconds = 5 }\nbacklog = -1")
        .unwrap_err();
    assert_eq!(
        error.keys().collect::<Vec<_>>(),
        ["server.backlog", "server.bind", "server.grace", "server.grase"]
    );
    assert!(ServerConfig::default().with_toml("[server").is_err());
}

/// The page of the book lists every setting with its default.
#[test]
fn the_book_lists_every_setting_with_its_default() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/src/reference/server.md");
    let page = std::fs::read_to_string(path).unwrap();
    for (key, value) in ServerConfig::default().values() {
        let row = page
            .lines()
            .find(|line| line.starts_with(&format!("| `{key}` |")))
            .unwrap_or_else(|| panic!("docs/src/reference/server.md has no row for `{key}`"));
        if key != "http2" {
            assert!(
                row.starts_with(&format!("| `{key}` | `{value}` |")) || value.is_empty(),
                "`{key}` is `{value}` by default: {row}"
            );
        }
    }
}
