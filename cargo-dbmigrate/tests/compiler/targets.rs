//! Which crates are compared, and that what the derives expand to is at home everywhere.

use crate::workspace::{HEAD, Workspace, repository};

const USER: &str = "#[derive(Table)]\npub struct User {\n    pub email: String,\n}\n";

/// A struct that no migration knows, for a crate that is not read.
const OWN: &str = "#![allow(dead_code)]\n#[derive(dbmigrate::Table)]\nstruct Own {\n    id: i64,\n}\n";

fn one(name: &str) -> (Workspace, String) {
    let package = name.to_owned();
    let workspace = Workspace::new(&format!("compiler-{name}"), std::slice::from_ref(&package));
    workspace.write(&format!("{name}/src/lib.rs"), &format!("{HEAD}{USER}"));
    workspace.generate(name, &["--name", "first"]);
    (workspace, package)
}

#[test]
fn tests_examples_benches_and_build_scripts_may_have_structs_of_their_own() {
    let (workspace, package) = one("beside");
    let lib = format!(
        "{HEAD}{USER}\n/// ```\n/// #[derive(dbmigrate::Table)]\n/// struct InDocs {{\n///     id: i64,\n/// }}\n/// ```\npub struct Documented;\n\n\
         #[cfg(test)]\nmod tests {{\n    #[derive(dbmigrate::Table)]\n    struct InTest {{\n        id: i64,\n    }}\n}}\n"
    );
    workspace.write(&format!("{package}/src/lib.rs"), &lib);
    let main = format!("{OWN}fn main() {{}}\n");
    workspace.write(&format!("{package}/tests/t.rs"), OWN);
    workspace.write(&format!("{package}/examples/e.rs"), &main);
    workspace.write(&format!("{package}/examples/f/main.rs"), &main);
    workspace.write(&format!("{package}/benches/b.rs"), &main);
    workspace.write(&format!("{package}/build.rs"), &main);
    let manifest = workspace.read(&format!("{package}/Cargo.toml"));
    let benched =
        "\n[build-dependencies]\ndbmigrate-rs = { workspace = true }\n\n[[bench]]\nname = \"b\"\nharness = false\n";
    workspace.write(&format!("{package}/Cargo.toml"), &format!("{manifest}{benched}"));
    let (is_right, said) = workspace.cargo("check", &["--all-targets"]);
    assert!(is_right, "{said:?}");
    // and what is compared still is
    workspace.replace(&format!("{package}/src/lib.rs"), "email: String", "email: i64");
    let (is_right, said) = workspace.cargo("check", &["--all-targets", "--keep-going"]);
    assert!(!is_right && said["beside"].contains("`email` is `i64`"), "{said:?}");
}

#[test]
fn the_structs_of_binaries_are_compared() {
    let (workspace, package) = one("binaries");
    workspace.write(&format!("{package}/src/bin/tool.rs"), &format!("{OWN}fn main() {{}}\n"));
    let said = workspace.check(&[]);
    assert!(said["tool"].contains("no migration creates table `own`"), "{said:?}");
    workspace.generate(&package, &["--name", "second"]);
    assert!(workspace.check(&[]).is_empty());
}

#[test]
fn with_a_root_only_that_crate_is_compared() {
    let (workspace, package) = one("rooted");
    workspace.write(&format!("{package}/dbmigrate.toml"), "root = \"examples/e.rs\"\n");
    workspace.write(&format!("{package}/examples/e.rs"), &format!("{OWN}fn main() {{}}\n"));
    workspace.replace(&format!("{package}/src/lib.rs"), "email: String", "email: i64");
    let (is_right, said) = workspace.cargo("check", &["--examples"]);
    assert!(!is_right && said.keys().eq(["e"]), "{said:?}");
    assert!(said["e"].contains("no migration creates table `own`"), "{said:?}");
}

