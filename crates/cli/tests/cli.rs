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

#[test]
fn a_project_is_made_and_what_is_there_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let new = |name: &str| {
        Command::new(env!("CARGO_BIN_EXE_nuages"))
            .args(["new", name])
            .current_dir(folder.path())
            .output()
            .unwrap()
    };
    let made = new("shop");
    assert!(made.status.success(), "{made:?}");
    assert!(
        String::from_utf8(made.stdout)
            .unwrap()
            .contains("cargo run -- run")
    );
    let manifest = std::fs::read_to_string(folder.path().join("shop/Cargo.toml")).unwrap();
    assert!(
        manifest.contains(concat!("nuages = \"", env!("CARGO_PKG_VERSION"), "\"")),
        "{manifest}"
    );

    let again = new("shop");
    assert_eq!(again.status.code(), Some(1));
    assert!(
        String::from_utf8(again.stderr)
            .unwrap()
            .contains("choose another name")
    );
    assert_eq!(new("Shop").status.code(), Some(2));

    let part = Command::new(env!("CARGO_BIN_EXE_nuages"))
        .args(["startapp", "blog"])
        .current_dir(folder.path().join("shop"))
        .output()
        .unwrap();
    assert!(part.status.success(), "{part:?}");
    assert!(folder.path().join("shop/src/blog/views.rs").is_file());
}
