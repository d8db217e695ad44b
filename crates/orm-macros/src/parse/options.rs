//! The options of `#[model(..)]`, `#[field(..)]`, `#[relation(..)]` and the two of `#[serde(..)]`.

use proc_macro2::{Span, TokenStream};
use syn::ext::IdentExt;
use syn::meta::ParseNestedMeta;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{
    Attribute, Error, Expr, Ident, LitBool, LitInt, LitStr, Path, Result, Token, bracketed, parenthesized,
};

use super::rules::{Rule, rules};

/// Whether the attribute is one that only `#[model]` reads.
pub(crate) fn is_ours(attribute: &Attribute) -> bool {
    ["field", "relation", "serde"]
        .iter()
        .any(|name| attribute.path().is_ident(name))
}

/// A field named in an option.
pub(crate) struct Name {
    pub(crate) ident: Ident,
}

impl Parse for Name {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        Ok(Self {
            ident: input.call(Ident::parse_any)?,
        })
    }
}

#[derive(Default)]
pub(crate) struct ModelOptions {
    pub(crate) table: Option<String>,
    pub(crate) ordering: Vec<(Name, bool)>,
    pub(crate) unique_together: Vec<Vec<Name>>,
    pub(crate) get_latest_by: Vec<(Name, bool)>,
    pub(crate) indexes: Vec<Rule>,
    pub(crate) constraints: Vec<Rule>,
    pub(crate) default_filter: Option<Expr>,
    pub(crate) comment: Option<String>,
    pub(crate) unmanaged: bool,
    pub(crate) root: Option<Path>,
}

impl ModelOptions {
    pub(crate) fn parse(options: TokenStream) -> Result<Self> {
        let mut out = Self::default();
        let parser = syn::meta::parser(|meta| {
            if meta.path.is_ident("table") {
                let table: LitStr = meta.value()?.parse()?;
                if table.value().is_empty() {
                    return Err(Error::new(table.span(), "a table has a name"));
                }
                out.table = Some(table.value());
            } else if meta.path.is_ident("ordering") {
                out.ordering = list(&meta, directed)?;
            } else if meta.path.is_ident("get_latest_by") {
                out.get_latest_by = list(&meta, directed)?;
            } else if meta.path.is_ident("indexes") {
                out.indexes = rules(&meta, &["index"])?;
            } else if meta.path.is_ident("constraints") {
                out.constraints = rules(&meta, &["unique", "check", "exclude"])?;
            } else if meta.path.is_ident("default_filter") {
                out.default_filter = Some(meta.value()?.parse()?);
            } else if meta.path.is_ident("comment") {
                out.comment = Some(meta.value()?.parse::<LitStr>()?.value());
            } else if meta.path.is_ident("managed") {
                out.unmanaged = !meta.value()?.parse::<LitBool>()?.value;
            } else if meta.path.is_ident("unique_together") {
                out.unique_together = list(&meta, |input| {
                    let inner;
                    bracketed!(inner in input);
                    Ok(Punctuated::<Name, Token![,]>::parse_terminated(&inner)?
                        .into_iter()
                        .collect())
                })?;
            } else if meta.path.is_ident("crate") {
                out.root = Some(meta.value()?.parse()?);
            } else {
                return Err(unknown(
                    &meta,
                    "#[model(..)]",
                    "table, ordering, unique_together, indexes, constraints, default_filter, get_latest_by, comment, managed, crate",
                ));
            }
            Ok(())
        });
        parser.parse2(options)?;
        Ok(out)
    }
}

/// `-published` or `title`.
pub(super) fn directed(input: ParseStream<'_>) -> Result<(Name, bool)> {
    let descending = input.parse::<Option<Token![-]>>()?.is_some();
    Ok((input.parse()?, descending))
}

/// `name = [a, b]`
pub(super) fn list<T>(meta: &ParseNestedMeta<'_>, item: fn(ParseStream<'_>) -> Result<T>) -> Result<Vec<T>> {
    let value = meta.value()?;
    let inner;
    bracketed!(inner in value);
    Ok(inner.parse_terminated(item, Token![,])?.into_iter().collect())
}

fn unknown(meta: &ParseNestedMeta<'_>, attribute: &str, known: &str) -> Error {
    let name = meta
        .path
        .get_ident()
        .map_or_else(|| "this".to_owned(), |ident| format!("`{ident}`"));
    meta.error(format!("{name} is no option of `{attribute}`; there are {known}"))
}

/// What `on_delete` may be.
const ON_DELETE: [&str; 9] = [
    "Protect",
    "Restrict",
    "Cascade",
    "SetNull",
    "SetDefault",
    "Set",
    "DoNothing",
    "DbCascade",
    "DbSetNull",
];

/// An option, and where it stands.
pub(crate) type Spanned<T> = Option<(T, Span)>;

