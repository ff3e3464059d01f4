//! Reads `[databases]`, and refuses what two databases cannot share.

use std::path::{Component, Path, PathBuf};

use super::fields::{Field, Value};
use super::parse::{Misread, folder, is_name, levels, span, unknown, url, variable};
use super::{ALL_TARGETS, Config, DATABASE_FIELDS, DEFAULT_DATABASE, Database, FILE_NAME};
use crate::declare::errors::closest;
use crate::ignore::Ignore;

/// Reads the tables, with the byte that each begins at; `text` is all of the file.
pub(super) fn databases(value: Value, text: &str) -> Result<(Vec<Database>, Vec<usize>), Misread> {
    let named = value.fields("tables, such as `[databases.tenant]`")?;
    named.into_iter().map(|field| (field.at, field)).map(|(at, field)| Ok((database(field, text)?, at))).collect()
}

fn database(Field { name, at, value }: Field, text: &str) -> Result<Database, Misread> {
    if !is_name(&name) {
        let misread = Misread::from(("the name of a database has letters, digits, `-` and `_` only".to_owned(), at));
        return Err(misread.help("such as `[databases.tenant]`"));
    }
    if [DEFAULT_DATABASE, ALL_TARGETS].contains(&name.as_str()) {
        let what = if name == DEFAULT_DATABASE { "the one without a table" } else { "all of them" };
        let misread = Misread::from((format!("`{name}` is no name for a database: it means {what}"), at));
        return Err(misread.help("choose another name, such as `[databases.tenant]`"));
    }
    let mut database = Database { name: name.clone(), ..Database::default() };
    for Field { name: field, at, value } in value.fields(&format!("a table, such as `[databases.{name}]`"))? {
        match field.as_str() {
            "structs" => database.structs = modules(value)?,
            "root" => database.root = Some(folder(&field, value, at)?),
            "migrations" => database.migrations = Some(folder(&field, value, at)?),
            "seeds" => database.seeds = Some(folder(&field, value, at)?),
            "url" => database.url = Some(url(value, at)?),
            "url_env" => database.url_env = Some(variable(&field, value, at)?),
            "token_env" => database.token_env = Some(variable(&field, value, at)?),
            "ignore" => database.ignore = Some(Ignore::new(value.list()?)),
            "compile_check" => database.compile_check = Some(value.parsed()?),
            "keep" => database.keep = Some(value.boolean()?),
            "keep_days" => database.keep_days = Some(value.integer()?),
            "backups" => database.backups = Some(folder(&field, value, at)?),
            "max_write_lock" => database.max_write_lock = Some(span(&field, value, at)?),
            "lints" => database.lints = levels(value, text, &format!("databases.{name}.lints"))?,
            "targets" => {
                let misread = Misread::from((format!("the targets of `{name}` are not in its table"), at));
                return Err(misread.help(format!("write `[targets.NAME]` with `database = \"{name}\"`")));
            }
            _ => return Err(unknown(&field, at, &DATABASE_FIELDS)),
        }
    }
    Ok(database)
}

/// One module or several.
fn modules(value: Value) -> Result<Vec<Vec<String>>, Misread> {
    let values = if value.is_list() { value.values("a list of modules")? } else { vec![value] };
    values.into_iter().map(module).collect()
}

fn module(value: Value) -> Result<Vec<String>, Misread> {
    let at = value.at();
    let text = value.string()?;
    let is_ident = |part: &&str| {
        let is_word = |char: char| char.is_alphanumeric() || char == '_';
        !part.is_empty() && !part.starts_with(|first: char| first.is_numeric()) && part.chars().all(is_word)
    };
    let mut parts = text.split("::").map(str::trim).map(|part| part.strip_prefix("r#").unwrap_or(part));
    let is_from_root = parts.next() == Some("crate");
    let path: Vec<&str> = parts.collect();
    if is_from_root && !path.is_empty() && path.iter().all(is_ident) {
        return Ok(path.into_iter().map(str::to_owned).collect());
    }
    let misread = Misread::from((format!("`{text}` is not the path of a module"), at));
    Err(misread
        .help("write it from the crate root: `structs = \"crate::tenant\"`; for a crate root: `root = \"FILE\"`"))
}

/// Refuses targets of databases that there are not; `mentioned` are the names with their places.
pub(super) fn refuse_unknown(config: &Config, mentioned: &[(String, usize)]) -> Result<(), Misread> {
    let is_unknown = |(name, _): &&(String, usize)| config.database_names().all(|known| known != name);
    let Some((name, at)) = mentioned.iter().find(is_unknown) else { return Ok(()) };
    let misread = Misread::from((format!("no database named `{name}`"), *at));
    Err(misread.help(match closest(name, config.database_names()) {
        Some(known) => format!("did you mean `{known}`?"),
        None => format!("add it: `[databases.{name}]`"),
    }))
}

