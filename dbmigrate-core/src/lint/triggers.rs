//! What triggers write, and which triggers that fires.

use super::write::{Verb, write_of};
use crate::schema::{Schema, Trigger, TriggerEvent};
use crate::sql::token::{Token, TokenKind, significant};
use crate::sql::{Name, split};

/// Something that a trigger writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// What is done.
    pub event: Event,
    /// The table or view.
    pub table: Name,
    /// Whether a condition of several parts says of which rows, so that it may come to an end.
    pub is_narrowed: bool,
}

/// What is done to rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// They are added.
    Insert,
    /// They are deleted.
    Delete,
    /// These columns are set.
    Update(Vec<Name>),
}

/// What a trigger writes.
pub fn writes(trigger: &Trigger) -> Vec<Written> {
    let mut found = Vec::new();
    for statement in split(trigger.body.as_str()) {
        let Some(write) = write_of(&statement) else { continue };
        let tokens = significant(statement.text);
        let is_narrowed = write.condition.as_ref().is_some_and(|condition| {
            significant(condition).iter().any(|token| token.is_word("and") || token.is_word("exists"))
        });
        let mut push = |event| found.push(Written { event, table: write.table.clone(), is_narrowed });
        match write.verb {
            Verb::Insert | Verb::Replace => {
                push(Event::Insert);
                if let Some(set) = tokens.iter().position(|token| token.is_word("set")) {
                    push(Event::Update(columns_set(&tokens[set + 1..])));
                }
            }
            Verb::Delete => push(Event::Delete),
            Verb::Update => {
                let set = tokens.iter().position(|token| token.is_word("set")).unwrap_or(tokens.len());
                push(Event::Update(columns_set(tokens.get(set + 1..).unwrap_or_default())));
            }
        }
    }
    found
}

/// The columns behind `SET`: `a = 1, (b, c) = (2, 3)`.
fn columns_set(tokens: &[Token<'_>]) -> Vec<Name> {
    let (mut columns, mut depth, mut is_target) = (Vec::new(), 0_usize, true);
    for token in tokens {
        match token.kind {
            TokenKind::Open => depth += 1,
            TokenKind::Close => depth = depth.saturating_sub(1),
            TokenKind::Comma if depth == 0 => is_target = true,
            TokenKind::Operator if depth == 0 && token.text == "=" => is_target = false,
            TokenKind::Word if depth == 0 && ["where", "from", "returning"].iter().any(|word| token.is_word(word)) => {
                break;
            }
            TokenKind::Word | TokenKind::QuotedName if is_target => columns.extend(token.identifier().map(Name::from)),
            _ => {}
        }
    }
    columns
}

/// Whether what is written fires a trigger.
pub fn fires(written: &Written, trigger: &Trigger) -> bool {
    trigger.on == written.table
        && match (&written.event, &trigger.event) {
            (Event::Insert, TriggerEvent::Insert) | (Event::Delete, TriggerEvent::Delete) => true,
            (Event::Update(set), TriggerEvent::Update(of)) => {
                of.is_empty() || of.iter().any(|column| set.contains(column))
            }
            _ => false,
        }
}

/// The way from a trigger back to itself, through what each fires, without conditions that could end it: the names of the
/// others on it. `None` if there is none.
pub fn cycle<'s>(schema: &'s Schema, start: &'s Trigger) -> Option<Vec<&'s Name>> {
    if start.when.is_some() {
        return None;
    }
    // by breadth, so that the shortest is found
    let mut seen: Vec<(&Trigger, Option<usize>)> = vec![(start, None)];
    let mut at = 0;
    while at < seen.len() {
        let (trigger, _) = seen[at];
        for written in writes(trigger).iter().filter(|written| !written.is_narrowed) {
            let next = schema.triggers.iter().filter(|other| other.when.is_none() && fires(written, other));
            for other in next {
                if other.name == start.name {
                    let mut way = Vec::new();
                    let mut back = Some(at);
                    while let Some(here) = back.filter(|here| *here > 0) {
                        way.push(&seen[here].0.name);
                        back = seen[here].1;
                    }
                    way.reverse();
                    return Some(way);
                }
                if !seen.iter().any(|(before, _)| before.name == other.name) {
                    seen.push((other, Some(at)));
                }
            }
        }
        at += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ddl::{Object, read};

    #[test]
    fn what_a_trigger_writes_is_read_off_its_statements() {
        let sql = "CREATE TRIGGER t AFTER UPDATE ON a BEGIN \
                   UPDATE a SET x = max(1, 2), (\"y\", z) = (SELECT p, q FROM b) WHERE id = new.id AND x IS NULL; \
                   INSERT INTO b (p) VALUES (CASE WHEN 1 THEN 2 END) ON CONFLICT DO UPDATE SET p = p + 1; \
                   SELECT 1; DELETE FROM c; END";
        let Ok(Object::Trigger(trigger)) = read(sql) else { panic!("{sql}") };
        let names = |names: &[&str]| names.iter().map(|name| Name::from(*name)).collect();
        let written = |event, table: &str, is_narrowed| Written { event, table: table.into(), is_narrowed };
        assert_eq!(
            writes(&trigger),
            [
                written(Event::Update(names(&["x", "y", "z"])), "a", true),
                written(Event::Insert, "b", false),
                written(Event::Update(names(&["p"])), "b", false),
                written(Event::Delete, "c", false),
            ]
        );
    }
}
