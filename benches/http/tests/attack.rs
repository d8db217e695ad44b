//! The attack in small: fifty slow connections, a hundred idle ones.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::process::Command;

#[test]
fn a_normal_client_is_served_under_attack_and_the_attackers_are_dropped() {
    let output = Command::new(env!("CARGO_BIN_EXE_attack"))
        .args(["50", "100", "10"])
        .output()
        .unwrap();
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{out}\n{err}");
    assert!(out.contains("100 of 100 are answered again"), "{out}");
}
