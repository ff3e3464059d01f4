//! Fleets: where their members come from, what they are called, and what is wrong with them.

use insta::assert_snapshot;

use crate::project::Project;

const USERS: &str =
    "#[derive(Table)] #[table(name = \"users\", strict)] pub struct User { #[column(primary_key)] pub id: i64 }";

fn applied(project: &Project, database: &str) -> Vec<String> {
    project.database(database).query("SELECT name FROM _dbmigrate_history ORDER BY position")
}

/// A project with a fleet of these files, which are empty.
fn fleet_of(fleet: &str, files: &[&str]) -> Project {
    let project = Project::generated(USERS);
    project.write("dbmigrate.toml", format!("[targets.tenants]\n{fleet}\n"));
    for file in files {
        project.write(file, "");
    }
    project
}

#[test]
fn a_member_is_a_target_of_every_command() {
    let project = fleet_of("fleet = \"tenants/*.db\"", &["tenants/acme.db", "tenants/beta.db", "tenants/acme.db-wal"]);
    project.runs("migrate -t tenants/acme");
    assert_eq!(applied(&project, "tenants/acme.db"), ["0001_create_users"]);
    assert_eq!(project.bytes("tenants/beta.db"), b"");
    project.runs("status -t tenants/acme");
    project.ends(4, "status -t tenants/acme,tenants/beta");
    let run = project.refuses(2, "status -t tenants/acm");
    assert!(run.err.contains("did you mean `-t tenants/acme`?"), "{}", run.err);
}

#[test]
fn a_fleet_is_refused_by_name_where_one_database_is_meant() {
    let project = fleet_of("fleet = \"tenants/*.db\"", &["tenants/acme.db"]);
    for line in
        ["push -t tenants", "pull -t tenants", "reset -t tenants", "repair -t tenants", "push -t tenants,tenants"]
    {
        let run = project.refuses(2, line);
        assert!(run.err.contains("`tenants` is a fleet"), "{line}: {}", run.err);
        assert!(run.err.contains("-t tenants"), "{line}: {}", run.err);
    }
    // all targets are those of one database each
    let run = project.runs("migrate -t all");
    assert!(run.err.contains("tenants: a fleet is run on its own, `-t tenants`"), "{}", run.err);
    assert_eq!(project.bytes("tenants/acme.db"), b"");
}

