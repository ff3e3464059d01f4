//! To whom a token goes: only to the host that its own target names, whatever a checkout says, a server answers, or a
//! variable of another target holds. Shown with a real server that wants a token, behind a proxy that keeps what was
//! sent; to `stranger.example` as well, because the proxy is also the one of the web.

use std::process::Command;

use dbmigrate_test_support::hand::Hand;
use dbmigrate_test_support::proxy::{Answer, Delivered, Fault, Proxy};
use dbmigrate_test_support::sqld::{Options, Server};
use dbmigrate_test_support::token::Key;
use serde_json::json;

use crate::project::{Project, Run};
use crate::served::{USERS, applied};

/// A host that is reached through the proxy only.
const STRANGER: &str = "http://stranger.example";
const KEY: &str = "a2V5LW9mLXRoZS1kYXRhYmFzZQ==";

struct Scene {
    project: Project,
    server: Server,
    proxy: Proxy,
    token: String,
}

impl Scene {
    /// A project with a migration, a server that wants a token, and somebody whose shell has it in `TURSO_AUTH_TOKEN`.
    fn new() -> Option<Self> {
        let key = Key::generate();
        let server = Options::default().key(key.public()).start()?;
        let proxy = Proxy::before(server.port());
        let project = Project::new(USERS);
        project.runs("generate --name start");
        let token = key.token(&json!({"a": "rw"}));
        project.set("HTTP_PROXY", &proxy.url());
        project.set("TURSO_AUTH_TOKEN", &token);
        Some(Self { project, server, proxy, token })
    }

    /// Runs a line, and makes sure that it shows no secret.
    #[track_caller]
    fn ends(&self, code: i32, line: &str) -> Run {
        self.proxy.reset();
        let run = self.project.ends(code, line);
        for secret in [self.token.as_str(), KEY] {
            assert!(!run.out.contains(secret) && !run.err.contains(secret), "`{line}` shows it: {}", run.err);
        }
        run
    }

    /// The requests of the last run that had something with them.
    fn sent(&self, secret: &str) -> usize {
        self.proxy.traffic().requests.iter().filter(|request| request.head.contains(secret)).count()
    }

    /// Runs a line that asks the server and does not send the token.
    #[track_caller]
    fn keeps_the_token(&self, line: &str) -> Run {
        let run = self.ends(1, line);
        assert!(self.proxy.requests() > 0, "nothing was asked: {}", run.err);
        assert_eq!(self.sent(&self.token), 0, "{:?}", self.proxy.traffic());
        run
    }

    /// Runs a line that is refused before anything is sent.
    #[track_caller]
    fn sends_nothing(&self, line: &str) -> Run {
        let run = self.ends(2, line);
        assert_eq!(self.proxy.traffic().connections, 0, "{:?}", self.proxy.traffic());
        assert!(run.err.contains("nothing was sent"), "{}", run.err);
        run
    }

    /// Runs a line that sends the token, and gets in.
    #[track_caller]
    fn sends_the_token(&self, line: &str) {
        self.ends(0, line);
        assert!(self.sent(&self.token) > 0, "{:?}", self.proxy.traffic());
    }

    fn git(&self, arguments: &[&str]) {
        let identity = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"];
        let run = Command::new("git").args(identity).args(arguments).current_dir(self.project.root()).output();
        assert!(run.expect("git is there").status.success(), "{arguments:?}");
    }
}

