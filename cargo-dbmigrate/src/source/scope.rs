//! Looks paths up: through modules, `use`, renames, globs and re-exports, to an item of the package or to the path of
//! an item of another crate.

use std::rc::Rc;

use super::globs::Globs;
use super::tree::{Const, Item, Route, ScopeId, Tree};

/// The namespaces in which the same name can mean different things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Space {
    Types,
    Values,
    /// Derives. The package itself cannot define one, only import it.
    Derives,
}

/// What a path leads to.
#[derive(Debug, Clone)]
pub(super) enum Target {
    Item(Item),
    Const(Rc<Const>),
    /// The path of something in another crate, that crate by its own name; a primitive type as itself.
    Outside(Vec<String>),
    /// Found nowhere, but these modules of other crates are imported by `*`.
    Globbed(Vec<Vec<String>>),
}

/// Names that every module sees, with their paths.
const PRELUDE: [(&str, &[&str]); 4] = [
    ("Box", &["std", "boxed", "Box"]),
    ("Option", &["std", "option", "Option"]),
    ("String", &["std", "string", "String"]),
    ("Vec", &["std", "vec", "Vec"]),
];

const PRIMITIVES: [&str; 17] = [
    "bool", "char", "str", "i8", "i16", "i32", "i64", "i128", "isize", "u8", "u16", "u32", "u64", "u128", "usize",
    "f32", "f64",
];

/// A lookup under way, so that imports that go in a circle end.
struct Search {
    space: Space,
    open: Vec<(ScopeId, String)>,
    /// Modules of other crates that are imported by `*` where the name was looked for.
    outside: Vec<Vec<String>>,
}

impl Search {
    fn new(space: Space) -> Self {
        Self { space, open: Vec::new(), outside: Vec::new() }
    }
}

impl Tree {
    /// What `route`, written in `scope`, leads to.
    pub(super) fn find(&self, scope: ScopeId, route: &Route, space: Space) -> Option<Target> {
        let mut search = Search::new(space);
        let found = self.follow_route(scope, route, &mut search);
        found.or_else(|| (!search.outside.is_empty()).then_some(Target::Globbed(search.outside)))
    }

    fn follow_route(&self, scope: ScopeId, route: &Route, search: &mut Search) -> Option<Target> {
        let last = route.segments.len().checked_sub(1)?;
        let wanted = search.space;
        let mut target: Option<Target> = None;
        for (at, segment) in route.segments.iter().enumerate() {
            search.space = if at == last { wanted } else { Space::Types };
            target = match target {
                None => self.first(scope, segment, route.absolute, at == last, search),
                Some(Target::Item(Item::Module(module))) => match segment.as_str() {
                    "super" => self.parent_module(module).map(|id| Target::Item(Item::Module(id))),
                    "self" => Some(Target::Item(Item::Module(module))),
                    name => self.member(module, name, search),
                },
                Some(Target::Outside(mut path)) => {
                    path.push(segment.clone());
                    Some(Target::Outside(path))
                }
                // an associated item or an enum's variant
                Some(_) => None,
            };
            if target.is_none() {
                break;
            }
        }
        search.space = wanted;
        target
    }

    fn first(&self, scope: ScopeId, name: &str, absolute: bool, only: bool, search: &mut Search) -> Option<Target> {
        let module = |id| Some(Target::Item(Item::Module(id)));
        match name {
            "crate" => return module(self.roots.borrow()[scope]),
            "self" => return module(self.module_of(scope)),
            "super" => return self.parent_module(self.module_of(scope)).and_then(module),
            _ => {}
        }
        if !absolute {
            let mut at = Some(scope);
            while let Some(id) = at {
                if let Some(found) = self.member(id, name, search) {
                    return Some(found);
                }
                let scope = self.scope(id);
                at = scope.parent.filter(|_| scope.block);
            }
        }
        if self.package.edition_2015
            && let Some(found) = self.member(self.roots.borrow()[scope], name, search)
        {
            return Some(found);
        }
        self.outside(name, absolute, only, search.space)
    }

    /// A name that no module of the package gives: a crate, the prelude, a primitive type.
    fn outside(&self, name: &str, absolute: bool, only: bool, space: Space) -> Option<Target> {
        let path = |path: &[&str]| Some(Target::Outside(path.iter().map(|&part| part.to_owned()).collect()));
        if !(only && space == Space::Derives) {
            if self.package.library.as_deref() == Some(name)
                && let Some(root) = *self.library.borrow()
            {
                return Some(Target::Item(Item::Module(root)));
            }
            if let Some(known) = self.package.externs.get(name) {
                return path(&[known]);
            }
            if matches!(name, "std" | "core" | "alloc") {
                return path(&["std"]);
            }
        }
        if only && space == Space::Types && !absolute {
            if let Some((_, full)) = PRELUDE.iter().find(|(short, _)| *short == name) {
                return path(full);
            }
            if let Some(primitive) = PRIMITIVES.iter().find(|primitive| **primitive == name) {
                return path(&[primitive]);
            }
        }
        // a crate that the manifest does not name, or not yet
        (!only || absolute).then(|| path(&[name])).flatten()
    }

