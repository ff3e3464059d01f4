//! The decisions that a generated migration was planned with, read back from its text: what it allows, renames and fills
//! rows with. Whether they are all that there were shows when the same migration is planned with them again.

use std::collections::{BTreeMap, BTreeSet};

use super::decide::Decisions;
use super::fill::misplaced;
use super::follow::follow;
use super::lint::Lint;
use crate::ddl::render::default_value;
use crate::diff::{Diff, Renames, TableDiff, diff};
use crate::schema::{Column, Schema};
use crate::sql::path::path;
use crate::sql::token::{Token, significant};
use crate::sql::{Expr, Name, Statement};

impl Decisions {
    /// The decisions of a migration from one schema to the other. `allowed` are the lints that it allows, with their
    /// objects.
    pub fn read_back<'t>(
        old: &Schema,
        new: &Schema,
        allowed: impl IntoIterator<Item = (&'t str, &'t str)>,
        statements: &[Statement<'_>],
    ) -> Self {
        let mut decisions = Self::default();
        for (lint, object) in allowed {
            if let Ok(lint) = lint.parse::<Lint>() {
                decisions.accepted.add(lint, object);
            }
        }
        decisions.renames = renames(old, new, statements);
        for statement in statements {
            decisions.read_copy(old, new, statement.text);
        }
        // every conversion is allowed in the text, whether or not its losses were accepted
        let converted = decisions.conversions.keys().map(lossy).collect::<Vec<_>>();
        decisions.accepted.named.retain(|accepted| !converted.contains(accepted));
        decisions
    }

    /// Accepts what the conversions lose, of which the text of a migration does not tell whether it was accepted.
    pub fn accept_conversions(&mut self) {
        self.accepted.named.extend(self.conversions.keys().map(lossy));
    }

    /// What the copy of a rebuild fills columns with.
    fn read_copy(&mut self, old: &Schema, new: &Schema, statement: &str) {
        let Some(copy) = Copy::read(statement) else { return };
        let Some(after) = new.table(&copy.table) else { return };
        let Some(before) = old.table(self.renames.old_table(&after.name)) else { return };
        for (name, text) in copy.columns.iter().zip(&copy.expressions) {
            let Some(column) = after.column(name) else { continue };
            let was = before.column(self.renames.old_column(&after.name, name));
            let key = (after.name.clone(), name.clone());
            if was.is_none() {
                self.backfills.extend(backfill(text).map(|expr| (key, expr)));
            } else if let Some(expr) = converted(text, column) {
                self.conversions.insert(key, expr);
            } else {
                self.backfills.extend(coalesced(text, column).and_then(backfill).map(|expr| (key, expr)));
            }
        }
    }

    /// Leaves out what is of no use for a plan that leads elsewhere.
    pub fn keep_what_fits(&mut self, old: &Schema, new: &Schema) {
        let has = |schema: &Schema, name: &Name| schema.tables.contains(name) || schema.virtual_tables.contains(name);
        self.renames.tables.retain(|(from, to)| has(old, from) && has(new, to));
        let renames = self.renames.clone();
        let tables = |name: &Name| Some((old.table(renames.old_table(name))?, new.table(name)?));
        self.renames.columns.retain(|(table, from, to)| {
            tables(table).is_some_and(|(before, after)| before.column(from).is_some() && after.column(to).is_some())
        });
        let Ok(difference) = diff(old, new, &self.renames) else { return };
        let converted: Vec<(Lint, String)> = converted_columns(&difference).map(|column| lossy(&column)).collect();
        self.accepted.named.retain(|accepted| accepted.0 != Lint::LossyConversion || converted.contains(accepted));
        let fits = |decisions: Self| misplaced(&decisions, &difference, new).is_none();
        let alone = |column: &(Name, Name), expr: &Expr| BTreeMap::from([(column.clone(), expr.clone())]);
        self.backfills.retain(|column, expr| fits(Self { backfills: alone(column, expr), ..Self::default() }));
        self.conversions.retain(|column, expr| fits(Self { conversions: alone(column, expr), ..Self::default() }));
    }

