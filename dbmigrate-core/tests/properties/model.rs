//! A schema in which tables and columns are known by number and expressions are templates, so that renaming one is
//! changing one word, and what was renamed can be told from what was dropped and added.

use dbmigrate_core::diff::Renames;
use dbmigrate_core::schema::{
    Check, Column, Conflict, Deferrable, ForeignKey, Generated, Index, IndexPart, KeyPart, PrimaryKey,
    ReferentialAction, Schema, Table, Trigger, TriggerEvent, TriggerTiming, Unique, View, VirtualTable,
};
use dbmigrate_core::sql::{Expr, Name};

/// What tables, columns and other objects are known by.
pub(crate) type Id = u32;

#[derive(Debug, Clone, Default)]
pub(crate) struct Model {
    pub(crate) tables: Vec<TableModel>,
    pub(crate) views: Vec<ViewModel>,
    pub(crate) triggers: Vec<TriggerModel>,
    pub(crate) virtuals: Vec<VirtualModel>,
    next: Id,
}

#[derive(Debug, Clone)]
pub(crate) struct TableModel {
    pub(crate) id: Id,
    pub(crate) name: String,
    pub(crate) columns: Vec<ColumnModel>,
    pub(crate) primary_key: Option<KeyModel>,
    pub(crate) autoincrement: bool,
    pub(crate) uniques: Vec<KeyModel>,
    pub(crate) foreign_keys: Vec<ForeignKeyModel>,
    pub(crate) checks: Vec<(Option<&'static str>, Template)>,
    pub(crate) strict: bool,
    pub(crate) without_rowid: bool,
    pub(crate) random_rowid: bool,
    pub(crate) indexes: Vec<IndexModel>,
}

#[derive(Debug, Clone)]
pub(crate) struct ColumnModel {
    pub(crate) id: Id,
    pub(crate) name: String,
    pub(crate) decl_type: &'static str,
    pub(crate) not_null: bool,
    pub(crate) not_null_name: Option<&'static str>,
    pub(crate) not_null_conflict: Option<Conflict>,
    pub(crate) default: Option<&'static str>,
    pub(crate) collate: Option<&'static str>,
    pub(crate) generated: Option<(Template, bool)>,
}

#[derive(Debug, Clone)]
pub(crate) struct KeyModel {
    pub(crate) name: Option<&'static str>,
    /// Column, collation, whether descending.
    pub(crate) parts: Vec<(Id, Option<&'static str>, bool)>,
    pub(crate) conflict: Option<Conflict>,
}

#[derive(Debug, Clone)]
pub(crate) struct ForeignKeyModel {
    pub(crate) name: Option<&'static str>,
    pub(crate) columns: Vec<Id>,
    pub(crate) parent: Id,
    /// Empty for the primary key.
    pub(crate) parent_columns: Vec<Id>,
    pub(crate) on_delete: ReferentialAction,
    pub(crate) on_update: ReferentialAction,
    pub(crate) deferrable: Option<Deferrable>,
}

#[derive(Debug, Clone)]
pub(crate) struct IndexModel {
    pub(crate) name: String,
    pub(crate) unique: bool,
    /// Expression, collation, whether descending.
    pub(crate) parts: Vec<(Template, Option<&'static str>, bool)>,
    pub(crate) predicate: Option<Template>,
}

/// `{0}` and `{1}` stand for columns, `{t}` for the table.
#[derive(Debug, Clone)]
pub(crate) struct Template {
    pub(crate) text: &'static str,
    pub(crate) columns: Vec<Id>,
}

#[derive(Debug, Clone)]
pub(crate) struct ViewModel {
    pub(crate) id: Id,
    pub(crate) name: String,
    /// A table or another view.
    pub(crate) from: Id,
    pub(crate) columns: Vec<Id>,
    pub(crate) text: &'static str,
    /// Whether it names its columns in front of the query.
    pub(crate) named: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct TriggerModel {
    pub(crate) name: String,
    pub(crate) on: Id,
    pub(crate) timing: TriggerTiming,
    /// 0 INSERT, 1 DELETE, 2 UPDATE, 3 UPDATE OF the columns of the condition.
    pub(crate) event: usize,
    pub(crate) when: Option<Template>,
    /// The table that the body speaks of.
    pub(crate) target: Id,
    pub(crate) body: Template,
}

#[derive(Debug, Clone)]
pub(crate) struct VirtualModel {
    pub(crate) name: String,
    pub(crate) module: &'static str,
    pub(crate) columns: Vec<&'static str>,
    pub(crate) option: Option<&'static str>,
}

impl Model {
    pub(crate) fn new_id(&mut self) -> Id {
        self.next += 1;
        self.next
    }