/// The options of a field, of all its attributes.
#[derive(Default)]
pub(crate) struct FieldOptions {
    pub(crate) max_length: Spanned<u32>,
    pub(crate) primary_key: Spanned<()>,
    pub(crate) unique: Spanned<()>,
    pub(crate) db_index: Spanned<()>,
    pub(crate) default: Spanned<Expr>,
    pub(crate) check: Spanned<String>,
    pub(crate) max_digits: Spanned<u32>,
    pub(crate) decimal_places: Spanned<u32>,
    /// Slug, Email and so on, by the name in `meta::Format`.
    pub(crate) format: Spanned<&'static str>,
    pub(crate) db_column: Spanned<String>,
    pub(crate) db_comment: Spanned<String>,
    pub(crate) db_collation: Spanned<String>,
    pub(crate) db_default: Spanned<Expr>,
    pub(crate) generated: Spanned<Expr>,
    /// Computed when it is read, and not stored.
    pub(crate) computed: Spanned<Expr>,
    /// `Created` or `Saved`.
    pub(crate) auto_now: Spanned<&'static str>,
    pub(crate) choices: Spanned<Vec<Choice>>,
    pub(crate) validators: Spanned<Vec<Expr>>,
    pub(crate) blank: Spanned<()>,
    pub(crate) editable: Spanned<bool>,
    pub(crate) unique_within: Vec<(&'static str, Name)>,
    pub(crate) error_messages: Spanned<Vec<(String, String)>>,
    pub(crate) on_delete: Spanned<Ident>,
    /// What the foreign key becomes by `on_delete = Set(..)`.
    pub(crate) set: Option<Expr>,
    pub(crate) reverse: Spanned<Path>,
    pub(crate) through: Spanned<Path>,
    pub(crate) through_fields: Spanned<(Ident, Ident)>,
    pub(crate) symmetrical: Spanned<bool>,
    pub(crate) serde_skip: bool,
    pub(crate) serde_rename: Option<String>,
}

impl FieldOptions {
    pub(crate) fn parse(attributes: &[Attribute]) -> Result<Self> {
        let mut out = Self::default();
        for attribute in attributes {
            if attribute.path().is_ident("field") {
                attribute.parse_nested_meta(|meta| out.field(&meta))?;
            } else if attribute.path().is_ident("relation") {
                attribute.parse_nested_meta(|meta| out.relation(&meta))?;
            } else if attribute.path().is_ident("serde") {
                attribute.parse_nested_meta(|meta| out.serde(&meta))?;
            }
        }
        Ok(out)
    }

    fn field(&mut self, meta: &ParseNestedMeta<'_>) -> Result<()> {
        let span = meta.path.segments[0].ident.span();
        match name(meta).as_str() {
            "max_length" => self.max_length = Some((number(meta)?, span)),
            "primary_key" => self.primary_key = Some(((), span)),
            "unique" => self.unique = Some(((), span)),
            "db_index" => self.db_index = Some(((), span)),
            "default" => self.default = Some((meta.value()?.parse()?, span)),
            "check" => self.check = Some((meta.value()?.parse::<LitStr>()?.value(), span)),
            "max_digits" => self.max_digits = Some((number(meta)?, span)),
            "decimal_places" => self.decimal_places = Some((number(meta)?, span)),
            "slug" => self.format = Some(("Slug", span)),
            "email" => self.format = Some(("Email", span)),
            "url" => self.format = Some(("Url", span)),
            "file" => self.format = Some(("File", span)),
            "image" => self.format = Some(("Image", span)),
            "file_path" => self.format = Some(("FilePath", span)),
            "db_column" => self.db_column = Some((text(meta)?, span)),
            "db_comment" => self.db_comment = Some((text(meta)?, span)),
            "db_collation" => self.db_collation = Some((text(meta)?, span)),
            "db_default" => self.db_default = Some((meta.value()?.parse()?, span)),
            "generated" => self.generated = Some((meta.value()?.parse()?, span)),
            "computed" => self.computed = Some((meta.value()?.parse()?, span)),
            "auto_now_add" => self.auto_now = Some(("Created", span)),
            "auto_now" => self.auto_now = Some(("Saved", span)),
            "choices" => {
                let mut choices = Vec::new();
                for group in list(meta, ChoiceGroup::parse)? {
                    choices.extend(group.0);
                }
                self.choices = Some((choices, span));
            }
            "validators" => self.validators = Some((list(meta, |input| input.parse())?, span)),
            "blank" => self.blank = Some(((), span)),
            "editable" => self.editable = Some((meta.value()?.parse::<LitBool>()?.value, span)),
            "unique_for_date" => self.unique_within.push(("Date", meta.value()?.parse()?)),
            "unique_for_month" => self.unique_within.push(("Month", meta.value()?.parse()?)),
            "unique_for_year" => self.unique_within.push(("Year", meta.value()?.parse()?)),
            "error_messages" => {
                let mut messages = Vec::new();
                meta.parse_nested_meta(|inner| {
                    let code = name(&inner);
                    messages.push((code, text(&inner)?));
                    Ok(())
                })?;
                self.error_messages = Some((messages, span));
            }
            "on_delete" | "reverse" | "through" | "through_fields" | "symmetrical" => {
                return Err(meta.error(format!(
                    "`{0}` is an option of relations: `#[relation({0} = ..)]`",
                    name(meta)
                )));
            }
            _ => {
                let known = "max_length, unique, db_index, default, check, max_digits, decimal_places, slug, email, url, file, image, \
                             file_path, choices, validators, blank, editable, error_messages, auto_now, auto_now_add, generated, computed, \
                             unique_for_date, unique_for_month, unique_for_year, db_column, db_default, db_comment and db_collation";
                return Err(unknown(meta, "#[field(..)]", known));
            }
        }
        Ok(())
    }