#[test]
fn a_url_of_a_checkout_does_not_get_the_token_of_a_shell() {
    let Some(scene) = Scene::new() else { return };
    for url in [STRANGER.to_owned(), scene.proxy.url()] {
        scene.project.write("dbmigrate.toml", format!("url = \"{url}\"\n"));
        for line in ["migrate", "status", "push", "pull", "diff --from database", "migrate --dry-run"] {
            let run = scene.keeps_the_token(line);
            assert!(run.err.contains("requires a token, and none is set"), "{}", run.err);
            assert!(
                run.err.contains("no token was sent: the `url` in `dbmigrate.toml` has no `token_env` beside it"),
                "{}",
                run.err
            );
            assert!(run.err.contains("`token_env = \"TURSO_AUTH_TOKEN\"`"), "{}", run.err);
        }
        // not in a pipeline either, nor if the token is in `.env`
        scene.project.set("CI", "true");
        scene.keeps_the_token("status");
        scene.project.set("CI", "false");
        scene.project.write("dbmigrate.toml", format!("[targets.live]\nurl = \"{url}\"\n"));
        let run = scene.keeps_the_token("status -t live");
        assert!(run.err.contains("target `live` has no `token_env`"), "{}", run.err);
        // a variable that is named for another URL is not named for this one
        let text = format!("token_env = \"TURSO_AUTH_TOKEN\"\n[targets.production]\nurl = \"{url}\"\n");
        scene.project.write("dbmigrate.toml", text);
        scene.keeps_the_token("status -t production");
    }
    let Some(scene) = Scene::new() else { return };
    scene.project.set("TURSO_AUTH_TOKEN_OF_NOBODY", "x");
    scene.project.write("dbmigrate.toml", format!("url = \"{STRANGER}\"\n"));
    scene.project.write(".env", format!("TURSO_AUTH_TOKEN={}\n", scene.token));
    scene.keeps_the_token("status");
}

#[test]
fn a_pair_of_a_checkout_is_sent_to_this_machine_in_pipelines_and_where_it_was_agreed_to() {
    for (text, line) in [
        ("url = \"URL\"\ntoken_env = \"TURSO_AUTH_TOKEN\"\n", "migrate"),
        ("[targets.live]\nurl = \"URL\"\ntoken_env = \"TURSO_AUTH_TOKEN\"\n", "migrate -t live"),
    ] {
        let Some(scene) = Scene::new() else { return };
        let configure = |url: &str| scene.project.write("dbmigrate.toml", text.replace("URL", url));
        configure(STRANGER);
        let run = scene.sends_nothing(line);
        assert!(
            run.err.contains(
                "the token from the environment variable `TURSO_AUTH_TOKEN` is not sent to `http://stranger.example`"
            ),
            "{}",
            run.err
        );
        // without a repository there is nothing to remember it in
        assert!(run.err.contains("without a git repository"), "{}", run.err);
        scene.git(&["init", "--quiet"]);
        let run = scene.sends_nothing(line);
        let command = "git config --local --add dbmigrate.tokenhost http://stranger.example";
        assert!(run.err.contains(&format!("`{command}`")), "{}", run.err);
        // what is agreed to with encryption, or for another port, is not agreed to without
        for other in ["stranger.example", "http://stranger.example:8080", "http://example"] {
            scene.git(&["config", "--local", "--add", "dbmigrate.tokenhost", other]);
        }
        scene.sends_nothing(line);
        configure(&scene.proxy.url());
        scene.sends_the_token(line);
        configure(STRANGER);
        scene.sends_nothing(line);
        scene.project.set("CI", "true");
        scene.sends_the_token(line);
        scene.project.set("CI", "");
        scene.sends_nothing(line);
        scene.project.shell(command);
        scene.sends_the_token(line);
        // and to nobody else
        configure("http://stranger.example.org");
        scene.sends_nothing(line);
        assert_eq!(applied(&Hand::new(scene.server.url()).with_token(&scene.token)), ["0001_start"]);
    }
}

#[test]
fn a_configuration_in_the_checkout_is_not_that_of_its_repository() {
    let Some(scene) = Scene::new() else { return };
    let project = &scene.project;
    project.write("dbmigrate.toml", format!("url = \"{STRANGER}\"\ntoken_env = \"TURSO_AUTH_TOKEN\"\n"));
    // a repository without a working tree, as files that anybody can commit
    project.write("HEAD", "ref: refs/heads/main\n");
    project.write("config", "[core]\n\tbare = true\n[dbmigrate]\n\ttokenhost = http://stranger.example\n");
    for folder in ["objects", "refs"] {
        std::fs::create_dir(project.path(folder)).expect("it is writable");
    }
    scene.sends_nothing("status");
}

