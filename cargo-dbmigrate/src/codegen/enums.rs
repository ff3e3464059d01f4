//! Enums for columns whose `CHECK` lists the texts that they may hold.

use std::collections::BTreeSet;

use dbmigrate_core::declare::naming::Case;
use dbmigrate_core::declare::rust_keyword::is_keyword;
use dbmigrate_core::schema::{Column, Table};
use dbmigrate_core::sql::expr::Affinity;
use dbmigrate_core::sql::name::{Name, quote_string};
use dbmigrate_core::sql::{DeclType, Expr};

use super::arguments::Argument;
use super::conditions::{self, Condition};
use super::idents::{struct_name, unused};
use super::layout::{Enum, Variant};

/// The enum of a column.
#[derive(Debug, Clone)]
pub(super) struct EnumType {
    /// Its name.
    pub(super) ident: String,
    /// The texts, as they are stored.
    pub(super) values: Vec<String>,
    variants: Vec<String>,
    decl_type: DeclType,
    /// Which of the table's checks the enum says itself.
    pub(super) check: Option<usize>,
}

impl EnumType {
    /// The enum for a column, if its values have names that a variant can have and all of them different ones.
    pub(super) fn of(table: &Table, column: &Column, owner: &str, taken: &mut BTreeSet<String>) -> Option<Self> {
        let is_text = matches!(column.decl_type.affinity(), Affinity::Text);
        // with another collation the list has more texts than it shows
        let is_exact = column.collate.as_ref().is_none_or(|collate| *collate == *"binary");
        if !is_text || !is_exact || column.generated.is_some() {
            return None;
        }
        let values = table.checks.iter().find_map(|check| match conditions::of_column(&check.expr, &column.name) {
            Some(Condition::Texts(values)) => Some(values),
            _ => None,
        })?;
        let variants: Vec<String> = values.iter().map(|value| variant(value)).collect::<Option<_>>()?;
        let distinct = |texts: &[String]| texts.iter().collect::<BTreeSet<_>>().len() == texts.len();
        if !distinct(&variants) || !distinct(&values) {
            return None;
        }
        let said = Expr::new(in_list(&column.name, &values));
        let check = table.checks.iter().position(|check| check.name.is_none() && check.expr == said);
        let ident = unused(&format!("{owner}{}", struct_name(column.name.as_str())), "", taken);
        Some(Self { ident, values, variants, decl_type: column.decl_type.clone(), check })
    }

    /// As it is declared.
    pub(super) fn declaration(&self, table: &Name, column: &Name) -> Enum {
        let fits = |case: Case| {
            self.variants.iter().zip(&self.values).filter(|(name, value)| case.apply(name) == **value).count()
        };
        // the first of those that fit most values: `snake_case` says nothing
        let (rule, case) = Case::ALL.into_iter().rev().max_by_key(|(_, case)| fits(*case)).unwrap_or(Case::ALL[0]);
        let mut arguments = Vec::new();
        if self.decl_type != DeclType::new("TEXT") {
            arguments.push(Argument::text("type", self.decl_type.as_str()));
        }
        if case != Case::Snake {
            arguments.push(Argument::text("rename_all", rule));
        }
        if self.check.is_some() {
            arguments.push(Argument::Plain("check".to_owned()));
        }
        let variants = self.variants.iter().zip(&self.values).map(|(name, value)| Variant {
            name: name.clone(),
            arguments: (case.apply(name) != *value).then(|| Argument::text("rename", value)).into_iter().collect(),
        });
        let doc = format!("The values of `{table}.{column}`.");
        Enum { doc, name: self.ident.clone(), arguments, variants: variants.collect() }
    }
}

fn in_list(column: &Name, values: &[String]) -> String {
    let values: Vec<String> = values.iter().map(|value| quote_string(value)).collect();
    format!("{} IN ({})", column.sql(), values.join(", "))
}

/// `in review` to `InReview`; `None` if nothing that a variant can be called is left of a text.
fn variant(value: &str) -> Option<String> {
    let begins_as_word = value.starts_with(char::is_alphabetic);
    let name = struct_name(value);
    (begins_as_word && !is_keyword(&name) && syn::parse_str::<syn::Ident>(&name).is_ok()).then_some(name)
}
