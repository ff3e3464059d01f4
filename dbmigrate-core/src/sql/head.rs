//! The head of a statement: what it does, and to which table, column or index.

use super::token::{Token, TokenKind, significant, tokenize};
use super::{Name, Statement, StatementKind};

/// What a statement does, and to what. The name of a database in front (`main.users`) is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Head {
    /// `CREATE TABLE`, also `… AS SELECT`.
    CreateTable(Name),
    /// `CREATE INDEX`: the index, its table.
    CreateIndex(Name, Name),
    /// `ALTER TABLE … RENAME TO`: the old name, the new one.
    RenameTable(Name, Name),
    /// `ALTER TABLE … RENAME COLUMN`: the table, the old name, the new one.
    RenameColumn(Name, Name, Name),
    /// `ALTER TABLE … ADD COLUMN`.
    AddColumn(Name, Name),
    /// `ALTER TABLE … DROP COLUMN`.
    DropColumn(Name, Name),
    /// Any other `ALTER TABLE`: libSQL has some (`… ALTER COLUMN … TO …`).
    AlterTable(Name),
    /// `DROP TABLE`.
    DropTable(Name),
    /// `DROP INDEX`.
    DropIndex(Name),
    /// A statement that writes rows of a table, also behind `WITH`.
    Write(Verb, Name),
}

/// What a statement does to rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// `INSERT`, also with a word behind `OR` other than `REPLACE`.
    Insert,
    /// `REPLACE`, `INSERT OR REPLACE`.
    Replace,
    /// `UPDATE`.
    Update,
    /// `DELETE`.
    Delete,
}

/// At most so many tokens are read of a statement that begins with names: `CREATE UNIQUE INDEX IF NOT EXISTS main.i ON t`
/// has eleven.
const LONGEST: usize = 16;

impl Head {
    /// Reads the head of a statement. `None` for one that is about something else, or that is not understood.
    pub fn of(statement: &Statement<'_>) -> Option<Self> {
        match statement.kind {
            StatementKind::CreateTable | StatementKind::CreateIndex => {
                // what comes behind the names may be long
                let begin: Vec<_> = tokenize(statement.text).filter(Token::is_significant).take(LONGEST).collect();
                Self::read(statement.kind, &begin)
            }
            StatementKind::AlterTable | StatementKind::DropTable | StatementKind::DropOther | StatementKind::Write => {
                Self::read(statement.kind, &significant(statement.text))
            }
            _ => None,
        }
    }

