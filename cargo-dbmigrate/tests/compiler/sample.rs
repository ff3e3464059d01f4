//! The sample application, edited as people edit: each edit is an error on the field that was edited, and none once the
//! migration is made.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::lanes::Lane;
use crate::workspace::{HEAD, cargo_in, repository, said};

const MANIFEST: &str = r#"[package]
name = "NAME"
version = "0.1.0"
edition = "2024"

[features]
beta = []

[dependencies]
dbmigrate-rs = { path = "FACADE" }
dbmigrate-macros = { path = "FACADE/dbmigrate-macros" }

[profile.dev]
debug = false

[workspace]
"#;

/// What the compiler points at.
struct Edit {
    /// What is done, in words.
    title: &'static str,
    /// The file in `src/schema`, what stands there, and what takes its place.
    changes: &'static [(&'static str, &'static str, &'static str)],
    /// The line that the error is on.
    line: &'static str,
    /// What the error says.
    says: &'static str,
    /// What `generate` has to be told.
    arguments: &'static [&'static str],
}

const fn edit(
    title: &'static str,
    changes: &'static [(&'static str, &'static str, &'static str)],
    line: &'static str,
    says: &'static str,
    arguments: &'static [&'static str],
) -> Edit {
    Edit { title, changes, line, says, arguments }
}

