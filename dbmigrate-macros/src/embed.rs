//! Expands `embed_migrations!()`: the lock and the SQL as text in the program, after checking that they are what was
//! recorded.
//!
//! Everything that was read is tracked by cargo, so that the next change of the folder compiles the crate again. Paths
//! in the expansion are absolute, because a relative one would start at the source file.

mod steps;

use std::path::{Path, PathBuf};

use dbmigrate_core::declare::DeclareError;
use dbmigrate_core::declare::errors::closest;
use dbmigrate_core::folder::{Folder, Script, ScriptError, Verify};
use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::parse::{Parse, ParseStream};

use self::steps::Registered;
use crate::check::whole;
use crate::project::{Project, ProjectError, literal, tracked};

/// What can be in the parentheses: the database or the folder, where the facade crate is, and the steps in Rust.
#[derive(Default)]
pub(crate) struct Arguments {
    folder: Option<syn::LitStr>,
    crate_path: Option<syn::Path>,
    steps: Option<Registered>,
}

impl Parse for Arguments {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut arguments = Self::default();
        if input.peek(syn::LitStr) {
            arguments.folder = Some(input.parse()?);
            if input.is_empty() {
                return Ok(arguments);
            }
            input.parse::<syn::Token![,]>()?;
        }
        while !input.is_empty() {
            if input.peek(syn::Token![crate]) && arguments.crate_path.is_none() {
                input.parse::<syn::Token![crate]>()?;
                input.parse::<syn::Token![=]>()?;
                arguments.crate_path = Some(input.call(syn::Path::parse_mod_style)?);
            } else if Registered::is_next(input) && arguments.steps.is_none() {
                arguments.steps = Some(input.parse()?);
            } else {
                return Err(input.error(
                    "expected a database of `dbmigrate.toml`, the migrations folder, relative to the package, or nothing: \
                     `embed_migrations!(\"migrations\")`; steps in Rust come last: `steps { \"0007_name\" => function }`",
                ));
            }
            if input.is_empty() {
                break;
            }
            input.parse::<syn::Token![,]>()?;
        }
        Ok(arguments)
    }
}

impl From<ScriptError> for ProjectError {
    fn from(error: ScriptError) -> Self {
        let help = error.help.clone();
        Self::new(error.to_string()).help(help)
    }
}

pub(crate) fn expand(arguments: &Arguments) -> Result<TokenStream, Vec<DeclareError>> {
    let span = arguments.folder.as_ref().map_or_else(Span::call_site, syn::LitStr::span);
    let facade = crate::facade(arguments.crate_path.as_ref());
    let folder = arguments.folder.as_ref().map(|folder| PathBuf::from(folder.value()));
    embedded(arguments.steps.as_ref(), folder.as_deref(), span, &facade).map_err(|error| error.at(span))
}

/// What is wrong with the folder, or with what is registered for it.
enum Wrong {
    Project(ProjectError),
    Steps(Vec<DeclareError>),
}

impl Wrong {
    fn at(self, span: Span) -> Vec<DeclareError> {
        match self {
            Self::Project(error) => vec![error.at(span)],
            Self::Steps(errors) => errors,
        }
    }
}

impl<E: Into<ProjectError>> From<E> for Wrong {
    fn from(error: E) -> Self {
        Self::Project(error.into())
    }
}

fn embedded(
    registered: Option<&Registered>,
    named: Option<&Path>,
    span: Span,
    facade: &syn::Path,
) -> Result<TokenStream, Wrong> {
    let (project, relative) = Project::known()?.naming(named)?;
    let path = project.root.join(&relative);
    let meant = || closest(named?.to_str()?, project.config.database_names());
    let (folder, with_step) = verified(&path, &relative).map_err(|error| match meant() {
        Some(name) if !path.exists() && !project.config.databases.is_empty() => {
            error.help(format!("did you mean the database `{name}`? `embed_migrations!(\"{name}\")`"))
        }
        _ => error,
    })?;
    let steps = steps::checked(registered, &folder, &with_step, span).map_err(Wrong::Steps)?;
    let head = folder.head().map(|head| folder.snapshot_path(head));
    let schema = folder.head_schema()?;
    project.refuse_hidden(&schema)?;
    let tracked = tracked(project.files().chain(head.as_deref()))?;
    let lock_path = folder.lock_path();
    let lock = literal(&lock_path)?;
    let sql_paths: Vec<PathBuf> = folder.migrations().iter().map(|migration| folder.sql_path(migration)).collect();
    let sql = sql_paths.iter().map(|path| literal(path)).collect::<Result<Vec<_>, _>>()?;
    let name = relative.display().to_string();
    let ignore = project.config.ignore.patterns().map(ToString::to_string);
    let busy_timeout = project.config.busy_timeout;
    // the structs are those of the package, and so is the folder that they are compared with
    let undeclared = (path == project.folder()).then(|| whole::expansion(project.config.database_name(), span, facade));
    Ok(quote! {{
        #tracked
        #undeclared
        #facade::Migrations::__embedded(
            #name,
            ::core::include_str!(#lock),
            &[#(::core::include_str!(#sql)),*],
            &[#(#ignore),*],
            #busy_timeout,
        )#steps
    }})
}

/// The folder, if everything in it is what its lock lists and can be run, and the names of its migrations that have a
/// step in Rust. Of the snapshots only the last one is read,
/// because they grow with the schema: `cargo dbmigrate check` reads all.
pub(crate) fn verified(path: &Path, relative: &Path) -> Result<(Folder, Vec<String>), ProjectError> {
    let folder = Folder::open(path)?;
    folder.verify(Verify::Sql)?;
    if !folder.exists() {
        return Err(ProjectError::new(format!("no migrations folder at `{}`", relative.display()))
            .help("create it: `cargo dbmigrate init`")
            .help("or name another folder, relative to the package: `embed_migrations!(\"db/migrations\")`"));
    }
    let mut with_step = Vec::new();
    for migration in folder.migrations() {
        let file = folder.sql_path(migration);
        if Script::parse(&folder.sql(migration)?, &file)?.rust.is_some() {
            with_step.push(migration.name.to_string());
        }
    }
    Ok((folder, with_step))
}
