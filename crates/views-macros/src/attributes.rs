//! What `#[form(..)]` may say: of a field, and of the whole form.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::meta::ParseNestedMeta;
use syn::spanned::Spanned;
use syn::{Attribute, Error, Expr, ExprLit, ExprPath, ExprUnary, Lit, LitStr, Result, UnOp};

const KNOWN: &str =
    "label, help, max_length, min_length, min, max, email, required, optional, choices, widget";

/// The widgets by their names in the attribute, and the variants of the enum.
const WIDGETS: [(&str, &str); 12] = [
    ("text", "Text"),
    ("textarea", "Textarea"),
    ("email", "Email"),
    ("password", "Password"),
    ("number", "Number"),
    ("checkbox", "Checkbox"),
    ("select", "Select"),
    ("hidden", "Hidden"),
    ("url", "Url"),
    ("tel", "Tel"),
    ("search", "Search"),
    ("date", "Date"),
];

/// The settings of one field, each as the builder call that it becomes.
#[derive(Default)]
pub(crate) struct FieldAttributes {
    pub(crate) label: Option<LitStr>,
    /// `.max_length(80)` and its like, in their order.
    pub(crate) calls: Vec<TokenStream>,
}

impl FieldAttributes {
    pub(crate) fn parse(attributes: &[Attribute], root: &TokenStream) -> Result<Self> {
        let mut parsed = Self::default();
        for attribute in attributes
            .iter()
            .filter(|attribute| attribute.path().is_ident("form"))
        {
            attribute.parse_nested_meta(|meta| parsed.setting(&meta, root))?;
        }
        Ok(parsed)
    }

    fn setting(&mut self, meta: &ParseNestedMeta<'_>, root: &TokenStream) -> Result<()> {
        let Some(name) = meta.path.get_ident().map(ToString::to_string) else {
            return Err(meta.error(format!("unknown setting, it can be {KNOWN}")));
        };
        let forms = quote!(#root::forms);
        match name.as_str() {
            "label" => self.label = Some(meta.value()?.parse()?),
            "help" => {
                let text: LitStr = meta.value()?.parse()?;
                self.calls.push(quote!(.help(#text)));
            }
            "max_length" | "min_length" => {
                let length: Expr = meta.value()?.parse()?;
                let call = syn::Ident::new(&name, meta.path.span());
                self.calls.push(quote!(.#call(#length)));
            }
            "min" | "max" => {
                let number = number(&meta.value()?.parse()?, &forms)?;
                let call = syn::Ident::new(&name, meta.path.span());
                self.calls.push(quote!(.#call(#number)));
            }
            "email" => self.calls.push(quote!(.email())),
            "required" => self.calls.push(quote!(.required(true))),
            "optional" => self.calls.push(quote!(.required(false))),
            "choices" => {
                let choices: Expr = meta.value()?.parse()?;
                self.calls.push(quote_spanned!(choices.span()=> .choices({
                    const CHOICES: &[(&str, &str)] = &#choices;
                    CHOICES
                })));
            }
            "widget" => {
                let widget: LitStr = meta.value()?.parse()?;
                let value = widget.value();
                let Some((_, variant)) = WIDGETS.iter().find(|(name, _)| *name == value) else {
                    let names: Vec<&str> = WIDGETS.iter().map(|(name, _)| *name).collect();
                    let message = format!("unknown widget `{value}`, it can be {}", names.join(", "));
                    return Err(Error::new(widget.span(), message));
                };
                let variant = syn::Ident::new(variant, widget.span());
                self.calls.push(quote!(.widget(#forms::Widget::#variant)));
            }
            other => return Err(meta.error(format!("unknown setting `{other}`, it can be {KNOWN}"))),
        }
        Ok(())
    }
}

/// A literal number, perhaps negative, as the value that limits take.
fn number(expr: &Expr, forms: &TokenStream) -> Result<TokenStream> {
    let (negative, literal) = match expr {
        Expr::Unary(ExprUnary {
            op: UnOp::Neg(_),
            expr,
            ..
        }) => (true, &**expr),
        other => (false, other),
    };
    let sign = negative.then(|| quote!(-));
    match literal {
        Expr::Lit(ExprLit {
            lit: Lit::Int(lit), ..
        }) => Ok(quote!(#forms::Number::Integer(#sign #lit))),
        Expr::Lit(ExprLit {
            lit: Lit::Float(lit), ..
        }) => Ok(quote!(#forms::Number::Float(#sign #lit))),
        _ => Err(Error::new(expr.span(), "a limit is a number: `min = 1`")),
    }
}

/// The function that checks the whole form: `#[form(clean = check)]` on the struct.
pub(crate) fn clean_function(attributes: &[Attribute]) -> Result<Option<ExprPath>> {
    let mut clean = None;
    for attribute in attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("form"))
    {
        attribute.parse_nested_meta(|meta| {
            if !meta.path.is_ident("clean") {
                return Err(meta.error("unknown setting, on the struct it can be `clean = function`"));
            }
            clean = Some(meta.value()?.parse()?);
            Ok(())
        })?;
    }
    Ok(clean)
}
