//! What reads what: virtual tables and views in an order in which each comes after what it reads.
//!
//! An FTS5 table may index the rows of a view, and a view may search an FTS5 table; so neither kind as a whole comes
//! first. Where nothing else is asked for, virtual tables do, and where there is a cycle.

use std::collections::BTreeSet;

use crate::schema::{Schema, View, VirtualTable};
use crate::sql::Name;
use crate::sql::token::unquote;

/// Something that reads tables, views or virtual tables.
#[derive(Debug, Clone, Copy)]
pub(super) enum Reader<'s> {
    Virtual(&'s VirtualTable),
    View(&'s View),
}

/// What a virtual table takes its rows from: the table or view of `content=` of a full-text index, and whatever the
/// arguments of another module name (`fts5vocab(index, row)`).
pub(super) fn sources(table: &VirtualTable) -> Vec<Name> {
    let module = table.module.folded();
    if module == "fts5" || module == "fts4" || module == "fts3" {
        return table.option("content").filter(|content| !content.is_empty()).map(Name::from).into_iter().collect();
    }
    if module.starts_with("rtree") {
        return Vec::new();
    }
    table.arguments.iter().map(|argument| Name::from(unquoted(argument.as_str()))).collect()
}

fn unquoted(text: &str) -> String {
    if text.starts_with(['\'', '"', '`', '[']) { unquote(text) } else { text.to_owned() }
}

/// Virtual tables and views, each behind what it reads of the others.
pub(super) fn in_order_of_reading<'s>(
    tables: impl IntoIterator<Item = &'s VirtualTable>,
    views: impl IntoIterator<Item = &'s View>,
) -> Vec<Reader<'s>> {
    let mut tables: Vec<&VirtualTable> = tables.into_iter().collect();
    let mut views: Vec<(&View, BTreeSet<Name>)> =
        views.into_iter().map(|view| (view, view.query.names().into_iter().collect())).collect();
    let mut order = Vec::with_capacity(tables.len() + views.len());
    while !(tables.is_empty() && views.is_empty()) {
        let before = order.len();
        let names: BTreeSet<&Name> =
            tables.iter().map(|table| &table.name).chain(views.iter().map(|(view, _)| &view.name)).collect();
        let (free, blocked): (Vec<_>, Vec<_>) = tables.into_iter().partition(|table| {
            let sources = sources(table);
            !sources.iter().any(|source| *source != table.name && names.contains(source))
        });
        order.extend(free.into_iter().map(Reader::Virtual));
        tables = blocked;
        if order.len() > before {
            continue;
        }
        let (free, blocked): (Vec<_>, Vec<_>) = views
            .into_iter()
            .partition(|(view, read)| !read.iter().any(|name| *name != view.name && names.contains(name)));
        order.extend(free.into_iter().map(|(view, _)| Reader::View(view)));
        views = blocked;
        if order.len() > before {
            continue;
        }
        // a cycle, or names that only look like mentions
        if tables.is_empty() {
            order.extend(views.drain(..).map(|(view, _)| Reader::View(view)));
        } else {
            order.push(Reader::Virtual(tables.remove(0)));
        }
    }
    order
}

/// Everything that a virtual table reads, directly and through views.
pub(super) fn everything_read(table: &VirtualTable, schema: &Schema) -> BTreeSet<Name> {
    let mut read: BTreeSet<Name> = BTreeSet::new();
    let mut waiting = sources(table);
    while let Some(name) = waiting.pop() {
        if let Some(view) = schema.views.get(&name) {
            let tables = schema.tables.iter().map(|table| &table.name);
            let names = tables.chain(schema.views.iter().map(|view| &view.name));
            waiting.extend(names.filter(|name| view.query.mentions(name) && !read.contains(*name)).cloned());
        }
        read.insert(name);
    }
    read
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ddl::{Object, read};

    fn names(statements: &[&str]) -> Vec<String> {
        let mut schema = Schema::default();
        for sql in statements {
            match read(sql) {
                Ok(Object::View(view)) => drop(schema.views.insert(view)),
                Ok(Object::VirtualTable(table)) => drop(schema.virtual_tables.insert(table)),
                other => panic!("{sql}: {other:?}"),
            }
        }
        let order = in_order_of_reading(&schema.virtual_tables, &schema.views);
        let name = |reader: &Reader<'_>| match reader {
            Reader::Virtual(table) => table.name.to_string(),
            Reader::View(view) => view.name.to_string(),
        };
        order.iter().map(name).collect()
    }

    #[test]
    fn each_comes_after_what_it_reads() {
        let found = names(&[
            "CREATE VIEW hits AS SELECT * FROM search WHERE search MATCH 'a'",
            "CREATE VIRTUAL TABLE search USING fts5(words, content='shown', content_rowid='id')",
            "CREATE VIEW shown AS SELECT id, words FROM leaf",
            "CREATE VIRTUAL TABLE terms USING fts5vocab('search', 'row')",
            "CREATE VIRTUAL TABLE boxes USING rtree(id, a, b)",
            "CREATE VIEW other AS SELECT 1",
        ]);
        assert_eq!(found, ["boxes", "other", "shown", "search", "terms", "hits"]);
    }

    #[test]
    fn a_cycle_falls_back_to_the_order_by_kind() {
        let found = names(&[
            "CREATE VIEW v AS SELECT * FROM f",
            "CREATE VIRTUAL TABLE f USING fts5(a, content='v')",
            "CREATE VIEW one AS SELECT * FROM two",
            "CREATE VIEW two AS SELECT * FROM one",
        ]);
        assert_eq!(found, ["f", "v", "one", "two"]);
    }
}
