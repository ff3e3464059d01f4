//! An ordinary table as a struct: each clause on the field where it belongs to one, else on the struct.

use std::collections::BTreeSet;

use dbmigrate_core::ddl::Comments;
use dbmigrate_core::declare::naming::index_name;
use dbmigrate_core::schema::{
    Check, Column, Conflict, Deferrable, ForeignKey, Index, KeyPart, ReferentialAction, Schema, Table,
};
use dbmigrate_core::sql::name::sql_list;
use dbmigrate_core::sql::{DeclType, Name};

use super::arguments::Argument;
use super::clauses::{check_argument, collation, field_word, key_options, ordered, single, trigger};
use super::defaults;
use super::homes::Homes;
use super::idents::word;
use super::layout::{Field, Struct};
use super::literal::string;
use super::names::{StructName, StructNames, explicit_column};
use super::types::RustType;

/// The struct of a table.
pub(super) fn render(schema: &Schema, table: &Table, names: &StructNames, comments: Option<&Comments>) -> Struct {
    let writing = Writing { schema, table, names, own: names.get(&table.name), comments, homes: Homes::of(table) };
    let arguments = writing.table_arguments();
    let fields = table.columns.iter().map(|column| writing.field(column)).collect();
    let name = writing.own.map_or_else(String::new, |own| own.ident.clone());
    let refers_to = writing.referenced();
    let doc = comments.and_then(|comments| comments.table.clone());
    Struct { doc, derive: "Table", attribute: "table", name, arguments, fields, refers_to }
}

struct Writing<'a> {
    schema: &'a Schema,
    table: &'a Table,
    names: &'a StructNames,
    own: Option<&'a StructName>,
    comments: Option<&'a Comments>,
    homes: Homes<'a>,
}

