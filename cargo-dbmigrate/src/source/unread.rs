//! Structs of ours that are in the package and are not read: their file is no part of any crate, because the `mod` is
//! missing, or a feature is off. Nobody means that, and a schema without them says that their tables are gone.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use syn::{Attribute, Item, ItemMod};

use super::items::{Filler, OURS, attributes, derived_in, derives};
use super::tree::{Route, Tree, unraw};
use crate::diagnostic::Diagnostic;

/// So many files are looked at, and no more: it is a hint.
const MOST_FILES: usize = 5000;

/// So many structs are named: the first ones say what is wrong.
const MOST_SAID: usize = 10;

/// Everything of ours that is not read, each at its place with what to do.
pub(super) fn of(tree: &Tree) -> Vec<Diagnostic> {
    let mut found = tree.hidden.take();
    let known: HashSet<PathBuf> = tree.files.borrow().iter().map(|file| file.path.clone()).collect();
    let known: HashSet<PathBuf> = known.into_iter().chain(tree.modules.borrow().keys().cloned()).collect();
    let mut files = Vec::new();
    for root in &tree.package.roots {
        // the modules of other crate roots lie among other files
        let is_usual = root.file_name().is_some_and(|name| name == "lib.rs" || name == "main.rs");
        if let Some(directory) = root.parent().filter(|_| is_usual) {
            collect(directory, directory, &mut files);
        }
    }
    files.sort_unstable();
    files.dedup();
    let taken_away = tree.taken_away.borrow();
    let is_taken_away =
        |file: &Path| taken_away.iter().any(|taken| file == taken || file.starts_with(directory_of(taken)));
    for file in files.iter().filter(|file| !known.contains(*file) && !is_taken_away(file)) {
        found.extend(unreached(tree, file, &known));
        if found.len() >= MOST_SAID {
            break;
        }
    }
    found
}

/// What conditions take away that no feature brings back, such as `#[cfg(test)]`: of interest where nothing else is there.
pub(super) fn shut(tree: &Tree) -> Vec<Diagnostic> {
    let mut found = tree.shut.take();
    for file in tree.taken_away.borrow().iter().take(MOST_FILES) {
        let Ok(text) = std::fs::read_to_string(file) else { continue };
        let parsed = text.contains("derive").then(|| syn::parse_file(&text).ok()).flatten();
        let ident = parsed.and_then(|parsed| first_of_ours(tree, &parsed.items));
        found.extend(ident.map(|ident| not_held(&ident, file, ident.span().byte_range())));
    }
    found.truncate(MOST_SAID);
    found
}

fn not_held(ident: &proc_macro2::Ident, file: &Path, span: std::ops::Range<usize>) -> Diagnostic {
    let message = format!("`{}` is not read: the `cfg` on it or on its module does not hold", unraw(ident));
    Diagnostic::warning(message).at(file, span, "").help("remove the condition, or declare the tables elsewhere")
}

/// The directory of the modules of a file.
fn directory_of(file: &Path) -> PathBuf {
    if file.ends_with("mod.rs") { file.parent().unwrap_or(file).to_owned() } else { file.with_extension("") }
}