#[test]
fn the_token_of_one_target_is_not_the_token_of_another() {
    let Some(scene) = Scene::new() else { return };
    let project = &scene.project;
    project.set("TURSO_DEMO_DATABASE_URL", &scene.proxy.url());
    let run = scene.keeps_the_token("migrate -t demo");
    assert!(run.err.contains("`TURSO_DEMO_AUTH_TOKEN=…`"), "{}", run.err);
    assert!(run.err.contains("`TURSO_AUTH_TOKEN` is not that of `demo`"), "{}", run.err);
    project.write("dbmigrate.toml", "[targets.eu]\nurl_env = \"EU_DATABASE_URL\"\n");
    project.set("EU_DATABASE_URL", &scene.proxy.url());
    let run = scene.keeps_the_token("status -t eu");
    assert!(run.err.contains("target `eu` has no `token_env`"), "{}", run.err);
    // each its own
    project.set("TURSO_DEMO_AUTH_TOKEN", &scene.token);
    project.set("EU_DATABASE_URL", STRANGER);
    scene.sends_the_token("migrate -t demo");
    project.set("EU_DATABASE_URL", &scene.proxy.url());
    project.set("TURSO_DEMO_DATABASE_URL", "");
    project.write("dbmigrate.toml", "[targets.eu]\nurl_env = \"EU_DATABASE_URL\"\ntoken_env = \"EU_TOKEN\"\n");
    let run = scene.keeps_the_token("status -t eu");
    assert!(run.err.contains("`EU_TOKEN=…`"), "{}", run.err);
    project.set("EU_TOKEN", &scene.token);
    scene.sends_the_token("status -t eu");
}

#[test]
fn undo_sends_each_server_its_own_token() {
    let Some(scene) = Scene::new() else { return };
    let project = &scene.project;
    let other = Proxy::before(scene.server.port());
    project.set("TURSO_DATABASE_URL", &scene.proxy.url());
    project.write("dbmigrate.toml", format!("[targets.other]\nurl = \"{}\"\n", other.url()));
    scene.ends(1, "generate --undo");
    assert!(scene.sent(&scene.token) > 0, "its own server is asked with it");
    let traffic = other.traffic();
    assert!(!traffic.requests.is_empty(), "the other one is asked");
    assert!(traffic.requests.iter().all(|request| !request.head.contains(&scene.token)), "{traffic:?}");
    // a server that may not have its token is not asked with `--offline`, and so needs nobody's agreement
    let pair = format!("[targets.other]\nurl = \"{STRANGER}\"\ntoken_env = \"TURSO_AUTH_TOKEN\"\n");
    project.write("dbmigrate.toml", pair);
    scene.ends(2, "generate --undo --dry-run");
    scene.ends(0, "generate --undo --dry-run --offline");
}

#[test]
fn a_dot_env_that_git_tracks_came_with_the_checkout() {
    let Some(scene) = Scene::new() else { return };
    let project = &scene.project;
    project.write(".env", format!("TURSO_DATABASE_URL={STRANGER}\n"));
    scene.git(&["init", "--quiet"]);
    // somebody's own file
    scene.sends_the_token("migrate");
    scene.git(&["add", ".env"]);
    let run = scene.sends_nothing("migrate");
    assert!(
        run.err.contains("`TURSO_DATABASE_URL` in `.env` names that server, and comes with the checkout"),
        "{}",
        run.err
    );
    scene.sends_nothing("migrate -t production");
    // which it does not only with its own words: it takes the token from the environment
    for text in [
        format!("TURSO_DATABASE_URL={STRANGER}\nTURSO_AUTH_TOKEN=${{SOMETHING}}\n"),
        format!("TURSO_DATABASE_URL={STRANGER}?authToken=${{SOMETHING}}\n"),
        format!("TURSO_DATABASE_URL={STRANGER}/$SOMETHING\n"),
    ] {
        let Some(scene) = Scene::new() else { return };
        scene.project.set("SOMETHING", &scene.token);
        scene.git(&["init", "--quiet"]);
        scene.project.write(".env", &text);
        scene.git(&["add", ".env"]);
        scene.project.write(".env", text);
        scene.sends_nothing("status");
    }
    // what belongs together is sent together
    let Some(scene) = Scene::new() else { return };
    scene.git(&["init", "--quiet"]);
    scene.project.write(".env", format!("DEV_DATABASE_URL={STRANGER}\nDEV_AUTH_TOKEN={}\n", scene.token));
    scene.git(&["add", ".env"]);
    let dev = "[targets.dev]\nurl_env = \"DEV_DATABASE_URL\"\ntoken_env = \"DEV_AUTH_TOKEN\"\n";
    scene.project.write("dbmigrate.toml", dev);
    scene.sends_the_token("migrate -t dev");
}

