//! One field of a model.

use proc_macro2::Span;
use syn::spanned::Spanned as _;
use syn::{
    Attribute, Error, GenericArgument, Ident, Path, PathArguments, PathSegment, Result, Type, Visibility,
    parse_quote,
};

use super::options::{FieldOptions, is_ours};
use crate::names;

/// A field.
pub(crate) struct Field {
    /// What is left for the struct.
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) name: Ident,
    pub(crate) ty: Type,
    pub(crate) kind: FieldKind,
    pub(crate) options: FieldOptions,
}

/// What a field is.
pub(crate) enum FieldKind {
    /// The primary key.
    Key,
    /// A plain column.
    Column,
    /// A foreign key.
    ForeignKey {
        target: Type,
        optional: bool,
        on_delete: Ident,
        /// Its position among the model's relations.
        place: usize,
    },
    /// The other side of a foreign key.
    Many {
        target: Type,
        /// The foreign key's field in the target.
        field: Ident,
        place: usize,
    },
    /// The other side of a one to one relation.
    ReverseOne {
        target: Type,
        field: Ident,
        place: usize,
    },
    /// A side of a many to many relation.
    ManyToMany {
        target: Type,
        side: Box<Side>,
        place: usize,
    },
}

/// Which side of a many to many relation it is.
pub(crate) enum Side {
    /// The one that makes the table between the two models.
    Making { symmetrical: bool },
    /// The one that names the model of that table, and the fields that join the two: this model's, and the other's.
    Through {
        model: Box<Type>,
        source: Ident,
        target: Ident,
        symmetrical: bool,
    },
    /// The other one, with the field of the first.
    Reverse(Ident),
}

impl Field {
    pub(crate) fn parse(field: &syn::Field, model: &Ident, place: usize) -> Result<Self> {
        let Some(name) = field.ident.clone() else {
            return Err(Error::new(field.span(), "a model has named fields"));
        };
        let mut options = FieldOptions::parse(&field.attrs)?;
        let kind = kind(&name, &field.ty, &options, model, place)?;
        if is_one_to_one(&field.ty) {
            options.unique.get_or_insert(((), field.ty.span()));
        }
        let parsed = Self {
            attributes: field
                .attrs
                .iter()
                .filter(|attribute| !is_ours(attribute))
                .cloned()
                .collect(),
            visibility: field.vis.clone(),
            name,
            ty: field.ty.clone(),
            kind,
            options,
        };
        parsed.check()?;
        Ok(parsed)
    }

    pub(crate) fn is_relation(&self) -> bool {
        !matches!(self.kind, FieldKind::Key | FieldKind::Column)
    }

    /// Whether it is a key whose value the database makes.
    pub(crate) fn is_automatic(&self) -> bool {
        matches!(self.kind, FieldKind::Key)
            && (is(&self.ty, "i64") || is(&self.ty, "i32"))
            && self.options.default.is_none()
    }

    /// Whether it is a key whose value the program makes.
    pub(crate) fn is_made(&self) -> bool {
        matches!(self.kind, FieldKind::Key) && is(&self.ty, "Uuid") && self.options.default.is_none()
    }

    /// Whether it is a relation without a column of its own.
    pub(crate) fn is_virtual(&self) -> bool {
        matches!(
            self.kind,
            FieldKind::Many { .. } | FieldKind::ReverseOne { .. } | FieldKind::ManyToMany { .. }
        )
    }

    /// Of a relation: the model that it leads to, and its position among the model's relations.
    pub(crate) fn relation(&self) -> Option<(&Type, usize)> {
        match &self.kind {
            FieldKind::Key | FieldKind::Column => None,
            FieldKind::ForeignKey { target, place, .. }
            | FieldKind::Many { target, place, .. }
            | FieldKind::ReverseOne { target, place, .. }
            | FieldKind::ManyToMany { target, place, .. } => Some((target, *place)),
        }
    }

