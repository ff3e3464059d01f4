//! Structs that rustc has to accept: many schemas as modules of one crate, checked at once.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// What rustc says, by the name of the module.
pub(crate) type Complaints = BTreeMap<String, String>;

/// The files of a module's folder, `mod.rs` among them.
pub(crate) type Files = BTreeMap<String, String>;

/// A module by a name for people.
pub(crate) type Module = (String, Files);

/// The manifest: a package outside of the workspace, that depends on what applications depend on.
///
/// Its profile is that of the suite `compiler`, which has compiled the dependencies already.
const MANIFEST: &str = r#"[package]
name = "pulled"
version = "0.1.0"
edition = "2024"

[dependencies]
dbmigrate-rs = { path = "FACADE" }
# what is pulled of a column with JSON names it
serde_json = "1"

[profile.dev]
debug = false

[workspace]
"#;

/// Checks modules in one crate, the folder of which is kept for the next time.
pub(crate) fn compile(folder: &str, modules: &[Module]) -> Result<Complaints, String> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let package = target.join(folder);
    let facade = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let facade = facade.canonicalize().map_err(|error| error.to_string())?;
    let lib: Vec<String> = (0..modules.len()).map(|at| format!("pub mod m{at};\n")).collect();
    write(&package.join("Cargo.toml"), &MANIFEST.replace("FACADE", &facade.display().to_string()))?;
    write(&package.join("src/lib.rs"), &lib.concat())?;
    for (at, (_, files)) in modules.iter().enumerate() {
        for (file, text) in files {
            write(&package.join(format!("src/m{at}")).join(file), text)?;
        }
    }
    // the versions that the workspace has, so that nothing has to be downloaded
    std::fs::copy(facade.join("Cargo.lock"), package.join("Cargo.lock")).map_err(|error| error.to_string())?;
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["check", "--offline", "--quiet", "--message-format=json", "--target-dir"])
        .arg(target.join("check"))
        .current_dir(&package)
        .output()
        .map_err(|error| error.to_string())?;
    let complaints = complaints(&String::from_utf8_lossy(&output.stdout), modules);
    if complaints.is_empty() && !output.status.success() {
        // what points into no module is no module's fault
        let said = [&output.stderr[..], &output.stdout[..]].concat();
        return Err(String::from_utf8_lossy(&said).into_owned());
    }
    Ok(complaints)
}

/// Errors and warnings, by the module that they point into.
fn complaints(messages: &str, modules: &[Module]) -> Complaints {
    let mut complaints = Complaints::new();
    for line in messages.lines() {
        let Ok(message) = serde_json::from_str::<Value>(line) else { continue };
        let message = &message["message"];
        let spans = message["spans"].as_array().into_iter().flatten();
        let mut files = spans.filter_map(|span| span["file_name"].as_str());
        let module =
            files.find_map(|file| file.strip_prefix("src/m")?.split(['/', '\\']).next()?.parse::<usize>().ok());
        // a summary, such as how many errors there were, points nowhere
        let Some((name, _)) = module.and_then(|module| modules.get(module)) else { continue };
        let text = message["rendered"].as_str().unwrap_or_default();
        complaints.entry(name.clone()).or_default().push_str(text);
    }
    complaints
}

/// Writes a file that is not what it has to be: an unchanged one need not be compiled again.
fn write(path: &Path, text: &str) -> Result<(), String> {
    if std::fs::read_to_string(path).is_ok_and(|found| found == text) {
        return Ok(());
    }
    let write = || {
        std::fs::create_dir_all(path.parent().unwrap_or(path))?;
        std::fs::write(path, text)
    };
    write().map_err(|error| format!("{}: {error}", path.display()))
}
