//! Turso Cloud, as far as it can be stood in for: branches before a migration, points in time, and what is dropped. Every
//! token must come where it belongs and be shown nowhere.

use std::time::Duration;

use dbmigrate_test_support::sqld::shared;
use dbmigrate_test_support::turso::{Call, Failure, Turso};

use crate::project::{Project, Run};
use crate::served::{POSTS, REBUILT, ROWS, USERS, applied, content};

/// A project whose database is on Turso Cloud, with rows and a migration to be applied.
struct Scene {
    project: Project,
    turso: Turso,
    url: String,
    token: String,
}

impl Scene {
    fn new() -> Option<Self> {
        let turso = Turso::of(shared()?, "acme-corp");
        for other in ["archive", "blog", "zoo"] {
            turso.create(other);
        }
        let (url, token) = turso.create("shop");
        let project = Project::new(&format!("{USERS}{POSTS}"));
        project.set("HTTP_PROXY", &turso.url());
        project.set("DBMIGRATE_TEST_TURSO_API", &turso.url());
        project.set("TURSO_API_TOKEN", &turso.token());
        project.set("TURSO_DATABASE_URL", &url);
        project.set("TURSO_AUTH_TOKEN", &token);
        project.runs("generate --name start");
        project.runs("migrate");
        turso.hand("shop").run(&ROWS);
        project.structs(&format!("{REBUILT}{POSTS}"));
        project.runs("generate --accept all");
        turso.requests();
        Some(Self { project, turso, url, token })
    }

    /// Runs a line; no token may be shown, or have come to where it does not belong.
    #[track_caller]
    fn ends(&self, code: i32, line: &str) -> Run {
        let run = self.project.ends(code, line);
        let tokens = self.turso.requests().into_iter().filter_map(|request| request.token);
        for token in tokens.chain([self.token.clone(), self.turso.token()]) {
            assert!(!run.out.contains(&token) && !run.err.contains(&token), "`{line}` shows {token}: {}", run.err);
        }
        assert_eq!(self.turso.leaks(), [""; 0], "`{line}`");
        run
    }

    fn branches(&self) -> Vec<String> {
        self.turso.names().into_iter().filter(|name| name.starts_with("dbmigrate-")).collect()
    }

    /// A run that branches and fails, and leaves everything as it was.
    #[track_caller]
    fn refused(&self, code: i32, line: &str) -> Run {
        let before = content(&self.turso.hand("shop"));
        let run = self.ends(code, line);
        assert_eq!(content(&self.turso.hand("shop")), before);
        assert_eq!(applied(&self.turso.hand("shop")), ["0001_start"]);
        run
    }
}

#[test]
fn a_branch_is_made_and_verified_before_anything_is_applied() {
    let Some(scene) = Scene::new() else { return };
    let before = content(&scene.turso.hand("shop"));
    let run = scene.ends(0, "migrate --branch");
    let branches = scene.branches();
    let [branch] = &branches[..] else { panic!("{branches:?}") };
    assert!(branch.starts_with("dbmigrate-shop-0001-2"), "{branch}");
    assert_eq!(content(&scene.turso.hand(branch)), before);
    assert_eq!(applied(&scene.turso.hand(branch)), ["0001_start"]);
    assert_eq!(applied(&scene.turso.hand("shop")).len(), 2);
    assert!(run.err.contains(&format!("{} to {branch} (verified: 4 tables, 8 rows)", scene.url)), "{}", run.err);
    let at = |text: &str| run.err.find(text).unwrap_or_else(|| panic!("no `{text}`: {}", run.err));
    assert!(at("Branched") < at("to go back to the branch") && at("cargo dbmigrate branch drop") < at("Applied"));
    assert!(run.err.contains(&format!("`TURSO_DATABASE_URL=http://{branch}-acme-corp.")), "{}", run.err);
    // with nothing to apply there is nothing to branch
    scene.ends(0, "migrate --branch");
    assert_eq!(scene.branches(), branches);
    // and the API is asked by nothing else
    for line in ["migrate", "status", "diff --from database"] {
        scene.project.runs(line);
        let requests = scene.turso.requests();
        assert!(requests.iter().all(|request| request.host.starts_with("shop-acme-corp.")), "{line}: {requests:?}");
    }
}

