//! The copy of a rebuild in the order of the new key, where that is another one.
//!
//! A table without rowids is its key: rows that come in another order are put between others, page by page, while rows in
//! the order of the key are appended. In which order they come changes nothing of what is there in the end.

use crate::folder::script::Rebuild;
use crate::schema::{KeyPart, Table};
use crate::sql::{Expr, Statement};

/// The statement that copies the rows, in the order of the new key; `None` if they come so, or if it does not matter.
pub(in crate::engine::apply) fn in_order_of_key(
    rebuild: &Rebuild,
    before: &Table,
    statements: &[Statement<'_>],
) -> Option<String> {
    let definition = &rebuild.definition;
    let key = definition.primary_key.as_ref().filter(|_| definition.without_rowid)?;
    let is_same = |part: &KeyPart| {
        let value = rebuild.values.iter().find(|(name, _)| *name == part.column);
        value.is_some_and(|(_, value)| Expr::new(value.as_str()).as_column().as_ref() == Some(&part.column))
    };
    let old = before.primary_key.as_ref().filter(|_| before.without_rowid);
    if old.is_some_and(|old| old.parts == key.parts) && key.parts.iter().all(is_same) {
        return None;
    }
    let term = |part: &KeyPart| {
        let place = rebuild.values.iter().position(|(name, _)| *name == part.column)? + 1;
        let own = definition.column(&part.column).and_then(|column| column.collate.as_ref());
        let collate = part.collate.as_ref().or(own).map(|collate| format!(" COLLATE {}", collate.sql()));
        Some(format!("{place}{}{}", collate.unwrap_or_default(), if part.descending { " DESC" } else { "" }))
    };
    let terms: Vec<String> = key.parts.iter().map(term).collect::<Option<_>>()?;
    let insert = rebuild.of(statements).get(1)?;
    Some(format!("{}\nORDER BY {}", insert.text, terms.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ddl::read::schema_of;
    use crate::sql::split;

    fn order(before: &str, after: &str, values: &str) -> Option<String> {
        let sql = format!(
            "CREATE TABLE h {after}; INSERT INTO h (a, b) SELECT {values} FROM t; DROP TABLE t; ALTER TABLE h RENAME TO t"
        );
        let statements = split(&sql);
        let rebuild = Rebuild::read(&statements, 0).expect("a rebuild");
        let schema = schema_of(&format!("CREATE TABLE t {before}"));
        let table = schema.tables.iter().next().expect("a table");
        let found = in_order_of_key(&rebuild, table, &statements)?;
        found.split_once("ORDER BY ").map(|(_, order)| order.to_owned())
    }

    #[test]
    fn rows_are_copied_in_the_order_of_a_new_key() {
        let without = "(a TEXT COLLATE NOCASE, b INT NOT NULL, PRIMARY KEY (b DESC, a)) WITHOUT ROWID";
        let with = "(a TEXT COLLATE NOCASE, b INT, PRIMARY KEY (b DESC, a))";
        let wanted = Some("2 DESC, 1 COLLATE NOCASE".to_owned());
        assert_eq!(order(with, without, "a, b"), wanted);
        assert_eq!(order(without, without, "a, -b"), wanted);
        assert_eq!(order("(a, b, PRIMARY KEY (a)) WITHOUT ROWID", without, "a, b"), wanted);
        assert_eq!(order(without, without, "a, b"), None);
        assert_eq!(order(without, with, "a, b"), None);
    }
}
