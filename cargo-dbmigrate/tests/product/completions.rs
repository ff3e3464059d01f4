//! Completions as a shell asks for them, with what is in the package, and manual pages.

use std::path::Path;
use std::process::Command;

use crate::project::{BINARY, Project, Run};

const USERS: &str = "#[derive(Table)]\n#[table(name = \"users\")]\npub struct User {\n    #[column(primary_key)]\n    \
                     pub id: i64,\n    pub nick: Option<String>,\n}\n";

/// A package with a migration, targets, a set of rows, and structs that have gone on.
fn package() -> Project {
    let project = Project::migrated(USERS);
    let more = USERS.replace("    pub nick: Option<String>", "    pub handle: Option<String>,\n    pub age: i64");
    project.structs(&more);
    project.write("dbmigrate.toml", "[targets.staging]\nurl = \"staging.db\"\n");
    project.write("seeds/demo/users.csv", "id\n");
    project
}

/// What bash has in the path: cargo's subcommand.
fn path() -> String {
    let own = Path::new(BINARY).parent().expect("it is in a folder").display().to_string();
    format!("{own}:{}", std::env::var("PATH").unwrap_or_default())
}

/// What a real bash would complete a line with. `before` is run first.
fn bash_after(project: &Project, before: &str, line: &str) -> Vec<String> {
    let script = format!(
        "{before}\nsource <(cargo-dbmigrate completions bash)\n\
         COMP_LINE=$1 COMP_POINT=${{#1}} COMP_WORDS=($1) COMP_WORDBREAKS=$' \\t\\n\"\\'><=;|&(:'\n\
         [[ $1 == *' ' ]] && COMP_WORDS+=('')\nCOMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))\n\
         COMPREPLY=()\n[[ $(complete -p \"${{COMP_WORDS[0]}}\") =~ -F\\ ([^ ]+) ]] && \"${{BASH_REMATCH[1]}}\" \
         \"${{COMP_WORDS[0]}}\" \"${{COMP_WORDS[COMP_CWORD]}}\" x\nprintf '%s\\n' \"${{COMPREPLY[@]}}\"\n"
    );
    let mut command = Command::new("bash");
    command
        .args(["--norc", "--noprofile", "-c", &script, "bash", line])
        .current_dir(project.root())
        .env("PATH", path());
    let run = Run::from(command.output().expect("there is bash"));
    assert_eq!(run.err, "", "{line}");
    run.out.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

fn bash(project: &Project, line: &str) -> Vec<String> {
    bash_after(project, "", line)
}

#[test]
fn bash_completes_commands_flags_and_what_is_in_the_package() {
    let project = package();
    for (line, wanted) in [
        ("cargo dbmigrate mig", vec!["migrate"]),
        ("cargo-dbmigrate mig", vec!["migrate"]),
        ("cargo +stable dbmigrate mig", vec!["migrate"]),
        ("cargo dbmigrate migrate --dry", vec!["--dry-run"]),
        ("cargo dbmigrate migrate --to ", vec!["0001_create_users"]),
        ("cargo dbmigrate baseline 0", vec!["0001_create_users"]),
        ("cargo dbmigrate diff --from he", vec!["head"]),
        ("cargo dbmigrate pull --from ref", vec!["refinery"]),
        ("cargo dbmigrate migrate -t ", vec!["staging", "production", "demo", "all"]),
        ("cargo dbmigrate status --target=sta", vec!["staging"]),
        ("cargo dbmigrate generate --rename ", vec!["users.nick="]),
        ("cargo dbmigrate generate --rename users.nick=", vec!["handle", "age"]),
        ("cargo dbmigrate generate --backfill users.a", vec!["users.age="]),
        ("cargo dbmigrate generate --convert users.ha", vec!["users.handle="]),
        ("cargo dbmigrate push --accept drop_c", vec!["drop_column:"]),
        // bash takes what stands before the colon for a word of its own
        ("cargo dbmigrate push --accept drop_column:", vec!["users.nick"]),
        ("cargo dbmigrate push --accept keep_table:", vec!["users"]),
        ("cargo dbmigrate reset --accept ro", vec!["rows"]),
        ("cargo dbmigrate pull --tables u", vec!["users"]),
        ("cargo dbmigrate --message-format g", vec!["github"]),
        ("cargo dbmigrate completions f", vec!["fish"]),
        ("cargo dbmigrate status --url d", vec!["dbmigrate.toml", "dev.db"]),
    ] {
        assert_eq!(bash(&project, line), wanted, "{line}");
    }
    let commands = bash(&project, "cargo dbmigrate ");
    assert!(commands.iter().any(|one| one == "generate") && !commands.iter().any(|one| one == "__complete"));
}

#[test]
fn bash_keeps_the_completion_that_cargo_has() {
    let project = package();
    let cargo = "_theirs() { COMPREPLY=(build); }; complete -F _theirs cargo";
    assert_eq!(bash_after(&project, cargo, "cargo bu"), ["build"]);
    assert_eq!(bash_after(&project, cargo, "cargo db"), ["build", "dbmigrate"]);
    assert_eq!(bash_after(&project, cargo, "cargo dbmigrate mig"), ["migrate"]);
    // one that is loaded when it is first needed
    let lazy = "_completion_loader() { _late() { COMPREPLY=(bench); }; complete -F _late cargo; }";
    assert_eq!(bash_after(&project, lazy, "cargo b"), ["bench"]);
    assert_eq!(bash_after(&project, lazy, "cargo b"), ["bench"]);
    assert_eq!(bash(&project, "cargo d"), ["dbmigrate"]);
}

#[test]
fn names_that_a_shell_would_take_apart_are_quoted() {
    let project = Project::generated(&USERS.replace("\"users\"", "\"my users\""));
    assert_eq!(bash(&project, "cargo dbmigrate pull --tables "), ["'my users'"]);
    let run = project.runs("__complete fish -- cargo dbmigrate pull --tables ");
    assert!(!run.out.contains('\''), "{}", run.out);
}

#[test]
fn completing_fails_nowhere_and_says_nothing() {
    let project = package();
    let quiet = |project: &Project, words: &[&str]| {
        let run = Run::of(&mut project.command(words));
        assert_eq!((run.code, run.err.as_str()), (0, ""), "{words:?}");
        run.out
    };
    // broken files
    project.write("dbmigrate.toml", "what = [");
    project.write("src/lib.rs", "struct {");
    project.write("migrations/migrations.lock", "nothing of ours");
    for words in [
        &["__complete", "bash"][..],
        &["__complete", "bash", "--", "cargo dbmigrate migrate --to ", "x"],
        &["__complete", "zsh", "--", "cargo", "dbmigrate", "migrate", "--to", ""],
        &["__complete", "fish", "--", "ls"],
        &["__complete", "elvish", "--", "cargo", "dbmigrate", "push", "--accept", "drop_table:"],
        &["__complete", "fish", "--", "cargo", "dbmigrate", "migrate", "-p", "nowhere", "--to", ""],
    ] {
        assert_eq!(quiet(&project, words), "", "{words:?}");
    }
    // outside of a package, what does not need one
    let nowhere = tempfile::tempdir().expect("a temporary directory");
    let mut command = project.command(&["__complete", "fish", "--", "cargo", "dbmigrate", "migrate", "-t", ""]);
    let run = Run::from(command.current_dir(nowhere.path()).output().expect("the binary runs"));
    assert_eq!((run.code, run.err.as_str()), (0, ""));
}

#[test]
fn other_shells_get_what_a_word_means() {
    let project = package();
    for shell in ["zsh", "fish", "powershell", "elvish"] {
        let run = project.runs(&format!("__complete {shell} -- cargo dbmigrate mig"));
        assert_eq!(run.out, "migrate\tApply the pending migrations to a database\n", "{shell}");
    }
    // cargo's own completion for zsh calls with the name of the subcommand
    let run = project.runs("__complete zsh -- dbmigrate generate --rename users.nick=");
    assert_eq!(run.out, "users.nick=handle\nusers.nick=age\n");
    // PowerShell passes no empty word on
    let run = project.runs("__complete powershell -- cargo dbmigrate migrate --to __nothing__");
    assert_eq!(run.out, "0001_create_users\n");
}

/// Whether there is such a program.
fn is_there(program: &str) -> bool {
    let is_there = Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success());
    if !is_there {
        dbmigrate_test_support::skipped(&format!("there is no {program}"));
    }
    is_there
}

