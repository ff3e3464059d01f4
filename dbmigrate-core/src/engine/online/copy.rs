//! The new table beside the old one: how it is made, and given up.

use super::key::Key;
use super::{AT, COPY, LOG, NotOnline, ONLINE_PREFIX, follow};
use crate::ddl::render;
use crate::engine::introspect::has_vectors;
use crate::engine::pieces::rowid_ends;
use crate::folder::script::Rebuild;
use crate::schema::{Index, Schema, Table, Trigger, TriggerTiming};
use crate::sql::token::{Token, TokenKind, significant};
use crate::sql::{Expr, Name, Statement};

/// What the name of a parent begins with that a foreign key of the new table refers to until the swap. There is no such
/// table, so that nothing which an application does to the parent looks at the new table.
const NO_PARENT: &str = "_dbmigrate_online_no_";

/// A rebuild of one table, as what happens online.
#[derive(Debug, Clone)]
pub(in crate::engine) struct Copy {
    /// The table as it is.
    pub(super) before: Table,
    /// What is made of it.
    pub(super) rebuild: Rebuild,
    /// The text of `CREATE TABLE`, under the helper's name.
    pub(super) create: String,
    /// The texts of the indexes.
    pub(super) indexes: Vec<String>,
    /// Which of them the old table has with the same entries, so that its pages can go on as they are.
    pub(super) are_kept: Vec<bool>,
    pub(super) key: Key,
    /// The tables that its foreign keys refer to, itself aside.
    pub(super) parents: Vec<Name>,
    /// Whether other tables refer to it.
    pub(super) has_children: bool,
    /// Whether its foreign keys, or those that refer to it, may not hold any more.
    can_break_references: bool,
}