/// Refuses databases that have a folder or structs in common; `places` are the bytes that their tables begin at.
pub(super) fn refuse_shared(config: &Config, places: &[usize]) -> Result<(), Misread> {
    let mut all: Vec<(&str, PathBuf)> = vec![(DEFAULT_DATABASE, plain(&config.migrations))];
    // an empty one is refused as such
    all.retain(|(_, folder)| !folder.as_os_str().is_empty());
    for (at, (database, byte)) in config.databases.iter().zip(places).enumerate() {
        let (name, own) = (database.name.as_str(), plain(&database.migrations()));
        let message = all.iter().find_map(|(other, folder)| {
            let what = if own == *folder {
                "are in one folder"
            } else if own.starts_with(folder) || folder.starts_with(&own) {
                "are in each other's folder"
            } else {
                return None;
            };
            Some(format!("the migrations of the databases `{other}` and `{name}` {what}"))
        });
        if let Some(message) = message {
            let help = format!("name another one in `[databases.{name}]`: `migrations = \"migrations-{name}\"`");
            return Err(Misread::from((message, *byte)).help(help));
        }
        let twice = config.databases[..at].iter().find(|other| {
            let is_same_root = other.root == database.root;
            let has_module = other.structs.iter().any(|module| database.structs.contains(module));
            is_same_root && (has_module || (other.root.is_some() && other.structs == database.structs))
        });
        if let Some(other) = twice {
            let message = format!("the databases `{}` and `{name}` have the same structs", other.name);
            let help = format!("name other ones for one of them in `{FILE_NAME}`: `structs = \"crate::{name}\"`");
            return Err(Misread::from((message, *byte)).help(help));
        }
        all.push((name, own));
    }
    Ok(())
}

