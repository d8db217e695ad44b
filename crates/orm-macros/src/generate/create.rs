//! The builder that `create()` gives: a type parameter for each column that has to be given, so that a missing one is a compile error.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use crate::names;
use crate::parse::{Field, FieldKind, Model};

/// The builder's struct.
pub(super) fn builder(model: &Model) -> TokenStream {
    let Model {
        root,
        visibility,
        name,
        ..
    } = model;
    let builder = model.builder_struct();
    let parameters: Vec<_> = parameters(model).collect();
    let doc = format!(
        "A row of [`{name}`] on its way: what `{name}::create()` gives. Give the columns, then `.await` it or `.wait()` for it."
    );
    quote! {
        #[doc = #doc]
        #[must_use = "nothing is created until it is `.await`ed (async code) or `.wait()`ed for (sync code)"]
        #[allow(missing_debug_implementations)]
        #visibility struct #builder<#(#parameters,)* __M: #root::__private::CreateMode<#name> = #root::Creating> {
            creation: #root::__private::Creation<#name, __M>,
            given: ::core::marker::PhantomData<fn() -> (#(#parameters,)*)>,
        }
    }
}

/// A parameter for each column that has to be given.
fn parameters(model: &Model) -> impl Iterator<Item = Ident> {
    (0..model.required().count()).map(|at| format_ident!("__C{at}"))
}

/// The trait that holds if the column was given.
fn trait_name(model: &Model, field: &Field) -> Ident {
    let mut camel = String::new();
    for word in names::plain(&field.name).split('_') {
        let mut characters = word.chars();
        camel.extend(characters.next().map(|first| first.to_ascii_uppercase()));
        camel.extend(characters);
    }
    format_ident!("{}{camel}IsGiven", names::plain(&model.name))
}

/// `create()`, a method for each column, and the two ways to run it.
pub(super) fn implementations(model: &Model) -> TokenStream {
    let Model {
        root,
        visibility,
        name,
        ..
    } = model;
    let builder = model.builder_struct();
    let parameters: Vec<_> = parameters(model).collect();
    let traits: Vec<_> = model.required().map(|field| trait_name(model, field)).collect();
    let missing: Vec<_> = parameters.iter().map(|_| quote!(#root::ColumnMissing)).collect();
    let defaults: Vec<_> = parameters
        .iter()
        .map(|parameter| format_ident!("{parameter}D"))
        .collect();
    let given: Vec<_> = model.required().map(|field| given(model, field)).collect();
    let create = format!(
        "Makes a row: give the columns, then `.await` it or `.wait()` for it, which gives the [`{name}`]."
    );

    let get_or_create = format!(
        "Finds the row with these columns, or makes it: give the columns to look for, and with `.defaults(|new| ..)` the rest of a new row. \
         Gives the [`{name}`] and whether it was made. Two programs that do it at once get the same row, where a unique rule is on its columns."
    );
    let update_or_create = format!(
        "Finds the row with these columns and changes it, or makes it: give the columns to look for, and with `.defaults(|new| ..)` those to \
         write. Gives the [`{name}`] and whether it was made."
    );

    let mut required = 0;
    let methods: Vec<_> = model
        .fields
        .iter()
        .filter(|field| !field.is_automatic() && !field.is_virtual() && !field.is_generated())
        .map(|field| {
            let place = field.is_required().then(|| {
                required += 1;
                required - 1
            });
            method(model, field, &parameters, place)
        })
        .collect();
    let gives = model.foreign_keys().map(|field| {
        let marker = model.marker(field);
        let place = model.required().position(|required| required.name == field.name);
        let out = given_at(model, &parameters, place);
        quote! {
            #[automatically_derived]
            impl<#(#parameters,)* __M: #root::__private::CreateMode<#name>> #root::__private::Give<#marker>
                for #builder<#(#parameters,)* __M>
            {
                type Out = #builder<#(#out,)* __M>;

                fn given(self) -> Self::Out {
                    #builder { creation: self.creation, given: ::core::marker::PhantomData }
                }
            }
        }
    });
    quote! {
        #(#gives)*

        #[allow(dead_code)]
        impl #name {
            #[doc = #create]
            #visibility fn create() -> #builder<#(#missing),*> {
                <Self as #root::Model>::building(#root::__private::Creation::new())
            }

            #[doc = #get_or_create]
            #visibility fn get_or_create() -> #builder<#(#missing,)* #root::GettingOrCreating> {
                <Self as #root::Model>::building(#root::__private::Creation::new())
            }

            #[doc = #update_or_create]
            #visibility fn update_or_create() -> #builder<#(#missing,)* #root::UpdatingOrCreating> {
                <Self as #root::Model>::building(#root::__private::Creation::new())
            }
        }

        #(#given)*

        #[allow(dead_code)]
        impl<#(#parameters,)* __M: #root::__private::CreateMode<#name>> #builder<#(#parameters,)* __M> {
            #(#methods)*

            /// After the columns that a row is looked up by: the others of a new row. For `get_or_create()` and `update_or_create()`.
            #visibility fn defaults<#(#defaults),*>(
                self,
                defaults: impl ::core::ops::FnOnce(Self) -> #builder<#(#defaults,)* __M>,
            ) -> #builder<#(#defaults,)* __M>
            where
                __M: #root::__private::LooksUp,
            {
                defaults(Self { creation: self.creation.looked_up(), given: self.given })
            }

            /// Checks the row as its fields and the rules of its table want it, by Django's `full_clean`, and makes none. A foreign key is not looked
            /// up, and rules in SQL (`check = ".."`) are left to the database.
            ///
            /// # Errors
            ///
            /// `is_validation`, with all that is wrong in `field_errors()`.
            #[track_caller]
            #visibility fn full_clean(self) -> #root::Op<'static, ()> {
                self.creation.full_clean()
            }

            /// In this database, whatever the context says.
            #visibility fn using(self, database: &#root::Database) -> Self {
                Self { creation: self.creation.using(database), given: self.given }
            }

            /// Makes the row and waits for it, for sync code.
            ///
            /// # Errors
            ///
            /// Those of every statement; `is_integrity` where a rule of the schema is broken.
            #[track_caller]
            #visibility fn wait(mut self) -> #root::Result<__M::Output>
            where
                #(#parameters: #traits,)*
            {
                self.creation.op().wait()
            }
        }

        // A future itself, not something that becomes one: only so does the compiler name the column that is missing.
        impl<#(#parameters: #traits,)* __M: #root::__private::CreateMode<#name>> ::core::future::Future
            for #builder<#(#parameters,)* __M>
        {
            type Output = #root::Result<__M::Output>;

            fn poll(
                mut self: ::core::pin::Pin<&mut Self>,
                cx: &mut ::core::task::Context<'_>,
            ) -> ::core::task::Poll<Self::Output> {
                self.creation.poll(cx)
            }
        }

        #[diagnostic::do_not_recommend]
        impl<#(#parameters: #traits),*> #root::NewRow<#name> for #builder<#(#parameters),*> {
            fn into_creation(self) -> #root::__private::Creation<#name> {
                self.creation
            }
        }
    }
}