impl Copy {
    /// Reads a rebuild of a table of this schema.
    ///
    /// # Errors
    /// If it cannot be done online.
    pub(in crate::engine) fn of(
        schema: &Schema,
        rebuild: &Rebuild,
        statements: &[Statement<'_>],
    ) -> Result<Self, NotOnline> {
        let table = &rebuild.table;
        let Some(before) = schema.table(table) else {
            return Err(NotOnline(format!("no table `{table}`")));
        };
        let own = rebuild.of(statements);
        let Some(create) = own.first() else { return Err(NotOnline("it has no statements".to_owned())) };
        let indexes = rebuild.indexes.iter().filter_map(|(at, _)| statements.get(*at));
        let mut all_indexes = before.indexes.iter().chain(rebuild.indexes.iter().map(|(_, index)| index));
        let is_of_vectors = |index: &&Index| index.parts.iter().any(|part| has_vectors(part.expr.as_str()));
        if let Some(index) = all_indexes.find(is_of_vectors) {
            return Err(NotOnline(format!("`{}` is an index of vectors, which has tables of its own", index.name)));
        }
        if let Some(trigger) = schema.triggers.iter().find(|trigger| keeps_from_logging(trigger, table)) {
            return Err(NotOnline(format!(
                "trigger `{}` may say `RAISE(IGNORE)` behind a write, and what was written is then not noticed",
                trigger.name
            )));
        }
        let parents = rebuild.definition.foreign_keys.iter().map(|key| key.parent.clone());
        // one that is no table holds nothing back
        let mut parents: Vec<Name> =
            parents.filter(|parent| parent != table && schema.table(parent).is_some()).collect();
        parents.sort();
        parents.dedup();
        let others = schema.tables.iter().filter(|other| other.name != *table);
        let children: Vec<&Table> =
            others.filter(|other| other.foreign_keys.iter().any(|key| key.parent == *table)).collect();
        let key = Key::of(before, rebuild)?;
        let is_kept = |index: &Index| key.is_rowid() && has_same_entries(before, rebuild, index);
        Ok(Self {
            are_kept: rebuild.indexes.iter().map(|(_, index)| is_kept(index)).collect(),
            key,
            has_children: !children.is_empty(),
            can_break_references: can_break_references(before, rebuild, &children),
            before: before.clone(),
            rebuild: rebuild.clone(),
            create: create.text.to_owned(),
            indexes: indexes.map(|statement| statement.text.to_owned()).collect(),
            parents,
        })
    }

    /// The table.
    pub(in crate::engine) fn table(&self) -> &Name {
        &self.rebuild.table
    }

    /// The places of its statements in the script.
    pub(in crate::engine) fn statements(&self) -> std::ops::Range<usize> {
        self.rebuild.statements.clone()
    }

    /// Whether foreign keys may be violated behind it that were not before.
    pub(in crate::engine) fn can_break_references(&self) -> bool {
        self.can_break_references
    }

    /// The query for about how many rows there are: the rowids say so without being counted.
    pub(in crate::engine) fn rows_query(&self) -> String {
        match self.before.rowid_name().filter(|_| !self.before.random_rowid) {
            Some(rowid) => {
                let [lowest, highest] = rowid_ends(self.table(), &rowid);
                format!("SELECT {highest} - {lowest} + 1")
            }
            None => format!("SELECT count(*) FROM {}", self.table().sql()),
        }
    }

    /// The statements that make what there has to be before the first row is copied. The first piece has so many rows.
    ///
    /// An index of a whole table is made by one statement, for as long as it takes, so that indexes grow with the rows,
    /// under other names. In a database whose schema can be written, those that do not change are kept as they are. On a
    /// server only unique ones grow: no name can be given to them in the end, and without them a row could come twice.
    pub(in crate::engine) fn prepare(&self, migration: &str, first: u64, is_local: bool) -> Vec<String> {
        let numbers = |letter| self.key.columns_of(letter);
        let mut statements = vec![
            self.create_copy(),
            format!("CREATE TABLE {LOG} ({})", numbers('k')),
            format!(
                "CREATE TABLE {AT} (migration TEXT NOT NULL, stage TEXT NOT NULL, chunk INTEGER NOT NULL, \
                 done INTEGER NOT NULL, {}, {})",
                numbers('a'),
                numbers('b')
            ),
            format!(
                "INSERT INTO {AT} (migration, stage, chunk, done) VALUES ({}, 'copy', 0, 0)",
                crate::sql::name::quote_string(migration)
            ),
        ];
        let indexes = self.rebuild.indexes.iter().enumerate().filter(|(at, _)| self.grows(*at, is_local));
        statements.extend(indexes.map(|(at, (_, index))| {
            render::create_index(&COPY.into(), &Index { name: index_name(at), ..index.clone() })
        }));
        statements.extend(follow::triggers(&self.before, &self.key));
        statements.push(self.next_end(true, first));
        statements
    }

    /// Whether an index grows with the rows.
    pub(super) fn grows(&self, at: usize, is_local: bool) -> bool {
        let is_unique = self.rebuild.indexes.get(at).is_some_and(|(_, index)| index.unique);
        if is_local { !self.are_kept.get(at).is_some_and(|kept| *kept) } else { is_unique }
    }

    /// The statement that makes the new table.
    fn create_copy(&self) -> String {
        self.with_references(|parent| {
            if parent == self.table() || *parent == self.rebuild.helper {
                Some(COPY.into())
            } else {
                self.parents.contains(parent).then(|| no_parent(parent))
            }
        })
    }

    /// The text of the table in the end, as SQLite stores it.
    pub(super) fn stored(&self) -> String {
        let text = self.rebuild.renamed(&self.create);
        // what stands before the name is stored as these two words
        let name =
            significant(&text).into_iter().find(|token| token.identifier().is_some_and(|name| *self.table() == *name));
        format!("CREATE TABLE {}", &text[name.map_or(0, |token| token.start)..])
    }

    fn with_references(&self, parent: impl Fn(&Name) -> Option<Name>) -> String {
        let text = &self.create;
        let tokens = significant(text);
        let (mut made, mut end) = (String::with_capacity(text.len()), 0);
        for (at, token) in tokens.iter().enumerate() {
            let is_name = matches!(token.kind, TokenKind::Word | TokenKind::QuotedName);
            let Some(name) = token.identifier().filter(|_| is_name).map(Name::from) else { continue };
            let to = if at > 0 && tokens[at - 1].is_word("references") {
                parent(&name)
            } else {
                // also where an expression says whose column it means
                (name == self.rebuild.helper).then(|| COPY.into())
            };
            if let Some(to) = to {
                made.push_str(&text[end..token.start]);
                made.push_str(&to.sql());
                end = token.end();
            }
        }
        made + &text[end..]
    }
}

/// Whether a trigger may end what happens for a row of the table that is written already, with the triggers that log it.
/// One that fires before leaves the row as it was.
fn keeps_from_logging(trigger: &Trigger, table: &Name) -> bool {
    let tokens = significant(trigger.body.as_str());
    let says_it = |three: &[Token<'_>]| three[0].is_word("raise") && three[1].text == "(" && three[2].is_word("ignore");
    trigger.on == *table && trigger.timing == TriggerTiming::After && tokens.windows(3).any(says_it)
}

/// The statements with which nothing of the application's is followed any more.
pub(in crate::engine) fn unfollow() -> Vec<String> {
    follow::names().iter().map(|name| format!("DROP TRIGGER IF EXISTS {}", name.sql())).collect()
}

/// The name of an index of the new table until the swap.
pub(in crate::engine) fn index_name(at: usize) -> Name {
    Name::from(format!("{ONLINE_PREFIX}index_{}", at + 1))
}

/// The name of an index of the old table behind the swap.
pub(super) fn old_index_name(at: usize) -> Name {
    Name::from(format!("{ONLINE_PREFIX}old_index_{}", at + 1))
}

/// The name that a foreign key has instead of a parent's.
pub(super) fn no_parent(parent: &Name) -> Name {
    Name::from(format!("{NO_PARENT}{parent}"))
}

/// Whether a column has in each row what it had, and compares as it did.
fn stays(before: &Table, rebuild: &Rebuild, name: &Name) -> bool {
    let after = &rebuild.definition;
    let copied = rebuild.values.iter().find(|(column, _)| column == name);
    let is_copied = copied.is_some_and(|(_, value)| Expr::new(value).as_column().as_ref() == Some(name));
    let (Some(old), Some(new)) = (before.column(name), after.column(name)) else { return false };
    is_copied && before.affinity(old) == after.affinity(new) && old.collate == new.collate
}

/// Whether an index of the new table has the entries that one of the same name of the old table has: the same parts, over
/// columns that stay, of the same rowids.
fn has_same_entries(before: &Table, rebuild: &Rebuild, index: &Index) -> bool {
    let columns = before.columns.iter().chain(&rebuild.definition.columns).map(|column| &column.name);
    before.indexes.get(&index.name) == Some(index)
        && columns.filter(|name| index.mentions(name)).all(|name| stays(before, rebuild, name))
}

/// Whether a foreign key may be violated behind the rebuild that was not before. If it has the same foreign keys, over
/// columns that are copied as they are, and whatever others refer to is copied as it is, then each row has the parent
/// that it had, and each child its own.
fn can_break_references(before: &Table, rebuild: &Rebuild, children: &[&Table]) -> bool {
    let after = &rebuild.definition;
    let stays = |name: &Name| stays(before, rebuild, name);
    let is_known = |key: &crate::schema::ForeignKey| {
        let same = |old: &crate::schema::ForeignKey| {
            old.columns == key.columns && old.parent == key.parent && old.parent_columns == key.parent_columns
        };
        before.foreign_keys.iter().any(same) && key.columns.iter().all(stays)
    };
    let referred = children.iter().flat_map(|child| &child.foreign_keys).chain(&after.foreign_keys);
    let referred = referred.filter(|key| key.parent == before.name);
    let primary = |table: &Table| table.primary_key.as_ref().map(|key| key.parts.clone()).unwrap_or_default();
    // what is referred to has to be a key in both
    let same_keys = before.primary_key.is_some() == after.primary_key.is_some()
        && primary(before).iter().map(|part| &part.column).eq(primary(after).iter().map(|part| &part.column));
    let mut is_kept = referred.map(|key| {
        if key.parent_columns.is_empty() {
            return same_keys && primary(after).iter().all(|part| stays(&part.column));
        }
        let indexes = rebuild.indexes.iter().filter(|(_, index)| index.unique && index.predicate.is_none());
        let indexes = indexes.filter_map(|(_, index)| index.parts.iter().map(|part| part.expr.as_column()).collect());
        let mut keys = after.unique_keys().chain(indexes);
        let is_it = |one: Vec<Name>| {
            one.len() == key.parent_columns.len() && one.iter().all(|name| key.parent_columns.contains(name))
        };
        key.parent_columns.iter().all(stays) && keys.any(is_it)
    });
    !(after.foreign_keys.iter().all(is_known) && is_kept.all(|kept| kept))
}
