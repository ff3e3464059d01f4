//! Follows the module tree from a crate root: module files, `#[path]`, `include!`, as rustc finds them
//! (doc.rust-lang.org/reference/items/modules.html).

use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

use proc_macro2::Span;
use syn::{Attribute, Expr, ExprLit, ItemMod, Lit, Meta};

use super::directory::Directory;
use super::items::Filler;
use super::nesting;
use super::tree::{FileId, ScopeId, Slot, SourceFile, Tree, Unread, unraw};
use crate::diagnostic::Diagnostic;

impl Tree {
    /// Reads a crate from its root.
    pub(super) fn read_root(&self, path: &Path) -> Option<ScopeId> {
        match std::fs::read_to_string(path) {
            Ok(text) => Some(self.add_module_file(path, text, Directory::beside(path), None)),
            Err(error) => {
                self.report(Diagnostic::error(format!("cannot read the crate root `{}`: {error}", self.shown(path))));
                None
            }
        }
    }

    /// Parses the files that were put off and mention one of the names that our derives were given by `use … as`.
    pub(super) fn read_renamed(&self) {
        loop {
            let renames: Vec<String> = self.renames.borrow().iter().cloned().collect();
            let found = self.scopes.borrow().iter().position(|slot| match slot {
                Slot::Unread(unread) => renames.iter().any(|name| unread.text.contains(name)),
                _ => false,
            });
            match found {
                Some(id) => self.scope(id),
                None => return,
            };
        }
    }

    /// Parses all files that were put off.
    pub(super) fn read_rest(&self) {
        let mut at = 0;
        while at < self.scopes.borrow().len() {
            self.scope(at);
            at += 1;
        }
    }

    fn add_module_file(&self, path: &Path, text: String, directory: Directory, parent: Option<ScopeId>) -> ScopeId {
        let put_off = parent.is_some() && !may_matter(&text);
        let id = self.reserve(Slot::Unread(Unread { path: path.to_owned(), text, directory, parent }), parent);
        self.modules.borrow_mut().insert(path.to_owned(), id);
        if !put_off {
            self.scope(id);
        }
        id
    }

    /// Parses a module's file and fills the scope reserved for it.
    pub(super) fn fill_file(&self, id: ScopeId, unread: Unread) {
        let Unread { path, text, directory, parent } = unread;
        let (file, parsed) = self.parse(&path, &text);
        let mut filler = Filler::new(self, id, parent, file, directory);
        // a function body can hold a table only where something is derived
        filler.look_into_bodies = text.contains("derive");
        drop(text);
        if let Some(parsed) = parsed {
            if filler.allows(&parsed.attrs) {
                filler.add_all(parsed.items);
            } else {
                filler.hide_all(&parsed.items, &self.cfg.missing_features(&parsed.attrs));
            }
        }
        filler.close();
    }

    /// Parses a file, reporting what the parser says.
    pub(super) fn parse(&self, path: &Path, text: &str) -> (FileId, Option<syn::File>) {
        let skipped = skipped(text);
        let file = {
            let mut files = self.files.borrow_mut();
            files.push(SourceFile { path: path.to_owned(), skipped }.into());
            files.len() - 1
        };
        if let Some(at) = nesting::too_deep(&text[skipped..]) {
            let message = format!("nested too deeply: more than {} levels", nesting::DEEPEST);
            let place = at + skipped;
            self.report(
                Diagnostic::error(message)
                    .at(path, place..place + 1, "")
                    .help("files without tables and modules are not read: move this one into such a file"),
            );
            return (file, None);
        }
        match syn::parse_file(&text[skipped..]) {
            Ok(parsed) => (file, Some(parsed)),
            Err(error) => {
                for error in error {
                    self.report(self.error_at(file, error.span(), error.to_string()));
                }
                (file, None)
            }
        }
    }

