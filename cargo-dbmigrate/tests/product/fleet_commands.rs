//! Commands other than `migrate` on fleets: how many members stand where, what differs, and what is done to each.

use std::fmt::Write as _;

use crate::project::Project;

const USERS: &str =
    "#[derive(Table)] #[table(name = \"users\", strict)] pub struct User { #[column(primary_key)] pub id: i64 }";
const WITH_BIO: &str = "#[derive(Table)] #[table(name = \"users\", strict)] pub struct User \
                        { #[column(primary_key)] pub id: i64, pub bio: Option<String> }";

/// Twelve members that are one migration behind, but for: `t01` at head, `t02` and `t03` drifted in one way and `t04` in
/// another, `t05` with another history, `t06` no database.
fn fleet() -> Project {
    let project = Project::generated(USERS);
    project.write("dbmigrate.toml", "[targets.tenants]\nfleet = \"tenants/*.db\"\n");
    project.runs("migrate --url first.db");
    let template = project.bytes("first.db");
    (1..=12).for_each(|number| project.write(&format!("tenants/t{number:02}.db"), &template));
    project.structs(WITH_BIO);
    project.runs("generate");
    project.runs("migrate -t tenants/t01");
    for (member, sql) in [
        ("t02", "ALTER TABLE users ADD COLUMN nick TEXT"),
        ("t03", "ALTER TABLE users ADD COLUMN nick TEXT"),
        ("t04", "CREATE TABLE extra (a)"),
        ("t05", "UPDATE _dbmigrate_history SET checksum = 'of another folder'"),
    ] {
        project.database(&format!("tenants/{member}.db")).run(sql);
    }
    project.write("tenants/t06.db", "this is no database".repeat(100));
    project
}

fn git(project: &Project, line: &str) {
    project.shell(&format!("git -c user.name=a -c user.email=a@example.com {line}"));
}

#[test]
fn status_of_a_fleet_is_how_many_members_stand_where() {
    let project = fleet();
    let run = project.ends(6, "status -t tenants");
    let wanted = "\
        1  at head\n\
        6  behind by 1 migration: t07, t08, t09, t10, t11, t12\n\
        3  drifted: t02, t03, t04\n\
        1  with another history: t05\n\
        1  unreachable: t06\n";
    assert_eq!(run.out, wanted, "{}", run.err);
    assert!(run.err.contains("Drifted tenants: 1 of 12 members at head"), "{}", run.err);
    assert!(run.err.contains("`cargo dbmigrate diff -t tenants`"), "{}", run.err);
    let run = project.ends(4, "status -t tenants --where behind>0 --where name=t0*");
    let drifted = "t02  drifted\nt03  drifted\nt04  drifted\n";
    let behind = ["t07", "t08", "t09"].map(|name| format!("{name}  behind by 1 migration\n")).concat();
    assert_eq!(run.out, format!("{drifted}{behind}"));
    let run = project.ends(4, "status -t tenants --where state=drifted");
    assert_eq!(run.out.lines().count(), 3, "{}", run.out);
    project.runs("status -t tenants --where state=at_head");
    let run = project.ends(6, "status -t tenants --message-format json");
    let members: Vec<_> = run.json().into_iter().filter(|object| object["reason"] == "member_status").collect();
    assert_eq!(members.len(), 12);
    assert_eq!((&members[0]["member"], &members[0]["state"]), (&"t01".into(), &"at_head".into()));
    assert_eq!((&members[11]["applied"], &members[11]["pending"]), (&1.into(), &1.into()));
}

#[test]
fn members_are_chosen_by_labels_of_their_list() {
    let project = Project::migrated(USERS);
    project.write("dbmigrate.toml", "[targets.tenants]\nfleet = { list = \"tenants.json\" }\n");
    let mut list = String::new();
    for (name, plan) in [("a", "free"), ("b", "paid"), ("c", "free")] {
        project.write(&format!("{name}.db"), "");
        writeln!(list, "{{\"name\": \"{name}\", \"url\": \"{name}.db\", \"labels\": {{\"plan\": \"{plan}\"}}}}")
            .expect("a string takes it");
    }
    project.write("tenants.json", list);
    let run = project.ends(4, "status -t tenants --where plan=free");
    assert_eq!(run.out, "a  behind by 1 migration\nc  behind by 1 migration\n");
    let run = project.refuses(2, "status -t tenants --where plam=free");
    assert!(run.err.contains("no member of the fleet `tenants` has the label `plam`"), "{}", run.err);
    assert!(run.err.contains("did you mean `plan`?"), "{}", run.err);
    let run = project.refuses(2, "status --where plan=free");
    assert!(run.err.contains("`--where` chooses members of a fleet"), "{}", run.err);
}

