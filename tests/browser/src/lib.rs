//! A browser for tests: Chromium without a window, asked through [WebDriver](https://www.w3.org/TR/webdriver2/), with axe-core in it.
//!
//! `.ci/prepare` installs both. Where they are missing, tests are skipped on a developer's machine and fail in CI.

mod axe;
mod driver;

pub use self::axe::{Axe, Violation};
pub use self::driver::{Browser, Error, Result};

/// The browser and axe-core, or `None` with a loud word where they are missing.
///
/// # Panics
///
/// In CI (`CI` is set), where they are missing.
pub fn tools(test: &str) -> Option<(Browser, Axe)> {
    match Browser::start().and_then(|browser| Ok((browser, Axe::find()?))) {
        Ok(tools) => Some(tools),
        Err(error) if std::env::var_os("CI").is_none() => {
            eprintln!("\n!!! SKIPPED: {test}: {error}\n!!! `.ci/prepare` installs what it needs\n");
            None
        }
        Err(error) => panic!("{test} needs a browser and axe-core: {error}"),
    }
}