    /// The scope of a module that is declared as `mod name;`.
    pub(super) fn follow(
        &self,
        item: &ItemMod,
        file: FileId,
        parent: ScopeId,
        directory: &Directory,
    ) -> Option<ScopeId> {
        let name = unraw(&item.ident);
        if let Some((attributed, _)) = path_attribute(&item.attrs) {
            let path = normal(&directory.path.join(&attributed));
            return match self.open(&path, parent, || Directory::beside(&path)) {
                Ok(found) => found,
                Err(error) => {
                    let message = format!("cannot read the file of module `{name}`: {error}");
                    let diagnostic = self.error_at(file, item.ident.span(), message);
                    self.report(diagnostic.help(format!("`#[path]` says `{}`", self.shown(&path))));
                    None
                }
            };
        }
        let base = normal(&directory.for_modules());
        let flat = base.join(format!("{name}.rs"));
        let nested = base.join(&name).join("mod.rs");
        match self.open(&flat, parent, || Directory { path: base.clone(), stem: Some(name.clone()) }) {
            Ok(_) if nested.is_file() => {
                let message = format!("module `{name}` has two files");
                let diagnostic = self.error_at(file, item.ident.span(), message);
                self.report(diagnostic.help(format!(
                    "delete or rename one of `{}` and `{}`",
                    self.shown(&flat),
                    self.shown(&nested)
                )));
                return None;
            }
            Ok(found) => return found,
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => {
                let message = format!("cannot read the file of module `{name}`: {error}");
                self.report(self.error_at(file, item.ident.span(), message));
                return None;
            }
        }
        match self.open(&nested, parent, || Directory::beside(&nested)) {
            Ok(found) => found,
            Err(nested_error) => {
                let missing = nested_error.kind() == ErrorKind::NotFound;
                let reason = if missing { String::new() } else { format!(": {nested_error}") };
                let message = format!("module `{name}` has no file{reason}");
                let diagnostic = self.error_at(file, item.ident.span(), message);
                self.report(diagnostic.help(format!("create `{}` or `{}`", self.shown(&flat), self.shown(&nested))));
                None
            }
        }
    }

    /// The files that a module declared as `mod name;` may be in.
    pub(super) fn files_of(item: &ItemMod, directory: &Directory) -> Vec<PathBuf> {
        if let Some((attributed, _)) = path_attribute(&item.attrs) {
            return vec![normal(&directory.path.join(attributed))];
        }
        let base = normal(&directory.for_modules());
        let name = unraw(&item.ident);
        vec![base.join(format!("{name}.rs")), base.join(name).join("mod.rs")]
    }

    /// The module of a file, read at most once however many crates and `#[path]`s lead to it.
    fn open(
        &self,
        path: &Path,
        parent: ScopeId,
        directory: impl FnOnce() -> Directory,
    ) -> std::io::Result<Option<ScopeId>> {
        if let Some(known) = self.modules.borrow().get(path) {
            return Ok(Some(*known));
        }
        let text = std::fs::read_to_string(path)?;
        Ok(Some(self.add_module_file(path, text, directory(), Some(parent))))
    }
}

impl Filler<'_> {
    /// The directory of an inline module.
    pub(super) fn inline_directory(&self, item: &ItemMod) -> Directory {
        let attributed = path_attribute(&item.attrs);
        self.directory.inline(&unraw(&item.ident), attributed.as_ref().map(|(path, _)| path.as_str()))
    }

    /// Adds the items of `include!("file")` to this scope.
    pub(super) fn include(&mut self, tokens: proc_macro2::TokenStream, span: Span) {
        // `include!(concat!(env!("OUT_DIR"), …))` is made by a build script: only rustc sees it
        let Ok(name) = syn::parse2::<syn::LitStr>(tokens) else { return };
        let tree = self.tree;
        let including = tree.file(self.file);
        let path = normal(&including.path.parent().unwrap_or(Path::new("")).join(name.value()));
        if self.including.contains(&path) || including.path == path {
            tree.report(tree.error_at(self.file, span, format!("`{}` includes itself", tree.shown(&path))));
            return;
        }
        match std::fs::read_to_string(&path) {
            Ok(text) => {
                let (file, parsed) = tree.parse(&path, &text);
                let before = std::mem::replace(&mut self.file, file);
                let directory = std::mem::replace(&mut self.directory, Directory::beside(&path));
                let look = std::mem::replace(&mut self.look_into_bodies, text.contains("derive"));
                self.including.push(path);
                self.add_all(parsed.map(|parsed| parsed.items).unwrap_or_default());
                self.including.pop();
                (self.file, self.directory, self.look_into_bodies) = (before, directory, look);
            }
            Err(error) => {
                let message = format!("cannot read `{}`: {error}", tree.shown(&path));
                tree.report(tree.error_at(self.file, name.span(), message));
            }
        }
    }
}