#[test]
fn a_branch_can_be_named_and_its_name_is_ours_all_the_same() {
    let Some(scene) = Scene::new() else { return };
    scene.project.set("TURSO_ORG", "acme-corp");
    scene.refused(2, "migrate --branch=Before_Billing");
    // a variable of a pipeline that is not set
    let run = scene.refused(2, "migrate --branch=");
    assert!(run.err.contains("`--branch` is set, but blank"), "{}", run.err);
    scene.refused(2, "migrate --branch --dry-run");
    assert_eq!(scene.turso.requests(), []);
    let run = scene.ends(0, "migrate --branch=before-billing --message-format json");
    assert_eq!(scene.branches(), ["dbmigrate-before-billing"]);
    let branched = run.json().into_iter().find(|object| object["reason"] == "branched").expect("it is said");
    assert_eq!((&branched["name"], &branched["rows"]), (&"dbmigrate-before-billing".into(), &8.into()));
    // the name is taken
    scene.project.structs(USERS);
    scene.project.runs("generate --accept all");
    let run = scene.ends(1, "migrate --branch=before-billing");
    assert!(run.err.contains("the name is taken") && run.err.contains("was not changed"), "{}", run.err);
    assert_eq!(applied(&scene.turso.hand("shop")).len(), 2);
}

#[test]
fn a_copy_that_is_not_one_is_found_dropped_again_and_nothing_is_applied() {
    for (failure, said) in [
        (Failure::Empty, "is not complete: it is empty"),
        (Failure::Altered("DELETE FROM posts WHERE id = 7"), "table `posts` has 2 rows, and the original 3"),
        (Failure::Altered("DROP INDEX posts_author_idx"), "index `posts_author_idx` is missing"),
        (Failure::Altered("CREATE TABLE more (x)"), "table `more` is new"),
        (Failure::At("evil.example"), "is no host of Turso Cloud"),
    ] {
        let Some(scene) = Scene::new() else { return };
        scene.turso.fail(Call::Create, failure);
        let run = scene.refused(1, "migrate --branch --timeout 1");
        assert!(run.err.contains(said) && run.err.contains("was dropped again"), "{failure:?}: {}", run.err);
        assert_eq!(scene.branches(), [""; 0]);
    }
    // what cannot be dropped is said to be there
    let Some(scene) = Scene::new() else { return };
    scene.turso.fail(Call::Create, Failure::Empty);
    scene.turso.fail(Call::Drop, Failure::Status(403, "no rights"));
    let run = scene.refused(1, "migrate --branch --timeout 1");
    let branch = scene.branches().swap_remove(0);
    assert!(run.err.contains(&format!("`{branch}` could not be dropped again, and must not be used")), "{}", run.err);
    scene.project.shell(&format!("cargo dbmigrate branch drop {branch} --yes"));
    assert_eq!(scene.branches(), [""; 0]);
}

#[test]
fn a_copy_that_is_late_is_waited_for() {
    let Some(scene) = Scene::new() else { return };
    scene.turso.fail(Call::Create, Failure::Lags(Duration::from_millis(1500)));
    scene.turso.fail(Call::Copy, Failure::Status(404, "Namespace `x` doesn't exist"));
    scene.turso.fail(Call::Copy, Failure::Page);
    scene.turso.fail(Call::Copy, Failure::Status(503, "starting"));
    scene.ends(0, "migrate --branch");
    assert_eq!(applied(&scene.turso.hand("shop")).len(), 2);
    assert_eq!(scene.turso.hand(&scene.branches()[0]).query("SELECT count(*) FROM posts"), ["3"]);
}

