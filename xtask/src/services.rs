//! The databases that the tests use: who answers, and what a silent one means.

use std::net::{TcpStream, ToSocketAddrs as _};
use std::time::Duration;

use anyhow::bail;

/// A server that tests connect to.
struct Service {
    name: &'static str,
    /// The variable that holds its URL, which the tests read too.
    variable: &'static str,
    default: &'static str,
    port: u16,
}

const SERVICES: &[Service] = &[
    Service {
        name: "PostgreSQL",
        variable: "NUAGES_TEST_POSTGRES",
        default: "postgres://postgres@127.0.0.1:5432/postgres",
        port: 5432,
    },
    Service {
        name: "MariaDB",
        variable: "NUAGES_TEST_MYSQL",
        default: "mysql://root@127.0.0.1:3306/mysql",
        port: 3306,
    },
    Service {
        name: "Redis",
        variable: "NUAGES_TEST_REDIS",
        default: "redis://127.0.0.1:6379/0",
        port: 6379,
    },
];

/// Whether this is a CI run, in which nothing may be skipped.
pub(crate) fn in_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| !["", "0", "false"].contains(&value.as_str()))
}

/// Tells loudly of every service that does not answer; with `required`, that is an error.
pub(crate) fn check(required: bool) -> anyhow::Result<()> {
    let mut silent = Vec::new();
    for service in SERVICES {
        let url = std::env::var(service.variable).unwrap_or_else(|_| service.default.to_owned());
        let (host, port) = host_and_port(&url, service.port);
        if !answers(&host, port) {
            silent.push(message(service, &host, port));
        }
    }
    if required && !silent.is_empty() {
        bail!("CI=true, and {}", silent.join("\n       and "));
    }
    for message in silent {
        eprintln!("!!! {message}\n!!! Tests that need it are SKIPPED; with CI=true they would fail.");
    }
    Ok(())
}

/// What to say of a service that does not answer. The URL is not shown, as it may hold a password.
fn message(service: &Service, host: &str, port: u16) -> String {
    format!(
        "{} does not answer on {host}:{port}: start it, name another by {}, or let `.ci/prepare` install and start it",
        service.name, service.variable
    )
}

/// The host and the port of a database URL.
fn host_and_port(url: &str, default: u16) -> (String, u16) {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    // The last `@`, since a password may hold one.
    let address = authority
        .rsplit_once('@')
        .map_or(authority, |(_, address)| address);
    let (host, port) = match address.rsplit_once(':') {
        // A colon inside brackets belongs to an IPv6 address.
        Some((host, port)) if !port.contains(']') => (host, port.parse().unwrap_or(default)),
        _ => (address, default),
    };
    let host = host.trim_matches(['[', ']']);
    (if host.is_empty() { "127.0.0.1" } else { host }.to_owned(), port)
}

fn answers(host: &str, port: u16) -> bool {
    let Ok(mut addresses) = (host, port).to_socket_addrs() else {
        return false;
    };
    addresses.any(|address| TcpStream::connect_timeout(&address, Duration::from_secs(2)).is_ok())
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn host_and_port_of_a_url() {
        let read = |url| host_and_port(url, 5432);
        assert_eq!(
            read("postgres://postgres@127.0.0.1:15432/postgres"),
            ("127.0.0.1".into(), 15432)
        );
        assert_eq!(
            read("postgres://u:p@ss:w@db.example/x?a=b:c"),
            ("db.example".into(), 5432)
        );
        assert_eq!(read("postgres://[::1]:7/x"), ("::1".into(), 7));
        assert_eq!(read("postgres://[::1]"), ("::1".into(), 5432));
        assert_eq!(read("postgres:///x"), ("127.0.0.1".into(), 5432));
    }

    #[test]
    fn the_defaults_name_the_usual_ports() {
        for service in SERVICES {
            assert_eq!(
                host_and_port(service.default, 1),
                ("127.0.0.1".into(), service.port)
            );
        }
    }

    #[test]
    fn only_a_listening_port_answers() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        assert!(answers("127.0.0.1", port));
        // Nobody listens on the port of tcpmux, and unlike a port just given back nobody takes it meanwhile.
        assert!(!answers("127.0.0.1", 1));
    }

    #[test]
    fn a_message_names_the_variable_that_mends_it() {
        let text = message(&SERVICES[0], "db", 7);
        assert!(text.contains("PostgreSQL does not answer on db:7"), "{text}");
        assert!(text.contains("NUAGES_TEST_POSTGRES"), "{text}");
    }
}
