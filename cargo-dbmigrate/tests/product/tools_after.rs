//! Before and after `pull --from`: where `init` leads to it, and what `revert` makes of what was imported.

use crate::project::Project;
use crate::tools::SHAPES;

#[test]
fn init_leads_to_the_tool_that_the_package_has_and_leaves_its_folder_alone() {
    for shape in SHAPES.iter().filter(|shape| !shape.folder.starts_with("crates")) {
        let project = shape.project();
        let folder = |project: &Project| {
            let all = project.file_names();
            all.lines().filter(|name| name.starts_with(shape.folder)).map(str::to_owned).collect::<Vec<_>>()
        };
        let before = folder(&project);
        let suggested = project.runs("init").suggested();
        assert_eq!(folder(&project), before, "{}", shape.tool);
        // an example would be in the way
        assert!(!project.path("src/schema.rs").exists());
        let pull = suggested.iter().find(|line| line.contains("pull --from ")).expect("it is suggested");
        if shape.table.is_empty() {
            assert_eq!(project.shell(pull).code, 0, "{}: {pull}", shape.tool);
        } else {
            // which of those with such files it is, the database tells
            assert_eq!(project.shell("cargo dbmigrate pull --from --out src/schema.rs").code, 0, "{}", shape.tool);
        }
        project.refuses(0, "check");
    }
}

#[test]
fn an_imported_way_back_is_the_one_that_revert_takes() {
    let project = Project::new("");
    project.write("src/lib.rs", "mod schema;\n");
    fs_err::create_dir_all(project.path("old")).expect("it can be made");
    project.write("old/1_t.up.sql", "CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT);");
    project.write("old/1_t.down.sql", "DROP TABLE t;");
    project.write("old/2_c.up.sql", "ALTER TABLE t ADD COLUMN c TEXT; UPDATE t SET c = b");
    project.write("old/2_c.down.sql", "--  back\nUPDATE t SET b = c || '!';\nALTER TABLE t DROP COLUMN c");
    project.sql(
        "CREATE TABLE schema_migrations (version uint64,dirty bool);
         CREATE UNIQUE INDEX version_unique ON schema_migrations (version);
         INSERT INTO schema_migrations VALUES (2, false);
         CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT); INSERT INTO t VALUES (1, 'x'), (2, NULL);
         ALTER TABLE t ADD COLUMN c TEXT; UPDATE t SET c = b",
    );
    project.runs("pull --from golang-migrate=old --out src/schema.rs");
    project.runs("revert --accept all --write");
    project.runs("migrate");
    assert_eq!(project.query("SELECT * FROM t"), ["1|x!", "2|NULL"]);
    assert_eq!(project.query("SELECT version, dirty FROM schema_migrations"), ["2|0"]);
    project.refuses(0, "check");
}
