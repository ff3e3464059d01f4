//! `[databases.NAME]`: further databases of a package, each with structs, a migrations folder and a history of its own.
//! A configuration is always that of one database; [`Config::of`] makes the one of another.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{CompileCheck, Config, SetLevel};
use crate::ignore::Ignore;
use crate::seed_sets;

/// What the database is called that has no table: that of everything which is not said to belong to another one.
pub const DEFAULT_DATABASE: &str = "default";

/// The names of the fields of a database.
pub const DATABASE_FIELDS: [&str; 14] = [
    "structs",
    "root",
    "migrations",
    "seeds",
    "url",
    "url_env",
    "token_env",
    "ignore",
    "compile_check",
    "keep",
    "keep_days",
    "backups",
    "max_write_lock",
    "lints",
];

/// A further database of a package, as it is configured. What is missing is as it is for the package, but for what says
/// which database it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Database {
    /// Its name: ASCII letters, digits, `-` and `_`.
    pub name: String,
    /// The modules whose structs are its, each from the crate root: `["tenant", "billing"]` for `crate::tenant::billing`.
    pub structs: Vec<Vec<String>>,
    /// The crate root whose structs are its, relative to the package.
    pub root: Option<PathBuf>,
    /// The folder of its migrations, relative to the package.
    pub migrations: Option<PathBuf>,
    /// The folder of its sets of rows, relative to the package.
    pub seeds: Option<PathBuf>,
    /// Its URL, relative to the package.
    pub url: Option<String>,
    /// The environment variable that has its URL.
    pub url_env: Option<String>,
    /// The environment variable that has the token for its server.
    pub token_env: Option<String>,
    /// The tables and views of other programs in it.
    pub ignore: Option<Ignore>,
    /// What the compiler says of a struct that differs from its migrations.
    pub compile_check: Option<CompileCheck>,
    /// Whether `generate` keeps what it drops and converts.
    pub keep: Option<bool>,
    /// For how many days what is kept is wanted.
    pub keep_days: Option<u32>,
    /// The folder for its backups, relative to the package.
    pub backups: Option<PathBuf>,
    /// How long pending migrations may keep others from writing to it.
    pub max_write_lock: Option<Duration>,
    /// The levels of lints that are others than those of the package.
    pub lints: Vec<SetLevel>,
}

/// The database that a configuration is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    /// Its name.
    pub name: String,
    /// The environment variable that has its URL.
    pub url_variable: String,
    /// The environment variable that has its token, unless `token_env` names another one.
    pub token_variable: String,
}

impl Database {
    /// The folder of its migrations. Beside the one of the default database and not in it, where every folder is a
    /// migration.
    pub fn migrations(&self) -> PathBuf {
        self.migrations.clone().unwrap_or_else(|| PathBuf::from(format!("migrations-{}", self.name)))
    }

    /// The folder of its sets of rows.
    pub fn seeds(&self) -> PathBuf {
        self.seeds.clone().unwrap_or_else(|| PathBuf::from(format!("{}-{}", seed_sets::FOLDER, self.name)))
    }

    /// Whether its table says something about a key of [`DATABASE_FIELDS`] that the package can have as well.
    fn has(&self, key: &str) -> bool {
        match key {
            "ignore" => self.ignore.is_some(),
            "compile_check" => self.compile_check.is_some(),
            "keep" => self.keep.is_some(),
            "keep_days" => self.keep_days.is_some(),
            "backups" => self.backups.is_some(),
            "max_write_lock" => self.max_write_lock.is_some(),
            "root" => self.root.is_some(),
            // what says which database it is, is never that of the package
            "migrations" | "seeds" | "url" | "token_env" => true,
            _ => false,
        }
    }

    /// How well a struct fits that says itself nothing about its database: `module` is the path of its module from the
    /// crate root, `is_root` says whether a file is that root. None: it does not.
    fn fit(&self, module: &[impl AsRef<str>], is_root: &impl Fn(&Path) -> bool) -> Option<(usize, bool)> {
        let is_of_root = match &self.root {
            Some(root) if !is_root(root) => return None,
            root => root.is_some(),
        };
        if self.structs.is_empty() {
            return is_of_root.then_some((0, true));
        }
        let is_within = |path: &&Vec<String>| {
            path.len() <= module.len() && path.iter().zip(module).all(|(one, other)| one == other.as_ref())
        };
        let longest = self.structs.iter().filter(is_within).map(Vec::len).max()?;
        Some((longest, is_of_root))
    }
}

