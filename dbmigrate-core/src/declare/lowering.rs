//! What is gathered while an item is lowered, what all kinds of items need of it, and the items that are no tables.

use proc_macro2::Span;

use super::ast::{At, ColumnWord, DefaultClause, EventClause, Field, Item};
use super::declaration::{Deferred, Derive, Object};
use super::errors::{Errors, closest, list};
use super::known_type::ColumnType;
use super::literal;
use super::naming::unraw;
use super::resolve::Resolve;
use crate::schema::validate::Place;
use crate::schema::{Reads, Trigger, TriggerEvent, TriggerTiming, View, VirtualTable};
use crate::sql::{Expr, Name};

/// What is gathered while an item is lowered.
pub(super) struct Lowering<'a> {
    pub(super) item: &'a Item,
    pub(super) resolve: &'a dyn Resolve,
    pub(super) errors: Errors,
    pub(super) places: Vec<(Place, Span)>,
    pub(super) by_name: Vec<Place>,
    pub(super) deferred: Vec<Deferred>,
    pub(super) reads: Vec<(Name, Reads)>,
}

impl<'a> Lowering<'a> {
    pub(super) fn new(item: &'a Item, resolve: &'a dyn Resolve, errors: Errors) -> Self {
        let (places, by_name, deferred, reads) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { item, resolve, errors, places, by_name, deferred, reads }
    }
}