    /// Names the conversions of a difference, where everything was accepted.
    pub fn name_conversions(&mut self, diff: &Diff) {
        self.accepted.all = false;
        self.accepted.named.extend(converted_columns(diff).map(|column| lossy(&column)));
    }
}

/// What statements rename. What both schemas share and no statement mentions is not looked at.
fn renames(old: &Schema, new: &Schema, statements: &[Statement<'_>]) -> Renames {
    if !may_rename(statements) && !is_respelled(old, new) {
        return Renames::default();
    }
    let mut names: BTreeSet<Name> = BTreeSet::new();
    for statement in statements {
        names.extend(significant(statement.text).iter().filter_map(Token::identifier).map(Name::from));
    }
    let unshared = old.tables.unshared(&new.tables).into_iter();
    names.extend(unshared.flat_map(|(before, after)| [before, after]).flatten().map(|table| table.name.clone()));
    let part = |schema: &Schema| Schema {
        tables: schema.tables.only(&names),
        virtual_tables: schema.virtual_tables.clone(),
        ..Schema::default()
    };
    follow(&part(old), &part(new), statements).1
}

/// Whether a statement may rename something, or fill one thing with another: most migrations have none, and need not be
/// followed.
fn may_rename(statements: &[Statement<'_>]) -> bool {
    let words = ["rename", "select", "update"];
    let has =
        |text: &str, word: &str| text.as_bytes().windows(word.len()).any(|at| at.eq_ignore_ascii_case(word.as_bytes()));
    statements.iter().any(|statement| words.iter().any(|word| has(statement.text, word)))
}

/// Whether a table, or a column of one, is the same under a name that is spelled in another way.
fn is_respelled(old: &Schema, new: &Schema) -> bool {
    let unshared = old.tables.unshared(&new.tables).into_iter();
    unshared.filter_map(|(before, after)| before.zip(after)).any(|(before, after)| {
        let columns =
            before.columns.iter().filter_map(|column| Some((&column.name, &after.column(&column.name)?.name)));
        std::iter::once((&before.name, &after.name)).chain(columns).any(|(was, now)| !was.same_spelling(now))
    })
}

/// The columns whose type changes.
fn converted_columns(diff: &Diff) -> impl Iterator<Item = (Name, Name)> {
    let changed = |table: &TableDiff| {
        let changed = table.changed.iter().filter(|change| change.decl_type);
        changed.map(|change| (table.name.clone(), change.name.clone())).collect::<Vec<_>>()
    };
    diff.tables.iter().flat_map(changed)
}

/// What is accepted of a column that is converted.
fn lossy((table, column): &(Name, Name)) -> (Lint, String) {
    (Lint::LossyConversion, path([table, column]).to_ascii_lowercase())
}

/// `INSERT INTO helper (columns) SELECT expressions FROM table`.
pub(crate) struct Copy {
    /// The table that is filled.
    pub(crate) helper: Name,
    /// The table that it is filled from.
    pub(crate) table: Name,
    /// The columns that are filled.
    pub(crate) columns: Vec<Name>,
    /// What they are filled with, as it is written.
    pub(crate) expressions: Vec<String>,
    /// Whether every row arrives, or the statement fails: there is no `WHERE`, and no row is skipped or replaced.
    pub(crate) is_whole: bool,
}

/// What a statement fills a copy of a table with, as the planner writes it: the table, and each column with its
/// expression.
#[cfg(feature = "engine")]
pub(crate) fn copied(statement: &str) -> Option<(Name, Vec<(Name, String)>)> {
    let Copy { table, columns, expressions, .. } = Copy::read(statement)?;
    Some((table, columns.into_iter().zip(expressions).collect()))
}

impl Copy {
    /// Reads a statement; `None` for one that is something else.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let tokens = significant(text);
        let position = |word: &str, from: usize| (from..tokens.len()).find(|at| tokens[*at].is_word(word));
        let into = tokens.first()?.is_word("insert").then(|| position("into", 1))??;
        let open = into + 2;
        let close = (open..tokens.len()).find(|at| tokens[*at].text == ")")?;
        let columns: Option<Vec<Name>> = (tokens.get(open)?.text == "(").then(|| {
            tokens[open + 1..close]
                .iter()
                .filter(|token| token.text != ",")
                .map(|token| token.identifier().map(Name::from))
                .collect()
        })?;
        let select = close + 1;
        let mut expressions = Vec::new();
        let (mut depth, mut start) = (0_usize, tokens.get(select)?.is_word("select").then_some(select + 1)?);
        for at in select + 1..tokens.len() {
            match tokens[at].text {
                "(" => depth += 1,
                ")" => depth = depth.checked_sub(1)?,
                _ => {}
            }
            let is_from = depth == 0 && tokens[at].is_word("from");
            if depth == 0 && (tokens[at].text == "," || is_from) {
                let (first, last) = (tokens.get(start)?, tokens.get(at.checked_sub(1)?)?);
                expressions.push(text.get(first.start..last.end())?.to_owned());
                start = at + 1;
            }
            if is_from {
                let table = tokens.get(at + 1)?.identifier()?.into();
                let helper = tokens.get(into + 1)?.identifier()?.into();
                let skips_nothing = into == 1 || (into == 3 && tokens[2].is_word("abort"));
                let is_whole = skips_nothing && tokens.len() == at + 2;
                return Some(Self { helper, table, columns: columns?, expressions, is_whole });
            }
        }
        None
    }
}

/// What stands in the place of NULL: `coalesce(column, value)`, unless it is the column's default.
fn coalesced<'t>(text: &'t str, column: &Column) -> Option<&'t str> {
    let inside = text.strip_prefix("coalesce(")?.strip_suffix(')')?;
    let value = inside.strip_prefix(&*column.name.sql())?.strip_prefix(", ")?;
    let is_default = column.effective_default().is_some_and(|default| default_value(default) == value);
    (!is_default).then_some(value)
}

