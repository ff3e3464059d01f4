//! The triggers that carry over what either release writes.
//!
//! A trigger sees what a row has, and not who has written it. So an `INSERT` is told by what it leaves at its sentinel,
//! and an `UPDATE` by the columns that change. What a trigger sets fires the other one in its turn, which then finds
//! both sides to say the same, and does nothing: whether or not `recursive_triggers` is on.

use std::collections::BTreeMap;

use super::PhasedError;
use super::link::{Fill, Link, Side, same_values};
use crate::diff::rename::unused;
use crate::schema::{Schema, Table, Trigger, TriggerEvent, TriggerTiming};
use crate::sql::name::{quote_string, sql_list};
use crate::sql::path::path;
use crate::sql::token::{TokenKind, significant};
use crate::sql::{Expr, Name, split};

/// What the names of the triggers have between that of their table and the number of their migration.
const PHASE: &str = "_phase_";

/// What stands behind that number in the name of the trigger for new rows.
const INSERT: &str = "insert";

/// What begins there in the names of the triggers that fill columns of the new release.
const FORWARD: &str = "forward";

/// Adds them to the schema in between.
pub(super) fn add(schema: &mut Schema, (links, fills): (&[Link], &[Fill]), number: u32) -> Result<(), PhasedError> {
    let tables: Vec<Table> = schema.tables.iter().cloned().collect();
    for table in &tables {
        let links: Vec<&Link> = links.iter().filter(|link| link.table == table.name).collect();
        let fills: Vec<&Fill> = fills.iter().filter(|fill| fill.table == table.name).collect();
        if links.is_empty() && fills.is_empty() {
            continue;
        }
        let row = same_row(table).ok_or_else(|| {
            let what = format!("`{}` changes", path([&table.name]));
            PhasedError::cannot(what, "and has nothing by which a trigger could name its rows")
        })?;
        let mut making = Making { schema: &mut *schema, table, row, number };
        making.guards(&links);
        making.inserts(&links, &fills);
        for (at, link) in links.iter().enumerate() {
            making.updates(link, at + 1);
        }
        for fill in fills {
            making.fill(fill);
        }
    }
    Ok(())
}

/// The condition for the row that a trigger has fired for.
fn same_row(table: &Table) -> Option<String> {
    if let Some(rowid) = table.rowid_name() {
        return Some(format!("{0} = NEW.{0}", rowid.sql()));
    }
    let key = table.primary_key.as_ref().filter(|_| table.without_rowid)?;
    let parts = key.parts.iter().map(|part| format!("{0} = NEW.{0}", part.column.sql()));
    Some(parts.collect::<Vec<_>>().join(" AND "))
}

struct Making<'s> {
    schema: &'s mut Schema,
    table: &'s Table,
    row: String,
    number: u32,
}

