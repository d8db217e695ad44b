use proptest::prelude::*;

use super::*;

const PEER: &str = "10.0.0.1:1";

fn trusted(peers: &[&str], headers: ForwardedHeaders) -> Trusted {
    Trusted {
        peers: TrustedPeers::new(peers.iter().copied()).unwrap(),
        headers,
    }
}

/// What becomes of a plain connection from `peer`, as `client scheme`.
fn seen(peers: &[&str], peer: &str, lines: &[(&str, &str)]) -> String {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        let name = HeaderName::try_from(*name).unwrap();
        headers.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    let kind = if headers.contains_key("forwarded") {
        ForwardedHeaders::Forwarded
    } else {
        ForwardedHeaders::XForwarded
    };
    let mut info = ConnectionInfo {
        client: Some(peer.parse::<SocketAddr>().unwrap().into()),
        ..ConnectionInfo::default()
    };
    forwarded(&trusted(peers, kind), &headers, &mut info);
    let client = info
        .client
        .map_or("unknown".to_owned(), |client| client.to_string());
    format!("{client} {}", info.scheme)
}

#[test]
fn only_a_trusted_peer_is_believed() {
    let lines = [("x-forwarded-for", "192.0.2.7"), ("x-forwarded-proto", "https")];
    assert_eq!(seen(&[], PEER, &lines), "10.0.0.1:1 http");
    assert_eq!(seen(&["10.0.0.2"], PEER, &lines), "10.0.0.1:1 http");
    for trusted in ["10.0.0.1", "10.0.0.0/8", "*"] {
        assert_eq!(seen(&[trusted], PEER, &lines), "192.0.2.7:0 https", "{trusted}");
    }
    assert_eq!(
        seen(&["10.0.0.1"], "[::ffff:10.0.0.1]:1", &lines),
        "192.0.2.7:0 https"
    );
}

#[test]
fn the_chain_is_read_from_its_end() {
    let chain = |value| seen(&["10.0.0.0/8"], PEER, &[("x-forwarded-for", value)]);
    assert_eq!(chain("6.6.6.6, 192.0.2.7, 10.0.0.9"), "192.0.2.7:0 http");
    assert_eq!(chain("192.0.2.7,10.0.0.8,10.0.0.9"), "192.0.2.7:0 http");
    // All of it trusted: the outermost.
    assert_eq!(chain("10.0.0.7, 10.0.0.8"), "10.0.0.7:0 http");
    assert_eq!(
        seen(&["*"], PEER, &[("x-forwarded-for", "6.6.6.6, 192.0.2.7")]),
        "6.6.6.6:0 http"
    );
    // A repeated header is one list.
    let lines = [
        ("x-forwarded-for", "6.6.6.6"),
        ("x-forwarded-for", "192.0.2.7, 10.0.0.9"),
    ];
    assert_eq!(seen(&["10.0.0.0/8"], PEER, &lines), "192.0.2.7:0 http");
}

#[test]
fn addresses_come_with_ports_and_brackets() {
    for (text, expected) in [
        ("192.0.2.7:4711", "192.0.2.7:4711 http"),
        ("2001:db8::1", "[2001:db8::1]:0 http"),
        ("[2001:db8::1]", "[2001:db8::1]:0 http"),
        ("[2001:db8::1]:4711", "[2001:db8::1]:4711 http"),
        ("::ffff:192.0.2.7", "192.0.2.7:0 http"),
        ("unknown", "unknown http"),
        ("_hidden", "unknown http"),
        ("", "unknown http"),
    ] {
        assert_eq!(
            seen(&["10.0.0.1"], PEER, &[("x-forwarded-for", text)]),
            expected,
            "{text}"
        );
    }
}

#[test]
fn a_scheme_goes_with_its_hop() {
    let seen = |client, scheme| {
        seen(
            &["10.0.0.0/8"],
            PEER,
            &[("x-forwarded-for", client), ("x-forwarded-proto", scheme)],
        )
    };
    assert_eq!(seen("192.0.2.7, 10.0.0.9", "https, http"), "192.0.2.7:0 https");
    assert_eq!(seen("192.0.2.7, 10.0.0.9", "https"), "192.0.2.7:0 https");
    assert_eq!(seen("192.0.2.7", "wss"), "192.0.2.7:0 https");
    assert_eq!(seen("192.0.2.7", "gopher"), "192.0.2.7:0 http");
    // What an untrusted client wrote in front of its hop doesn't count.
    assert_eq!(seen("6.6.6.6, 192.0.2.7", "https, http"), "192.0.2.7:0 http");
}

#[test]
fn forwarded_of_rfc_7239_is_read_as_its_examples_have_it() {
    let seen = |value| seen(&["10.0.0.0/8"], PEER, &[("forwarded", value)]);
    assert_eq!(
        seen("For=\"[2001:db8:cafe::17]:4711\""),
        "[2001:db8:cafe::17]:4711 http"
    );
    assert_eq!(
        seen("for=192.0.2.60;proto=https;by=203.0.113.43"),
        "192.0.2.60:0 https"
    );
    assert_eq!(seen("for=192.0.2.43, for=10.0.0.9"), "192.0.2.43:0 http");
    assert_eq!(seen("for=\"_gazonk\""), "unknown http");
    assert_eq!(seen("for=\"192.0.2.1, for=6.6.6.6\""), "unknown http");
    assert_eq!(seen("for=\"192.0.2.43:_x\";host=\"a;b,c\""), "192.0.2.43:0 http");
}

proptest! {
    /// No header makes it panic, and the connection's own address is kept from a peer that isn't trusted.
    #[test]
    fn fuzz_forwarded_headers(value in "[ -~]{0,60}", proto in "[a-z, ]{0,12}", rfc: bool) {
        if let Ok(value) = HeaderValue::from_str(&value) {
            let name = if rfc { "forwarded" } else { "x-forwarded-for" };
            let text = value.to_str().unwrap();
            seen(&["10.0.0.0/8"], PEER, &[(name, text), ("x-forwarded-proto", &proto)]);
            prop_assert_eq!(seen(&[], PEER, &[(name, text), ("x-forwarded-proto", &proto)]), "10.0.0.1:1 http");
        }
    }

    /// Whatever a client writes in front, the hop that the trusted proxy has added decides.
    #[test]
    fn fuzz_forwarded_cannot_be_forged(forged in "[ -~]{0,40}", ip: [u8; 4]) {
        let ip = std::net::Ipv4Addr::from(ip);
        prop_assume!(ip.octets()[0] != 10);
        let seen = seen(&["10.0.0.0/8"], PEER, &[("x-forwarded-for", &format!("{forged}, {ip}"))]);
        prop_assert_eq!(seen, format!("{ip}:0 http"));
    }
}
