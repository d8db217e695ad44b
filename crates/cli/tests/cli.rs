//! The binary passes on what it is told, and tells how that ended.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::process::{Command, Output};

fn nuages(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_nuages"))
        .args(arguments)
        .output()
        .unwrap()
}

#[test]
fn help_and_version_need_no_project() {
    let help = nuages(&["--help"]);
    assert!(help.status.success());
    assert!(
        String::from_utf8(help.stdout)
            .unwrap()
            .contains("cargo run -- routes")
    );
    let version = nuages(&["--version"]);
    assert_eq!(
        String::from_utf8(version.stdout).unwrap().trim(),
        concat!("nuages ", env!("CARGO_PKG_VERSION"))
    );
}

#[cfg(unix)]
#[test]
fn a_command_is_the_projects_own_and_so_is_its_exit_code() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let cargo = folder.path().join("cargo");
    std::fs::write(&cargo, "#!/bin/sh\necho \"$@\"\nexit 3\n").unwrap();
    std::fs::set_permissions(&cargo, std::fs::Permissions::from_mode(0o755)).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_nuages"))
        .args(["routes", "--quiet"])
        .env("CARGO", &cargo)
        .output()
        .unwrap();
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        "run --quiet -- routes --quiet\n"
    );
    assert_eq!(output.status.code(), Some(3));
}

#[test]
fn a_missing_cargo_is_named() {
    let output = Command::new(env!("CARGO_BIN_EXE_nuages"))
        .arg("routes")
        .env("CARGO", "/no/such/cargo")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("`cargo` could not be run"), "{error}");
}