    /// A name in a module or block itself: one of its items or imports, else one that a glob brings.
    fn member(&self, id: ScopeId, name: &str, search: &mut Search) -> Option<Target> {
        self.named(id, name, search).or_else(|| self.globbed(id, name, search))
    }

    fn named(&self, id: ScopeId, name: &str, search: &mut Search) -> Option<Target> {
        let scope = self.scope(id);
        let own = match search.space {
            Space::Types => scope.types.get(name).cloned().map(Target::Item),
            Space::Values => scope.values.get(name).cloned().map(Target::Const),
            Space::Derives => None,
        };
        if own.is_some() {
            return own;
        }
        let routes = scope.uses.get(name)?;
        if search.open.iter().any(|(open, searched)| *open == id && searched == name) {
            return None;
        }
        search.open.push((id, name.to_owned()));
        let found = routes.iter().find_map(|route| self.follow_route(id, route, search));
        search.open.pop();
        found
    }

    /// A name that a module or block sees through its `use …::*`.
    fn globbed(&self, id: ScopeId, name: &str, search: &mut Search) -> Option<Target> {
        if self.scope(id).globs.is_empty() {
            return None;
        }
        let globs = self.globs_of(id)?;
        let bound: Vec<ScopeId> = self.bound.borrow().get(name).cloned().unwrap_or_default();
        let mut near: Vec<(usize, ScopeId)> =
            bound.into_iter().filter_map(|id| Some((*globs.distances.get(&id)?, id))).collect();
        near.sort_unstable();
        let found = near.into_iter().find_map(|(_, id)| self.named(id, name, search));
        if found.is_none() {
            search.outside.extend(globs.outside.iter().cloned());
        }
        found
    }

    /// What the globs of a scope lead to, directly and through further globs. Found once for each scope; `None` while
    /// it is being found.
    fn globs_of(&self, id: ScopeId) -> Option<Rc<Globs>> {
        match self.globs.borrow().get(&id) {
            Some(Some(known)) => return Some(Rc::clone(known)),
            Some(None) => return None,
            None => {}
        }
        self.globs.borrow_mut().insert(id, None);
        let mut globs = Globs::default();
        let mut reached = vec![id];
        let mut at = 0;
        while let Some(&module) = reached.get(at) {
            at += 1;
            let distance = globs.distances.get(&module).map_or(1, |distance| distance + 1);
            for route in &self.scope(module).globs {
                let mut search = Search::new(Space::Types);
                match self.follow_route(module, route, &mut search) {
                    Some(Target::Item(Item::Module(target))) if !globs.distances.contains_key(&target) => {
                        // parsed now if it was put off, so that the names that it binds are known
                        self.scope(target);
                        globs.distances.insert(target, distance);
                        reached.push(target);
                    }
                    Some(Target::Outside(path)) => globs.outside.push(path),
                    _ => {}
                }
            }
        }
        let globs = Rc::new(globs);
        self.globs.borrow_mut().insert(id, Some(Rc::clone(&globs)));
        Some(globs)
    }

    /// The module that a scope is or lies in.
    pub(super) fn module_of(&self, mut id: ScopeId) -> ScopeId {
        loop {
            let scope = self.scope(id);
            match scope.parent {
                Some(parent) if scope.block => id = parent,
                _ => return id,
            }
        }
    }

    fn parent_module(&self, id: ScopeId) -> Option<ScopeId> {
        self.scope(id).parent.map(|parent| self.module_of(parent))
    }
}

/// What of ours a derive or a trait is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ours {
    Table,
    View,
    ColumnType,
}

impl Tree {
    /// Which of our derives (or, in the namespace of types, which of our traits) a path means. A name that nothing in
    /// sight declares or imports by name is ours: it came with a `*`, or its `use` is still to be written.
    pub(super) fn ours(&self, scope: ScopeId, route: &Route, space: Space) -> Option<Ours> {
        let by_name = |name: Option<&String>| match name?.as_str() {
            "Table" => Some(Ours::Table),
            "View" => Some(Ours::View),
            "ColumnType" => Some(Ours::ColumnType),
            _ => None,
        };
        match self.find(scope, route, space) {
            Some(Target::Outside(path)) => {
                let known = path.first().is_some_and(|root| OUR_CRATES.contains(&root.as_str()));
                by_name(path.last().filter(|_| known))
            }
            Some(Target::Globbed(_)) | None => by_name(route.segments.last()),
            Some(_) => None,
        }
    }
}

/// The crates that our derives can be imported from.
const OUR_CRATES: [&str; 3] = ["dbmigrate", "dbmigrate_core", "dbmigrate_macros"];
