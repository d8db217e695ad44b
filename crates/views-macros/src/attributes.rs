//! What `#[form(..)]` may say: of a field, and of the whole form.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::meta::ParseNestedMeta;
use syn::spanned::Spanned;
use syn::{Attribute, Error, Expr, ExprLit, ExprPath, ExprUnary, Lit, LitStr, Result, Type, UnOp};

use crate::words::{
    AUTOCOMPLETE, FIELD_SETTINGS, FORM_SETTINGS, WIDGETS, autocomplete_help, known_words, unknown,
};

/// The settings of one field, each as the builder call that it becomes.
#[derive(Default)]
pub(crate) struct FieldAttributes {
    pub(crate) label: Option<LitStr>,
    /// `.max_length(80)` and its like, in their order.
    pub(crate) calls: Vec<TokenStream>,
    /// `.widget(..)` comes after `.choices(..)`, which brings a widget of its own, and `.initial(..)` after both.
    widget: Option<TokenStream>,
    initial: Option<TokenStream>,
    /// What has to be true of the field's type, checked when it is compiled.
    pub(crate) checks: Vec<TokenStream>,
    /// Functions that look at the value.
    pub(crate) validators: Vec<Expr>,
    presence: Option<&'static str>,
}

impl FieldAttributes {
    pub(crate) fn parse(attributes: &[Attribute], ty: &Type, root: &TokenStream) -> Result<Self> {
        let mut parsed = Self::default();
        for attribute in of_forms(attributes) {
            attribute.parse_nested_meta(|meta| parsed.setting(&meta, ty, root))?;
        }
        let (widget, initial) = (parsed.widget.take(), parsed.initial.take());
        parsed.calls.extend(widget.into_iter().chain(initial));
        Ok(parsed)
    }

