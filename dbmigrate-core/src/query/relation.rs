//! What a query reads rows from: its columns, and what is known of them.

use std::sync::Arc;

use super::types::{Origin, Ty};
use crate::schema::{Table, VirtualTable};
use crate::sql::expr::Affinity;
use crate::sql::{DeclType, Name};

/// What a relation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Table,
    View,
    Virtual,
    /// What the engine has of itself: its schema, its pragmas, table-valued functions.
    BuiltIn,
    /// A subquery, a common table expression or a join in parentheses.
    Derived,
}

#[derive(Debug, Clone)]
pub(super) struct Relation {
    pub(super) name: Name,
    pub(super) kind: Kind,
    pub(super) columns: Vec<Column>,
    /// Whether it may have columns that are not known.
    pub(super) open: bool,
    /// What its rowid is, if it can be named.
    pub(super) rowid: Option<Ty>,
}

#[derive(Debug, Clone)]
pub(super) struct Column {
    pub(super) name: Box<str>,
    /// Left out of `*`.
    pub(super) hidden: bool,
    pub(super) generated: bool,
    pub(super) ty: Ty,
    /// In a join in parentheses: what it is called in the result, if another column has its name too.
    pub(super) alias: Option<Box<str>>,
    /// In a join in parentheses: the table that it is of.
    pub(super) table: Option<Box<str>>,
    /// In a join in parentheses: whether `USING` makes it one with columns of the same name.
    pub(super) joined: bool,
}

impl Column {
    pub(super) fn new(name: &str, ty: Ty) -> Self {
        Self { name: name.into(), hidden: false, generated: false, ty, alias: None, table: None, joined: false }
    }

    fn hidden(name: &str, ty: Ty) -> Self {
        Self { hidden: true, ..Self::new(name, ty) }
    }
}

impl Relation {
    pub(super) fn derived(name: &str, columns: Vec<Column>) -> Self {
        Self { name: name.into(), kind: Kind::Derived, columns, open: false, rowid: None }
    }

    /// One of which nothing is known.
    pub(super) fn unknown(name: &str) -> Self {
        let rowid = Some(rowid_type(None));
        Self { name: name.into(), kind: Kind::BuiltIn, columns: Vec::new(), open: true, rowid }
    }

    pub(super) fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name.eq_ignore_ascii_case(name))
    }

    /// Whether what it has is in the schema.
    pub(super) fn is_stored(&self) -> bool {
        matches!(self.kind, Kind::Table | Kind::View | Kind::Virtual)
    }

    /// The names of the columns that `*` stands for.
    pub(super) fn shown(&self) -> impl Iterator<Item = &Column> {
        self.columns.iter().filter(|column| !column.hidden)
    }

    pub(super) fn of_table(table: &Table) -> Self {
        let origin = |column: &crate::schema::Column| {
            let place = (table.name.clone(), column.name.clone());
            Some(Arc::new(Origin { declared: column.decl_type.clone(), column: Some(place) }))
        };
        let columns = table.columns.iter().map(|column| {
            let affinity = Some(table.affinity(column));
            let ty = Ty { affinity, nullable: Some(!table.rejects_null(column)), origin: origin(column) };
            Column { generated: column.generated.is_some(), ..Column::new(column.name.as_str(), ty) }
        });
        let alias = table.rowid_alias().and_then(origin);
        let rowid = (!table.without_rowid).then(|| rowid_type(alias));
        Self { name: table.name.clone(), kind: Kind::Table, columns: columns.collect(), open: false, rowid }
    }

    pub(super) fn of_virtual_table(table: &VirtualTable) -> Self {
        let mut relation = Self { kind: Kind::Virtual, name: table.name.clone(), ..Self::unknown("") };
        let module = table.module.folded();
        let typed = |column: &str, affinity, nullable| {
            let place = Some((table.name.clone(), Name::from(column)));
            let origin = Some(Arc::new(Origin { declared: DeclType::new(""), column: place }));
            Ty { affinity, nullable: Some(nullable), origin }
        };
        let any = |column: &str| typed(column, None, true);
        let shown = |name: &Name| Column::new(name.as_str(), any(name.as_str()));
        match module.as_str() {
            "fts5" => {
                relation.columns = table.column_names().iter().map(shown).collect();
                relation.columns.push(Column::hidden(table.name.as_str(), any(table.name.as_str())));
                relation.columns.push(Column::hidden("rank", any("rank")));
                relation.open = false;
            }
            "fts3" | "fts4" if table.option("content").is_none() => {
                // what is no option that it knows is a column of FTS3
                let has_options = |argument: &crate::sql::Expr| {
                    argument.as_str().contains(['=', ' ']) || argument.mentions(&"tokenize".into())
                };
                let mut names = table.column_names();
                names.retain(|name| *name != *"tokenize");
                if names.is_empty() {
                    names.push("content".into());
                }
                relation.columns = names.iter().map(shown).collect();
                relation.columns.push(Column::hidden(table.name.as_str(), any(table.name.as_str())));
                relation.columns.push(Column::hidden("docid", Ty::new(Affinity::Integer, Some(false))));
                match table.option("languageid") {
                    Some(language) => relation.columns.push(Column::hidden(&language, any(&language))),
                    None => relation.columns.push(Column::hidden("__langid", Ty::default())),
                }
                relation.open = table.arguments.iter().any(has_options);
            }
            "rtree" | "rtree_i32" => {
                let number = if module == "rtree" { Affinity::Real } else { Affinity::Integer };
                let names = table.arguments.iter().map(|argument| {
                    let text = argument.as_str().trim();
                    let auxiliary = text.strip_prefix('+');
                    let tokens = crate::sql::token::significant(auxiliary.unwrap_or(text));
                    let name = tokens.first().and_then(crate::sql::Token::identifier);
                    (name.unwrap_or_default(), auxiliary.is_some())
                });
                relation.columns = names
                    .enumerate()
                    .map(|(index, (name, auxiliary))| {
                        let ty = match (index, auxiliary) {
                            (0, _) => typed(&name, Some(Affinity::Integer), false),
                            (_, true) => any(&name),
                            (_, false) => typed(&name, Some(number), false),
                        };
                        Column::new(&name, ty)
                    })
                    .collect();
                relation.open = false;
            }
            _ => {}
        }
        relation
    }
}

/// The type of a rowid, which a column may be an alias for.
pub(super) fn rowid_type(alias: Option<Arc<Origin>>) -> Ty {
    Ty { affinity: Some(Affinity::Integer), nullable: Some(false), origin: alias }
}

/// Whether the name is one of those that the rowid has in every table.
pub(super) fn is_rowid(name: &str) -> bool {
    ["rowid", "_rowid_", "oid"].iter().any(|rowid| name.eq_ignore_ascii_case(rowid))
}