#[test]
fn an_api_that_is_busy_slow_or_lost_is_asked_again_and_nothing_is_made_twice() {
    let Some(scene) = Scene::new() else { return };
    scene.turso.fail(Call::Organizations, Failure::TooMany(1));
    scene.turso.fail(Call::List, Failure::Status(408, "again"));
    scene.turso.fail(Call::Create, Failure::TooMany(1));
    scene.turso.fail(Call::Create, Failure::Slow(Duration::from_millis(300)));
    scene.turso.fail(Call::Token, Failure::Status(502, "again"));
    scene.ends(0, "migrate --branch");
    assert_eq!(scene.branches().len(), 1);
    for lost in [Failure::Lost, Failure::Slow(Duration::from_millis(1500))] {
        let Some(scene) = Scene::new() else { return };
        scene.turso.fail(Call::Create, lost);
        scene.ends(0, "migrate --branch --timeout 1");
        assert_eq!((scene.branches().len(), applied(&scene.turso.hand("shop")).len()), (1, 2), "{lost:?}");
    }
    // not forever, and not if the API wants more than a moment
    for failures in [vec![Failure::TooMany(0); 10], vec![Failure::TooMany(600)]] {
        let Some(scene) = Scene::new() else { return };
        for failure in &failures {
            scene.turso.fail(Call::Create, *failure);
        }
        let run = scene.refused(1, "migrate --branch");
        assert!(run.err.contains("is limiting requests") && run.err.contains("wait a while"), "{}", run.err);
    }
}

#[test]
fn what_the_api_refuses_is_told_apart() {
    for (call, failure, said) in [
        (Call::Organizations, Failure::Status(401, "no"), "does not accept the platform token"),
        (Call::List, Failure::Status(403, "no"), "the platform token may not list the databases"),
        (Call::Create, Failure::Status(403, "no"), "`db:mint-token`"),
        (Call::Create, Failure::Status(404, "record not found"), "a copy across groups"),
        (Call::Create, Failure::Status(409, "exists"), "the name is taken"),
        (Call::Create, Failure::Status(400, "quota exceeded"), "refuses with status 400: quota exceeded"),
        (Call::Create, Failure::Status(500, "oh"), "answered with status 500"),
        (Call::Create, Failure::Page, "the answer of `127.0.0.1` cannot be read"),
        (Call::List, Failure::Page, "cannot be read"),
        (Call::Token, Failure::Status(403, "no"), "may not make a token"),
    ] {
        let Some(scene) = Scene::new() else { return };
        scene.turso.fail(call, failure);
        let run = scene.refused(1, "migrate --branch");
        assert!(run.err.contains(said), "{call:?} {failure:?}: {}", run.err);
        assert!(run.err.contains("was not changed") || run.err.contains("nothing was changed"), "{}", run.err);
        assert_eq!(scene.branches(), [""; 0], "{call:?} {failure:?}");
    }
}

#[test]
fn without_what_it_takes_nothing_is_sent() {
    let Some(scene) = Scene::new() else { return };
    let project = &scene.project;
    for (variable, value, said) in [
        ("TURSO_API_TOKEN", " ", "is set, but blank"),
        ("TURSO_API_TOKEN", "a b", "is not valid"),
        ("TURSO_ORG", "", "names no organization"),
        ("TURSO_ORG", "acme/../other", "is not the name of an organization"),
        ("DBMIGRATE_TEST_TURSO_API", "http://api.example", "must name a server on this machine"),
        ("TURSO_DATABASE_URL", "dev.db", "needs a database of Turso Cloud, and `dev.db` is a file"),
        ("TURSO_DATABASE_URL", "http://turso.io.example", "is another server"),
    ] {
        let Some(scene) = Scene::new() else { return };
        scene.project.set(variable, value);
        let run = scene.ends(2, "migrate --branch");
        assert!(run.err.contains(said), "{variable}={value}: {}", run.err);
        assert_eq!(scene.turso.requests(), []);
    }
    let run = project.command(&["migrate", "--branch"]).env_remove("TURSO_API_TOKEN").output().expect("it runs");
    let err = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.code() == Some(2) && err.contains("`TURSO_API_TOKEN` is not set"), "{err}");
    assert_eq!(scene.turso.requests(), []);
    // the other name, and a token in `.env`
    project.write(".env", format!("TURSO_PLATFORM_TOKEN={}\nTURSO_ORGANIZATION=acme-corp\n", scene.turso.token()));
    let run = project.command(&["migrate", "--branch"]).env_remove("TURSO_API_TOKEN").output().expect("it runs");
    assert_eq!(run.status.code(), Some(0), "{}", String::from_utf8_lossy(&run.stderr));
    assert_eq!(scene.branches().len(), 1);
}

