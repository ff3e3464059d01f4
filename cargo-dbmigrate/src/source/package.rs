//! Which package is read, with which features, from which crate roots, and under which name it sees `dbmigrate`.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};

use cargo_metadata::{DependencyKind, Edition, Metadata, MetadataCommand, TargetKind};

use super::request::Request;
use super::wanted::Wanted;
use crate::diagnostic::Diagnostic;
use crate::project::metadata::metadata;

/// The name of the facade's package; its library is called `dbmigrate`.
const FACADE: &str = "dbmigrate-rs";

/// A package as the reader needs it.
#[derive(Debug, Clone)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its `Cargo.toml`.
    pub manifest: PathBuf,
    /// The root of the workspace that it belongs to.
    pub workspace_root: PathBuf,
    /// The crate roots: the library's, then those of the binaries.
    pub roots: Vec<PathBuf>,
    /// The enabled features.
    pub features: HashSet<String>,
    /// Whether it depends on `dbmigrate-rs`.
    pub depends_on_dbmigrate: bool,
    /// The directory that paths in messages are relative to.
    pub(super) current_dir: PathBuf,
    /// The name by which its binaries see its library, if that is read.
    pub(super) library: Option<String>,
    /// The database whose structs are read.
    pub(super) database: Option<Wanted>,
    /// Names under which dependencies are visible, to the names they are known by.
    pub(super) externs: HashMap<String, String>,
    /// Whether a path in `use` starts at the crate root.
    pub(super) edition_2015: bool,
}

impl Package {
    /// The directory of the package.
    pub fn directory(&self) -> &Path {
        self.manifest.parent().unwrap_or(Path::new("."))
    }

    /// Asks cargo, and chooses the package that is meant.
    pub fn find(request: &Request) -> Result<Self, Box<Diagnostic>> {
        let mut command = MetadataCommand::new();
        command.current_dir(&request.current_dir);
        if let Some(manifest) = &request.manifest_path {
            command.manifest_path(request.current_dir.join(manifest));
        }
        let metadata = metadata(&mut command).map_err(|error| metadata_error(&error))?;
        let package = choose(&metadata, request)?;
        let features = enabled_features(package, request)?;
        let is_root = |target: &&cargo_metadata::Target| {
            target.is_bin() && target.required_features.iter().all(|feature| features.contains(feature))
        };
        let library = package.targets.iter().find(|target| target.kind.iter().any(is_library));
        let roots = if let Some(root) = &request.root {
            vec![request.current_dir.join(root)]
        } else {
            let targets = library.into_iter().chain(package.targets.iter().filter(is_root));
            targets.map(|target| target.src_path.clone().into_std_path_buf()).collect()
        };
        let visible = |dependency: &cargo_metadata::Dependency| visible(&dependency.name, dependency.rename.as_deref());
        Ok(Self {
            name: package.name.to_string(),
            current_dir: request.current_dir.clone(),
            manifest: package.manifest_path.clone().into_std_path_buf(),
            workspace_root: metadata.workspace_root.clone().into_std_path_buf(),
            roots,
            depends_on_dbmigrate: package.dependencies.iter().any(is_facade),
            // a root that was named is read instead of the library, not as the library
            library: library.filter(|_| request.root.is_none()).map(|target| identifier(&target.name)),
            externs: package
                .dependencies
                .iter()
                .filter(|dependency| dependency.kind == DependencyKind::Normal)
                .map(visible)
                .collect(),
            database: request.database.clone(),
            edition_2015: package.edition == Edition::E2015,
            features,
        })
    }
}

fn is_library(kind: &TargetKind) -> bool {
    matches!(
        kind,
        TargetKind::Lib
            | TargetKind::RLib
            | TargetKind::DyLib
            | TargetKind::CDyLib
            | TargetKind::StaticLib
            | TargetKind::ProcMacro
    )
}

/// The name under which a dependency is visible, and the one that it is known by.
pub(super) fn visible(package: &str, rename: Option<&str>) -> (String, String) {
    let (library, known) = match package {
        FACADE => ("dbmigrate".to_owned(), "dbmigrate".to_owned()),
        // the registry has an unrelated crate of that name
        "dbmigrate" => ("dbmigrate".to_owned(), "(dbmigrate)".to_owned()),
        other => (identifier(other), identifier(other)),
    };
    (rename.map_or(library, identifier), known)
}

fn is_facade(dependency: &cargo_metadata::Dependency) -> bool {
    dependency.name == FACADE && dependency.kind == DependencyKind::Normal
}

pub(super) fn identifier(name: &str) -> String {
    name.replace('-', "_")
}

/// Cargo's own words: the first line of what it said, the rest as help.
fn metadata_error(error: &cargo_metadata::Error) -> Diagnostic {
    let cargo_metadata::Error::CargoMetadata { stderr } = error else {
        return Diagnostic::error(format!("`cargo metadata` cannot be run: {error}"));
    };
    let mut lines = stderr.lines().map(str::trim).filter(|line| !line.is_empty() && *line != "Caused by:");
    let first = lines.next().unwrap_or_default().trim_start_matches("error: ").to_owned();
    let help: Vec<String> = lines.map(str::to_owned).collect();
    Diagnostic { help, ..Diagnostic::error(first) }
}

