//! `migration.sql` as a script: its statements, and the directives in its comments.
//!
//! ```sql
//! -- dbmigrate: allow(drop_column) users.legacy
//! -- dbmigrate: keep users.legacy in _dbmigrate_kept_0007_users
//! -- dbmigrate: restore users.legacy from _dbmigrate_kept_0007_users else NULL
//! --     SELECT …
//! -- dbmigrate: no-transaction
//! -- dbmigrate: batched 5000 by id
//! -- dbmigrate: expect-none "users without an organization" SELECT id FROM users
//! --   WHERE org_id IS NULL
//! ```
//!
//! `allow` records an accepted loss, or something else that a lint finds, with a reason if its author gives one
//! (`allow(drop_column) users.legacy because "moved to profiles"`); or, as `allow(unchecked)`, a view or trigger that need not compile. `keep` says
//! where the statements move what would be lost ([`crate::kept`]), and `restore` how much of it comes back, by a query on
//! further lines ([`Restore`]). `expect-none` is a preflight: a query that has to return no row before anything is touched; it goes on over following comment
//! lines that are indented by two spaces or more. Behind it may stand what can be done about the rows that it finds,
//! a line each: `-- to fill them: --backfill users.age=0`. `no-transaction` is for the one statement that cannot run in a
//! transaction. `undo` begins the way back, which `migrate` never runs (see [`mod@undo`]). `expect-time` and
//! `expect-rewrites` are [`mod@limits`]. `rust` is where a function of the application runs ([`mod@rust`]). `rebuild`
//! marks statements that copy a table into a new definition ([`mod@rebuild`]), which `online` says nobody is to wait for
//! ([`mod@online`]). `batched` stands before a statement that is run in batches ([`mod@batched`]). `after-deploy` is
//! [`mod@after_deploy`].

pub mod after_deploy;
mod allow;
pub mod batched;
mod in_place;
pub mod limits;
mod meaning;
pub mod online;
mod outside;
pub mod rebuild;
mod runners;
pub mod rust;
pub mod undo;

use std::fmt;
use std::path::{Path, PathBuf};

pub use allow::Allow;
pub use batched::Batched;
pub use in_place::Place;
pub use limits::{Limit, Limits};
pub use meaning::meaning;
pub use outside::outside_of_transaction;
pub use rebuild::{MarkedRebuild, Rebuild};
use runners::refuse_statement;
pub use rust::RustStep;
pub use undo::Undo;

use crate::kept::{Keep, Restore};
use crate::sql::distance::distance;
use crate::sql::token::{Token, TokenKind, tokenize};
use crate::sql::{Name, Statement, StatementKind, split};

/// The directives in the order in which they are suggested.
const DIRECTIVES: [&str; 13] = [
    "allow",
    "keep",
    "restore",
    "no-transaction",
    "expect-none",
    "undo",
    limits::TIME,
    limits::REWRITES,
    rust::WORD,
    after_deploy::WORD,
    rebuild::WORD,
    online::WORD,
    batched::WORD,
];

/// A parsed `migration.sql`.
#[derive(Debug, Clone)]
pub struct Script<'a> {
    /// The statements in their order.
    pub statements: Vec<Statement<'a>>,
    /// The queries that have to return no row.
    pub preflights: Vec<Preflight>,
    /// The accepted losses.
    pub allows: Vec<Allow>,
    /// What is kept of what would be lost.
    pub keeps: Vec<Keep>,
    /// What comes back of what was kept.
    pub restores: Vec<Restore>,
    /// Whether the one statement runs outside of a transaction.
    pub no_transaction: bool,
    /// What it may cost.
    pub limits: Limits,
    /// Where a function of the application runs.
    pub rust: Option<RustStep>,
    /// The line that lets it wait for a deployment.
    pub after_deploy: Option<usize>,
    /// The rebuilds that are marked as such, in their order.
    pub rebuilds: Vec<MarkedRebuild>,
    /// The line that says that nobody is to wait for the one rebuild that it consists of.
    pub online: Option<usize>,
    /// The statements that are run in batches, in their order.
    pub batched: Vec<Batched>,
    /// The way back, if its author has written one; none of its statements is in `statements`.
    pub undo: Option<Undo>,
}