#[test]
fn an_organization_is_read_from_the_host_or_named() {
    let Some(scene) = Scene::new() else { return };
    scene.project.set("TURSO_ORG", "other");
    let run = scene.refused(1, "migrate --branch");
    assert!(run.err.contains("organization not found") && run.err.contains("comes from `TURSO_ORG`"), "{}", run.err);
    scene.project.set("TURSO_ORG", "acme-corp");
    scene.project.set("TURSO_DATABASE_URL", "http://gone-acme-corp.aws-eu-west-1.turso.io");
    let run = scene.ends(1, "migrate --branch");
    assert!(!run.err.is_empty());
    let run = scene.ends(2, "restore --at 2026-01-02T03:04:05Z");
    assert!(run.err.contains("organization `acme-corp` has no database at `gone-acme-corp."), "{}", run.err);
}

#[test]
fn branches_are_listed_and_only_those_are_dropped_with_consent() {
    let Some(scene) = Scene::new() else { return };
    scene.ends(0, "migrate --branch");
    let branch = scene.branches().swap_remove(0);
    scene.turso.create("dbmigrate-by-hand");
    let run = scene.ends(0, "branch list");
    assert!(run.out.contains(&format!("{branch}  of shop  2026-")) && !run.out.contains("zoo"), "{}", run.out);
    assert!(!run.out.contains("by-hand") && run.err.contains("1 branch, 5 other databases"), "{}", run.err);
    let run = scene.ends(0, "branch list --message-format json");
    let listed = run.json().into_iter().find(|object| object["reason"] == "branch").expect("it is said");
    assert_eq!((&listed["name"], &listed["parent"]), (&branch.as_str().into(), &"shop".into()));
    let names = scene.turso.names();
    for (name, said) in [
        ("zoo", "its name does not begin with `dbmigrate-`"),
        ("dbmigrate-by-hand", "it is a copy of no other database"),
        ("dbmigrate-nothing", "has no branch `dbmigrate-nothing`"),
        ("shop", "is the database that"),
    ] {
        let run = scene.ends(2, &format!("branch drop {branch} {name} --yes"));
        assert!(run.err.contains(said) && run.err.contains("nothing was dropped"), "{}", run.err);
        assert_eq!(scene.turso.names(), names);
    }
    // one that is in use, under whatever name
    scene.project.write(
        "dbmigrate.toml",
        format!("[targets.live]\nurl = \"http://{branch}-acme-corp.aws-eu-west-1.turso.io\"\n"),
    );
    let run = scene.ends(2, &format!("branch drop {branch} --yes"));
    assert!(run.err.contains("is the database of target `live`"), "{}", run.err);
    scene.project.write("dbmigrate.toml", "");
    let run = scene.ends(3, &format!("branch drop {branch}"));
    assert_eq!(scene.turso.names(), names);
    let command = run.suggested().swap_remove(0);
    scene.turso.protect(&branch);
    let run = scene.ends(1, &format!("branch drop {branch} --yes"));
    assert!(run.err.contains("is protected from deletion"), "{}", run.err);
    let Some(scene) = Scene::new() else { return };
    scene.ends(0, "migrate --branch=a");
    scene.turso.fail(Call::Drop, Failure::Status(403, "read-only token"));
    let run = scene.ends(1, "branch drop dbmigrate-a --yes");
    assert!(run.err.contains("`dbmigrate-a` was not dropped") && run.err.contains("db:delete"), "{}", run.err);
    scene.turso.fail(Call::Drop, Failure::Lost);
    scene.ends(0, "branch drop dbmigrate-a --yes");
    assert_eq!(scene.branches(), [""; 0]);
    assert!(command.starts_with("cargo dbmigrate branch drop") && command.contains("--yes"), "{command}");
}