/// The path without `.`, for comparison.
fn plain(path: &Path) -> PathBuf {
    path.components().filter(|part| !matches!(part, Component::CurDir)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &str = "migrations = 'db'\nignore = ['a_*']\nkeep = true\nurl = 'dev.db'\ntoken_env = 'T'\n[lints]\n\
                       drop_column = 'deny'\n[databases.tenant]\nstructs = 'crate::tenant'\n\
                       lints.drop_column = 'allow'\n[targets.a]\nurl = 'a.db'\n[targets.b]\nurl = 'b.db'\n\
                       database = 'tenant'\n[targets.c]\nurl = 'c.db'\ndatabase = 'default'";

    #[test]
    fn a_database_has_a_folder_variables_targets_and_levels_of_its_own() {
        let config = Config::parse(TWO).expect("right");
        let tenant = config.of(Some("tenant")).expect("it is there");
        assert_eq!(
            (tenant.migrations.as_path(), tenant.seeds.as_path()),
            (Path::new("migrations-tenant"), Path::new("seeds-tenant"))
        );
        assert_eq!((tenant.url_variable(), tenant.token_variable()), ("TENANT_DATABASE_URL", "TENANT_AUTH_TOKEN"));
        assert_eq!((tenant.url.as_deref(), tenant.token_env.as_deref()), (None, None));
        // what says nothing about which database it is
        assert!(tenant.keep && tenant.ignore == config.ignore);
        let names = |config: &Config| config.targets.iter().map(|target| target.name.clone()).collect::<Vec<_>>();
        assert_eq!(names(&tenant), ["b"]);
        let default = config.of(None).expect("it is there");
        assert_eq!(names(&default), ["a", "c"]);
        assert_eq!((default.url_variable(), default.migrations.as_path()), ("TURSO_DATABASE_URL", Path::new("db")));
        assert_eq!(tenant.lints.last().map(|set| set.level.word()), Some("allow"));
        // and from one to the other
        assert_eq!(default.of(Some("tenant")).map(|again| names(&again)), Some(names(&tenant)));
        assert_eq!(config.of(Some("nobody")), None);
    }

    #[test]
    fn a_struct_belongs_to_the_database_of_its_innermost_module_or_of_its_crate_root() {
        let text = "[databases.a]\nstructs = ['crate::a', 'crate::more::a']\n[databases.b]\nstructs = 'crate::a::b'\n\
                    [databases.c]\nroot = 'src/bin/c.rs'\n[databases.d]\nroot = 'src/bin/c.rs'\nstructs = 'crate::d'\n\
                    [databases.by_attribute]";
        let config = Config::parse(text).expect("right");
        let of = |module: &str, root: &str| {
            let module: Vec<&str> = module.split("::").filter(|part| !part.is_empty()).collect();
            let found = config.database_of(&module, |file| file == Path::new(root));
            found.map_or(DEFAULT_DATABASE, |database| &database.name).to_owned()
        };
        assert_eq!(of("", "src/lib.rs"), DEFAULT_DATABASE);
        assert_eq!(of("ab", "src/lib.rs"), DEFAULT_DATABASE);
        assert_eq!(
            (of("a", "src/lib.rs"), of("a::x", "src/lib.rs"), of("more::a", "")),
            ("a".into(), "a".into(), "a".into())
        );
        assert_eq!((of("a::b", "src/lib.rs"), of("a::b::c", "src/lib.rs")), ("b".into(), "b".into()));
        assert_eq!((of("", "src/bin/c.rs"), of("x", "src/bin/c.rs")), ("c".into(), "c".into()));
        assert_eq!((of("d", "src/bin/c.rs"), of("d", "src/lib.rs")), ("d".into(), DEFAULT_DATABASE.to_owned()));
    }

    #[test]
    fn a_hint_names_the_table_that_counts() {
        let text = "ignore = ['a']\n[databases.tenant]\nstructs = ['crate::a::b', 'crate::c']\nkeep_days = 3\n\
                    [databases.by-attribute]\nignore = ['b']\n[databases.of_root]\nroot = 'src/bin/x.rs'\n\
                    [targets.t]\nurl = 'a'\ndatabase = 'tenant'\nmax_write_lock = '1s'";
        let config = Config::parse(text).expect("right");
        let of = |name| config.of(Some(name)).expect("it is there");
        assert_eq!(
            (config.setting("keep_days = 90"), config.key("ignore")),
            ("`keep_days = 90`".into(), "`ignore`".into())
        );
        let tenant = of("tenant");
        assert_eq!(tenant.setting("keep_days = 90"), "`[databases.tenant]`, `keep_days = 90`");
        assert_eq!(
            (tenant.key("ignore"), tenant.key("keep_days")),
            ("`ignore`".into(), "`keep_days` of `[databases.tenant]`".into())
        );
        assert_eq!(of("by-attribute").key("ignore"), "`ignore` of `[databases.by-attribute]`");
        assert_eq!(tenant.key_of_max_write_lock(Some("t")), "`max_write_lock` of `[targets.t]`");
        assert_eq!(tenant.key_of_max_write_lock(None), "`max_write_lock`");
        let files = [("tenant", "src/a/b.rs"), ("by-attribute", "src/by_attribute.rs"), ("of_root", "src/bin/x.rs")];
        for (name, file) in files {
            assert_eq!(of(name).structs_file(), Path::new(file));
        }
        assert_eq!(config.structs_file(), Path::new("src/schema.rs"));
    }

    #[test]
    fn wrong_databases_are_refused_at_their_place() {
        for (text, wanted) in [
            ("databases = 1", "1:13 invalid type: integer, expected tables, such as `[databases.tenant]`"),
            ("[databases.'a b']", "1:12 the name of a database has letters"),
            ("[databases.all]", "1:12 `all` is no name for a database"),
            ("[databases.default]", "1:12 `default` is no name for a database: it means the one without a table"),
            ("[databases.a]\nstruct = 'crate::a'", "2:1 unknown field `struct` did you mean `structs`?"),
            ("[databases.a]\nstructs = 'a'", "2:11 `a` is not the path of a module write it from the crate root"),
            ("[databases.a]\nstructs = ['crate']", "2:12 `crate` is not the path of a module"),
            ("[databases.a]\nstructs = 'src/a.rs'", "2:11 `src/a.rs` is not the path of a module"),
            ("[databases.a]\nmigrations = ''", "2:1 `migrations` is blank"),
            (
                "[databases.a.targets.b]\nurl = 'b'",
                "1:14 the targets of `a` are not in its table write `[targets.NAME]` with",
            ),
            (
                "[targets.a]\nurl = 'a'\ndatabase = 'tenent'\n[databases.tenant]",
                "3:12 no database named `tenent` did you mean `tenant`?",
            ),
            ("[targets.a]\nurl = 'a'\ndatabase = 'x'", "3:12 no database named `x` add it: `[databases.x]`"),
            (
                "[databases.a]\nmigrations = 'migrations'",
                "1:12 the migrations of the databases `default` and `a` are in one folder",
            ),
            (
                "[databases.a]\nmigrations = './migrations/a'",
                "1:12 the migrations of the databases `default` and `a` are in each other's folder",
            ),
            (
                "[databases.a]\nmigrations = 'x'\n[databases.b]\nmigrations = 'x/'",
                "3:12 the migrations of the databases `a` and `b` are in one",
            ),
            (
                "[databases.a]\nstructs = 'crate::x'\n[databases.b]\nstructs = 'crate::x'",
                "3:12 the databases `a` and `b` have the same structs",
            ),
        ] {
            let problem = Config::parse(text).expect_err(text);
            let (line, column) = problem.place.unwrap_or_default();
            let said = format!("{line}:{column} {} {}", problem.message, problem.help.unwrap_or_default());
            assert!(said.starts_with(wanted), "{text}: {said}");
        }
    }
}
