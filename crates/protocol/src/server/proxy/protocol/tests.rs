use proptest::prelude::*;

use super::*;

fn v1(source: SocketAddr, destination: SocketAddr) -> Vec<u8> {
    let family = if source.is_ipv4() { "TCP4" } else { "TCP6" };
    let (from, to) = (source.port(), destination.port());
    format!(
        "PROXY {family} {} {} {from} {to}\r\n",
        source.ip(),
        destination.ip()
    )
    .into_bytes()
}

fn v2(source: SocketAddr, destination: SocketAddr, extra: &[u8]) -> Vec<u8> {
    let mut block = Vec::new();
    for address in [source, destination] {
        match address.ip() {
            IpAddr::V4(ip) => block.extend(ip.octets()),
            IpAddr::V6(ip) => block.extend(ip.octets()),
        }
    }
    block.extend(source.port().to_be_bytes());
    block.extend(destination.port().to_be_bytes());
    block.extend(extra);
    let mut bytes = SIGNATURE.to_vec();
    bytes.extend([0x21, if source.is_ipv4() { 0x11 } else { 0x21 }]);
    bytes.extend((block.len() as u16).to_be_bytes());
    bytes.extend(block);
    bytes
}

#[test]
fn a_proxy_may_speak_for_itself() {
    let health = b"PROXY UNKNOWN\r\nGET";
    assert_eq!(parse(health), Ok(Some((Header::Own, health.len() - 3))));
    let long = b"PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n";
    assert_eq!(parse(long), Ok(Some((Header::Own, long.len()))));
    let mut local = SIGNATURE.to_vec();
    local.extend([0x20, 0, 0, 3, 1, 2, 3, b'G']);
    assert_eq!(parse(&local), Ok(Some((Header::Own, 19))));
}

#[test]
fn what_is_no_header_is_refused_as_soon_as_that_is_clear() {
    for bad in [
        "GET / HTTP/1.1\r\n",
        "PROXZ",
        "PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n",
        "PROXY TCP4 192.0.2.1 192.0.2.2 1 65536\r\n",
        "PROXY TCP4 192.0.2.1 192.0.2.2 +1 2\r\n",
        "PROXY TCP4 192.0.2.1 192.0.2.2 1 2 3\r\n",
        "PROXY TCP4 ::1 ::1 1 2\r\n",
        "PROXY TCP4  192.0.2.1 192.0.2.2 1 2\r\n",
        "PROXY UDP4 192.0.2.1 192.0.2.2 1 2\r\n",
        "PROXY \r\n",
    ] {
        assert_eq!(parse(bad.as_bytes()), Err(NoHeader), "{bad:?}");
    }
    assert_eq!(
        parse(&[b"PROXY UNKNOWN ".as_slice(), &[b'x'; 100]].concat()),
        Err(NoHeader)
    );
    let mut wrong = SIGNATURE.to_vec();
    wrong.extend([0x31, 0x11, 0, 0]);
    assert_eq!(parse(&wrong), Err(NoHeader), "the version");
    let mut short = SIGNATURE.to_vec();
    short.extend([0x21, 0x11, 0, 4, 1, 2, 3, 4]);
    assert_eq!(parse(&short), Err(NoHeader), "the block");
    let mut huge = SIGNATURE.to_vec();
    huge.extend([0x21, 0x11, 0xff, 0xff]);
    assert_eq!(parse(&huge), Err(NoHeader), "the length");
}

fn addresses() -> impl Strategy<Value = (SocketAddr, SocketAddr)> {
    let v4 = any::<([u8; 4], u16)>().prop_map(|(ip, port)| SocketAddr::from((ip, port)));
    let v6 = any::<([u8; 16], u16)>().prop_map(|(ip, port)| SocketAddr::from((ip, port)));
    prop_oneof![(v4.clone(), v4), (v6.clone(), v6)]
}

proptest! {
    /// Whatever comes, it ends without a panic, and what is complete stays what it is when more follows.
    #[test]
    fn fuzz_proxy_protocol_takes_any_bytes(
        begin in prop_oneof![Just(SIGNATURE.to_vec()), Just(NAME.to_vec()), Just(vec![])],
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let all = [begin, bytes].concat();
        if let Ok(Some((header, length))) = parse(&all) {
            prop_assert!(length <= all.len());
            prop_assert_eq!(parse(&all[..length]), Ok(Some((header, length))));
        }
    }

    /// Each header is read as it was written, at no byte too early, and what follows is left.
    #[test]
    fn fuzz_proxy_protocol_reads_what_was_written(
        (source, destination) in addresses(),
        binary: bool,
        extra in proptest::collection::vec(any::<u8>(), 0..20),
    ) {
        let mut bytes = if binary { v2(source, destination, &extra) } else { v1(source, destination) };
        let length = bytes.len();
        for cut in 0..length {
            prop_assert_eq!(parse(&bytes[..cut]), Ok(None), "{} bytes of {}", cut, length);
        }
        bytes.extend(b"GET / HTTP/1.1\r\n");
        prop_assert_eq!(parse(&bytes), Ok(Some((Header::For { source, destination }, length))));
    }
}
