//! What values an expression can have: a set of SQLite's storage classes.

use dbmigrate_core::schema::{Column, Table};
use dbmigrate_core::sql::DeclType;
use dbmigrate_core::sql::expr::Affinity;

use crate::codegen::types::RustType;

const INTEGER: u8 = 1;
const REAL: u8 = 2;
const TEXT: u8 = 4;
const BLOB: u8 = 8;
const ALL: u8 = INTEGER | REAL | TEXT | BLOB;

/// The values of an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Kind {
    classes: u8,
    /// Whether NULL is one of them.
    pub(crate) nullable: bool,
    /// The type of the column that they come from, or the one that says more than their classes.
    exact: Option<RustType>,
}

impl Kind {
    const fn of(classes: u8) -> Self {
        Self { classes, nullable: false, exact: None }
    }

    pub(super) const INTEGER: Self = Self::of(INTEGER);
    pub(super) const REAL: Self = Self::of(REAL);
    pub(super) const NUMBER: Self = Self::of(INTEGER | REAL);
    pub(super) const TEXT: Self = Self::of(TEXT);
    pub(super) const BLOB: Self = Self::of(BLOB);
    pub(super) const NULL: Self = Self { classes: 0, nullable: true, exact: None };
    /// Nothing is known.
    pub(super) const ANY: Self = Self { classes: ALL, nullable: true, exact: None };

    /// True or false.
    pub(super) fn bool() -> Self {
        Self { exact: Some(RustType::bool()), ..Self::INTEGER }
    }

    /// What a column of a table holds: what its own field is read as.
    pub(super) fn of_column(table: &Table, column: &Column) -> Self {
        let ty = RustType::of_column(table, column, None);
        Self { nullable: !table.rejects_null(column), ..Self::of_type(ty, &column.decl_type) }
    }

    /// What is read as a type from a column that is declared so.
    pub(super) fn of_type(ty: RustType, declared: &DeclType) -> Self {
        let upper = declared.as_str().to_ascii_uppercase();
        let classes = match ty.text.as_str() {
            "i64" | "bool" => INTEGER,
            "f64" if declared.affinity() == Affinity::Numeric => INTEGER | REAL,
            "f64" => REAL,
            "Vec<u8>" if upper.is_empty() || upper == "ANY" => return Self::ANY,
            "Vec<u8>" => BLOB,
            ty if ty.starts_with('[') => BLOB,
            _ => TEXT,
        };
        Self { classes, nullable: true, exact: Some(ty) }
    }

    /// What `CAST` makes of anything that is not NULL.
    pub(super) fn of_cast(declared: &DeclType) -> Self {
        match declared.affinity() {
            Affinity::Text => Self::TEXT,
            Affinity::Numeric => Self::NUMBER,
            Affinity::Integer => Self::INTEGER,
            Affinity::Real => Self::REAL,
            Affinity::Blob => Self::BLOB,
        }
    }

    /// Whether a value with this `typeof` is among the values.
    #[cfg(test)]
    pub(super) fn has(&self, storage: &str) -> bool {
        match storage {
            "null" => self.nullable,
            "integer" => self.classes & INTEGER != 0,
            "real" => self.classes & REAL != 0,
            "text" => self.classes & TEXT != 0,
            _ => self.classes & BLOB != 0,
        }
    }

    /// The same, or NULL.
    pub(super) fn or_null(self, nullable: bool) -> Self {
        Self { nullable: self.nullable || nullable, ..self }
    }

    /// The same, and never NULL.
    pub(super) fn not_null(self) -> Self {
        Self { nullable: false, ..self }
    }

    /// The values of both.
    pub(super) fn or(self, other: Self) -> Self {
        let nullable = self.nullable || other.nullable;
        if self.classes == 0 || other.classes == 0 {
            let known = if self.classes == 0 { other } else { self };
            return Self { nullable, ..known };
        }
        let exact = if self.rust_type() == other.rust_type() { self.exact.clone() } else { None };
        Self { classes: self.classes | other.classes, nullable, exact }
    }

    /// The number that arithmetic makes of it.
    pub(super) fn number(&self) -> Self {
        let classes = if self.classes & (TEXT | BLOB) == 0 { self.classes } else { INTEGER | REAL };
        Self { classes, nullable: self.nullable, exact: None }
    }

    /// What arithmetic makes of two numbers: an integer of integers, a real number if one is.
    pub(super) fn arithmetic(&self, other: &Self) -> Self {
        let (one, two) = (self.number(), other.number());
        let nullable = one.nullable || two.nullable;
        let classes = match (one.classes, two.classes) {
            (0, _) | (_, 0) => 0,
            (REAL, _) | (_, REAL) => REAL,
            (one, two) => one | two,
        };
        Self { classes, nullable, exact: None }
    }

    /// Whether bytes may be among the values, and whether anything else.
    pub(super) fn bytes(&self) -> (bool, bool) {
        (self.classes & BLOB != 0, self.classes & !BLOB != 0)
    }

    /// Whether all values are integers.
    pub(super) fn is_integer(&self) -> bool {
        self.classes & !INTEGER == 0
    }

    /// The Rust type that reads every value that is not NULL; `None` if only one that reads anything does.
    pub(crate) fn rust_type(&self) -> Option<RustType> {
        if self.exact.is_some() {
            return self.exact.clone();
        }
        match self.classes {
            INTEGER => Some(RustType::integer()),
            // a number is read as a real one if nothing is lost
            classes if classes != 0 && classes & !(INTEGER | REAL) == 0 => Some(RustType::real()),
            TEXT => Some(RustType::string()),
            BLOB => Some(RustType::bytes()),
            _ => None,
        }
    }
}