/// `-- dbmigrate: expect-none "message" SELECT …`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preflight {
    /// The directive's line, counted from 1.
    pub line: usize,
    /// What a returned row means.
    pub message: Option<String>,
    /// The query.
    pub query: String,
    /// The flags of `generate` that would do something about the rows, each with the words that introduce it.
    pub answers: Vec<(String, String)>,
}

/// Why a script is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptError {
    /// The file, as it was given.
    pub file: PathBuf,
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

impl fmt::Display for ScriptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file.display(), self.line, self.message)
    }
}

impl std::error::Error for ScriptError {}

impl<'a> Script<'a> {
    /// What is kept of a loss.
    pub fn keep_of(&self, allow: &Allow) -> Option<&Keep> {
        self.keeps.iter().find(|keep| match (&keep.column, allow.column()) {
            (None, _) => keep.table == allow.name(),
            (Some(column), Some((on, one))) => keep.table == on && *column == one,
            (Some(_), None) => false,
        })
    }

    /// Parses `text`, the content of `file`, in time linear in its length.
    ///
    /// # Errors
    /// At the first directive that is not understood, and at statements that are the runner's to say: transactions
    /// and `PRAGMA foreign_keys`.
    pub fn parse(text: &'a str, file: &Path) -> Result<Self, ScriptError> {
        let error = |(line, message, help): Problem| ScriptError { file: file.to_owned(), line, message, help };
        let (undo, forward) = undo::find(text).map_err(error)?;
        let text = &text[..forward];
        let mut script = Self {
            statements: split(text),
            preflights: Vec::new(),
            allows: Vec::new(),
            keeps: Vec::new(),
            restores: Vec::new(),
            no_transaction: false,
            limits: Limits::default(),
            rust: None,
            after_deploy: None,
            rebuilds: Vec::new(),
            online: None,
            batched: Vec::new(),
            undo,
        };
        let mut directive_line = 0;
        for directive in directives(text).map_err(error)?.iter().filter(|one| !undo::is_undo(one)) {
            let line = directive.line;
            match parse_directive(directive).map_err(error)? {
                Parsed::Allow(allow) => script.allows.push(allow),
                Parsed::Keep(keep) => script.keeps.push(keep),
                Parsed::Restore(restore) => script.restores.push(restore),
                Parsed::ExpectNone(preflight) => script.preflights.push(preflight),
                Parsed::NoTransaction => {
                    script.no_transaction = true;
                    directive_line = line;
                }
                Parsed::AfterDeploy => after_deploy::add(&mut script.after_deploy, line).map_err(error)?,
                Parsed::Limit(limit) => script.limits.add(limit, line).map_err(error)?,
                Parsed::Rust => {
                    let step = rust::place(directive, &script.statements, script.rust.as_ref()).map_err(error)?;
                    script.rust = Some(step);
                }
                Parsed::Rebuild(table) => {
                    let marked = rebuild::place(directive, &table, &script.statements, &script.rebuilds);
                    script.rebuilds.push(marked.map_err(error)?);
                }
                Parsed::Online => script.online = Some(line),
                Parsed::Batched(rest) => {
                    let found = batched::parse(directive, rest, &script.statements, &script.batched).map_err(error)?;
                    script.batched.push(found);
                }
            }
        }
        for statement in &script.statements {
            refuse_statement(statement).map_err(error)?;
        }
        if let (true, Some(step)) = (script.no_transaction, &script.rust) {
            return Err(error(rust::outside_of_transaction(step)));
        }
        if let Some(first) = script.batched.first() {
            let why = script.no_transaction.then_some("`no-transaction`");
            if let Some(why) = why.or_else(|| script.rust.is_some().then_some("a step in Rust")) {
                return Err(error(batched::in_one_transaction(first, why)));
            }
        }
        let count = script.statements.len();
        if script.no_transaction && count != 1 {
            let message = format!("`no-transaction` requires exactly one statement, found {count}");
            let help = "move the statement to its own migration: `cargo dbmigrate generate --custom`".to_owned();
            return Err(error((directive_line, message, help)));
        }
        if let Some(line) = script.online {
            online::check(&script, line).map_err(error)?;
        }
        Ok(script)
    }

    /// Whether it is not one transaction, and so cannot be a part of one that others are in.
    pub fn runs_alone(&self) -> bool {
        self.no_transaction || self.is_in_pieces()
    }