impl Making<'_> {
    fn push(&mut self, what: &str, timing: TriggerTiming, event: TriggerEvent, when: Option<String>, body: &[String]) {
        let base = format!("{}{PHASE}{:04}_{what}", self.table.name, self.number);
        let name = unused(&base, |name| self.schema.object_names().any(|other| other == name));
        self.schema.triggers.insert(Trigger {
            name,
            on: self.table.name.clone(),
            timing,
            event,
            when: when.map(Expr::new),
            body: Expr::script(body.join(";\n")),
            unchecked: false,
        });
    }

    fn update(&self, set: &str, condition: &str) -> String {
        let condition = if condition.is_empty() { String::new() } else { format!("\n  AND {condition}") };
        format!("UPDATE {} SET {set}\nWHERE {}{condition}", self.table.name.sql(), self.row)
    }

    /// What was NOT NULL under both names stays so. What a conversion makes of a value is none of the release that has
    /// written that, so of those only rows are refused that neither side is given for.
    fn guards(&mut self, links: &[&Link]) {
        for link in links {
            let ([old], [new]) = (&link.olds[..], &link.news[..]) else { continue };
            if !old.is_required || !old.is_carried {
                continue;
            }
            let said = format!("NOT NULL constraint failed: {}.{}", self.table.name, new.name);
            let raise = vec![format!("SELECT RAISE(ABORT, {})", quote_string(&said))];
            let (one, other) = (old.name.sql().into_owned(), new.name.sql().into_owned());
            let both = format!("NEW.{one} IS NULL AND NEW.{other} IS NULL");
            self.push(&format!("{}_given", new.name), TriggerTiming::Before, TriggerEvent::Insert, Some(both), &raise);
            if link.same().is_some() {
                let either = format!("NEW.{one} IS NULL OR NEW.{other} IS NULL");
                let columns = TriggerEvent::Update(vec![old.name.clone(), new.name.clone()]);
                self.push(&format!("{}_stays", new.name), TriggerTiming::Before, columns, Some(either), &raise);
            }
        }
    }

    /// What a new row gets on the side that it was not given for.
    fn inserts(&mut self, links: &[&Link], fills: &[&Fill]) {
        let mut body = Vec::new();
        for link in links {
            let absent = |sides: &[Side], row: &str| {
                sides.iter().map(|side| side.is_absent(row)).collect::<Vec<_>>().join(" AND ")
            };
            let (no_old, no_new) = (absent(&link.olds, "NEW."), absent(&link.news, "NEW."));
            for side in link.olds.iter().chain(&link.news) {
                if let Some(default) = &side.default {
                    let set = format!("{} = {}", side.name.sql(), in_parentheses(default));
                    body.push(self.update(&set, &format!("{no_old} AND {no_new}")));
                }
            }
            // a row that neither has given is one of the new release if the other one always gives something, or if only
            // the new one has a default
            let is_new_by_default = link.news.iter().any(|side| side.default.is_some());
            let is_always_given = link.same().is_none() && link.olds.iter().all(|side| side.is_given);
            let is_new = is_new_by_default || is_always_given;
            if let Some(set) = assignments(&link.news) {
                let always = link.same().is_some() || link.news.iter().any(|side| side.is_required || side.is_given);
                let always = always && !is_new_by_default || link.olds.is_empty();
                let given = if always { String::new() } else { format!(" AND NOT ({no_old})") };
                body.push(self.update(&set, &format!("{no_new}{given}")));
            }
            if let Some(set) = assignments(&link.olds) {
                let given = if link.news.is_empty() || is_new { no_old } else { format!("NOT ({no_new})") };
                body.push(self.update(&set, &given));
            }
        }
        for fill in fills {
            let column = fill.column.sql();
            let set = format!("{column} = {}", in_parentheses(&fill.expr));
            body.push(self.update(&set, &format!("{column} IS NULL")));
        }
        if !body.is_empty() {
            self.push(INSERT, TriggerTiming::After, TriggerEvent::Insert, None, &body);
        }
    }

    /// What the other side of a link gets when one is written.
    fn updates(&mut self, link: &Link, number: usize) {
        let both = [(&link.olds, &link.news, FORWARD), (&link.news, &link.olds, "back")];
        for (written, follow, what) in both {
            let Some(set) = assignments(follow).filter(|_| !written.is_empty()) else { continue };
            let changed = written.iter().map(|side| changes(&side.name)).collect::<Vec<_>>().join(" OR ");
            // where the written side is what the other one says, it is because that was written
            let condition = if let Some((old, new)) = link.same() {
                format!("NOT ({})", same_values(&old.name, &new.name))
            } else {
                let said = written.iter().filter_map(|side| {
                    let expr = side.from_other.as_ref()?;
                    Some(format!("{} COLLATE BINARY IS {}", side.name.sql(), in_parentheses(expr)))
                });
                let said = said.collect::<Vec<_>>().join(" AND ");
                if said.is_empty() { said } else { format!("NOT ({said})") }
            };
            let body = vec![self.update(&set, &condition)];
            let event = TriggerEvent::Update(written.iter().map(|side| side.name.clone()).collect());
            self.push(&format!("{what}_{number}"), TriggerTiming::After, event, Some(changed), &body);
        }
    }

    fn fill(&mut self, fill: &Fill) {
        let column = fill.column.sql().into_owned();
        let set = format!("{column} = {}", in_parentheses(&fill.expr));
        let body = vec![self.update(&set, &format!("{column} IS NULL"))];
        let event = TriggerEvent::Update(vec![fill.column.clone()]);
        let when = Some(format!("NEW.{column} IS NULL"));
        self.push(&format!("{}_filled", fill.column), TriggerTiming::After, event, when, &body);
    }
}

/// The condition that an update changes a column, by its bytes.
fn changes(column: &Name) -> String {
    let column = column.sql();
    format!("NOT (OLD.{column} COLLATE BINARY IS NEW.{column} AND typeof(OLD.{column}) = typeof(NEW.{column}))")
}

/// `a = …, b = …` for the columns that get something.
fn assignments(sides: &[Side]) -> Option<String> {
    let set = |side: &Side| Some(format!("{} = {}", side.name.sql(), in_parentheses(side.from_other.as_ref()?)));
    let all: Vec<String> = sides.iter().filter_map(set).collect();
    (!all.is_empty()).then(|| all.join(", "))
}

