//! The package's source as data: files, scopes (modules and blocks), the items in them that matter to a schema.
//!
//! Syntax trees are taken apart while the tree is built; what no declaration can refer to is dropped at once.
//! A file that can neither declare a table nor contain a module is parsed only when a name leads into it.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use dbmigrate_core::declare::errors::Errors;
use dbmigrate_core::declare::{DeclareError, Derive, ast};
use proc_macro2::Span;

use super::cfg::Cfg;
use super::directory::Directory;
use super::globs::Globs;
pub(super) use super::ids::{FileId, ScopeId};
use super::package::Package;
use crate::diagnostic::{Diagnostic, shown_path};

/// A source file.
#[derive(Debug)]
pub(super) struct SourceFile {
    pub(super) path: PathBuf,
    /// Bytes in front of what was given to the parser: a byte order mark, a shebang line.
    pub(super) skipped: usize,
}

impl SourceFile {
    /// The bytes of the file that a span covers.
    pub(super) fn range(&self, span: Span) -> Range<usize> {
        let range = span.byte_range();
        range.start + self.skipped..range.end + self.skipped
    }
}

/// A path as written in source, without generic arguments and without `r#`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Route {
    /// Whether it begins with `::`.
    pub(super) absolute: bool,
    pub(super) segments: Vec<String>,
}

impl From<&syn::Path> for Route {
    fn from(path: &syn::Path) -> Self {
        let segments = path.segments.iter().map(|segment| unraw(&segment.ident)).collect();
        Self { absolute: path.leading_colon.is_some(), segments }
    }
}

/// The spelling of an identifier without `r#`.
pub(super) fn unraw(ident: &proc_macro2::Ident) -> String {
    let text = ident.to_string();
    match text.strip_prefix("r#") {
        Some(bare) => bare.to_owned(),
        None => text,
    }
}

/// A struct or enum.
#[derive(Debug)]
pub(super) struct Shape {
    pub(super) file: FileId,
    pub(super) scope: ScopeId,
    pub(super) ident: proc_macro2::Ident,
    pub(super) body: Body,
    /// The derives that may be ours, with their places.
    pub(super) derives: Vec<(Route, Span)>,
}

/// What a struct or enum consists of.
#[derive(Debug)]
pub(super) enum Body {
    /// The item as the compiler would hand it to a derive: `cfg` and `cfg_attr` resolved.
    Input(Box<syn::DeriveInput>),
    /// A table or view, known to be one when it was met, so that the larger syntax tree need not be kept.
    Declaration(Rc<Parsed>),
}

/// A struct with one of our derives, its attributes read.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) item: ast::Item,
    /// What was wrong with them, until lowering takes it.
    pub(super) errors: RefCell<Errors>,
    /// Whether anything was.
    pub(super) broken: bool,
}

impl Parsed {
    pub(super) fn new(input: &syn::DeriveInput, derive: Derive) -> Rc<Self> {
        let (item, errors) = dbmigrate_core::declare::parse(input, derive);
        Rc::new(Self { item, broken: !errors.is_empty(), errors: errors.into() })
    }
}

/// A type alias.
#[derive(Debug)]
pub(super) struct Alias {
    pub(super) scope: ScopeId,
    pub(super) item: syn::ItemType,
}

/// A const, also one in an `impl`.
#[derive(Debug)]
pub(super) struct Const {
    pub(super) scope: ScopeId,
    pub(super) value: syn::Expr,
}

/// An `impl` with consts.
#[derive(Debug)]
pub(super) struct Impl {
    pub(super) scope: ScopeId,
    pub(super) file: FileId,
    /// The implemented trait.
    pub(super) of: Option<Route>,
    /// The type that it is for.
    pub(super) on: Route,
    pub(super) consts: Vec<(String, Rc<Const>)>,
}

/// Something in the namespace of types.
#[derive(Debug, Clone)]
pub(super) enum Item {
    Module(ScopeId),
    Shape(Rc<Shape>),
    Alias(Rc<Alias>),
    /// A union or a trait: a name that is taken.
    Other,
}

/// The names of a module or a block.
#[derive(Debug, Default)]
pub(super) struct Scope {
    /// The module or block around it.
    pub(super) parent: Option<ScopeId>,
    /// Whether it is a block: names are then looked up around it too.
    pub(super) block: bool,
    pub(super) types: HashMap<String, Item>,
    pub(super) values: HashMap<String, Rc<Const>>,
    pub(super) uses: HashMap<String, Vec<Route>>,
    pub(super) globs: Vec<Route>,
}

/// A scope, or what it takes to make it.
#[derive(Debug)]
pub(super) enum Slot {
    Ready(Rc<Scope>),
    /// A module file that is parsed when it is asked for.
    Unread(Unread),
    /// Being filled.
    Open,
}