#[test]
fn crates_are_told_by_what_the_manifest_says_of_their_paths() {
    let (workspace, package) = one("paths");
    let manifest = workspace.read(&format!("{package}/Cargo.toml"));
    // libraries and binaries in places of others, and others in places of theirs
    let targets = "
[lib]
path = \"../paths-beside/lib.rs\"

[[bin]]
name = \"tool\"
path = \"examples/tool.rs\"

[[example]]
name = \"demo\"
path = \"src/demo.rs\"

[[bench]]
name = \"measured\"
path = \"src/measured.rs\"
harness = false
";
    workspace.write(
        &format!("{package}/Cargo.toml"),
        &format!("{}{targets}", manifest.replace("edition", "autoexamples = false\nedition")),
    );
    workspace.write("paths-beside/lib.rs", &format!("{HEAD}{USER}"));
    let main = format!("{OWN}fn main() {{}}\n");
    workspace.write(&format!("{package}/examples/tool.rs"), "fn main() {}\n");
    workspace.write(&format!("{package}/src/demo.rs"), &main);
    workspace.write(&format!("{package}/src/measured.rs"), &main);
    let (is_right, said) = workspace.cargo("check", &["--all-targets"]);
    assert!(is_right && said.is_empty(), "{said:?}");
    workspace.write(&format!("{package}/examples/tool.rs"), &main);
    assert!(workspace.check(&[])["tool"].contains("no migration creates table `own`"));
    workspace.replace("paths-beside/lib.rs", "email: String", "email: i64");
    assert!(workspace.check(&["--lib"])["paths"].contains("`email` is `i64`"));
}

#[cfg(unix)]
#[test]
fn a_source_folder_that_is_a_link_is_still_the_packages() {
    let (workspace, package) = one("linked");
    let (source, link) = (workspace.path("linked-beside"), workspace.path(&format!("{package}/src")));
    let _ = std::fs::remove_dir_all(&source);
    std::fs::rename(&link, &source).expect("the folder is ours");
    std::os::unix::fs::symlink(&source, &link).expect("the folder is writable");
    assert!(workspace.check(&[]).is_empty());
    workspace.write("linked-beside/lib.rs", &format!("{HEAD}{}", USER.replace("email: String", "email: i64")));
    assert!(workspace.check(&[])["linked"].contains("`email` is `i64`"));
}

#[test]
fn the_command_that_helps_names_the_features() {
    let (workspace, package) = one("featured");
    let manifest = workspace.read(&format!("{package}/Cargo.toml"));
    let features = "\n[features]\ndefault = [\"plain\"]\nplain = []\nfull = [\"extra\"]\nextra = []\n";
    workspace.write(&format!("{package}/Cargo.toml"), &format!("{manifest}{features}"));
    let user = USER.replace("pub email", "#[cfg(feature = \"extra\")]\n    pub age: Option<i64>,\n    pub email");
    workspace.write(&format!("{package}/src/lib.rs"), &format!("{HEAD}{user}"));
    assert!(workspace.check(&[]).is_empty());
    let said = workspace.check(&["--features", "full"]);
    assert!(said["featured"].contains("help: `cargo dbmigrate generate -p featured -F full`"), "{said:?}");
    workspace.generate(&package, &["-F", "full", "--name", "second"]);
    assert!(workspace.check(&["--features", "full"]).is_empty());
    let said = workspace.check(&["--no-default-features"]);
    assert!(said["featured"].contains("generate -p featured --no-default-features`"), "{said:?}");
}

#[test]
fn two_structs_for_one_table_are_an_error_on_the_second() {
    let (workspace, package) = one("twice");
    let second = "pub mod other {\n    #[derive(dbmigrate::Table)]\n    #[table(name = \"USER\")]\n    pub struct Person {\n        pub email: String,\n    }\n}\n";
    workspace.write(&format!("{package}/src/lib.rs"), &format!("{HEAD}{USER}{second}"));
    let said = workspace.check(&[]);
    assert!(said["twice"].contains("two structs declare `USER`: `User` and `Person`"), "{said:?}");
}

#[test]
fn a_field_that_nobody_reads_is_still_dead_code() {
    let (workspace, package) = one("dead");
    let table = USER.replace("#[derive(Table)]", "#[derive(dbmigrate::Table)]\n#[table(name = \"people\")]");
    let main = "fn main() {\n    let _ = people::User { email: String::new() };\n}\n";
    workspace.write(&format!("{package}/src/main.rs"), &format!("mod people {{\n{table}}}\n\n{main}"));
    workspace.generate(&package, &["--name", "second"]);
    let said = workspace.check(&[]);
    assert!(said.get("dead").is_some_and(|said| said.contains("field `email` is never read")), "{said:?}");
}

#[test]
fn a_package_without_migrations_is_not_concerned() {
    let packages = ["plain".to_owned()];
    let workspace = Workspace::new("compiler-plain", &packages);
    workspace.write("plain/src/lib.rs", &format!("{HEAD}{USER}"));
    // the folder of another tool
    workspace.write("plain/migrations/20200101_users/up.sql", "CREATE TABLE users (id);");
    assert!(workspace.check(&[]).is_empty());
    // and one that has none yet
    std::fs::remove_dir_all(workspace.path("plain/migrations")).expect("it is there");
    workspace.write("plain/dbmigrate.toml", "migrations = \"db\"\n");
    workspace.write("plain/src/lib.rs", &format!("{HEAD}{USER}\n"));
    assert!(workspace.check(&[]).is_empty());
}

