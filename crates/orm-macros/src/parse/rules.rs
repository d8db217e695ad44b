//! Indexes and constraints: `index(title, -published)`, `unique(title, author, condition = |b| ..)`, `check(|b| .., name = "..")`.

use proc_macro2::Span;
use syn::meta::ParseNestedMeta;
use syn::parse::ParseStream;
use syn::{Error, Expr, Ident, LitBool, LitStr, Result, Token, bracketed, parenthesized};

use super::options::{Name, directed, list};

/// One of them, as it was written.
pub(crate) struct Rule {
    /// `index`, `unique`, `check` or `exclude`.
    pub(crate) word: Ident,
    pub(crate) fields: Vec<(Name, bool)>,
    /// The closure that stands for fields.
    pub(crate) expressions: Option<Expr>,
    pub(crate) name: Option<String>,
    pub(crate) condition: Option<Expr>,
    pub(crate) include: Vec<Name>,
    pub(crate) opclasses: Vec<String>,
    pub(crate) operators: Vec<String>,
    pub(crate) using: Option<Ident>,
    pub(crate) deferrable: Option<Ident>,
    pub(crate) nulls_distinct: Option<bool>,
    pub(crate) message: Option<String>,
}

/// `[index(..), ..]`
pub(super) fn rules(meta: &ParseNestedMeta<'_>, words: &[&str]) -> Result<Vec<Rule>> {
    let rules = list(meta, rule)?;
    for rule in &rules {
        if !words.iter().any(|word| rule.word == word) {
            let message = format!("`{}` does not stand here; write {}", rule.word, example(words[0]));
            return Err(Error::new(rule.word.span(), message));
        }
    }
    Ok(rules)
}

fn example(word: &str) -> &'static str {
    match word {
        "index" => "`indexes = [index(title, -published)]`",
        _ => "`constraints = [unique(title, author), check(|b| b.stock.ge(0), name = \"in_stock\")]`",
    }
}

fn rule(input: ParseStream<'_>) -> Result<Rule> {
    let word: Ident = input.parse()?;
    let mut rule = Rule {
        fields: Vec::new(),
        expressions: None,
        name: None,
        condition: None,
        include: Vec::new(),
        opclasses: Vec::new(),
        operators: Vec::new(),
        using: None,
        deferrable: None,
        nulls_distinct: None,
        message: None,
        word,
    };
    let inner;
    parenthesized!(inner in input);
    while !inner.is_empty() {
        if inner.peek(Token![|]) {
            rule.expressions = Some(inner.parse()?);
        } else if inner.peek(Ident) && inner.peek2(Token![=]) {
            rule.option(&inner)?;
        } else {
            rule.fields.push(directed(&inner)?);
        }
        if !inner.is_empty() {
            inner.parse::<Token![,]>()?;
        }
    }
    rule.check()?;
    Ok(rule)
}

impl Rule {
    fn option(&mut self, input: ParseStream<'_>) -> Result<()> {
        let option: Ident = input.parse()?;
        input.parse::<Token![=]>()?;
        match option.to_string().as_str() {
            "name" => self.name = Some(input.parse::<LitStr>()?.value()),
            "condition" => self.condition = Some(input.parse()?),
            "include" => self.include = bracketed_list(input, |input| input.parse())?,
            "opclasses" => self.opclasses = bracketed_list(input, text)?,
            "with" => self.operators = bracketed_list(input, text)?,
            "using" => {
                let kinds = ["BTree", "Brin", "Gin", "Gist", "Hash", "SpGist", "Bloom"];
                self.using = Some(one_of(input, &kinds)?);
            }
            "deferrable" => self.deferrable = Some(one_of(input, &["Deferred", "Immediate"])?),
            "nulls_distinct" => self.nulls_distinct = Some(input.parse::<LitBool>()?.value),
            "message" => self.message = Some(input.parse::<LitStr>()?.value()),
            _ => {
                let message = format!(
                    "`{option}` is no option of `{}(..)`; there are name, condition, include, opclasses, using, and for constraints \
                     deferrable, nulls_distinct, message, and `with` for the operators of `exclude`",
                    self.word
                );
                return Err(Error::new(option.span(), message));
            }
        }
        Ok(())
    }

    fn check(&self) -> Result<()> {
        let wrong = |message: &str| Err(Error::new(self.span(), message));
        match (
            self.word.to_string().as_str(),
            &self.expressions,
            self.fields.as_slice(),
        ) {
            ("check", None, _) => {
                wrong("a check is a condition: `check(|b| b.stock.ge(0), name = \"in_stock\")`")
            }
            ("check" | "exclude", ..) if self.name.is_none() => {
                wrong("it needs a name, which errors and migrations know it by: `name = \"..\"`")
            }
            ("exclude", None, _) => wrong(
                "an exclusion compares expressions: `exclude(|r| (r.room, r.during), with = [\"=\", \"&&\"], name = \"no_overlap\")`",
            ),
            ("exclude", ..) if self.operators.is_empty() => {
                wrong("an exclusion says by which operators rows are compared: `with = [\"=\", \"&&\"]`")
            }
            ("index" | "unique", None, []) => wrong(
                "it is of fields, `index(title, -published)`, or of expressions, `index(|b| b.title.lower())`",
            ),
            ("index" | "unique", Some(_), [_, ..]) => wrong(
                "it is of fields or of expressions; in the closure, fields are expressions too: `|b| (b.author, b.title.lower())`",
            ),
            ("unique", None, fields) if fields.iter().any(|(_, descending)| *descending) => {
                wrong("a unique rule has no order: leave the `-` out")
            }
            _ => Ok(()),
        }
    }

    pub(crate) fn span(&self) -> Span {
        self.word.span()
    }
}

fn text(input: ParseStream<'_>) -> Result<String> {
    Ok(input.parse::<LitStr>()?.value())
}

fn bracketed_list<T>(input: ParseStream<'_>, item: fn(ParseStream<'_>) -> Result<T>) -> Result<Vec<T>> {
    let inner;
    bracketed!(inner in input);
    Ok(inner.parse_terminated(item, Token![,])?.into_iter().collect())
}

fn one_of(input: ParseStream<'_>, known: &[&str]) -> Result<Ident> {
    let word: Ident = input.parse()?;
    if known.iter().any(|known| word == known) {
        return Ok(word);
    }
    Err(Error::new(
        word.span(),
        format!("there is no `{word}`; there are {}", known.join(", ")),
    ))
}
