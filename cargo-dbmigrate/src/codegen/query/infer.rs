//! Follows the columns of a query to what they come from.

use dbmigrate_core::schema::{Schema, View};
use dbmigrate_core::sql::{DeclType, Name};

use super::ast::{Call, Column, Core, Cte, Expr, Joined, Select, Source};
use super::kind::Kind;
use super::{functions, parse};
use crate::codegen::module_columns;

/// Views are not followed further than this, nor are those that read themselves.
const DEEPEST: usize = 32;

/// How often a recursive query is looked at: each time at least one of its columns has more values than before.
const ROUNDS: usize = 64;

/// What the columns of a view hold, in their order. `None` if its query is not understood.
pub(crate) fn columns_of(schema: &Schema, view: &View) -> Option<Vec<Kind>> {
    Inference { schema, depth: 0 }.view(view).map(|columns| columns.into_iter().map(|(_, kind)| kind).collect())
}

/// Columns with their names.
type Columns = Vec<(Option<Name>, Kind)>;

#[derive(Clone, Copy)]
struct Inference<'a> {
    schema: &'a Schema,
    depth: usize,
}

/// A table that can be named in a query.
struct Table {
    name: Option<Name>,
    /// `None`: not known.
    columns: Option<Columns>,
    /// Columns that `*` leaves out: those of the table before it that it is joined with.
    merged: Vec<Name>,
    /// Whether it has a key that no column shows.
    has_rowid: bool,
    nullable: bool,
}

/// What names stand for.
#[derive(Clone, Copy)]
struct Scope<'a> {
    outer: Option<&'a Scope<'a>>,
    ctes: &'a [(Name, Columns)],
    tables: &'a [Table],
    /// Whether the query returns one row of aggregates also if there are none: a column outside of them is NULL then.
    is_one_row: bool,
    grouped: bool,
}

impl<'a> Scope<'a> {
    const EMPTY: Self = Self { outer: None, ctes: &[], tables: &[], is_one_row: false, grouped: false };

    fn cte(&self, name: &Name) -> Option<&'a Columns> {
        let own = self.ctes.iter().rev().find(|(cte, _)| cte == name).map(|(_, columns)| columns);
        own.or_else(|| self.outer.and_then(|outer| outer.cte(name)))
    }

    /// The column, if it is clear which one is meant; `None` if there is none. What may be one is anything.
    fn column(&self, table: Option<&Name>, name: &Name) -> Option<Kind> {
        let meant = |one: &&Table| table.is_none_or(|table| one.name.as_ref() == Some(table));
        let mut found: Option<Kind> = None;
        for one in self.tables.iter().filter(meant) {
            let Some(columns) = &one.columns else { return Some(Kind::ANY) };
            let column = columns.iter().find(|(column, _)| column.as_ref() == Some(name));
            let is_key = || one.has_rowid && ["rowid", "oid", "_rowid_"].iter().any(|key| *name == **key);
            let kind = match column {
                Some((_, kind)) => kind.clone(),
                None if is_key() => Kind::INTEGER,
                None => continue,
            };
            let kind = kind.or_null(one.nullable || self.is_one_row);
            // of a column that two tables are joined with either is meant
            found = Some(match found {
                Some(before) if one.merged.contains(name) => before.or(kind),
                Some(before) => before,
                None => kind,
            });
        }
        found.or_else(|| self.outer.and_then(|outer| outer.column(table, name)))
    }
}