const EDITS: &[Edit] = &[
    edit(
        "a field is new",
        &[("users.rs", "pub locale: String,", "pub locale: String,\n    pub pronouns: Option<String>,")],
        "pub pronouns: Option<String>,",
        "`users` has no column `pronouns`",
        &[],
    ),
    edit(
        "a field is gone",
        &[(
            "users.rs",
            "    #[column(default_sql = \"unixepoch()\")]\n    pub created_at: UnixTime,\n    pub expires_at",
            "    pub expires_at",
        )],
        "pub struct Session {",
        "`sessions` has a column `created_at`",
        &["--accept", "drop_column:sessions.created_at"],
    ),
    edit(
        "a field is called differently",
        &[(
            "content.rs",
            "pub body: String,\n    #[column(default_sql = \"unixepoch()\")]\n    pub created_at: UnixTime,\n}\n\n/// What the public",
            "pub text: String,\n    #[column(default_sql = \"unixepoch()\")]\n    pub created_at: UnixTime,\n}\n\n/// What the public",
        )],
        "pub text: String,",
        "`comments` has no column `text` as of migration `0019_split_email_templates`, and its column `body`",
        &["--rename", "comments.body=text"],
    ),
    edit(
        "a column becomes nullable",
        &[("users.rs", "pub given_name: String", "pub given_name: Option<String>")],
        "pub given_name: Option<String>,",
        "`given_name` is `Option<String>` (TEXT, nullable) here, but NOT NULL",
        &[],
    ),
    edit(
        "a column is no longer nullable",
        &[
            ("content.rs", "pub author_id: Option<UserId>,\n    pub body", "pub author_id: UserId,\n    pub body"),
            ("content.rs", "references = User::id, on_delete = set_null, index", "references = User::id, index"),
        ],
        "pub author_id: UserId,",
        "`author_id` is `UserId` (INTEGER, NOT NULL) here, but nullable",
        &["--backfill", "comments.author_id=1"],
    ),
    edit(
        "the inner type of a newtype changes",
        &[
            ("flags.rs", "pub share: f64", "pub share: Share"),
            ("flags.rs", "/// A switch.", "#[derive(ColumnType)]\npub struct Share(String);\n\n/// A switch."),
            ("flags.rs", "default = 0.0, check", "default = \"0\", check"),
        ],
        "pub share: Share,",
        "`share` is `Share` (TEXT, NOT NULL) here, but REAL",
        &["--accept", "lossy_conversion:feature_flags.share"],
    ),
    edit(
        "the check of a newtype changes",
        &[("types.rs", "{} NOT LIKE '% %'", "length({}) < 255")],
        "pub email: Email,",
        "`email` has CHECK (email LIKE '_%@_%' AND length(email) < 255) by its type here, but CHECK (email LIKE '_%@_%' AND email NOT LIKE '% %')",
        &[],
    ),
    edit(
        "an enum has another variant",
        &[("content.rs", "    Archived,\n", "    Archived,\n    Deleted,\n")],
        "pub state: PostState,",
        "'archived', 'deleted')) by its type here",
        &[],
    ),
    edit(
        "a default changes",
        &[("users.rs", "default = \"en\"", "default = \"de\"")],
        "#[column(default = \"de\")]",
        "`locale` has DEFAULT 'de' here, but DEFAULT 'en'",
        &[],
    ),
    edit(
        "a default becomes a const of another value",
        &[
            ("flags.rs", "default = false", "default = IS_ON"),
            ("flags.rs", "/// A switch.", "pub const IS_ON: bool = true;\n\n/// A switch."),
        ],
        "#[column(default = IS_ON)]",
        "`is_on` has the default `IS_ON` here, but FALSE",
        &[],
    ),
    edit(
        "an index is new",
        &[("users.rs", "    pub expires_at: UnixTime,", "    #[column(index)]\n    pub expires_at: UnixTime,")],
        "#[column(index)]",
        "`sessions` has INDEX sessions_expires_at_idx ON sessions (expires_at) here, but not",
        &[],
    ),
    edit(
        "the condition of an index changes",
        &[("users.rs", "where = \"last_seen_at IS NOT NULL\"", "where = \"last_seen_at > 0\"")],
        "#[column(index(where = \"last_seen_at > 0\"))]",
        "WHERE last_seen_at > 0 here, but INDEX users_last_seen_at_idx ON users (last_seen_at) WHERE last_seen_at IS NOT NULL",
        &[],
    ),
    edit(
        "a foreign key has another action",
        &[(
            "users.rs",
            "references = User::id, on_delete = cascade, index",
            "references = User::id, on_delete = restrict, index",
        )],
        "#[column(references = User::id, on_delete = restrict, index)]",
        "ON DELETE RESTRICT here, but FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE",
        &[],
    ),
    edit(
        "a foreign key is new",
        &[(
            "content.rs",
            "pub body: String,\n    #[column(default_sql = \"unixepoch()\")]\n    pub created_at: UnixTime,\n}\n\n/// What the public",
            "#[column(references = Comment::id)]\n    pub reply_to: Option<i64>,\n    pub body: String,\n    #[column(default_sql = \"unixepoch()\")]\n    pub created_at: UnixTime,\n}\n\n/// What the public",
        )],
        "pub reply_to: Option<i64>,",
        "`comments` has no column `reply_to`",
        &[],
    ),
    edit(
        "a check changes",
        &[(
            "content.rs",
            "state <> 'published' OR published_at IS NOT NULL",
            "state = 'draft' OR published_at IS NOT NULL",
        )],
        "#[column(check(published_has_a_time, \"state = 'draft' OR published_at IS NOT NULL\"))]",
        "CONSTRAINT published_has_a_time CHECK (state = 'draft'",
        &[],
    ),
    edit(
        "a table is no longer strict",
        &[("users.rs", "name = \"users\", strict,", "name = \"users\",")],
        "pub struct User {",
        "`users` has STRICT as of migration",
        &[],
    ),
    edit(
        "the text of a view changes",
        &[("content.rs", "WHERE posts.state = 'published'", "WHERE posts.state <> 'draft'")],
        "query = \"SELECT posts.id",
        "view `published_posts` has another query",
        &[],
    ),
    edit(
        "a trigger is gone",
        &[(
            "content.rs",
            "    trigger(\n        posts_search_delete,\n        after = delete,\n        body = \"INSERT INTO posts_search (posts_search, rowid, title, body)\n                VALUES ('delete', OLD.id, OLD.title, OLD.body);\"\n    ),\n",
            "",
        )],
        "pub struct Post {",
        "`posts` has trigger `posts_search_delete` as of migration",
        &[],
    ),
    edit(
        "a column behind a cfg is new",
        &[(
            "users.rs",
            "pub locale: String,",
            "pub locale: String,\n    #[cfg(not(feature = \"beta\"))]\n    pub theme: Option<String>,\n    #[cfg(feature = \"beta\")]\n    pub palette: Option<String>,",
        )],
        "pub theme: Option<String>,",
        "`users` has no column `theme`",
        &[],
    ),
    edit(
        "a struct is gone",
        &[(
            "content.rs",
            "/// What the public site shows.\n#[derive(View)]",
            "/// What the public site shows.\n#[cfg(any())]\n#[derive(View)]",
        )],
        "embed_migrations!",
        "no struct declares view `published_posts`",
        &[],
    ),
    edit(
        "a table is new",
        &[(
            "types.rs",
            "use dbmigrate::ColumnType;\n",
            "use dbmigrate::ColumnType;\n\n#[derive(dbmigrate::Table)]\npub struct Holiday {\n    pub day: i64,\n}\n",
        )],
        "pub struct Holiday {",
        "no migration creates table `holiday`",
        &[],
    ),
];

/// A copy of the sample application as a package of its own, with its migrations.
struct Sample {
    /// Its package. Cargo takes packages of one name for one, wherever they are.
    name: &'static str,
    root: PathBuf,
    lane: Lane,
}