    fn relation(&mut self, meta: &ParseNestedMeta<'_>) -> Result<()> {
        let span = meta.path.segments[0].ident.span();
        match name(meta).as_str() {
            "on_delete" => {
                let value = meta.value()?;
                let what: Ident = value.parse()?;
                if !ON_DELETE.iter().any(|known| what == known) {
                    let message = format!(
                        "`{what}` is nothing that happens on deletion; there are Protect (it is refused), Restrict (too, unless this row goes by the \
                         same deletion), Cascade (this row is deleted too), SetNull (the foreign key becomes NULL), SetDefault, Set(key), DoNothing, \
                         DbCascade and DbSetNull (the database does it)"
                    );
                    return Err(Error::new(what.span(), message));
                }
                if what == "Set" {
                    if !value.peek(syn::token::Paren) {
                        let message = "`Set` needs what the foreign key becomes: `on_delete = Set(1)`";
                        return Err(Error::new(what.span(), message));
                    }
                    let inner;
                    parenthesized!(inner in value);
                    self.set = Some(inner.parse()?);
                }
                self.on_delete = Some((what, span));
            }
            "reverse" => self.reverse = Some((meta.value()?.parse()?, span)),
            "through" => self.through = Some((meta.value()?.parse()?, span)),
            "through_fields" => {
                let value = meta.value()?;
                let inner;
                parenthesized!(inner in value);
                let source = inner.parse()?;
                inner.parse::<Token![,]>()?;
                self.through_fields = Some(((source, inner.parse()?), span));
            }
            "symmetrical" => self.symmetrical = Some((meta.value()?.parse::<LitBool>()?.value, span)),
            _ => {
                return Err(unknown(
                    meta,
                    "#[relation(..)]",
                    "on_delete (of a `ForeignKey` or a `OneToOne`), reverse (of a `Many`, a `ReverseOneToOne` or a `ManyToMany`) and through, \
                     through_fields and symmetrical (of a `ManyToMany`)",
                ));
            }
        }
        Ok(())
    }

    fn serde(&mut self, meta: &ParseNestedMeta<'_>) -> Result<()> {
        match name(meta).as_str() {
            "skip" => self.serde_skip = true,
            "rename" => self.serde_rename = Some(meta.value()?.parse::<LitStr>()?.value()),
            _ => {
                return Err(meta.error(
                    "a model's field knows `#[serde(skip)]` and `#[serde(rename = \"..\")]`; for other shapes, write a struct of your own and fill it \
                     from the model",
                ));
            }
        }
        Ok(())
    }
}

fn name(meta: &ParseNestedMeta<'_>) -> String {
    meta.path.get_ident().map(ToString::to_string).unwrap_or_default()
}

fn text(meta: &ParseNestedMeta<'_>) -> Result<String> {
    Ok(meta.value()?.parse::<LitStr>()?.value())
}

/// A value to choose, its label, and the heading over it.
pub(crate) struct Choice {
    pub(crate) value: syn::Lit,
    pub(crate) label: String,
    pub(crate) group: Option<String>,
}

/// `("fr", "French")`, or `("Europe", [("fr", "French"), ..])`.
struct ChoiceGroup(Vec<Choice>);

impl Parse for ChoiceGroup {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let inner;
        syn::parenthesized!(inner in input);
        let value: syn::Lit = inner.parse()?;
        inner.parse::<Token![,]>()?;
        if let (true, syn::Lit::Str(heading)) = (inner.peek(syn::token::Bracket), &value) {
            let grouped;
            bracketed!(grouped in inner);
            let groups = grouped.parse_terminated(Self::parse, Token![,])?;
            let heading = Some(heading.value());
            let choices = groups.into_iter().flat_map(|group| group.0);
            return Ok(Self(
                choices
                    .map(|choice| Choice {
                        group: heading.clone(),
                        ..choice
                    })
                    .collect(),
            ));
        }
        if !matches!(value, syn::Lit::Str(_) | syn::Lit::Int(_)) {
            return Err(Error::new(
                value.span(),
                "a choice is a text or an integer: `(\"fr\", \"French\")`",
            ));
        }
        let label = inner.parse::<LitStr>()?.value();
        Ok(Self(vec![Choice {
            value,
            label,
            group: None,
        }]))
    }
}

fn number(meta: &ParseNestedMeta<'_>) -> Result<u32> {
    meta.value()?.parse::<LitInt>()?.base10_parse()
}
