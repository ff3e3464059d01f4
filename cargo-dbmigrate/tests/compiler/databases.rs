//! Packages with several databases: each struct is compared with the migrations of its own.

use crate::workspace::{EMBEDDED, HEAD, Workspace};

const CONFIG: &str = "[databases.tenant]\nstructs = \"crate::tenant\"\n\n[databases.log]\n";

/// The same table in each of three databases: by module, by attribute, by nothing.
const LIB: &str = "pub mod tenant;\n\n#[derive(Table)]\npub struct User {\n    pub email: String,\n}\n\n\
    pub mod log {\n    #[derive(dbmigrate::Table)]\n    #[table(database = \"log\")]\n    pub struct User {\n        pub at: i64,\n    }\n\n    \
    #[derive(dbmigrate::View)]\n    #[view(database = \"log\", query = \"SELECT at FROM user\")]\n    pub struct Latest {\n        pub at: i64,\n    }\n}\n";

const TENANT: &str = "#[derive(dbmigrate::Table)]\npub struct User {\n    pub name: String,\n}\n\npub mod inner {\n    \
    #[derive(dbmigrate::Table)]\n    pub struct Note {\n        pub text: String,\n    }\n}\n";

fn three(name: &str) -> Workspace {
    let package = name.to_owned();
    let workspace = Workspace::new(&format!("compiler-{name}"), std::slice::from_ref(&package));
    workspace.with_macros(&package);
    let of = |database: &str| {
        let one = EMBEDDED.split_once("pub static").expect("it has one").1;
        format!(
            "pub static {}",
            one.replace("MIGRATIONS", &database.to_uppercase()).replace("!(", &format!("!(\"{database}\", "))
        )
    };
    workspace.write(&format!("{name}/src/lib.rs"), &format!("{HEAD}{LIB}{EMBEDDED}{}{}", of("tenant"), of("log")));
    workspace.write(&format!("{name}/src/tenant.rs"), TENANT);
    workspace.write(&format!("{name}/dbmigrate.toml"), CONFIG);
    workspace.generate(name, &["--name", "first"]);
    workspace
}

#[test]
fn each_struct_is_compared_with_the_snapshot_of_its_own_database() {
    let workspace = three("several");
    assert_eq!(workspace.check(&[]).into_iter().collect::<Vec<_>>(), []);
    workspace.replace("several/src/tenant.rs", "name: String", "name: Option<String>");
    workspace.replace("several/src/tenant.rs", "text: String", "text: Option<String>");
    workspace.replace("several/src/lib.rs", "at: i64,\n    }\n\n", "at: Option<i64>,\n    }\n\n");
    let said = workspace.check(&[]).remove("several").unwrap_or_default();
    assert!(said.contains("`name` is `Option<String>`") && said.contains("`text` is `Option<String>`"), "{said}");
    assert!(said.contains("help: `cargo dbmigrate generate -p several --database tenant`"), "{said}");
    assert!(said.contains("help: `cargo dbmigrate generate -p several --database log`"), "{said}");
    assert_eq!(said.matches("as of migration `0001_first`").count(), 3, "{said}");
    workspace.generate("several", &["--name", "second"]);
    assert_eq!(workspace.check(&[]).into_iter().collect::<Vec<_>>(), []);
    // a struct that is gone is missed where its own database is embedded
    workspace.replace("several/src/tenant.rs", "#[derive(dbmigrate::Table)]\n    pub struct Note", "pub struct Note");
    let said = workspace.check(&[]).remove("several").unwrap_or_default();
    assert!(said.contains("no struct declares table `note`") && said.contains("--database tenant"), "{said}");
}

#[test]
fn what_leads_to_another_database_is_an_error_at_its_place() {
    let workspace = three("across");
    workspace.replace(
        "across/src/tenant.rs",
        "pub text: String",
        "#[column(references = crate::User::email)]\n        pub text: String",
    );
    workspace.replace(
        "across/src/lib.rs",
        "database = \"log\")]\n    pub struct User",
        "database = \"lag\")]\n    pub struct User",
    );
    let said = workspace.check(&[]).remove("across").unwrap_or_default();
    assert!(
        said.contains("`User` is not in the database `tenant`: a foreign key cannot refer to another database"),
        "{said}"
    );
    assert!(said.contains("^^^^^ evaluation of `tenant::inner::_::check::_` failed here"), "{said}");
    assert!(
        said.contains("no database named `lag` in `dbmigrate.toml`") && said.contains("did you mean `log`?"),
        "{said}"
    );
    // a table by its name
    workspace.replace("across/src/tenant.rs", "references = crate::User::email", "references = \"latest(at)\"");
    workspace.replace("across/src/lib.rs", "database = \"lag\")]", "database = \"log\")]");
    workspace.replace("across/src/lib.rs", "pub struct User {\n    pub email", "pub struct Person {\n    pub email");
    let (code, said) = workspace.try_generate("across", &["--database", "tenant"]).expect_err("it is refused");
    assert!(code == 1 && said.contains("`latest`"), "{said}");
}

#[test]
fn a_struct_whose_file_does_not_tell_its_module_has_to_name_its_database() {
    let workspace = three("elsewhere");
    workspace.write("elsewhere/src/other.rs", TENANT);
    workspace.replace("elsewhere/src/lib.rs", "pub mod tenant;", "#[path = \"other.rs\"]\npub mod tenant;");
    let said = workspace.check(&[]).remove("elsewhere").unwrap_or_default();
    let wanted = "`User` is in the module `crate::tenant`, but its file is not where that module's files are";
    assert!(
        said.contains(wanted) && said.contains("help: name its database: `#[table(database = \"tenant\")]`"),
        "{said}"
    );
    for struct_ in ["pub struct User", "    pub struct Note"] {
        workspace.replace("elsewhere/src/other.rs", struct_, &format!("#[table(database = \"tenant\")]\n{struct_}"));
    }
    assert_eq!(workspace.check(&[]).into_iter().collect::<Vec<_>>(), []);
}
