//! `init --agents`: the rules for coding agents are a section of their files, and the rest of these is left alone.

use crate::project::Project;

const RULE: &str = "Never give an answer with `\"consent\": true` on your own";

/// A set up package in a repository.
fn package() -> Project {
    let project = Project::generated("");
    project.write(".git/HEAD", "ref: refs/heads/main\n");
    project.runs("init");
    project
}

#[test]
fn agents_get_a_section_and_the_rest_stays() {
    let project = package();
    let before = project.tree();
    let run = project.runs("init --agents");
    assert!(run.err.contains("Created AGENTS.md"), "{}", run.err);
    let text = project.read("AGENTS.md");
    assert!(text.starts_with("<!-- begin of cargo dbmigrate") && text.contains(RULE), "{text}");
    let run = project.runs("init --agents");
    assert!(run.err.contains("Unchanged AGENTS.md"), "{}", run.err);
    assert_eq!(project.read("AGENTS.md"), text);
    let after = project.tree();
    assert!(before.iter().all(|(path, bytes)| after.get(path) == Some(bytes)), "another file was changed");
    // an older section is replaced, and what is around it is that of somebody else
    let (begin, end) = text.split_once("- Exit code 3").expect("it has rules");
    let end = end.split_once("<!-- end").expect("it has an end").1;
    project.write("AGENTS.md", format!("# Ours\n\nText.\n\n{begin}old\n<!-- end{end}\nMore.  \n"));
    let run = project.runs("init --agents");
    assert!(run.err.contains("Updated AGENTS.md"), "{}", run.err);
    assert_eq!(project.read("AGENTS.md"), format!("# Ours\n\nText.\n\n{text}\nMore.  \n"));
}

#[test]
fn a_section_is_added_to_a_file_that_is_there() {
    let project = package();
    project.write("AGENTS.md", "# Ours");
    project.write("CLAUDE.md", "# Theirs\r\n\r\nText.\r\n");
    project.runs("init --agents");
    let agents = project.read("AGENTS.md");
    assert!(agents.starts_with("# Ours\n\n<!-- begin") && agents.ends_with("dbmigrate -->\n"), "{agents}");
    let claude = project.read("CLAUDE.md");
    assert!(claude.starts_with("# Theirs\r\n\r\nText.\r\n\r\n<!-- begin"), "{claude}");
    assert!(claude.contains(RULE) && !claude.replace("\r\n", "").contains('\n'), "{claude}");
    // one that reads the other needs nothing
    let project = package();
    project.write("CLAUDE.md", "@AGENTS.md\n");
    project.runs("init --agents");
    assert_eq!(project.read("CLAUDE.md"), "@AGENTS.md\n");
}

#[cfg(unix)]
#[test]
fn a_link_stays_a_link() {
    let project = package();
    project.write("AGENTS.md", "# Ours\n");
    std::os::unix::fs::symlink("AGENTS.md", project.path("CLAUDE.md")).expect("links can be made");
    project.runs("init --agents");
    assert!(project.path("CLAUDE.md").is_symlink());
    assert_eq!(project.read("AGENTS.md").matches("<!-- begin").count(), 1);
}

#[test]
fn a_section_with_one_end_is_an_error() {
    let project = package();
    project.write("AGENTS.md", "# Ours\n<!-- begin of cargo dbmigrate -->\nText.\n");
    let run = project.refuses(1, "init --agents");
    assert!(run.err.contains("error: `AGENTS.md` does not have both ends of the section once"), "{}", run.err);
}

#[test]
fn init_offers_the_rules_where_agents_are_at_work() {
    let project = package();
    assert!(!project.runs("init").err.contains("--agents"));
    project.write("AGENTS.md", "# Ours\n");
    let run = project.runs("init");
    let wanted = "write the rules for coding agents into AGENTS.md: `cargo dbmigrate init --agents`";
    assert!(run.err.contains(wanted), "{}", run.err);
    let run = project.runs("init --agents --message-format json");
    assert_eq!(run.finished()["files"][0]["path"], "AGENTS.md");
    assert_eq!(run.finished()["files"][0]["done"], "updated");
    assert!(!project.runs("init").err.contains("--agents"));
}
