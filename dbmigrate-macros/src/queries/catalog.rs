//! The schema that a statement is held against: made ready once for all statements of a compiler process.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use dbmigrate_core::config::CompileCheck;
use dbmigrate_core::query::Catalog;
use proc_macro2::TokenStream;
use quote::quote;

use super::arguments::Arguments;
use crate::check::database;
use crate::check::head::{self, Found};
use crate::check::{is_foreign, tracked};
use crate::project::{Project, ProjectError};

/// What a statement is held against.
pub(super) enum Schema {
    /// Nothing: with items that are needed all the same.
    Unchecked(TokenStream),
    /// The head.
    Known { catalog: Arc<Catalog>, level: CompileCheck, tracked: TokenStream },
}

impl Schema {
    /// The schema for a macro, which `needs` one or does without. `Err` are the items of an error.
    pub(super) fn of(arguments: &Arguments, needs: bool) -> Result<Self, TokenStream> {
        let span = arguments.text.span();
        let facade = crate::facade(arguments.crate_path.as_ref());
        let named = arguments.database.as_ref().map(|named| (named.value(), named.span()));
        let own = database::at(span, named.as_ref().map(|(name, span)| (name.as_str(), *span)))
            .map_err(|error| crate::compile_errors(&[error]))?;
        let naming = |database: &str| format!("name its database: `database = \"{database}\", \"…\"`");
        let located = own.located_at(span, "the statement", naming, &facade);
        let found = if needs { head::known(own.name.as_deref()) } else { Arc::clone(&own.found) };
        match &*found {
            Found::Head(head) if head.level == CompileCheck::Off && !needs => Ok(Self::Unchecked(tracked(&head.files))),
            Found::Head(head) => {
                let tracked = tracked(&head.files);
                let catalog = ready(&found);
                match catalog {
                    Some(catalog) => {
                        let tracked = quote!(#tracked #located);
                        Ok(Self::Known { catalog, level: head.level, tracked })
                    }
                    None => Ok(Self::Unchecked(tracked)),
                }
            }
            Found::Broken { error, told } => {
                // it is wrong for every statement; one says so
                let first = !told.swap(true, Ordering::Relaxed);
                let error = first.then(|| crate::compile_errors(&[error.clone().at(span)]));
                Err(error.unwrap_or_default())
            }
            // the structs of another database may be there all the same; what is to have types cannot do without
            Found::Nothing
                if !needs
                    && (is_foreign() || Project::root().is_none() || (own.is_one_of_several && own.name.is_none())) =>
            {
                Ok(Self::Unchecked(TokenStream::new()))
            }
            Found::Empty(files) if is_off(&own) && !needs => Ok(Self::Unchecked(tracked(files))),
            Found::Nothing | Found::Empty(_) => {
                static TOLD: AtomicBool = AtomicBool::new(false);
                let files = if let Found::Empty(files) = &*found { tracked(files) } else { TokenStream::new() };
                if TOLD.swap(true, Ordering::Relaxed) {
                    return Err(files);
                }
                let error = ProjectError::new("statements are held against the last migration, and there is none")
                    .help("write the first: `cargo dbmigrate generate`");
                let unchecked =
                    (!needs).then_some("to leave statements unchecked: `compile_check = \"off\"` in `dbmigrate.toml`");
                let error = unchecked.into_iter().fold(error, ProjectError::help);
                let error = crate::compile_errors(&[error.at(span)]);
                Err(quote!(#files #error))
            }
        }
    }
}

/// Whether the configuration says that nothing is compared.
fn is_off(own: &database::Own) -> bool {
    let config = head::find(None).config;
    config.is_some_and(|config| {
        config.of(own.name.as_deref()).is_some_and(|config| config.compile_check == CompileCheck::Off)
    })
}

/// The head, ready to be asked.
fn ready(found: &Arc<Found>) -> Option<Arc<Catalog>> {
    /// The last ones, by what they were made from. An editor's server has as many as it has packages.
    static READY: Mutex<Vec<(Arc<Found>, Arc<Catalog>)>> = Mutex::new(Vec::new());
    const MOST: usize = 16;
    let Found::Head(head) = &**found else { return None };
    let mut ready = READY.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, catalog)) = ready.iter().find(|(known, _)| Arc::ptr_eq(known, found)) {
        return Some(Arc::clone(catalog));
    }
    let catalog = Arc::new(Catalog::new(&head.schema, &head.engine));
    if ready.len() >= MOST {
        ready.remove(0);
    }
    ready.push((Arc::clone(found), Arc::clone(&catalog)));
    Some(catalog)
}