#[test]
fn a_list_names_members_by_lines_and_by_json() {
    let project = fleet_of("fleet = { list = \"lists/tenants.txt\" }", &["lists/acme.db", "lists/b.db"]);
    project.write("lists/tenants.txt", "# the first one\nacme.db\n\n  file:b.db\r\n");
    project.runs("migrate -t tenants/acme,tenants/b");
    // a relative path starts where it is written
    assert_eq!(applied(&project, "lists/b.db"), ["0001_create_users"]);
    project.write("lists/tenants.txt", r#"[{"name": "eu/one", "url": "acme.db", "labels": {"plan": "free"}}, "b.db"]"#);
    project.runs("status -t tenants/eu/one,tenants/b");
}

#[cfg(unix)]
#[test]
fn a_command_of_the_package_lists_members() {
    use std::os::unix::fs::PermissionsExt as _;
    let project = fleet_of("fleet = { command = [\"./list\", \"--all\"] }", &["acme.db"]);
    project.write("list", "#!/bin/sh\necho \"asked $1\" >&2\necho '{\"name\": \"one\", \"url\": \"acme.db\"}'\n");
    let executable = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(project.path("list"), executable).expect("permissions can be set");
    let run = project.runs("migrate -t tenants/one");
    assert!(run.err.contains("asked --all"), "{}", run.err);
    assert_eq!(applied(&project, "acme.db"), ["0001_create_users"]);
    project.write("list", "#!/bin/sh\nexit 3\n");
    let run = project.refuses(1, "migrate -t tenants/one");
    assert!(run.err.contains("`./list --all` failed: exit status: 3"), "{}", run.err);
}

#[test]
fn what_is_wrong_with_a_fleet_is_said_by_its_name() {
    let files = &["tenants/acme.db", "tenants/acme.sqlite", "b.db"];
    let project = fleet_of("", files);
    let mut said = String::new();
    for (fleet, list) in [
        ("fleet = \"nowhere/*.db\"", ""),
        ("fleet = \"tenants/*\"", ""),
        ("fleet = { list = \"list\" }", "b.db\n./b.db\n"),
        (
            "fleet = { list = \"list\" }",
            "[{\"name\": \"b\", \"url\": \"b.db\"}, {\"name\": \"c\", \"url\": \"./b.db\"}]",
        ),
        ("fleet = { list = \"list\" }", "# nobody yet\n"),
        ("fleet = { list = \"list\" }", "b.db\npostgres://u:s3cret@h/a\n"),
        ("fleet = { list = \"list\" }", "libsql://u:s3cret@h\n"),
        ("fleet = { list = \"list\" }", "{\"name\": \"a?authToken=s3cret\", \"url\": \"b.db\"}"),
        ("fleet = { list = \"list\" }", "{\"name\": \"a\", \"rul\": \"b.db\"}"),
        ("fleet = { list = \"list\" }", "{\"name\": \"a\"}"),
        ("fleet = { list = \"list\", namespaces = \"http://localhost:1\" }", "a b\n"),
    ] {
        project.write("dbmigrate.toml", format!("[targets.tenants]\n{fleet}\n"));
        project.write("list", list);
        let run = project.refuses(2, "status -t tenants/b");
        assert!(!run.err.contains("s3cret"), "{}", run.err);
        said.push_str(&run.err);
    }
    assert_snapshot!(said);
}

#[test]
fn an_empty_fleet_is_an_error_unless_it_is_optional() {
    let project = fleet_of("fleet = \"tenants/*.db\"\noptional = true", &[]);
    let run = project.refuses(2, "status -t tenants/acme");
    assert!(run.err.contains("the fleet `tenants` has no member `acme`"), "{}", run.err);
}

#[test]
fn a_fleet_that_cannot_be_understood_is_an_error_at_its_place() {
    let project = Project::generated(USERS);
    let mut said = String::new();
    for fleet in [
        "fleet = 3",
        "fleet = \"\"",
        "fleet = \"libsql://h?authToken=s3cret\"",
        "fleet = {}",
        "fleet = { lst = \"a\" }",
        "fleet = { list = \"a\", files = \"b\" }",
        "fleet = { command = \"./list --all\" }",
        "fleet = { command = [] }",
        "fleet = { query = \"SELECT url FROM tenants\" }",
        "fleet = { query = \"SELECT url FROM tenants\", target = \"prodction\" }",
        "fleet = { query = \"SELECT url FROM tenants\", target = \"a\" }",
        "fleet = { list = \"a\", target = \"production\" }",
        "fleet = { namespaces = \"http://localhost:8081\" }",
        "fleet = { list = \"a\", namespaces = \"localhost:8081\" }",
        "fleet = { list = \"a\", namespaces = \"http://{tenant}.h\" }",
        "fleet = { list = \"a\", namespaces = \"http://h?authToken=s3cret\" }",
        "fleet = { folder = \"data.sqld\" }",
        "fleet = { turso = \"group\" }",
        "fleet = \"a.db\"\nurl = \"b.db\"",
    ] {
        project.write("dbmigrate.toml", format!("[targets.a]\n{fleet}\n"));
        let run = project.refuses(2, "status");
        assert!(!run.err.contains("s3cret"), "{}", run.err);
        said.push_str(&run.err);
    }
    assert_snapshot!(said);
}

#[cfg(unix)]
#[test]
fn what_a_checkout_names_for_a_fleet_needs_consent() {
    use std::os::unix::fs::PermissionsExt as _;
    let repository = crate::repository::Repository::new(USERS);
    let project = &repository.project;
    project.set("TENANTS_TOKEN", "s3cret");
    let fleet = "[targets.tenants]\ntoken_env = \"TENANTS_TOKEN\"\nfleet = ";
    project.write("dbmigrate.toml", format!("{fleet}{{ list = \"tenants.txt\" }}\n"));
    project.write("tenants.txt", "https://a.db.example.com\nhttps://b.db.example.com\n");
    project.runs("generate");
    repository.commit("a fleet");
    let run = project.refuses(2, "status -t tenants");
    assert!(run.err.contains("is not sent to `*.db.example.com` before you have agreed to it"), "{}", run.err);
    assert!(run.err.contains("git config --local --add dbmigrate.tokenhost '*.db.example.com'"), "{}", run.err);
    // an address of namespaces is in the configuration, whoever names them
    project.write("names", "a\n");
    project.write(
        "dbmigrate.toml",
        format!("{fleet}{{ list = \"names\", namespaces = \"https://{{name}}.ns.example.com\" }}\n"),
    );
    repository.commit("namespaces");
    repository.git(&["rm", "-q", "--cached", "names"]);
    let run = project.refuses(2, "status -t tenants");
    assert!(run.err.contains("`*.ns.example.com`") && !run.err.contains("s3cret"), "{}", run.err);
    project.write("list", "#!/bin/sh\ntouch was-run\n");
    std::fs::set_permissions(project.path("list"), std::fs::Permissions::from_mode(0o755)).expect("permissions");
    project.write("dbmigrate.toml", format!("{fleet}{{ command = [\"./list\"] }}\noptional = true\n"));
    repository.commit("a command");
    let run = project.refuses(2, "status -t tenants");
    assert!(run.err.contains("`./list` is not run before you have agreed to it"), "{}", run.err);
    assert!(!project.path("was-run").exists());
    repository.git(&["config", "--local", "--add", "dbmigrate.fleetcommand", "./list"]);
    project.runs("status -t tenants");
    assert!(project.path("was-run").exists());
}

#[test]
fn a_token_that_others_on_the_network_can_read_is_said_once_for_all_members() {
    let project = Project::migrated(USERS);
    project.set("TENANTS_TOKEN", "s3cret");
    // this machine, by an address that is not only its own
    let address = "http://0.0.0.0:1/dev";
    project.write("members.txt", format!("{address}/a\n{address}/b\nhttp://localhost:1/dev/c\n"));
    let fleet = "[targets.tenants]\ntoken_env = \"TENANTS_TOKEN\"\nfleet = { list = \"members.txt\" }\n";
    project.write("dbmigrate.toml", fleet);
    let warning = "anyone on the network can read the token";
    let many = format!("warning: 2 members of `tenants` are not encrypted, such as `{address}/a`: {warning}");
    for command in ["status -t tenants", "migrate -t tenants"] {
        let run = project.ends(6, command);
        assert_eq!(run.err.matches(warning).count(), 1, "{}", run.err);
        assert!(run.err.contains(&many) && !run.err.contains("s3cret"), "{}", run.err);
    }
    let run = project.run("status -t tenants/b");
    assert_eq!(run.err.matches(warning).count(), 1, "{}", run.err);
    assert!(run.err.contains(&format!("`{address}/b` is not encrypted")), "{}", run.err);
    let run = project.run("status -t tenants/c");
    assert!(!run.err.contains(warning), "{}", run.err);
}