    /// The name of its column, if it has one.
    pub(crate) fn column(&self) -> Option<String> {
        let name = names::plain(&self.name);
        if let (FieldKind::Column, Some((column, _))) = (&self.kind, &self.options.db_column) {
            return Some(column.clone());
        }
        match self.kind {
            FieldKind::Key | FieldKind::Column => Some(name),
            FieldKind::ForeignKey { .. } => Some(format!("{name}_id")),
            FieldKind::Many { .. } | FieldKind::ReverseOne { .. } | FieldKind::ManyToMany { .. } => None,
        }
    }

    /// Whether `create()` needs it: it is neither made by the database nor has a default, nor may be NULL.
    pub(crate) fn is_required(&self) -> bool {
        match &self.kind {
            FieldKind::Key => !self.is_automatic() && !self.is_made() && self.options.default.is_none(),
            FieldKind::Many { .. } | FieldKind::ReverseOne { .. } | FieldKind::ManyToMany { .. } => false,
            FieldKind::Column => {
                let options = &self.options;
                let filled =
                    options.default.is_some() || options.db_default.is_some() || options.auto_now.is_some();
                !filled && !self.is_generated() && generic(&self.ty, "Option").is_none()
            }
            FieldKind::ForeignKey { optional, .. } => !optional && self.options.default.is_none(),
        }
    }

    /// Whether the database computes it of other columns.
    pub(crate) fn is_generated(&self) -> bool {
        self.options.generated.is_some() || self.options.computed.is_some()
    }

    /// The name that serde sees.
    pub(crate) fn serde_name(&self) -> String {
        self.options
            .serde_rename
            .clone()
            .unwrap_or_else(|| names::plain(&self.name))
    }

    fn check(&self) -> Result<()> {
        let options = &self.options;
        if self.column().is_some()
            && ["wait", "using", "full_clean"]
                .iter()
                .any(|taken| self.name == taken)
        {
            let message = format!(
                "`{}` is a method of `create()`; give the field another name",
                self.name
            );
            return Err(Error::new(self.name.span(), message));
        }
        let base = generic(&self.ty, "Option").unwrap_or(&self.ty);
        let plain = matches!(self.kind, FieldKind::Column | FieldKind::Key);
        refuse(
            plain && is_known_but(base, "String"),
            &options.max_length,
            "`max_length` is for text",
        )?;
        refuse(
            plain && is_known_but(base, "Decimal"),
            &options.max_digits,
            "`max_digits` is for `Decimal`",
        )?;
        refuse(
            plain && is_known_but(base, "Decimal"),
            &options.decimal_places,
            "`decimal_places` is for `Decimal`",
        )?;
        refuse(
            plain && is_known_but(base, "String"),
            &options.format,
            "this is what a text is; the field is none: make it a `String`",
        )?;
        let moment = ["Date", "Time", "DateTime", "Timestamp"]
            .iter()
            .any(|known| is(base, known));
        refuse(
            plain && !moment,
            &options.auto_now,
            "the present time goes into a `Timestamp`, a `DateTime`, a `Date` or a `Time`",
        )?;
        if self.is_generated() {
            let both = options
                .default
                .as_ref()
                .map(|o| o.1)
                .or(options.db_default.as_ref().map(|o| o.1));
            if let Some(span) = both {
                return Err(Error::new(
                    span,
                    "a generated column is computed: it has no default",
                ));
            }
        }
        match (&options.max_digits, &options.decimal_places) {
            (None, None) if plain && is(base, "Decimal") => Err(Error::new(
                self.ty.span(),
                "a `Decimal` says how many digits it has: `#[field(max_digits = 8, decimal_places = 2)]`",
            )),
            (Some((_, span)), None) | (None, Some((_, span))) => {
                Err(Error::new(*span, "`max_digits` and `decimal_places` go together"))
            }
            (Some((all, span)), Some((after, _))) if after > all => Err(Error::new(
                *span,
                "`max_digits` counts all digits, those after the point too: it can't be less than `decimal_places`",
            )),
            _ => Ok(()),
        }
    }
}

fn refuse<T>(wrong: bool, option: &Option<(T, Span)>, message: &str) -> Result<()> {
    match option {
        Some((_, span)) if wrong => Err(Error::new(*span, message)),
        _ => Ok(()),
    }
}

