//! Upgrades from upstream, as docs/upgrading.md has them: a vendor's branch with new migrations, local changes to the same
//! tables, and databases that have the ones or the others.

use crate::project::Project;
use crate::repository::Repository;

const UPSTREAM: &str = "#[derive(Table)]\n#[table(name = \"users\")]\nstruct User { #[column(primary_key)] id: i64, name: Option<String> }\n\
    #[derive(Table)]\n#[table(name = \"posts\")]\nstruct Post { #[column(primary_key)] id: i64, #[column(references = User::id)] user: i64 }\n";
const UPSTREAM_2: &str = "#[derive(Table)]\n#[table(name = \"users\")]\nstruct User { #[column(primary_key)] id: i64, full_name: Option<String>, locale: String }\n\
    #[derive(Table)]\n#[table(name = \"posts\")]\nstruct Post { #[column(primary_key)] id: i64, #[column(references = User::id)] user: i64 }\n\
    #[derive(Table)]\n#[table(name = \"tags\")]\nstruct Tag { #[column(primary_key)] id: i64 }\n";
const LOCAL: &str = "#[derive(Table)]\n#[table(name = \"users\")]\nstruct User { #[column(primary_key)] id: i64, name: Option<String>, tenant: i64 }\n\
    #[derive(Table)]\n#[table(name = \"posts\")]\nstruct Post { #[column(primary_key)] id: i64, #[column(references = User::id)] user: i64, note: Option<String> }\n";
const BOTH: &str = "#[derive(Table)]\n#[table(name = \"users\")]\nstruct User { #[column(primary_key)] id: i64, full_name: Option<String>, locale: String, tenant: i64 }\n\
    #[derive(Table)]\n#[table(name = \"posts\")]\nstruct Post { #[column(primary_key)] id: i64, #[column(references = User::id)] user: i64, note: Option<String> }\n\
    #[derive(Table)]\n#[table(name = \"tags\")]\nstruct Tag { #[column(primary_key)] id: i64 }\n";

/// A clone of a template at its first version, with a migration of its own; the template has two more. `local.db` has the
/// local migrations, `upstream.db` those of the template.
fn upgraded() -> Repository {
    let repository = Repository::new(UPSTREAM);
    let project = &repository.project;
    project.runs("generate --name start");
    repository.commit("template 1");
    repository.git(&["checkout", "-q", "-b", "vendor"]);
    project.structs(UPSTREAM_2);
    project.runs("generate --name names --rename users.name=full_name --backfill users.locale='en'");
    repository.commit("template 2");
    project.runs("migrate --url upstream.db");
    repository.git(&["checkout", "-q", "main"]);
    project.structs(LOCAL);
    project.runs("generate --name tenants --backfill users.tenant=7");
    repository.commit("local");
    project.runs("migrate --url local.db");
    project.database("local.db").run(
        "INSERT INTO users (id, name, tenant) VALUES (1, 'Ann', 3), (2, NULL, 4); INSERT INTO posts (id, user, note) VALUES (5, 1, 'n')",
    );
    project.database("upstream.db").run(
        "INSERT INTO users (id, full_name, locale) VALUES (1, 'Ann', 'de'), (2, NULL, 'fr'); INSERT INTO posts (id, user) VALUES (5, 1)",
    );
    repository
}

#[track_caller]
fn is_whole(project: &Project, database: &str, rows: &[&str]) {
    let database = project.database(database);
    assert_eq!(database.query("SELECT id, full_name, locale, tenant FROM users ORDER BY id"), rows);
    assert_eq!(database.query("SELECT id, user FROM posts"), ["5|1"]);
    assert!(database.query("SELECT * FROM pragma_foreign_key_check").is_empty());
    assert_eq!(database.query("PRAGMA integrity_check"), ["ok"]);
}

#[test]
fn local_migrations_go_behind_those_of_upstream_where_no_database_has_them() {
    let repository = upgraded();
    let project = &repository.project;
    std::fs::remove_file(project.path("local.db")).expect("it is there");
    repository.fails(&["merge", "vendor"]);
    project.runs("rebase");
    project.structs(BOTH);
    project.runs("check");
    repository.git(&["add", "migrations", "src"]);
    repository.git(&["merge", "--continue"]);
    // the value for the rows that are there came along
    project.runs("migrate --url upstream.db");
    is_whole(project, "upstream.db", &["1|Ann|de|7", "2|NULL|fr|7"]);
    project.runs("migrate --url fresh.db");
}

#[test]
fn migrations_of_upstream_go_behind_local_ones_that_production_has() {
    let repository = upgraded();
    let project = &repository.project;
    project.write("dbmigrate.toml", "[targets.production]\nurl = \"local.db\"\n");
    repository.commit("targets");
    repository.fails(&["merge", "vendor"]);
    let run = project.refuses(5, "rebase");
    assert!(run.err.contains("`cargo dbmigrate rebase --onto HEAD`"), "{}", run.err);
    project.runs("rebase --onto HEAD");
    project.structs(BOTH);
    project.runs("check");
    repository.git(&["add", "migrations", "src"]);
    repository.git(&["merge", "--continue"]);
    project.runs("migrate -t production --yes");
    is_whole(project, "local.db", &["1|Ann|en|3", "2|NULL|en|4"]);
    assert_eq!(project.database("local.db").query("SELECT note FROM posts"), ["n"]);
    // a database that has those of upstream only has another history now, is told so, and brought along with its rows
    let run = project.refuses(5, "migrate --url upstream.db");
    assert!(run.err.contains("cargo dbmigrate rebase"), "{}", run.err);
    assert!(run.err.contains("--deployed"), "{}", run.err);
    project.runs("rebase --deployed --url upstream.db");
    is_whole(project, "upstream.db", &["1|Ann|de|7", "2|NULL|fr|7"]);
    project.runs("status --url upstream.db");
    // the next version of the template is merged in the same way
    repository.git(&["checkout", "-q", "vendor"]);
    project.structs(&UPSTREAM_2.replace(
        "struct Tag { #[column(primary_key)] id: i64 }",
        "struct Tag { #[column(primary_key)] id: i64, word: Option<String> }",
    ));
    project.runs("generate --name words");
    repository.commit("template 3");
    repository.git(&["checkout", "-q", "main"]);
    repository.fails(&["merge", "vendor"]);
    project.runs("rebase --onto HEAD");
    project.structs(&BOTH.replace(
        "struct Tag { #[column(primary_key)] id: i64 }",
        "struct Tag { #[column(primary_key)] id: i64, word: Option<String> }",
    ));
    project.runs("check");
    project.runs("migrate -t production --yes");
    is_whole(project, "local.db", &["1|Ann|en|3", "2|NULL|en|4"]);
    project.runs("migrate --url upstream.db");
    is_whole(project, "upstream.db", &["1|Ann|de|7", "2|NULL|fr|7"]);
}