/// The source files below a directory, those of other packages and of binaries with a name of their own left out.
fn collect(top: &Path, directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() {
            let is_other = path.join("Cargo.toml").is_file() || (directory == top && path.ends_with("bin"));
            if !is_other && files.len() < MOST_FILES {
                collect(top, &path, files);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// The first struct of ours in a file that no `mod` leads to.
fn unreached(tree: &Tree, file: &Path, known: &HashSet<PathBuf>) -> Option<Diagnostic> {
    let text = std::fs::read_to_string(file).ok()?;
    let mentions_us = tree.package.externs.iter().any(|(name, known)| known == "dbmigrate" && text.contains(name));
    if !text.contains("derive") || !(mentions_us || text.contains("#[table(") || text.contains("#[column(")) {
        return None;
    }
    let parsed = syn::parse_file(&text).ok()?;
    let ident = first_of_ours(tree, &parsed.items)?;
    let shown = tree.shown(file);
    let range = ident.span().byte_range();
    let message = format!("`{ident}` is not read: no `mod` declares `{shown}`");
    let warning = Diagnostic::warning(message).at(file, range, "");
    Some(declarations(tree, file, known).into_iter().fold(warning, Diagnostic::help))
}

/// The lines that make a file part of the crate, the outermost first. A module without a file of its own is declared
/// around the one inside.
fn declarations(tree: &Tree, file: &Path, known: &HashSet<PathBuf>) -> Vec<String> {
    let mut lines = Vec::new();
    let mut file = file.to_owned();
    let mut inner: Option<String> = None;
    while !known.contains(&file) {
        let own = directory_of(&file);
        let (Some(name), Some(directory)) = (own.file_name().and_then(|name| name.to_str()), own.parent()) else {
            break;
        };
        let parent = parent_of(directory);
        let visibility = if parent.as_ref().is_some_and(|parent| parent.ends_with("main.rs")) { "" } else { "pub " };
        let declaration = match inner.take() {
            Some(inner) => format!("{visibility}mod {name} {{ {inner} }}"),
            None => format!("{visibility}mod {name};"),
        };
        if let Some(parent) = parent {
            lines.push(format!("add `{declaration}` to {}", tree.shown(&parent)));
            file = parent;
        } else {
            inner = Some(declaration);
            file = directory.join("mod.rs");
        }
    }
    lines.reverse();
    lines
}

/// The file of the module whose modules lie in a directory.
fn parent_of(directory: &Path) -> Option<PathBuf> {
    // a package with a library and a binary declares its tables in the library
    let inside = ["lib.rs", "main.rs", "mod.rs"].into_iter().map(|name| directory.join(name));
    inside.chain([directory.with_extension("rs")]).find(|parent| parent.is_file())
}

/// The name of the first struct that derives something of ours, as far as it would be read.
fn first_of_ours(tree: &Tree, items: &[Item]) -> Option<proc_macro2::Ident> {
    items.iter().filter(|item| tree.cfg.allows(attributes(item)).unwrap_or(false)).find_map(|item| match item {
        Item::Struct(item) if derives(&item.attrs).iter().any(|(route, _)| is_ours(route)) => Some(item.ident.clone()),
        Item::Mod(ItemMod { content: Some((_, items)), .. }) => first_of_ours(tree, items),
        _ => None,
    })
}

/// Whether a derive has the name of one of ours for tables.
fn is_ours(route: &Route) -> bool {
    route.segments.last().is_some_and(|name| OURS[..2].contains(&name.as_str()))
}

impl Filler<'_> {
    /// Notes what a condition takes away: structs of ours that a feature would bring back, and the files of modules.
    pub(super) fn hide(&self, item: &Item) {
        let features = self.tree.cfg.missing_features(attributes(item));
        self.hide_all(std::slice::from_ref(item), &features);
    }

    /// The same for items that features are missing for.
    pub(super) fn hide_all(&self, items: &[Item], features: &[String]) {
        for item in items {
            match item {
                Item::Mod(ItemMod { content: Some((_, items)), .. }) => self.hide_all(items, features),
                Item::Mod(item) => {
                    let files = Tree::files_of(item, &self.directory);
                    for file in files.iter().filter(|_| !features.is_empty()) {
                        self.hide_file(file, features);
                    }
                    self.tree.taken_away.borrow_mut().extend(files);
                }
                Item::Struct(item) if derives(&item.attrs).iter().any(|(route, _)| self.may_be_ours(route)) => {
                    let span = self.tree.file(self.file).range(item.ident.span());
                    self.say_hidden(&item.ident, &self.tree.file(self.file).path, span, features);
                }
                _ => {}
            }
        }
    }

    /// A struct whose derive of ours is behind a `cfg_attr`; `derives` are those that it has.
    pub(super) fn hide_derives(
        &self,
        ident: &proc_macro2::Ident,
        conditional: &[Attribute],
        derives: &[(Route, proc_macro2::Span)],
    ) {
        if derives.iter().any(|(route, _)| is_ours(route)) {
            return;
        }
        let is_of_ours = |attribute: &&Attribute| matches!(&attribute.meta, syn::Meta::List(list) if derived_in(list.tokens.clone(), false).is_some());
        let of_ours = conditional.iter().filter(is_of_ours);
        let features: Vec<String> =
            of_ours.flat_map(|attribute| self.tree.cfg.missing_for_attribute(attribute)).collect();
        let file = self.tree.file(self.file);
        self.say_hidden(ident, &file.path, file.range(ident.span()), &features);
    }

    fn hide_file(&self, file: &Path, features: &[String]) {
        let Ok(text) = std::fs::read_to_string(file) else { return };
        let parsed = text.contains("derive").then(|| syn::parse_file(&text).ok()).flatten();
        let Some(ident) = parsed.and_then(|parsed| first_of_ours(self.tree, &parsed.items)) else { return };
        self.say_hidden(&ident, file, ident.span().byte_range(), features);
    }

    fn say_hidden(&self, ident: &proc_macro2::Ident, file: &Path, span: std::ops::Range<usize>, features: &[String]) {
        if features.is_empty() {
            self.tree.shut.borrow_mut().push(not_held(ident, file, span));
            return;
        }
        let (names, flags) = (features.join("`, `"), features.join(","));
        let what = if features.len() == 1 { "the feature" } else { "of the features" };
        let message = format!("`{}` is not read: {what} `{names}` is off", unraw(ident));
        let help = format!("to read it as well: `--features {flags}`");
        self.tree.hidden.borrow_mut().push(Diagnostic::warning(message).at(file, span, "").help(help));
    }

    /// Whether a derive has the name of one of ours, and is not imported from elsewhere.
    fn may_be_ours(&self, route: &Route) -> bool {
        let [name] = &route.segments[..] else { return is_ours(route) };
        let from_elsewhere = self.scope.uses.get(name).is_some_and(|imported| {
            imported.iter().all(|route| {
                let known = route.segments.first().and_then(|first| self.tree.package.externs.get(first));
                known.is_some_and(|known| known != "dbmigrate")
            })
        });
        is_ours(route) && !from_elsewhere
    }
}
