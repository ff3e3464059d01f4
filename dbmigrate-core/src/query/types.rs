//! What is known of a value while a statement is resolved: light to copy, unlike what is handed out in the end.

use std::sync::Arc;

use super::Typed;
use crate::sql::expr::Affinity;
use crate::sql::{DeclType, Name};

/// The kind of a value, whether it may be NULL, and where it comes from.
#[derive(Debug, Clone, Default)]
pub(super) struct Ty {
    pub(super) affinity: Option<Affinity>,
    pub(super) nullable: Option<bool>,
    pub(super) origin: Option<Arc<Origin>>,
}

/// A column, or the type of a `CAST`.
#[derive(Debug)]
pub(super) struct Origin {
    pub(super) declared: DeclType,
    pub(super) column: Option<(Name, Name)>,
}

impl Ty {
    pub(super) fn new(affinity: Affinity, nullable: Option<bool>) -> Self {
        Self { affinity: Some(affinity), nullable, origin: None }
    }

    /// The literal NULL.
    pub(super) fn null() -> Self {
        Self { affinity: None, nullable: Some(true), origin: None }
    }

    /// The same values, some of which may be missing.
    pub(super) fn or_null(mut self) -> Self {
        self.nullable = Some(true);
        self
    }

    /// A value computed of this one: it comes from no column.
    pub(super) fn computed(self) -> Self {
        Self { origin: None, ..self }
    }

    /// What is a value of one or the other.
    pub(super) fn either(self, other: Self) -> Self {
        // NULL is of every kind
        let is_null = |ty: &Self| ty.affinity.is_none() && ty.origin.is_none() && ty.nullable == Some(true);
        if is_null(&self) {
            return other.or_null();
        }
        if is_null(&other) {
            return self.or_null();
        }
        let affinity = if self.affinity == other.affinity { self.affinity } else { None };
        let is_same = |one: &Arc<Origin>, two: &Arc<Origin>| one.column == two.column && one.declared == two.declared;
        let same = self.origin.as_ref().zip(other.origin.as_ref()).is_some_and(|(one, two)| is_same(one, two));
        let declared = |ty: &Self| ty.origin.as_ref().map(|origin| origin.declared.clone());
        let origin = if same {
            self.origin.clone()
        } else if affinity.is_some() && declared(&self).is_some() && declared(&self) == declared(&other) {
            declared(&self).map(|declared| Arc::new(Origin { declared, column: None }))
        } else {
            None
        };
        Self { affinity, nullable: either_null(self.nullable, other.nullable), origin }
    }

    pub(super) fn typed(&self) -> Option<Typed> {
        if self.affinity.is_none() && self.nullable.is_none() && self.origin.is_none() {
            return None;
        }
        let origin = self.origin.as_deref();
        Some(Typed {
            declared: origin.map(|origin| origin.declared.clone()),
            affinity: self.affinity,
            nullable: self.nullable,
            column: origin.and_then(|origin| origin.column.clone()),
        })
    }
}

/// Whether one of two values may be NULL.
pub(super) fn either_null(one: Option<bool>, other: Option<bool>) -> Option<bool> {
    match (one, other) {
        (Some(true), _) | (_, Some(true)) => Some(true),
        (Some(false), Some(false)) => Some(false),
        _ => None,
    }
}

/// A resolved expression.
#[derive(Debug, Clone, Default)]
pub(super) struct Value {
    pub(super) ty: Ty,
    /// How many columns it has: more than one for a row.
    pub(super) width: usize,
    /// Whether an aggregate is in it.
    pub(super) aggregate: bool,
    /// Whether a window function is in it.
    pub(super) window: bool,
}

impl Value {
    pub(super) fn of(ty: Ty) -> Self {
        Self { ty, width: 1, aggregate: false, window: false }
    }

    /// A value made of others: what they contain, it contains.
    pub(super) fn made_of<'v>(ty: Ty, parts: impl IntoIterator<Item = &'v Self>) -> Self {
        let mut value = Self::of(ty);
        for part in parts {
            value.aggregate |= part.aggregate;
            value.window |= part.window;
        }
        value
    }
}

/// Whether one of them may be NULL.
pub(super) fn any_null<'v>(values: impl IntoIterator<Item = &'v Value>) -> Option<bool> {
    let mut so_far = Some(false);
    for value in values {
        so_far = either_null(so_far, value.ty.nullable);
    }
    so_far
}

/// A declared type without the column that it is of.
pub(super) fn without_column(origin: &Arc<Origin>) -> Arc<Origin> {
    match origin.column {
        Some(_) => Arc::new(Origin { declared: origin.declared.clone(), column: None }),
        None => Arc::clone(origin),
    }
}
