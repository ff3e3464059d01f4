//! What there is to see of a schema: cards for tables and views, and links between them. Plain data, in an order that
//! depends on names only.

use dbmigrate_core::sql::Name;
use serde::Serialize;

/// A schema, or how two schemas differ: then everything that either has, each with its [`Mark`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Picture {
    /// Tables, virtual tables and views, in the order of their names.
    pub cards: Vec<Card>,
    /// What leads from one card to another, in the order of the cards that it comes from.
    pub links: Vec<Link>,
}

impl Picture {
    /// The card of that name.
    pub(crate) fn card(&self, name: &Name) -> Option<&Card> {
        let place = self.cards.binary_search_by(|card| card.name.cmp(name)).ok()?;
        self.cards.get(place)
    }

    /// The links that come from a card.
    pub(crate) fn links_from(&self, name: &Name) -> &[Link] {
        let first = self.links.partition_point(|link| link.from < *name);
        let count = self.links[first..].partition_point(|link| link.from == *name);
        &self.links[first..first + count]
    }

    /// Whether nothing in it is marked.
    #[cfg(test)]
    pub(crate) fn is_unmarked(&self) -> bool {
        self.cards.iter().all(|card| !card.is_touched()) && self.links.iter().all(|link| link.mark == Mark::Same)
    }
}

/// How something differs between two schemas.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mark {
    /// Not at all, or nothing was compared.
    #[default]
    Same,
    /// It is new.
    Added,
    /// It is gone.
    Dropped,
    /// It is in both and declared differently.
    Changed,
    /// It has another name, and may be declared differently too.
    Renamed,
}

impl Mark {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
    fn is_same(&self) -> bool {
        *self == Self::Same
    }

    /// The word for it; empty where nothing differs.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Same => "",
            Self::Added => "added",
            Self::Dropped => "dropped",
            Self::Changed => "changed",
            Self::Renamed => "renamed",
        }
    }
}

/// What a card is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CardKind {
    /// A table.
    Table,
    /// A table of a module.
    VirtualTable,
    /// A view.
    View,
}

impl CardKind {
    /// The words for it.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::VirtualTable => "virtual table",
            Self::View => "view",
        }
    }
}

/// A table, a virtual table or a view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Card {
    /// Its name.
    pub name: Name,
    /// What it is.
    pub kind: CardKind,
    /// The module of a virtual table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub module: Option<String>,
    /// What its struct says of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doc: Option<String>,
    /// `strict`, `without rowid`, `random rowid`, `autoincrement`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<&'static str>,
    /// Its columns, as they are declared; of a view, as far as they are known.
    pub columns: Vec<Column>,
    /// The columns of the primary key, in the order of the key.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub primary_key: Vec<Name>,
    /// `UNIQUE` constraints, each as SQL.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub uniques: Vec<Clause>,
    /// `CHECK` constraints: the condition of each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<Clause>,
    /// Its indexes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub indexes: Vec<Index>,
    /// The triggers on it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub triggers: Vec<Trigger>,
    /// Its `CREATE` statement, without those of its indexes and triggers.
    pub sql: String,
    /// How it differs as a whole. A table of which only parts differ is [`Mark::Changed`].
    #[serde(skip_serializing_if = "Mark::is_same")]
    pub mark: Mark,
    /// The old name of one that was renamed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub was: Option<String>,
}

impl Card {
    /// Whether it, or any part of it, differs.
    pub(crate) fn is_touched(&self) -> bool {
        self.mark != Mark::Same
            || self.columns.iter().any(|column| column.mark != Mark::Same)
            || self.uniques.iter().chain(&self.checks).any(|clause| clause.mark != Mark::Same)
            || self.indexes.iter().any(|index| index.mark != Mark::Same)
            || self.triggers.iter().any(|trigger| trigger.mark != Mark::Same)
    }
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Column {
    /// Its name.
    pub name: Name,
    /// The declared type; empty where none is declared.
    #[serde(rename = "type")]
    pub ty: String,
    /// Whether it may be NULL.
    pub nullable: bool,
    /// Whether it belongs to the primary key.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub primary: bool,
    /// Whether it alone keeps rows apart, besides the primary key.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unique: bool,
    /// Whether it belongs to a foreign key.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub foreign: bool,
    /// `DEFAULT`, as SQL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// The expression of a generated column.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generated: Option<String>,
    /// Whether a generated column is stored.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub stored: bool,
    /// `COLLATE`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collate: Option<String>,
    /// What its field says of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doc: Option<String>,
    /// How it differs.
    #[serde(skip_serializing_if = "Mark::is_same")]
    pub mark: Mark,
    /// How a changed one was declared, without its name; the old name of a renamed one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub was: Option<String>,
}

impl Column {
    /// Its declaration without its name, keys and checks.
    pub(crate) fn declaration(&self) -> String {
        let mut words = Vec::new();
        if !self.ty.is_empty() {
            words.push(self.ty.clone());
        }
        if !self.nullable {
            words.push("NOT NULL".to_owned());
        }
        words.extend(self.default.as_ref().map(|default| format!("DEFAULT {default}")));
        words.extend(self.collate.as_ref().map(|collate| format!("COLLATE {collate}")));
        let how = if self.stored { "STORED" } else { "VIRTUAL" };
        words.extend(self.generated.as_ref().map(|expr| format!("AS ({expr}) {how}")));
        words.join(" ")
    }
}

/// A constraint of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Clause {
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Name>,
    /// What it says.
    pub text: String,
    /// How it differs.
    #[serde(skip_serializing_if = "Mark::is_same")]
    pub mark: Mark,
}

