//! The struct of a table or view in its source file, by the bytes of its parts.

use std::ops::Range;
use std::path::Path;

use proc_macro2::Span;
use syn::spanned::Spanned as _;
use syn::visit::Visit;

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
    let behind = source.structs.partition_point(|(range, _)| range.start <= place.start);
    let (range, item) = source.structs[..behind].last().filter(|(range, _)| place.end <= range.end)?;
    source.item(range.clone(), item, word)
}

/// A file of structs, read and parsed.
pub(super) struct Source {
    pub(super) text: String,
    /// Its structs, in their order, with the bytes that they take: there may be thousands, and as many questions.
    structs: Vec<(Range<usize>, syn::ItemStruct)>,
    /// A byte order mark is no part of what is parsed.
    skipped: usize,
}

impl Source {
    /// Reads a file. `None` if that cannot be done.
    pub(super) fn read(path: &Path) -> Option<Self> {
        let text = std::fs::read_to_string(path).ok()?;
        let skipped = text.len() - text.trim_start_matches('\u{feff}').len();
        let mut finder = Finder { skipped, structs: Vec::new() };
        if let Ok(file) = syn::parse_file(&text[skipped..]) {
            finder.visit_file(&file);
        }
        Some(Self { text, structs: finder.structs, skipped })
    }
}
impl Source {
    fn range(&self, span: Span) -> Range<usize> {
        bytes(span, self.skipped)
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

    fn item(&self, range: Range<usize>, item: &syn::ItemStruct, word: &str) -> Option<Item> {
        let (named, first) = match &item.fields {
            syn::Fields::Named(fields) => (Some(&fields.named), self.range(fields.brace_token.span.open()).end),
            syn::Fields::Unit => (None, range.end),
            syn::Fields::Unnamed(_) => return None,
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
        Some(Item {
            attribute: self.attribute(&item.attrs, word),
            body: body(&item.vis, item.struct_token.span),
            first,
            fields: fields.collect(),
            range,
        })
    }
}

/// The bytes of a text that a span covers, of which the first were skipped.
fn bytes(span: Span, skipped: usize) -> Range<usize> {
    let range = span.byte_range();
    range.start + skipped..range.end + skipped
}

/// Collects structs.
struct Finder {
    structs: Vec<(Range<usize>, syn::ItemStruct)>,
    skipped: usize,
}

impl<'ast> Visit<'ast> for Finder {
    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        self.structs.push((bytes(item.span(), self.skipped), item.clone()));
    }
}