#[test]
fn a_query_on_another_target_lists_members_with_their_labels() {
    let project = Project::migrated(USERS);
    let sql = "SELECT slug AS name, address AS url, plan FROM tenants WHERE deleted IS NULL";
    project.write(
        "dbmigrate.toml",
        format!("[targets.control]\nurl = \"control.db\"\n[targets.tenants]\nfleet = {{ query = \"{sql}\", target = \"control\" }}\n"),
    );
    let run = project.refuses(1, "status -t tenants");
    assert!(run.err.contains("`control.db` does not exist"), "{}", run.err);
    project.database("control.db").run(
        "CREATE TABLE tenants (slug TEXT, address TEXT, plan INTEGER, deleted INTEGER);
         INSERT INTO tenants VALUES ('b', 'b.db', 2, NULL), ('a', 'a.db', 1, NULL), ('gone', 'gone.db', 1, 1);",
    );
    for name in ["a", "b"] {
        project.write(&format!("{name}.db"), "");
    }
    let run = project.ends(4, "status -t tenants --where plan>1");
    assert_eq!(run.out, "b  behind by 1 migration\n");
    project.runs("migrate -t tenants/a");
    project.replace("dbmigrate.toml", "SELECT slug AS name, address AS url, plan FROM", "SELECT slug FROM");
    let run = project.refuses(2, "status -t tenants");
    assert!(run.err.contains("returns no column `url`"), "{}", run.err);
    project.replace("dbmigrate.toml", "SELECT slug FROM tenants WHERE deleted IS NULL", "DELETE FROM tenants");
    let run = project.refuses(2, "status -t tenants");
    assert!(run.err.contains("is no `SELECT`"), "{}", run.err);
}

#[test]
fn a_report_says_how_many_members_are_in_which_state() {
    let project = fleet();
    for arguments in ["init -q -b main", "add Cargo.toml src", "commit -qm one"] {
        git(&project, arguments);
    }
    let run = project.ends(6, "ci report -t tenants");
    let wanted = "#### Databases\n\n- `tenants`: 12 members: 1 at head, 6 behind by 1 migration, **3 drifted**, \
                  **1 with another history**, **1 unreachable**; at most 1 migration pending: `0002_";
    assert!(run.out.contains(wanted), "{}", run.out);
    assert!(run.err.contains("1 member (t06): "), "{}", run.err);
    let run = project.ends(6, "ci report -t tenants --message-format json");
    let report = run.json().into_iter().find(|object| object["reason"] == "report").expect("a report");
    assert_eq!(
        report["databases"][0]["members"][0],
        serde_json::json!({"state": "at_head", "pending": 0, "members": 1})
    );
    let run = project.ends(6, "ci report -t tenants --rehearse --message-format json");
    let report = run.json().into_iter().find(|object| object["reason"] == "report").expect("a report");
    let databases = report["databases"].as_array().expect("the fleet, and the members it was rehearsed on");
    assert_eq!(databases.len(), 4, "{report}");
    assert_eq!(databases[0]["name"], "tenants");
    for member in &databases[1..] {
        assert!(member["name"].as_str().is_some_and(|name| name.starts_with("tenants/t")), "{member}");
        assert_eq!((&member["rehearsal"]["passed"], &member["pending"][0]), (&true.into(), &"0002_users_bio".into()));
    }
    let run = project.runs("ci report -t tenants/t01");
    assert!(run.out.contains("- `tenants/t01`: nothing pending"), "{}", run.out);
}

#[test]
fn members_that_were_changed_in_the_same_way_are_shown_together() {
    let project = fleet();
    let run = project.ends(4, "diff -t tenants");
    let wanted = "2 members: t02, t03\n  + column users.nick TEXT\n1 member: t04\n  + table extra (a)\n";
    assert_eq!(run.out, wanted, "{}", run.err);
    assert!(run.err.contains("Drifted tenants: 3 of 12 members, in 2 ways"), "{}", run.err);
    let run = project.ends(4, "diff -t tenants --where name=t04 --message-format json");
    let groups: Vec<_> = run.json().into_iter().filter(|object| object["reason"] == "fleet_difference").collect();
    assert_eq!(groups.len(), 1);
    assert_eq!(groups[0]["members"], serde_json::json!(["t04"]));
    let run = project.refuses(2, "diff -t tenants --sql");
    assert!(run.err.contains("`--sql` is not for a fleet, and `tenants` is one"), "{}", run.err);
}

