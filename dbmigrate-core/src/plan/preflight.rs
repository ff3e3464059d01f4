//! Queries that find the rows which a migration would fail on, or change, before anything is touched.
//!
//! Each returns no row if all is well, else one row: how many there are, and where the first one is. They run against
//! the old schema, so they speak of tables and columns by their old names.

use super::copy::{Source, may_fail_on_null, source};
use super::{Input, Lint, Strategy};
use crate::diff::TableDiff;
use crate::schema::{Column, ForeignKey, KeyPart, Table};
use crate::sql::expr::Affinity;
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
}

/// All preflights of a plan.
pub(super) fn preflights(input: &Input<'_>, strategies: &[(&TableDiff, Strategy)]) -> Vec<Preflight> {
    let mut found = Vec::new();
    for (diff, strategy) in strategies {
        let old_name = input.diff.renames.old_table(&diff.name);
        let (Some(old), Some(before)) = (input.old.table(old_name), input.diff.renamed.table(&diff.name)) else {
            continue;
        };
        let table = Probe { input, old, before, after: input.after(&diff.name), diff };
        for column in &table.after.columns {
            found.extend(table.null(column));
            found.extend(table.without_value(column));
            found.extend(table.conversion(column));
        }
        if matches!(strategy, Strategy::Rebuild) {
            found.extend(diff.added_checks.iter().filter_map(|check| table.check(&check.expr)));
        }
        let new_key = diff.primary_key.then_some(table.after.primary_key.as_ref()).flatten();
        let uniques = diff.added_uniques.iter().map(|unique| &unique.parts);
        found.extend(new_key.map(|key| &key.parts).into_iter().chain(uniques).filter_map(|parts| table.key(parts)));
        found.extend(table.indexes());
        found.extend(diff.added_foreign_keys.iter().filter_map(|key| table.orphans(key)));
    }
    found
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
        let query =
            format!("SELECT count(*), {place}{shown} FROM {} WHERE {condition} HAVING count(*) > 0", table.sql());
        Preflight { table: table.clone(), message: format!("{message}, first at {words} {{}}"), query }
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
        Some(self.count(&message, &format!("{} IS NULL", old.sql()), ""))
    }

    /// Any row at all, where a new column has nothing to put into it.
    fn without_value(&self, column: &Column) -> Option<Preflight> {
        let is_new = self.diff.added.contains(&column.name);
        let has_nothing = matches!(source(self.input, self.before, self.after, column), Source::Default)
            && super::decide::needs_backfill(self.after, column);
        (is_new && has_nothing).then(|| Preflight {
            table: self.old.name.clone(),
            message: format!("`{}` has {{}} rows and nothing to put into `{}`", self.old.name, column.name),
            query: format!("SELECT count(*) FROM {} HAVING count(*) > 0", self.old.name.sql()),
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
        let named = self.input.decisions.accepted.named.contains(&(Lint::LossyConversion, object.to_ascii_lowercase()));
        if retyped && before.decl_type.affinity() != column.decl_type.affinity() && !named {
            conditions.extend(changed_by_affinity(&name, column.decl_type.affinity()));
        }
        if conditions.is_empty() {
            return None;
        }
        let values = format!("{{}} values of `{}.{old}`", self.old.name);
        let message = if retyped {
            let (from, to) = (type_name(before), type_name(column));
            format!("{values} would be refused or changed by the conversion from {from} to {to}")
        } else {
            format!("{values} are not {}, as the table becomes STRICT", type_name(column))
        };
        let mut preflight = self.count(&message, &conditions.join(" OR "), &format!("quote({name})"));
        preflight.message.push_str(": {}");
        Some(preflight)
    }

    /// Rows that a new check rejects. A check over columns that are new is left to the engine.
    fn check(&self, expr: &Expr) -> Option<Preflight> {
        if self.diff.added.iter().any(|column| expr.mentions(column)) || self.is_filled(expr) {
            return None;
        }
        let mut condition = expr.clone();
        for (new, old) in self.renamed_columns() {
            condition = condition.with_column_renamed(&self.after.name, &new, &old);
        }
        condition = condition.with_qualifier_renamed(&self.after.name, &self.old.name);
        let message = format!("{{}} rows of `{}` violate CHECK ({})", self.old.name, one_line(expr));
        Some(self.count(&message, &format!("NOT ({condition})"), ""))
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

    /// Duplicates in what becomes a key. NULLs are never duplicates (sqlite.org/lang_createtable.html#uniqueconst).
    fn key(&self, parts: &[KeyPart]) -> Option<Preflight> {
        let columns: Option<Vec<String>> =
            parts.iter().map(|part| self.plain(&part.column, part.collate.as_ref())).collect();
        self.duplicates(&columns?, None)
    }

    fn indexes(&self) -> Vec<Preflight> {
        let names = self.diff.created_indexes.iter().chain(&self.diff.changed_indexes);
        let indexes = names.filter_map(|name| self.after.indexes.get(name)).filter(|index| index.unique);
        indexes
            .filter_map(|index| {
                let columns: Option<Vec<String>> =
                    index.parts.iter().map(|part| self.plain(&part.expr.as_column()?, part.collate.as_ref())).collect();
                let renamed = !self.renamed_columns().is_empty();
                let predicate = index.predicate.as_ref();
                if predicate.is_some_and(|predicate| renamed || self.is_filled(predicate)) {
                    return None;
                }
                self.duplicates(&columns?, predicate)
            })
            .collect()
    }

    /// The column by its old name with the collation that it will have, if its values are taken over as they are.
    fn plain(&self, column: &Name, collate: Option<&Name>) -> Option<String> {
        let declared = self.after.column(column)?;
        self.before.column(column)?;
        if !matches!(source(self.input, self.before, self.after, declared), Source::Column) {
            return None;
        }
        let old = self.old_name(column);
        let collate = collate.or(declared.collate.as_ref());
        let binary = Name::from("BINARY");
        Some(format!("{} COLLATE {}", old.sql(), collate.unwrap_or(&binary).sql()))
    }

    fn duplicates(&self, columns: &[String], predicate: Option<&Expr>) -> Option<Preflight> {
        let bare: Vec<&str> = columns
            .iter()
            .map(|column| column.rsplit_once(" COLLATE ").map_or(column.as_str(), |(name, _)| name))
            .collect();
        let mut conditions: Vec<String> = bare.iter().map(|column| format!("{column} IS NOT NULL")).collect();
        conditions.extend(predicate.map(|predicate| format!("({predicate})")));
        let values = bare.iter().map(|column| format!("quote({column})")).collect::<Vec<_>>().join(" || ', ' || ");
        let query = format!(
            "SELECT count(*), min(v) FROM (SELECT {values} AS v FROM {} WHERE {} GROUP BY {} HAVING count(*) > 1) HAVING count(*) > 0",
            self.old.name.sql(),
            conditions.join(" AND "),
            columns.join(", ")
        );
        let message =
            format!("{{}} duplicates in `{}` ({}), which becomes unique: {{}}", self.old.name, bare.join(", "));
        (!columns.is_empty()).then(|| Preflight { table: self.old.name.clone(), message, query })
    }

    /// Rows that refer to nothing through a new foreign key.
    fn orphans(&self, key: &ForeignKey) -> Option<Preflight> {
        let parent_name = self.input.diff.renames.old_table(&key.parent);
        let parent = self.input.old.table(parent_name)?;
        let parent_columns = self.input.new.referenced_columns(key)?;
        let mut pairs = Vec::new();
        for (column, parent_column) in key.columns.iter().zip(&parent_columns) {
            self.plain(column, None)?;
            let referenced = self.input.diff.renames.old_column(&key.parent, parent_column);
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
        let shown = pairs.iter().map(|(column, _)| format!("quote({child}.{})", column.sql()));
        let shown = shown.collect::<Vec<_>>().join(" || ', ' || ");
        let columns = pairs.iter().map(|(column, _)| column.as_str()).collect::<Vec<_>>().join(", ");
        let message =
            format!("{{}} rows of `{}` refer through `{columns}` to no row of `{}`", self.old.name, parent.name);
        let mut preflight = self.count(&message, &conditions.join(" AND "), &shown);
        preflight.message.push_str(": {}");
        Some(preflight)
    }
}

fn type_name(column: &Column) -> &str {
    if column.decl_type.is_empty() { "no type" } else { column.decl_type.as_str() }
}

fn one_line(expr: &Expr) -> String {
    expr.as_str().split_whitespace().collect::<Vec<_>>().join(" ").replace(['{', '}'], "")
}

/// A condition for values that a STRICT table refuses in a column (sqlite.org/stricttables.html, section 2).
fn refused_by_strict(name: &str, column: &Column) -> Option<String> {
    let text = |kind: &str| format!("(typeof({name}) = 'text' AND NOT ({name} = CAST({name} AS {kind})))");
    Some(match column.decl_type.canonical().as_str() {
        "int" | "integer" => format!(
            "typeof({name}) = 'blob' OR (typeof({name}) = 'real' AND {name} <> CAST({name} AS INTEGER)) OR {}",
            text("INTEGER")
        ),
        "real" => format!("typeof({name}) = 'blob' OR {}", text("REAL")),
        "text" => format!("typeof({name}) = 'blob'"),
        "blob" => format!("typeof({name}) NOT IN ('blob', 'null')"),
        _ => return None,
    })
}

/// A condition for values that become different ones by the conversion that an affinity brings about
/// (sqlite.org/datatype3.html, section 3). A comparison with a number applies numeric affinity to text, so that
/// `c = CAST(c AS NUMERIC)` holds for text that would be converted; it is lossless if it reads the same afterwards.
fn changed_by_affinity(name: &str, affinity: Affinity) -> Option<String> {
    let text = format!(
        "(typeof({name}) = 'text' AND {name} = CAST({name} AS NUMERIC) AND CAST(CAST({name} AS NUMERIC) AS TEXT) <> {name} COLLATE BINARY)"
    );
    Some(match affinity {
        Affinity::Integer | Affinity::Numeric => text,
        Affinity::Real => {
            format!("{text} OR (typeof({name}) = 'integer' AND CAST(CAST({name} AS REAL) AS INTEGER) <> {name})")
        }
        Affinity::Text => format!("(typeof({name}) = 'real' AND CAST(CAST({name} AS TEXT) AS REAL) <> {name})"),
        Affinity::Blob => return None,
    })
}
