//! What only a person knows, and how they say it: by flags, or on a terminal.

use std::fmt;

use nuages_orm::Kind;

use crate::{Error, Result, Value};

/// A question that the models don't answer.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Question {
    /// Whether a field has only another name: the model's full name, the old and the new name.
    RenamedField(String, String, String),
    /// Whether a model has only another name: the full names.
    RenamedModel(String, String),
    /// What the rows that are there get in a field that may not be NULL: the model's full name, the field, its type.
    Fill(String, String, Kind),
}

impl Question {
    /// The flag that answers it.
    #[must_use]
    pub fn flag(&self) -> String {
        match self {
            Self::RenamedField(model, old, new) => format!("--rename {model}.{old}:{new}"),
            Self::RenamedModel(old, new) => {
                let new = new.rsplit('.').next().unwrap_or(new);
                format!("--rename {old}:{new}")
            }
            Self::Fill(model, field, _) => format!("--fill {model}.{field}=VALUE"),
        }
    }
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RenamedField(model, old, new) => write!(f, "was {model}.{old} renamed to {new}?"),
            Self::RenamedModel(old, new) => write!(f, "was the model {old} renamed to {new}?"),
            Self::Fill(model, field, kind) => write!(
                f,
                "{model}.{field} ({kind:?}) may not be NULL: which value do the rows get that are there already?"
            ),
        }
    }
}

/// Who is asked. `None` means that nobody knows.
type Ask = dyn FnMut(&Question) -> Option<String>;

/// The answers, as far as they are given before, and who is asked for the others.
#[derive(Default)]
#[must_use]
pub struct Answers {
    renames: Vec<(String, String)>,
    fills: Vec<(String, String)>,
    pub(super) name: Option<String>,
    no_renames: bool,
    ask: Option<Box<Ask>>,
}

impl Answers {
    /// None: whatever could be a rename is one thing less and another one more, and a value that is missing is an error.
    pub fn new() -> Self {
        Self::default()
    }

    /// A rename, as the flag has it: `shop.Book.name:title`, `shop.Writer:Author`.
    ///
    /// # Errors
    ///
    /// It is none.
    pub fn rename(mut self, text: &str) -> Result<Self> {
        let (old, new) = text
            .split_once(':')
            .filter(|(old, new)| old.contains('.') && !new.is_empty())
            .ok_or_else(|| {
                Error::question(format!(
                    "`{text}` is no rename: write shop.Book.name:title, or shop.Writer:Author"
                ))
            })?;
        self.renames.push((old.to_owned(), new.to_owned()));
        Ok(self)
    }

    /// What the rows get that are there already, as the flag has it: `shop.Book.stock=0`.
    ///
    /// # Errors
    ///
    /// It is none.
    pub fn fill(mut self, text: &str) -> Result<Self> {
        let (field, value) = text.split_once('=').ok_or_else(|| {
            Error::question(format!(
                "`{text}` is no value of a field: write shop.Book.stock=0"
            ))
        })?;
        self.fills.push((field.to_owned(), value.to_owned()));
        Ok(self)
    }

    /// Nothing was renamed, and nobody is asked whether it was.
    pub fn no_renames(mut self) -> Self {
        self.no_renames = true;
        self
    }

    /// The name of the migration, without its number.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Who is asked what the flags don't say. The answer to a rename is `y` or `n`.
    pub fn ask(mut self, ask: impl FnMut(&Question) -> Option<String> + 'static) -> Self {
        self.ask = Some(Box::new(ask));
        self
    }

    /// Whether something was renamed.
    pub(super) fn is_renamed(&mut self, question: &Question) -> bool {
        let (old, new) = match question {
            Question::RenamedField(model, old, new) => (format!("{model}.{old}"), new.clone()),
            Question::RenamedModel(old, new) => {
                (old.clone(), new.rsplit('.').next().unwrap_or(new).to_owned())
            }
            Question::Fill(..) => return false,
        };
        if self.renames.contains(&(old.clone(), new)) {
            return true;
        }
        let said = self.renames.iter().any(|(renamed, _)| *renamed == old);
        if said || self.no_renames {
            return false;
        }
        let answer = self.ask.as_mut().and_then(|ask| ask(question));
        answer.is_some_and(|answer| answer.trim().to_lowercase().starts_with('y'))
    }

    /// The value of the rows that are there already.
    pub(super) fn value(&mut self, model: &str, field: &str, kind: Kind) -> Result<Value> {
        let question = Question::Fill(model.to_owned(), field.to_owned(), kind);
        let path = format!("{model}.{field}");
        let said = self
            .fills
            .iter()
            .find(|(named, _)| *named == path)
            .map(|(_, value)| value.clone());
        let text = match said {
            Some(text) => Some(text),
            None => self.ask.as_mut().and_then(|ask| ask(&question)),
        };
        let text = text.ok_or_else(|| {
            Error::question(format!(
                "{question} Say it by `{}`, or give the field a default, or make it an `Option`",
                question.flag()
            ))
        })?;
        crate::value::parse(kind, &text)
            .ok_or_else(|| Error::question(format!("`{text}` is no {kind:?} for {path}")))
    }
}

impl fmt::Debug for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answers")
            .field("renames", &self.renames)
            .field("fills", &self.fills)
            .finish_non_exhaustive()
    }
}