/// Refuses options that mean nothing for this kind of field.
fn refuse_others(options: &FieldOptions, what: &str, allowed: &[&str]) -> Result<()> {
    let given = [
        ("primary_key", options.primary_key.as_ref().map(|o| o.1)),
        ("max_length", options.max_length.as_ref().map(|o| o.1)),
        ("unique", options.unique.as_ref().map(|o| o.1)),
        ("db_index", options.db_index.as_ref().map(|o| o.1)),
        ("default", options.default.as_ref().map(|o| o.1)),
        ("check", options.check.as_ref().map(|o| o.1)),
        ("max_digits", options.max_digits.as_ref().map(|o| o.1)),
        ("decimal_places", options.decimal_places.as_ref().map(|o| o.1)),
        ("on_delete", options.on_delete.as_ref().map(|o| o.1)),
        ("reverse", options.reverse.as_ref().map(|o| o.1)),
        ("format", options.format.as_ref().map(|o| o.1)),
        ("db_column", options.db_column.as_ref().map(|o| o.1)),
        ("db_comment", options.db_comment.as_ref().map(|o| o.1)),
        ("db_collation", options.db_collation.as_ref().map(|o| o.1)),
        ("db_default", options.db_default.as_ref().map(|o| o.1)),
        ("generated", options.generated.as_ref().map(|o| o.1)),
        ("computed", options.computed.as_ref().map(|o| o.1)),
        ("auto_now", options.auto_now.as_ref().map(|o| o.1)),
        ("choices", options.choices.as_ref().map(|o| o.1)),
        ("validators", options.validators.as_ref().map(|o| o.1)),
        ("blank", options.blank.as_ref().map(|o| o.1)),
        ("editable", options.editable.as_ref().map(|o| o.1)),
        ("error_messages", options.error_messages.as_ref().map(|o| o.1)),
        ("through", options.through.as_ref().map(|o| o.1)),
        ("through_fields", options.through_fields.as_ref().map(|o| o.1)),
        ("symmetrical", options.symmetrical.as_ref().map(|o| o.1)),
    ];
    for (name, span) in given {
        if let Some(span) = span
            && !allowed.contains(&name)
        {
            return Err(Error::new(span, format!("`{name}` means nothing for {what}")));
        }
    }
    Ok(())
}

