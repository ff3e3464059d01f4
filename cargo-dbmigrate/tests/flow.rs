//! The rule of docs/architecture.md: in the subcommand imports go one way, from the command line down to the errors,
//! and no file is in a circle. Read from the source with `syn`, method calls aside.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};

/// The rooms of the subcommand in the order in which they may import each other: from left to right. Rooms on one line
/// may import each other as long as no circle comes of it.
const FLOW: [&[&str]; 8] = [
    &["main"],
    &["crate"],
    &["cli"],
    &["commands"],
    &[
        "adopting",
        "backups",
        "codegen",
        "database",
        "decisions",
        "drafting",
        "fleet",
        "keeping",
        "linting",
        "pictures",
        "planning",
        "proof",
        "pushing",
        "queries",
        "rebasing",
        "rehearsing",
        "rewriting",
        "rollout",
        "seeding",
        "sides",
        "source",
        "stepping",
        "structs",
        "templates",
        "tools",
        "turso",
    ],
    &["project"],
    &["report"],
    &["diagnostic", "error", "exit", "git", "messages", "url_text"],
];

/// No file of the subcommand is longer.
const MOST_LINES: usize = 450;

/// A module by its path: `commands::push::run`; the root is `crate`.
type Module = String;

/// The files of a crate, and which of them imports which.
struct Imports {
    files: BTreeMap<Module, PathBuf>,
    edges: BTreeMap<Module, BTreeSet<Module>>,
}

impl Imports {
    fn of(src: &Path) -> Self {
        let mut files = BTreeMap::new();
        collect(src, src, &mut files);
        let parsed: BTreeMap<&Module, Mentions> =
            files.iter().map(|(module, path)| (module, Mentions::of(module, path))).collect();
        let mut edges: BTreeMap<Module, BTreeSet<Module>> = BTreeMap::new();
        for (module, mentions) in &parsed {
            let targets = mentions.paths.iter().filter_map(|path| home(path, &files, &parsed, 0));
            edges.insert((*module).clone(), targets.filter(|target| target != *module).collect());
        }
        Self { files, edges }
    }

    /// The files that can be reached from one.
    fn reachable(&self, from: &Module) -> BTreeSet<&Module> {
        let mut seen = BTreeSet::new();
        let mut pending: Vec<&Module> = self.edges[from].iter().collect();
        while let Some(module) = pending.pop() {
            if seen.insert(module) {
                pending.extend(&self.edges[module]);
            }
        }
        seen
    }

    /// What imports something that imports it in turn, each with those it shares a circle with.
    fn circles(&self) -> Vec<String> {
        let reachable: BTreeMap<&Module, BTreeSet<&Module>> =
            self.files.keys().map(|module| (module, self.reachable(module))).collect();
        let within = |module: &Module| -> Vec<&str> {
            let others = reachable[module].iter().filter(|other| reachable[**other].contains(module));
            others.map(|other| other.as_str()).filter(|other| other != module).collect()
        };
        let circles = self.files.keys().map(|module| (module, within(module)));
        circles
            .filter(|(_, others)| !others.is_empty())
            .map(|(module, others)| format!("{module} <-> {}", others.join(", ")))
            .collect()
    }
}

/// The files below a folder, by the path of their modules.
fn collect(src: &Path, folder: &Path, files: &mut BTreeMap<Module, PathBuf>) {
    for entry in fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("the entry can be read").path();
        if path.is_dir() {
            collect(src, &path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let inside = path.strip_prefix(src).expect("it is inside").with_extension("");
            let mut parts: Vec<&str> = inside.iter().map(|part| part.to_str().expect("UTF-8")).collect();
            if matches!(parts.last(), Some(&("mod" | "lib"))) {
                parts.pop();
            }
            let module = if parts.is_empty() { "crate".to_owned() } else { parts.join("::") };
            files.insert(module, path);
        }
    }
}

