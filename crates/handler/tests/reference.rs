//! The reference of the settings lists what there is: `UPDATE_EXPECT=1 cargo test -p nuages-handler --test reference` writes it.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write as _;
use std::path::Path;

use nuages_handler::{Settings, SettingsSection as _};

const INTRODUCTION: &str = "# Settings of an application

`App::settings` takes them. They come from code, from a TOML file and from the environment, which has the last word: the variable of the
key `security.hsts` is `NUAGES_SECURITY_HSTS`. All mistakes are told at once, each with its place, what is expected and the key that was probably
meant. `App::check()` and `App::check_deploy()` say which settings are likely to be mistakes.

In a program, `nuages::Settings::from_file(\"shop.toml\")` reads them together with `bind` and `database_url`.
";

#[test]
fn the_reference_lists_every_setting_with_its_default() {
    let mut text = INTRODUCTION.to_owned();
    let mut section = None;
    for setting in Settings::default().known() {
        let of = setting
            .key
            .split_once('.')
            .map_or("", |(section, _)| section)
            .to_owned();
        if section.as_ref() != Some(&of) {
            let heading = if of.is_empty() { "The application" } else { &of };
            write!(
                text,
                "\n## {heading}\n\n| key | default | what is expected | meaning |\n|---|---|---|---|\n"
            )
            .unwrap();
            section = Some(of);
        }
        let value = if setting.value.is_empty() {
            "empty".to_owned()
        } else {
            format!("`{}`", setting.value)
        };
        writeln!(
            text,
            "| `{}` | {value} | {} | {} |",
            setting.key, setting.expected, setting.meaning
        )
        .unwrap();
    }
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/src/reference/settings.md");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&page, &text).unwrap();
    }
    // A package has no book beside it.
    if page.parent().unwrap().is_dir() {
        let written = std::fs::read_to_string(&page).unwrap_or_default();
        assert!(
            written == text,
            "{} is not up to date: run this test with UPDATE_EXPECT=1",
            page.display()
        );
    }
}
