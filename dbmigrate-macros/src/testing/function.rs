//! The function of a test, and the test around it.

use dbmigrate_core::declare::DeclareError;
use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;

use super::arguments::Arguments;
use super::asked::Asked;

/// The test, or all that is wrong and the function as it is.
pub(crate) fn expand(arguments: TokenStream, item: &TokenStream) -> TokenStream {
    let function: syn::ItemFn = match syn::parse2(item.clone()) {
        Ok(function) => function,
        Err(error) => {
            let error = error.to_compile_error();
            return quote!(#error #item);
        }
    };
    expanded(arguments, &function).unwrap_or_else(|errors| {
        let errors = crate::compile_errors(&errors);
        let function = syn::ItemFn { attrs: Vec::new(), ..function };
        quote! {
            #errors
            #[allow(dead_code, clippy::all, reason = "it would be a test")]
            #function
        }
    })
}

fn expanded(arguments: TokenStream, function: &syn::ItemFn) -> Result<TokenStream, Vec<DeclareError>> {
    let one = |error: DeclareError| vec![error];
    let arguments = Arguments::read(arguments).map_err(one)?;
    let facade = crate::facade(arguments.crate_path.as_ref());
    let parameters = parameters(function)?;
    let asked = Asked::new(arguments.database.as_ref(), arguments.migrations.as_ref(), &facade)?;
    if let Some(seed) = &arguments.seed {
        asked.seeds.refuse_unknown(&seed.value()).map_err(|error| vec![error.at(seed.span())])?;
    }
    let name = &function.sig.ident;
    let should_panic = function.attrs.iter().any(|attribute| attribute.path().is_ident("should_panic"));
    let until = quote!(#facade::testing::__private::Until::Head);
    let request = asked.request(name, &until, arguments.seed.as_ref(), should_panic);
    let tracked = &asked.tracked;

    let wait = match function.sig.asyncness {
        Some(_) => |opened: TokenStream, _: &syn::Path| quote!(#opened.await),
        None => |opened: TokenStream, facade: &syn::Path| quote!(#facade::testing::__private::block_on(#opened)),
    };
    let mut opened = TokenStream::new();
    let mut given = Vec::new();
    for (at, ty) in parameters.into_iter().enumerate() {
        let variable = format_ident!("__argument_{at}", span = Span::mixed_site());
        let (owned, lent) = match ty {
            syn::Type::Reference(reference) => {
                let mutability = &reference.mutability;
                (&*reference.elem, quote!(&#mutability #variable))
            }
            ty => (ty, quote!(#variable)),
        };
        // so that what rustc says of the type stands there
        let open = quote_spanned!(owned.span()=> #facade::testing::__private::open::<#owned>(__given.database()));
        let open = wait(open, &facade);
        opened.extend(quote!(#[allow(unused_mut)] let mut #variable = #open;));
        given.push(lent);
    }
    let call = quote!(#name(#(#given),*));
    let call = if function.sig.asyncness.is_some() { quote!(#call.await) } else { call };
    let (returns, ended) = match function.sig.output {
        syn::ReturnType::Default => (quote!(), quote!(#call;)),
        // what stands for the error is printed as libtest would print it
        syn::ReturnType::Type(..) => (
            quote!(-> ::std::process::ExitCode),
            quote!(let __returned = #call; #facade::testing::__private::reported(&mut __given, __returned)),
        ),
    };
    let steps = quote! {
        #request
        #[allow(unused_mut)]
        let mut __given = #facade::testing::__private::new(&__REQUEST);
        #opened
        #ended
    };
    let inner = syn::ItemFn { attrs: Vec::new(), vis: syn::Visibility::Inherited, ..function.clone() };
    let attributes = &function.attrs;
    let runs = attributes.iter().any(is_test_of_others);
    let test = (!runs && !attributes.iter().any(is_test)).then(|| quote!(#[::core::prelude::v1::test]));
    let (asyncness, steps) = match function.sig.asyncness {
        Some(asyncness) if runs => (Some(asyncness), steps),
        Some(_) => (None, quote!(#facade::testing::__private::run(async { #steps }))),
        None => (None, steps),
    };
    let visibility = &function.vis;
    Ok(quote! {
        #tracked
        #test
        #(#attributes)*
        #visibility #asyncness fn #name() #returns {
            // what a test is given, it takes
            #[allow(clippy::needless_pass_by_value, clippy::unused_async)]
            #inner
            #steps
        }
    })
}

/// The types of the parameters.
fn parameters(function: &syn::ItemFn) -> Result<Vec<&syn::Type>, Vec<DeclareError>> {
    let signature = &function.sig;
    let mut errors = Vec::new();
    if !signature.generics.params.is_empty() {
        errors.push(DeclareError::new(signature.generics.params.span(), "a test has no generic parameters"));
    }
    let mut types = Vec::new();
    for input in &signature.inputs {
        match input {
            syn::FnArg::Typed(typed) => types.push(&*typed.ty),
            syn::FnArg::Receiver(receiver) => {
                errors.push(DeclareError::new(receiver.span(), "a test is a function, and has no `self`"));
            }
        }
    }
    if signature.inputs.is_empty() {
        let error = DeclareError::new(signature.ident.span(), "the test does not take the database that it is given");
        let asyncness = if signature.asyncness.is_some() { "async " } else { "" };
        let help = format!("take it: `{asyncness}fn {}(database: dbmigrate::testing::TestDatabase)`", signature.ident);
        errors.push(error.help(help));
    }
    if errors.is_empty() { Ok(types) } else { Err(errors) }
}

/// Whether an attribute is `#[test]`.
fn is_test(attribute: &syn::Attribute) -> bool {
    attribute.path().is_ident("test")
}

/// Whether an attribute makes a test of an asynchronous function: `#[tokio::test]`.
fn is_test_of_others(attribute: &syn::Attribute) -> bool {
    let last = attribute.path().segments.last();
    !is_test(attribute) && last.is_some_and(|last| last.ident == "test")
}