impl Inference<'_> {
    fn view(self, view: &View) -> Option<Columns> {
        if self.depth == DEEPEST {
            return None;
        }
        let deeper = Inference { depth: self.depth + 1, ..self };
        let mut columns = deeper.select(&parse::query(view.query.as_str())?, &Scope::EMPTY)?;
        rename(&mut columns, &view.columns)?;
        Some(columns)
    }

    fn select(self, select: &Select, outer: &Scope<'_>) -> Option<Columns> {
        let mut ctes: Vec<(Name, Columns)> = Vec::new();
        for cte in &select.with {
            let columns = self.cte(cte, &Scope { outer: Some(outer), ctes: &ctes, ..Scope::EMPTY })?;
            ctes.push((cte.name.clone(), columns));
        }
        let scope = Scope { outer: Some(outer), ctes: &ctes, ..Scope::EMPTY };
        let mut columns = self.core(&select.first, &scope)?;
        for more in &select.more {
            let others = self.core(more, &scope)?;
            if others.len() != columns.len() {
                return None;
            }
            columns = columns.into_iter().zip(others).map(|((name, one), (_, two))| (name, one.or(two))).collect();
        }
        Some(columns)
    }

    /// A table of a `WITH`, which may read itself: then it holds what its first query gives, and what comes of that.
    fn cte(self, cte: &Cte, scope: &Scope<'_>) -> Option<Columns> {
        let mut columns = self.select(&Select { more: Vec::new(), ..cte.query.clone() }, scope);
        if !cte.query.more.is_empty() {
            for round in 0..=ROUNDS {
                let mut known = columns?;
                rename(&mut known, &cte.columns)?;
                let own = [(cte.name.clone(), known.clone())];
                let next = self.select(&cte.query, &Scope { outer: Some(scope), ctes: &own, ..Scope::EMPTY })?;
                let is_same = next.iter().zip(&known).all(|((_, next), (_, known))| next == known);
                columns = Some(next);
                if is_same {
                    break;
                }
                if round == ROUNDS {
                    return None;
                }
            }
        }
        let mut columns = columns?;
        rename(&mut columns, &cte.columns)?;
        Some(columns)
    }

    fn core(self, core: &Core, outer: &Scope<'_>) -> Option<Columns> {
        let (columns, from, grouped, aggregates) = match core {
            Core::Values(rows) => {
                let mut rows = rows.iter().map(|row| row.iter().map(|expr| self.expr(expr, outer)).collect::<Vec<_>>());
                let mut kinds = rows.next()?;
                for row in rows {
                    kinds = kinds.into_iter().zip(row).map(|(one, two)| one.or(two)).collect();
                }
                let named = kinds.into_iter().enumerate();
                return Some(named.map(|(at, kind)| (Some(format!("column{}", at + 1).into()), kind)).collect());
            }
            Core::Select { columns, from, grouped, aggregates, .. } => (columns, from, *grouped, *aggregates),
        };
        let mut tables = Vec::new();
        for joined in from {
            self.join(joined, outer, &mut tables);
        }
        let is_aggregate = |column: &Column| matches!(column, Column::Expr(expr, _) if has_aggregate(expr));
        let is_one_row = !grouped && (aggregates || columns.iter().any(is_aggregate));
        let scope = Scope { outer: Some(outer), ctes: &[], tables: &tables, is_one_row, grouped };
        let mut found = Columns::new();
        for column in columns {
            match column {
                Column::Expr(expr, alias) => {
                    let own = match expr {
                        Expr::Column { name, .. } => Some(name.clone()),
                        _ => None,
                    };
                    found.push((alias.clone().or(own), self.expr(expr, &scope)));
                }
                Column::Star => {
                    for table in &tables {
                        star(table, &scope, true, &mut found)?;
                    }
                }
                Column::StarOf(name) => {
                    let table = tables.iter().find(|table| table.name.as_ref() == Some(name))?;
                    star(table, &scope, false, &mut found)?;
                }
            }
        }
        Some(found)
    }

    /// Adds a table to those before it.
    fn join(self, joined: &Joined, outer: &Scope<'_>, tables: &mut Vec<Table>) {
        let Joined { source, alias, join, using } = joined;
        if join.keeps_right {
            for table in tables.iter_mut() {
                table.nullable = true;
            }
        }
        let first = tables.len();
        let (name, columns) = match source {
            Source::Joins(inner) => {
                for one in inner {
                    self.join(one, outer, tables);
                }
                (None, None)
            }
            Source::Query(query) => (None, self.select(query, outer)),
            Source::Function(name) => (Some(name), table_function(name)),
            Source::Table(name) => (Some(name), self.table(name, outer)),
        };
        if !matches!(source, Source::Joins(_)) {
            let has_rowid = matches!(source, Source::Table(name) if outer.cte(name).is_none() && self.has_rowid(name));
            let name = alias.clone().or_else(|| name.cloned());
            let mut merged = using.clone();
            if join.natural {
                let before = tables.iter().flat_map(|table| table.columns.iter().flatten());
                let before: Vec<&Name> = before.filter_map(|(name, _)| name.as_ref()).collect();
                let own = columns.iter().flatten().filter_map(|(name, _)| name.clone());
                merged.extend(own.filter(|name| before.contains(&name)));
            }
            tables.push(Table { name, columns, merged, has_rowid, nullable: false });
        } else if !using.is_empty() || join.natural || alias.is_some() {
            // which columns are whose is more than is followed here
            tables.truncate(first);
            tables.push(Table {
                name: alias.clone(),
                columns: None,
                merged: Vec::new(),
                has_rowid: false,
                nullable: true,
            });
        }
        if join.keeps_left {
            for table in &mut tables[first..] {
                table.nullable = true;
            }
        }
    }

    fn table(self, name: &Name, outer: &Scope<'_>) -> Option<Columns> {
        if let Some(columns) = outer.cte(name) {
            return Some(columns.clone());
        }
        if let Some(table) = self.schema.table(name) {
            let kinds = table.columns.iter().map(|one| (Some(one.name.clone()), Kind::of_column(table, one)));
            return Some(kinds.collect());
        }
        if let Some(table) = self.schema.virtual_tables.get(name) {
            let module = table.module.folded();
            let kinds = module_columns::of(table).into_iter().enumerate().map(|(at, column)| {
                let kind = Kind::of_type(module_columns::rust_type(&module, at, &column), &DeclType::new("TEXT"));
                (Some(column.name), kind)
            });
            return Some(kinds.collect());
        }
        self.schema.views.get(name).and_then(|view| self.view(view))
    }

    fn has_rowid(self, name: &Name) -> bool {
        self.schema.table(name).is_some_and(|table| !table.without_rowid)
    }

    fn expr(self, expr: &Expr, scope: &Scope<'_>) -> Kind {
        let kind = |expr: &Expr| self.expr(expr, scope);
        match expr {
            Expr::Null => Kind::NULL,
            Expr::Integer { .. } => Kind::INTEGER,
            Expr::Real { .. } => Kind::REAL,
            Expr::Text => Kind::TEXT,
            Expr::Blob => Kind::BLOB,
            Expr::Column { table, name, quoted } => {
                let found = scope.column(table.as_ref(), name);
                let is_bool = table.is_none() && (*name == *"true" || *name == *"false");
                found.unwrap_or_else(|| match (quoted, is_bool) {
                    (true, _) => Kind::TEXT,
                    (false, true) => Kind::bool(),
                    (false, false) => Kind::ANY,
                })
            }
            Expr::Minus(of) => kind(of).number(),
            Expr::Bits(of) => Kind::INTEGER.or_null(of.iter().any(|of| kind(of).nullable)),
            Expr::Arithmetic(one, two) => kind(one).arithmetic(&kind(two)),
            Expr::Division(one, two) => {
                let is_certain = matches!(**two, Expr::Integer { zero: false } | Expr::Real { zero: false });
                kind(one).arithmetic(&kind(two)).or_null(!is_certain)
            }
            Expr::Concat(one, two) => Kind::TEXT.or_null(kind(one).nullable || kind(two).nullable),
            Expr::Json => Kind::TEXT.or_null(true),
            Expr::Condition(of) => Kind::bool().or_null(of.iter().any(|of| kind(of).nullable)),
            Expr::InQuery(one, query) => {
                let among = self.select(query, scope);
                let is_certain = among.is_some_and(|columns| columns.iter().all(|(_, kind)| !kind.nullable));
                Kind::bool().or_null(!is_certain || kind(one).nullable)
            }
            Expr::Certain => Kind::bool(),
            Expr::Case(values) => values.iter().map(kind).reduce(Kind::or).unwrap_or(Kind::NULL),
            Expr::Cast(of, declared) => Kind::of_cast(declared).or_null(kind(of).nullable),
            Expr::Call(call) => self.call(call, scope),
            Expr::Query(query) => {
                let Some((_, kind)) = self.select(query, scope).and_then(|columns| columns.into_iter().next()) else {
                    return Kind::ANY;
                };
                kind.or_null(!is_one_row(query))
            }
            Expr::Unknown => Kind::ANY,
        }
    }

    fn call(self, call: &Call, scope: &Scope<'_>) -> Kind {
        let name = call.name.as_str();
        if functions::is_aggregate(name, call.arguments.len()) {
            let may_be_empty = call.filtered || call.windowed || !scope.grouped;
            // its argument is of rows that there are, unless it is in a window of such a query
            let of_rows = Scope { is_one_row: scope.is_one_row && call.windowed, ..*scope };
            let argument = call.arguments.first().map(|argument| self.expr(argument, &of_rows));
            return functions::aggregate(name, argument.as_ref(), may_be_empty).unwrap_or(Kind::ANY);
        }
        let arguments: Vec<Kind> = call.arguments.iter().map(|argument| self.expr(argument, scope)).collect();
        functions::window(name, &arguments).or_else(|| functions::scalar(name, &arguments)).unwrap_or(Kind::ANY)
    }
}

