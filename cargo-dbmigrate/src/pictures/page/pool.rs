//! The cards of all moments, each form once.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use dbmigrate_core::sql::Name;
use serde::Serialize;
use serde_json::Value;

use super::lines::Lines;
use super::told::told;
use crate::pictures::model::{Card, Link, Mark, Picture};

/// A card with the links that lead from it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Bundle {
    card: Card,
    links: Vec<Link>,
}

/// What a step changes, by numbers in the pool.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Step {
    /// Cards that are others now.
    pub(crate) cards: Vec<usize>,
    /// New cards.
    pub(crate) added: Vec<usize>,
    /// The names of cards that are gone.
    pub(crate) gone: Vec<String>,
}

/// The cards, in every form that they had.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    /// The lines of their statements, and of other texts.
    pub(crate) lines: Lines,
    /// Columns, each once: of most there are several.
    columns: Vec<Value>,
    known: HashMap<String, usize>,
    cards: Vec<Value>,
    /// The form that each of them had before.
    earlier: Vec<Option<usize>>,
    now: BTreeMap<Name, (usize, Bundle)>,
    /// Those that were marked in the last step.
    marked: BTreeMap<Name, usize>,
}

impl Pool {
    /// What is drawn now: each card with the links that lead from it.
    pub(crate) fn drawn(&self) -> impl Iterator<Item = (&Card, &[Link])> + Clone {
        self.now.values().map(|(_, bundle)| (&bundle.card, &bundle.links[..]))
    }

    /// Goes on to the next picture, of which these names may differ from the one before. `picture` has them and may have
    /// others.
    pub(crate) fn step(&mut self, picture: &Picture, names: &BTreeSet<Name>) -> Step {
        self.marked.clear();
        let mut step = Step::default();
        let mut found: BTreeMap<Name, Bundle> =
            bundles(picture).into_iter().map(|bundle| (bundle.card.name.clone(), bundle)).collect();
        for name in names {
            let before = self.now.get(name);
            let earlier = before.map(|(number, _)| *number);
            match found.remove(name) {
                Some(bundle) if before.is_some_and(|(_, before)| *before == bundle) => {}
                Some(bundle) => {
                    let number = self.push(&bundle, earlier);
                    self.now.insert(bundle.card.name.clone(), (number, bundle));
                    if earlier.is_none() { &mut step.added } else { &mut step.cards }.push(number);
                }
                None => {
                    if let Some((_, gone)) = self.now.remove(name) {
                        step.gone.push(gone.card.name.to_string());
                    }
                }
            }
        }
        step
    }

    /// Adds what is marked in a picture, but for what is new or gone as a whole: the page marks that by itself.
    pub(crate) fn marked(&mut self, picture: &Picture) -> Vec<usize> {
        let mut numbers = Vec::new();
        for bundle in bundles(picture) {
            let is_touched = bundle.card.is_touched() || bundle.links.iter().any(|link| link.mark != Mark::Same);
            if is_touched && !matches!(bundle.card.mark, Mark::Added | Mark::Dropped) {
                let earlier = self.now.get(&bundle.card.name).map(|(number, _)| *number);
                let number = self.push(&bundle, earlier);
                self.marked.insert(bundle.card.name.clone(), number);
                numbers.push(number);
            }
        }
        numbers
    }

    /// The source text of the struct that declares a table, for as it is now.
    pub(crate) fn rust(&mut self, name: &Name, text: &str) {
        let text = Value::from(self.lines.text(text));
        for number in self.numbers(name) {
            self.cards[number]["rust"] = text.clone();
        }
    }

    /// The route of the link of that place among those that lead from a card as it is now.
    pub(crate) fn route(&mut self, link: &Link, points: &[(i32, i32)]) {
        let (columns, kind) = (serde_json::json!(link.columns), serde_json::json!(link.kind));
        for number in self.numbers(&link.from) {
            let links = self.cards[number]["links"].as_array_mut();
            let found = links.into_iter().flatten().find(|one| {
                let by = one.get("by").and_then(Value::as_str);
                one["to"] == *link.to.as_str()
                    && one["kind"] == kind
                    && one.get("columns").map_or(link.columns.is_empty(), |one| *one == columns)
                    && by == link.by.as_ref().map(Name::as_str)
            });
            if let Some(found) = found {
                found["route"] = serde_json::json!(points);
            }
        }
    }

    /// The lines, the columns and the cards.
    pub(crate) fn into_parts(self) -> (Lines, Vec<Value>, Vec<Value>) {
        (self.lines, self.columns, told(self.cards, &self.earlier))
    }

    fn numbers(&self, name: &Name) -> Vec<usize> {
        let now = self.now.get(name).map(|(number, _)| *number);
        now.into_iter().chain(self.marked.get(name).copied()).collect()
    }

    fn push(&mut self, bundle: &Bundle, earlier: Option<usize>) -> usize {
        let mut card = plain(&bundle.card);
        if !bundle.links.is_empty() {
            card["links"] = plain(&bundle.links);
        }
        self.shorten(&mut card);
        let columns = card["columns"].as_array_mut().map(std::mem::take).unwrap_or_default();
        card["columns"] = columns.into_iter().map(|column| self.column(column)).collect();
        // what they come from is the card
        for link in card.get_mut("links").and_then(Value::as_array_mut).into_iter().flatten() {
            link.as_object_mut().map(|link| link.remove("from"));
        }
        self.cards.push(card);
        self.earlier.push(earlier);
        self.cards.len() - 1
    }

    /// The number of a column.
    fn column(&mut self, column: Value) -> usize {
        let text = column.to_string();
        *self.known.entry(text).or_insert_with(|| {
            self.columns.push(column);
            self.columns.len() - 1
        })
    }

    /// Leaves out what is false, and keeps the lines of statements once.
    fn shorten(&mut self, value: &mut Value) {
        match value {
            Value::Object(fields) => {
                fields.retain(|_, value| *value != Value::Bool(false) && !value.is_null());
                for (name, value) in fields {
                    match value {
                        Value::String(text) if name == "sql" => *value = Value::from(self.lines.text(text)),
                        other => self.shorten(other),
                    }
                }
            }
            Value::Array(all) => all.iter_mut().for_each(|one| self.shorten(one)),
            _ => {}
        }
    }
}

fn plain(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_else(|error| unreachable!("it is plain data: {error}"))
}

/// The cards of a picture, each with the links that lead from it.
fn bundles(picture: &Picture) -> Vec<Bundle> {
    let mut links: HashMap<&Name, Vec<Link>> = HashMap::new();
    for link in &picture.links {
        links.entry(&link.from).or_default().push(link.clone());
    }
    let bundle = |card: &Card| Bundle { card: card.clone(), links: links.remove(&card.name).unwrap_or_default() };
    picture.cards.iter().map(bundle).collect()
}
