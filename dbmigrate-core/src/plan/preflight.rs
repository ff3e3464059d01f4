//! Queries that find the rows which a migration would fail on, or change, before anything is touched.
//!
//! Each returns no row if all is well, else one row: how many there are, and where the first one is. They run against
//! the old schema, so they speak of tables and columns by their old names.

use super::conversion::{changed_by_affinity, refused_by_strict};
use super::copy::{Source, default_or_null, may_fail_on_null, source};
use super::decide::{example_value, shell_quoted};
use super::{Input, Lint, Strategy};
use crate::diff::TableDiff;
use crate::schema::validate::Place;
use crate::schema::{Column, ForeignKey, Index, IndexPart, KeyPart, Table};
use crate::sql::token::significant;
use crate::sql::{Expr, Name};

/// A query that has to return nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preflight {
    /// The table whose rows it looks at, by its old name.
    pub table: Name,
    /// What it means when a row comes back; each `{}` stands for a value of the row, in order.
    pub message: String,
    /// The query.
    pub query: String,
    /// A query that shows the rows, empty if there is none.
    pub rows: String,
    /// A query that shows some of the keys that lead nowhere, the first of which the message has; empty if there are none.
    pub keys: String,
    /// What is to change that the rows contradict, by its new name.
    pub place: Option<Place>,
    /// The flags that would do something about the rows, each with the words that introduce it.
    pub answers: Vec<(String, String)>,
}

impl Preflight {
    pub(super) fn new(table: &Name, message: String, query: String) -> Self {
        let (rows, keys) = (String::new(), String::new());
        Self { table: table.clone(), message, query, rows, keys, place: None, answers: Vec::new() }
    }

    fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    fn answer(mut self, words: &str, flag: &str, value: &str) -> Self {
        self.answers.push((words.to_owned(), format!("--{flag} {}", shell_quoted(value))));
        self
    }
}

/// How many of the keys that lead nowhere are shown.
pub(crate) const KEYS_SHOWN: usize = 5;

/// What can be known of the rows before a migration.
#[derive(Default)]
pub(super) struct Preflights {
    /// The queries.
    pub(super) all: Vec<Preflight>,
    /// Tables, by their old names, with constraints that no query foresees: over values that the migration itself
    /// makes up. Their rows are left to the engine, which may refuse them.
    pub(super) unforeseen: Vec<Name>,
}

impl Preflights {
    pub(super) fn of(input: &Input<'_>, strategies: &[(&TableDiff, Strategy)]) -> Self {
        let mut found = Self::default();
        for (diff, strategy) in strategies {
            let old_name = input.diff.renames.old_table(&diff.name);
            let (Some(old), Some(before)) = (input.old.table(old_name), input.diff.renamed.table(&diff.name)) else {
                continue;
            };
            let table = Probe { input, old, before, after: input.after(&diff.name), diff };
            for column in &table.after.columns {
                found.all.extend(table.null(column));
                found.all.extend(table.without_value(column));
                found.all.extend(table.conversion(column));
            }
            let rebuilt = matches!(strategy, Strategy::Rebuild);
            for (columns, probe) in table.constraints(rebuilt) {
                match probe {
                    Some(preflight) => found.all.push(preflight),
                    None => found.leave_to_engine(old_name),
                }
                // what a conversion makes of the values shows only when they are written
                if columns.iter().any(|column| table.is_converted(column)) {
                    found.leave_to_engine(old_name);
                }
            }
            if table.computes_what_is_constrained() {
                found.leave_to_engine(old_name);
            }
        }
        for child in children_of_changed(input) {
            found.leave_to_engine(child);
        }
        found
    }

    fn leave_to_engine(&mut self, table: &Name) {
        if !self.unforeseen.contains(table) {
            self.unforeseen.push(table.clone());
        }
    }
}

