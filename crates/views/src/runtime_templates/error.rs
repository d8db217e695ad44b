//! What is wrong with templates, and where.

use std::error::Error as _;
use std::fmt;

use super::folders::Files;

/// What is wrong with templates that are [read while the program runs](super::Templates), with the file and the line of each mistake.
#[derive(Debug)]
pub struct TemplateError {
    problems: Vec<String>,
    source: Option<Source>,
}

#[derive(Debug)]
enum Source {
    Template(minijinja::Error),
    Io(std::io::Error),
}

impl TemplateError {
    /// Each mistake, as `templates/books/list.html:3: ..`.
    pub fn problems(&self) -> &[String] {
        &self.problems
    }

    pub(super) fn io(doing: &str, path: &std::path::Path, source: std::io::Error) -> Self {
        Self {
            problems: vec![format!("can't {doing} {}", path.display())],
            source: Some(Source::Io(source)),
        }
    }

    pub(super) fn without_templates(name: &str) -> Self {
        Self {
            problems: vec![format!(
                "there are no templates for `{name}`: call `Templates::new().dir(\"templates\").attach(app)`"
            )],
            source: None,
        }
    }

    pub(super) fn of(error: minijinja::Error, files: &Files) -> Self {
        Self {
            problems: vec![told(&error, files)],
            source: Some(Source::Template(error)),
        }
    }

    pub(super) fn of_all(errors: impl Iterator<Item = minijinja::Error>, files: &Files) -> Result<(), Self> {
        let problems: Vec<String> = errors.map(|error| told(&error, files)).collect();
        if problems.is_empty() {
            return Ok(());
        }
        Err(Self {
            problems,
            source: None,
        })
    }
}

/// The innermost error of a template says where the mistake is; those around it are how the template got there.
fn told(error: &minijinja::Error, files: &Files) -> String {
    let mut innermost = error;
    let mut cause = error.source();
    while let Some(inner) = cause {
        if let Some(inner) = inner.downcast_ref::<minijinja::Error>()
            && inner.name().is_some()
        {
            innermost = inner;
        }
        cause = inner.source();
    }
    let mut text = match innermost.name() {
        Some(name) => format!("{}:{}: ", files.place(name), innermost.line().unwrap_or(1)),
        None => String::new(),
    };
    text += &innermost.kind().to_string();
    if let Some(detail) = innermost.detail() {
        text = format!("{text}: {detail}");
    }
    text
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problems.as_slice() {
            [problem] => f.write_str(problem),
            problems => {
                write!(f, "{} templates have mistakes", problems.len())?;
                problems
                    .iter()
                    .try_for_each(|problem| write!(f, "\n  - {problem}"))
            }
        }
    }
}

impl std::error::Error for TemplateError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self.source.as_ref()? {
            Source::Template(error) => Some(error),
            Source::Io(error) => Some(error),
        }
    }
}
