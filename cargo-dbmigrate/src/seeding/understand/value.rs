//! A value of a row, and what stands for one: `{ env = … }`, `{ sql = … }`, `{ file = … }`, `{ ref = … }`.

use std::path::{Component, Path, PathBuf};

use dbmigrate_core::config::is_blank;
use dbmigrate_core::schema::Reads;
use dbmigrate_core::sql::{TokenKind, tokenize};

use super::row::shortened;
use super::{Reader, readable};
use crate::diagnostic::Diagnostic;
use crate::error::did_you_mean;
use crate::seeding::convert::{self, Misfit};
use crate::seeding::model::{Given, Place};
use crate::seeding::read::node::{Kind, Node};
use crate::seeding::rows::Value;

/// What can stand for a value.
const DIRECTIVES: [&str; 6] = ["env", "sql", "file", "ref", "hex", "json"];

impl Reader<'_> {
    /// What a value of TOML or JSON says.
    pub(super) fn given(&mut self, table: usize, column: usize, file: usize, node: &Node) -> Option<Given> {
        let place = Place::new(file, &node.span);
        if let Some((directive, value)) = self.directive(node, place).ok()? {
            let text = value.text();
            let place_of_value = Place::new(file, &value.span);
            return match (directive, text) {
                ("json", _) => self.fits(table, column, convert::json(value), place_of_value),
                (_, None) => {
                    let error = Diagnostic::error(format!("`{directive}` takes text, not {}", value.noun()));
                    self.error(error, place_of_value, "");
                    None
                }
                ("env", Some(name)) => self.variable(table, column, name, node.get("default"), place),
                ("sql", Some(sql)) => self.expression(sql, place_of_value),
                ("file", Some(name)) => self.file(table, column, name, place_of_value),
                ("hex", Some(digits)) => self.hex(table, column, digits, place_of_value),
                (_, Some(name)) => self.reference(table, column, name, place_of_value),
            };
        }
        let known = self.seed.tables[table].table.clone();
        let value = convert::of_node(node, &known, &known.columns[column]);
        match value.and_then(|value| self.readable(table, column, value)) {
            Ok(value) => Some(Given::Value(value)),
            Err(misfit) => {
                let found = match &node.kind {
                    Kind::Text(text) => format!("`{}`", shortened(text)),
                    _ => node.noun().to_owned(),
                };
                self.misfit(table, column, &misfit, &found, place);
                None
            }
        }
    }

    /// The directive that a table is, if it is one. An error, which has been said: it was meant to be one, and is none.
    fn directive<'n>(&mut self, node: &'n Node, place: Place) -> Result<Option<(&'static str, &'n Node)>, ()> {
        let Kind::Table(entries) = &node.kind else { return Ok(None) };
        let find = |key: &str| DIRECTIVES.into_iter().find(|directive| *directive == key);
        match &entries[..] {
            [only] => {
                if let Some(directive) = find(&only.key) {
                    return Ok(Some((directive, &only.value)));
                }
                let Some(meant) = did_you_mean(&only.key, DIRECTIVES).filter(|_| only.value.text().is_some()) else {
                    return Ok(None);
                };
                let error = Diagnostic::error(format!("`{}` does not stand for a value", only.key))
                    .help(format!("did you mean `{meant}`?"))
                    .help(format!("to store it as JSON: `{{ json = {{ {} = … }} }}`", only.key));
                self.error(error, place, "");
                Err(())
            }
            [first, second] if [&first.key, &second.key].contains(&&"default".to_owned()) => {
                Ok(node.get("env").map(|value| ("env", value)))
            }
            _ => Ok(None),
        }
    }

    pub(super) fn text_value(&self, text: &str, table: usize, column: usize) -> Result<Value, Misfit> {
        let known = &self.seed.tables[table].table;
        let value = convert::of_text(text, known, &known.columns[column])?;
        self.readable(table, column, value)
    }

    /// A value, if the structs can read it.
    fn readable(&self, table: usize, column: usize, value: Value) -> Result<Value, Misfit> {
        let known = &self.seed.tables[table].table;
        let reads = self.around.declared.and_then(|declared| declared.reads(&known.name, &known.columns[column]));
        match reads.and_then(|reads| readable::misfit(&reads, &value)) {
            Some(misfit) => Err(misfit),
            None => Ok(value),
        }
    }

    /// Says that a value does not fit its column. `found` is never a secret.
    pub(super) fn misfit(&mut self, table: usize, column: usize, misfit: &Misfit, found: &str, place: Place) {
        let known = self.seed.tables[table].table.clone();
        let column = &known.columns[column];
        let reads = self.around.declared.and_then(|declared| declared.reads(&known.name, column));
        let wanted = if matches!(reads, Some(Reads::Bool)) { "a boolean" } else { misfit.wanted.as_str() };
        let message = format!("`{}.{}` takes {wanted}, found {found}", known.name, column.name);
        let label = match column.decl_type.as_str() {
            "" => String::new(),
            decl => format!("the column is {decl}"),
        };
        let error = misfit.help.iter().cloned().fold(Diagnostic::error(message), Diagnostic::help);
        self.error(error, place, label);
    }

    fn fits(&mut self, table: usize, column: usize, text: String, place: Place) -> Option<Given> {
        let known = self.seed.tables[table].table.clone();
        let said = convert::said(&known, &known.columns[column]);
        if matches!(said.as_str(), "text" | "a value") {
            return Some(Given::Value(Value::Text(text)));
        }
        self.misfit(table, column, &Misfit { wanted: said, help: None }, "JSON", place);
        None
    }

    /// `{ env = "ADMIN_EMAIL", default = "…" }`. The value is a secret: it is shown nowhere.
    fn variable(
        &mut self,
        table: usize,
        column: usize,
        name: &str,
        default: Option<&Node>,
        place: Place,
    ) -> Option<Given> {
        let found = match (self.around.variable)(name) {
            Ok(found) => found.filter(|value| !is_blank(value)),
            Err(error) => {
                let shown = Diagnostic::error(error.message());
                let shown = error.help_lines().iter().fold(shown, |shown, help| shown.help(help.as_str()));
                self.error(shown, place, "");
                return None;
            }
        };
        let value = match (found, default) {
            (Some(value), _) => value,
            (None, Some(default)) => return self.given(table, column, place.file(), default),
            (None, None) => {
                let error = Diagnostic::error(format!("the environment variable `{name}` is not set, or blank"))
                    .help(format!("set it: `{name}=… cargo dbmigrate seed`, or a line in `.env`"))
                    .help(format!("or give the value without it: `{{ env = \"{name}\", default = … }}`"));
                self.error(error, place, "");
                return None;
            }
        };
        match self.text_value(&value, table, column) {
            Ok(typed) => {
                self.seed.secrets.push(value);
                Some(Given::Secret(typed))
            }
            Err(misfit) => {
                // a suggestion would say what is in it
                let misfit = Misfit { help: None, ..misfit };
                self.misfit(table, column, &misfit, &format!("something else in `{name}`"), place);
                None
            }
        }
    }

    /// `{ sql = "unixepoch()" }`.
    fn expression(&mut self, sql: &str, place: Place) -> Option<Given> {
        let mut depth = 0_i64;
        let mut problem = None;
        let mut is_empty = true;
        for token in tokenize(sql) {
            is_empty &= !token.is_significant();
            match token.kind {
                TokenKind::Open => depth += 1,
                TokenKind::Close => depth -= 1,
                TokenKind::Semicolon => problem = problem.or(Some("has a `;` in it")),
                TokenKind::Comment => problem = problem.or(Some("has a comment in it")),
                _ => {}
            }
            if depth < 0 {
                break;
            }
        }
        problem =
            problem.or((depth != 0).then_some("has parentheses that do not match")).or(is_empty.then_some("is empty"));
        let Some(problem) = problem else { return Some(Given::Sql(sql.trim().into())) };
        self.error(Diagnostic::error(format!("the expression {problem}")), place, "");
        None
    }

    /// `{ hex = "0A0B" }`.
    fn hex(&mut self, table: usize, column: usize, digits: &str, place: Place) -> Option<Given> {
        let known = self.seed.tables[table].table.clone();
        let wanted = &known.columns[column];
        if !convert::takes_bytes(&known, wanted) {
            let misfit = Misfit { wanted: convert::said(&known, wanted), help: None };
            self.misfit(table, column, &misfit, "bytes", place);
            return None;
        }
        if let Some(bytes) = convert::hex(digits) {
            return Some(Given::Value(Value::Blob(bytes)));
        }
        self.error(Diagnostic::error("expected pairs of hexadecimal digits"), place, "");
        None
    }

    /// `{ file = "logo.png" }`: a file of the set, and never one that lies outside of it.
    fn file(&mut self, table: usize, column: usize, name: &str, place: Place) -> Option<Given> {
        let path = match inside(self.folder, name) {
            Ok(path) => path,
            Err(message) => {
                self.error(Diagnostic::error(message), place, "");
                return None;
            }
        };
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) => {
                self.error(Diagnostic::error(format!("cannot read `{name}`: {error}")), place, "");
                return None;
            }
        };
        let known = self.seed.tables[table].table.clone();
        match convert::of_bytes(bytes, &known, &known.columns[column]) {
            Ok(value) => Some(Given::Value(value)),
            Err(misfit) => {
                self.misfit(table, column, &misfit, "a file", place);
                None
            }
        }
    }
}

/// The file of that name below a folder, links followed.
fn inside(folder: &Path, name: &str) -> Result<PathBuf, String> {
    let outside = || format!("`{name}` is outside the set, whose files alone can be read");
    let relative = Path::new(name);
    let stays = relative.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    // what is a path of Windows is none of this set on any machine
    if !stays || name.is_empty() || name.contains('\\') || name.get(1..2) == Some(":") {
        return Err(outside());
    }
    let cannot = |error: std::io::Error| format!("cannot read `{name}` in the folder of the set: {error}");
    let real = folder.join(relative).canonicalize().map_err(cannot)?;
    let root = folder.canonicalize().map_err(cannot)?;
    if !real.starts_with(&root) {
        return Err(outside());
    }
    if !real.is_file() {
        return Err(format!("`{name}` is not a file"));
    }
    Ok(real)
}