impl Config {
    /// The name of the database that this is of; `None` for the default one.
    pub fn database_name(&self) -> Option<&str> {
        self.database.as_ref().map(|database| database.name.as_str())
    }

    /// The same of another database of the package, from the configuration of the default one, which is what
    /// [`Config::parse`] makes; `None` if there is none of that name.
    #[must_use]
    pub fn of(&self, name: Option<&str>) -> Option<Self> {
        let all = self.targets.iter().chain(&self.other_targets).cloned();
        let (targets, other_targets) = all.partition(|target| target.database.as_deref() == name);
        let Some(name) = name else { return Some(Self { targets, other_targets, ..self.clone() }) };
        let own = self.databases.iter().find(|database| database.name == name)?;
        Some(Self {
            database: Some(Chosen {
                name: name.to_owned(),
                url_variable: own.url_env.clone().unwrap_or_else(|| variable(name, "DATABASE_URL")),
                token_variable: variable(name, "AUTH_TOKEN"),
            }),
            migrations: own.migrations(),
            seeds: own.seeds(),
            root: own.root.clone().or_else(|| self.root.clone()),
            url: own.url.clone(),
            token_env: own.token_env.clone(),
            ignore: own.ignore.clone().unwrap_or_else(|| self.ignore.clone()),
            compile_check: own.compile_check.unwrap_or(self.compile_check),
            keep: own.keep.unwrap_or(self.keep),
            keep_days: own.keep_days.or(self.keep_days),
            backups: own.backups.clone().or_else(|| self.backups.clone()),
            max_write_lock: own.max_write_lock.or(self.max_write_lock),
            // the last one that is set counts
            lints: self.lints.iter().chain(&own.lints).cloned().collect(),
            targets,
            other_targets,
            ..self.clone()
        })
    }

    /// The table of the database that this is of; `None` for the default one.
    pub fn own_table(&self) -> Option<&Database> {
        self.databases.iter().find(|database| self.database_name() == Some(&database.name))
    }

    /// The file that new structs of the database that this is of go to, relative to the package.
    pub fn structs_file(&self) -> PathBuf {
        let Some(own) = self.own_table() else { return PathBuf::from("src/schema.rs") };
        let folder = self.root.as_deref().and_then(Path::parent).unwrap_or(Path::new("src"));
        match own.structs.first() {
            Some(module) => folder.join(module.join("/")).with_extension("rs"),
            None => own.root.clone().unwrap_or_else(|| folder.join(own.name.replace('-', "_")).with_extension("rs")),
        }
    }

    /// A line as it has to stand in the configuration to be about the database that this is of, in backticks.
    pub fn setting(&self, line: &str) -> String {
        match self.database_name() {
            Some(name) => format!("`[databases.{name}]`, `{line}`"),
            None => format!("`{line}`"),
        }
    }

    /// A key, with the table that has the one which counts, in backticks.
    pub fn key(&self, key: &str) -> String {
        match self.own_table().filter(|own| own.has(key)) {
            Some(own) => format!("`{key}` of `[databases.{}]`", own.name),
            None => format!("`{key}`"),
        }
    }

    /// The same for the limit of a target or a member of it, which counts more than that of its database.
    pub fn key_of_max_write_lock(&self, target: Option<&str>) -> String {
        const KEY: &str = "max_write_lock";
        let table = target.and_then(|name| name.split('/').next());
        let own = self.targets.iter().find(|target| Some(target.name.as_str()) == table);
        match own.filter(|target| target.max_write_lock.is_some()) {
            Some(target) => format!("`{KEY}` of `[targets.{}]`", target.name),
            None => self.key(KEY),
        }
    }

    /// The names of all databases, the default one first.
    pub fn database_names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(DEFAULT_DATABASE).chain(self.databases.iter().map(|database| database.name.as_str()))
    }

    /// The database that a struct belongs to which does not say so itself: that of the innermost module, else that of its
    /// crate root, else the default one.
    pub fn database_of(&self, module: &[impl AsRef<str>], is_root: impl Fn(&Path) -> bool) -> Option<&Database> {
        let fitting = self.databases.iter().filter_map(|database| Some((database.fit(module, &is_root)?, database)));
        fitting.max_by_key(|(fit, _)| *fit).map(|(_, database)| database)
    }
}

/// The flag that chooses a database, with a space before it; empty for the default one.
pub fn database_flag(name: Option<&str>) -> String {
    name.map(|name| format!(" --database {name}")).unwrap_or_default()
}

/// The variable of a database.
fn variable(name: &str, what: &str) -> String {
    format!("{}_{what}", name.to_ascii_uppercase().replace('-', "_"))
}