    /// The same, of a statement whose significant tokens are at hand.
    pub fn read(kind: StatementKind, tokens: &[Token<'_>]) -> Option<Self> {
        let mut reader = Reader { tokens };
        match kind {
            StatementKind::CreateTable => {
                reader.word("create")?;
                reader.one_of(&["temp", "temporary"]);
                reader.word("table")?;
                reader.words(&["if", "not", "exists"]);
                reader.name().map(Self::CreateTable)
            }
            StatementKind::CreateIndex => {
                reader.word("create")?;
                reader.word("unique");
                reader.word("index")?;
                reader.words(&["if", "not", "exists"]);
                let index = reader.name()?;
                reader.word("on")?;
                Some(Self::CreateIndex(index, reader.name()?))
            }
            StatementKind::AlterTable => reader.alter(),
            StatementKind::DropTable | StatementKind::DropOther => {
                reader.word("drop")?;
                let is_table = reader.word("table").is_some();
                if !is_table {
                    reader.word("index")?;
                }
                reader.words(&["if", "exists"]);
                reader.name().map(if is_table { Self::DropTable } else { Self::DropIndex })
            }
            StatementKind::Write => write(tokens),
            _ => None,
        }
    }
}

/// The head of a statement that writes rows.
fn write(tokens: &[Token<'_>]) -> Option<Head> {
    // what is in parentheses behind `WITH` are other statements
    let mut depth = 0_usize;
    let at = tokens.iter().position(|token| {
        match token.kind {
            TokenKind::Open => depth += 1,
            TokenKind::Close => depth = depth.saturating_sub(1),
            _ => return depth == 0 && VERBS.iter().any(|verb| token.is_word(verb)),
        }
        false
    })?;
    let mut reader = Reader { tokens: tokens.get(at + 1..)? };
    let mut verb = match &tokens[at] {
        token if token.is_word("insert") => Verb::Insert,
        token if token.is_word("replace") => Verb::Replace,
        token if token.is_word("update") => Verb::Update,
        _ => Verb::Delete,
    };
    if reader.word("or").is_some()
        && reader.one_of(&["abort", "fail", "ignore", "replace", "rollback"])?.is_word("replace")
    {
        // `UPDATE OR REPLACE` still updates
        verb = if verb == Verb::Insert { Verb::Replace } else { verb };
    }
    match verb {
        Verb::Insert | Verb::Replace => reader.word("into")?,
        Verb::Delete => reader.word("from")?,
        Verb::Update => {}
    }
    Some(Head::Write(verb, reader.name()?))
}

/// The words that such statements begin with.
const VERBS: [&str; 4] = ["insert", "replace", "update", "delete"];

/// Takes tokens from the front.
struct Reader<'t, 's> {
    tokens: &'t [Token<'s>],
}

impl<'t, 's> Reader<'t, 's> {
    fn take(&mut self, is_it: impl Fn(&Token<'s>) -> bool) -> Option<&'t Token<'s>> {
        let (first, rest) = self.tokens.split_first()?;
        is_it(first).then(|| {
            self.tokens = rest;
            first
        })
    }

    fn word(&mut self, word: &str) -> Option<()> {
        self.take(|token| token.is_word(word)).map(drop)
    }

    fn one_of(&mut self, words: &[&str]) -> Option<&'t Token<'s>> {
        self.take(|token| words.iter().any(|word| token.is_word(word)))
    }

    /// All of the words, or none.
    fn words(&mut self, words: &[&str]) -> Option<()> {
        let next = self.tokens.get(..words.len())?;
        let are_next = next.iter().zip(words).all(|(token, word)| token.is_word(word));
        are_next.then(|| self.tokens = &self.tokens[words.len()..])
    }

    fn identifier(&mut self) -> Option<Name> {
        let name = self.tokens.first()?.identifier()?;
        self.tokens = &self.tokens[1..];
        Some(name.into())
    }

    /// A name, or one behind that of a database.
    fn name(&mut self) -> Option<Name> {
        let first = self.identifier()?;
        match self.take(|token| token.kind == TokenKind::Dot) {
            Some(_) => self.identifier(),
            None => Some(first),
        }
    }

    fn alter(&mut self) -> Option<Head> {
        self.words(&["alter", "table"])?;
        let table = self.name()?;
        if self.words(&["rename", "to"]).is_some() {
            return Some(Head::RenameTable(table, self.identifier()?));
        }
        if self.word("rename").is_some() {
            self.column_word();
            let from = self.identifier()?;
            self.word("to")?;
            return Some(Head::RenameColumn(table, from, self.identifier()?));
        }
        if self.word("add").is_some() {
            self.column_word();
            return Some(Head::AddColumn(table, self.identifier()?));
        }
        if self.word("drop").is_some() {
            self.column_word();
            return Some(Head::DropColumn(table, self.identifier()?));
        }
        Some(Head::AlterTable(table))
    }

    /// The word `COLUMN`, which may be missing, unless it is the name of the column.
    fn column_word(&mut self) {
        if let [word, next, ..] = self.tokens
            && word.is_word("column")
            && next.identifier().is_some()
            && !next.is_word("to")
        {
            self.tokens = &self.tokens[1..];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::split;

    fn head(sql: &str) -> Option<Head> {
        split(sql).first().and_then(Head::of)
    }

    #[test]
    fn what_a_statement_is_about_is_read_off_its_first_words() {
        let [t, u, a, b] = ["t", "u", "a", "b"].map(Name::from);
        for (sql, wanted) in [
            ("CREATE TEMP TABLE IF NOT EXISTS main.t (a)", Head::CreateTable(t.clone())),
            ("CREATE TABLE t AS SELECT 1", Head::CreateTable(t.clone())),
            ("CREATE UNIQUE INDEX IF NOT EXISTS main.u ON \"t\" (a)", Head::CreateIndex(u.clone(), t.clone())),
            ("ALTER TABLE main.t RENAME TO u", Head::RenameTable(t.clone(), u.clone())),
            ("ALTER TABLE t RENAME a TO b", Head::RenameColumn(t.clone(), a.clone(), b.clone())),
            ("ALTER TABLE t RENAME COLUMN a TO b", Head::RenameColumn(t.clone(), a.clone(), b.clone())),
            ("ALTER TABLE t RENAME column TO b", Head::RenameColumn(t.clone(), "column".into(), b.clone())),
            ("ALTER TABLE t ADD a INTEGER", Head::AddColumn(t.clone(), a.clone())),
            ("ALTER TABLE t ADD COLUMN [a]", Head::AddColumn(t.clone(), a.clone())),
            ("ALTER TABLE t DROP COLUMN a", Head::DropColumn(t.clone(), a.clone())),
            ("ALTER TABLE t ALTER COLUMN a TO a TEXT", Head::AlterTable(t.clone())),
            ("DROP TABLE IF EXISTS main.t", Head::DropTable(t.clone())),
            ("DROP INDEX u", Head::DropIndex(u.clone())),
            ("DELETE FROM main.t WHERE x", Head::Write(Verb::Delete, t.clone())),
            ("UPDATE OR REPLACE t SET a = 1", Head::Write(Verb::Update, t.clone())),
            ("INSERT OR REPLACE INTO t VALUES (1)", Head::Write(Verb::Replace, t.clone())),
            ("INSERT OR IGNORE INTO t VALUES (1)", Head::Write(Verb::Insert, t.clone())),
            ("replace into t values (1)", Head::Write(Verb::Replace, t.clone())),
            ("WITH u AS (SELECT replace(a, 1, 2) FROM x) UPDATE t SET a = 1", Head::Write(Verb::Update, t)),
        ] {
            assert_eq!(head(sql), Some(wanted), "{sql}");
        }
        for sql in ["SELECT 1", "DROP VIEW v", "CREATE VIEW v AS SELECT 1", "PRAGMA foreign_keys", "VACUUM"] {
            assert_eq!(head(sql), None, "{sql}");
        }
    }
}
