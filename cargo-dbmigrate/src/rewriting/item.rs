//! The struct of a table or view in its source file, by the bytes of its parts.

use std::ops::Range;
use std::path::Path;

use proc_macro2::Span;
use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};

/// Where the parts of a struct are.
pub(super) struct Item {
    /// All of it, attributes included.
    pub(super) range: Range<usize>,
    /// Its `#[table(…)]` or `#[view(…)]`.
    pub(super) attribute: Option<Attribute>,
    /// Where one would be put.
    pub(super) body: usize,
    pub(super) fields: Vec<FieldItem>,
    /// The end of the last field, or the opening brace.
    pub(super) first: usize,
}

/// Where the parts of a field are.
pub(super) struct FieldItem {
    /// All of it, attributes included, without the comma.
    pub(super) range: Range<usize>,
    /// The place of the visibility or the name.
    pub(super) body: usize,
    pub(super) visibility: String,
    pub(super) ident: Range<usize>,
    pub(super) ty: Range<usize>,
    pub(super) attribute: Option<Attribute>,
}

/// An attribute of ours.
pub(super) struct Attribute {
    pub(super) range: Range<usize>,
    /// Whether it names what it is about, and what that was called before.
    pub(super) has_name: bool,
    pub(super) is_renamed: bool,
}

/// The struct that lies around a place of a text, and says in an attribute `word` what it declares.
pub(super) fn item_at(source: &Source, place: &Range<usize>, word: &'static str) -> Option<Item> {
    let file = source.file.as_ref()?;
    let mut finder = Finder { text: &source.text, place, word, skipped: source.skipped, found: None };
    finder.visit_file(file);
    finder.found
}

/// A file of structs, read and parsed.
pub(super) struct Source {
    pub(super) text: String,
    /// `None` if it is no Rust.
    file: Option<syn::File>,
    /// A byte order mark is no part of what is parsed.
    skipped: usize,
}

impl Source {
    /// Reads a file. `None` if that cannot be done.
    pub(super) fn read(path: &Path) -> Option<Self> {
        let text = std::fs::read_to_string(path).ok()?;
        let skipped = text.len() - text.trim_start_matches('\u{feff}').len();
        let file = syn::parse_file(&text[skipped..]).ok();
        Some(Self { text, file, skipped })
    }
}

struct Finder<'a> {
    text: &'a str,
    place: &'a Range<usize>,
    word: &'static str,
    skipped: usize,
    found: Option<Item>,
}

impl Finder<'_> {
    fn range(&self, span: Span) -> Range<usize> {
        let range = span.byte_range();
        range.start + self.skipped..range.end + self.skipped
    }

    fn attribute(&self, attributes: &[syn::Attribute], word: &str) -> Option<Attribute> {
        let attribute = attributes.iter().find(|one| one.path().is_ident(word))?;
        let range = self.range(attribute.span());
        let has = |key: &str| {
            let syn::Meta::List(list) = &attribute.meta else { return false };
            let first = list.tokens.clone().into_iter();
            first.into_iter().any(|token| matches!(&token, proc_macro2::TokenTree::Ident(ident) if ident == key))
        };
        Some(Attribute { has_name: has("name"), is_renamed: has("renamed_from"), range })
    }
}

impl<'ast> Visit<'ast> for Finder<'_> {
    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        let range = self.range(item.span());
        if range.start > self.place.start || self.place.end > range.end {
            return;
        }
        let (named, first) = match &item.fields {
            syn::Fields::Named(fields) => (Some(&fields.named), self.range(fields.brace_token.span.open()).end),
            syn::Fields::Unit => (None, range.end),
            syn::Fields::Unnamed(_) => return,
        };
        let body = |vis: &syn::Visibility, otherwise: Span| match vis {
            syn::Visibility::Inherited => self.range(otherwise).start,
            other => self.range(other.span()).start,
        };
        let fields = named.into_iter().flatten().filter_map(|field| {
            let ident = field.ident.as_ref()?;
            let visibility = match &field.vis {
                syn::Visibility::Inherited => String::new(),
                other => self.text.get(self.range(other.span()))?.to_owned() + " ",
            };
            Some(FieldItem {
                range: self.range(field.span()),
                body: body(&field.vis, ident.span()),
                visibility,
                ident: self.range(ident.span()),
                ty: self.range(field.ty.span()),
                attribute: self.attribute(&field.attrs, "column"),
            })
        });
        self.found = Some(Item {
            attribute: self.attribute(&item.attrs, self.word),
            body: body(&item.vis, item.struct_token.span),
            first,
            fields: fields.collect(),
            range,
        });
    }

    fn visit_item(&mut self, item: &'ast syn::Item) {
        if self.found.is_none() {
            visit::visit_item(self, item);
        }
    }
}
