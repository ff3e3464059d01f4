//! Ordinary tables: columns, keys, constraints, options and indexes.

use serde::{Deserialize, Serialize};

use super::named::{Named, NamedMap};
use crate::sql::expr::Affinity;
use crate::sql::{DeclType, Expr, Name};

/// An ordinary table.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// Its name.
    pub name: Name,
    /// The columns in the order in which they are declared, which is not part of equality.
    pub columns: Vec<Column>,
    /// The primary key, if one is declared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub primary_key: Option<PrimaryKey>,
    /// `UNIQUE` constraints, of columns and of the table alike.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub uniques: Vec<Unique>,
    /// Foreign keys, of columns and of the table alike.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub foreign_keys: Vec<ForeignKey>,
    /// `CHECK` constraints, of columns and of the table alike: SQLite makes no difference.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<Check>,
    /// `STRICT`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub strict: bool,
    /// `WITHOUT ROWID`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub without_rowid: bool,
    /// libSQL's `RANDOM ROWID`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub random_rowid: bool,
    /// Indexes made by `CREATE INDEX`.
    #[serde(default, skip_serializing_if = "NamedMap::is_empty")]
    pub indexes: NamedMap<Index>,
}

/// A column.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// Its name.
    pub name: Name,
    /// The declared type; empty where none is declared.
    #[serde(rename = "type", default, skip_serializing_if = "DeclType::is_empty")]
    pub decl_type: DeclType,
    /// `NOT NULL`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub not_null: bool,
    /// The name of the `NOT NULL` constraint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_null_name: Option<Name>,
    /// `NOT NULL ON CONFLICT …`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_null_conflict: Option<Conflict>,
    /// `DEFAULT`: a literal or an expression, without the parentheses around it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Expr>,
    /// `COLLATE`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collate: Option<Name>,
    /// `GENERATED ALWAYS AS`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generated: Option<Generated>,
}

/// The expression of a generated column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Generated {
    /// The expression, without the parentheses around it.
    pub expr: Expr,
    /// `STORED` rather than `VIRTUAL`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub stored: bool,
}

/// A column of a primary key or a `UNIQUE` constraint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyPart {
    /// The column.
    pub column: Name,
    /// `COLLATE`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collate: Option<Name>,
    /// `DESC`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub descending: bool,
}

impl KeyPart {
    /// The column ascending in its own collation.
    pub fn new(column: impl Into<Name>) -> Self {
        Self { column: column.into(), collate: None, descending: false }
    }
}

/// A primary key.
///
/// `INTEGER PRIMARY KEY DESC` on the column makes no rowid alias, while `PRIMARY KEY(id DESC)` on the table makes one
/// (sqlite.org/lang_createtable.html#rowid). So a `descending` single `INTEGER` column here is always the former; the
/// latter is read as ascending.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrimaryKey {
    /// The name of the constraint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Name>,
    /// Its columns.
    pub parts: Vec<KeyPart>,
    /// `AUTOINCREMENT`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub autoincrement: bool,
    /// `ON CONFLICT`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conflict: Option<Conflict>,
}

/// A `UNIQUE` constraint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unique {
    /// The name of the constraint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Name>,
    /// Its columns.
    pub parts: Vec<KeyPart>,
    /// `ON CONFLICT`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conflict: Option<Conflict>,
}

/// A `CHECK` constraint.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// The name of the constraint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Name>,
    /// The condition, without the parentheses around it.
    pub expr: Expr,
}

/// A foreign key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForeignKey {
    /// The name of the constraint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Name>,
    /// The referring columns.
    pub columns: Vec<Name>,
    /// The table referred to.
    pub parent: Name,
    /// The columns referred to; empty means the parent's primary key.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parent_columns: Vec<Name>,
    /// `ON DELETE`.
    #[serde(default, skip_serializing_if = "ReferentialAction::is_no_action")]
    pub on_delete: ReferentialAction,
    /// `ON UPDATE`.
    #[serde(default, skip_serializing_if = "ReferentialAction::is_no_action")]
    pub on_update: ReferentialAction,
    /// `MATCH name`, which SQLite parses and ignores.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub match_name: Option<Name>,
    /// The `DEFERRABLE` clause.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deferrable: Option<Deferrable>,
}