/// An expression that stays one beside others.
fn in_parentheses(expr: &Expr) -> String {
    if expr.as_column().is_some() || expr.is_literal() { expr.to_string() } else { format!("({expr})") }
}

/// The names of columns as a list of SQL.
pub(super) fn list<'n>(columns: impl Iterator<Item = &'n Name>) -> String {
    sql_list(columns)
}

/// What stands behind the number of the migration in the name of a trigger that carries something over.
fn carrying(trigger: &Trigger) -> Option<&str> {
    let (_, rest) = trigger.name.as_str().rsplit_once(PHASE)?;
    rest.split_once('_').filter(|(number, _)| number.parse::<u32>().is_ok()).map(|(_, what)| what)
}

/// Whether a schema is one that two releases share.
pub fn carries(schema: &Schema) -> bool {
    schema.triggers.iter().any(|trigger| carrying(trigger).is_some())
}

/// What columns get of others in rows that a release writes which does not know them, by table and column: as the triggers
/// of a schema in between say it. For whoever goes back there, and finds those columns empty.
pub fn carried_back(between: &Schema) -> BTreeMap<(Name, Name), Expr> {
    let is_for_inserts = |trigger: &&Trigger| carrying(trigger).is_some_and(|what| what.starts_with(INSERT));
    let mut found = BTreeMap::new();
    for trigger in between.triggers.iter().filter(is_for_inserts) {
        // what is behind another one of the same column is what is carried over, and not a default
        for statement in split(trigger.body.as_str()) {
            let all = assigned(statement.text).unwrap_or_default();
            found.extend(all.into_iter().map(|(column, expr)| ((trigger.on.clone(), column), expr)));
        }
    }
    found
}

/// The columns of the running release whose values are in others of the new one as well, by table and column, with those
/// and what they get: as the triggers of a schema in between say it. What such a column has is not lost with it.
pub fn carried_over(between: &Schema) -> BTreeMap<(Name, Name), Vec<(Name, Expr)>> {
    let is_forward = |trigger: &&Trigger| carrying(trigger).is_some_and(|what| what.starts_with(FORWARD));
    let mut found: BTreeMap<(Name, Name), Vec<(Name, Expr)>> = BTreeMap::new();
    for trigger in between.triggers.iter().filter(is_forward) {
        let TriggerEvent::Update(written) = &trigger.event else { continue };
        let all = assigned(trigger.body.as_str()).unwrap_or_default();
        for column in written {
            let said = all.iter().filter(|(_, expr)| expr.mentions(column)).cloned();
            found.entry((trigger.on.clone(), column.clone())).or_default().extend(said);
        }
    }
    found.retain(|_, all| !all.is_empty());
    found
}

/// The columns that an `UPDATE table SET …` sets, and to what.
fn assigned(body: &str) -> Option<Vec<(Name, Expr)>> {
    let tokens = significant(body);
    let [update, _, set, rest @ ..] = &tokens[..] else { return None };
    if !update.is_word("update") || !set.is_word("set") {
        return None;
    }
    let (mut depth, mut start, mut found) = (0_usize, 0, Vec::new());
    for (at, token) in rest.iter().enumerate() {
        match token.kind {
            TokenKind::Open => depth += 1,
            TokenKind::Close => depth = depth.checked_sub(1)?,
            _ => {}
        }
        let is_end = depth == 0 && token.is_word("where");
        if !is_end && (depth > 0 || token.text != ",") {
            continue;
        }
        let [column, equals, expr @ ..] = &rest[start..at] else { return None };
        let text = body.get(expr.first()?.start..expr.last()?.end())?;
        found.push((Name::from(column.identifier().filter(|_| equals.text == "=")?), Expr::new(text)));
        start = at + 1;
        if is_end {
            return Some(found);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_back_is_read_off_the_triggers() {
        let read = |body: &str| {
            let all = assigned(body).unwrap_or_default();
            all.iter().map(|(column, expr)| format!("{column} = {expr}")).collect::<Vec<_>>().join("; ")
        };
        assert_eq!(read("UPDATE users SET name = full_name\nWHERE id = NEW.id"), "name = full_name");
        let two = "UPDATE \"a b\" SET \"x,y\" = (substr(n, 1, 2)), b = (CASE WHEN c THEN 'where, ' ELSE d END) WHERE id = NEW.id";
        assert_eq!(read(two), "x,y = (substr(n, 1, 2)); b = (CASE WHEN c THEN 'where, ' ELSE d END)");
        for other in ["DELETE FROM users WHERE id = 1", "UPDATE users SET a = 1", "UPDATE users SET WHERE 1", ""] {
            assert_eq!(read(other), "", "{other}");
        }
    }
}