/// An index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Index {
    /// Its name.
    pub name: Name,
    /// Whether it keeps rows apart.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unique: bool,
    /// What is indexed, as SQL.
    pub parts: Vec<String>,
    /// The condition of a partial one.
    #[serde(rename = "where", skip_serializing_if = "Option::is_none")]
    pub predicate: Option<String>,
    /// Its `CREATE` statement.
    pub sql: String,
    /// How it differs.
    #[serde(skip_serializing_if = "Mark::is_same")]
    pub mark: Mark,
}

/// A trigger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Trigger {
    /// Its name.
    pub name: Name,
    /// When it fires: `after update of a, b`.
    pub fires: String,
    /// The tables and views that it reads, besides the row that it fires for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reads: Vec<Name>,
    /// The tables and views that it writes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub writes: Vec<Name>,
    /// Its `CREATE` statement.
    pub sql: String,
    /// How it differs.
    #[serde(skip_serializing_if = "Mark::is_same")]
    pub mark: Mark,
}

/// Why a link leads from a card to another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LinkKind {
    /// A foreign key, from the child to the parent.
    ForeignKey,
    /// A view reads it, or a virtual table has its content there.
    Reads,
    /// A trigger on the one writes the other.
    Writes,
}

/// What leads from one card to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Link {
    /// Why.
    pub kind: LinkKind,
    /// The card that it comes from: the child of a foreign key.
    pub from: Name,
    /// The card that it leads to: the parent of a foreign key. It may be the same one, and may not be there.
    pub to: Name,
    /// The columns of a foreign key.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<Name>,
    /// The columns that it refers to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parent_columns: Vec<Name>,
    /// Whether a parent row can have one child row at most.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub one: bool,
    /// Whether a child row can do without a parent row.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
    /// What becomes of child rows when the parent row is deleted, unless it is `no action`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_delete: Option<String>,
    /// What becomes of child rows when the key of the parent row changes, unless it is `no action`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_update: Option<String>,
    /// Whether it is checked at the end of the transaction.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub deferred: bool,
    /// The trigger that writes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<Name>,
    /// How it differs.
    #[serde(skip_serializing_if = "Mark::is_same")]
    pub mark: Mark,
}

impl Link {
    /// What it says, on one line: `posts.author_id → users.id, many to one, on delete cascade`.
    pub(crate) fn said(&self) -> String {
        let ends = |table: &Name, columns: &[Name]| match columns {
            [] => table.to_string(),
            [column] => format!("{table}.{column}"),
            columns => {
                let columns: Vec<&str> = columns.iter().map(Name::as_str).collect();
                format!("{table}({})", columns.join(", "))
            }
        };
        match self.kind {
            LinkKind::Reads => format!("{} reads {}", self.from, self.to),
            LinkKind::Writes => {
                let by = self.by.as_ref().map(|by| format!(" ({by})")).unwrap_or_default();
                format!("a trigger on {}{by} writes {}", self.from, self.to)
            }
            LinkKind::ForeignKey => {
                let mut said = vec![
                    format!("{} → {}", ends(&self.from, &self.columns), ends(&self.to, &self.parent_columns)),
                    self.cardinality().to_owned(),
                ];
                said.extend(self.on_delete.as_ref().map(|action| format!("on delete {action}")));
                said.extend(self.on_update.as_ref().map(|action| format!("on update {action}")));
                if self.deferred {
                    said.push("deferred".to_owned());
                }
                said.join(", ")
            }
        }
    }

    /// How many rows of the child belong to how many of the parent.
    pub(crate) fn cardinality(&self) -> &'static str {
        match (self.one, self.optional) {
            (false, false) => "many to one",
            (false, true) => "many to one or none",
            (true, false) => "one to one",
            (true, true) => "one to one or none",
        }
    }
}