/// What tells that a column is missing.
fn given(model: &Model, field: &Field) -> TokenStream {
    let (root, name) = (&model.root, &model.name);
    let visibility = &model.visibility;
    let column = names::plain(&field.name);
    let trait_name = trait_name(model, field);
    let message = format!("`{name}::create()` lacks the column `{column}`");
    let label = format!("the column `{column}` is missing");
    let note = format!("give it before `.await` or `.wait()`: `.{column}(..)`");
    quote! {
        #[diagnostic::on_unimplemented(message = #message, label = #label, note = #note)]
        #visibility trait #trait_name {}
        #[diagnostic::do_not_recommend]
        impl #trait_name for #root::ColumnGiven {}
    }
}

/// The parameters when the column at a place is given.
fn given_at(model: &Model, parameters: &[Ident], place: Option<usize>) -> Vec<TokenStream> {
    let root = &model.root;
    let parameters = parameters.iter().enumerate();
    parameters
        .map(|(at, parameter)| match place == Some(at) {
            true => quote!(#root::ColumnGiven),
            false => quote!(#parameter),
        })
        .collect()
}

/// The method that gives a column.
fn method(model: &Model, field: &Field, parameters: &[Ident], required: Option<usize>) -> TokenStream {
    let root = &model.root;
    let builder = model.builder_struct();
    let (visibility, name, ty) = (&field.visibility, &field.name, &field.ty);
    let column = field.column();
    let doc = format!("The column `{}`.", names::plain(name));
    let (argument, set) = match &field.kind {
        FieldKind::ForeignKey {
            target,
            optional: true,
            ..
        } => (
            quote!(#root::IntoOptionalKey<#target>),
            quote!(point_or_null::<#target>),
        ),
        FieldKind::ForeignKey { target, .. } => (quote!(#root::IntoKey<#target>), quote!(point::<#target>)),
        _ => (quote!(#root::Assign<#root::ValuesOnly, #ty>), quote!(set::<#ty>)),
    };
    let out = given_at(model, parameters, required);
    quote! {
        #[doc = #doc]
        #visibility fn #name(self, value: impl #argument) -> #builder<#(#out,)* __M> {
            #builder {
                creation: self.creation.#set(#column, value),
                given: ::core::marker::PhantomData,
            }
        }
    }
}