#[test]
fn a_redirect_takes_neither_token_nor_key_along() {
    let Some(scene) = Scene::new() else { return };
    let other = Proxy::before(scene.server.port());
    let project = &scene.project;
    let table =
        "[targets.live]\nurl_env = \"LIVE_URL\"\ntoken_env = \"TURSO_AUTH_TOKEN\"\nencryption_key_env = \"LIVE_KEY\"\n";
    project.write("dbmigrate.toml", table);
    project.set("LIVE_URL", &scene.proxy.url());
    project.set("LIVE_KEY", KEY);
    scene.proxy.reset();
    scene.proxy.fail_from(0, Fault { delivered: Delivered::Nothing, answer: Answer::Moved(other.port()) });
    let run = project.ends(1, "migrate -t live");
    assert!(run.err.contains("redirects") && run.err.contains("not followed"), "{}", run.err);
    assert_eq!(other.traffic().connections, 0);
}

#[test]
fn the_encryption_key_goes_where_the_token_goes() {
    let Some(scene) = Scene::new() else { return };
    let project = &scene.project;
    let table = |url: &str| {
        project.write(
            "dbmigrate.toml",
            format!("[targets.live]\n{url}\ntoken_env = \"TURSO_AUTH_TOKEN\"\nencryption_key_env = \"LIVE_KEY\"\n"),
        );
    };
    let header = format!("x-turso-encryption-key: {KEY}");
    project.set("LIVE_URL", &scene.proxy.url());
    table("url_env = \"LIVE_URL\"");
    let run = scene.ends(2, "migrate -t live");
    assert!(run.err.contains("target `live` has no encryption key: `LIVE_KEY` is not set"), "{}", run.err);
    project.set("LIVE_KEY", " ");
    let run = scene.ends(2, "migrate -t live");
    assert!(run.err.contains("`LIVE_KEY` is set, but blank: it has no key"), "{}", run.err);
    project.set("LIVE_KEY", KEY);
    scene.sends_the_token("migrate -t live");
    let traffic = scene.proxy.traffic();
    assert!(traffic.requests.iter().all(|request| request.head.to_lowercase().contains(&header.to_lowercase())));
    // not to the others
    project.set("TURSO_DATABASE_URL", &scene.proxy.url());
    scene.ends(0, "status");
    assert_eq!(scene.sent(KEY), 0);
    // nor where a checkout wants it, without anybody's word
    table(&format!("url = \"{STRANGER}\""));
    scene.sends_nothing("status -t live");
    let alone = format!("[targets.live]\nurl = \"{STRANGER}\"\nencryption_key_env = \"LIVE_KEY\"\n");
    project.write("dbmigrate.toml", alone);
    scene.sends_nothing("status -t live");
}

#[test]
fn a_protected_server_is_asked_once_more_and_only_then() {
    let Some(scene) = Scene::new() else { return };
    let project = &scene.project;
    project.set("TURSO_DATABASE_URL", &scene.proxy.url());
    let run = scene.ends(3, "migrate -t production");
    assert!(run.err.contains("target `production` is protected"), "{}", run.err);
    assert_eq!(applied(&Hand::new(scene.server.url()).with_token(&scene.token)), [""; 0]);
    scene.git(&["init", "--quiet"]);
    scene.git(&["add", "--all", "."]);
    scene.git(&["commit", "--quiet", "-m", "x"]);
    scene.sends_the_token("migrate -t production");
    let traffic = scene.proxy.traffic();
    assert!(traffic.requests.len() <= 4 && traffic.connections == 1, "{traffic:?}");
    scene.ends(0, "migrate -t production");
    let traffic = scene.proxy.traffic();
    assert!(traffic.requests.len() <= 2 && traffic.connections == 1, "{traffic:?}");
    scene.ends(0, "migrate -t production --yes");
    assert_eq!(scene.proxy.requests(), 1);
}
