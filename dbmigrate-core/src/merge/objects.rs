//! Views, triggers and virtual tables, which are replaced as a whole, and names that objects of any kind share.

use std::collections::BTreeSet;

use super::answers::{Answers, Side};
use super::branch::with_names;
use super::conflict::{Conflict, ConflictKind};
use super::mentions::Reader;
use super::pruned::Pruned;
use super::{Edit, Merging};
use crate::plan::Trace;
use crate::schema::validate::{Place, Problem, ProblemKind};
use crate::schema::{Named, NamedMap, Schema, Table};
use crate::sql::token::{TokenKind, significant};
use crate::sql::{Name, Token};

/// A kind of object that is replaced as a whole.
pub(super) struct Whole<'k, T> {
    pub(super) noun: &'static str,
    pub(super) of: fn(&Schema) -> &NamedMap<T>,
    pub(super) canonical: &'k dyn Fn(&T) -> String,
    pub(super) sql: &'k dyn Fn(&T) -> String,
    /// The name that one of a side has in the end.
    pub(super) last: &'k dyn Fn(Side, &Name) -> Option<Name>,
}

impl Merging<'_> {
    /// The objects of a kind. `finals` are ours and theirs with the names of the end.
    pub(super) fn objects<T: Reader + Named>(&mut self, finals: [&Pruned; 2], whole: &Whole<'_, T>) -> NamedMap<T> {
        let mut names: BTreeSet<Name> = BTreeSet::new();
        for side in Side::BOTH {
            names.extend(
                (whole.of)(self.branch(side).to()).iter().filter_map(|object| (whole.last)(side, object.name())),
            );
        }
        let merged = names.into_iter().filter_map(|name| self.object(finals, whole, &name));
        merged.collect::<Vec<_>>().into_iter().collect()
    }

    fn object<T: Reader + Named>(&mut self, finals: [&Pruned; 2], whole: &Whole<'_, T>, name: &Name) -> Option<T> {
        let here = finals.map(|pruned| (whole.of)(&pruned.schema).get(name));
        // what it is called on each side, and what that does to it
        let own = Side::BOTH.map(|side| {
            let of = (whole.of)(self.branch(side).to());
            of.iter().map(Named::name).find(|own| (whole.last)(side, own).as_ref() == Some(name)).cloned()
        });
        let verbs = Side::BOTH.map(|side| {
            let own = own[side.at()].as_ref().unwrap_or(name);
            self.branch(side).object_verb(whole.of, own, whole.canonical)
        });
        let is_unsure = |side: Side| finals[side.at()].unsure.iter().find(|(object, _)| object == name);
        let path = [name.clone()];
        let side = match here {
            [None, None] => return None,
            // what is gone, or needs what is gone
            [Some(_), None] | [None, Some(_)] => {
                let side = if here[0].is_some() { Side::Ours } else { Side::Theirs };
                let was_left_out = finals[side.other().at()].left_out.contains(name);
                match verbs[side.at()] {
                    "has" if verbs[side.other().at()] == "drops" && !was_left_out => {
                        self.dropped(side, whole.noun, name)?
                    }
                    "changes" if verbs[side.other().at()] == "drops" && !was_left_out => {
                        let what = Side::BOTH.map(|side| format!("{} {} `{name}`", verbs[side.at()], whole.noun));
                        let conflict = Conflict::new(ConflictKind::ChangedAndDropped, whole.noun, &path, what);
                        let answered = self.ask(conflict.or_either(), &[path.to_vec()]);
                        if answered != side {
                            self.dropped_views.insert(name.clone());
                            return None;
                        }
                        side
                    }
                    _ => side,
                }
            }
            [Some(ours), Some(theirs)] => match ((whole.canonical)(ours), (whole.canonical)(theirs)) {
                (our_text, their_text) if our_text == their_text => Side::Theirs,
                _ => match verbs {
                    // renames of both that only one text can be followed through
                    ["has", "has"] if is_unsure(Side::Theirs).is_some() => Side::Ours,
                    ["has", _] => Side::Theirs,
                    [_, "has"] => Side::Ours,
                    _ => {
                        let both = [ours, theirs];
                        let what = Side::BOTH.map(|side| {
                            let verb = verbs[side.at()];
                            let sql = crate::sql::Expr::new((whole.sql)(both[side.at()]));
                            format!("{verb} it: `{}`", sql.said())
                        });
                        let is_new = verbs == ["creates", "creates"];
                        let kind =
                            if is_new { ConflictKind::AddedDifferently } else { ConflictKind::ChangedDifferently };
                        let mut conflict = Conflict::new(kind, whole.noun, &path, what).or_either();
                        if is_new {
                            conflict = conflict.or_rename(&path);
                        }
                        self.ask(conflict, &[path.to_vec()])
                    }
                },
            },
        };
        if let Some((_, what)) = is_unsure(side) {
            let reads = format!("{} {} `{name}`, which reads `{what}`", verbs[side.at()], whole.noun);
            let renames = format!("renames `{what}`");
            let both = if side == Side::Ours { [reads, renames] } else { [renames, reads] };
            let conflict = Conflict::new(ConflictKind::ReadsRenamed, whole.noun, &path, both).or_either();
            return match self.ask(conflict, &[path.to_vec()]) {
                Side::Ours => here[0].cloned(),
                Side::Theirs => here[1].cloned(),
            };
        }
        here[side.at()].cloned()
    }

    /// Something that one side leaves as it is and the other drops: whether what the one makes needs it.
    fn dropped(&mut self, side: Side, noun: &'static str, name: &Name) -> Option<Side> {
        let uses: Vec<String> = self.branch(side).uses_of(name, None).into_iter().map(ToOwned::to_owned).collect();
        if uses.is_empty() {
            return None;
        }
        let (does, drops) = (uses.join(", "), format!("drops {noun} `{name}`"));
        let what = if side == Side::Ours { [does, drops] } else { [drops, does] };
        let path = [name.clone()];
        let conflict = Conflict::new(ConflictKind::NeedsDropped, noun, &path, what).or_either();
        let stays = self.ask(conflict, &[path.to_vec()]) == side;
        if !stays {
            self.dropped_views.insert(name.clone());
        }
        stays.then_some(side)
    }

    /// What reads a view that goes, goes with it.
    pub(super) fn drop_readers_of_views(&self, schema: &mut Schema) {
        let mut gone = self.dropped_views.clone();
        if gone.is_empty() {
            return;
        }
        let mut known = schema.clone();
        let all = Side::BOTH.into_iter().flat_map(|side| &self.branch(side).to().views);
        known.views = all.cloned().chain(known.views).collect();
        loop {
            let reads = |named: super::mentions::Named| named.iter().any(|(object, _)| gone.contains(object));
            let views: Vec<Name> =
                schema.views.iter().filter(|view| reads(view.names(&known))).map(|view| view.name.clone()).collect();
            schema.triggers = std::mem::take(&mut schema.triggers)
                .into_iter()
                .filter(|trigger| !reads(trigger.names(&known)))
                .collect();
            if views.is_empty() {
                return;
            }
            for view in views {
                schema.views.remove(&view);
                gone.insert(view);
            }
        }
    }

    /// What no database accepts, although it accepts each side.
    pub(super) fn impossible(&mut self, merged: &mut Schema, finals: [&Pruned; 2], traces: &[Trace; 3]) {
        let is_of_names = |message: &str| message.starts_with("two objects are named");
        // with the names of the end, one side may have two of a name that it has not by its own
        let with_last_names = finals.iter().flat_map(|pruned| problems(&pruned.schema));
        let known: BTreeSet<String> = with_last_names
            .filter(|problem| !is_of_names(&problem.message))
            .chain(Side::BOTH.into_iter().flat_map(|side| problems(self.branch(side).to())))
            .map(|problem| problem.message)
            .collect();
        let new_in = |schema: &Schema| {
            let problems = problems(schema).into_iter().filter(|problem| !known.contains(&problem.message));
            problems.collect::<Vec<_>>()
        };
        let mut problems = new_in(merged);
        // a table can be had as one side has it
        for problem in &problems {
            let (table, _) = place(&problem.place);
            if let Some(side) = self.answers.exact_side(&[vec![table.clone()]])
                && let Some(whole) = finals[side.at()].schema.table(table)
            {
                merged.tables.insert(whole.clone());
            }
        }
        problems = new_in(merged);
        for problem in problems {
            let (table, noun) = place(&problem.place);
            let is_name = is_of_names(&problem.message);
            let what = Side::BOTH.map(|side| {
                let own = traces[side.at() + 1].tables.iter().find(|(_, last)| *last == table).map(|(own, _)| own);
                let changes = own.map(|own| self.branch(side).changes_of_table(own)).unwrap_or_default();
                let changes = if changes.is_empty() { "leaves it as it is".to_owned() } else { changes.join(", ") };
                if is_name { problem.message.clone() } else { format!("{changes}, while {}", problem.message) }
            });
            let kind = if is_name { ConflictKind::SameName } else { ConflictKind::Impossible };
            let path = [table.clone()];
            let mut conflict = Conflict::new(kind, noun, &path, what);
            if is_name {
                conflict = conflict.or_rename(&path);
            } else if finals.iter().all(|pruned| pruned.schema.tables.contains(table)) {
                conflict = conflict.or_either();
            }
            self.conflicts.push(conflict);
        }
    }
}