/// Tables, by their old names, with a foreign key to columns that change, so that what was equal may differ.
fn children_of_changed<'a>(input: &'a Input<'_>) -> Vec<&'a Name> {
    let changes = |parent: &Name, columns: &[Name]| {
        let diff = input.diff.tables.iter().find(|diff| diff.name == *parent);
        diff.is_some_and(|diff| diff.changed.iter().any(|change| columns.contains(&change.name)))
    };
    let refers = |table: &&Table| {
        let mut keys = table.foreign_keys.iter();
        keys.any(|key| changes(&key.parent, &input.new.referenced_columns(key).unwrap_or_default()))
    };
    let children = input.new.tables.iter().filter(refers);
    children
        .filter(|table| input.diff.renamed.tables.contains(&table.name))
        .map(|table| input.diff.renames.old_table(&table.name))
        .collect()
}

/// A table before and after, as the probes need it.
struct Probe<'a> {
    input: &'a Input<'a>,
    /// With its old names.
    old: &'a Table,
    /// With its new names.
    before: &'a Table,
    after: &'a Table,
    diff: &'a TableDiff,
}

/// A query that returns a row if something is counted. `HAVING` without `GROUP BY` would say it more plainly, but libSQL
/// servers cannot read that.
pub(super) fn if_any(counted: &str, more: &str, from: &str) -> String {
    format!("SELECT * FROM (SELECT {counted} AS _count{more} FROM {from}) WHERE _count > 0")
}

