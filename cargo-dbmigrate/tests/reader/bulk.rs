//! Many tables: the result is exact, whatever their number and however they are spread over files.

use std::fmt::Write as _;

use crate::project::Project;

/// Table `n`: 8 columns, 2 indexes, a unique constraint, a foreign key to the table before.
fn table(n: usize) -> String {
    let parent = n.saturating_sub(1);
    format!(
        "#[derive(Debug, Clone, Table)]
#[table(name = \"table_{n}\", index(name, created_at desc), index(score), unique(org_id, slug))]
pub struct Table{n} {{
    #[column(primary_key, autoincrement)]
    pub id: i64,
    #[column(references = Table{parent}::id, on_delete = cascade)]
    pub parent_id: Option<i64>,
    pub org_id: OrgId,
    pub slug: String,
    #[column(default = \"none\")]
    pub name: String,
    pub score: Option<f64>,
    pub state: State,
    #[column(default_sql = \"unixepoch()\")]
    pub created_at: i64,
}}

"
    )
}

const HEAD: &str = "use dbmigrate::Table; use crate::types::{OrgId, State}; use crate::*;\n";

fn project(tables: usize, per_file: usize) -> Project {
    let project = Project::new(&[(
        "src/types.rs",
        "use dbmigrate::ColumnType;
        #[derive(ColumnType)] pub struct OrgId(i64);
        #[derive(ColumnType)] pub enum State { Open, Closed }",
    )]);
    let mut root = "mod types;\n".to_owned();
    for (file, tables) in (0..tables).collect::<Vec<_>>().chunks(per_file).enumerate() {
        let _ = writeln!(root, "mod file_{file}; pub use file_{file}::*;");
        let source: String = tables.iter().map(|&n| table(n)).collect();
        project.write(&format!("src/file_{file}.rs"), &format!("{HEAD}{source}"));
    }
    project.write("src/lib.rs", &root);
    project
}

#[test]
fn five_hundred_tables_are_read_exactly() {
    let declared = project(500, 10).declared();
    assert_eq!(declared.schema.tables.len(), 500);
    for n in 0..500_usize {
        let table = declared.schema.table(&format!("table_{n}").into()).unwrap();
        let columns: Vec<String> = table
            .columns
            .iter()
            .map(|column| format!("{} {} {}", column.name, column.decl_type, column.not_null))
            .collect();
        assert_eq!(
            columns,
            [
                "id INTEGER false",
                "parent_id INTEGER false",
                "org_id INTEGER true",
                "slug TEXT true",
                "name TEXT true",
                "score REAL false",
                "state TEXT true",
                "created_at INTEGER true",
            ]
        );
        assert_eq!((table.indexes.len(), table.uniques.len(), table.foreign_keys.len()), (2, 1, 1));
        assert_eq!(table.foreign_keys[0].parent.as_str(), format!("table_{}", n.saturating_sub(1)));
    }
}
