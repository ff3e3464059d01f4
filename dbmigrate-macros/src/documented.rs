//! `docs/rows.md` shows what a struct expands to, and cannot show anything else.

use std::path::Path;

use dbmigrate_core::declare::Derive;
use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens as _;

/// The block behind `<!-- name -->`.
fn block(page: &str, name: &str) -> String {
    let (_, rest) = page.split_once(&format!("<!-- {name} -->\n```rust")).expect("the block is there");
    let (_, rest) = rest.split_once('\n').expect("the block begins");
    rest.split_once("\n```").expect("the block ends").0.to_owned()
}

/// The items as they are with the feature, without the macro that knows of it.
fn flat(tokens: TokenStream) -> TokenStream {
    /// `::dbmigrate::__private::with_libsql`, in tokens.
    const PATH: usize = 9;
    let mut flat: Vec<TokenTree> = Vec::new();
    let mut tokens = tokens.into_iter();
    while let Some(token) = tokens.next() {
        let is_macro = matches!(&token, TokenTree::Punct(mark) if mark.as_char() == '!');
        match (is_macro, flat.last()) {
            (true, Some(TokenTree::Ident(name))) if name == "with_libsql" => {
                flat.truncate(flat.len() - PATH);
                let Some(TokenTree::Group(items)) = tokens.next() else { panic!("a macro has arguments") };
                flat.extend(items.stream());
            }
            _ => flat.push(token),
        }
    }
    flat.into_iter().collect()
}

/// The text without what rustfmt may change.
fn bare(tokens: &TokenStream) -> String {
    let text: String = tokens.to_string().split_whitespace().collect();
    [")", "]", "}", "{"].iter().fold(text, |text, end| text.replace(&format!(",{end}"), end))
}

#[test]
fn the_page_about_rows_shows_what_a_struct_expands_to() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/rows.md");
    let page = std::fs::read_to_string(page).expect("the page is there");
    let source: syn::File = syn::parse_str(&block(&page, "struct")).expect("it is Rust");
    let item = source.items.last().expect("the struct is the last item").to_token_stream();
    let input: syn::DeriveInput = syn::parse2(item).expect("it is a struct");
    let expansion = crate::table::expand(&input, Derive::Table).expect("it is a table");
    let shown: TokenStream = block(&page, "expansion").parse().expect("it is Rust");
    let expansion = flat(expansion);
    assert!(
        bare(&shown) == bare(&expansion),
        "what is shown is not what there is; formatted by rustfmt, it is\n{expansion}"
    );
}