fn kind(name: &Ident, ty: &Type, options: &FieldOptions, model: &Ident, place: usize) -> Result<FieldKind> {
    if name == "id" || options.primary_key.is_some() {
        let wrong = [
            "Option",
            "ForeignKey",
            "OneToOne",
            "Many",
            "ManyToMany",
            "ReverseOneToOne",
        ];
        if wrong.iter().any(|wrong| generic(ty, wrong).is_some()) || is(ty, "f64") {
            return Err(Error::new(
                ty.span(),
                "a primary key is one value that is always there: `id: i64` (the database makes it), `id: Uuid` (the program makes it), or a value \
                 that you give, as `#[field(primary_key, max_length = 20)] code: String`",
            ));
        }
        refuse_others(
            options,
            "the primary key",
            &["max_length", "default", "check", "primary_key"],
        )?;
        return Ok(FieldKind::Key);
    }
    if let Some(target) = generic(ty, "Many") {
        refuse_others(options, "the other side of a foreign key", &["reverse"])?;
        let field = reverse(name, ty, target, options, model, "Many", "foreign key")?;
        return Ok(FieldKind::Many {
            target: named(target, model),
            field,
            place,
        });
    }
    if let Some(target) = generic(ty, "ReverseOneToOne") {
        refuse_others(options, "the other side of a one to one relation", &["reverse"])?;
        let field = reverse(name, ty, target, options, model, "ReverseOneToOne", "`OneToOne`")?;
        return Ok(FieldKind::ReverseOne {
            target: named(target, model),
            field,
            place,
        });
    }
    if let Some(target) = generic(ty, "ManyToMany") {
        return many_to_many(name, ty, target, options, model, place);
    }
    let optional = generic(ty, "Option").and_then(foreign_key);
    let Some(target) = optional.or_else(|| foreign_key(ty)) else {
        let all = [
            "max_length",
            "unique",
            "db_index",
            "default",
            "check",
            "max_digits",
            "decimal_places",
            "format",
            "db_column",
            "db_comment",
            "db_collation",
            "db_default",
            "generated",
            "computed",
            "auto_now",
            "choices",
            "validators",
            "blank",
            "editable",
            "error_messages",
        ];
        refuse_others(
            options,
            "a plain column; a relation is a `ForeignKey<..>`, `OneToOne<..>`, `ManyToMany<..>` or the `Many<..>` or `ReverseOneToOne<..>` of the other side",
            &all,
        )?;
        return Ok(FieldKind::Column);
    };
    refuse_others(
        options,
        "a foreign key",
        &[
            "unique",
            "db_index",
            "check",
            "on_delete",
            "default",
            "db_comment",
            "editable",
            "error_messages",
        ],
    )?;
    let optional = optional.is_some();
    let Some((on_delete, _)) = options.on_delete.clone() else {
        let set_null = if optional {
            ", SetNull (this foreign key becomes NULL)"
        } else {
            ""
        };
        let message = format!(
            "what happens to a `{model}` when its `{name}` is deleted? `#[relation(on_delete = Protect)]`: the deletion is refused; or Cascade (the \
             `{model}` is deleted too){set_null}"
        );
        return Err(Error::new(ty.span(), message));
    };
    if on_delete == "SetDefault" && options.default.is_none() {
        let message = "`SetDefault` needs a default: `#[field(default = 1)]`";
        return Err(Error::new(on_delete.span(), message));
    }
    if (on_delete == "SetNull" || on_delete == "DbSetNull") && !optional {
        let message = format!(
            "`{on_delete}` needs a foreign key that may be NULL: `Option<ForeignKey<{}>>`",
            shown(target)
        );
        return Err(Error::new(on_delete.span(), message));
    }
    Ok(FieldKind::ForeignKey {
        target: named(target, model),
        optional,
        on_delete,
        place,
    })
}

/// `M`, if it is a foreign key to `M`.
fn foreign_key(ty: &Type) -> Option<&Type> {
    generic(ty, "ForeignKey").or_else(|| generic(ty, "OneToOne"))
}

fn is_one_to_one(ty: &Type) -> bool {
    generic(generic(ty, "Option").unwrap_or(ty), "OneToOne").is_some()
}

/// The field that the other side of a relation names.
fn reverse(
    name: &Ident,
    ty: &Type,
    target: &Type,
    options: &FieldOptions,
    model: &Ident,
    wrapper: &str,
    what: &str,
) -> Result<Ident> {
    let shown = shown(target);
    let example = format!(
        "`#[relation(reverse = {shown}::{})]`",
        names::snake_case(&model.to_string())
    );
    let Some((reverse, _)) = &options.reverse else {
        let message = format!("which {what} of `{shown}` leads here? Say it: {example}");
        return Err(Error::new(ty.span(), message));
    };
    let Some((owner, field)) = split(reverse) else {
        let message =
            format!("`{name}` is the other side of a {what} of `{shown}`; name its field: {example}");
        return Err(Error::new(reverse.span(), message));
    };
    let of = |name: &Ident| {
        if name == "Self" {
            model.clone()
        } else {
            name.clone()
        }
    };
    if last(target).is_some_and(|segment| of(&segment.ident) != of(&owner)) {
        let message =
            format!("`{wrapper}<{shown}>` is the other side of a {what} of `{shown}`, not of `{owner}`");
        return Err(Error::new(owner.span(), message));
    }
    Ok(field)
}

