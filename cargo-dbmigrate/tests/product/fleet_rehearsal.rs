//! Rehearsals on a sample of a fleet, before its first member is written to.

use crate::fleet::Fleet;

/// Twelve members, of which `t0007` is the largest and `t0003` lacks the most.
fn fleet() -> Fleet {
    let fleet = Fleet::of_files(12, "");
    fleet.files.vanish("t0003");
    fleet.project.runs("migrate --target tenants --to 2");
    fleet.files.come_back("t0003");
    // a file keeps its size
    let large = "INSERT INTO notes SELECT 99, 1, hex(zeroblob(200000))";
    fleet.files.by_hand("t0007", &[large, "DELETE FROM notes WHERE id = 99"]);
    fleet
}

/// The members that a run says it was rehearsed on.
fn rehearsed(said: &str) -> Vec<&str> {
    let names = said.split("on the member `").skip(1).filter_map(|rest| rest.split('`').next());
    names.collect()
}

#[test]
fn the_largest_member_and_the_one_that_lacks_the_most_are_rehearsed_on_and_then_others() {
    let fleet = fleet();
    let before = fleet.contents();
    let run = fleet.project.run("migrate --target tenants --verbose --rehearse --dry-run");
    assert!(run.code == 0 && rehearsed(&run.err).is_empty(), "a dry run copies nothing: {}", run.err);
    assert!(before == fleet.contents());
    let run = fleet.project.runs("migrate --target tenants --verbose --rehearse");
    let names = rehearsed(&run.err);
    assert_eq!((names.len(), &names[..2]), (3, &["t0007", "t0003"][..]), "{}", run.err);
    assert!(!["t0007", "t0003"].contains(&names[2]), "{}", run.err);
    fleet.is_at_head(fleet.files.names());
}

#[test]
fn as_many_members_are_rehearsed_on_as_is_configured_and_each_once() {
    let fleet = fleet();
    let target = "[targets.tenants]\nfleet = \"tenants/*.db\"\nrehearse = 20\n";
    fleet.project.write("dbmigrate.toml", target);
    let run = fleet.project.runs("migrate --target tenants --verbose");
    let mut names = rehearsed(&run.err);
    names.sort_unstable();
    assert_eq!(names, fleet.files.names().iter().map(String::as_str).collect::<Vec<_>>(), "{}", run.err);
    fleet.is_at_head(fleet.files.names());
}

#[test]
fn nothing_is_written_when_a_rehearsal_fails() {
    let fleet = fleet();
    // what only the execution tells, in the largest, which is not the canary
    fleet.spoil("t0007");
    let before = fleet.contents();
    let run = fleet.project.run("migrate --target tenants --rehearse --max-failures 5");
    assert!(run.code != 0 && run.code != 6, "{}", run.err);
    let wanted = "this was a rehearsal on the member `t0007`; no member was changed";
    assert!(run.err.contains(wanted) && run.err.contains("UNIQUE constraint failed: notes.id"), "{}", run.err);
    assert!(before == fleet.contents());
    let left: Vec<_> = std::fs::read_dir(fleet.files.folder()).expect("it is there").flatten().collect();
    assert_eq!(left.len(), 12, "no copy is left: {left:?}");
    fleet.put_right("t0007");
    fleet.project.runs("migrate --target tenants --rehearse");
    fleet.is_at_head(fleet.files.names());
}

#[test]
fn a_rehearsal_is_all_that_is_done_if_nothing_else_is_wanted() {
    let fleet = fleet();
    let before = fleet.contents();
    let run = fleet.project.runs("migrate --target tenants --verbose --rehearse-only");
    let names = rehearsed(&run.err);
    assert_eq!((names.len(), &names[..2]), (3, &["t0007", "t0003"][..]), "{}", run.err);
    assert!(run.err.contains("tenants: rehearsed on 3 of 12 members to migrate, nothing was changed"), "{}", run.err);
    assert!(before == fleet.contents());
    fleet.spoil("t0007");
    let run = fleet.project.run("migrate --target tenants --rehearse-only --max-failures 5");
    assert!(run.code != 0 && run.err.contains("on the member `t0007`"), "{}", run.err);
    fleet.put_right("t0007");
    fleet.project.runs("migrate --target tenants");
    let run = fleet.project.runs("migrate --target tenants --rehearse-only");
    assert!(run.err.contains("tenants: 12 unchanged"), "{}", run.err);
}

#[test]
fn copies_of_members_are_made_in_the_folder_that_is_named() {
    let fleet = fleet();
    let before = fleet.contents();
    let beside = || std::fs::read_dir(fleet.files.folder()).expect("it is there").flatten().count();
    let run = fleet.project.refuses(2, "migrate --target tenants --rehearse --rehearse-in nowhere");
    assert!(run.err.starts_with("error: `--rehearse-in nowhere`: no such folder"), "{}", run.err);
    assert!(before == fleet.contents());
    std::fs::create_dir(fleet.project.path("copies")).expect("it can be made");
    let run = fleet.project.runs("migrate --target tenants --rehearse-only --rehearse-in copies");
    let copied = run.err.lines().filter(|line| line.contains("Copying") && line.ends_with(" to copies")).count();
    assert_eq!(copied, 3, "{}", run.err);
    assert!(before == fleet.contents());
    // also of one of which it does not go well
    fleet.spoil("t0007");
    let run = fleet.project.run("migrate --target tenants --rehearse --rehearse-in copies");
    assert!(run.code != 0 && run.err.contains("on the member `t0007`"), "{}", run.err);
    fleet.put_right("t0007");
    fleet.project.runs("migrate --target tenants --rehearse --rehearse-in copies");
    fleet.is_at_head(fleet.files.names());
    let left: Vec<_> = std::fs::read_dir(fleet.project.path("copies")).expect("it is there").flatten().collect();
    assert!(left.is_empty() && beside() == 12, "{left:?}");
}