    pub(crate) fn table(&self, id: Id) -> Option<&TableModel> {
        self.tables.iter().find(|table| table.id == id)
    }

    pub(crate) fn view(&self, id: Id) -> Option<&ViewModel> {
        self.views.iter().find(|view| view.id == id)
    }

    /// Every name in the namespace that tables, views, indexes and, here, triggers share.
    pub(crate) fn names(&self) -> Vec<Name> {
        let tables = self
            .tables
            .iter()
            .flat_map(|table| std::iter::once(&table.name).chain(table.indexes.iter().map(|index| &index.name)));
        let views = self.views.iter().map(|view| &view.name);
        let triggers = self.triggers.iter().map(|trigger| &trigger.name);
        let virtuals = self.virtuals.iter().map(|table| &table.name);
        tables.chain(views).chain(triggers).chain(virtuals).map(|name| Name::from(name.as_str())).collect()
    }

    /// The schema that this describes. What refers to something that is gone is left out.
    pub(crate) fn schema(&self) -> Schema {
        let mut schema = Schema::default();
        for table in &self.tables {
            schema.tables.insert(self.table_schema(table));
        }
        for table in &self.virtuals {
            let columns = table.columns.iter().map(Expr::new);
            schema.virtual_tables.insert(VirtualTable {
                name: table.name.as_str().into(),
                module: table.module.into(),
                arguments: columns.chain(table.option.map(Expr::new)).collect(),
            });
        }
        for view in &self.views {
            if let Some(view) = self.view_schema(view) {
                schema.views.insert(view);
            }
        }
        for trigger in &self.triggers {
            if let Some(trigger) = self.trigger_schema(trigger) {
                schema.triggers.insert(trigger);
            }
        }
        schema
    }

    fn table_schema(&self, model: &TableModel) -> Table {
        let mut table = Table::new(model.name.as_str());
        let part = |(column, collate, descending): &(Id, Option<&str>, bool)| {
            let column = model.name_of(*column)?;
            Some(KeyPart { column, collate: collate.map(Name::from), descending: *descending })
        };
        let name = |name: Option<&'static str>| name.map(Name::from);
        table.columns = model.columns.iter().map(|column| column.schema(model)).collect();
        table.primary_key = model.primary_key.as_ref().map(|key| PrimaryKey {
            name: name(key.name),
            parts: key.parts.iter().filter_map(part).collect(),
            autoincrement: model.autoincrement,
            conflict: key.conflict,
        });
        table.uniques = model
            .uniques
            .iter()
            .map(|unique| Unique {
                name: name(unique.name),
                parts: unique.parts.iter().filter_map(part).collect(),
                conflict: unique.conflict,
            })
            .collect();
        table.foreign_keys = model.foreign_keys.iter().filter_map(|key| self.foreign_key_schema(model, key)).collect();
        let checks = model.checks.iter();
        table.checks = checks
            .filter_map(|(check, template)| Some(Check { name: name(*check), expr: template.expr(model)? }))
            .collect();
        (table.strict, table.without_rowid, table.random_rowid) =
            (model.strict, model.without_rowid, model.random_rowid);
        for index in &model.indexes {
            let parts = index.parts.iter().map(|(template, collate, descending)| {
                Some(IndexPart {
                    expr: template.expr(model)?,
                    collate: collate.map(Name::from),
                    descending: *descending,
                })
            });
            table.indexes.insert(Index {
                name: index.name.as_str().into(),
                unique: index.unique,
                parts: parts.flatten().collect(),
                predicate: index.predicate.as_ref().and_then(|predicate| predicate.expr(model)),
            });
        }
        table
    }

    fn foreign_key_schema(&self, child: &TableModel, key: &ForeignKeyModel) -> Option<ForeignKey> {
        let parent = self.table(key.parent)?;
        Some(ForeignKey {
            name: key.name.map(Name::from),
            columns: key.columns.iter().filter_map(|column| child.name_of(*column)).collect(),
            parent: parent.name.as_str().into(),
            parent_columns: key.parent_columns.iter().filter_map(|column| parent.name_of(*column)).collect(),
            on_delete: key.on_delete,
            on_update: key.on_update,
            match_name: None,
            deferrable: key.deferrable,
        })
    }