fn choose<'m>(metadata: &'m Metadata, request: &Request) -> Result<&'m cargo_metadata::Package, Box<Diagnostic>> {
    let members = || metadata.packages.iter();
    let names = |packages: &[&cargo_metadata::Package]| {
        packages.iter().map(|package| format!("`-p {}`", package.name)).collect::<Vec<_>>().join(", ")
    };
    if let Some(wanted) = &request.package {
        let name = wanted.split_once('@').map_or(wanted.as_str(), |(name, _)| name);
        return members().find(|package| package.name.as_str() == name).ok_or_else(|| {
            let all: Vec<_> = members().collect();
            let error = Diagnostic::error(format!("the workspace has no package `{name}`"));
            Box::new(error.help(format!("its packages: {}", names(&all))))
        });
    }
    let start = match &request.manifest_path {
        Some(manifest) => parent_of(&request.current_dir.join(manifest)),
        None => request.current_dir.clone(),
    };
    let start = start.canonicalize().unwrap_or(start);
    let nearest = members()
        .filter_map(|package| {
            let directory = package.manifest_path.parent()?.as_std_path();
            let directory = directory.canonicalize().unwrap_or_else(|_| directory.to_owned());
            start.starts_with(&directory).then(|| (directory.components().count(), package))
        })
        .max_by_key(|(depth, _)| *depth);
    if let Some((_, package)) = nearest {
        return Ok(package);
    }
    let users: Vec<_> = members().filter(|package| package.dependencies.iter().any(is_facade)).collect();
    let candidates = if users.is_empty() { members().collect() } else { users };
    match &candidates[..] {
        [only] => Ok(only),
        [] => Err(Box::new(Diagnostic::error("the workspace has no packages"))),
        several => {
            let error = Diagnostic::error("which package of the workspace?");
            Err(Box::new(error.help(format!("one of: {}", names(several)))))
        }
    }
}

fn parent_of(path: &Path) -> PathBuf {
    path.parent().unwrap_or(Path::new("/")).to_owned()
}

/// The features that are on, with those that they imply (doc.rust-lang.org/cargo/reference/features.html).
fn enabled_features(package: &cargo_metadata::Package, request: &Request) -> Result<HashSet<String>, Box<Diagnostic>> {
    let optional = |name: &str| {
        package.dependencies.iter().any(|dependency| dependency.optional && extern_key(dependency) == name)
    };
    let is_feature =
        |name: &str| package.features.contains_key(name) || (optional(name) && !named_by_dep(package, name));
    let mut wanted: Vec<String> = Vec::new();
    if request.all_features {
        wanted.extend(package.features.keys().cloned());
        let implicit = package.dependencies.iter().filter(|dependency| dependency.optional).map(extern_key);
        wanted.extend(implicit.filter(|name| !named_by_dep(package, name)).map(str::to_owned));
    }
    if !request.no_default_features && package.features.contains_key("default") {
        wanted.push("default".to_owned());
    }
    for feature in request.features.iter().flat_map(|list| list.split([',', ' '])).filter(|name| !name.is_empty()) {
        let own = feature.strip_prefix(package.name.as_str()).and_then(|rest| rest.strip_prefix('/'));
        let feature = own.unwrap_or(feature);
        if !is_feature(feature) && !feature.contains('/') {
            return Err(Box::new(unknown_feature(package, feature)));
        }
        wanted.push(feature.to_owned());
    }
    Ok(with_implied(wanted, &package.features, is_feature))
}

/// The features with those that they imply.
pub(super) fn with_implied(
    mut wanted: Vec<String>,
    features: &BTreeMap<String, Vec<String>>,
    is_feature: impl Fn(&str) -> bool,
) -> HashSet<String> {
    let mut enabled = HashSet::new();
    while let Some(feature) = wanted.pop() {
        // `dep:x` and `x?/f` enable no feature of this package; `x/f` enables the implicit feature of an optional `x`
        if feature.starts_with("dep:") || feature.contains("?/") {
            continue;
        }
        let feature = match feature.split_once('/') {
            Some((dependency, _)) if is_feature(dependency) => dependency.to_owned(),
            Some(_) => continue,
            None => feature,
        };
        if let Some(implied) = features.get(&feature) {
            if enabled.insert(feature) {
                wanted.extend(implied.iter().cloned());
            }
        } else {
            enabled.insert(feature);
        }
    }
    enabled
}

fn extern_key(dependency: &cargo_metadata::Dependency) -> &str {
    dependency.rename.as_deref().unwrap_or(&dependency.name)
}

/// Whether some feature says `dep:name`, which takes the implicit feature `name` away.
fn named_by_dep(package: &cargo_metadata::Package, name: &str) -> bool {
    package.features.values().flatten().any(|implied| implied.strip_prefix("dep:") == Some(name))
}

fn unknown_feature(package: &cargo_metadata::Package, feature: &str) -> Diagnostic {
    let error = Diagnostic::error(format!("package `{}` has no feature `{feature}`", package.name));
    let near = package
        .features
        .keys()
        .map(|known| (strsim::damerau_levenshtein(known, feature), known))
        .filter(|(distance, _)| *distance <= 2)
        .min();
    match near {
        Some((_, known)) => error.help(format!("did you mean `--features {known}`?")),
        None if package.features.is_empty() => error.help("the package has no features"),
        None => {
            let all: Vec<String> = package.features.keys().map(|known| format!("`{known}`")).collect();
            error.help(format!("its features: {}", all.join(", ")))
        }
    }
}