    fn setting(&mut self, meta: &ParseNestedMeta<'_>, ty: &Type, root: &TokenStream) -> Result<()> {
        let known: Vec<&str> = FIELD_SETTINGS.to_vec();
        let Some(name) = meta.path.get_ident().map(ToString::to_string) else {
            return Err(meta.error(format!("unknown setting, it can be {}", known_words(&known))));
        };
        let span = meta.path.span();
        let call = syn::Ident::new(&name, span);
        let forms = quote!(#root::forms);
        match name.as_str() {
            "label" => self.label = Some(text(meta)?),
            "help" | "placeholder" | "empty" | "accept" => {
                let text = text(meta)?;
                self.calls.push(quote!(.#call(#text)));
                if name == "accept" {
                    self.check(
                        ty,
                        &forms,
                        span,
                        "is_file",
                        "`accept` is for files: `UploadedFile`, `Option` or `Vec` of it",
                    );
                }
            }
            "max_length" | "min_length" => {
                let length: Expr = meta.value()?.parse()?;
                self.calls.push(quote!(.#call(#length)));
                let help = format!(
                    "`{name}` limits the length of a text; for the size of a number, a date or a time write `{}`",
                    &name[..3]
                );
                self.check(ty, &forms, span, "has_length", &help);
            }
            "min" | "max" => {
                let limit = limit(&meta.value()?.parse()?);
                self.calls.push(quote!(.#call(#limit)));
                let help = format!(
                    "`{name}` limits numbers, dates and times; for the length of a text write `{name}_length`"
                );
                self.check(ty, &forms, span, "has_order", &help);
            }
            "step" => {
                let step = limit(&meta.value()?.parse()?);
                self.calls.push(quote!(.step(#step)));
                self.check(
                    ty,
                    &forms,
                    span,
                    "has_order",
                    "`step` is for numbers, dates and times",
                );
            }
            "max_digits" | "decimal_places" => {
                let digits: Expr = meta.value()?.parse()?;
                self.calls.push(quote!(.#call(#digits)));
                let help = format!("`{name}` is for numbers, such as `Decimal`");
                self.check(ty, &forms, span, "has_digits", &help);
            }
            "max_size" => {
                let bytes: Expr = meta.value()?.parse()?;
                self.calls.push(quote!(.max_size(#bytes)));
                self.check(
                    ty,
                    &forms,
                    span,
                    "is_file",
                    "`max_size` is for files: `UploadedFile`, `Option` or `Vec` of it",
                );
            }
            "email" | "url" => {
                self.calls.push(quote!(.#call()));
                let help = format!("`{name}` is for text: a field of type `String` or `Option<String>`");
                self.check(ty, &forms, span, "has_length", &help);
            }
            "required" => self.presence("required", &meta.error(""), quote!(.required(true)))?,
            "optional" => self.presence("optional", &meta.error(""), quote!(.required(false)))?,
            "choices" | "attributes" => {
                let pairs: Expr = meta.value()?.parse()?;
                self.calls.push(quote_spanned!(pairs.span()=> .#call({
                    const PAIRS: &[(&str, &str)] = &#pairs;
                    PAIRS
                })));
            }
            "initial" => self.initial = Some(initial(&meta.value()?.parse()?, ty)),
            "validate" => self.validators.push(meta.value()?.parse()?),
            "autocomplete" => {
                let token = text(meta)?;
                let value = token.value();
                let known = |part: &str| AUTOCOMPLETE.contains(&part) || part.starts_with("section-");
                if value.is_empty() || !value.split(' ').all(known) {
                    return Err(Error::new(token.span(), autocomplete_help(&value)));
                }
                self.calls.push(quote!(.autocomplete(#token)));
            }
            "widget" => self.widget = Some(widget(&meta.value()?.parse()?, &forms)?),
            other => return Err(meta.error(unknown("setting", other, &known))),
        }
        Ok(())
    }

    /// Has the compiler see to it that a setting makes sense for the field's type.
    fn check(&mut self, ty: &Type, forms: &TokenStream, span: Span, question: &str, help: &str) {
        let question = syn::Ident::new(question, span);
        self.checks.push(quote_spanned!(span=>
            const _: () = ::core::assert!(<#ty as #forms::FieldType>::KIND.#question(), #help);
        ));
    }

    fn presence(&mut self, word: &'static str, at: &Error, call: TokenStream) -> Result<()> {
        if let Some(other) = self.presence.replace(word).filter(|other| *other != word) {
            let message = format!("a field is `{word}` or `{other}`, not both: leave one out");
            return Err(Error::new(at.span(), message));
        }
        self.calls.push(call);
        Ok(())
    }
}

/// A text, with advice where it is something else.
fn text(meta: &ParseNestedMeta<'_>) -> Result<LitStr> {
    let value: Expr = meta.value()?.parse()?;
    match value {
        Expr::Lit(ExprLit {
            lit: Lit::Str(text), ..
        }) => Ok(text),
        other => Err(Error::new(other.span(), "a text in quotes is expected here")),
    }
}

/// A limit as the text of a number or a moment, so that it is compared exactly and shown as it was written.
fn limit(expr: &Expr) -> TokenStream {
    let (sign, literal) = match expr {
        Expr::Unary(ExprUnary {
            op: UnOp::Neg(_),
            expr,
            ..
        }) => ("-", &**expr),
        other => ("", other),
    };
    match literal {
        Expr::Lit(ExprLit {
            lit: Lit::Int(number),
            ..
        }) => {
            let text = format!("{sign}{}", number.base10_digits());
            quote!(#text)
        }
        Expr::Lit(ExprLit {
            lit: Lit::Float(number),
            ..
        }) => {
            let text = format!("{sign}{}", number.base10_digits());
            quote!(#text)
        }
        Expr::Lit(ExprLit {
            lit: Lit::Str(text), ..
        }) => quote!(#text),
        _ => quote_spanned!(expr.span()=> ::std::string::ToString::to_string(&(#expr))),
    }
}

/// What a field shows at first: a text as it is, or a value of the field's type.
fn initial(expr: &Expr, ty: &Type) -> TokenStream {
    if let Expr::Lit(ExprLit {
        lit: Lit::Str(text), ..
    }) = expr
    {
        return quote!(.initial_text(#text));
    }
    let ty = inside_option(ty).unwrap_or(ty);
    quote_spanned!(expr.span()=> .initial::<#ty>(#expr))
}

/// A widget by its name, or a function that shows one.
fn widget(expr: &Expr, forms: &TokenStream) -> Result<TokenStream> {
    let Expr::Lit(ExprLit {
        lit: Lit::Str(name), ..
    }) = expr
    else {
        return Ok(quote_spanned!(expr.span()=> .own_widget(#expr)));
    };
    let value = name.value();
    let Some((_, variant)) = WIDGETS.iter().find(|(name, _)| *name == value) else {
        let names: Vec<&str> = WIDGETS.iter().map(|(name, _)| *name).collect();
        return Err(Error::new(name.span(), unknown("widget", &value, &names)));
    };
    let variant = syn::Ident::new(variant, name.span());
    Ok(quote!(.widget(#forms::Widget::#variant)))
}

/// `T` of `Option<T>`.
pub(crate) fn inside_option(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last()?;
    let syn::PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return None;
    };
    match arguments.args.first()? {
        syn::GenericArgument::Type(inner) if last.ident == "Option" => Some(inner),
        _ => None,
    }
}

fn of_forms(attributes: &[Attribute]) -> impl Iterator<Item = &Attribute> {
    attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("form"))
}

/// What the attribute on the struct says.
#[derive(Default)]
pub(crate) struct FormAttributes {
    pub(crate) clean: Option<ExprPath>,
    pub(crate) clean_async: Option<ExprPath>,
    pub(crate) deny_unknown: bool,
}

impl FormAttributes {
    pub(crate) fn parse(attributes: &[Attribute]) -> Result<Self> {
        let mut parsed = Self::default();
        for attribute in of_forms(attributes) {
            attribute.parse_nested_meta(|meta| {
                let name = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
                match name.as_str() {
                    "clean" => parsed.clean = Some(meta.value()?.parse()?),
                    "clean_async" => parsed.clean_async = Some(meta.value()?.parse()?),
                    "deny_unknown" => parsed.deny_unknown = true,
                    other if FIELD_SETTINGS.contains(&other) => {
                        return Err(
                            meta.error(format!("`{other}` is a setting of a field: put it above one"))
                        );
                    }
                    other => return Err(meta.error(unknown("setting of a form", other, &FORM_SETTINGS))),
                }
                Ok(())
            })?;
        }
        Ok(parsed)
    }
}
