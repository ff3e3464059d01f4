//! Queries: `SELECT`, `VALUES`, compounds, `WITH` and `FROM` (sqlite.org/lang_select.html).

use super::Mistake;
use super::ast::{Body, Core, Cte, Item, Join, ResultColumn, Select, SourceRef, Term};
use super::reader::{Parsed, Reader};
use crate::sql::token::TokenKind;

/// The words that joins are made of.
const JOIN_WORDS: [&str; 6] = ["natural", "left", "right", "full", "inner", "cross"];

impl<'s> Reader<'s> {
    /// Whether a query comes next.
    pub(super) fn at_select(&self) -> bool {
        self.at_word("select") || self.at_word("values") || (self.at_word("with") && !self.with_is_a_name())
    }

    /// `WITH` is also a name: a query if a name and then `AS` or `(` follow.
    fn with_is_a_name(&self) -> bool {
        let next = usize::from(self.at_word_behind(1, "recursive"));
        self.peek_at(1 + next)
            .is_none_or(|token| !matches!(token.kind, TokenKind::Word | TokenKind::QuotedName | TokenKind::String))
    }

    /// A query with all that belongs to it.
    pub(super) fn select(&mut self) -> Parsed<Select<'s>> {
        self.deeper(|reader| {
            let with = reader.with()?;
            reader.select_behind(with)
        })
    }

    pub(super) fn select_behind(&mut self, with: Vec<Cte<'s>>) -> Parsed<Select<'s>> {
        let start = self.start();
        let mut cores = vec![self.core()?];
        loop {
            if self.eat_word("union") {
                self.eat_word("all");
            } else if !self.eat_word("except") && !self.eat_word("intersect") {
                break;
            }
            cores.push(self.core()?);
        }
        // `VALUES` has neither, also as the last part
        let ends_in_values = matches!(cores.last(), Some(Core::Values(_)));
        let clauses_start = self.start();
        let order = if !ends_in_values && self.eat_words(&["order", "by"]) { self.terms()? } else { Vec::new() };
        let mut limit = Vec::new();
        if !ends_in_values && self.eat_word("limit") {
            limit.push(self.expr()?);
            if self.eat_word("offset") || self.eat_kind(TokenKind::Comma) {
                limit.push(self.expr()?);
            }
        }
        let has_clauses = !order.is_empty() || !limit.is_empty();
        if has_clauses && ["union", "except", "intersect"].iter().any(|word| self.at_word(word)) {
            let clause = if order.is_empty() { "LIMIT" } else { "ORDER BY" };
            let span = clauses_start..clauses_start + clause.split(' ').next().map_or(0, str::len);
            return Err(Mistake::boxed(span, format!("`{clause}` stands behind the last query of a compound")));
        }
        Ok(Select { with, cores, order, limit, span: self.since(start) })
    }

    /// `WITH`, if it is there.
    pub(super) fn with(&mut self) -> Parsed<Vec<Cte<'s>>> {
        if !self.eat_word("with") {
            return Ok(Vec::new());
        }
        if self.at_word("recursive") && !self.at_word_behind(1, "as") {
            self.skip();
        }
        self.list(|reader| {
            let name = reader.name("the name of a common table expression")?;
            let columns =
                if reader.at_kind(TokenKind::Open) { reader.names_in_parentheses("a column")? } else { Vec::new() };
            reader.expect_word("as")?;
            if reader.eat_word("not") {
                reader.expect_word("materialized")?;
            } else {
                reader.eat_word("materialized");
            }
            reader.open()?;
            let query = reader.select()?;
            reader.close()?;
            Ok(Cte { name, columns, query })
        })
    }

    fn core(&mut self) -> Parsed<Core<'s>> {
        if self.eat_word("values") {
            let rows = self.list(|reader| {
                let start = reader.start();
                reader.open()?;
                let row = reader.exprs()?;
                reader.close()?;
                Ok((row, reader.since(start)))
            })?;
            return Ok(Core::Values(rows));
        }
        let start = self.start();
        if !self.eat_word("select") {
            return Err(self.expected("`SELECT` or `VALUES`"));
        }
        if !self.eat_word("distinct") {
            self.eat_word("all");
        }
        let columns = self.result_columns()?;
        let span = self.since(start);
        let from = if self.eat_word("from") { self.items()? } else { Vec::new() };
        let condition = if self.eat_word("where") { Some(self.expr()?) } else { None };
        let mut group = Vec::new();
        if self.eat_word("group") {
            self.expect_word("by")?;
            group = self.list(|reader| Ok(Term { expr: reader.expr()? }))?;
        }
        let having = if self.eat_word("having") { Some(self.expr()?) } else { None };
        let mut windows = Vec::new();
        if self.at_word("window") && self.at_word_behind(2, "as") {
            self.skip();
            windows = self.list(|reader| {
                let name = reader.name("the name of a window")?;
                reader.expect_word("as")?;
                Ok((name, reader.window()?))
            })?;
        }
        let body = Body { columns, from, condition, group, having, windows, span };
        Ok(Core::Query(Box::new(body)))
    }

    /// The columns behind `SELECT` or `RETURNING`.
    pub(super) fn result_columns(&mut self) -> Parsed<Vec<ResultColumn<'s>>> {
        self.list(|reader| {
            let start = reader.start();
            if reader.eat_operator("*") {
                return Ok(ResultColumn::Star(reader.since(start)));
            }
            let is_star = |offset: usize| {
                reader.peek_at(offset).is_some_and(|token| token.kind == TokenKind::Dot)
                    && reader.peek_at(offset + 1).is_some_and(|token| token.text == "*")
            };
            if reader.at_name() && is_star(1) {
                let table = reader.name("a table")?;
                reader.skip();
                reader.skip();
                return Ok(ResultColumn::TableStar(table, reader.since(start)));
            }
            let expr = reader.expr()?;
            let span = reader.since(start);
            let alias = reader.alias("the name of a column")?;
            Ok(ResultColumn::Expr(expr, alias, span))
        })
    }

    /// `AS name`, or a name that stands alone.
    fn alias(&mut self, what: &str) -> Parsed<Option<super::ast::Ident<'s>>> {
        if self.eat_word("as") {
            return self.name(what).map(Some);
        }
        let starts_join = JOIN_WORDS.iter().any(|word| self.at_word(word)) || self.at_word("outer");
        let starts_window = self.at_word("window") && self.at_word_behind(2, "as");
        // `INDEXED BY` and `NOT INDEXED` belong to a table
        let indexed = self.at_word("indexed");
        if starts_join || starts_window || indexed {
            return Ok(None);
        }
        Ok(self.take_name())
    }

    /// What stands behind `FROM`.
    pub(super) fn items(&mut self) -> Parsed<Vec<Item<'s>>> {
        self.deeper(|reader| {
            let mut items = vec![reader.item(Join::default())?];
            if let Some(first) = items.first()
                && (first.on.is_some() || first.using.is_some())
            {
                let message = "`ON` and `USING` belong to a join, and nothing stands before this table".to_owned();
                return Err(Mistake::boxed(first.span.clone(), message));
            }
            while let Some(join) = reader.join()? {
                items.push(reader.item(join)?);
            }
            Ok(items)
        })
    }

    /// A comma or the words of a join, if they come next.
    fn join(&mut self) -> Parsed<Option<Join>> {
        if self.eat_kind(TokenKind::Comma) {
            return Ok(Some(Join::default()));
        }
        let start = self.start();
        let mut join = Join::default();
        let (mut inner, mut outer, mut words) = (false, false, 0);
        loop {
            if self.eat_word("join") {
                // `INNER OUTER`, and `OUTER` alone, say nothing
                let is_outer = join.left || join.right;
                let is_wrong = if is_outer { inner } else { outer };
                if is_wrong {
                    return Err(Mistake::boxed(self.since(start), "a join of this kind does not exist".to_owned()));
                }
                return Ok(Some(join));
            }
            if self.eat_word("natural") {
                join.natural = true;
            } else if self.eat_word("left") {
                join.left = true;
            } else if self.eat_word("right") {
                join.right = true;
            } else if self.eat_word("full") {
                (join.left, join.right) = (true, true);
            } else if self.eat_word("inner") || self.eat_word("cross") {
                inner = true;
            } else if self.eat_word("outer") {
                outer = true;
            } else if words == 0 {
                return Ok(None);
            } else {
                return Err(self.expected("`JOIN`"));
            }
            words += 1;
        }
    }

    fn item(&mut self, join: Join) -> Parsed<Item<'s>> {
        let start = self.start();
        let source = if self.eat_kind(TokenKind::Open) {
            let source = if self.at_select() {
                SourceRef::Subquery(Box::new(self.select()?))
            } else {
                SourceRef::Nested(self.items()?)
            };
            self.close()?;
            source
        } else {
            SourceRef::Table(self.table_ref("a table")?)
        };
        let span = self.since(start);
        let alias = self.alias("a name for the table")?;
        let mut item = Item { join, source, alias, indexed_by: None, on: None, using: None, span };
        item.indexed_by = self.indexed()?;
        if self.eat_word("on") {
            item.on = Some(self.expr()?);
        } else if self.eat_word("using") {
            item.using = Some(self.names_in_parentheses("a column")?);
        }
        Ok(item)
    }

    /// `INDEXED BY name` or `NOT INDEXED`.
    fn indexed(&mut self) -> Parsed<Option<super::ast::Ident<'s>>> {
        if self.eat_words(&["not", "indexed"]) {
            return Ok(None);
        }
        if self.eat_word("indexed") {
            self.expect_word("by")?;
            return self.name("an index").map(Some);
        }
        Ok(None)
    }

    /// The table that `UPDATE` and `DELETE` are about.
    pub(super) fn target(&mut self) -> Parsed<Item<'s>> {
        let start = self.start();
        let (database, name) = self.qualified_name("a table")?;
        let source = SourceRef::Table(super::ast::TableRef { database, name, arguments: None });
        let span = self.since(start);
        let alias = if self.eat_word("as") { Some(self.name("a name for the table")?) } else { None };
        let mut item = Item { join: Join::default(), source, alias, indexed_by: None, on: None, using: None, span };
        item.indexed_by = self.indexed()?;
        Ok(item)
    }
}