#[test]
fn a_point_in_time_becomes_a_new_database_and_the_old_one_is_not_touched() {
    let Some(scene) = Scene::new() else { return };
    scene.turso.hand("shop").run(&["UPDATE _dbmigrate_history SET applied_at = '2025-12-31T00:00:00.000Z'"]);
    let early = scene.turso.hand("shop").query("SELECT strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '+1 second')").remove(0);
    scene.turso.remember("shop", "2026-01-01T00:00:00Z");
    std::thread::sleep(Duration::from_millis(1100));
    let before = content(&scene.turso.hand("shop"));
    scene.ends(0, "migrate");
    scene.turso.hand("shop").run(&["DELETE FROM posts"]);
    let now = content(&scene.turso.hand("shop"));
    let run = scene.ends(0, &format!("restore --at {early}"));
    let restored = scene.branches().swap_remove(0);
    assert!(restored.starts_with("dbmigrate-shop-at-2"), "{restored}");
    assert_eq!(content(&scene.turso.hand(&restored)), before);
    assert_eq!(content(&scene.turso.hand("shop")), now);
    assert!(run.err.contains("at `0001_start`; it may lack the last 15 seconds"), "{}", run.err);
    assert!(run.err.contains(&format!("`TURSO_DATABASE_URL=http://{restored}-acme-corp.")), "{}", run.err);
    assert!(run.err.contains(&format!("turso db tokens create {restored}")), "{}", run.err);
    let run = scene.ends(0, "restore --at 2026-01-01T02:00:00+01:00 --message-format json");
    let said = run.json().into_iter().find(|object| object["reason"] == "restored_at").expect("it is said");
    assert_eq!((&said["at"], &said["last"]), (&"2026-01-01T01:00:00Z".into(), &"0001_start".into()));
}

#[test]
fn a_point_in_time_that_cannot_be_is_refused_in_words() {
    let Some(scene) = Scene::new() else { return };
    scene.turso.remember("shop", "2026-01-01T00:00:00Z");
    for (time, said) in [
        ("soon", "is not a time"),
        ("2026-01-02T03:04:05", "has no time zone"),
        ("2999-01-01T00:00:00Z", "is in the future"),
    ] {
        let run = scene.refused(2, &format!("restore --at {time}"));
        assert!(run.err.contains(said), "{}", run.err);
    }
    assert_eq!(scene.turso.requests(), []);
    let run = scene.refused(1, "restore --at 2025-01-01T00:00:00Z");
    assert!(run.err.contains("24 hours on the free one; `acme-corp` is on the plan `free`"), "{}", run.err);
    // one that lacks what its time says it has
    scene.turso.hand("shop").run(&["UPDATE _dbmigrate_history SET applied_at = '2025-12-31T00:00:00.000Z'"]);
    scene.turso.fail(Call::Create, Failure::Empty);
    let run = scene.ends(1, "restore --at 2026-01-01T00:00:00Z --timeout 1");
    assert!(run.err.contains("the new database is empty") && run.err.contains("was dropped again"), "{}", run.err);
    assert_eq!(scene.branches(), [""; 0]);
}

#[test]
fn a_migration_that_fails_says_how_to_go_back_to_its_branch() {
    let Some(scene) = Scene::new() else { return };
    scene.turso.hand("shop").run(&["INSERT INTO users VALUES (30, NULL)"]);
    let run = scene.refused(3, "migrate --branch=before");
    assert!(run.err.contains("help: to go back to the branch:"), "{}", run.err);
    let drop = run.suggested().into_iter().rev().find(|line| line.contains("branch drop")).expect("it is said");
    let run = scene.project.shell(&format!("{drop} --yes"));
    assert_eq!((run.code, scene.branches()), (0, Vec::new()), "{}", run.err);
}