impl Lowering<'_> {
    /// The column that a word in an attribute stands for: the field of that name, else the column of that name.
    pub(super) fn column(&mut self, word: &At<ColumnWord>) -> Option<Name> {
        let (ColumnWord::Word(text) | ColumnWord::Text(text)) = &word.value;
        let name = Name::from(text.as_str());
        let by_field = || self.item.fields.iter().find(|field| unraw(&field.ident) == *text).map(Field::name);
        let by_column = || self.item.fields.iter().map(Field::name).find(|column| column.value == name);
        let found = match &word.value {
            ColumnWord::Word(_) => by_field().or_else(by_column),
            ColumnWord::Text(_) => by_column(),
        };
        if found.is_none() {
            let fields: Vec<String> = self.item.fields.iter().map(|field| unraw(&field.ident)).collect();
            let was_called_so = |field: &&Field| field.renamed_from.as_ref().is_some_and(|from| from.value == name);
            let question = match self.item.fields.iter().find(was_called_so) {
                Some(field) => format!("it is called `{}` now; ", unraw(&field.ident)),
                None => closest(text, fields.iter().map(String::as_str))
                    .map(|meant| format!("did you mean `{meant}`? "))
                    .unwrap_or_default(),
            };
            self.errors.add_with_help(
                word.span,
                format!("`{}` has no column `{text}`", self.item.name().value),
                format!("{question}columns: {}", fields.join(", ")),
            );
        }
        found.map(|found| found.value)
    }

    /// The type of a field. `None` if rustc will judge, or if there was an error.
    pub(super) fn column_type(&mut self, field: &Field) -> Option<ColumnType> {
        if let Some(decl_type) = &field.decl_type {
            let mut ty = ColumnType::new(decl_type.value.as_str(), None);
            ty.nullable = self.resolve.is_option(&field.ty);
            ty.reads = self.resolve.reads(&field.ty);
            return Some(ty);
        }
        let ty = self.errors.take(self.resolve.column_type(&field.ty))?;
        if ty.is_none() {
            self.deferred.push(Deferred::Type(field.name().value));
        }
        ty
    }

    /// The default of a field of type `ty`.
    pub(super) fn default(&mut self, field: &Field, ty: Option<&ColumnType>) -> Option<Expr> {
        let clause = field.default.as_ref()?;
        match &clause.value {
            DefaultClause::Sql(sql) => Some(sql.clone()),
            DefaultClause::Literal { literal, negative } => {
                self.errors.take(literal::default_expr(literal, *negative, ty, clause.span))
            }
            DefaultClause::Constant(path) => {
                let literal = self.errors.take(self.resolve.constant(path))?;
                if literal.is_none() {
                    self.deferred.push(Deferred::Default(field.name().value));
                }
                self.errors.take(literal::default_expr(&literal?, false, ty, clause.span))
            }
        }
    }

    /// Two columns of one name are an error on the second.
    pub(super) fn check_columns(&mut self) {
        let names: Vec<At<Name>> = self.item.fields.iter().map(Field::name).collect();
        for (at, name) in names.iter().enumerate() {
            if names[..at].iter().any(|before| before.value == name.value) {
                self.errors.add_with_help(
                    name.span,
                    format!("`{}` has two columns named `{}`", self.item.name().value, name.value),
                    "names are case-insensitive",
                );
            }
        }
    }

    pub(super) fn view(&mut self) -> Option<Object> {
        let item = self.item;
        let name = item.name();
        self.refuse_column_keys("a view", &["name", "type"]);
        self.places.push((Place::View(name.value.clone()), name.span));
        self.place_columns(&name.value);
        let Some(query) = &item.query else {
            if item.has_errors {
                return None;
            }
            self.errors.add_with_help(
                item.ident.span(),
                format!("view `{}` has no query", name.value),
                "write `#[view(query = \"SELECT …\")]`",
            );
            return None;
        };
        let columns = item.view_columns.iter().filter_map(|word| self.column(word)).collect();
        let expected = item.fields.iter().map(|field| field.name().value).collect();
        let unchecked = item.unchecked.is_some();
        Some(Object::View(View { name: name.value, columns, query: query.value.clone(), unchecked }, expected))
    }

    pub(super) fn virtual_table(&mut self, module: &At<Name>) -> VirtualTable {
        let item = self.item;
        let name = item.name().value;
        self.refuse_column_keys("a virtual table", &["name", "type", "unindexed", "auxiliary"]);
        let clauses = [
            ("strict", item.strict),
            ("without_rowid", item.without_rowid),
            ("random_rowid", item.random_rowid),
            ("primary_key", item.primary_key.as_ref().map(|clause| clause.span)),
            ("unique", item.uniques.first().map(|clause| clause.span)),
            ("index", item.indexes.first().map(|clause| clause.span)),
            ("check", item.checks.first().map(|clause| clause.expr.span)),
            ("foreign_key", item.foreign_keys.first().map(|clause| clause.span)),
            ("trigger", item.triggers.first().map(|clause| clause.name.span)),
        ];
        for (word, span) in clauses {
            if let Some(span) = span {
                self.errors.add(span, format!("a virtual table has no `{word}`"));
            }
        }
        self.places.push((Place::VirtualTable(name.clone()), item.name().span));
        self.place_columns(&name);
        let columns = item.fields.iter().map(|field| {
            let plus = if field.auxiliary.is_some() { "+" } else { "" };
            let ty = field.decl_type.as_ref().map(|ty| format!(" {}", ty.value)).unwrap_or_default();
            let unindexed = if field.unindexed.is_some() { " UNINDEXED" } else { "" };
            Expr::new(format!("{plus}{}{ty}{unindexed}", field.name().value.sql()))
        });
        let arguments = columns.chain(item.options.iter().map(|option| option.value.clone())).collect();
        VirtualTable { name, module: module.value.clone(), arguments }
    }

    /// The places of the fields of a view or a virtual table.
    fn place_columns(&mut self, owner: &Name) {
        let names = self.item.fields.iter().map(Field::name);
        self.places.extend(names.map(|name| (Place::Column(owner.clone(), name.value), name.span)));
    }

    /// Errors for `#[column(…)]` keys other than `accepted`.
    pub(super) fn refuse_column_keys(&mut self, owner: &str, accepted: &[&str]) {
        for field in &self.item.fields {
            for (word, span) in field.keys() {
                if !accepted.contains(&word) {
                    self.errors.add_with_help(
                        span,
                        format!("a column of {owner} has no `{word}`"),
                        format!("accepted: {}", list(accepted)),
                    );
                }
            }
        }
    }

    pub(super) fn triggers(&mut self) -> Vec<Trigger> {
        let on = self.item.name().value;
        let mut triggers: Vec<Trigger> = Vec::new();
        for clause in &self.item.triggers {
            let name = clause.name.value.clone();
            let is_view = self.item.derive == Derive::View;
            if is_view != (clause.timing == TriggerTiming::InsteadOf) {
                let (what, how) = if is_view { ("a view", "`instead_of`") } else { ("a table", "`before` or `after`") };
                self.errors.add(clause.name.span, format!("a trigger on {what} must be {how}"));
            }
            if triggers.iter().any(|before| before.name == name) {
                self.errors.add(clause.name.span, format!("two triggers are named `{name}`"));
            }
            let event = match &clause.event {
                EventClause::Insert => TriggerEvent::Insert,
                EventClause::Delete => TriggerEvent::Delete,
                EventClause::Update(columns) => {
                    TriggerEvent::Update(columns.iter().filter_map(|word| self.column(word)).collect())
                }
            };
            self.places.push((Place::Trigger(name.clone()), clause.name.span));
            let when = clause.when.as_ref().map(|when| when.value.clone());
            let body = clause.body.value.clone();
            let unchecked = clause.unchecked.is_some();
            triggers.push(Trigger { name, on: on.clone(), timing: clause.timing, event, when, body, unchecked });
        }
        triggers
    }
}