impl Writing<'_> {
    fn field_name(&self, column: &Name) -> String {
        field_word(self.own, column)
    }

    fn table_arguments(&self) -> Vec<Argument> {
        let table = self.table;
        let mut arguments = Vec::new();
        arguments.extend(self.own.and_then(|own| own.explicit(&table.name)).map(|name| Argument::text("name", name)));
        for (set, option) in
            [(table.strict, "strict"), (table.without_rowid, "without_rowid"), (table.random_rowid, "random_rowid")]
        {
            if set {
                arguments.push(Argument::Plain(option.to_owned()));
            }
        }
        if let Some(key) = table.primary_key.as_ref().filter(|key| single(&key.parts, true).is_none()) {
            arguments.push(self.key("primary_key", &key.parts, key.name.as_ref(), key.conflict));
        }
        for (at, unique) in
            self.as_created(&table.uniques, |unique| single(&unique.parts, false).map(|part| &part.column))
        {
            if self.homes.of_unique(at).is_none() {
                arguments.push(self.key("unique", &unique.parts, unique.name.as_ref(), unique.conflict));
            }
        }
        for key in self.table_references() {
            let columns = key.columns.iter().map(|column| match self.field_name(column).as_str() {
                // a bare `deferrable` is a clause
                "deferrable" => Argument::Plain("r#deferrable".to_owned()),
                field => Argument::Plain(field.to_owned()),
            });
            let name = key.name.iter().map(|name| Argument::text("name", name.as_str()));
            let arguments_of_key = columns.chain(self.reference(key)).chain(name).collect();
            arguments.push(Argument::List("foreign_key", arguments_of_key));
        }
        let checks = self.checks().filter(|check| self.homes.of_check(check).is_none());
        arguments.extend(checks.map(check_argument));
        for index in table.indexes.iter().filter(|index| self.homes.of_index(index).is_none()) {
            arguments.push(self.index(index, None));
        }
        let triggers = self.schema.triggers.iter().filter(|trigger| trigger.on == table.name);
        arguments.extend(triggers.map(|one| trigger(one, self.own)));
        arguments
    }

    /// Constraints in the order that they have in a table that is created from the structs: what is of one column is
    /// written with that column, the rest behind all columns.
    fn as_created<'c, C>(&self, all: &'c [C], column: impl Fn(&C) -> Option<&Name>) -> Vec<(usize, &'c C)> {
        let mut ordered: Vec<(usize, &C)> = all.iter().enumerate().collect();
        ordered.sort_by_key(|(_, one)| {
            let name = column(one);
            let position = name.and_then(|name| self.table.columns.iter().position(|column| column.name == *name));
            position.unwrap_or(usize::MAX)
        });
        ordered
    }

    /// The checks, without those that an enum says.
    fn checks(&self) -> impl Iterator<Item = &Check> {
        let said = |at: usize| self.own.is_some_and(|own| own.enums().any(|(_, one)| one.check == Some(at)));
        self.table.checks.iter().enumerate().filter(move |(at, _)| !said(*at)).map(|(_, check)| check)
    }

    /// The Rust type of a column of any table.
    fn rust_type(&self, table: &Table, column: &Column) -> RustType {
        let of_column = |table: &Table, column: &Column| {
            let enum_type = self.names.get(&table.name).and_then(|name| name.enum_of(&column.name));
            RustType::of_column(table, column, enum_type)
        };
        // without a type of its own it holds what it refers to
        let referenced = || {
            let key =
                table.foreign_keys.iter().find(|key| matches!(&key.columns[..], [only] if *only == column.name))?;
            let parent = self.schema.table(&key.parent)?;
            let referenced = self.schema.referenced_columns(key)?;
            Some(of_column(parent, parent.column(referenced.first()?)?))
        };
        let untyped = column.decl_type.is_empty();
        untyped.then(referenced).flatten().unwrap_or_else(|| of_column(table, column))
    }

    fn field(&self, column: &Column) -> Field {
        let ty = self.rust_type(self.table, column);
        let nullable = !self.table.rejects_null(column);
        let text = if nullable { format!("Option<{}>", ty.text) } else { ty.text.clone() };
        let name = self.field_name(&column.name);
        let arguments = self.column_arguments(column, &ty, &name);
        let doc = self.comments.and_then(|comments| comments.column(&column.name)).map(str::to_owned);
        Field { doc, note: None, name, ty: text, arguments }
    }

    fn column_arguments(&self, column: &Column, ty: &RustType, field: &str) -> Vec<Argument> {
        let table = self.table;
        let mut arguments = Vec::new();
        arguments.extend(explicit_column(field, &column.name).map(|name| Argument::text("name", name)));
        if column.decl_type != DeclType::from(ty.declares.as_str()) {
            arguments.push(Argument::text("type", column.decl_type.as_str()));
        }
        if let Some(key) = &table.primary_key
            && let Some(part) = single(&key.parts, true).filter(|part| part.column == column.name)
        {
            let order = part.descending.then(|| Argument::Plain("desc".to_owned()));
            let more = key_options(key.name.as_ref(), key.conflict);
            arguments.push(Argument::flag("primary_key", order.into_iter().chain(more).collect()));
            if key.autoincrement {
                arguments.push(Argument::Plain("autoincrement".to_owned()));
            }
        }
        for (at, unique) in table.uniques.iter().enumerate() {
            if self.homes.of_unique(at).is_some_and(|name| *name == column.name) {
                arguments.push(Argument::flag("unique", key_options(unique.name.as_ref(), unique.conflict)));
            }
        }
        for index in table.indexes.iter().filter(|index| self.homes.of_index(index) == Some(&column.name)) {
            arguments.push(self.index(index, Some(&column.name)));
        }
        let says_not_null = column.not_null_name.is_some() || column.not_null_conflict.is_some();
        if column.not_null && says_not_null {
            let options = key_options(column.not_null_name.as_ref(), column.not_null_conflict);
            arguments.push(Argument::flag("not_null", options));
        }
        if let Some(default) = column.effective_default() {
            let values = self.own.and_then(|own| own.enum_of(&column.name)).map(|one| &one.values[..]);
            arguments.push(defaults::argument(default, ty.literal, values));
        }
        if let Some(collate) = &column.collate {
            arguments.push(Argument::Plain(format!("collate = {}", collation(collate))));
        }
        for check in self.checks().filter(|check| self.homes.of_check(check) == Some(&column.name)) {
            arguments.push(match &check.name {
                Some(_) => check_argument(check),
                None => Argument::text("check", check.expr.as_str()),
            });
        }
        if let Some(generated) = &column.generated {
            arguments.push(Argument::text("generated", generated.expr.as_str()));
            if generated.stored {
                arguments.push(Argument::Plain("stored".to_owned()));
            }
        }
        for (at, key) in table.foreign_keys.iter().enumerate() {
            if self.homes.of_foreign_key(at).is_some_and(|name| *name == column.name) {
                arguments.extend(self.reference(key));
            }
        }
        arguments
    }

    /// The foreign keys that no field says, in the order of their columns: where they were written makes no difference.
    fn table_references(&self) -> Vec<&ForeignKey> {
        let keys = self.table.foreign_keys.iter().enumerate();
        let mut keys: Vec<&ForeignKey> =
            keys.filter(|(at, _)| self.homes.of_foreign_key(*at).is_none()).map(|(_, key)| key).collect();
        let place = |name: &Name| self.table.columns.iter().position(|column| column.name == *name);
        keys.sort_by_cached_key(|key| key.columns.iter().map(place).collect::<Vec<_>>());
        keys
    }

    fn key(&self, word: &'static str, parts: &[KeyPart], name: Option<&Name>, conflict: Option<Conflict>) -> Argument {
        let parts = parts.iter().map(|part| {
            let column = self.field_name(&part.column);
            Argument::Plain(ordered(column, part.collate.as_ref(), part.descending))
        });
        Argument::List(word, parts.chain(key_options(name, conflict)).collect())
    }

    /// The index, on the field of its only column if that is given.
    fn index(&self, index: &Index, of_field: Option<&Name>) -> Argument {
        let word = if index.unique { "unique_index" } else { "index" };
        let mut arguments = Vec::new();
        for part in &index.parts {
            if of_field.is_some() {
                if let Some(collate) = &part.collate {
                    arguments.push(Argument::Plain(format!("collate = {}", collation(collate))));
                }
                if part.descending {
                    arguments.push(Argument::Plain("desc".to_owned()));
                }
                continue;
            }
            let column = part.expr.as_column().filter(|column| self.table.column(column).is_some());
            let target = match column.map(|column| self.field_name(&column)) {
                // a bare `unique` is a flag
                Some(field) if field == "unique" => "r#unique".to_owned(),
                Some(field) => field,
                None => string(part.expr.as_str()),
            };
            arguments.push(Argument::Plain(ordered(target, part.collate.as_ref(), part.descending)));
        }
        let columns: Vec<String> = index
            .parts
            .iter()
            .map(|part| part.expr.as_column().map_or_else(|| part.expr.to_string(), |column| column.to_string()))
            .collect();
        let default = index_name(self.table.name.as_str(), columns.iter().map(String::as_str), index.unique);
        if index.name.as_str() != default {
            arguments.push(Argument::text("name", index.name.as_str()));
        }
        if let Some(predicate) = &index.predicate {
            arguments.push(Argument::text("where", predicate.as_str()));
        }
        Argument::flag(word, arguments)
    }

    /// `references = User::id` and what belongs to it.
    fn reference(&self, key: &ForeignKey) -> Vec<Argument> {
        let target = self.struct_reference(key).unwrap_or_else(|| {
            let columns = match key.parent_columns.is_empty() {
                true => String::new(),
                false => format!("({})", sql_list(&key.parent_columns)),
            };
            string(&format!("{}{columns}", key.parent.sql()))
        });
        let mut arguments = vec![Argument::Plain(format!("references = {target}"))];
        for (word, action) in [("on_delete", key.on_delete), ("on_update", key.on_update)] {
            if action != ReferentialAction::NoAction {
                let action = action.sql().to_ascii_lowercase().replace(' ', "_");
                arguments.push(Argument::Plain(format!("{word} = {action}")));
            }
        }
        if let Some(name) = &key.match_name {
            let value = word(name.as_str()).map_or_else(|| string(name.as_str()), str::to_ascii_lowercase);
            arguments.push(Argument::Plain(format!("match = {value}")));
        }
        if let Some(deferrable) = key.deferrable {
            let value = match deferrable {
                Deferrable::InitiallyImmediate => "initially_immediate",
                Deferrable::InitiallyDeferred => "initially_deferred",
                Deferrable::Not => "not",
            };
            arguments.push(Argument::Plain(format!("deferrable = {value}")));
        }
        arguments
    }

    /// The other structs that the foreign keys name.
    fn referenced(&self) -> BTreeSet<String> {
        let keys = self.table.foreign_keys.iter().filter(|key| self.struct_reference(key).is_some());
        let others = keys.map(|key| &key.parent).filter(|parent| **parent != self.table.name);
        others.filter_map(|parent| Some(self.names.get(parent)?.ident.clone())).collect()
    }

    /// `User::id` or `User(org_id, id)`, where rustc will find the same type on both sides.
    fn struct_reference(&self, key: &ForeignKey) -> Option<String> {
        let at = self.table.foreign_keys.iter().position(|one| std::ptr::eq(one, key))?;
        // a path stands for a key that works; the others are named as the database has them
        if !self.schema.is_usable_key(self.table, at) {
            return None;
        }
        let parent = self.schema.table(&key.parent)?;
        let struct_name = self.names.get(&parent.name)?;
        let columns = self.schema.referenced_columns(key)?;
        if columns.len() != key.columns.len() {
            return None;
        }
        let mut fields = Vec::new();
        for (own, referenced) in key.columns.iter().zip(&columns) {
            let (own, referenced) = (self.table.column(own)?, parent.column(referenced)?);
            if self.rust_type(self.table, own).text != self.rust_type(parent, referenced).text {
                return None;
            }
            fields.push(struct_name.field(&referenced.name)?);
        }
        let ident = if parent.name == self.table.name { "Self" } else { &struct_name.ident };
        match &fields[..] {
            [field] => Some(format!("{ident}::{field}")),
            fields => Some(format!("{ident}({})", fields.join(", "))),
        }
    }
}
