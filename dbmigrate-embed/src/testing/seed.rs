//! Rows of a set, written into a template by `cargo dbmigrate seed`: once for the same files, so that an
//! application's tests compile nothing of what reads, checks and generates rows.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher as _};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, PoisonError};

use dbmigrate_core::seed_sets::sets;

use super::request::Request;

/// The subcommand, as cargo looks for it.
const TOOL: &str = "cargo-dbmigrate";

/// A set, as its files were when it was first asked for.
#[derive(Debug, Clone)]
pub(super) struct Seed {
    root: PathBuf,
    set: &'static str,
    /// The folder of the sets, and the name of the database that they are for.
    seeds: (&'static str, &'static str),
    hash: String,
}

impl Seed {
    /// The set of a test. Its files are read once in a process.
    ///
    /// # Errors
    /// As for [`Seed::read`].
    pub(super) fn of(request: &Request, set: &'static str) -> Result<Self, String> {
        static KNOWN: Mutex<Vec<Seed>> = Mutex::new(Vec::new());
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        let root = request.root();
        let seeds = request.seeds;
        let is_it = |seed: &&Seed| seed.set == set && seed.seeds == seeds && seed.root == root;
        if let Some(seed) = known.iter().find(is_it) {
            return Ok(seed.clone());
        }
        let seed = Self::read(root, set, seeds)?;
        known.push(seed.clone());
        Ok(seed)
    }

    /// Reads the files of a set, as far as it takes to tell whether they are others.
    ///
    /// # Errors
    /// If there is no such set, or it cannot be read.
    fn read(root: PathBuf, set: &'static str, seeds: (&'static str, &'static str)) -> Result<Self, String> {
        let folder = root.join(seeds.0);
        let failed = |error: io::Error| format!("cannot read `{}`: {error}", folder.join(set).display());
        if !sets(&folder).map_err(failed)?.iter().any(|known| known == set) {
            return Err(format!("no set named `{set}` in `{}`", folder.display()));
        }
        let mut hasher = DefaultHasher::new();
        let mut variables = BTreeSet::new();
        hashed(&folder.join(set), &mut hasher, &mut variables).map_err(failed)?;
        for variable in &variables {
            (variable, std::env::var_os(variable)).hash(&mut hasher);
        }
        if !variables.is_empty() {
            std::fs::read(root.join(".env")).ok().hash(&mut hasher);
        }
        // what generates rows looks at these as well
        std::fs::read(root.join("dbmigrate.toml")).ok().hash(&mut hasher);
        seeds.hash(&mut hasher);
        Ok(Self { root, set, seeds, hash: format!("{set}-{:016x}", hasher.finish()) })
    }

    /// What is the same for the same files and variables only.
    pub(super) fn hash(&self) -> &str {
        &self.hash
    }

    /// Writes the rows into a database that has the schema.
    ///
    /// # Errors
    /// What the subcommand says, or that it is not there.
    pub(super) fn write(&self, path: &Path) -> Result<(), String> {
        let output = self.run(path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => format!(
                "the rows of `{}/{}` are written by `cargo dbmigrate`, which is not installed\n\
                 help: install it: `cargo install cargo-dbmigrate`",
                self.seeds.0, self.set
            ),
            _ => format!("cannot start `cargo dbmigrate`: {error}"),
        })?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let (folder, set) = (self.seeds.0, self.set);
        Err(format!("cannot write the rows of `{folder}/{set}` into a database for tests\n{}", said.trim()))
    }

    fn run(&self, path: &Path) -> io::Result<Output> {
        let run = |mut command: Command| {
            command.args(["dbmigrate", "seed", self.set, "--quiet", "--color=never", "--url"]).arg(path);
            if !self.seeds.1.is_empty() {
                command.args(["--database", self.seeds.1]);
            }
            command.current_dir(&self.root).output()
        };
        match run(Command::new(TOOL)) {
            // cargo may know it under another name: an alias of the workspace
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
                let output = run(Command::new(cargo))?;
                let is_unknown = String::from_utf8_lossy(&output.stderr).contains("no such command: `dbmigrate`");
                if is_unknown { Err(error) } else { Ok(output) }
            }
            result => result,
        }
    }
}

/// Names and contents of the files in a folder, in the order of their names, and the variables that they mention.
fn hashed(folder: &Path, hasher: &mut DefaultHasher, variables: &mut BTreeSet<String>) -> io::Result<()> {
    let mut paths = std::fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<PathBuf>>>()?;
    paths.sort();
    for path in paths {
        path.file_name().hash(hasher);
        if path.is_dir() {
            hashed(&path, hasher, variables)?;
        } else {
            let bytes = std::fs::read(&path)?;
            bytes.hash(hasher);
            variables.extend(variables_of(&String::from_utf8_lossy(&bytes)));
        }
    }
    Ok(())
}

/// The names behind `env`, as TOML and JSON have them: `{ env = "NAME" }`, `{"env": "NAME"}`. One too many costs nothing
/// but a template that is made again.
fn variables_of(text: &str) -> impl Iterator<Item = String> {
    text.split("env").skip(1).filter_map(|rest| {
        let rest = rest.trim_start_matches(['"', '\'']).trim_start();
        let rest = rest.strip_prefix(['=', ':'])?.trim_start();
        let rest = rest.strip_prefix(['"', '\''])?;
        let (name, _) = rest.split_once(['"', '\''])?;
        (!name.is_empty()).then(|| name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_found_in_every_format() {
        let found = |text: &str| variables_of(text).collect::<Vec<_>>();
        assert_eq!(
            found("email = { env = \"ADMIN_EMAIL\" }\nname = { env='NAME', default = 'x' }"),
            ["ADMIN_EMAIL", "NAME"]
        );
        assert_eq!(found("[{ \"email\": { \"env\": \"ADMIN_EMAIL\" } }]"), ["ADMIN_EMAIL"]);
        assert_eq!(found("environment,env\n1,2\n"), [""; 0]);
    }
}
