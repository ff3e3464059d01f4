//! Which database of its package a struct belongs to: the one that it names, else that of its module or its crate root.
//!
//! A derive is not told the module. It takes it from where the file is and from the inline modules around the struct, and
//! leaves to rustc, which knows it, to refuse a struct for which that is wrong. So nothing is compared with the migrations
//! of another database.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use dbmigrate_core::config::{Config, DEFAULT_DATABASE, Database};
use dbmigrate_core::declare::DeclareError;
use dbmigrate_core::declare::ast::{Item, Reference};
use dbmigrate_core::sql::Name;
use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;

use super::Difference;
use super::head::{self, Found, Head};
use super::inline_modules;
use super::target::{Crate, Root, is_same};
use crate::project::{Project, unknown_database};

/// The database of a struct.
pub(crate) struct Own {
    /// What there is to compare the struct with.
    pub(crate) found: Arc<Found>,
    /// Its name; `None` for the default one.
    pub(crate) name: Option<String>,
    /// Whether the package has several.
    pub(crate) is_one_of_several: bool,
    /// The modules that the choice depends on, which rustc has to confirm.
    claims: Vec<Claim>,
}

/// That a struct is within a module, or that it is not.
struct Claim {
    module: String,
    is_within: bool,
    /// The database that the struct belongs to if this is wrong.
    otherwise: String,
}

/// The database of a struct.
///
/// # Errors
/// If the struct names one that there is not.
pub(crate) fn of(item: &Item) -> Result<Own, DeclareError> {
    let named = item.database.as_ref().map(|named| (named.value.as_str(), named.span));
    at(item.ident.span(), named)
}

/// The database of what stands at `span`, if it does not name one.
///
/// # Errors
/// If it names one that there is not.
pub(crate) fn at(span: Span, named: Option<(&str, Span)>) -> Result<Own, DeclareError> {
    let default = head::find(None);
    let (Some(config), Some(package)) = (&default.config, Project::root()) else {
        return Ok(Own { found: default.found, name: None, is_one_of_several: false, claims: Vec::new() });
    };
    if let Some((named, at)) = named {
        let is_default = named == DEFAULT_DATABASE && !config.databases.is_empty();
        if !is_default && config.databases.iter().all(|database| database.name != named) {
            return Err(unknown_database(config, named).at(at));
        }
        let name = (!is_default).then(|| named.to_owned());
        return Ok(Own::new(config, name, Vec::new(), default.found));
    }
    if config.databases.is_empty() {
        return Ok(Own { found: default.found, name: None, is_one_of_several: false, claims: Vec::new() });
    }
    let place = Place::of(span, &package);
    let name = config.database_of(&place.modules, |root| place.is_root(root)).map(|database| database.name.clone());
    if name.is_none() && place.root.is_none() && config.databases.iter().any(|database| database.root.is_some()) {
        // an editor does not say which crate it is
        return Ok(Own { found: Arc::new(Found::Nothing), name, is_one_of_several: true, claims: Vec::new() });
    }
    let claims = claims(config, &place, name.as_deref());
    Ok(Own::new(config, name, claims, default.found))
}

impl Own {
    fn new(config: &Config, name: Option<String>, claims: Vec<Claim>, default: Arc<Found>) -> Self {
        let found = name.as_deref().map_or(default, |name| head::find(Some(name)).found);
        Self { found, name, is_one_of_several: !config.databases.is_empty(), claims }
    }

    /// What has rustc confirm the module of the struct.
    pub(super) fn located(&self, item: &Item, facade: &syn::Path) -> TokenStream {
        let word = if item.derive == dbmigrate_core::declare::Derive::View { "view" } else { "table" };
        let naming = |database: &str| format!("name its database: `#[{word}(database = \"{database}\")]`");
        self.located_at(item.ident.span(), &format!("`{}`", item.ident), naming, facade)
    }

