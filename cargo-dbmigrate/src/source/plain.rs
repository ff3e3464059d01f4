//! A package as its `Cargo.toml` and the usual places of files say, without asking cargo: what takes a tenth of a second
//! there takes a tenth of a millisecond here. Where anything is not as usual, there is no answer.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::package::{Package, identifier, visible, with_implied};
use super::request::Request;

/// Packages with more source than this are not read in a few milliseconds: bytes, and files.
const MOST_BYTES: u64 = 128 * 1024;
const MOST_FILES: usize = 200;

/// The package that is asked for.
pub(super) fn package(request: &Request) -> Option<Package> {
    let manifest = request.current_dir.join(request.manifest_path.as_ref()?);
    let parsed: Table = std::fs::read_to_string(&manifest).ok()?.parse().ok()?;
    let directory = manifest.parent()?;
    let package = parsed.get("package")?.as_table()?;
    let name = package.get("name")?.as_str()?.to_owned();
    let is_unusual = ["autolib", "autobins"].iter().any(|key| package.contains_key(*key));
    if is_unusual {
        return None;
    }
    let library = parsed.get("lib").and_then(Value::as_table);
    let text_of = |table: Option<&Table>, key: &str| Some(table?.get(key)?.as_str()?.to_owned());
    let library_path = directory.join(text_of(library, "path").unwrap_or_else(|| "src/lib.rs".to_owned()));
    let has_library = library_path.is_file();
    let roots = match &request.root {
        Some(root) => vec![request.current_dir.join(root)],
        None => has_library.then_some(library_path).into_iter().chain(binaries(directory, &parsed)?).collect(),
    };
    if roots.is_empty() || !is_small(&roots) {
        return None;
    }
    let (externs, optional) = dependencies(directory, &parsed)?;
    Some(Package {
        library: (has_library && request.root.is_none())
            .then(|| identifier(&text_of(library, "name").unwrap_or_else(|| name.clone()))),
        name,
        workspace_root: directory.to_owned(),
        roots,
        features: features(&parsed, &optional, request),
        depends_on_dbmigrate: true,
        current_dir: request.current_dir.clone(),
        externs,
        database: request.database.clone(),
        edition_2015: match package.get("edition") {
            Some(Value::String(edition)) => edition == "2015",
            Some(_) => false,
            None => true,
        },
        manifest,
    })
}

/// The roots of the binaries; `None` if one of them depends on features.
fn binaries(directory: &Path, manifest: &Table) -> Option<Vec<PathBuf>> {
    let mut roots = vec![directory.join("src/main.rs")];
    for entry in std::fs::read_dir(directory.join("src/bin")).into_iter().flatten().flatten() {
        let path = entry.path();
        roots.push(if path.is_dir() { path.join("main.rs") } else { path });
    }
    for binary in manifest.get("bin").and_then(Value::as_array).into_iter().flatten() {
        if binary.get("required-features").is_some() {
            return None;
        }
        roots.extend(binary.get("path").and_then(Value::as_str).map(|path| directory.join(path)));
    }
    roots.retain(|root| root.is_file() && root.extension().is_some_and(|extension| extension == "rs"));
    roots.sort_unstable();
    roots.dedup();
    Some(roots)
}

/// Under which names dependencies are visible, and which of them are optional; `None` if ours is not among them.
fn dependencies(directory: &Path, manifest: &Table) -> Option<(HashMap<String, String>, HashSet<String>)> {
    let of_targets = manifest.get("target").and_then(Value::as_table).into_iter().flat_map(|table| table.values());
    let tables =
        std::iter::once(manifest.get("dependencies")).chain(of_targets.map(|target| target.get("dependencies")));
    let (mut externs, mut optional) = (HashMap::new(), HashSet::new());
    let mut workspace = None;
    for (key, value) in tables.flatten().filter_map(Value::as_table).flatten() {
        let mut package = value.get("package").and_then(Value::as_str).map(str::to_owned);
        if value.get("workspace").is_some() && package.is_none() {
            let shared = workspace.get_or_insert_with(|| workspace_dependencies(directory));
            package = shared.as_ref()?.get(key)?.get("package").and_then(Value::as_str).map(str::to_owned);
        }
        if value.get("optional").and_then(Value::as_bool) == Some(true) {
            optional.insert(key.clone());
        }
        let (name, known) = match &package {
            Some(package) => visible(package, Some(key)),
            None => visible(key, None),
        };
        externs.insert(name, known);
    }
    externs.values().any(|known| known == "dbmigrate").then_some((externs, optional))
}

/// What the workspace around a package says of dependencies.
fn workspace_dependencies(directory: &Path) -> Option<Table> {
    directory.ancestors().find_map(|directory| {
        let text = std::fs::read_to_string(directory.join("Cargo.toml")).ok()?;
        let manifest: Table = text.parse().ok()?;
        manifest.get("workspace")?.get("dependencies")?.as_table().cloned()
    })
}

/// The features that are on.
fn features(manifest: &Table, optional: &HashSet<String>, request: &Request) -> HashSet<String> {
    let declared: BTreeMap<String, Vec<String>> = manifest
        .get("features")
        .and_then(Value::as_table)
        .into_iter()
        .flatten()
        .map(|(name, implied)| {
            let implied = implied.as_array().into_iter().flatten().filter_map(Value::as_str);
            (name.clone(), implied.map(str::to_owned).collect())
        })
        .collect();
    let is_feature = |name: &str| declared.contains_key(name) || optional.contains(name);
    let mut wanted: Vec<String> = Vec::new();
    if request.all_features {
        wanted.extend(declared.keys().chain(optional).cloned());
    }
    if !request.no_default_features && declared.contains_key("default") {
        wanted.push("default".to_owned());
    }
    let given = request.features.iter().flat_map(|list| list.split([',', ' '])).filter(|name| !name.is_empty());
    wanted.extend(given.map(str::to_owned));
    with_implied(wanted, &declared, is_feature)
}

/// Whether the source around these roots is read in a few milliseconds.
fn is_small(roots: &[PathBuf]) -> bool {
    let mut directories: Vec<PathBuf> = roots.iter().filter_map(|root| root.parent().map(Path::to_owned)).collect();
    directories.sort_unstable();
    directories.dedup();
    let (mut bytes, mut files) = (0, 0);
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() {
                directories.push(entry.path());
            } else if entry.file_name().to_string_lossy().ends_with(".rs") {
                bytes += entry.metadata().map_or(0, |metadata| metadata.len());
                files += 1;
            }
            if bytes > MOST_BYTES || files > MOST_FILES {
                return false;
            }
        }
    }
    true
}