impl Probe<'_> {
    fn old_name(&self, column: &Name) -> Name {
        self.input.diff.renames.old_column(&self.after.name, column).clone()
    }

    /// `SELECT count(*), …` over the rows for which `condition` holds. SQLite takes bare columns beside `min()` from
    /// the row that has the minimum (sqlite.org/lang_select.html#bareagg).
    fn count(&self, message: &str, condition: &str, shown: &str) -> Preflight {
        let table = &self.old.name;
        let (place, words) = self.place();
        let shown = if shown.is_empty() { String::new() } else { format!(", {shown}") };
        let query = if_any("count(*)", &format!(", {place}{shown}"), &format!("{} WHERE {condition}", table.sql()));
        // the key of a table without rowid is among its columns
        let rowid = self.old.free_rowid_name().filter(|_| self.old.rowid_alias().is_none());
        let rowid = rowid.map(|name| format!("{}, ", name.sql())).unwrap_or_default();
        let rows = format!("SELECT {rowid}* FROM {} WHERE {condition}", table.sql());
        let message = format!("{message}, first at {words} {{}}");
        Preflight { rows, ..Preflight::new(table, message, query) }
    }

    fn at_column(&self, column: &Column) -> Place {
        Place::Column(self.after.name.clone(), column.name.clone())
    }

    /// A value for the rows that have none in the column.
    fn example(&self, column: &Column) -> String {
        let value = example_value(column, &self.diff.added, self.before, self.after);
        format!("{}.{}={value}", self.after.name, column.name)
    }

    /// The aggregate that locates the first row, and what to call it.
    fn place(&self) -> (String, String) {
        let key = self.old.primary_key.as_ref().and_then(|key| key.parts.first());
        match (self.old.free_rowid_name(), key) {
            (Some(rowid), _) => (format!("min({})", rowid.sql()), "rowid".to_owned()),
            (None, Some(part)) => (format!("min({})", part.column.sql()), part.column.to_string()),
            (None, None) => ("min(1)".to_owned(), "row".to_owned()),
        }
    }

    /// NULLs in a column that becomes NOT NULL.
    fn null(&self, column: &Column) -> Option<Preflight> {
        if !may_fail_on_null(self.input, self.before, self.after, column) {
            return None;
        }
        let old = self.old_name(&column.name);
        let message = format!("{{}} rows have NULL in `{}.{old}`, which becomes NOT NULL", self.old.name);
        let preflight = self.count(&message, &format!("{} IS NULL", old.sql()), "").at(self.at_column(column));
        Some(preflight.answer("to fill them (any SQL expression)", "backfill", &self.example(column)))
    }

    /// Any row at all, where a new column has nothing to put into it.
    fn without_value(&self, column: &Column) -> Option<Preflight> {
        let is_new = self.diff.added.contains(&column.name);
        let has_nothing = matches!(source(self.input, self.before, self.after, column), Source::Default)
            && super::decide::needs_backfill(self.after, column);
        (is_new && has_nothing).then(|| {
            let message = format!("`{}` has {{}} rows and nothing to put into `{}`", self.old.name, column.name);
            let query = if_any("count(*)", "", &self.old.name.sql());
            let preflight = Preflight::new(&self.old.name, message, query);
            let preflight = preflight.at(self.at_column(column));
            preflight.answer("to fill them (any SQL expression)", "backfill", &self.example(column))
        })
    }

    /// Values that would not survive the conversion to another type, or that a STRICT table would refuse.
    fn conversion(&self, column: &Column) -> Option<Preflight> {
        let before = self.before.column(&column.name).filter(|_| column.generated.is_none())?;
        let retyped = before.decl_type != column.decl_type;
        let object = format!("{}.{}", self.after.name, column.name);
        let old = self.old_name(&column.name);
        let name = old.sql();
        let mut conditions = Vec::new();
        // a rowid is an integer whatever the table
        let is_rowid = self.before.rowid_alias().is_some_and(|alias| alias.name == column.name);
        if self.after.strict && (!self.before.strict || retyped) && !is_rowid {
            conditions.extend(refused_by_strict(&name, column));
        }
        let is_alias = |table: &Table, name: &Name| table.rowid_alias().is_some_and(|alias| alias.name == *name);
        let becomes_rowid = is_alias(self.after, &column.name) && !is_alias(self.before, &column.name);
        if becomes_rowid {
            // nothing but integers can be a rowid
            conditions.extend(refused_by_strict(&name, column));
        }
        let named = self.input.decisions.accepted.named.contains(&(Lint::LossyConversion, object.to_ascii_lowercase()));
        let affinity = self.after.affinity(column);
        let changed =
            changed_by_affinity(&name, affinity).filter(|_| self.before.affinity(before) != affinity && !named);
        let (is_refused, may_be_accepted) = (!conditions.is_empty(), changed.is_some());
        conditions.extend(changed);
        if conditions.is_empty() {
            return None;
        }
        let values = format!("{{}} values of `{}.{old}`", self.old.name);
        let message = if retyped {
            let (from, to) = (type_name(before), type_name(column));
            format!("{values} would be refused or changed by the conversion from {from} to {to}")
        } else if becomes_rowid {
            format!("{values} are not {}, as the column becomes the primary key", type_name(column))
        } else if self.after.strict {
            format!("{values} are not {}, as the table becomes STRICT", type_name(column))
        } else {
            // ANY keeps every value as it is in a STRICT table only
            format!("{values} would be changed by {}, as the table is no longer STRICT", type_name(column))
        };
        let mut preflight = self.count(&message, &conditions.join(" OR "), &format!("quote({name})"));
        preflight.message.push_str(": {}");
        let preflight = preflight.at(self.at_column(column));
        Some(match may_be_accepted {
            true => {
                // what STRICT or a rowid refuses is not converted by anybody's word
                let words = if is_refused { "if those that can be converted may change" } else { "if they may change" };
                preflight.answer(words, "accept", &format!("{}:{object}", Lint::LossyConversion))
            }
            false => preflight,
        })
    }

    /// Rows that a new check rejects. A check over columns that are new is left to the engine.
    fn check(&self, expr: &Expr) -> Option<Preflight> {
        if self.diff.added.iter().any(|column| expr.mentions(column)) {
            return None;
        }
        let condition = self.in_old_terms(expr)?;
        let message = format!("{{}} rows of `{}` violate CHECK ({})", self.old.name, one_line(expr));
        let preflight = self.count(&message, &format!("NOT ({condition})"), "");
        Some(preflight.at(Place::Table(self.after.name.clone())))
    }

    /// Whether the expression looks at a column whose NULLs are filled on the way.
    fn is_filled(&self, expr: &Expr) -> bool {
        self.after.columns.iter().any(|column| {
            let plain = matches!(source(self.input, self.before, self.after, column), Source::Column);
            !plain && expr.mentions(&column.name)
        })
    }

    fn renamed_columns(&self) -> Vec<(Name, Name)> {
        let all = self.after.columns.iter().map(|column| (column.name.clone(), self.old_name(&column.name)));
        all.filter(|(new, old)| new != old).collect()
    }

    /// The constraints that existing rows have yet to satisfy, each with its columns and, where one can be made, the
    /// query that finds the rows which do not.
    fn constraints(&self, rebuilt: bool) -> Vec<(Vec<Name>, Option<Preflight>)> {
        let mut found = Vec::new();
        let changes = |columns: &[Name]| self.diff.changed.iter().any(|change| columns.contains(&change.name));
        let columns_of = |parts: &[KeyPart]| -> Vec<Name> { parts.iter().map(|part| part.column.clone()).collect() };
        let keys = self.after.primary_key.iter().map(|key| (&key.parts, self.diff.primary_key));
        let uniques = self.after.uniques.iter().map(|one| (&one.parts, self.diff.added_uniques.contains(one)));
        for (parts, is_new) in keys.chain(uniques) {
            let columns = columns_of(parts);
            if is_new || changes(&columns) {
                let probe = self.key(parts).map(|probe| probe.at(self.place_of_key(parts)));
                found.push((columns, probe));
            }
        }
        for index in self.after.indexes.iter().filter(|index| index.unique) {
            let mentioned = self.mentioned(|name| index.mentions(name));
            let is_new = [&self.diff.created_indexes, &self.diff.changed_indexes]
                .iter()
                .any(|names| names.contains(&index.name));
            if is_new || changes(&mentioned) {
                let place = Place::Index(self.after.name.clone(), index.name.clone());
                found.push((mentioned, self.index(index).map(|probe| probe.at(place))));
            }
        }
        for check in &self.after.checks {
            let mentioned = self.mentioned(|name| check.expr.mentions(name));
            let is_new = self.diff.added_checks.contains(check);
            if is_new || changes(&mentioned) {
                // on a column that ALTER TABLE adds, the engine tests it at once
                let probe = if rebuilt && is_new { self.check(&check.expr) } else { None };
                found.push((mentioned, probe));
            }
        }
        for key in &self.after.foreign_keys {
            if self.diff.added_foreign_keys.contains(key) {
                let at = self.after.foreign_keys.iter().position(|one| one == key).unwrap_or_default();
                let place = Place::ForeignKey(self.after.name.clone(), at);
                found.push((key.columns.clone(), self.orphans(key).map(|probe| probe.at(place))));
            } else if changes(&key.columns) {
                found.push((key.columns.clone(), None));
            }
        }
        found
    }

    fn place_of_key(&self, parts: &[KeyPart]) -> Place {
        let table = self.after.name.clone();
        match self.after.uniques.iter().position(|unique| unique.parts == parts) {
            Some(at) => Place::Unique(table, at),
            None => Place::PrimaryKey(table),
        }
    }

    fn mentioned(&self, mentions: impl Fn(&Name) -> bool) -> Vec<Name> {
        self.after.columns.iter().map(|column| column.name.clone()).filter(|name| mentions(name)).collect()
    }

    /// Whether the values of the column are stored in another form than before.
    fn is_converted(&self, column: &Name) -> bool {
        let (Some(before), Some(after)) = (self.before.column(column), self.after.column(column)) else { return false };
        self.before.affinity(before) != self.after.affinity(after) || self.before.strict != self.after.strict
    }

    /// Whether a generated column could be one that NOT NULL or STRICT refuses.
    fn computes_what_is_constrained(&self) -> bool {
        let stays = |column: &Column| {
            self.before.column(&column.name).is_some_and(|old| old.generated == column.generated && old.not_null)
                && self.diff.changed.is_empty()
                && self.before.strict == self.after.strict
        };
        let generated = self.after.columns.iter().filter(|column| column.generated.is_some());
        generated.filter(|column| column.not_null || self.after.strict).any(|column| !stays(column))
    }

    /// Duplicates in what becomes a key. NULLs are never duplicates (sqlite.org/lang_createtable.html#uniqueconst).
    fn key(&self, parts: &[KeyPart]) -> Option<Preflight> {
        let columns: Option<Vec<KeyValue>> =
            parts.iter().map(|part| self.key_value(&part.column, part.collate.as_ref())).collect();
        self.duplicates(&columns?, None)
    }

    fn index(&self, index: &Index) -> Option<Preflight> {
        let parts: Option<Vec<KeyValue>> = index.parts.iter().map(|part| self.part_value(part)).collect();
        let predicate = match &index.predicate {
            Some(predicate) => Some(self.in_old_terms(predicate)?),
            None => None,
        };
        self.duplicates(&parts?, predicate.as_ref())
    }

    /// The expression over the old table, if all that it looks at is taken over as it is.
    fn in_old_terms(&self, expr: &Expr) -> Option<Expr> {
        if self.is_filled(expr) {
            return None;
        }
        let expr = expr.with_columns_renamed(&self.after.name, &self.renamed_columns());
        Some(expr.with_qualifier_renamed(&self.after.name, &self.old.name))
    }

    fn part_value(&self, part: &IndexPart) -> Option<KeyValue> {
        let column = part.expr.as_column().filter(|name| self.after.column(name).is_some());
        if let Some(column) = column {
            return self.key_value(&column, part.collate.as_ref());
        }
        // as a bare number, GROUP BY would take it for the number of a column
        let expr = self.in_old_terms(&part.expr).filter(|expr| !expr.is_literal())?;
        Some(KeyValue { shown: one_line(&expr), value: format!("({expr})"), collate: part.collate.clone() })
    }

    /// The value that a column will have, over the old table, and the collation in which the key compares it.
    fn key_value(&self, column: &Name, collate: Option<&Name>) -> Option<KeyValue> {
        let declared = self.after.column(column)?;
        let value = match source(self.input, self.before, self.after, declared) {
            // as a bare number, GROUP BY would take it for the number of a column
            Source::Default => format!("coalesce({}, NULL)", default_or_null(declared)),
            Source::Column => self.old_name(column).sql().into_owned(),
            Source::Filled(value) if self.is_known_before(&value) => {
                format!("coalesce({}, {value})", self.old_name(column).sql())
            }
            Source::Backfill(value) if self.is_known_before(&value) => format!("coalesce({value}, NULL)"),
            _ => return None,
        };
        let collate = collate.or(declared.collate.as_ref()).cloned().unwrap_or_else(|| "BINARY".into());
        Some(KeyValue { shown: self.old_name(column).sql().into_owned(), value, collate: Some(collate) })
    }

    /// Whether a backfill means the same before the migration: it speaks of columns by their new names, and may look
    /// into tables that are yet to be created.
    fn is_known_before(&self, value: &str) -> bool {
        self.renamed_columns().is_empty()
            && !significant(value).iter().any(|token| token.is_word("select") || token.is_word("in"))
    }

    /// Whether the values of the column are taken over as they are.
    fn is_plain(&self, column: &Name) -> bool {
        let source = self.after.column(column).map(|column| source(self.input, self.before, self.after, column));
        matches!(source, Some(Source::Column))
    }

    fn duplicates(&self, columns: &[KeyValue], predicate: Option<&Expr>) -> Option<Preflight> {
        let each = |text: &dyn Fn(&KeyValue) -> String| columns.iter().map(text).collect::<Vec<String>>();
        let mut conditions = each(&|one| format!("{} IS NOT NULL", one.value));
        conditions.extend(predicate.map(|predicate| format!("({predicate})")));
        let groups = format!(
            "FROM {} WHERE {} GROUP BY {} HAVING count(*) > 1",
            self.old.name.sql(),
            conditions.join(" AND "),
            each(&|one| match &one.collate {
                Some(collate) => format!("{} COLLATE {}", one.value, collate.sql()),
                None => one.value.clone(),
            })
            .join(", ")
        );
        let value = each(&|one| format!("quote({})", one.value)).join(" || ', ' || ");
        let query = if_any("count(*)", ", min(v)", &format!("(SELECT {value} AS v {groups})"));
        let rows = format!("SELECT {}, count(*) {groups}", each(&|one| one.value.clone()).join(", "));
        let names = each(&|one| one.shown.clone()).join(", ");
        let message = format!("{{}} duplicates in `{}` ({names}), which becomes unique: {{}}", self.old.name);
        (!columns.is_empty()).then(|| Preflight { rows, ..Preflight::new(&self.old.name, message, query) })
    }

    /// Rows that refer to nothing through a new foreign key.
    fn orphans(&self, key: &ForeignKey) -> Option<Preflight> {
        let renames = &self.input.diff.renames;
        let Some(parent) = renames.table_before(&key.parent).and_then(|name| self.input.old.table(name)) else {
            return self.references_to_new_table(key);
        };
        let parent_columns = self.input.new.referenced_columns(key)?;
        let mut pairs = Vec::new();
        for (column, parent_column) in key.columns.iter().zip(&parent_columns) {
            if !self.is_plain(column) {
                return None;
            }
            let referenced = renames.column_before(&key.parent, parent_column)?;
            parent.column(referenced)?;
            pairs.push((self.old_name(column), referenced.clone()));
        }
        let child = self.old.name.sql();
        let mut conditions: Vec<String> =
            pairs.iter().map(|(column, _)| format!("{child}.{} IS NOT NULL", column.sql())).collect();
        // the parent's side stands first: its affinity and collation decide (sqlite.org/foreignkeys.html#fk_indexes)
        let equal: Vec<String> = pairs
            .iter()
            .map(|(column, referenced)| format!("p.{} = {child}.{}", referenced.sql(), column.sql()))
            .collect();
        conditions.push(format!("NOT EXISTS (SELECT 1 FROM {} AS p WHERE {})", parent.name.sql(), equal.join(" AND ")));
        let columns: Vec<Name> = pairs.into_iter().map(|(column, _)| column).collect();
        Some(self.references_to_nothing(&columns, &parent.name, &conditions.join(" AND ")))
    }

    /// A table that is yet to be created has no rows that others could refer to.
    fn references_to_new_table(&self, key: &ForeignKey) -> Option<Preflight> {
        let is_new = self.input.diff.created_tables.contains(&key.parent);
        if !is_new || !key.columns.iter().all(|column| self.is_plain(column)) {
            return None;
        }
        let columns: Vec<Name> = key.columns.iter().map(|column| self.old_name(column)).collect();
        let conditions: Vec<String> = columns.iter().map(|column| format!("{} IS NOT NULL", column.sql())).collect();
        Some(self.references_to_nothing(&columns, &key.parent, &conditions.join(" AND ")))
    }

    /// The rows of the old table for which `condition` holds, with the keys that they refer to.
    fn references_to_nothing(&self, columns: &[Name], parent: &Name, condition: &str) -> Preflight {
        let child = self.old.name.sql();
        let key: Vec<String> = columns.iter().map(|column| format!("quote({child}.{})", column.sql())).collect();
        let key = key.join(" || ', ' || ");
        let columns = columns.iter().map(Name::as_str).collect::<Vec<_>>().join(", ");
        let message = format!("{{}} rows of `{}` refer through `{columns}` to no row of `{parent}`", self.old.name);
        let mut preflight = self.count(&message, condition, &key);
        preflight.message.push_str(": {}");
        preflight.keys = format!("SELECT DISTINCT {key} FROM {child} WHERE {condition} LIMIT {}", KEYS_SHOWN + 1);
        preflight
    }
}

/// A part of a key before a migration.
struct KeyValue {
    /// The column or expression, as it is called in messages.
    shown: String,
    /// What it will be, over the old table.
    value: String,
    /// The collation in which the key compares it; that of an expression is its own.
    collate: Option<Name>,
}

fn type_name(column: &Column) -> &str {
    if column.decl_type.is_empty() { "no type" } else { column.decl_type.as_str() }
}

fn one_line(expr: &Expr) -> String {
    expr.as_str().split_whitespace().collect::<Vec<_>>().join(" ").replace(['{', '}'], "")
}