    fn view_schema(&self, model: &ViewModel) -> Option<View> {
        let (from, columns) = match (self.table(model.from), self.view(model.from)) {
            (Some(table), _) => {
                let columns: Option<Vec<Name>> = model.columns.iter().map(|column| table.name_of(*column)).collect();
                (table.name.as_str(), columns?)
            }
            (None, Some(view)) => (view.name.as_str(), self.view_columns(view)),
            (None, None) => return None,
        };
        let from = Name::from(from);
        let expressions: Vec<String> = columns
            .iter()
            .enumerate()
            .map(|(at, column)| {
                let alias =
                    if model.named { String::new() } else { format!(" AS {}", self.view_columns(model)[at].sql()) };
                format!("{}{alias}", column.sql())
            })
            .collect();
        let query = model.text.replace("{columns}", &expressions.join(", ")).replace("{from}", &from.sql());
        let names = if model.named { self.view_columns(model) } else { Vec::new() };
        Some(View { name: model.name.as_str().into(), columns: names, query: Expr::script(query), unchecked: false })
    }

    /// The names that the columns of a view have.
    fn view_columns(&self, model: &ViewModel) -> Vec<Name> {
        let count = match self.view(model.from) {
            Some(view) => self.view_columns(view).len(),
            None => model.columns.len(),
        };
        ["v1", "the end", "V3", "order"].into_iter().take(count).map(Name::from).collect()
    }

    fn trigger_schema(&self, model: &TriggerModel) -> Option<Trigger> {
        let (on, columns) = match (self.table(model.on), self.view(model.on)) {
            (Some(table), _) => {
                let stored = table.columns.iter().filter(|column| column.generated.is_none());
                (table.name.as_str(), stored.map(|column| Name::from(column.name.as_str())).collect())
            }
            (None, Some(view)) => (view.name.as_str(), self.view_columns(view)),
            (None, None) => return None,
        };
        let target = self.table(model.target)?;
        let watched = columns.first()?;
        let row = if model.event == 1 { "OLD" } else { "NEW" };
        let value = format!("{row}.{}", watched.sql());
        let expand = |template: &Template| Some(template.expand(target)?.replace("{value}", &value));
        let event = match model.event {
            0 => TriggerEvent::Insert,
            1 => TriggerEvent::Delete,
            2 => TriggerEvent::Update(Vec::new()),
            _ => TriggerEvent::Update(vec![watched.clone()]),
        };
        let when = match &model.when {
            Some(when) => Some(Expr::new(expand(when)?)),
            None => None,
        };
        Some(Trigger {
            name: model.name.as_str().into(),
            on: on.into(),
            timing: model.timing,
            event,
            when,
            body: Expr::script(expand(&model.body)?),
            unchecked: false,
        })
    }

    /// The renames that lead from `old` to this one.
    pub(crate) fn renames_from(&self, old: &Self) -> Renames {
        let mut renames = Renames::default();
        for table in &self.tables {
            let Some(before) = old.table(table.id) else { continue };
            if before.name != table.name {
                renames.tables.push((before.name.as_str().into(), table.name.as_str().into()));
            }
            for column in &table.columns {
                let was = before.columns.iter().find(|was| was.id == column.id);
                if let Some(was) = was.filter(|was| was.name != column.name) {
                    renames.columns.push((
                        table.name.as_str().into(),
                        was.name.as_str().into(),
                        column.name.as_str().into(),
                    ));
                }
            }
        }
        renames
    }
}

impl TableModel {
    pub(crate) fn column(&self, id: Id) -> Option<&ColumnModel> {
        self.columns.iter().find(|column| column.id == id)
    }

    pub(crate) fn name_of(&self, column: Id) -> Option<Name> {
        self.column(column).map(|column| column.name.as_str().into())
    }

    /// The columns that are not generated.
    pub(crate) fn stored(&self) -> Vec<Id> {
        self.columns.iter().filter(|column| column.generated.is_none()).map(|column| column.id).collect()
    }

    pub(crate) fn all(&self) -> Vec<Id> {
        self.columns.iter().map(|column| column.id).collect()
    }
}

impl ColumnModel {
    fn schema(&self, table: &TableModel) -> Column {
        let mut column = Column::new(self.name.as_str(), self.decl_type);
        column.not_null = self.not_null;
        column.not_null_name = self.not_null_name.map(Name::from);
        column.not_null_conflict = self.not_null_conflict;
        column.default = self.default.map(Expr::new);
        column.collate = self.collate.map(Name::from);
        column.generated = self
            .generated
            .as_ref()
            .and_then(|(template, stored)| Some(Generated { expr: template.expr(table)?, stored: *stored }));
        column
    }
}

impl Template {
    /// The text with the names of a table and its columns; nothing if one of the columns is gone.
    fn expand(&self, table: &TableModel) -> Option<String> {
        let mut text = self.text.replace("{t}", &Name::from(table.name.as_str()).sql());
        for (at, column) in self.columns.iter().enumerate() {
            text = text.replace(&format!("{{{at}}}"), &table.name_of(*column)?.sql());
        }
        Some(text)
    }

    fn expr(&self, table: &TableModel) -> Option<Expr> {
        self.expand(table).map(Expr::new)
    }
}
