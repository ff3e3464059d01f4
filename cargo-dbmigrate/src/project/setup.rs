//! What a package still lacks before its structs are read and compile, as lines that say what to do.

use std::path::Path;

use serde::Deserialize;

use super::context::Context;
use crate::error::{CommandError, Result};
use crate::project::package::FACADE;
use crate::project::path;

/// What is read of a `Cargo.toml`.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Manifest {
    #[serde(default)]
    dependencies: toml::Table,
    package: Option<toml::Table>,
}

/// The command that adds the derives, and the other packages that the structs need, where they are missing.
///
/// # Errors
/// If `Cargo.toml` cannot be read.
pub(crate) fn missing_dependencies(context: &Context, others: &[&str]) -> Result<Option<String>> {
    let manifest = &context.package.manifest;
    let shown = path::for_display(manifest);
    let text = std::fs::read_to_string(manifest).map_err(|error| CommandError::io("read", &shown, &error))?;
    let parsed: Manifest =
        toml::from_str(&text).map_err(|error| crate::project::config::toml_error(&text, &shown, &error))?;
    let is = |value: Option<&toml::Value>, wanted: &str| value.and_then(toml::Value::as_str) == Some(wanted);
    let depends = |wanted: &str| {
        // also under another name, and the package may be the wanted one itself
        parsed.dependencies.iter().any(|(name, value)| name == wanted || is(value.get("package"), wanted))
            || is(parsed.package.as_ref().and_then(|package| package.get("name")), wanted)
    };
    let missing: Vec<&str> =
        std::iter::once(FACADE).chain(others.iter().copied()).filter(|wanted| !depends(wanted)).collect();
    let package = context.selection.package.as_ref().map(|package| format!(" -p {package}")).unwrap_or_default();
    Ok((!missing.is_empty()).then(|| format!("`cargo add {}{package}`", missing.join(" "))))
}

/// What to type where, if no crate root in `source` declares the module yet.
pub(crate) fn missing_module(source: &Path, module: &str) -> Option<String> {
    let (file, visibility) = [("lib.rs", "pub "), ("main.rs", "")]
        .into_iter()
        .map(|(name, visibility)| (source.join(name), visibility))
        .find(|(path, _)| path.is_file())?;
    let text = std::fs::read_to_string(&file).unwrap_or_default();
    let declaration = format!("mod {module};");
    (!declares(&text, module))
        .then(|| format!("add `{visibility}{declaration}` to {}", path::for_display(&file).display()))
}

/// Whether a crate root has a module, wherever in a line it is declared. Text that does not parse is looked at by words.
fn declares(text: &str, module: &str) -> bool {
    match syn::parse_file(text) {
        Ok(file) => file.items.iter().any(|item| matches!(item, syn::Item::Mod(found) if found.ident == module)),
        Err(_) => text.contains(&format!("mod {module};")),
    }
}

/// Whether a source file seems to declare a table or a view.
pub(crate) fn mentions_derive(text: &str) -> bool {
    text.contains("dbmigrate") && text.contains("derive(") && (text.contains("Table") || text.contains("View"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_is_found_wherever_it_is_declared() {
        for text in [
            "mod schema; fn main() {}",
            "pub(crate) mod schema;",
            "#[path = \"a.rs\"] mod schema;",
            "fn a() {}\nmod schema {}",
        ] {
            assert!(declares(text, "schema"), "{text}");
        }
        for text in ["", "// mod schema;\nfn main() {}", "mod schemas;", "mod other { mod schema; }"] {
            assert!(!declares(text, "schema"), "{text}");
        }
        // in the middle of an edit
        assert!(declares("mod schema;\nfn main() {", "schema"));
    }
}