#[test]
fn the_expansion_is_hygienic_and_lints_have_nothing_against_it() {
    let packages = ["hygienic".to_owned()];
    let workspace = Workspace::new("compiler-hygienic", &packages);
    let facade = format!("renamed = {{ package = \"dbmigrate-rs\", path = {:?} }}", repository());
    workspace.replace("hygienic/Cargo.toml", "dbmigrate-rs = { workspace = true }", &facade);
    let code = "#![no_implicit_prelude]
#![warn(clippy::pedantic, rust_2018_idioms, missing_docs, unreachable_pub, unused)]
//! A crate that has names of its own for what macros may think is theirs.

use ::renamed as db;

/// Not the one of std.
#[derive(::core::marker::Copy, ::core::clone::Clone, db::ColumnType)]
#[column_type(crate = ::renamed, check = \"{} > 0\")]
pub struct String(pub i64);

/// Neither.
pub enum Option {
    /// Nor this.
    Some,
    /// Nor this.
    None,
}

/// A rank.
pub const RANK: i64 = 1;

/// A table.
#[derive(db::Table)]
#[table(crate = ::renamed, name = \"users\")]
pub struct User<'a> {
    /// Its key.
    #[column(primary_key)]
    pub id: i64,
    /// Its name.
    pub name: &'a str,
    /// Another.
    pub other: String,
    /// A rank.
    #[column(default = RANK)]
    pub rank: i64,
    /// Somebody else.
    #[column(references = User::id)]
    pub friend: ::core::option::Option<i64>,
    /// An address.
    #[column(type = \"TEXT\")]
    pub address: ::core::option::Option<::std::net::IpAddr>,
}

/// A view.
#[derive(db::View)]
#[view(crate = ::renamed, name = \"names\", query = \"SELECT name FROM users\")]
pub struct Names {
    /// A name.
    pub name: ::std::string::String,
}
";
    workspace.write("hygienic/src/lib.rs", code);
    workspace.generate("hygienic", &["--name", "first"]);
    assert_eq!(workspace.check(&[]).into_iter().collect::<Vec<_>>(), []);
    assert_eq!(workspace.cargo("clippy", &[]).1.into_iter().collect::<Vec<_>>(), []);
    workspace.write("hygienic/dbmigrate.toml", "compile_check = \"warn\"\n");
    assert_eq!(workspace.cargo("clippy", &[]).1.into_iter().collect::<Vec<_>>(), []);
}

#[test]
fn a_crate_may_forbid_what_expansions_like_to_allow() {
    let packages = ["forbidding".to_owned()];
    let workspace = Workspace::new("compiler-forbidding", &packages);
    let code =
        "#![forbid(warnings, unused, dead_code, missing_docs, unreachable_pub, unused_lifetimes, single_use_lifetimes)]
#![forbid(nonstandard_style, clippy::all, clippy::pedantic)]
//! A strict crate.

use dbmigrate::{ColumnType, Table, View};

/// A number.
#[derive(Debug, Clone, Copy, ColumnType)]
pub struct Cents(pub i64);

/// A rank.
pub const RANK: i64 = 1;

/// A table that is on its way out.
#[deprecated]
#[derive(Debug, Clone, Copy, Table)]
pub struct Old {
    /// Its key.
    pub id: i64,
    /// A price.
    #[deprecated]
    pub price: Cents,
}

/// A table.
#[derive(Debug, Clone, Copy, Table)]
pub struct User<'a> {
    /// Its key.
    #[column(primary_key)]
    pub id: i64,
    /// Its name.
    pub name: &'a str,
    /// A price.
    pub price: Cents,
    /// A rank.
    #[column(default = RANK)]
    pub rank: i64,
    /// Text.
    #[column(type = \"TEXT\")]
    pub text: Option<&'a str>,
    /// Somebody else.
    #[column(references = User::id)]
    pub friend: Option<i64>,
}

/// A view.
#[derive(Debug, Clone, Copy, View)]
#[view(query = \"SELECT id FROM user\")]
pub struct Ids {
    /// A key.
    pub id: i64,
}
";
    workspace.write("forbidding/src/lib.rs", code);
    workspace.generate("forbidding", &["--name", "first"]);
    for level in ["error", "warn"] {
        workspace.write("forbidding/dbmigrate.toml", &format!("compile_check = \"{level}\"\n"));
        assert_eq!(workspace.cargo("clippy", &[]).1.into_iter().collect::<Vec<_>>(), [], "{level}");
    }
}