/// The value of `#[path = "…"]`.
fn path_attribute(attributes: &[Attribute]) -> Option<(String, Span)> {
    attributes.iter().find_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("path") => match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(path), .. }) => Some((path.value(), path.span())),
            _ => None,
        },
        _ => None,
    })
}

/// The path without `.` and `..`, so that a file has one name. Links are not followed, as rustc does not either.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir if matches!(normal.components().next_back(), Some(Component::Normal(_))) => {
                normal.pop();
            }
            other => normal.push(other),
        }
    }
    normal
}

/// The bytes in front of the source proper: a byte order mark and a shebang line, which `syn` would take off itself,
/// and all spans with it.
pub(super) fn skipped(text: &str) -> usize {
    let mark = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let rest = &text[mark..];
    match rest.strip_prefix("#!") {
        // `#![…]` is an attribute
        Some(line) if !line.trim_start().starts_with('[') => mark + rest.find('\n').unwrap_or(rest.len()),
        _ => mark,
    }
}

/// Whether a module file has to be parsed even if no name leads into it: it may declare a table or implement our
/// trait (under its own name; for others see [`Tree::read_renamed`]), or have module files.
fn may_matter(text: &str) -> bool {
    ["Table", "View", "ColumnType", "include!"].iter().any(|word| text.contains(word)) || declares_module_file(text)
}

/// Whether `mod name;` occurs, with anything unusual taken for one.
fn declares_module_file(text: &str) -> bool {
    text.match_indices("mod").any(|(at, word)| {
        let before = text[..at].chars().next_back();
        let after = &text[at + word.len()..];
        if before.is_some_and(is_identifier) || after.starts_with(is_identifier) {
            return false;
        }
        let name = after.trim_start();
        let name = name.strip_prefix("r#").unwrap_or(name);
        let rest = name.trim_start_matches(is_identifier).trim_start();
        // a comment in between is taken for one
        rest.starts_with([';', '/']) || (name.len() == rest.len() && name.starts_with('/'))
    })
}

fn is_identifier(char: char) -> bool {
    char.is_alphanumeric() || char == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_file_is_seen_in_the_text() {
        for text in ["mod a;", "pub(crate) mod r#type ;", "mod\n  b\n;", "mod /* x */ c;", "mod d /* x */;"] {
            assert!(declares_module_file(text), "{text}");
        }
        for text in ["mod a {}", "model;", "a.mod_b();", "// the modes;", "let commod = 1;"] {
            assert!(!declares_module_file(text), "{text}");
        }
    }

    #[test]
    fn what_stands_before_the_source_is_counted() {
        assert_eq!(skipped("struct A;"), 0);
        assert_eq!(skipped("\u{feff}struct A;"), 3);
        assert_eq!(skipped("#!/usr/bin/env run\nstruct A;"), 18);
        assert_eq!(skipped("#![allow(x)]\nstruct A;"), 0);
    }

    #[test]
    fn paths_lose_their_dots() {
        assert_eq!(normal(Path::new("/a/./b/../c.rs")), Path::new("/a/c.rs"));
        assert_eq!(normal(Path::new("../a/../../c.rs")), Path::new("../../c.rs"));
    }
}
