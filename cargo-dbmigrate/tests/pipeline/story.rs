//! The story of a team that comes from a boilerplate: a new project, `push`, then migrations, the workflows, a pull
//! request, the main branch, and seeds by hand, on production and demo.

use dbmigrate_test_support::hand::Hand;
use serde_json::json;

use crate::fake_gh::FakeGh;
use crate::repository::Repository;
use crate::runner::{Job, Runner};
use crate::served::Served;

const WORKFLOW: &str = ".github/workflows/dbmigrate.yml";
const SEED: &str = ".github/workflows/seed.yml";

const FIRST: &str = "#[derive(Table)]\n#[table(name = \"users\")]\nstruct User { #[column(primary_key)] id: i64, #[column(unique)] email: String }\n#[derive(Table)]\n#[table(name = \"posts\", index(author))]\nstruct Post { #[column(primary_key)] id: i64, #[column(references = User::id, on_delete = cascade)] author: i64, title: String }\n";

/// A step that pushes the schema or applies migrations, then one that inserts rows.
fn seed(repository: &Repository, served: &Served, target: &str, set: &str) -> Job {
    let checkout = repository.merged("main", 1);
    let inputs = json!({ "target": target, "seed_type": set });
    let runner = Runner::by_hand(checkout.path(), &inputs).installed().secrets(&served.secrets());
    let job = runner.job(SEED, "seed").expect("it runs").succeeds();
    assert!(!format!("{job:?}").contains(&served.token), "a token was shown");
    job
}

/// Everything that is in a database, which must be sound.
#[track_caller]
fn content(hand: &Hand) -> String {
    assert_eq!(hand.integrity_check(), [""; 0]);
    assert_eq!(hand.foreign_key_check(), [""; 0]);
    hand.dump_without(&["_dbmigrate_history"])
}

#[test]
fn from_a_push_to_seeds_on_production_and_demo() {
    let Some(served) = Served::start() else { return };
    let Some(gh) = FakeGh::new(&json!([])) else { return };
    let repository = Repository::new(FIRST);
    let project = &repository.project;
    for (name, value) in served.secrets() {
        project.set(name, value);
    }

    // a fresh database gets what the structs declare; the application writes to it
    project.ends(3, "push -t production");
    project.runs("push -t production --yes production");
    served.production().run(&[
        "INSERT INTO users VALUES (1, 'ada@example.com'), (50, 'grace@example.com')",
        "INSERT INTO posts VALUES (70, 50, 'kept')",
    ]);
    let before = content(&served.production());

    // from then on there are migrations, and the database has the first one already
    project.runs("generate");
    project.ends(5, "migrate -t production --yes");
    project.runs("baseline -t production --yes");
    project.runs("ci github");
    write_sets(&repository);
    repository.commit("one");
    project.runs("status -t production");
    assert_eq!(content(&served.production()), before);

    // a pull request adds a column
    repository.branch("names");
    project.structs(&FIRST.replace("email: String }", "email: String, name: Option<String> }"));
    project.runs("generate");
    repository.commit("two");
    let checkout = repository.merged("names", 2);
    let runner = Runner::pull_request(checkout.path(), false)
        .installed()
        .programs(&gh.folder())
        .secrets(&[("TURSO_DATABASE_URL", &served.production_url), ("TURSO_AUTH_TOKEN_READ_ONLY", &served.read_only)]);
    runner.job(WORKFLOW, "check").expect("it runs").succeeds();
    let comments = gh.comments();
    assert_eq!(comments.len(), 1);
    assert!(comments[0].1.contains("`add column users.name`: catalog only"), "{}", comments[0].1);
    assert!(comments[0].1.contains("- `production`: 1 migration pending: `0002_users_name`"), "{}", comments[0].1);
    assert_eq!(content(&served.production()), before, "a pull request changes nothing");

    // and is merged: both databases get what they lack, the empty one all of it
    repository.git(&["checkout", "--quiet", "main"]);
    repository.git(&["merge", "--quiet", "--no-ff", "--message", "merge", "names"]);
    let checkout = repository.merged("main", 1);
    let runner =
        || Runner::push(checkout.path()).installed().variable("ENABLE_DB_MIGRATE", "true").secrets(&served.secrets());
    runner().job(WORKFLOW, "migrate").expect("it runs").succeeds();
    for hand in [served.production(), served.demo()] {
        assert_eq!(hand.query("SELECT count(*) FROM _dbmigrate_history"), ["2"]);
    }
    let rows = ["1|ada@example.com|NULL", "50|grace@example.com|NULL"];
    assert_eq!(served.production().query("SELECT id, email, coalesce(name, 'NULL') FROM users ORDER BY id"), rows);
    let after = content(&served.production());
    runner().job(WORKFLOW, "migrate").expect("it runs").succeeds();
    assert_eq!(content(&served.production()), after);

    // each set twice on each database: the second run changes nothing
    for (target, hand) in [("production", served.production()), ("demo", served.demo())] {
        for set in ["full", "demo"] {
            seed(&repository, &served, target, set);
            let once = content(&hand);
            let job = seed(&repository, &served, target, set);
            assert_eq!(content(&hand), once, "{set} on {target}");
            let said = format!("{job:?}");
            assert!(said.contains("nothing to do"), "{said}");
        }
        assert_eq!(hand.query("SELECT name FROM users WHERE email = 'admin@example.com'"), ["Admin"]);
        assert_eq!(hand.query("SELECT count(*) FROM posts WHERE title LIKE 'sample%'"), ["3"]);
    }
    assert_eq!(served.production().query("SELECT author, title FROM posts WHERE id = 70"), ["50|kept"]);
    assert_eq!(served.demo().query("SELECT count(*) FROM posts"), ["3"]);
}

#[test]
fn a_seed_by_hand_pushes_the_schema_of_a_project_without_migrations() {
    let Some(served) = Served::start() else { return };
    let repository = Repository::new(&FIRST.replace("email: String }", "email: String, name: Option<String> }"));
    repository.project.runs("ci github");
    write_sets(&repository);
    repository.commit("one");
    for target in ["production", "demo"] {
        seed(&repository, &served, target, "demo");
    }
    for hand in [served.production(), served.demo()] {
        assert_eq!(hand.query("SELECT name FROM users"), ["Admin"]);
        assert!(hand.tables().iter().all(|table| !table.contains("history")), "{:?}", hand.tables());
    }
}

/// The sets of rows: samples, and a single account.
fn write_sets(repository: &Repository) {
    let project = &repository.project;
    // in the order of the foreign keys, whatever the order of the names
    project.write("seeds/full/users.csv", "id,email,name\n100,sample@example.com,Sample\n101,other@example.com,\\N\n");
    project.write(
        "seeds/full/posts.json",
        "[{\"id\": 1, \"author\": 100, \"title\": \"sample one\"}, {\"id\": 2, \"author\": 100, \"title\": \"sample two\"}, {\"id\": 3, \"author\": 101, \"title\": \"sample three\"}]\n",
    );
    project.write("seeds/demo/users.toml", "[[users]]\nid = 1000\nemail = \"admin@example.com\"\nname = \"Admin\"\n");
}