/// What `*` stands for. With columns of one name in two tables the second one is left out.
fn star(table: &Table, scope: &Scope<'_>, all: bool, found: &mut Columns) -> Option<()> {
    for (name, kind) in table.columns.as_ref()? {
        if all && name.as_ref().is_some_and(|name| table.merged.contains(name)) {
            continue;
        }
        // of columns that others are joined with, the values of the others count too
        let shared = name.as_ref().filter(|name| all && scope.tables.iter().any(|one| one.merged.contains(name)));
        let kind = match shared {
            Some(name) => scope.column(None, name)?,
            None => kind.clone().or_null(table.nullable || scope.is_one_row),
        };
        found.push((name.clone(), kind));
    }
    Some(())
}

/// Names of columns that are given to a query: all of them, or none.
fn rename(columns: &mut Columns, names: &[Name]) -> Option<()> {
    if names.is_empty() {
        return Some(());
    }
    if names.len() != columns.len() {
        return None;
    }
    for ((column, _), name) in columns.iter_mut().zip(names) {
        *column = Some(name.clone());
    }
    Some(())
}

/// Whether a query returns a row whatever there is.
fn is_one_row(select: &Select) -> bool {
    match &select.first {
        Core::Values(_) => !select.is_cut,
        Core::Select { columns, grouped, aggregates, filtered, .. } => {
            let is_aggregate = |column: &Column| matches!(column, Column::Expr(expr, _) if is_surely_aggregate(expr));
            !select.is_cut && !grouped && !filtered && (*aggregates || columns.iter().any(is_aggregate))
        }
    }
}