    /// Whether it is several transactions, between which its position is kept.
    pub fn is_in_pieces(&self) -> bool {
        !self.batched.is_empty() || self.online.is_some()
    }
}

/// Line, message and help.
type Problem = (usize, String, String);

enum Parsed<'d> {
    Allow(Allow),
    Keep(Keep),
    Restore(Restore),
    NoTransaction,
    ExpectNone(Preflight),
    Limit(Limit),
    Rust,
    AfterDeploy,
    Rebuild(Name),
    Online,
    /// What stands behind the word.
    Batched(&'d str),
}

/// The text behind `dbmigrate:` with that of its continuation lines.
struct Directive {
    line: usize,
    /// Byte offset of its comment in the script.
    start: usize,
    text: String,
    answers: Vec<(String, String)>,
}

/// All directives of a script. Comments are found by the tokenizer, so that one in a string is none. A block comment in
/// a statement is documentation, whatever it says.
fn directives(text: &str) -> Result<Vec<Directive>, Problem> {
    let mut found: Vec<Directive> = Vec::new();
    // whether the last comment belongs to the last directive, so that the next line may go on with it
    let mut open = false;
    let mut in_statement = false;
    let mut line = 1;
    for token in tokenize(text) {
        match token.kind {
            TokenKind::Comment if in_statement && token.text.starts_with("/*") => open = false,
            TokenKind::Comment => {
                if let Some(text) = directive_text(&token, line)? {
                    found.push(Directive { line, start: token.start, text: text.to_owned(), answers: Vec::new() });
                    open = text.starts_with("expect-none") || text.starts_with("restore");
                } else if let (true, Some(more), Some(last)) = (open, continuation(token.text), found.last_mut()) {
                    last.text.push('\n');
                    last.text.push_str(more);
                } else if let (true, Some(answer), Some(last)) = (open, answer(token.text), found.last_mut()) {
                    last.answers.push(answer);
                } else {
                    open = false;
                }
            }
            TokenKind::Space if newlines(&token) <= 1 => {}
            kind => {
                open = false;
                in_statement = kind != TokenKind::Semicolon && (in_statement || token.is_significant());
            }
        }
        line += newlines(&token);
    }
    Ok(found)
}

fn newlines(token: &Token<'_>) -> usize {
    token.text.bytes().filter(|byte| *byte == b'\n').count()
}

/// The text behind `dbmigrate:` of a comment that starts so.
fn directive_text<'a>(comment: &Token<'a>, line: usize) -> Result<Option<&'a str>, Problem> {
    let is_block = comment.text.starts_with("/*");
    let body = comment.text.trim_start_matches(['-', '/', '*']).trim();
    let Some((word, rest)) = body.split_at_checked("dbmigrate".len()) else { return Ok(None) };
    if !word.eq_ignore_ascii_case("dbmigrate") {
        return Ok(None);
    }
    let known = |text: &str| DIRECTIVES.iter().any(|directive| text.trim_start().starts_with(directive));
    match rest.trim_start().strip_prefix(':') {
        Some(text) if !is_block => Ok(Some(text.trim())),
        Some(text) => {
            let text = text.trim_end_matches('/').trim_end_matches('*').trim();
            let help = format!("write `-- dbmigrate: {text}`");
            Err((line, "a directive must be in a `--` comment".to_owned(), help))
        }
        None if known(rest) => {
            let help = format!("write `-- dbmigrate: {}`", rest.trim());
            Err((line, "missing colon after `dbmigrate`".to_owned(), help))
        }
        None => Ok(None),
    }
}

/// The text of a comment line that goes on with the directive before it: `--` and two spaces or more.
fn continuation(comment: &str) -> Option<&str> {
    let body = comment.strip_prefix("--")?;
    (body.starts_with("  ") || body.starts_with('\t')).then(|| body.trim()).filter(|text| !text.is_empty())
}

/// What can be done about the rows that a preflight finds: words and a flag.
fn answer(comment: &str) -> Option<(String, String)> {
    let (words, flag) = comment.strip_prefix("--")?.trim().split_once(": --")?;
    (words.starts_with("to ") || words.starts_with("if ")).then(|| (words.to_owned(), format!("--{flag}")))
}