/// The paths that a file mentions, from the crate's root.
#[derive(Default)]
struct Mentions {
    paths: BTreeSet<Vec<String>>,
    /// What it imports, by the name under which it can be named through this file.
    names: BTreeMap<String, Vec<String>>,
    children: BTreeSet<String>,
    here: Vec<String>,
}

impl Mentions {
    fn of(module: &Module, path: &Path) -> Self {
        let text = fs::read_to_string(path).expect("the file can be read");
        let file = syn::parse_file(&text).expect("the file can be parsed");
        let here = if module == "crate" { Vec::new() } else { module.split("::").map(str::to_owned).collect() };
        let children = file.items.iter().filter_map(|item| match item {
            syn::Item::Mod(item) if item.content.is_none() => Some(item.ident.to_string()),
            _ => None,
        });
        let mut mentions = Self { children: children.collect(), here, ..Self::default() };
        mentions.visit_file(&file);
        mentions
    }

    /// A path as it is written, as one from the root.
    fn absolute(&self, path: &[String]) -> Option<Vec<String>> {
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            "crate" => Some(rest.to_vec()),
            "self" => Some(self.here.iter().chain(rest).cloned().collect()),
            "super" => {
                let parent = self.here.split_last()?.1;
                Some(parent.iter().chain(rest).cloned().collect())
            }
            child if self.children.contains(child) => Some(self.here.iter().chain(path).cloned().collect()),
            _ => None,
        }
    }

    fn tree(&mut self, before: &[String], tree: &syn::UseTree) {
        match tree {
            syn::UseTree::Path(path) => {
                let before: Vec<String> = before.iter().cloned().chain([path.ident.to_string()]).collect();
                self.tree(&before, &path.tree);
            }
            syn::UseTree::Group(group) => group.items.iter().for_each(|tree| self.tree(before, tree)),
            syn::UseTree::Name(name) => self.import(before, &name.ident.to_string(), &name.ident.to_string()),
            syn::UseTree::Rename(rename) => {
                self.import(before, &rename.ident.to_string(), &rename.rename.to_string());
            }
            syn::UseTree::Glob(_) => self.import(before, "self", "*"),
        }
    }

    fn import(&mut self, before: &[String], name: &str, known_as: &str) {
        let mut path = before.to_vec();
        if name != "self" {
            path.push(name.to_owned());
        }
        if let Some(path) = self.absolute(&path) {
            self.names.insert(known_as.to_owned(), path.clone());
            self.paths.insert(path);
        }
    }

    /// Paths in the arguments of macros, which are nothing but tokens.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(ident) if path.is_empty() || colons == 2 => path.push(ident.to_string()),
                TokenTree::Punct(punct) if punct.as_char() == ':' && !path.is_empty() => {
                    colons += 1;
                    continue;
                }
                TokenTree::Group(group) => self.tokens(group.stream()),
                other => {
                    self.paths.extend(self.absolute(&path));
                    path = if let TokenTree::Ident(ident) = other { vec![ident.to_string()] } else { Vec::new() };
                }
            }
            colons = 0;
        }
        self.paths.extend(self.absolute(&path));
    }
}

impl<'ast> Visit<'ast> for Mentions {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        // what only tests use flows nowhere
        if !item.attrs.iter().any(|attribute| attribute.path().is_ident("cfg")) {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.tree(&[], &item.tree);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let written: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if written.len() > 1 {
            self.paths.extend(self.absolute(&written));
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, item: &'ast syn::Macro) {
        self.tokens(item.tokens.clone());
        visit::visit_macro(self, item);
    }
}

/// The file that has what a path names: not the one that only passes it on.
fn home(
    path: &[String],
    files: &BTreeMap<Module, PathBuf>,
    parsed: &BTreeMap<&Module, Mentions>,
    depth: usize,
) -> Option<Module> {
    let longest = (0..=path.len()).rev().map(|length| (length, &path[..length]));
    let (length, module) = longest
        .map(|(length, parts)| (length, if parts.is_empty() { "crate".to_owned() } else { parts.join("::") }))
        .find(|(_, module)| files.contains_key(module))?;
    let passed_on = path.get(length).and_then(|name| parsed[&module].names.get(name));
    match passed_on.filter(|_| depth < 8) {
        Some(further) => {
            let further: Vec<String> = further.iter().chain(&path[length + 1..]).cloned().collect();
            home(&further, files, parsed, depth + 1)
        }
        None => Some(module),
    }
}

/// The subcommand, read once for all tests.
static SUBCOMMAND: LazyLock<Imports> = LazyLock::new(|| Imports::of(&subcommand()));

fn subcommand() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn core() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../dbmigrate-core/src")
}

