//! Which tables and views are meant by `--tables`.

use std::fmt;
use std::str::FromStr;

use dbmigrate_core::engine::Introspected;
use dbmigrate_core::schema::Schema;
use dbmigrate_core::shell::shell_flag;
use dbmigrate_core::sql::Name;
use dbmigrate_core::sql::glob::{Glob, GlobError};

use crate::error::{CommandError, Result, did_you_mean};

/// A value of `--tables`: a pattern for what is meant, or behind a `!` for what is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TablePattern {
    glob: Glob,
    excludes: bool,
}

impl FromStr for TablePattern {
    type Err = GlobError;

    fn from_str(text: &str) -> std::result::Result<Self, GlobError> {
        let excluded = text.strip_prefix('!');
        Ok(Self { glob: excluded.unwrap_or(text).parse()?, excludes: excluded.is_some() })
    }
}

/// As it is typed.
impl fmt::Display for TablePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.excludes { "!" } else { "" }, self.glob)
    }
}

/// An object that is pulled and uses others that are not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Outside {
    /// `table` or `view`.
    pub kind: &'static str,
    /// Its name.
    pub name: Name,
    /// What it uses.
    pub uses: Vec<Name>,
}

/// Takes out of what was found in a database what the patterns do not mean. What belongs to a table (indexes,
/// triggers) goes with it. Returns where what is left uses what was taken out.
///
/// # Errors
/// Exit code 2 for a pattern that stands for nothing.
pub(super) fn select(found: &mut Introspected, patterns: &[TablePattern]) -> Result<Vec<Outside>> {
    let names = names(found);
    for pattern in patterns {
        if !names.iter().any(|name| pattern.glob.matches(name)) {
            return Err(unknown(pattern, &names));
        }
    }
    let all = patterns.iter().all(|pattern| pattern.excludes);
    let is_meant = |name: &Name| {
        let by = |excludes| patterns.iter().any(|one| one.excludes == excludes && one.glob.matches(name));
        (all || by(false)) && !by(true)
    };
    let schema = &mut found.schema;
    schema.tables = std::mem::take(&mut schema.tables).into_iter().filter(|table| is_meant(&table.name)).collect();
    schema.virtual_tables =
        std::mem::take(&mut schema.virtual_tables).into_iter().filter(|table| is_meant(&table.name)).collect();
    schema.views = std::mem::take(&mut schema.views).into_iter().filter(|view| is_meant(&view.name)).collect();
    schema.triggers =
        std::mem::take(&mut schema.triggers).into_iter().filter(|trigger| is_meant(&trigger.on)).collect();
    found.unreadable.retain(|unreadable| is_meant(&unreadable.object.table));
    let gone: Vec<&Name> = names.iter().filter(|name| !is_meant(name)).collect();
    Ok(outside(&found.schema, &gone))
}

fn outside(schema: &Schema, gone: &[&Name]) -> Vec<Outside> {
    let among_gone = |is_used: &dyn Fn(&Name) -> bool| -> Vec<Name> {
        gone.iter().filter(|name| is_used(name)).map(|name| (*name).clone()).collect()
    };
    let tables = schema.tables.iter().map(|table| {
        let uses = among_gone(&|name| {
            let mut triggers = schema.triggers.iter().filter(|trigger| trigger.on == table.name);
            table.foreign_keys.iter().any(|key| key.parent == *name) || triggers.any(|trigger| trigger.mentions(name))
        });
        Outside { kind: "table", name: table.name.clone(), uses }
    });
    let views = schema.views.iter().map(|view| {
        let uses = among_gone(&|name| view.query.mentions(name));
        Outside { kind: "view", name: view.name.clone(), uses }
    });
    tables.chain(views).filter(|one| !one.uses.is_empty()).collect()
}

/// The names of all tables and views.
fn names(found: &Introspected) -> Vec<Name> {
    let schema = &found.schema;
    let tables = schema.tables.iter().map(|table| &table.name);
    let readable = tables
        .chain(schema.virtual_tables.iter().map(|table| &table.name))
        .chain(schema.views.iter().map(|view| &view.name));
    readable.chain(found.unreadable.iter().map(|unreadable| &unreadable.object.table)).cloned().collect()
}

fn unknown(pattern: &TablePattern, names: &[Name]) -> CommandError {
    let glob = &pattern.glob;
    let error = CommandError::usage(format!("no table or view matches `{glob}`"));
    let typed = glob.as_str().to_ascii_lowercase();
    let folded: Vec<String> = names.iter().map(Name::folded).collect();
    let meant = did_you_mean(&typed, folded.iter().map(String::as_str));
    let meant = meant.and_then(|meant| names.iter().find(|name| name.folded() == meant));
    let sign = if pattern.excludes { "!" } else { "" };
    match meant {
        Some(name) => {
            error.help(format!("did you mean `{}`?", shell_flag("--tables", &format!("{sign}{}", Glob::of(name)))))
        }
        None if names.is_empty() => error.note("the database has no tables"),
        None => error.help("`*` matches any characters, `?` matches one, a leading `!` excludes"),
    }
}

#[cfg(test)]
mod tests {
    use dbmigrate_core::schema::{Table, Trigger, TriggerEvent, TriggerTiming, View};

    use super::*;

    fn found() -> Introspected {
        let mut found = Introspected::default();
        for table in ["users", "user_roles", "posts"] {
            found.schema.tables.insert(Table::new(table));
        }
        found.schema.views.insert(View {
            name: "active_users".into(),
            columns: Vec::new(),
            query: "SELECT 1".into(),
            unchecked: false,
        });
        found.schema.triggers.insert(Trigger {
            name: "users_inserted".into(),
            on: "posts".into(),
            timing: TriggerTiming::After,
            event: TriggerEvent::Insert,
            when: None,
            body: "SELECT 1".into(),
            unchecked: false,
        });
        found
    }

    fn selected(patterns: &[&str]) -> Result<Vec<String>> {
        let patterns: Vec<TablePattern> = patterns.iter().map(|text| text.parse().expect(text)).collect();
        let mut found = found();
        select(&mut found, &patterns)?;
        let triggers = found.schema.triggers.iter().map(|trigger| &trigger.name);
        Ok(names(&found).iter().chain(triggers).map(ToString::to_string).collect())
    }

    #[test]
    fn patterns_say_what_is_meant_and_what_is_not() {
        for (patterns, wanted) in [
            (&[][..], &["posts", "user_roles", "users", "active_users", "users_inserted"][..]),
            (&["USER*"], &["user_roles", "users"]),
            (&["*users", "posts"], &["posts", "users", "active_users", "users_inserted"]),
            (&["!posts"], &["user_roles", "users", "active_users"]),
            (&["user*", "!user_?oles"], &["users"]),
        ] {
            assert_eq!(selected(patterns).expect("they are right"), wanted, "{patterns:?}");
        }
    }

    #[test]
    fn a_pattern_for_nothing_is_a_mistake() {
        for (patterns, wanted, help) in [
            (&["usres"][..], "no table or view matches `usres`", "did you mean `--tables users`?"),
            (&["users", "!post"], "no table or view matches `post`", "did you mean `--tables '!posts'`?"),
            (&["zzz*"], "no table or view matches `zzz*`", "`*` matches"),
        ] {
            let error = selected(patterns).expect_err("it is wrong");
            assert_eq!((error.exit_code(), error.message()), (crate::exit::USAGE, wanted));
            assert!(error.help_lines()[0].starts_with(help), "{:?}", error.help_lines());
        }
        assert!("{a,b}".parse::<TablePattern>().is_err());
    }
}
