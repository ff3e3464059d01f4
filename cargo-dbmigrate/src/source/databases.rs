//! Which database of the package a struct belongs to: the one that it names, else that of its module or its crate root.

use std::path::Path;

use dbmigrate_core::config::{DEFAULT_DATABASE, FILE_NAME};
use dbmigrate_core::declare::DeclareError;
use dbmigrate_core::declare::ast;
use dbmigrate_core::declare::errors::closest;

use super::tree::{Item, ScopeId, Shape, Tree};

/// Why no foreign key leads out of a database.
pub(super) const ACROSS: &str = "a foreign key cannot refer to another database";

/// What to do about one that does.
pub(super) const ACROSS_HELP: &str =
    "remove `references`, or name one database for both structs: `#[table(database = \"…\")]`";

impl Tree {
    /// Whether the package has several databases.
    pub(super) fn has_several_databases(&self) -> bool {
        self.package.database.as_ref().is_some_and(|wanted| !wanted.config.databases.is_empty())
    }

    /// The database of a struct; `None` is the default one.
    ///
    /// # Errors
    /// If the struct names one that there is not.
    pub(super) fn database_of(&self, shape: &Shape, item: &ast::Item) -> Result<Option<&str>, DeclareError> {
        let Some(wanted) = &self.package.database else { return Ok(None) };
        let databases = &wanted.config.databases;
        if let Some(named) = &item.database {
            let known = databases.iter().map(|database| database.name.as_str()).find(|known| *known == named.value);
            let is_default = named.value == DEFAULT_DATABASE && !databases.is_empty();
            if known.is_some() || is_default {
                return Ok(known);
            }
            let error = DeclareError::new(named.span, format!("no database named `{}` in `{FILE_NAME}`", named.value));
            let names = wanted.config.database_names().filter(|_| !databases.is_empty());
            return Err(match closest(&named.value, names) {
                Some(known) => error.help(format!("did you mean `{known}`?")),
                None => error.help(format!("add it: `[databases.{}]`", named.value)),
            });
        }
        if databases.is_empty() {
            return Ok(None);
        }
        let root = self.roots.borrow()[shape.scope];
        let modules = self.modules.borrow();
        let root_file = modules.iter().find(|(_, id)| **id == root).map(|(path, _)| path.clone());
        drop(modules);
        let is_root = |path: &Path| root_file.as_deref().is_some_and(|file| is_same(file, &wanted.root.join(path)));
        let found = wanted.config.database_of(&self.path_of(shape.scope), is_root);
        Ok(found.map(|database| database.name.as_str()))
    }

    /// The modules around a scope, from the crate root.
    fn path_of(&self, scope: ScopeId) -> Vec<String> {
        let mut path = Vec::new();
        let mut module = self.module_of(scope);
        while let Some(around) = self.scope(module).parent {
            let is_it = |item: &Item| matches!(item, Item::Module(id) if *id == module);
            path.extend(self.scope(around).types.iter().find(|(_, item)| is_it(item)).map(|(name, _)| name.clone()));
            module = self.module_of(around);
        }
        path.reverse();
        path
    }
}

fn is_same(one: &Path, other: &Path) -> bool {
    one == other || one.canonicalize().ok().zip(other.canonicalize().ok()).is_some_and(|(one, other)| one == other)
}