fn many_to_many(
    name: &Ident,
    ty: &Type,
    target: &Type,
    options: &FieldOptions,
    model: &Ident,
    place: usize,
) -> Result<FieldKind> {
    let to_self = is(target, "Self") || is(target, &model.to_string());
    let side = if options.reverse.is_some() {
        refuse_others(options, "the other side of a many to many relation", &["reverse"])?;
        Side::Reverse(reverse(
            name,
            ty,
            target,
            options,
            model,
            "ManyToMany",
            "`ManyToMany`",
        )?)
    } else {
        refuse_others(
            options,
            "a many to many relation, whose columns are in the table between",
            &["through", "through_fields", "symmetrical"],
        )?;
        if let Some((_, span)) = &options.symmetrical
            && !to_self
        {
            let message = "`symmetrical` is for a relation that leads from a model to itself";
            return Err(Error::new(*span, message));
        }
        let symmetrical = to_self && options.symmetrical.as_ref().is_none_or(|(yes, _)| *yes);
        match (&options.through, &options.through_fields) {
            (None, None) => Side::Making { symmetrical },
            (Some((through, _)), Some(((source, target), _))) => Side::Through {
                model: Box::new(parse_quote!(#through)),
                source: source.clone(),
                target: target.clone(),
                symmetrical,
            },
            (Some((through, span)), None) => {
                let model = names::snake_case(&model.to_string());
                let target = names::snake_case(&shown(target));
                let through = through
                    .segments
                    .last()
                    .map(|last| last.ident.to_string())
                    .unwrap_or_default();
                let message = format!(
                    "which foreign keys of `{through}` join the two? Name the one that leads here and the one that leads there: `through_fields = \
                     ({model}, {target})`"
                );
                return Err(Error::new(*span, message));
            }
            (None, Some((_, span))) => {
                let message = "`through_fields` are foreign keys of the model that `through = ..` names";
                return Err(Error::new(*span, message));
            }
        }
    };
    Ok(FieldKind::ManyToMany {
        target: named(target, model),
        side: Box::new(side),
        place,
    })
}

/// `Book::author` as `Book` and `author`.
fn split(path: &Path) -> Option<(Ident, Ident)> {
    let mut segments = path.segments.iter().rev();
    let field = segments.next()?.ident.clone();
    let owner = segments.next()?.ident.clone();
    Some((owner, field))
}

/// `Self` as the model's name, since it would be the model in every loading state.
fn named(target: &Type, model: &Ident) -> Type {
    if is(target, "Self") {
        parse_quote!(#model)
    } else {
        target.clone()
    }
}

/// The name of a model, without the way to it.
pub(crate) fn shown(target: &Type) -> String {
    last(target).map_or_else(|| "..".to_owned(), |segment| segment.ident.to_string())
}

fn last(ty: &Type) -> Option<&PathSegment> {
    match ty {
        Type::Path(path) => path.path.segments.last(),
        Type::Group(group) => last(&group.elem),
        _ => None,
    }
}

/// Whether it is the type of this name.
pub(crate) fn is(ty: &Type, name: &str) -> bool {
    last(ty).is_some_and(|segment| segment.ident == name && segment.arguments.is_empty())
}

/// `T`, if it is `name<T>`.
pub(crate) fn generic<'t>(ty: &'t Type, name: &str) -> Option<&'t Type> {
    let segment = last(ty)?;
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else {
        return None;
    };
    match (segment.ident == name, arguments.args.first()) {
        (true, Some(GenericArgument::Type(inner))) => Some(inner),
        _ => None,
    }
}

/// Types that the ORM knows, by name.
const KNOWN: [&str; 21] = [
    "bool",
    "i8",
    "i16",
    "i32",
    "i64",
    "u8",
    "u16",
    "u32",
    "u64",
    "f32",
    "f64",
    "String",
    "Decimal",
    "Date",
    "Time",
    "DateTime",
    "Timestamp",
    "SignedDuration",
    "IpAddr",
    "Uuid",
    "Value",
];

/// Whether it is a type that the ORM knows, and another than this.
fn is_known_but(ty: &Type, name: &str) -> bool {
    !is(ty, name) && is_known(ty)
}

/// Whether it is, by its name, a type that the ORM knows.
pub(crate) fn is_known(ty: &Type) -> bool {
    KNOWN.iter().any(|known| is(ty, known))
        || generic(ty, "Vec").is_some_and(|inner| is(inner, "u8"))
        || generic(ty, "Option").is_some_and(is_known)
}
