//! What the user wrote, checked: the input of the generators.

mod field;
mod options;
mod rules;

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::spanned::Spanned;
use syn::{Attribute, Data, DeriveInput, Error, Ident, Path, Result, Visibility};

pub(crate) use self::field::{Field, FieldKind, Side, is, is_known as is_known_type, shown};
use self::options::ModelOptions;
pub(crate) use self::options::Name;
pub(crate) use self::rules::Rule;
use crate::names;

/// As many loading states as `Loading` has.
const MAX_RELATIONS: usize = 12;

/// A model.
pub(crate) struct Model {
    /// The path of `nuages_orm`.
    pub(crate) root: Path,
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) name: Ident,
    /// The module of its relations.
    pub(crate) module: Ident,
    pub(crate) table: String,
    pub(crate) ordering: Vec<(String, bool)>,
    pub(crate) unique_together: Vec<Vec<String>>,
    pub(crate) get_latest_by: Vec<(String, bool)>,
    pub(crate) indexes: Vec<Rule>,
    pub(crate) constraints: Vec<Rule>,
    pub(crate) default_filter: Option<syn::Expr>,
    pub(crate) comment: Option<String>,
    pub(crate) unmanaged: bool,
    pub(crate) fields: Vec<Field>,
    /// The name of the type parameter.
    pub(crate) states: Ident,
}

/// A mistake, and the struct as it was written, so that the rest of the user's code still finds it.
pub(crate) struct Failure {
    error: Error,
    item: TokenStream,
}

