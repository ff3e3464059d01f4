//! What no struct declares. This is checked where the migrations are embedded, because a struct that is gone has no
//! derive to report it. Each derive implements a trait for its table, and rustc finds the implementations in this crate
//! and in the package's library. So a binary also learns that its library has another struct for the same table.

use dbmigrate_core::config::CompileCheck;
use dbmigrate_core::sql::Name;
use proc_macro2::{Literal, Span, TokenStream};
use quote::{quote, quote_spanned};

use super::expand::wrapped;
use super::head::{self, Found, Head};
use super::words::as_of;

/// That the struct at `at` declares a table or view. A type that nobody else can name stands for the struct: the trait
/// is public, and what a public trait has to do with is never dead code.
pub(super) fn declared(name: &Name, at: Span, head: &Head, facade: &syn::Path) -> TokenStream {
    let (package, table) = (package(head), hash(&name.folded()));
    let (is_binary, start) = (is_binary(), at.start());
    let file = at.local_file().unwrap_or_default();
    let place = hash(&format!("{}:{}:{}", file.display(), start.line, start.column));
    quote! {
        pub enum __S {}
        impl #facade::__private::DeclaredBy<__S, #is_binary, #place> for #facade::__private::TableName<#package, #table> {}
    }
}

/// Whether this crate is a binary: cargo says so of them, and of no library.
fn is_binary() -> bool {
    std::env::var_os("CARGO_BIN_NAME").is_some()
}

/// Asks for a struct for each table and view of the last migration of a database of the package. Errors are reported at
/// `span`.
pub(crate) fn expansion(database: Option<&str>, span: Span, facade: &syn::Path) -> TokenStream {
    let found = head::find(database).found;
    let Found::Head(head) = &*found else { return TokenStream::new() };
    if head.level == CompileCheck::Off || head.is_compared == Some(false) {
        return TokenStream::new();
    }
    let schema = &head.schema;
    let tables = schema.tables.iter().map(|table| ("table", &table.name));
    let virtual_tables = schema.virtual_tables.iter().map(|table| ("virtual table", &table.name));
    let views = schema.views.iter().map(|view| ("view", &view.name));
    let mut questions = Vec::new();
    for (what, name) in tables.chain(virtual_tables).chain(views) {
        questions.push(question(what, name, head, span));
        if is_binary() {
            questions.push(question_of_two(what, name, head, span));
        }
    }
    if questions.is_empty() {
        return TokenStream::new();
    }
    wrapped(vec![quote! {
        use #facade::__private::*;
        #(#questions)*
    }])
}

fn question(what: &str, name: &Name, head: &Head, span: Span) -> TokenStream {
    let (package, table) = (package(head), hash(&name.folded()));
    let message = format!("no struct declares {what} `{name}`, which exists {}", as_of(head));
    let help = format!("to drop it: `{}`", head.command);
    let note = "only structs in this crate, or in the package's library if this crate uses it, are found";
    if head.level == CompileCheck::Error {
        let asked = quote_spanned!(span=> (&&TableProbe::<#package, #table>).by_a_struct());
        return quote! {
            const _: () = {
                #[diagnostic::on_unimplemented(
                    message = #message, label = "the migrations embedded here", note = #help, note = #note
                )]
                trait Declares {}
                impl Declares for Declared {}
                const fn require<T: Declares>(_: &T) {}
                fn ask() { require(&#asked); }
                let _ = ask;
            };
        };
    }
    let text = format!("{message}\nhelp: {help}\nhelp: {note}");
    let asked = quote_spanned!(span=> (&&TableProbe::<#package, #table>).by_a_struct().is_declared());
    quote! {
        const _: () = {
            trait Agrees { fn is_declared(&self) {} }
            impl Agrees for Declared {}
            trait Differs { #[deprecated(note = #text)] fn is_declared(&self) {} }
            impl Differs for Undeclared {}
            fn ask() { #asked; }
            let _ = ask;
        };
    }
}

/// Whether this binary and the library have different structs for it.
fn question_of_two(what: &str, name: &Name, head: &Head, span: Span) -> TokenStream {
    let (package, table) = (package(head), hash(&name.folded()));
    let message = format!("two structs declare {what} `{name}`: one in this binary, one in the package's library");
    let help = "remove one of them, or give it another name: `#[table(name = \"…\")]`";
    if head.level == CompileCheck::Error {
        let asked = quote_spanned!(span=> (&&TableProbe::<#package, #table>).places());
        return quote! {
            const _: () = {
                #[diagnostic::on_unimplemented(message = #message, label = "the migrations embedded here", note = #help)]
                trait InOnePlace {}
                impl<const PLACE: u64> InOnePlace for Places<PLACE, PLACE> {}
                const fn require<T: InOnePlace>(_: &T) {}
                fn ask() { require(&#asked); }
                let _ = ask;
            };
        };
    }
    let text = format!("{message}\nhelp: {help}");
    let asked = quote_spanned!(span=> (&(&&TableProbe::<#package, #table>).places()).are_one());
    quote! {
        const _: () = {
            trait Agrees { fn are_one(&self) {} }
            impl<const PLACE: u64> Agrees for Places<PLACE, PLACE> {}
            trait Differs { #[deprecated(note = #text)] fn are_one(&self) {} }
            impl<const BINARY: u64, const LIBRARY: u64> Differs for &Places<BINARY, LIBRARY> {}
            fn ask() { #asked; }
            let _ = ask;
        };
    }
}

/// The package that is being compiled, and the database: others may have tables of the same names.
fn package(head: &Head) -> Literal {
    let mut name = std::env::var("CARGO_PKG_NAME").unwrap_or_default();
    if let Some(database) = &head.database {
        name.push('/');
        name.push_str(database);
    }
    hash(&name)
}

/// FNV-1a (datatracker.ietf.org/doc/html/draft-eastlake-fnv).
fn hash(text: &str) -> Literal {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    Literal::u64_unsuffixed(text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, step))
}