#[test]
fn fish_completes_if_it_is_there() {
    if !is_there("fish") {
        return;
    }
    let project = package();
    let script = "cargo-dbmigrate completions fish | source\ncomplete -C \"$argv[1]\"";
    let complete = |line: &str| {
        let mut command = Command::new("fish");
        command.args(["--no-config", "-c", script, line]).current_dir(project.root()).env("PATH", path());
        let run = Run::from(command.output().expect("fish runs"));
        assert_eq!(run.err, "", "{line}");
        run.out.lines().map(|line| line.split('\t').next().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(complete("cargo dbmigrate migrate --to 0"), ["0001_create_users"]);
    assert_eq!(complete("cargo-dbmigrate migrate --to 0"), ["0001_create_users"]);
    assert_eq!(complete("cargo dbmigrate push --accept drop_column:"), ["drop_column:users.nick"]);
    assert!(complete("cargo dbm").contains(&"dbmigrate".to_owned()));
}

#[test]
fn zsh_completes_if_it_is_there() {
    if !is_there("zsh") {
        return;
    }
    let project = package();
    // `compadd` is what hands words to the editor, which there is none of
    let script = "compadd() { print -l -- ${(P)@[-1]}; }; compdef() { :; }\n\
                  source <(cargo-dbmigrate completions zsh)\n\
                  words=(${(s: :)1}); [[ $1 == *' ' ]] && words+=(''); CURRENT=$#words; _cargo-dbmigrate";
    let complete = |line: &str| {
        let mut command = Command::new("zsh");
        command.args(["-f", "-c", script, "zsh", line]).current_dir(project.root()).env("PATH", path());
        let run = Run::from(command.output().expect("zsh runs"));
        assert_eq!(run.err, "", "{line}");
        run.out.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(complete("dbmigrate migrate --to 0"), ["0001_create_users"]);
    assert_eq!(complete("cargo-dbmigrate migrate --to "), ["0001_create_users"]);
    assert_eq!(complete("dbmigrate generate --rename "), ["users.nick="]);
}

#[test]
fn a_script_that_is_asked_for_in_json_is_an_object() {
    let project = Project::new(USERS);
    let run = project.runs("completions zsh --message-format json");
    assert!(run.json()[0]["script"].as_str().is_some_and(|script| script.starts_with("#compdef")), "{}", run.out);
    assert!(project.ends(2, "completions tcsh").err.contains("possible values: bash, zsh, fish, powershell, elvish"));
}

#[test]
fn every_command_has_a_manual_page() {
    let project = Project::new(USERS);
    let run = project.runs("man pages/man1 --message-format json");
    let finished = run.finished();
    let definition = cargo_dbmigrate::definition();
    let visible = definition.get_subcommands().filter(|command| !command.is_hide_set());
    let mut wanted: Vec<String> =
        visible.map(|command| format!("pages/man1/cargo-dbmigrate-{}.1", command.get_name())).collect();
    wanted.push("pages/man1/cargo-dbmigrate.1".to_owned());
    let files = finished["files"].as_array().expect("a list").iter();
    let mut found: Vec<String> = files.filter_map(|file| file["path"].as_str().map(str::to_owned)).collect();
    wanted.sort();
    found.sort();
    assert_eq!(found, wanted);
    let page = project.read("pages/man1/cargo-dbmigrate-migrate.1");
    assert!(page.contains(".TH CARGO-DBMIGRATE-MIGRATE 1") && page.contains("cargo dbmigrate migrate"), "{page}");
    assert!(page.contains("\\-\\-dry\\-run") && page.contains("Apply the pending migrations to a database"), "{page}");
    let page = project.read("pages/man1/cargo-dbmigrate.1");
    assert!(page.contains("cargo\\-dbmigrate\\-generate(1)") && !page.contains("__complete"), "{page}");
}