/// A module file that has not been parsed.
#[derive(Debug)]
pub(super) struct Unread {
    pub(super) path: PathBuf,
    pub(super) text: String,
    pub(super) directory: Directory,
    pub(super) parent: Option<ScopeId>,
}

/// Everything that was read.
#[derive(Debug)]
pub(super) struct Tree {
    pub(super) package: Package,
    pub(super) cfg: Cfg,
    /// The root of the library, which binaries see under the package's name.
    pub(super) library: RefCell<Option<ScopeId>>,
    pub(super) files: RefCell<Vec<Rc<SourceFile>>>,
    pub(super) modules: RefCell<HashMap<PathBuf, ScopeId>>,
    pub(super) scopes: RefCell<Vec<Slot>>,
    /// The crate root above each scope, also above those that are still being filled.
    pub(super) roots: RefCell<Vec<ScopeId>>,
    /// The scopes that bind a name, in whatever namespace.
    pub(super) bound: RefCell<HashMap<String, Vec<ScopeId>>>,
    /// What the globs of a scope lead to; `None` while that is being found.
    pub(super) globs: RefCell<HashMap<ScopeId, Option<Rc<Globs>>>>,
    /// Structs and enums with a derive that may be ours, in the order of the source.
    pub(super) candidates: RefCell<Vec<Rc<Shape>>>,
    pub(super) impls: RefCell<Vec<Rc<Impl>>>,
    /// Other names that `use … as` gives to our derives and traits.
    pub(super) renames: RefCell<HashSet<String>>,
    pub(super) diagnostics: RefCell<Vec<Diagnostic>>,
    /// Structs of ours that are not read because a feature is off.
    pub(super) hidden: RefCell<Vec<Diagnostic>>,
    /// Those that no feature brings back.
    pub(super) shut: RefCell<Vec<Diagnostic>>,
    /// Module files that a condition takes away, each with the directory of its own modules.
    pub(super) taken_away: RefCell<Vec<PathBuf>>,
}

impl Tree {
    pub(super) fn new(package: Package, cfg: Cfg) -> Self {
        Self {
            cfg,
            package,
            library: RefCell::default(),
            files: RefCell::default(),
            modules: RefCell::default(),
            scopes: RefCell::default(),
            roots: RefCell::default(),
            bound: RefCell::default(),
            globs: RefCell::default(),
            candidates: RefCell::default(),
            impls: RefCell::default(),
            renames: RefCell::default(),
            diagnostics: RefCell::default(),
            hidden: RefCell::default(),
            shut: RefCell::default(),
            taken_away: RefCell::default(),
        }
    }

    /// The file with that id.
    pub(super) fn file(&self, id: FileId) -> Rc<SourceFile> {
        Rc::clone(&self.files.borrow()[id])
    }

    /// The names of a scope, its file parsed if it has not been.
    pub(super) fn scope(&self, id: ScopeId) -> Rc<Scope> {
        let unread = {
            let mut scopes = self.scopes.borrow_mut();
            match &mut scopes[id] {
                Slot::Ready(scope) => return Rc::clone(scope),
                slot => match std::mem::replace(slot, Slot::Open) {
                    Slot::Unread(unread) => unread,
                    _ => return Rc::default(),
                },
            }
        };
        self.fill_file(id, unread);
        match &self.scopes.borrow()[id] {
            Slot::Ready(scope) => Rc::clone(scope),
            _ => Rc::default(),
        }
    }

    /// A place for a scope to come, below `parent`.
    pub(super) fn reserve(&self, slot: Slot, parent: Option<ScopeId>) -> ScopeId {
        let mut scopes = self.scopes.borrow_mut();
        let id = scopes.len();
        scopes.push(slot);
        let mut roots = self.roots.borrow_mut();
        let root = parent.map_or(id, |parent| roots[parent]);
        roots.push(root);
        id
    }

    /// Keeps a diagnostic for the end.
    pub(super) fn report(&self, diagnostic: Diagnostic) {
        self.diagnostics.borrow_mut().push(diagnostic);
    }

    /// A path as it stands in messages.
    pub(super) fn shown(&self, path: &Path) -> String {
        shown_path(path, &self.package.current_dir)
    }

    /// An error at a place.
    pub(super) fn error_at(&self, file: FileId, span: Span, message: impl Into<String>) -> Diagnostic {
        let file = self.file(file);
        Diagnostic::error(message).at(&file.path, file.range(span), "")
    }

    /// An error of lowering, at its place.
    pub(super) fn declare_error(&self, file: FileId, error: DeclareError) -> Diagnostic {
        let diagnostic = self.error_at(file, error.span, error.message);
        error.help.into_iter().fold(diagnostic, Diagnostic::help)
    }
}
