//! Which package is meant: found without running cargo wherever that is possible, because that takes longer than most
//! of what comes after.

use std::path::{Path, PathBuf};

use dbmigrate_core::shell::shell_flag;
use serde::Deserialize;

use super::metadata::metadata;
use super::selection::Selection;
use crate::error::{CommandError, Result, did_you_mean};
use crate::project::config;
use crate::project::path;

const MANIFEST: &str = "Cargo.toml";

/// The package that provides the derives.
pub(super) const FACADE: &str = "dbmigrate-rs";

/// A package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Package {
    /// Its name.
    pub name: String,
    /// Its directory, absolute.
    pub root: PathBuf,
    /// Its `Cargo.toml`, absolute.
    pub manifest: PathBuf,
}

/// What is read of a `Cargo.toml`.
#[derive(Debug, Deserialize)]
struct Manifest {
    package: Option<PackageTable>,
}

#[derive(Debug, Deserialize)]
struct PackageTable {
    name: String,
}

impl Package {
    /// The package that is meant by `-p` and `--manifest-path`, else by the working directory. In the root of a
    /// workspace without a package of its own it is the one member that uses dbmigrate.
    ///
    /// # Errors
    /// If there is none, or more than one.
    pub(crate) fn find(selection: &Selection) -> Result<Self> {
        let manifest = match &selection.manifest_path {
            Some(path) => given_manifest(path)?,
            None => nearest_manifest()?,
        };
        let name = read_name(&manifest)?;
        match (name, &selection.package) {
            (Some(name), None) => Ok(Self::new(name, manifest)),
            (Some(name), Some(wanted)) if name == *wanted => Ok(Self::new(name, manifest)),
            (_, Some(wanted)) => find_member(&manifest, wanted),
            (None, None) => find_user(&manifest),
        }
    }

    fn new(name: String, manifest: PathBuf) -> Self {
        let root = manifest.parent().unwrap_or(Path::new("/")).to_owned();
        Self { name, root, manifest }
    }
}

fn given_manifest(path: &Path) -> Result<PathBuf> {
    if !path.ends_with(MANIFEST) {
        let help = format!("use `{}`", shell_flag("--manifest-path", &path.join(MANIFEST).display().to_string()));
        return Err(CommandError::usage(format!("`{}` is not a `{MANIFEST}`", path.display())).help(help));
    }
    if !path.is_file() {
        return Err(CommandError::usage(format!("manifest path `{}` does not exist", path.display())));
    }
    std::path::absolute(path).map_err(|error| CommandError::io("find", path, &error))
}

fn nearest_manifest() -> Result<PathBuf> {
    let here = std::env::current_dir()
        .map_err(|error| CommandError::failed(format!("cannot find the working directory: {error}")))?;
    here.ancestors().map(|directory| directory.join(MANIFEST)).find(|path| path.is_file()).ok_or_else(|| {
        let message = format!("could not find `{MANIFEST}` in `{}` or any parent directory", here.display());
        CommandError::failed(message).help("create a package: `cargo init`")
    })
}

/// The name of the package; `None` in the root of a workspace that is none.
fn read_name(manifest: &Path) -> Result<Option<String>> {
    let text = std::fs::read_to_string(manifest).map_err(|error| CommandError::io("read", manifest, &error))?;
    let parsed: Manifest =
        toml::from_str(&text).map_err(|error| config::toml_error(&text, &path::for_display(manifest), &error))?;
    Ok(parsed.package.map(|package| package.name))
}

/// All packages of the workspace, the name and the manifest of each.
fn members(manifest: &Path) -> Result<Vec<Package>> {
    let metadata = metadata(cargo_metadata::MetadataCommand::new().manifest_path(manifest));
    let metadata = metadata.map_err(|error| match error {
        cargo_metadata::Error::CargoMetadata { stderr } => {
            let mut lines = stderr.lines().map(str::trim).filter(|line| !line.is_empty());
            let first = lines.next().unwrap_or_default();
            let error = CommandError::failed(first.strip_prefix("error: ").unwrap_or(first));
            lines.fold(error, CommandError::note)
        }
        other => CommandError::failed(other.to_string()),
    })?;
    let package = |package: cargo_metadata::Package| {
        Package::new(package.name.to_string(), package.manifest_path.into_std_path_buf())
    };
    Ok(metadata.packages.into_iter().map(package).collect())
}

/// Every package of the workspace that uses dbmigrate, by name.
///
/// # Errors
/// If there is none, or cargo cannot be asked.
pub(crate) fn users(selection: &Selection) -> Result<Vec<Package>> {
    let manifest = match &selection.manifest_path {
        Some(path) => given_manifest(path)?,
        None => nearest_manifest()?,
    };
    let mut users = Vec::new();
    for package in members(&manifest)? {
        if has_migrations(&package) || depends_on_us(&package.manifest)? {
            users.push(package);
        }
    }
    users.sort_by(|one, other| one.name.cmp(&other.name));
    match users.is_empty() {
        true => Err(CommandError::usage("no package of this workspace uses dbmigrate")
            .help("add the derives to one: `cargo add dbmigrate-rs -p NAME`")),
        false => Ok(users),
    }
}

/// Whether a package has migrations, or says where.
fn has_migrations(package: &Package) -> bool {
    package.root.join(config::FILE_NAME).is_file()
        || package.root.join("migrations").join(dbmigrate_core::folder::lock::FILE_NAME).is_file()
}

/// Whether a package depends on the derives, under whatever name.
fn depends_on_us(manifest: &Path) -> Result<bool> {
    let text = std::fs::read_to_string(manifest).map_err(|error| CommandError::io("read", manifest, &error))?;
    let parsed: toml::Table =
        toml::from_str(&text).map_err(|error| config::toml_error(&text, &path::for_display(manifest), &error))?;
    let dependencies = parsed.get("dependencies").and_then(toml::Value::as_table);
    let is_ours = |(name, value): (&String, &toml::Value)| {
        let package = value.get("package").and_then(toml::Value::as_str);
        package.unwrap_or(name) == FACADE
    };
    Ok(dependencies.into_iter().flatten().any(is_ours))
}

fn find_member(manifest: &Path, wanted: &str) -> Result<Package> {
    let members = members(manifest)?;
    if let Some(found) = members.iter().find(|package| package.name == wanted) {
        return Ok(found.clone());
    }
    let names = members.iter().map(|package| package.name.as_str());
    let error = CommandError::usage(format!("no package named `{wanted}` in this workspace"));
    Err(match did_you_mean(wanted, names.clone()) {
        Some(name) => error.help(format!("did you mean `-p {name}`?")),
        None => error.help(format!("expected one of `{}`", names.collect::<Vec<_>>().join("`, `"))),
    })
}

/// The one member that uses dbmigrate.
fn find_user(manifest: &Path) -> Result<Package> {
    let members = members(manifest)?;
    let users: Vec<&Package> = members.iter().filter(|package| has_migrations(package)).collect();
    if let [only] = users[..] {
        return Ok(only.clone());
    }
    let message = if users.is_empty() {
        "which package? none of this workspace's packages has migrations yet"
    } else {
        "which package? several of this workspace's packages have migrations"
    };
    let candidates = if users.is_empty() { members.iter().collect() } else { users };
    let options = candidates.iter().map(|package| format!("`-p {}`", package.name)).collect::<Vec<_>>();
    Err(CommandError::usage(message).help(format!("say {}", options.join(" or "))))
}