/// A text without the names and times that differ from run to run.
fn steady(scene: &Scene, text: &str) -> String {
    let branches = scene.branches();
    let text = branches.iter().fold(text.to_owned(), |text, branch| text.replace(branch.as_str(), "[BRANCH]"));
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        let at = line.find("--at 2").or_else(|| line.find(" as of 2"));
        lines.push(match at.and_then(|at| line[at..].find('2').map(|found| at + found)) {
            Some(at) if line.len() >= at + 20 => format!("{}[TIME]{}", &line[..at], &line[at + 20..]),
            _ => line.to_owned(),
        });
    }
    lines.join("\n") + "\n"
}

#[test]
fn what_is_said_of_branches_reads_well() {
    let Some(scene) = Scene::new() else { return };
    scene.project.set("TURSO_DATABASE_URL", &scene.url.replace("http://", "libsql://").replace(".io", ".io:80?tls=0"));
    scene.project.transcript();
    scene.ends(3, "migrate -t production --branch");
    scene.ends(0, "migrate -t production --branch --yes");
    // a branch is a way back already
    assert!(!scene.project.path("backups").exists());
    scene.turso.hand("shop").run(&["UPDATE _dbmigrate_history SET applied_at = '2025-12-31T00:00:00.000Z'"]);
    scene.turso.remember("shop", "2026-01-01T00:00:00Z");
    scene.ends(0, "branch list -t production");
    scene.ends(3, &format!("branch drop -t production {}", scene.branches()[0]));
    scene.ends(0, "restore -t production --at 2026-01-01T00:00:00Z");
    let text = steady(&scene, &scene.project.transcript());
    let run = scene.ends(0, &format!("branch drop -t production {} --yes", scene.branches().join(" ")));
    assert!(run.err.contains("Removed"), "{}", run.err);
    scene.ends(1, "restore --at 2020-01-01T00:00:00Z");
    scene.turso.fail(Call::List, Failure::Status(401, "token is not valid"));
    scene.ends(1, "branch list");
    scene.turso.fail(Call::List, Failure::TooMany(120));
    scene.ends(1, "branch list");
    scene.project.set("TURSO_API_TOKEN", "");
    scene.ends(2, "branch list");
    scene.project.set("TURSO_DATABASE_URL", "dev.db");
    scene.ends(2, "migrate --branch");
    scene.project.transcript();
    insta::assert_snapshot!(text);
}

#[test]
fn the_databases_of_a_group_are_a_fleet_with_one_token() {
    let Some(scene) = Scene::new() else { return };
    for name in ["t1", "t2", "t3", "t4", "t5"] {
        scene.turso.create(name);
        scene.turso.regroup(name, "tenants");
    }
    scene.project.write("dbmigrate.toml", "[targets.tenants]\nfleet = { turso = \"acme-corp/tenants\" }\n");
    scene.turso.requests();
    let run = scene.project.ends(4, "status -t tenants");
    assert_eq!(run.out, "5  behind by 2 migrations: t1, t2, t3, t4, t5\n");
    let requests = scene.turso.requests();
    let minted = requests.iter().filter(|request| request.line.contains("/auth/tokens")).count();
    assert_eq!(minted, 1, "{requests:?}");
    assert!(requests.iter().any(|request| request.line.contains("/groups/tenants/auth/tokens?expiration=")));
    assert!(requests.iter().filter(|request| request.line.contains("group=tenants")).count() > 2, "pages");
    assert_eq!(scene.turso.leaks(), [""; 0]);
    scene.ends(0, "migrate -t tenants/t3");
    assert_eq!(applied(&scene.turso.hand("t3")).len(), 2);
    scene.project.replace("dbmigrate.toml", "corp/tenants", "corp/nobody");
    let run = scene.project.ends(2, "status -t tenants");
    assert!(run.err.contains("the group `nobody` of `acme-corp` has no database"), "{}", run.err);
}
