//! `-- dbmigrate: undo`: the way back of a migration, as its author has written it. `migrate` never runs it.
//!
//! It is written in one of three ways: behind the directive and in comment lines right below it that are indented by
//! two spaces or more, wherever that is; in comment lines at the end of the file; or as SQL at the end of the file.

use super::{Allow, Directive, Parsed, Preflight, Problem, directives, parse_directive, refuse_statement};
use crate::sql::dedent::dedented;
use crate::sql::split::{Statement, split};

/// The directive.
const WORD: &str = "undo";

/// The way back of a migration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undo {
    /// The directive's line, counted from 1.
    pub line: usize,
    /// The SQL, each line at its place in the file.
    text: String,
    /// The queries that have to return no row before it.
    pub preflights: Vec<Preflight>,
    /// The losses that it may make.
    pub allows: Vec<Allow>,
}

impl Undo {
    /// Its SQL, directives included.
    pub fn sql(&self) -> String {
        dedented(self.text.trim())
    }

    /// The statements in their order, with their lines in the file.
    pub fn statements(&self) -> Vec<Statement<'_>> {
        split(&self.text)
    }

    /// Its own directives.
    pub(super) fn directives(&self) -> Result<Vec<Directive>, Problem> {
        directives(&self.text)
    }
}

/// Whether a directive is this one.
pub(super) fn is_undo(directive: &Directive) -> bool {
    directive.text.strip_prefix(WORD).is_some_and(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace))
}

/// The way back that a script has, and how much of its text, from the start, is the way forward.
///
/// # Errors
/// If it cannot be told from the way forward, or is none.
pub(super) fn find(text: &str) -> Result<(Option<Undo>, usize), Problem> {
    // most have none, and are not read twice
    if !text.contains(WORD) {
        return Ok((None, text.len()));
    }
    let all = directives(text)?;
    let Some(directive) = all.iter().find(|one| is_undo(one)) else { return Ok((None, text.len())) };
    let line = directive.line;
    let start = offset(text, line);
    let is_inside =
        |statement: &Statement<'_>| statement.start < start && start < statement.start + statement.text.len();
    if split(text).iter().any(is_inside) {
        let help = "move it behind the semicolon of the statement".to_owned();
        return Err((line, "`undo` is in the middle of a statement".to_owned(), help));
    }
    let inline = directive.text.get(WORD.len()..).unwrap_or_default();
    let mut lines = text[start..].split_inclusive('\n');
    // as many bytes as the line has, so that lines stay where they are
    let first = lines.next().unwrap_or_default();
    let below: Vec<&str> = lines.collect();
    let indented = below.iter().take_while(|line| is_indented(line)).count();
    let before = "\n".repeat(line.saturating_sub(1));
    let (undo, forward) = if indented > 0 || !inline.trim().is_empty() {
        let body: String = below[..indented].iter().map(|line| uncommented(line)).collect();
        (Undo::read(line, format!("{before}{inline}\n{body}"))?, text.len())
    } else {
        let rest = &text[start + first.len()..];
        let body = if split(rest).is_empty() {
            let mut is_query = false;
            below.iter().map(|line| of_comment(line, &mut is_query)).collect()
        } else {
            refuse_mixed(line, &below)?;
            rest.to_owned()
        };
        (Undo::read(line, format!("{before}\n{body}"))?, start)
    };
    if let Some(second) = all.iter().filter(|one| is_undo(one)).nth(1) {
        let message = format!("`undo` is there twice, first in line {line}");
        return Err((second.line, message, "put all of its statements below one of them".to_owned()));
    }
    Ok((Some(undo), forward))
}

impl Undo {
    fn read(line: usize, text: String) -> Result<Self, Problem> {
        let mut undo = Self { line, preflights: Vec::new(), allows: Vec::new(), text };
        for directive in undo.directives()?.iter().filter(|one| !is_undo(one)) {
            match parse_directive(directive)? {
                Parsed::Allow(allow) => undo.allows.push(allow),
                Parsed::ExpectNone(preflight) => undo.preflights.push(preflight),
                _ => {
                    let message = "the way back can only have `allow` and `expect-none` of its own".to_owned();
                    return Err((directive.line, message, "move the directive above `undo`, or remove it".to_owned()));
                }
            }
        }
        let statements = undo.statements();
        if statements.is_empty() {
            let help = "write the statements that take the migration back below it, each ending in a semicolon";
            return Err((line, "`undo` has no statements".to_owned(), help.to_owned()));
        }
        statements.iter().try_for_each(refuse_statement)?;
        Ok(undo)
    }
}

/// Where a line begins.
fn offset(text: &str, line: usize) -> usize {
    text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum()
}

fn is_indented(line: &str) -> bool {
    let body = line.trim_start().strip_prefix("--");
    body.is_some_and(|body| (body.starts_with("  ") || body.starts_with('\t')) && !body.trim().is_empty())
}

/// A line without its comment mark, in which everything stands where it stood.
fn uncommented(line: &str) -> String {
    line.replacen("--", "  ", 1)
}

/// A line of a section that is all comments: what is a directive, or belongs to one, stays one.
fn of_comment(line: &str, is_query: &mut bool) -> String {
    let body = line.trim_start().strip_prefix("--").map(str::trim_start);
    let is_directive = body.is_some_and(|body| body.starts_with("dbmigrate:"));
    *is_query = is_directive || *is_query && is_indented(line);
    if *is_query || body.is_none() { line.to_owned() } else { uncommented(line) }
}

/// Refuses statements below comment lines that are statements as well: nobody could tell which of them are the way back.
fn refuse_mixed(line: usize, below: &[&str]) -> Result<(), Problem> {
    let comments = below.iter().take_while(|line| line.trim_start().starts_with("--"));
    let is_sql = comments.last().is_some_and(|line| line.trim_end().ends_with(';'));
    if !is_sql {
        return Ok(());
    }
    let message = "statements follow an `undo` that is written in comment lines".to_owned();
    let help = "move `undo` to the end of the file, or indent its lines by two spaces: `--  DELETE …;`".to_owned();
    Err((line, message, help))
}