#[test]
fn no_file_of_the_subcommand_is_in_a_circle() {
    let circles = SUBCOMMAND.circles();
    assert!(circles.is_empty(), "{}", circles.join("\n"));
}

#[test]
fn the_readers_of_declarations_and_statements_are_in_no_circle() {
    let circles = Imports::of(&core()).circles();
    let circles: Vec<&String> =
        circles.iter().filter(|one| one.starts_with("ddl") || one.starts_with("declare")).collect();
    assert!(circles.is_empty(), "{circles:#?}");
}

#[test]
fn rooms_of_the_subcommand_import_from_left_to_right() {
    let imports = &*SUBCOMMAND;
    let room = |module: &str| module.split("::").next().unwrap_or_default().to_owned();
    let rank = |module: &str| {
        let room = room(module);
        let found = FLOW.iter().position(|rooms| rooms.contains(&room.as_str()));
        found.unwrap_or_else(|| panic!("`{room}` has no place in the flow of docs/architecture.md"))
    };
    let mut wrong = Vec::new();
    for (from, targets) in &imports.edges {
        for to in targets {
            let between_commands = room(from) == "commands" && room(to) == "commands" && from != "commands";
            let other_command = between_commands && from.split("::").nth(1) != to.split("::").nth(1);
            if rank(from) > rank(to) || other_command {
                wrong.push(format!("{from} imports from {to}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The name of the module of `GoingBack`: `going_back`.
fn snake_case(variant: &str) -> String {
    let mut name = String::new();
    for letter in variant.chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.extend(letter.to_lowercase());
    }
    name
}

#[test]
fn a_command_is_a_file_or_folder_of_commands_and_nothing_else_is_there() {
    let text = fs::read_to_string(subcommand().join("cli.rs")).expect("the file can be read");
    let file = syn::parse_file(&text).expect("the file can be parsed");
    let variants = file.items.iter().find_map(|item| match item {
        syn::Item::Enum(item) if item.ident == "Command" => Some(&item.variants),
        _ => None,
    });
    let commands: BTreeSet<String> = variants
        .expect("the commands are an enum")
        .iter()
        .map(|variant| snake_case(&variant.ident.to_string()))
        .collect();
    let entries = fs::read_dir(subcommand().join("commands")).expect("the folder can be read");
    let names = entries.map(|entry| entry.expect("the entry can be read").path());
    let found: BTreeSet<String> = names
        .map(|path| path.file_stem().and_then(|name| name.to_str()).expect("UTF-8").to_owned())
        .filter(|name| name != "mod")
        .collect();
    assert_eq!(found, commands);
}

#[test]
fn no_file_of_the_subcommand_has_two_subjects_worth_of_lines() {
    let imports = &*SUBCOMMAND;
    let lines = |path: &PathBuf| fs::read_to_string(path).expect("the file can be read").lines().count();
    let long: Vec<&PathBuf> = imports.files.values().filter(|path| lines(path) >= MOST_LINES).collect();
    assert!(long.is_empty(), "{MOST_LINES} lines or more: {long:#?}");
}

#[test]
fn every_file_of_the_subcommand_says_its_subject_first() {
    for path in SUBCOMMAND.files.values() {
        let text = fs::read_to_string(path).expect("the file can be read");
        assert!(text.starts_with("//! "), "{} does not begin with `//! `", path.display());
    }
}
