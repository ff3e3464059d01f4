//! `-- dbmigrate: rebuild users`: the statements behind it copy a table into a new definition, and do nothing else.
//!
//! They stay plain SQL that says all of it, and any SQLite runs them. The mark lets the runner take another way to the
//! same end, where it can prove that it is the same. What a rebuild is, is read here and nowhere else:
//!
//! ```sql
//! CREATE TABLE _dbmigrate_new_users (…);
//! INSERT [OR ABORT] INTO _dbmigrate_new_users (…) SELECT … FROM users;
//! -- with AUTOINCREMENT: the two statements that carry its mark over
//! DROP TABLE users;
//! ALTER TABLE _dbmigrate_new_users RENAME TO users;
//! CREATE INDEX … ON users …; -- any number
//! ```

use std::ops::Range;

use super::{Directive, Problem};
use crate::ddl::{Object, read};
use crate::plan::RowCopy;
use crate::plan::in_place::Rebuilt;
use crate::schema::{Index, Table};
use crate::sql::name::quote_string;
use crate::sql::path::{parse_path, path};
use crate::sql::token::{TokenKind, significant};
use crate::sql::{Head, Name, Statement, StatementKind};

/// The directive.
pub(super) const WORD: &str = MarkedRebuild::WORD;

/// A rebuild that is marked as one.
#[derive(Debug, Clone)]
pub struct MarkedRebuild {
    /// The directive's line, counted from 1.
    pub line: usize,
    /// What it does.
    pub rebuild: Rebuild,
}

/// Statements that copy a table into a new definition, in whose place it then stands.
#[derive(Debug, Clone)]
pub struct Rebuild {
    /// The table.
    pub table: Name,
    /// The name of the new table until it takes the place of the old one.
    pub helper: Name,
    /// Its statements in the script, the first one being `CREATE TABLE`.
    pub statements: Range<usize>,
    /// The new definition, under the name of the table, without its indexes.
    pub definition: Table,
    /// What is filled, in the order in which it is written: the column, or a name of the rowid, and the SQL over a row
    /// of the old table that it is filled with.
    pub values: Vec<(Name, String)>,
    /// Whether the high-water mark of AUTOINCREMENT is carried over.
    pub carries_mark: bool,
    /// The indexes that the table has then, each with the place of its statement in the script.
    pub indexes: Vec<(usize, Index)>,
}

impl MarkedRebuild {
    /// The word of the directive: a text without it has no mark.
    pub const WORD: &'static str = "rebuild";
}

impl Rebuild {
    /// The statements of the script that are its own.
    pub fn of<'s, 't>(&self, statements: &'s [Statement<'t>]) -> &'s [Statement<'t>] {
        statements.get(self.statements.clone()).unwrap_or_default()
    }

    /// Reads the rebuild that begins with the statement at a place.
    pub fn read(statements: &[Statement<'_>], first: usize) -> Option<Self> {
        let text = |at: usize| statements.get(first + at).map(|statement| statement.text);
        let create = statements.get(first).filter(|statement| statement.kind == StatementKind::CreateTable)?;
        let copy = RowCopy::read(text(1)?).filter(|copy| copy.is_whole)?;
        let RowCopy { helper, table, columns, expressions, .. } = copy;
        if helper == table || columns.len() != expressions.len() {
            return None;
        }
        let definition = definition(create.text, &helper, &table)?;
        let carries_mark =
            text(2).zip(text(3)).is_some_and(|(delete, insert)| carries_mark(delete, insert, &table, &helper));
        let mut at = if carries_mark { 4 } else { 2 };
        let head = |at: usize| statements.get(first + at).and_then(Head::of);
        let is_dropped = head(at) == Some(Head::DropTable(table.clone()));
        let table = match head(at + 1) {
            // as it is written there, it is called afterwards
            Some(Head::RenameTable(from, to)) if is_dropped && from == helper && to == table => to,
            _ => return None,
        };
        at += 2;
        let mut indexes = Vec::new();
        while let Some(statement) = statements.get(first + at)
            && statement.kind == StatementKind::CreateIndex
            && let Ok(Object::Index(on, index)) = read(statement.text)
            && on == table
        {
            indexes.push((first + at, index));
            at += 1;
        }
        let values = columns.into_iter().zip(expressions).collect();
        Some(Self { table, helper, statements: first..first + at, definition, values, carries_mark, indexes })
    }

    /// What it makes of the table.
    pub(crate) fn rebuilt(&self) -> Rebuilt<'_> {
        let indexes = self.indexes.iter().map(|(_, index)| index).collect();
        Rebuilt { definition: &self.definition, values: &self.values, carries_mark: self.carries_mark, indexes }
    }

    /// The text of `CREATE TABLE`, or of what a database has stored of it, with the table's own name in the place of the
    /// helper's, in quotes, as `ALTER TABLE … RENAME` writes it.
    pub fn renamed(&self, text: &str) -> String {
        renamed(text, &self.helper, &self.table)
    }
}