/// What happens to the child rows of a parent row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReferentialAction {
    /// `NO ACTION`.
    #[default]
    NoAction,
    /// `RESTRICT`.
    Restrict,
    /// `SET NULL`.
    SetNull,
    /// `SET DEFAULT`.
    SetDefault,
    /// `CASCADE`.
    Cascade,
}

impl ReferentialAction {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::NoAction, Self::Restrict, Self::SetNull, Self::SetDefault, Self::Cascade];

    /// Its SQL.
    pub fn sql(self) -> &'static str {
        match self {
            Self::NoAction => "NO ACTION",
            Self::Restrict => "RESTRICT",
            Self::SetNull => "SET NULL",
            Self::SetDefault => "SET DEFAULT",
            Self::Cascade => "CASCADE",
        }
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
    fn is_no_action(&self) -> bool {
        *self == Self::NoAction
    }
}

/// A `DEFERRABLE` clause. Only `InitiallyDeferred` changes what SQLite does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deferrable {
    /// `DEFERRABLE INITIALLY IMMEDIATE`, also when only `DEFERRABLE` is said.
    InitiallyImmediate,
    /// `DEFERRABLE INITIALLY DEFERRED`.
    InitiallyDeferred,
    /// `NOT DEFERRABLE`, whatever follows.
    Not,
}

/// What happens to a row that violates a constraint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Conflict {
    /// `ROLLBACK`.
    Rollback,
    /// `ABORT`.
    Abort,
    /// `FAIL`.
    Fail,
    /// `IGNORE`.
    Ignore,
    /// `REPLACE`.
    Replace,
}

impl Conflict {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Rollback, Self::Abort, Self::Fail, Self::Ignore, Self::Replace];

    /// Its SQL.
    pub fn sql(self) -> &'static str {
        match self {
            Self::Rollback => "ROLLBACK",
            Self::Abort => "ABORT",
            Self::Fail => "FAIL",
            Self::Ignore => "IGNORE",
            Self::Replace => "REPLACE",
        }
    }
}

/// An index made by `CREATE INDEX`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Index {
    /// Its name.
    pub name: Name,
    /// `UNIQUE`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub unique: bool,
    /// What is indexed, in order.
    pub parts: Vec<IndexPart>,
    /// The condition of a partial index.
    #[serde(rename = "where", default, skip_serializing_if = "Option::is_none")]
    pub predicate: Option<Expr>,
}

/// A column or expression of an index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IndexPart {
    /// A column's name as SQL, or an expression.
    pub expr: Expr,
    /// `COLLATE`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collate: Option<Name>,
    /// `DESC`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub descending: bool,
}

impl PartialEq for Index {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
            && self.unique == other.unique
            && self.parts == other.parts
            && self.predicate == other.predicate
    }
}

impl Eq for Index {}

impl Index {
    /// Whether `name` occurs in a part or in the predicate.
    pub fn mentions(&self, name: &Name) -> bool {
        self.parts.iter().any(|part| part.expr.mentions(name))
            || self.predicate.as_ref().is_some_and(|predicate| predicate.mentions(name))
    }
}

impl Column {
    /// A nullable column without anything else.
    pub fn new(name: impl Into<Name>, decl_type: impl AsRef<str>) -> Self {
        Self {
            name: name.into(),
            decl_type: DeclType::new(decl_type),
            not_null: false,
            not_null_name: None,
            not_null_conflict: None,
            default: None,
            collate: None,
            generated: None,
        }
    }

    /// The default, unless it is missing or the literal `NULL`, which comes to the same.
    pub fn effective_default(&self) -> Option<&Expr> {
        self.default.as_ref().filter(|default| !default.is_null())
    }
}

impl Table {
    /// A table without columns.
    pub fn new(name: impl Into<Name>) -> Self {
        Self {
            name: name.into(),
            columns: Vec::new(),
            primary_key: None,
            uniques: Vec::new(),
            foreign_keys: Vec::new(),
            checks: Vec::new(),
            strict: false,
            without_rowid: false,
            random_rowid: false,
            indexes: NamedMap::default(),
        }
    }

