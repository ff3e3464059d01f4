//! The structs as they stand in the source, each by what it declares.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;

use dbmigrate_core::sql::Name;
use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};

use crate::source::Declared;

/// The text of each struct that declares a table or a view, with its attributes. One that a macro writes has none.
pub(crate) fn texts(declared: &Declared) -> Vec<(Name, String)> {
    let mut files: BTreeMap<PathBuf, Vec<(&Name, Range<usize>)>> = BTreeMap::new();
    for (name, file, range) in declared.objects() {
        files.entry(file).or_default().push((name, range));
    }
    let mut texts = Vec::new();
    for (file, places) in files {
        let Ok(text) = std::fs::read_to_string(&file) else { continue };
        let items = items(&text);
        for (name, place) in places {
            // the innermost one: those within follow those around them
            let around = items.iter().rev().find(|item| item.start <= place.start && place.end <= item.end);
            texts.extend(around.and_then(|item| Some((name.clone(), outdented(&text, item.clone())?))));
        }
    }
    texts
}

/// Where the structs of a file are, those around others before them.
fn items(text: &str) -> Vec<Range<usize>> {
    // a byte order mark is no part of what is parsed
    let skipped = text.len() - text.trim_start_matches('\u{feff}').len();
    let mut found = Items { skipped, ranges: Vec::new() };
    if let Ok(file) = syn::parse_file(&text[skipped..]) {
        found.visit_file(&file);
    }
    found.ranges
}

struct Items {
    skipped: usize,
    ranges: Vec<Range<usize>>,
}

impl<'ast> Visit<'ast> for Items {
    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        let range = item.span().byte_range();
        self.ranges.push(range.start + self.skipped..range.end + self.skipped);
        visit::visit_item_struct(self, item);
    }
}

/// A part of a text without the indentation that its first line has.
fn outdented(text: &str, range: Range<usize>) -> Option<String> {
    let begin = text.get(..range.start)?.rfind('\n').map_or(0, |at| at + 1);
    let indent = text.get(begin..range.start)?;
    let part = text.get(range)?;
    let lines = part.lines().map(|line| line.strip_prefix(indent).unwrap_or(line));
    Some(lines.collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_struct_in_a_module_is_copied_with_its_attributes_and_without_its_indentation() {
        let text =
            "\u{feff}mod a {\n    /// Who.\n    #[derive(Table)]\n    pub struct User {\n        id: i64,\n    }\n}\n";
        let [item] = &items(text)[..] else { panic!("one struct") };
        let said = outdented(text, item.clone()).expect("it is there");
        assert_eq!(said, "/// Who.\n#[derive(Table)]\npub struct User {\n    id: i64,\n}");
    }
}