/// What the helper is, under the name of the table.
fn definition(create: &str, helper: &Name, table: &Name) -> Option<Table> {
    if Head::read(StatementKind::CreateTable, &significant(create)) != Some(Head::CreateTable(helper.clone())) {
        return None;
    }
    match read(&renamed(create, helper, table)) {
        Ok(Object::Table(definition)) if definition.name == *table => Some(definition),
        _ => None,
    }
}

fn renamed(text: &str, helper: &Name, table: &Name) -> String {
    let (mut renamed, mut end) = (String::with_capacity(text.len()), 0);
    let quoted = format!("\"{}\"", table.as_str().replace('"', "\"\""));
    let tokens = significant(text);
    for (at, token) in tokens.iter().enumerate() {
        // its name, and where it stands before a column; a column of that name is another thing
        let is_before_dot = tokens.get(at + 1).is_some_and(|next| next.kind == TokenKind::Dot);
        let is_name = matches!(token.kind, TokenKind::Word | TokenKind::QuotedName);
        let is_helper = is_name && token.identifier().is_some_and(|name| *helper == *name);
        if is_helper && (end == 0 || is_before_dot) {
            renamed.push_str(&text[end..token.start]);
            renamed.push_str(&quoted);
            end = token.end();
        }
    }
    renamed + &text[end..]
}

/// Whether two statements carry the high-water mark of AUTOINCREMENT over to the helper, and nothing else.
fn carries_mark(delete: &str, insert: &str, table: &Name, helper: &Name) -> bool {
    let (table, helper) = (quote_string(table.as_str()), quote_string(helper.as_str()));
    let wanted = [
        format!("DELETE FROM sqlite_sequence WHERE name = {helper}"),
        format!(
            "INSERT INTO sqlite_sequence (name, seq) SELECT {helper}, seq FROM sqlite_sequence \
             WHERE name = {table} COLLATE NOCASE"
        ),
    ];
    let tokens = |text: &str| significant(text).iter().map(|token| token.text.to_owned()).collect::<Vec<_>>();
    [delete, insert].iter().zip(&wanted).all(|(found, wanted)| tokens(found) == tokens(wanted))
}

/// The table that the directive names.
pub(super) fn parse(line: usize, rest: &str) -> Result<Name, Problem> {
    match parse_path(rest.trim()) {
        Some((mut parts, None)) if parts.len() == 1 => Ok(parts.remove(0)),
        _ => {
            let message = "`rebuild` names the table that is rebuilt".to_owned();
            Err((line, message, "write `-- dbmigrate: rebuild users`".to_owned()))
        }
    }
}