/// What some members have becomes a migration, which is recorded in all of them and applied to the others.
#[test]
fn a_change_of_several_members_is_captured_once_and_recorded_in_each() {
    let project = Project::generated(USERS);
    project.write("dbmigrate.toml", "[targets.tenants]\nfleet = \"tenants/*.db\"\n");
    project.runs("migrate --url first.db");
    let template = project.bytes("first.db");
    (1..=6).for_each(|number| project.write(&format!("tenants/t{number:02}.db"), &template));
    let nick = "ALTER TABLE users ADD COLUMN nick TEXT";
    for (member, sql) in [("t02", nick), ("t03", nick), ("t04", "CREATE TABLE extra (a)")] {
        project.database(&format!("tenants/{member}.db")).run(sql);
    }
    let run = project.refuses(3, "capture -t tenants");
    assert!(run.err.contains("members of `tenants` were changed in 2 ways"), "{}", run.err);
    assert!(run.err.contains("capture that of 2 members: `cargo dbmigrate capture -t tenants/t02`"), "{}", run.err);
    let run = project.refuses(2, "capture --where name=t02");
    assert!(run.err.contains("`--where` chooses members of a fleet"), "{}", run.err);
    let drifted = || project.run("status -t tenants --where state=drifted").out.lines().count();
    project.runs("capture -t tenants --where name=t0[23] --dry-run");
    assert_eq!(drifted(), 3);
    let run = project.runs("capture -t tenants --where name=t0[23]");
    assert!(run.err.contains("Captured 0002_users_nick"), "{}", run.err);
    assert!(run.err.contains("Summary tenants: 1 of 1 member done"), "{}", run.err);
    project.runs("status -t tenants --where name=t0[23]");
    // another one with a change that is a migration by now, beside one with a change that is none
    project.database("tenants/t05.db").run(nick);
    assert_eq!(drifted(), 2);
    let run = project.ends(4, "capture -t tenants");
    assert!(run.err.contains("others of `tenants` were changed in another way: t04"), "{}", run.err);
    project.runs("status -t tenants --where name=t05");
    project.ends(6, "migrate -t tenants");
    let heads = project.runs("status -t tenants --where state=at_head").out;
    assert_eq!(heads.lines().count(), 5, "{heads}");
    let run = project.runs("capture -t tenants --where name=t0[123]");
    assert!(run.err.contains("tenants: none of 3 members was changed by hand"), "{}", run.err);
}

#[test]
fn rows_are_seeded_into_each_member_that_is_meant() {
    let project = fleet();
    project.write("seeds/plain/users.toml", "[[rows]]\nid = 7\nbio = \"one\"\n");
    project.ends(6, "migrate -t tenants");
    let run = project.runs("seed plain -t tenants --where state=at_head");
    assert!(run.err.contains("Summary tenants: 7 of 7 members done"), "{}", run.err);
    for member in ["t01", "t12"] {
        assert_eq!(project.database(&format!("tenants/{member}.db")).query("SELECT id || bio FROM users"), ["7one"]);
    }
    assert_eq!(project.database("tenants/t04.db").query("SELECT count(*) FROM users"), ["0"]);
    // those that lack migrations or have another history get nothing
    let run = project.ends(6, "seed plain -t tenants");
    assert!(run.err.contains("7 of 12 members done") || run.err.contains("10 of 12 members done"), "{}", run.err);
}

#[test]
fn a_command_is_run_on_each_member_and_reasons_are_said_once() {
    let project = fleet();
    let run = project.ends(6, "backup -t tenants copies");
    let copies = std::fs::read_dir(project.path("copies")).expect("the folder is there");
    let databases = copies.filter(|entry| {
        let name = entry.as_ref().expect("it can be read").file_name();
        name.to_string_lossy().ends_with(".db")
    });
    assert_eq!(databases.count(), 11);
    assert!(run.err.contains("Summary tenants: 11 of 12 members done, 1 failed"), "{}", run.err);
    // a database without a history for each of these
    for number in 7..=12 {
        project.database(&format!("tenants/t{number:02}.db")).run("DROP TABLE _dbmigrate_history");
    }
    let run = project.runs("baseline 1 -t tenants --where name=t*[789]");
    assert!(run.err.contains("Summary tenants: 3 of 3 members done"), "{}", run.err);
    for member in ["t02", "t03"] {
        project.database(&format!("tenants/{member}.db")).run("DROP TABLE _dbmigrate_history");
    }
    let run = project.ends(4, "baseline 1 -t tenants --where name=t0[23]");
    assert!(run.err.contains("so it is for 2 members: t02, t03"), "{}", run.err);
    assert!(run.err.contains("Summary tenants: 0 of 2 members done, 2 differ"), "{}", run.err);
    assert_eq!(run.err.matches("error: ").count(), 1, "{}", run.err);
    project.ends(6, "check -t tenants");
    project.runs("check -t tenants --where state=behind");
}

#[test]
fn a_protected_fleet_is_not_written_to_without_consent() {
    let project = fleet();
    project.write("dbmigrate.toml", "[targets.tenants]\nfleet = \"tenants/*.db\"\nprotected = true\n");
    project.database("tenants/t07.db").run("DROP TABLE _dbmigrate_history");
    let run = project.refuses(3, "baseline 1 -t tenants --where name=t07");
    assert!(run.err.contains("consent is needed"), "{}", run.err);
    project.runs("baseline 1 -t tenants --where name=t07 --yes");
}
