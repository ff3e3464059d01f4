//! Statements: those that write rows, and the words of all others.

use super::Mistake;
use super::ast::{Assignment, Definition, Delete, Expr, ExprKind, Insert, Statement, TableRef, Update, Upsert};
use super::reader::{Parsed, Reader};
use crate::sql::token::TokenKind;

/// What a statement begins with that is neither a query nor a write nor a definition.
const OTHERS: [&str; 13] = [
    "begin",
    "commit",
    "end",
    "rollback",
    "savepoint",
    "release",
    "attach",
    "detach",
    "vacuum",
    "analyze",
    "reindex",
    "explain",
    "pragma",
];

/// The parsed statement of a text.
pub(super) fn parse(sql: &str) -> Parsed<Statement<'_>> {
    let mut reader = Reader::new(sql);
    while reader.eat_kind(TokenKind::Semicolon) {}
    if reader.is_at_end() {
        return Err(Mistake::boxed(0..sql.len(), "no statement".to_owned()));
    }
    let statement = reader.statement()?;
    if !matches!(statement, Statement::Definition(_)) && !reader.is_at_end() {
        if !reader.eat_kind(TokenKind::Semicolon) {
            return Err(reader.expected("the end of the statement"));
        }
        while reader.eat_kind(TokenKind::Semicolon) {}
    }
    if matches!(statement, Statement::Definition(_)) {
        // bodies of triggers have statements of their own
        if let Some(second) = crate::sql::split(sql).get(1) {
            return Err(several(sql, second.start));
        }
        return Ok(statement);
    }
    if !reader.is_at_end() {
        return Err(several(sql, reader.start()));
    }
    Ok(statement)
}

#[expect(clippy::unnecessary_box_returns, reason = "a failure is boxed, see `Parsed`")]
fn several(sql: &str, start: usize) -> Box<Mistake> {
    let length = crate::sql::token::significant(&sql[start..]).first().map_or(0, |token| token.text.len());
    let message = "a second statement begins here, which would not be run".to_owned();
    Box::new(Mistake::new(start..start + length, message).beyond_the_engine())
}