/// The rebuild that it marks.
pub(super) fn place(
    directive: &Directive,
    table: &Name,
    statements: &[Statement<'_>],
    others: &[MarkedRebuild],
) -> Result<MarkedRebuild, Problem> {
    let Directive { line, start, .. } = *directive;
    let first = statements.iter().take_while(|statement| statement.start < start).count();
    let is_inside = |last: &Statement<'_>| start < last.start + last.text.len();
    let is_in_other = others.iter().any(|other| other.rebuild.statements.contains(&first));
    if is_in_other || statements[..first].last().is_some_and(is_inside) {
        let help = "move it directly before the `CREATE TABLE` of the rebuild".to_owned();
        return Err((line, "`rebuild` is in the middle of statements".to_owned(), help));
    }
    let found = Rebuild::read(statements, first);
    if let Some(rebuild) = found.filter(|rebuild| rebuild.table == *table) {
        return Ok(MarkedRebuild { line, rebuild });
    }
    let message = format!("the statements behind `rebuild {}` do not rebuild that table", path([table]));
    let help = format!(
        "delete the line: the statements are then run as they are; a rebuild is `CREATE TABLE` under another name, \
         `INSERT INTO … SELECT … FROM {0}`, `DROP TABLE {0}`, `ALTER TABLE … RENAME TO {0}` and its indexes",
        table.sql()
    );
    Err((line, message, help))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::{Renames, diff};
    use crate::folder::Script;
    use crate::plan::{Decisions, plan};
    use std::path::Path;

    const REBUILD: &str = "CREATE TABLE _new (id INTEGER PRIMARY KEY AUTOINCREMENT, \"a b\" TEXT NOT NULL, CHECK (_new.id > 0));\n\
        INSERT OR ABORT INTO _new (id, \"a b\")\nSELECT id, coalesce(\"a b\", 'x, y')\nFROM users;\n\
        DELETE FROM sqlite_sequence WHERE name = '_new';\n\
        INSERT INTO sqlite_sequence (name, seq)\nSELECT '_new', seq FROM sqlite_sequence WHERE name = 'users' COLLATE NOCASE;\n\
        DROP TABLE users;\nALTER TABLE _new RENAME TO users;\n\
        CREATE INDEX i ON users (\"a b\");\nCREATE UNIQUE INDEX u ON users (lower(\"a b\"));\nCREATE INDEX other ON posts (id);\n";

    fn parse(text: &str) -> Result<Script<'_>, crate::folder::ScriptError> {
        Script::parse(text, Path::new("migration.sql"))
    }

    #[test]
    fn a_rebuild_is_read_off_its_statements() {
        let text = format!("UPDATE users SET a = 1;\n-- why\n-- dbmigrate: rebuild Users\n-- note\n{REBUILD}");
        let script = parse(&text).expect("the script is right");
        let [MarkedRebuild { line, rebuild }] = &script.rebuilds[..] else { panic!("one") };
        assert_eq!((*line, rebuild.statements.clone()), (3, 1..9));
        assert_eq!((rebuild.table.as_str(), rebuild.helper.as_str()), ("users", "_new"));
        assert!(rebuild.carries_mark && rebuild.definition.columns.len() == 2);
        assert_eq!(rebuild.definition.checks[0].expr.as_str(), "\"users\".id > 0");
        let values: Vec<(&str, &str)> =
            rebuild.values.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(values, [("id", "id"), ("a b", "coalesce(\"a b\", 'x, y')")]);
        let indexes: Vec<(usize, &str)> =
            rebuild.indexes.iter().map(|(at, index)| (*at, index.name.as_str())).collect();
        assert_eq!(indexes, [(7, "i"), (8, "u")]);
        assert_eq!(rebuild.of(&script.statements).len(), 8);
        assert!(parse(REBUILD).expect("the script is right").rebuilds.is_empty());
    }

    #[test]
    fn a_mark_before_something_else_is_an_error() {
        for (from, to) in [
            ("FROM users;", "FROM users WHERE id > 0;"),
            ("INSERT OR ABORT", "INSERT OR IGNORE"),
            ("DROP TABLE users;", "DROP TABLE posts;"),
            ("DROP TABLE users;", ""),
            ("RENAME TO users", "RENAME TO people"),
            ("SELECT '_new', seq", "SELECT '_new', seq + 1"),
            ("CREATE TABLE _new (", "CREATE TEMP TABLE other (a); CREATE TABLE _new ("),
        ] {
            let text = format!("-- dbmigrate: rebuild users\n{}", REBUILD.replacen(from, to, 1));
            let error = parse(&text).expect_err("it is no rebuild");
            assert_eq!(
                (error.line, &error.message[..]),
                (1, "the statements behind `rebuild users` do not rebuild that table")
            );
            assert!(error.help.starts_with("delete the line"), "{}", error.help);
        }
        let other = parse(&format!("-- dbmigrate: rebuild posts\n{REBUILD}")).map(drop);
        assert!(other.is_err_and(|error| error.message.contains("rebuild posts")));
        for (text, wanted) in [
            ("-- dbmigrate: rebuild\nSELECT 1;", "`rebuild` names the table that is rebuilt"),
            ("-- dbmigrate: rebuild a.b\nSELECT 1;", "`rebuild` names the table that is rebuilt"),
            ("SELECT\n-- dbmigrate: rebuild a\n1;", "`rebuild` is in the middle of statements"),
            ("-- dbmigrate: rebuild a", "the statements behind `rebuild a` do not rebuild that table"),
        ] {
            assert_eq!(parse(text).expect_err("it is wrong").message, wanted);
        }
        let inside = REBUILD.replace("DROP TABLE users;", "-- dbmigrate: rebuild users\nDROP TABLE users;");
        let inside = format!("-- dbmigrate: rebuild users\n{inside}");
        assert_eq!(parse(&inside).expect_err("it is twice").message, "`rebuild` is in the middle of statements");
    }

    #[test]
    fn a_planned_rebuild_is_marked_and_read_back_whatever_its_names_are() {
        for name in ["users", "\"my \"\"t\"\".\"", "\"two\nlines\"", "[-- a]", "\"order\""] {
            let schema = |column: &str| {
                crate::ddl::read::schema_of(&format!(
                    "CREATE TABLE {name} (id INTEGER PRIMARY KEY AUTOINCREMENT, {column} CHECK ({name}.id <> 5));
                     CREATE INDEX i ON {name} (a); CREATE INDEX j ON {name} (id, a) WHERE a > 0;"
                ))
            };
            let (old, new) = (schema("a INT"), schema("a INT NOT NULL DEFAULT (1 + 1)"));
            let difference = diff(&old, &new, &Renames::default()).expect("nothing is renamed");
            let plan = plan(&old, &new, &difference, &Decisions::default()).expect("there is a plan");
            let text = plan.to_sql("0002_a");
            let script = parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
            let [MarkedRebuild { rebuild, .. }] = &script.rebuilds[..] else { panic!("one: {text}") };
            let table = new.tables.iter().next().expect("there is a table");
            assert!(rebuild.table == table.name && rebuild.carries_mark && rebuild.indexes.len() == 2, "{text}");
            assert_eq!(
                new.canonical_table(&Table { indexes: table.indexes.clone(), ..rebuild.definition.clone() }),
                new.canonical_table(table),
                "{text}"
            );
            let unmarked: String = text
                .lines()
                .filter(|line| !line.starts_with("-- dbmigrate: rebuild"))
                .fold(String::new(), |text, line| text + line + "\n");
            assert_eq!(crate::folder::script::meaning(&text), crate::folder::script::meaning(&unmarked));
        }
    }
}
