//! Which rows that are there already a script writes again, read off its statements: tables that are copied into a new
//! definition, columns that are dropped, values that are updated.

use std::collections::BTreeMap;

use crate::schema::Schema;
use crate::sql::token::{Token, significant};
use crate::sql::{Head, Name, Statement, Verb};

/// Rows that are written again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rewrite {
    /// The table, by the name that it has before the script; `None` for all of them.
    pub table: Option<Name>,
    /// Which statement writes them, counted from 0.
    pub statement: usize,
    /// Whether it is every row of the table, and not only those that the statement finds.
    pub is_whole: bool,
}

/// What the statements rewrite of what is there before them. With that schema at hand, a column that is only computed
/// is known to be dropped without a look at the rows.
pub fn rewrites(statements: &[Statement<'_>], before: Option<&Schema>) -> Vec<Rewrite> {
    let mut script = Script::default();
    for (at, statement) in statements.iter().enumerate() {
        script.follow(at, statement, before);
    }
    script.found.sort_by_key(|found| found.statement);
    script.found
}

/// The name that each table has after a script by the one that it has before, as far as the script renames it: also
/// where a copy takes the place of the table that it was made of.
pub fn renamed(statements: &[Statement<'_>]) -> BTreeMap<Name, Name> {
    let mut script = Script::default();
    for (at, statement) in statements.iter().enumerate() {
        script.follow(at, statement, None);
    }
    script.names.into_iter().map(|(now, was)| (was, now)).filter(|(was, now)| was != now).collect()
}

/// What is known of the tables behind some statements of a script.
#[derive(Debug, Default)]
struct Script {
    /// The tables that are new, with those that rows were copied from and the statements that did it.
    created: BTreeMap<Name, Vec<(Name, usize)>>,
    /// By their names now, the names before of tables that were renamed or replaced by a copy.
    names: BTreeMap<Name, Name>,
    /// The names before of tables that were dropped, as long as a copy of them may take their place.
    copied: BTreeMap<Name, Name>,
    found: Vec<Rewrite>,
}

impl Script {
    fn follow(&mut self, at: usize, statement: &Statement<'_>, before: Option<&Schema>) {
        let tokens = significant(statement.text);
        match Head::read(statement.kind, &tokens) {
            Some(Head::CreateTable(name)) => {
                let is_filled = tokens.iter().any(|token| token.is_word("select"));
                let sources = if is_filled { self.sources(&tokens, at) } else { Vec::new() };
                self.created.insert(name, sources);
            }
            Some(Head::Write(verb, name)) => self.write(at, verb, &name, &tokens),
            Some(Head::DropTable(name)) => self.dropped(&name),
            Some(Head::RenameTable(from, to)) => self.rename(&from, to),
            Some(Head::DropColumn(table, column)) => self.drop_column(at, &table, &column, before),
            None if tokens.first().is_some_and(|first| first.is_word("vacuum")) => {
                let into = tokens.iter().any(|token| token.is_word("into"));
                self.found.extend((!into).then_some(Rewrite { table: None, statement: at, is_whole: true }));
            }
            _ => {}
        }
    }

    /// The name before the script of a table that was there before it.
    fn before(&self, now: &Name) -> Option<Name> {
        if self.created.contains_key(now) {
            return None;
        }
        Some(self.names.get(now).unwrap_or(now).clone())
    }

    /// The tables behind `FROM` and `JOIN` that are older than the script.
    fn sources(&self, tokens: &[Token<'_>], at: usize) -> Vec<(Name, usize)> {
        let behind = |pair: &[Token<'_>]| {
            let is_source = pair[0].is_word("from") || pair[0].is_word("join");
            is_source.then(|| pair[1].identifier().map(Name::from)).flatten()
        };
        let named = tokens.windows(2).filter_map(behind);
        named.filter(|name| !self.created.contains_key(name)).map(|name| (name, at)).collect()
    }

    fn write(&mut self, at: usize, verb: Verb, name: &Name, tokens: &[Token<'_>]) {
        match verb {
            Verb::Insert | Verb::Replace => {
                let sources = self.sources(tokens, at);
                if let Some(known) = self.created.get_mut(name) {
                    known.extend(sources);
                }
            }
            Verb::Update => {
                let is_whole = !tokens.iter().any(|token| token.is_word("where") || token.is_word("from"));
                if let Some(table) = self.before(name) {
                    self.found.push(Rewrite { table: Some(table), statement: at, is_whole });
                }
            }
            Verb::Delete => {}
        }
    }

    /// A table is gone. What was copied from it to a new table was rewritten.
    fn dropped(&mut self, name: &Name) {
        let Some(was) = self.before(name) else {
            self.created.remove(name);
            return;
        };
        self.names.remove(name);
        let mut last = None;
        for (copy, sources) in &mut self.created {
            let statement = sources.iter().filter(|(source, _)| source == name).map(|(_, at)| *at).max();
            sources.retain(|(source, _)| source != name);
            if statement.is_some() {
                self.copied.insert(copy.clone(), was.clone());
            }
            last = last.max(statement);
        }
        // other copies of its rows are new rows
        self.found.extend(last.map(|statement| Rewrite { table: Some(was), statement, is_whole: true }));
    }

    fn rename(&mut self, from: &Name, to: Name) {
        if let Some(sources) = self.created.remove(from) {
            self.created.insert(to.clone(), sources);
            if let Some(was) = self.copied.remove(from) {
                self.names.insert(to, was);
            }
            return;
        }
        let was = self.names.remove(from).unwrap_or_else(|| from.clone());
        for sources in self.created.values_mut() {
            for (source, _) in sources.iter_mut().filter(|(source, _)| source == from) {
                source.clone_from(&to);
            }
        }
        self.names.insert(to, was);
    }

    fn drop_column(&mut self, at: usize, table: &Name, column: &Name, before: Option<&Schema>) {
        let Some(table) = self.before(table) else { return };
        let known = before.and_then(|schema| schema.table(&table)?.column(column));
        let is_computed = known.and_then(|column| column.generated.as_ref()).is_some_and(|made| !made.stored);
        if !is_computed {
            self.found.push(Rewrite { table: Some(table), statement: at, is_whole: true });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::split;

    fn found(text: &str) -> String {
        let words = rewrites(&split(text), None).into_iter().map(|one| {
            let table = one.table.map_or_else(|| "*".to_owned(), |name| name.to_string());
            format!("{table}{} by {}", if one.is_whole { "" } else { " in part" }, one.statement)
        });
        words.collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn a_copy_that_takes_the_place_of_its_table_rewrites_it() {
        for (text, wanted) in [
            (
                "CREATE TABLE n (a); INSERT INTO n (a) SELECT a FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t",
                "t by 1",
            ),
            ("ALTER TABLE t RENAME TO o; CREATE TABLE t (a); INSERT INTO t SELECT a FROM o; DROP TABLE o", "t by 2"),
            (
                "CREATE TABLE n AS SELECT * FROM \"my t\"; DROP TABLE IF EXISTS \"my t\"; ALTER TABLE n RENAME TO \"my t\"",
                "my t by 0",
            ),
            // into a helper and back
            (
                "CREATE TABLE h (a); INSERT INTO h SELECT a FROM t; DROP TABLE t; CREATE TABLE t (a); INSERT INTO t SELECT a FROM h; DROP TABLE h",
                "t by 1",
            ),
        ] {
            assert_eq!(found(text), wanted, "{text}");
            assert!(!renamed(&split(text)).contains_key(&Name::from("t")), "{text}");
        }
    }

    #[test]
    fn what_only_adds_rewrites_nothing() {
        for text in [
            "ALTER TABLE t ADD COLUMN a; CREATE INDEX i ON t (a); CREATE TABLE u (a); INSERT INTO u VALUES (1)",
            "CREATE TABLE n (a); INSERT INTO n SELECT a FROM t; UPDATE n SET a = 1",
            "INSERT INTO t SELECT * FROM t; DELETE FROM t WHERE a; DROP TABLE t; ALTER TABLE u RENAME TO t",
            "ALTER TABLE t RENAME COLUMN a TO \"drop\"; VACUUM INTO 'a.db'; REINDEX; ALTER TABLE t RENAME TO u",
        ] {
            assert_eq!(found(text), "", "{text}");
        }
    }

    #[test]
    fn columns_that_are_dropped_and_values_that_are_updated_are_rewritten() {
        assert_eq!(found("ALTER TABLE t DROP COLUMN a; ALTER TABLE u DROP b"), "t by 0, u by 1");
        assert_eq!(
            found("UPDATE OR IGNORE t SET a = 1; WITH c AS (SELECT 1) UPDATE u SET a = 1 WHERE b"),
            "t by 0, u in part by 1"
        );
        assert_eq!(found("ALTER TABLE t RENAME TO u; UPDATE u SET a = 1; VACUUM"), "t by 1, * by 2");
        let names = renamed(&split("ALTER TABLE t RENAME TO u; ALTER TABLE u RENAME TO v"));
        assert_eq!(names.into_iter().collect::<Vec<_>>(), [("t".into(), "v".into())]);
    }
}