    /// The column of that name.
    pub fn column(&self, name: &Name) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == *name)
    }

    /// The column that is an alias for the rowid (sqlite.org/lang_createtable.html#rowid): the single ascending
    /// primary key of type `INTEGER` of a table that has rowids.
    pub fn rowid_alias(&self) -> Option<&Column> {
        let [part] = &self.primary_key.as_ref()?.parts[..] else { return None };
        if self.without_rowid || part.descending {
            return None;
        }
        self.column(&part.column).filter(|column| column.decl_type.is_integer_word())
    }

    /// What the rowid is called: the column that is an alias for it, else a name that no column has taken.
    /// `None` for `WITHOUT ROWID` tables and where nothing leads to it.
    pub fn rowid_name(&self) -> Option<Name> {
        self.rowid_alias().map(|alias| alias.name.clone()).or_else(|| self.free_rowid_name())
    }

    /// The first of `rowid`, `_rowid_` and `oid` that no column has taken.
    /// `None` for `WITHOUT ROWID` tables and where all three are columns.
    pub fn free_rowid_name(&self) -> Option<Name> {
        if self.without_rowid {
            return None;
        }
        ["rowid", "_rowid_", "oid"].into_iter().map(Name::from).find(|name| self.column(name).is_none())
    }

    /// Whether `AUTOINCREMENT` is declared.
    pub fn is_autoincrement(&self) -> bool {
        self.primary_key.as_ref().is_some_and(|key| key.autoincrement)
    }

    /// Whether the column belongs to the primary key.
    pub fn is_primary_key(&self, column: &Name) -> bool {
        self.primary_key.as_ref().is_some_and(|key| key.parts.iter().any(|part| part.column == *column))
    }

    /// What SQLite prefers to store in a column of this table: as its type says, except that `ANY` in a `STRICT` table
    /// takes every value as it comes (sqlite.org/stricttables.html, section 3).
    pub fn affinity(&self, column: &Column) -> Affinity {
        let takes_all = self.strict && column.decl_type.as_str().eq_ignore_ascii_case("any");
        if takes_all { Affinity::Blob } else { column.decl_type.affinity() }
    }

    /// The columns of everything that keeps rows apart: the primary key, `UNIQUE` constraints, and unique indexes of
    /// columns that cover all rows.
    pub fn unique_keys(&self) -> impl Iterator<Item = Vec<Name>> {
        self.collated_keys().map(|key| key.into_iter().map(|(column, _)| column).collect())
    }

    /// The same, with the collations that the keys say themselves.
    pub fn collated_keys(&self) -> impl Iterator<Item = Vec<(Name, Option<Name>)>> {
        let constraint =
            |parts: &[KeyPart]| parts.iter().map(|part| (part.column.clone(), part.collate.clone())).collect();
        let part = |part: &IndexPart| Some((part.expr.as_column()?, part.collate.clone()));
        let primary = self.primary_key.iter().map(move |key| constraint(&key.parts));
        let uniques = self.uniques.iter().map(move |unique| constraint(&unique.parts));
        let indexes = self.indexes.iter().filter(|index| index.unique && index.predicate.is_none());
        primary.chain(uniques).chain(indexes.filter_map(move |index| index.parts.iter().map(part).collect()))
    }

    /// Whether SQLite keeps NULL out of the column: declared so, or by the primary key of a `WITHOUT ROWID` or
    /// `STRICT` table, or because it is the rowid.
    pub fn rejects_null(&self, column: &Column) -> bool {
        column.not_null
            || (self.is_primary_key(&column.name) && (self.without_rowid || self.strict))
            || self.rowid_alias().is_some_and(|alias| alias.name == column.name)
    }
}

impl Named for Table {
    fn name(&self) -> &Name {
        &self.name
    }
}

impl Named for Index {
    fn name(&self) -> &Name {
        &self.name
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
fn is_false(value: &bool) -> bool {
    !value
}