/// Whether an aggregate is called, or what may be one.
fn has_aggregate(expr: &Expr) -> bool {
    calls(expr, &|call| {
        let is_own = !functions::is_known(&call.name);
        !call.windowed && (is_own || functions::is_aggregate(&call.name, call.arguments.len()))
    })
}

fn is_surely_aggregate(expr: &Expr) -> bool {
    calls(expr, &|call| !call.windowed && functions::is_aggregate(&call.name, call.arguments.len()))
}

/// Whether there is such a call in an expression, subqueries left out.
fn calls(expr: &Expr, is: &dyn Fn(&Call) -> bool) -> bool {
    let any = |list: &[Expr]| list.iter().any(|expr| calls(expr, is));
    match expr {
        Expr::Minus(of) | Expr::Cast(of, _) | Expr::InQuery(of, _) => calls(of, is),
        Expr::Arithmetic(one, two) | Expr::Division(one, two) | Expr::Concat(one, two) => {
            calls(one, is) || calls(two, is)
        }
        Expr::Bits(list) | Expr::Condition(list) | Expr::Case(list) => any(list),
        Expr::Call(call) => is(call) || any(&call.arguments),
        _ => false,
    }
}

/// The columns of the table that a function makes.
fn table_function(name: &Name) -> Option<Columns> {
    let column = |name: &str, kind: Kind| (Some(Name::from(name)), kind);
    match name.folded().as_str() {
        "json_each" | "json_tree" | "jsonb_each" | "jsonb_tree" => Some(vec![
            column("key", Kind::ANY),
            column("value", Kind::ANY),
            column("type", Kind::TEXT),
            column("atom", Kind::ANY),
            column("id", Kind::INTEGER),
            column("parent", Kind::INTEGER.or_null(true)),
            column("fullkey", Kind::TEXT),
            column("path", Kind::TEXT),
        ]),
        "generate_series" => Some(vec![column("value", Kind::INTEGER)]),
        _ => None,
    }
}