/// What the values of a column become: `(expression)`, or with its default in the place of NULL.
fn converted(text: &str, column: &Column) -> Option<Expr> {
    let inside = match column.effective_default() {
        Some(default) if text.starts_with("coalesce((") => {
            text.strip_prefix("coalesce(")?.strip_suffix(&format!(", {})", default_value(default)))?
        }
        _ => text,
    };
    inside.starts_with('(').then(|| backfill(inside)).flatten()
}

/// A value as a backfill is written: a literal, or an expression in parentheses.
fn backfill(text: &str) -> Option<Expr> {
    if let Some(inside) = text.strip_prefix('(').and_then(|text| text.strip_suffix(')')) {
        return Some(Expr::new(inside));
    }
    let expr = Expr::new(text);
    expr.is_literal().then_some(expr)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ddl::read::schema_of;
    use crate::plan::plan;
    use crate::sql::split;

    const OLD: &str = "CREATE TABLE users (id INTEGER PRIMARY KEY, nick TEXT, age TEXT, email TEXT, \"od,d\" TEXT);
        CREATE TABLE posts (id INTEGER PRIMARY KEY, user INTEGER REFERENCES users);";

    /// That a plan with these decisions is the same with those that are read back from it.
    #[track_caller]
    fn round_trip(after: &str, decide: impl FnOnce(&mut Decisions)) -> Decisions {
        let (old, new) = (schema_of(OLD), schema_of(after));
        let mut decisions = Decisions::default();
        decide(&mut decisions);
        let text = |decisions: &Decisions| {
            let diff = diff(&old, &new, &decisions.renames).expect("the renames fit");
            let plan = plan(&old, &new, &diff, decisions).expect("there is a plan");
            (plan.to_sql("0001_a"), plan)
        };
        let (sql, plan) = text(&decisions);
        let allowed = plan.allowed.iter().map(|(lint, object)| (lint.name(), object.as_str()));
        let mut read = Decisions::read_back(&old, &new, allowed, &split(&sql));
        if text(&read).0 != sql {
            read.accept_conversions();
        }
        assert_eq!(text(&read).0, sql, "{read:?}");
        read
    }

    #[test]
    fn renames_are_read_back() {
        let after = OLD.replace("users", "people").replace("nick", "handle");
        let read = round_trip(&after, |decisions| {
            decisions.renames.tables.push(("users".into(), "people".into()));
            decisions.renames.columns.push(("people".into(), "nick".into(), "handle".into()));
        });
        assert_eq!(read.renames.tables.len() + read.renames.columns.len(), 2);
        // two that change their names, together with a rebuild
        let swapped = OLD.replace("nick TEXT, age TEXT", "age TEXT NOT NULL, nick TEXT");
        round_trip(&swapped, |decisions| {
            decisions.renames.columns.push(("users".into(), "nick".into(), "age".into()));
            decisions.renames.columns.push(("users".into(), "age".into(), "nick".into()));
        });
        let tables = OLD.replace("users", "x").replace("posts", "users").replace(" x", " posts");
        round_trip(&tables, |decisions| {
            decisions.renames.tables.push(("users".into(), "posts".into()));
            decisions.renames.tables.push(("posts".into(), "users".into()));
        });
    }

    #[test]
    fn backfills_are_read_back_whatever_is_in_them() {
        let after = OLD.replace("email TEXT", "email TEXT NOT NULL, key TEXT NOT NULL, n INT NOT NULL");
        for expr in ["'a, b (c)'", "lower(nick) || ', ' || coalesce(email, 'x')", "(SELECT count(*) FROM posts)", "-1"]
        {
            let read = round_trip(&after, |decisions| {
                decisions.backfills.insert(("users".into(), "key".into()), Expr::new(expr));
                decisions.backfills.insert(("users".into(), "n".into()), Expr::new("0"));
                decisions.backfills.insert(("users".into(), "email".into()), Expr::new(expr));
            });
            assert_eq!(read.backfills.len(), 3, "{read:?}");
        }
    }

    #[test]
    fn conversions_are_read_back() {
        for after in ["age INT", "age INT NOT NULL DEFAULT 7"] {
            let after = OLD.replace("age TEXT", after);
            for expr in ["CAST(age AS INTEGER)", "coalesce((1), 7)", "(age) + (1)", "CASE age WHEN 'a, b' THEN 1 END"] {
                let read = round_trip(&after, |decisions| {
                    decisions.conversions.insert(("users".into(), "age".into()), Expr::new(expr));
                });
                assert_eq!((read.conversions.len(), read.accepted.named.len()), (1, 0), "{read:?}");
                let read = round_trip(&after, |decisions| {
                    decisions.conversions.insert(("users".into(), "age".into()), Expr::new(expr));
                    decisions.accepted.add(Lint::LossyConversion, "users.age");
                });
                assert_eq!((read.conversions.len(), read.accepted.named.len()), (1, 1), "{read:?}");
            }
        }
    }

    #[test]
    fn a_column_that_is_renamed_and_converted_is_read_back_as_one() {
        let after = OLD.replace("age TEXT", "years INT");
        for expr in ["length(years)", "CASE WHEN years > '' THEN 1 ELSE 0 END"] {
            let read = round_trip(&after, |decisions| {
                decisions.renames.columns.push(("users".into(), "age".into(), "years".into()));
                decisions.conversions.insert(("users".into(), "years".into()), Expr::new(expr));
            });
            assert_eq!((read.renames.columns.len(), read.conversions.len()), (1, 1), "{read:?}");
        }
    }

    #[test]
    fn what_was_accepted_is_read_back() {
        let after = OLD.replace("nick TEXT, ", "").replace("age TEXT", "age INT");
        let read = round_trip(&after, |decisions| {
            decisions.accepted.add(Lint::DropColumn, "users.nick");
            decisions.accepted.add(Lint::LossyConversion, "users.age");
        });
        assert_eq!(read.accepted.named.len(), 2);
        let mut kept = read.clone();
        kept.keep_what_fits(&schema_of(OLD), &schema_of(OLD));
        assert_eq!(kept.accepted.named.len(), 1, "no value is converted any more");
    }
}