/// What is wrong with a schema. No database has generated columns that need each other, so that is only looked for here.
fn problems(schema: &Schema) -> Vec<Problem> {
    let mut found = schema.problems();
    found.extend(schema.tables.iter().filter_map(circle));
    found
}

/// Generated columns of a table that need each other.
fn circle(table: &Table) -> Option<Problem> {
    let mut left: Vec<(&Name, Vec<Token<'_>>)> = table
        .columns
        .iter()
        .filter_map(|column| Some((&column.name, significant(column.generated.as_ref()?.expr.as_str()))))
        .collect();
    // a function may be called like a column
    let reads = |tokens: &[Token<'_>], name: &Name| {
        tokens.iter().enumerate().any(|(at, token)| {
            let is_call = tokens.get(at + 1).is_some_and(|next| next.kind == TokenKind::Open);
            !is_call && token.identifier().is_some_and(|word| *name == *word.as_str())
        })
    };
    loop {
        let names: Vec<&Name> = left.iter().map(|(name, _)| *name).collect();
        left.retain(|(_, tokens)| names.iter().any(|name| reads(tokens, name)));
        if left.len() == names.len() {
            break;
        }
    }
    let [(first, _), ..] = &left[..] else { return None };
    let names: Vec<String> = left.iter().map(|(name, _)| format!("`{name}`")).collect();
    let message = format!("generated columns of `{}` need each other: {}", table.name, names.join(", "));
    let place = Place::Column(table.name.clone(), (*first).clone());
    Some(Problem { kind: ProblemKind::Declaration, place, message, help: None })
}

/// The object that a problem is shown at, with the word for it.
fn place(place: &Place) -> (&Name, &'static str) {
    match place {
        Place::Table(name)
        | Place::PrimaryKey(name)
        | Place::Column(name, _)
        | Place::Unique(name, _)
        | Place::ForeignKey(name, _) => (name, "table"),
        Place::Index(_, name) => (name, "index"),
        Place::View(name) => (name, "view"),
        Place::Trigger(name) => (name, "trigger"),
        Place::VirtualTable(name) => (name, "virtual table"),
    }
}

/// Ours with the names that were answered for its new indexes, views and triggers. Tables are not among them.
pub(super) fn with_other_names(ours: &Edit<'_>, answers: &Answers) -> Option<Schema> {
    let mut to: Option<Schema> = None;
    for (name, new) in answers.renamed_objects() {
        let schema = to.as_ref().unwrap_or(ours.to);
        let mut changed = schema.clone();
        if let Some(view) = schema.views.get(name) {
            let mut trace = Trace::of_same(schema);
            trace.tables.insert(name.clone(), new.clone());
            changed = with_names(schema, &trace).0;
            changed.views.remove(name);
            changed.views.insert(crate::schema::View { name: new.clone(), ..view.clone() });
        } else if let Some(trigger) = changed.triggers.remove(name) {
            changed.triggers.insert(crate::schema::Trigger { name: new.clone(), ..trigger });
        } else {
            let owner =
                changed.tables.iter().find(|table| table.indexes.contains(name)).map(|table| table.name.clone());
            let Some(table) = owner.and_then(|owner| changed.tables.get_mut(&owner)) else { continue };
            let Some(index) = table.indexes.remove(name) else { continue };
            table.indexes.insert(crate::schema::Index { name: new.clone(), ..index });
        }
        let _ = answers.name(std::slice::from_ref(name));
        to = Some(changed);
    }
    to
}