impl Sample {
    fn new(name: &'static str) -> Self {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        if root.exists() {
            std::fs::remove_dir_all(&root).expect("the folder is ours");
        }
        let sample = Self { name, root, lane: Lane::new() };
        let repository = repository();
        copy(&repository.join("examples/saas/schema"), &sample.root.join("src/schema"));
        copy(&repository.join("migrations"), &sample.root.join("migrations"));
        std::fs::copy(repository.join("Cargo.lock"), sample.root.join("Cargo.lock")).expect("it can be copied");
        sample
            .write("Cargo.toml", &MANIFEST.replace("NAME", name).replace("FACADE", &repository.display().to_string()));
        let runner = "pub mod facade {\n    pub use dbmigrate::__private;\n    pub struct Migrations;\n    impl Migrations {\n        \
                      pub const fn __embedded(_: &str, _: &str, _: &[&str], _: &[&str], _: u64) -> Self {\n            Self\n        }\n    }\n}\n\n\
                      pub static MIGRATIONS: facade::Migrations = dbmigrate_macros::embed_migrations!(crate = crate::facade);\n";
        let head = HEAD.split("\n\n").next().expect("the attributes");
        sample.write("src/lib.rs", &format!("{head}\n\npub mod schema;\n\n{runner}"));
        sample
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.root.join(file);
        std::fs::create_dir_all(path.parent().expect("it has one")).expect("the folder is writable");
        std::fs::write(path, text).expect("the folder is writable");
    }

    /// What the compiler says.
    fn check(&self) -> String {
        let output = cargo_in(self.lane.folder(), &self.root, "check", &[]);
        let said = said(&output).remove(&self.name.replace('-', "_")).unwrap_or_default();
        assert!(output.status.success() || !said.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
        said
    }

    fn generate(&self, arguments: &[&str]) -> Result<(), String> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-dbmigrate"));
        command.args(["generate", "--name", "edited"]).args(arguments).current_dir(&self.root);
        let output = command.env_remove("TURSO_DATABASE_URL").env_remove("CI").output().expect("the binary runs");
        if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
    }

    /// Makes an edit, and undoes it and its migration afterwards.
    fn try_edit(&self, edit: &Edit) -> Result<(), String> {
        for (file, from, to) in edit.changes {
            let path = self.root.join("src/schema").join(file);
            let text = std::fs::read_to_string(&path).expect("the file is there");
            if !text.contains(from) {
                return Err(format!("`{from}` is not in {file}"));
            }
            std::fs::write(path, text.replacen(from, to, 1)).expect("the file is writable");
        }
        let said = self.check();
        let on_line = |line: &str| line.split_once('|').is_some_and(|(_, text)| text.contains(edit.line));
        let result = if !said.contains(edit.says) {
            Err(format!("`{}` is not said:\n{said}", edit.says))
        } else if !said.lines().any(on_line) {
            Err(format!("nothing points to `{}`:\n{said}", edit.line))
        } else {
            self.generate(edit.arguments).and_then(|()| match self.check() {
                said if said.is_empty() => Ok(()),
                said => Err(format!("after the migration:\n{said}")),
            })
        };
        let repository = repository();
        std::fs::remove_dir_all(self.root.join("migrations")).expect("the folder is ours");
        copy(&repository.join("examples/saas/schema"), &self.root.join("src/schema"));
        copy(&repository.join("migrations"), &self.root.join("migrations"));
        result
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("the folder is writable");
    for entry in std::fs::read_dir(from).expect("the folder is readable") {
        let entry = entry.expect("the folder is readable");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            // a new modification time, as an editor leaves it
            let bytes = std::fs::read(entry.path()).expect("the file is readable");
            std::fs::write(target, bytes).expect("the folder is writable");
        }
    }
}

#[test]
fn every_edit_of_the_sample_application_is_an_error_until_its_migration_is_made() {
    let sample = Sample::new("compiler-sample");
    assert_eq!(sample.check(), "");
    let failed = EDITS.iter().filter_map(|edit| {
        let error = sample.try_edit(edit).err()?;
        Some(format!("== {}\n{error}", edit.title))
    });
    let failed: Vec<String> = failed.collect();
    assert!(failed.is_empty(), "{} of {}:\n{}", failed.len(), EDITS.len(), failed.join("\n"));
    assert!(EDITS.len() >= 20);
}

#[test]
fn a_table_that_a_macro_makes_is_an_error_until_it_is_written_out() {
    let sample = Sample::new("compiler-macro");
    let folder = sample.root.join("src/schema/types.rs");
    let text = std::fs::read_to_string(&folder).expect("the file is there");
    let made = "\nmacro_rules! table {\n    ($name:ident) => {\n        #[derive(dbmigrate::Table)]\n        pub struct $name {\n            pub day: i64,\n        }\n    };\n}\ntable!(Holiday);\n";
    sample.write("src/schema/types.rs", &format!("{text}{made}"));
    let said = sample.check();
    assert!(said.contains("no migration creates table `holiday`") && said.contains("does not expand macros"), "{said}");
    sample.generate(&[]).expect("nothing is there to be generated");
    assert_eq!(sample.check(), said, "the subcommand does not see it");
    let written = "\n#[derive(dbmigrate::Table)]\npub struct Holiday {\n    pub day: i64,\n}\n";
    sample.write("src/schema/types.rs", &format!("{text}{written}"));
    sample.generate(&[]).expect("it is there now");
    assert_eq!(sample.check(), "");
}
