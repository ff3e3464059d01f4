//! A schema from a database to structs and back.

use cargo_dbmigrate::exit;
use dbmigrate_core::engine::introspect;
use pollster::block_on;

use crate::compile::Files;
use crate::project::{Project, Run, load, what_is_wrong};
use crate::support::Change;
use crate::ways::{Way, pull, pull_enums_into, pull_into};

/// What came of a schema that holds.
pub(crate) enum Outcome {
    /// Its structs: in a module that is one file, and with enums in one that has a file for each.
    Same(Files, Files),
    /// It is refused, and that is right.
    Refused(String),
}

/// From a database to structs and back: an empty database becomes an equal one by `push`, and what is pulled from that
/// one is the same text.
pub(crate) fn round_trip(sql: &str, run: Run) -> Result<Outcome, String> {
    let loaded = load(sql)?;
    let project = Project::new(run);
    if let Err(refusal) = pull(&project, sql) {
        return match what_is_wrong(&loaded) {
            Some(wrong) if refusal.code == exit::FAILED => Ok(Outcome::Refused(wrong)),
            _ => Err(format!("`pull` is refused: {refusal}")),
        };
    }
    if loaded.schema.is_empty() {
        let is_written = project.path("src/lib.rs").exists();
        let nothing = Files::from([("mod.rs".to_owned(), String::new())]);
        return if is_written {
            Err("of nothing something is written".to_owned())
        } else {
            Ok(Outcome::Same(nothing.clone(), nothing))
        };
    }
    let read = |file: &str| std::fs::read_to_string(project.path(file)).map_err(|error| format!("{file}: {error}"));
    let structs = read("src/lib.rs")?;
    let again = |database: &str, file: &str| {
        pull_into(&project, &project.path(database).display().to_string(), file).map_err(|error| error.to_string())?;
        read(file)
    };
    if again("wanted.db", "again.rs")? != structs {
        return Err("`pull` says something else the second time".to_owned());
    }
    if let Err(refusal) = Way::Push.apply(&project, &Change::default()) {
        return match what_is_wrong(&loaded) {
            Some(wrong) if refusal.code == exit::FAILED => Ok(Outcome::Refused(wrong)),
            // a database may have keys between types that do not go together, and a new one gets none
            None if refusal.code == exit::DECISION && !loaded.schema.problems().is_empty() => {
                Ok(Outcome::Refused(loaded.schema.problems().remove(0).message))
            }
            _ => Err(format!("`push` is refused: {refusal}\n{structs}")),
        };
    }
    let found = block_on(introspect(&project.place.connect())).map_err(|error| error.to_string())?;
    if found.schema.canonical() != loaded.schema.canonical() {
        return Err(format!("the schema is another one after `push`:\n{structs}"));
    }
    Way::Push.again(&project)?;
    let folder = pull_folder(&project)?;
    Way::Push.again(&project).map_err(|error| format!("with enums, {error}"))?;
    let pushed = again("test.db", "pushed.rs")?;
    if pushed != structs {
        return Err(format!(
            "pulled from what was pushed, the structs differ: {}",
            first_difference(&structs, &pushed)
        ));
    }
    let file = Files::from([("mod.rs".to_owned(), structs)]);
    Ok(Outcome::Same(file, folder))
}

/// Replaces the structs by those of the same database in a folder, with enums, and returns its files.
fn pull_folder(project: &Project) -> Result<Files, String> {
    let (database, folder) = (project.path("wanted.db").display().to_string(), project.path("src/schema"));
    pull_enums_into(project, &database, "src/schema/").map_err(|error| error.to_string())?;
    project.write_structs("pub mod schema;\n");
    let mut files = Files::new();
    for entry in std::fs::read_dir(&folder).map_err(|error| error.to_string())?.flatten() {
        let text = std::fs::read_to_string(entry.path()).map_err(|error| error.to_string())?;
        files.insert(entry.file_name().to_string_lossy().into_owned(), text);
    }
    Ok(files)
}

/// The first lines that differ, and those around them.
fn first_difference(one: &str, two: &str) -> String {
    let at = one.lines().zip(two.lines()).take_while(|(one, two)| one == two).count();
    let part = |text: &str| text.lines().skip(at.saturating_sub(3)).take(9).collect::<Vec<_>>().join("\n  ");
    format!("line {}\n  {}\n---\n  {}", at + 1, part(one), part(two))
}