impl<'s> Reader<'s> {
    pub(super) fn statement(&mut self) -> Parsed<Statement<'s>> {
        if self.at_word("explain") {
            self.skip();
            let plan = self.eat_words(&["query", "plan"]);
            return self.deeper(|reader| Ok(Statement::Explain(plan, Box::new(reader.statement()?))));
        }
        let is_definition = ["create", "drop", "alter"].iter().any(|word| self.at_word(word));
        if is_definition {
            return self.definition().map(Statement::Definition);
        }
        if self.eat_word("pragma") {
            let (_, name) = self.qualified_name("a pragma")?;
            self.rest();
            return Ok(Statement::Pragma(name));
        }
        if OTHERS.iter().any(|word| self.at_word(word)) {
            self.rest();
            return Ok(Statement::Other);
        }
        let with = self.with()?;
        if self.at_word("select") || self.at_word("values") {
            return self.select_behind(with).map(Statement::Select);
        }
        if self.eat_word("update") {
            return self.update(with);
        }
        if self.eat_word("delete") {
            return self.delete(with);
        }
        let replaces = self.eat_word("replace");
        if replaces || self.eat_word("insert") {
            return self.insert(with, replaces);
        }
        let what = if with.is_empty() { "a statement" } else { "`SELECT`, `INSERT`, `UPDATE` or `DELETE`" };
        let mut mistake = self.expected(what);
        let words = ["select", "insert", "update", "delete", "create", "pragma", "replace", "with", "begin", "values"];
        if let Some(token) = self.peek().filter(|token| token.kind == TokenKind::Word) {
            mistake.help = super::mistake::closest(token.text, words)
                .map(|word| format!("did you mean `{}`?", word.to_ascii_uppercase()));
        }
        Err(mistake)
    }

    /// Goes to the end of the statement.
    fn rest(&mut self) {
        while self.kind().is_some_and(|kind| kind != TokenKind::Semicolon && kind != TokenKind::Illegal) {
            self.skip();
        }
    }

    /// `OR IGNORE` and its kin: whether rows that violate a constraint are left out.
    fn conflict(&mut self) -> Parsed<bool> {
        if !self.eat_word("or") {
            return Ok(false);
        }
        let ways = ["rollback", "abort", "fail", "ignore", "replace"];
        match ways.iter().find(|way| self.eat_word(way)) {
            Some(way) => Ok(*way == "ignore"),
            None => Err(self.expected("`ABORT`, `FAIL`, `IGNORE`, `REPLACE` or `ROLLBACK`")),
        }
    }

    fn insert(&mut self, with: Vec<super::ast::Cte<'s>>, replaces: bool) -> Parsed<Statement<'s>> {
        let ignores = if replaces { false } else { self.conflict()? };
        self.expect_word("into")?;
        let (database, name) = self.qualified_name("a table")?;
        let alias = if self.eat_word("as") { Some(self.name("a name for the table")?) } else { None };
        let columns = match self.at_kind(TokenKind::Open) {
            true => Some(self.names_in_parentheses("a column")?),
            false => None,
        };
        let mut upserts = Vec::new();
        let rows = if self.eat_word("default") {
            self.expect_word("values")?;
            None
        } else {
            if !self.at_select() {
                return Err(self.expected("`VALUES`, `SELECT` or `DEFAULT VALUES`"));
            }
            let rows = self.select()?;
            while self.at_word("on") {
                upserts.push(self.upsert()?);
            }
            Some(rows)
        };
        let returning = if self.eat_word("returning") { Some(self.result_columns()?) } else { None };
        let table = TableRef { database, name, arguments: None };
        let insert = Insert { with, ignores, table, alias, columns, rows, upserts, returning };
        Ok(Statement::Insert(Box::new(insert)))
    }

    fn upsert(&mut self) -> Parsed<Upsert<'s>> {
        self.expect_word("on")?;
        self.expect_word("conflict")?;
        let start = self.start();
        let (mut target, mut target_condition) = (Vec::new(), None);
        if self.eat_kind(TokenKind::Open) {
            target = self.terms()?.into_iter().map(|term| term.expr).collect();
            self.close()?;
            if self.eat_word("where") {
                target_condition = Some(self.expr()?);
            }
        }
        let span = self.since(start);
        self.expect_word("do")?;
        if self.eat_word("nothing") {
            return Ok(Upsert { target, target_condition, span, update: None });
        }
        if !self.eat_word("update") {
            return Err(self.expected("`NOTHING` or `UPDATE`"));
        }
        self.expect_word("set")?;
        let assignments = self.assignments()?;
        let condition = if self.eat_word("where") { Some(self.expr()?) } else { None };
        Ok(Upsert { target, target_condition, span, update: Some((assignments, condition)) })
    }

    fn assignments(&mut self) -> Parsed<Vec<Assignment<'s>>> {
        self.list(|reader| {
            let tuple = reader.at_kind(TokenKind::Open);
            let columns = match tuple {
                true => reader.names_in_parentheses("a column")?,
                false => vec![reader.name("a column")?],
            };
            if !reader.eat_operator("=") && !reader.eat_operator("==") {
                return Err(reader.expected("`=`"));
            }
            let value = reader.expr()?;
            Ok(Assignment { columns, tuple, value })
        })
    }

    fn update(&mut self, with: Vec<super::ast::Cte<'s>>) -> Parsed<Statement<'s>> {
        self.conflict()?;
        let target = self.target()?;
        self.expect_word("set")?;
        let assignments = self.assignments()?;
        let from = if self.eat_word("from") { self.items()? } else { Vec::new() };
        let condition = if self.eat_word("where") { Some(self.expr()?) } else { None };
        let returning = if self.eat_word("returning") { Some(self.result_columns()?) } else { None };
        Ok(Statement::Update(Box::new(Update { with, target, assignments, from, condition, returning })))
    }

    fn delete(&mut self, with: Vec<super::ast::Cte<'s>>) -> Parsed<Statement<'s>> {
        self.expect_word("from")?;
        let target = self.target()?;
        let condition = if self.eat_word("where") { Some(self.expr()?) } else { None };
        let returning = if self.eat_word("returning") { Some(self.result_columns()?) } else { None };
        Ok(Statement::Delete(Box::new(Delete { with, target, condition, returning })))
    }

    fn definition(&mut self) -> Parsed<Definition<'s>> {
        if self.eat_word("drop") {
            let kinds = ["table", "view", "index", "trigger"];
            let Some(kind) = kinds.into_iter().find(|kind| self.eat_word(kind)) else {
                return Err(self.expected("`TABLE`, `VIEW`, `INDEX` or `TRIGGER`"));
            };
            let if_exists = self.eat_words(&["if", "exists"]);
            let table = self.named(&format!("the name of the {kind}"))?;
            if self.kind().is_some_and(|kind| kind != TokenKind::Semicolon) {
                return Err(self.expected("the end of the statement"));
            }
            return Ok(Definition::Drop(kind, if_exists, table));
        }
        if self.eat_word("alter") {
            self.expect_word("table")?;
            let table = self.named("a table")?;
            self.rest();
            return Ok(Definition::OnTable(table));
        }
        self.expect_word("create")?;
        let temporary = self.eat_word("temp") || self.eat_word("temporary");
        if self.eat_word("table") {
            self.eat_words(&["if", "not", "exists"]);
            self.named("a table")?;
            if self.eat_word("as") {
                let query = self.select()?;
                if self.kind().is_some_and(|kind| kind != TokenKind::Semicolon) {
                    return Err(self.expected("the end of the statement"));
                }
                return Ok(Definition::TableAs(query));
            }
        } else if !temporary && (self.eat_words(&["unique", "index"]) || self.eat_word("index")) {
            self.eat_words(&["if", "not", "exists"]);
            self.named("an index")?;
            self.expect_word("on")?;
            let table = self.named("a table")?;
            self.rest();
            return Ok(Definition::OnTable(table));
        }
        self.rest();
        Ok(Definition::Other)
    }

    fn named(&mut self, what: &str) -> Parsed<TableRef<'s>> {
        let (database, name) = self.qualified_name(what)?;
        Ok(TableRef { database, name, arguments: None })
    }
}

/// Whether an expression is nothing but a parameter.
pub(super) fn is_parameter(expr: &Expr<'_>) -> bool {
    matches!(expr.kind, ExprKind::Variable)
}
