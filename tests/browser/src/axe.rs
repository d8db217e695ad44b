//! axe-core, which knows the rules of accessible pages.

use std::fmt;
use std::path::PathBuf;

use serde_json::Value;

use crate::{Browser, Error, Result};

/// The rules of WCAG 2.0, 2.1 and 2.2, levels A and AA.
const TAGS: &str = "['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa']";

/// The script, as npm brings it.
#[derive(Debug)]
pub struct Axe {
    script: String,
}

/// A rule that a page breaks, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The rule's name, as `color-contrast`.
    pub rule: String,
    /// What it asks for.
    pub help: String,
    /// The elements, each with what is wrong with it.
    pub places: Vec<String>,
}

impl Axe {
    /// The file that `NUAGES_AXE` names, or that `.ci/prepare` has installed.
    ///
    /// # Errors
    ///
    /// Where it is missing.
    pub fn find() -> Result<Self> {
        let installed = || {
            let services =
                std::env::var("NUAGES_SERVICES").unwrap_or_else(|_| "/var/tmp/nuages-services".to_owned());
            PathBuf::from(services).join("axe/node_modules/axe-core/axe.min.js")
        };
        let path = std::env::var_os("NUAGES_AXE").map_or_else(installed, PathBuf::from);
        let script = std::fs::read_to_string(&path)
            .map_err(|error| Error(format!("axe-core is not at {}: {error}", path.display())))?;
        Ok(Self { script })
    }

    /// What is wrong with the page that the browser shows.
    ///
    /// # Errors
    ///
    /// Where the browser refuses.
    pub fn check(&self, browser: &Browser) -> Result<Vec<Violation>> {
        browser.run(&self.script)?;
        let result = browser.run_async(&format!(
            "const done = arguments[0]; \
             axe.run(document, {{ runOnly: {{ type: 'tag', values: {TAGS} }}, resultTypes: ['violations'] }})\
             .then(result => done(result), error => done({{ failed: String(error) }}));"
        ))?;
        if let Some(failed) = result.get("failed") {
            return Err(Error(format!("axe-core failed: {failed}")));
        }
        if result["passes"].as_array().is_none_or(Vec::is_empty) {
            return Err(Error(
                "axe-core found nothing to check: is the page empty?".to_owned(),
            ));
        }
        let violations = result["violations"].as_array().into_iter().flatten();
        Ok(violations.map(violation).collect())
    }
}

fn violation(found: &Value) -> Violation {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let nodes = found["nodes"].as_array().into_iter().flatten();
    Violation {
        rule: text(&found["id"]),
        help: text(&found["help"]),
        places: nodes
            .map(|node| {
                format!(
                    "{}\n      {}",
                    text(&node["html"]),
                    text(&node["failureSummary"]).replace('\n', " ")
                )
            })
            .collect(),
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.rule, self.help)?;
        self.places
            .iter()
            .try_for_each(|place| write!(f, "\n    {place}"))
    }
}
