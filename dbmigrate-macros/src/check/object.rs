//! Compares views and virtual tables, which are replaced as a whole when they change.

use dbmigrate_core::declare::{Declaration, Object};
use dbmigrate_core::diff::{Renames, diff};
use dbmigrate_core::schema::{Schema, View, VirtualTable};
use dbmigrate_core::sql::name::sql_list;
use dbmigrate_core::sql::{Expr, Name};

use super::compare::{Compared, Comparing};
use super::said::Said;

impl Comparing<'_> {
    /// A view or a virtual table, with the triggers of a view.
    pub(super) fn object(&self, declaration: &Declaration) -> Compared {
        let schema = &self.head.schema;
        let (mut old, mut new) = (Schema::default(), Schema::default());
        let name = self.words.table;
        old.views = schema.views.get(name).cloned().into_iter().collect();
        old.virtual_tables = schema.virtual_tables.get(name).cloned().into_iter().collect();
        old.triggers = schema.triggers.iter().filter(|trigger| trigger.on == *name).cloned().collect();
        let what = match &declaration.object {
            Object::View(view, _) => {
                new.views.insert(view.clone());
                "view"
            }
            Object::VirtualTable(table) => {
                new.virtual_tables.insert(table.clone());
                "virtual table"
            }
            Object::Table(_) => return Compared::of(name),
        };
        new.triggers = declaration.triggers.iter().cloned().collect();
        let mut said = Said { words: &self.words, differences: Vec::new() };
        let Ok(diff) = diff(&old, &new, &Renames::default()) else { return Compared::of(name) };
        let created = !diff.views.created.is_empty() || !diff.virtual_tables.created.is_empty();
        if created {
            self.say_unknown_object(what, declaration, &mut said);
        } else {
            if let Object::View(view, _) = &declaration.object
                && let Some(before) = old.views.get(name)
                && !diff.views.is_empty()
            {
                self.say_view(before, view, &mut said);
            }
            if let Object::VirtualTable(table) = &declaration.object
                && let Some(before) = old.virtual_tables.get(name)
                && !diff.virtual_tables.is_empty()
            {
                self.say_virtual_table(before, table, &mut said);
            }
            self.say_triggers(&diff, &old, &new, declaration, &mut said);
        }
        Compared { differences: said.differences, ..Compared::of(name) }
    }

    fn say_unknown_object(&self, what: &str, declaration: &Declaration, said: &mut Said<'_>) {
        let (schema, name) = (&self.head.schema, self.words.table);
        let span = self.item.name().span;
        let is_else = if schema.tables.contains(name) {
            Some("a table")
        } else if schema.views.contains(name) {
            Some("a view")
        } else if schema.virtual_tables.contains(name) {
            Some("a virtual table")
        } else {
            None
        };
        let renamed = declaration.renamed_from.as_ref().filter(|from| schema.virtual_tables.contains(from));
        match (is_else, renamed) {
            (Some(other), _) => said.add(span, self.words.is_but(&format!("`{name}`"), &format!("a {what}"), other)),
            (None, Some(from)) => {
                let span = self.item.renamed_from.as_ref().map_or(span, |at| at.span);
                said.add(span, self.words.still_called(what, name.as_str(), from));
            }
            (None, None) => said.add(span, self.words.unknown(what)),
        }
    }

    fn say_view(&self, before: &View, after: &View, said: &mut Said<'_>) {
        let name = self.words.table;
        if before.query != after.query {
            let span = self.item.query.as_ref().map_or(self.item.ident.span(), |at| at.span);
            said.add(span, format!("view `{name}` has another query {}", self.words.then()));
        }
        if before.columns != after.columns {
            let span = self.item.view_columns.first().map_or(self.item.ident.span(), |at| at.span);
            let text = |columns: &[Name]| match columns {
                [] => "those of its query".to_owned(),
                columns => format!("({})", sql_list(columns)),
            };
            let what = format!("the list of columns of view `{name}`");
            said.add(span, self.words.is_but(&what, &text(&after.columns), &text(&before.columns)));
        }
    }

    fn say_virtual_table(&self, before: &VirtualTable, after: &VirtualTable, said: &mut Said<'_>) {
        let (item, name) = (self.item, self.words.table);
        if before.module != after.module {
            let span = item.module.as_ref().map_or(item.ident.span(), |at| at.span);
            let text = |module: &Name| format!("USING {module}");
            let what = format!("virtual table `{name}`");
            said.add(span, self.words.is_but(&what, &text(&after.module), &text(&before.module)));
        }
        let count = said.differences.len();
        let what = |argument: &Expr| format!("the argument `{argument}`");
        for (at, argument) in after.arguments.iter().enumerate() {
            if !before.arguments.contains(argument) {
                let option = at.checked_sub(item.fields.len()).and_then(|at| item.options.get(at));
                let field = item.fields.get(at).map(|field| field.name().span);
                let span = field.or(option.map(|at| at.span)).unwrap_or(item.ident.span());
                said.both(span, Some(what(argument)), None);
            }
        }
        for argument in before.arguments.iter().filter(|argument| !after.arguments.contains(argument)) {
            said.both(item.ident.span(), None, Some(what(argument)));
        }
        if said.differences.len() == count && before.arguments != after.arguments {
            let message = format!("the columns of virtual table `{name}` have another order {}", self.words.then());
            said.add(item.ident.span(), message);
        }
    }
}