    /// The same for something that stands at `span`. `naming` says how it names a database.
    pub(crate) fn located_at(
        &self,
        span: Span,
        what: &str,
        naming: impl Fn(&str) -> String,
        facade: &syn::Path,
    ) -> TokenStream {
        let checks = self.claims.iter().map(|Claim { module, is_within, otherwise }| {
            let (is, looks) = if *is_within { ("is not", "is") } else { ("is", "is not") };
            let message = format!(
                "{what} {is} in the module `crate::{module}`, but its file {looks} where that module's files are\n\
                 help: {}",
                naming(otherwise)
            );
            let within = quote_spanned!(span=> #facade::__private::is_within(::core::module_path!(), #module));
            let is_within = *is_within;
            quote_spanned!(span=> const _: () = #facade::__private::require(#within == #is_within, #message);)
        });
        checks.collect()
    }
}

/// Where a struct is, as far as that can be seen.
struct Place {
    package: PathBuf,
    /// The root file of the crate.
    root: Option<PathBuf>,
    /// The file of the struct.
    file: Option<PathBuf>,
    /// The modules around it, the outermost first.
    modules: Vec<String>,
}

impl Place {
    fn of(span: Span, package: &Path) -> Self {
        let root = match Crate::of_this_process().root {
            Root::File(root) => Some(root),
            Root::Elsewhere | Root::Unknown => None,
        };
        let file = span.local_file();
        let mut modules = Vec::new();
        if let Some(file) = &file {
            let usual = package.join("src");
            let directory = root.as_deref().and_then(Path::parent).unwrap_or(&usual);
            let is_root = root.as_deref().is_some_and(|root| is_same(root, file));
            modules = if is_root { Vec::new() } else { modules_of(file, directory) };
            let text = std::fs::read_to_string(file).unwrap_or_default();
            modules.extend(inline_modules::around(&text, span.start().line));
        }
        Self { package: package.to_owned(), root, file, modules }
    }

    /// Whether a file is the root of the crate. An editor does not say which that is: there it is the file at hand.
    fn is_root(&self, root: &Path) -> bool {
        let known = self.root.as_deref().or(self.file.as_deref());
        known.is_some_and(|known| is_same(known, &self.package.join(root)))
    }
}

/// The modules that a file is of, by where it is below the directory of the crate root.
fn modules_of(file: &Path, directory: &Path) -> Vec<String> {
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let (file, directory) = (absolute(file), absolute(directory));
    let Ok(inside) = file.strip_prefix(&directory) else { return Vec::new() };
    let inside = inside.with_extension("");
    let mut modules: Vec<String> =
        inside.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
    if modules.last().is_some_and(|last| ["mod", "lib", "main"].contains(&last.as_str())) {
        modules.pop();
    }
    modules
}

/// What has to be true of the module for the choice to be right.
fn claims(config: &Config, place: &Place, chosen: Option<&str>) -> Vec<Claim> {
    let is_possible = |database: &&Database| database.root.as_ref().is_none_or(|root| place.is_root(root));
    let is_around = |module: &[String]| {
        module.len() <= place.modules.len() && module.iter().zip(&place.modules).all(|(one, other)| one == other)
    };
    let mut claims = Vec::new();
    for database in config.databases.iter().filter(is_possible) {
        for module in &database.structs {
            let is_within = is_around(module);
            // further out than the module that decides
            if is_within && chosen != Some(database.name.as_str()) {
                continue;
            }
            let otherwise = if is_within { DEFAULT_DATABASE } else { &database.name };
            claims.push(Claim { module: module.join("::"), is_within, otherwise: otherwise.to_owned() });
        }
    }
    // one of several modules of the same database is enough
    claims.retain(|claim| claim.is_within || chosen != Some(claim.otherwise.as_str()));
    claims
}

/// Foreign keys to a table, by its name, that only another database has.
pub(super) fn elsewhere(item: &Item, head: &Head) -> Vec<Difference> {
    let Some(config) = head::find(None).config.filter(|config| !config.databases.is_empty()) else {
        return Vec::new();
    };
    let of_fields = item.fields.iter().filter_map(|field| field.reference.as_ref());
    let all = of_fields.chain(item.foreign_keys.iter().map(|clause| &clause.reference));
    let missing = all.filter_map(|reference| match &reference.value {
        Reference::Table(table, _) if head.schema.table(table).is_none() && item.name().value != *table => {
            Some((table, reference.span))
        }
        _ => None,
    });
    let found = missing.filter_map(|(table, span)| {
        let other = config.database_names().find(|name| is_in(table, name, head))?;
        Some(Difference::new(span, format!("`{table}` is in the database `{other}`: {ACROSS}")))
    });
    found.collect()
}

/// Why there is no such foreign key.
pub(crate) const ACROSS: &str = "a foreign key cannot refer to another database";

fn is_in(table: &Name, database: &str, head: &Head) -> bool {
    let database = (database != DEFAULT_DATABASE).then_some(database);
    database != head.database.as_deref()
        && matches!(&*head::find(database).found, Found::Head(other) if other.schema.table(table).is_some())
}