impl Failure {
    pub(crate) fn into_tokens(self) -> TokenStream {
        let error = self.error.into_compile_error();
        let item = self.item;
        quote! { #item #error }
    }

    #[cfg(test)]
    pub(crate) fn messages(&self) -> Vec<String> {
        self.error
            .clone()
            .into_iter()
            .map(|error| error.to_string())
            .collect()
    }
}

/// Reads a model.
pub(crate) fn model(
    options: TokenStream,
    item: TokenStream,
    root: &str,
) -> std::result::Result<Model, Failure> {
    let input: DeriveInput = match syn::parse2(item.clone()) {
        Ok(input) => input,
        Err(error) => return Err(Failure { error, item }),
    };
    read(options, &input, root).map_err(|error| Failure {
        error,
        item: bare(input),
    })
}

/// The struct without the attributes that only `#[model]` knows, and without the derived traits that build on those it implements.
fn bare(mut input: DeriveInput) -> TokenStream {
    input
        .attrs
        .retain(|attribute| !attribute.path().is_ident("derive"));
    if let Data::Struct(data) = &mut input.data {
        for field in &mut data.fields {
            field.attrs.retain(|attribute| !options::is_ours(attribute));
        }
    }
    quote! { #[allow(dead_code)] #input }
}

fn read(options: TokenStream, input: &DeriveInput, root: &str) -> Result<Model> {
    let options = ModelOptions::parse(options)?;
    let Data::Struct(data) = &input.data else {
        return Err(Error::new(
            Span::call_site(),
            "a model is a struct: `#[model] struct Book { id: i64, .. }`",
        ));
    };
    if !input.generics.params.is_empty() {
        return Err(Error::new(
            input.generics.span(),
            "a model has no type parameters of its own; `#[model]` adds the one of its loading states",
        ));
    }
    let syn::Fields::Named(named) = &data.fields else {
        return Err(Error::new(
            input.ident.span(),
            "a model has named fields: `struct Book { id: i64, title: String }`",
        ));
    };
    refuse_derives(&input.attrs)?;

    let mut errors = Errors::default();
    let mut fields = Vec::new();
    let mut relations = 0;
    for field in &named.named {
        match Field::parse(field, &input.ident, relations) {
            Ok(field) => {
                relations += usize::from(field.is_relation());
                fields.push(field);
            }
            Err(error) => errors.push(error),
        }
    }
    errors.finish()?;

    let mut keys = fields.iter().filter(|field| matches!(field.kind, FieldKind::Key));
    match (keys.next(), keys.next()) {
        (None, _) => {
            let message = format!(
                "`{}` has no field `id`; every model has its primary key: `id: i64`",
                input.ident
            );
            return Err(Error::new(input.ident.span(), message));
        }
        (Some(one), Some(other)) => {
            let (one, other) = (&one.name, &other.name);
            let message = format!(
                "a model has one primary key. Take `id: i64` for it, and say which columns are unique together: `#[model(unique_together = [[{one}, \
                 {other}]])]`"
            );
            return Err(Error::new(other.span(), message));
        }
        (Some(_), None) => {}
    }
    if relations > MAX_RELATIONS {
        let message = format!("a model has up to {MAX_RELATIONS} relations, this one has {relations}");
        return Err(Error::new(input.ident.span(), message));
    }

    let name = input.ident.clone();
    let snake = names::snake_case(&names::plain(&name));
    let directed = |names: &[(Name, bool)]| -> Result<Vec<(String, bool)>> {
        names
            .iter()
            .map(|(field, descending)| Ok((column_of(&fields, field, &name)?, *descending)))
            .collect()
    };
    let ordering = directed(&options.ordering)?;
    let get_latest_by = directed(&options.get_latest_by)?;
    for rule in options.indexes.iter().chain(&options.constraints) {
        directed(&rule.fields)?;
        for field in &rule.include {
            column_of(&fields, field, &name)?;
        }
    }
    for field in &fields {
        for (_, date) in &field.options.unique_within {
            column_of(&fields, date, &name)?;
        }
    }
    let unique_together = options
        .unique_together
        .iter()
        .map(|set| set.iter().map(|field| column_of(&fields, field, &name)).collect())
        .collect::<Result<_>>()?;
    Ok(Model {
        root: match options.root {
            Some(root) => root,
            None => syn::parse_str(root)?,
        },
        attributes: input.attrs.clone(),
        visibility: input.vis.clone(),
        module: names::ident(&snake, name.span()),
        table: options.table.unwrap_or(snake),
        name,
        ordering,
        unique_together,
        get_latest_by,
        indexes: options.indexes,
        constraints: options.constraints,
        default_filter: options.default_filter,
        comment: options.comment,
        unmanaged: options.unmanaged,
        states: states_parameter(&fields),
        fields,
    })
}

/// `S`, unless that is one of the user's types.
fn states_parameter(fields: &[Field]) -> Ident {
    let taken = fields.iter().any(|field| {
        let ty = &field.ty;
        contains(quote! { #ty }, "S")
    });
    Ident::new(if taken { "LoadingStates" } else { "S" }, Span::call_site())
}

fn contains(tokens: TokenStream, name: &str) -> bool {
    tokens.into_iter().any(|token| match token {
        proc_macro2::TokenTree::Ident(ident) => ident == name,
        proc_macro2::TokenTree::Group(group) => contains(group.stream(), name),
        _ => false,
    })
}

impl Model {
    /// The column of a field that an option names, which is known to be there.
    pub(crate) fn column_named(&self, name: &Name) -> String {
        column_of(&self.fields, name, &self.name).unwrap_or_default()
    }
}

/// The column of a field that an option names.
fn column_of(fields: &[Field], name: &Name, model: &Ident) -> Result<String> {
    if let Some(field) = fields.iter().find(|field| field.name == name.ident)
        && let Some(column) = field.column()
    {
        return Ok(column);
    }
    let known: Vec<String> = fields
        .iter()
        .filter(|field| field.column().is_some())
        .map(|field| format!("`{}`", field.name))
        .collect();
    let message = format!(
        "`{model}` has no column `{}`; its columns are {}",
        name.ident,
        known.join(", ")
    );
    Err(Error::new(name.ident.span(), message))
}

/// What `#[model]` derives can't be derived again.
fn refuse_derives(attributes: &[Attribute]) -> Result<()> {
    const OURS: [&str; 5] = ["Clone", "Debug", "PartialEq", "Serialize", "Deserialize"];
    for attribute in attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("derive"))
    {
        attribute.parse_nested_meta(|meta| match meta.path.segments.last() {
            Some(last) if OURS.contains(&last.ident.to_string().as_str()) => Err(meta.error(format!(
                "`#[model]` implements `{}` already: leave it out here",
                last.ident
            ))),
            _ => Ok(()),
        })?;
    }
    Ok(())
}

/// Several mistakes at once.
#[derive(Default)]
struct Errors(Option<Error>);

impl Errors {
    fn push(&mut self, error: Error) {
        match &mut self.0 {
            Some(all) => all.combine(error),
            None => self.0 = Some(error),
        }
    }

    fn finish(self) -> Result<()> {
        self.0.map_or(Ok(()), Err)
    }
}
