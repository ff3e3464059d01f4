//! Columns whose values are of another kind for the release that comes: when that is so, what each release can read, and
//! how to say what becomes of them.

use super::Merging;
use crate::diff::rename::unused;
use crate::plan::Lint;
use crate::plan::conversion::example;
use crate::plan::phased::PhasedError;
use crate::plan::phased::fits::unfit;
use crate::schema::{Column, Schema, Table};
use crate::shell::shell_quoted;
use crate::sql::Name;
use crate::sql::expr::Affinity;
use crate::sql::path::path;

/// Whether the engine stores and reads the values of two columns in the same way: as INTEGER and NUMERIC are the same for
/// all but `CAST` (sqlite.org/datatype3.html, section 3).
pub(super) fn is_one_kind((before, old): (&Table, &Column), (after, new): (&Table, &Column)) -> bool {
    let kind = |affinity| if affinity == Affinity::Numeric { Affinity::Integer } else { affinity };
    kind(before.affinity(old)) == kind(after.affinity(new))
}

impl Merging<'_> {
    /// The condition that a column holds what a release cannot read, which knows it as it is in that schema.
    pub(super) fn unfit(&self, schema: &Schema, table: &Table, column: &Column) -> Option<String> {
        let object = path([&self.after.name, &column.name]);
        let reads = schema.reads(&table.name, column);
        let reads = reads.filter(|_| !self.input.decisions.accepted.has(Lint::LossyConversion, &object));
        unfit(&column.name.sql(), table, column, reads.as_ref())
    }

    /// The flags that say how values are converted, both ways: what was said already, and else examples.
    pub(super) fn both_ways(&self, (old, from): (&Column, &Name), (new, to): (&Column, &Name)) -> String {
        let table = &self.after.name;
        // either expression reads the column of the other release, which `--convert` knows by its new name already
        let named = |column: &Column| Column { name: to.clone(), ..column.clone() };
        let example = |schema: &Schema, column: &Column, other: &Column| {
            let reads = schema.reads(table, column)?;
            example(&named(column), other, &reads)
        };
        let said = self.input.decisions.conversion(table, to).or_else(|| self.input.decisions.conversion(table, from));
        let forward = said.map(|expr| expr.with_columns_renamed(table, &[(from.clone(), to.clone())]).to_string());
        let forward = forward.or_else(|| example(self.input.new, new, old));
        let back =
            self.back(from).map(|expr| expr.with_columns_renamed(table, &[(from.clone(), to.clone())]).to_string());
        let back = back.or_else(|| example(self.input.old, old, new));
        let or_any = |expr: Option<String>| expr.unwrap_or_else(|| "SQL".to_owned());
        format!(
            "--convert {} --back {}",
            shell_quoted(&format!("{}={}", path([table, to]), or_any(forward))),
            shell_quoted(&format!("{}={}", self.object(from), or_any(back)))
        )
    }

    /// A column of another type under the same name: each release reads what is in a row as it is stored.
    pub(super) fn needs_another_name(&self, (old, new): (&Column, &Column), name: &Name) -> PhasedError {
        let kind = new.decl_type.canonical();
        let is_word = !kind.is_empty() && kind.chars().all(|char| char.is_ascii_alphanumeric() || char == '_');
        let base = format!("{name}_{}", if is_word { &kind } else { "new" });
        let is_taken = |name: &Name| self.before.column(name).is_some() || self.after.column(name).is_some();
        let to = unused(&base, is_taken);
        let attribute = format!("#[column(name = {:?})]", to.as_str());
        let flags = self.both_ways((old, name), (new, &to));
        let rename = shell_quoted(&format!("{}={to}", self.object(name)));
        PhasedError::Cannot {
            what: format!("`{}` changes its type", self.object(name)),
            why: "and a row has one value under one name, which both releases read".to_owned(),
            help: vec![
                format!("give the column another name, which the field need not have: `{attribute}`"),
                format!("then carry its values over, both ways: `--rename {rename} {flags}`"),
            ],
            instead_of: vec![(self.after.name.clone(), name.clone())],
        }
    }
}