fn parse_directive(directive: &Directive) -> Result<Parsed<'_>, Problem> {
    let line = directive.line;
    let text = directive.text.as_str();
    let end = text.find(|character: char| !character.is_ascii_alphanumeric() && !matches!(character, '-' | '_'));
    let (word, rest) = text.split_at(end.unwrap_or(text.len()));
    match word {
        "allow" => allow::parse(line, rest).map(Parsed::Allow),
        "keep" => Keep::parse(line, rest).map(Parsed::Keep).ok_or_else(|| {
            let help = "write `-- dbmigrate: keep users.legacy in _dbmigrate_kept_0007_users`".to_owned();
            (line, "`keep` names a table or a column, and the table that it is kept in".to_owned(), help)
        }),
        "restore" => parse_restore(line, rest).map(Parsed::Restore),
        "no-transaction" if rest.trim().is_empty() => Ok(Parsed::NoTransaction),
        "no-transaction" => {
            let message = format!("`no-transaction` takes no arguments, found `{}`", rest.trim());
            Err((line, message, "write `-- dbmigrate: no-transaction`".to_owned()))
        }
        "expect-none" => parse_expect_none(line, rest)
            .map(|preflight| Parsed::ExpectNone(Preflight { answers: directive.answers.clone(), ..preflight })),
        rust::WORD => rust::parse(line, rest).map(|()| Parsed::Rust),
        after_deploy::WORD => after_deploy::parse(line, rest).map(|()| Parsed::AfterDeploy),
        rebuild::WORD => rebuild::parse(line, rest).map(Parsed::Rebuild),
        online::WORD => online::parse(line, rest).map(|()| Parsed::Online),
        batched::WORD => Ok(Parsed::Batched(rest)),
        limits::TIME | limits::REWRITES => limits::parse(line, word, rest.trim()).map(Parsed::Limit),
        _ => {
            let help = match DIRECTIVES.iter().find(|known| is_close(word, known)) {
                Some(known) => format!("did you mean `{known}`?"),
                None => "expected `allow(lint) object`, `expect-none \"message\" SELECT …`, `expect-time 5s`, \
                         `expect-rewrites 0`, `after-deploy`, `batched 5000 by id`, `no-transaction`, `online`, \
                         `rebuild users`, `rust` or `undo`"
                    .into(),
            };
            Err((line, format!("unknown directive `{word}`"), help))
        }
    }
}

fn parse_restore(line: usize, rest: &str) -> Result<Restore, Problem> {
    let is_query = |query: &str| matches!(&split(query)[..], [only] if only.kind == StatementKind::Read);
    Restore::parse(line, rest).filter(|restore| is_query(&restore.query)).ok_or_else(|| {
        let help = "write `-- dbmigrate: restore users.legacy from _dbmigrate_kept_0007_users`, and on the next line `--     \
                    SELECT …`";
        let message = "`restore` names a table or a column, the table that it was kept in, and a query that counts";
        (line, message.to_owned(), help.to_owned())
    })
}

fn parse_expect_none(line: usize, rest: &str) -> Result<Preflight, Problem> {
    let problem = |message: &str| {
        let help = "write `-- dbmigrate: expect-none \"what is wrong\" SELECT …`".to_owned();
        (line, message.to_owned(), help)
    };
    let rest = rest.trim();
    let (message, query) = match tokenize(rest).next() {
        Some(first) if first.kind == TokenKind::QuotedName && first.text.starts_with('"') => {
            (first.identifier(), rest[first.end()..].trim())
        }
        Some(first) if first.kind == TokenKind::Illegal && first.text.starts_with('"') => {
            return Err(problem("unclosed quote around the message of `expect-none`"));
        }
        _ => (None, rest),
    };
    match &split(query)[..] {
        [only] if only.kind == StatementKind::Read => {
            Ok(Preflight { line, message, query: only.text.to_owned(), answers: Vec::new() })
        }
        [] => Err(problem("`expect-none` needs a query")),
        [_] => Err(problem("the query of `expect-none` is not a `SELECT`")),
        _ => Err(problem("`expect-none` takes one query")),
    }
}

/// Whether `word` looks like a misspelling of `known`: `_` for `-`, another case, or up to two letters wrong.
fn is_close(word: &str, known: &str) -> bool {
    let word = word.to_ascii_lowercase().replace('_', "-");
    distance(word.as_bytes(), known.as_bytes()) <= 2 || (word.len() > 3 && known.starts_with(&word))
}

#[cfg(test)]
mod tests;
