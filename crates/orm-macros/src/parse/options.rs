//! The options of `#[model(..)]`, `#[field(..)]`, `#[relation(..)]` and the two of `#[serde(..)]`.

use proc_macro2::{Span, TokenStream};
use syn::ext::IdentExt;
use syn::meta::ParseNestedMeta;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{
    Attribute, Error, Expr, Ident, LitBool, LitInt, LitStr, Path, Result, Token, bracketed, parenthesized,
};

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
                out.ordering = list(&meta, |input| {
                    let descending = input.parse::<Option<Token![-]>>()?.is_some();
                    Ok((input.parse()?, descending))
                })?;
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
                    "table, ordering, unique_together, crate",
                ));
            }
            Ok(())
        });
        parser.parse2(options)?;
        Ok(out)
    }
}

/// `name = [a, b]`
fn list<T>(meta: &ParseNestedMeta<'_>, item: fn(ParseStream<'_>) -> Result<T>) -> Result<Vec<T>> {
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

/// An option, and where it stands.
pub(crate) type Spanned<T> = Option<(T, Span)>;

/// The options of a field, of all its attributes.
#[derive(Default)]
pub(crate) struct FieldOptions {
    pub(crate) max_length: Spanned<u32>,
    pub(crate) unique: Spanned<()>,
    pub(crate) db_index: Spanned<()>,
    pub(crate) default: Spanned<Expr>,
    pub(crate) check: Spanned<String>,
    pub(crate) max_digits: Spanned<u32>,
    pub(crate) decimal_places: Spanned<u32>,
    pub(crate) on_delete: Spanned<Ident>,
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
            "unique" => self.unique = Some(((), span)),
            "db_index" => self.db_index = Some(((), span)),
            "default" => self.default = Some((meta.value()?.parse()?, span)),
            "check" => self.check = Some((meta.value()?.parse::<LitStr>()?.value(), span)),
            "max_digits" => self.max_digits = Some((number(meta)?, span)),
            "decimal_places" => self.decimal_places = Some((number(meta)?, span)),
            "on_delete" | "reverse" | "through" | "through_fields" | "symmetrical" => {
                return Err(meta.error(format!(
                    "`{0}` is an option of relations: `#[relation({0} = ..)]`",
                    name(meta)
                )));
            }
            _ => {
                let known = "max_length, unique, db_index, default, check, max_digits, decimal_places";
                return Err(unknown(meta, "#[field(..)]", known));
            }
        }
        Ok(())
    }

    fn relation(&mut self, meta: &ParseNestedMeta<'_>) -> Result<()> {
        let span = meta.path.segments[0].ident.span();
        match name(meta).as_str() {
            "on_delete" => {
                let what: Ident = meta.value()?.parse()?;
                if !["Protect", "Cascade", "SetNull"]
                    .iter()
                    .any(|known| what == known)
                {
                    let message = format!(
                        "`{what}` is nothing that happens on deletion; there are Protect (it is refused), Cascade (this row is deleted too) and \
                         SetNull (the foreign key becomes NULL)"
                    );
                    return Err(Error::new(what.span(), message));
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

fn number(meta: &ParseNestedMeta<'_>) -> Result<u32> {
    meta.value()?.parse::<LitInt>()?.base10_parse()
}
