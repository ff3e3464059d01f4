//! Tables that the engine has of itself: its schema, its pragmas as functions, JSON as rows.

use super::relation::{Column, Kind, Relation, rowid_type};
use super::types::Ty;
use crate::schema::Schema;
use crate::sql::expr::Affinity;

/// The columns of pragmas that return rows, where there is more than one or it is called otherwise than the pragma.
const PRAGMAS: [(&str, &str); 24] = [
    ("busy_timeout", "timeout"),
    ("collation_list", "seq name"),
    ("compile_options", "compile_options"),
    ("database_list", "seq name file"),
    ("foreign_key_check", "table rowid parent fkid"),
    ("foreign_key_list", "id seq table from to on_update on_delete match"),
    ("function_list", "name builtin type enc narg flags"),
    ("index_info", "seqno cid name"),
    ("index_list", "seq name unique origin partial"),
    ("index_xinfo", "seqno cid name desc coll key"),
    ("integrity_check", "integrity_check"),
    ("journal_mode", "journal_mode"),
    ("lock_status", "database status"),
    ("module_list", "name"),
    ("page_count", "page_count"),
    ("page_size", "page_size"),
    ("pragma_list", "name"),
    ("quick_check", "quick_check"),
    ("stats", "tbl idx wdth hght flgs"),
    ("table_info", "cid name type notnull dflt_value pk"),
    ("table_list", "schema name type ncol wr strict"),
    ("table_xinfo", "cid name type notnull dflt_value pk hidden"),
    ("user_version", "user_version"),
    ("wal_checkpoint", "busy log checkpointed"),
];

/// Tables of a fixed shape: their columns, and the hidden ones behind `|`.
const TABLES: [(&str, &str); 12] = [
    ("dbstat", "name path pageno pagetype ncell payload unused mx_payload pgoffset pgsize|schema aggregate"),
    ("json_each", "key value type atom id parent fullkey path|json root"),
    ("json_tree", "key value type atom id parent fullkey path|json root"),
    ("sqlite_dbpage", "pgno data|schema"),
    ("sqlite_master", "type name tbl_name rootpage sql|"),
    ("sqlite_schema", "type name tbl_name rootpage sql|"),
    ("sqlite_sequence", "name seq|"),
    ("sqlite_stat1", "tbl idx stat|"),
    ("sqlite_stat4", "tbl idx neq nlt ndlt sample|"),
    ("sqlite_temp_master", "type name tbl_name rootpage sql|"),
    ("sqlite_temp_schema", "type name tbl_name rootpage sql|"),
    ("vector_top_k", "id|idx v k"),
];

/// What the tables of virtual tables and of the engine are called behind the name that they belong to.
const SHADOWS: [&str; 16] = [
    "_content",
    "_data",
    "_idx",
    "_docsize",
    "_config",
    "_segments",
    "_segdir",
    "_stat",
    "_node",
    "_parent",
    "_rowid",
    "_shadow",
    "_shadow_idx",
    "_info",
    "_chunks",
    "_index",
];

/// The table of that name that no schema declares.
pub(super) fn relation(name: &str, schema: &Schema) -> Option<Relation> {
    let folded = name.to_ascii_lowercase();
    if let Some((known, columns)) = TABLES.iter().find(|(known, _)| *known == folded) {
        return Some(fixed(known, columns));
    }
    if let Some(pragma) = folded.strip_prefix("pragma_") {
        let Some(columns) = pragma_columns(pragma) else { return Some(Relation::unknown(name)) };
        return Some(fixed(name, &format!("{columns}|arg schema")));
    }
    let shadow =
        |table: &str| folded.strip_prefix(&table.to_ascii_lowercase()).is_some_and(|rest| rest.starts_with('_'));
    let is_shadow = SHADOWS.iter().any(|end| folded.ends_with(end))
        && (schema.virtual_tables.iter().any(|table| shadow(table.name.as_str()))
            || schema.tables.iter().flat_map(|table| &table.indexes).any(|index| shadow(index.name.as_str())));
    (is_shadow || may_be_there(name)).then(|| Relation::unknown(name))
}

/// Whether rows of a table that is built in cannot be written.
pub(super) fn is_read_only(name: &str) -> bool {
    let folded = name.to_ascii_lowercase();
    let tables =
        ["sqlite_schema", "sqlite_master", "sqlite_temp_schema", "sqlite_temp_master", "json_each", "json_tree"];
    tables.contains(&&*folded) || folded.starts_with("pragma_")
}

/// Whether the name is one of the engine's or of this tool's own.
pub(super) fn may_be_there(name: &str) -> bool {
    let folded = name.to_ascii_lowercase();
    ["sqlite_", "_dbmigrate_", "libsql_"].iter().any(|start| folded.starts_with(start))
}

/// The columns of the rows that a pragma returns, if that is known.
pub(super) fn pragma_columns(pragma: &str) -> Option<&'static str> {
    let found = PRAGMAS.iter().find(|(known, _)| pragma.eq_ignore_ascii_case(known));
    found.map(|(_, columns)| *columns)
}

fn fixed(name: &str, columns: &str) -> Relation {
    let (shown, hidden) = columns.split_once('|').unwrap_or((columns, ""));
    let column = |name: &str| Column::new(name, column_type(name));
    let shown = shown.split_whitespace().map(column);
    let hidden = hidden.split_whitespace().map(|name| Column { hidden: true, ..column(name) });
    let rowid = Some(rowid_type(None));
    Relation { name: name.into(), kind: Kind::BuiltIn, columns: shown.chain(hidden).collect(), open: false, rowid }
}

/// What is known of columns with these names.
fn column_type(name: &str) -> Ty {
    let (affinity, nullable) = match name {
        "cid" | "notnull" | "pk" | "hidden" | "seqno" | "seq" | "ncol" | "wr" | "strict" | "user_version"
        | "page_count" | "page_size" | "timeout" | "id" => (Affinity::Integer, Some(false)),
        "rootpage" | "fkid" | "rowid" | "parent" => (Affinity::Integer, Some(true)),
        "tbl_name" | "type" | "origin" | "file" | "integrity_check" | "quick_check" | "journal_mode" => {
            (Affinity::Text, Some(false))
        }
        "name" | "fullkey" | "path" | "sql" => (Affinity::Text, None),
        _ => return Ty::default(),
    };
    Ty::new(affinity, nullable)
}
