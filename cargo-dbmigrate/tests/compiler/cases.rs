//! Every kind of difference, and what rustc says of it. The cases are in `cases/`: what was migrated, and what is
//! written now.

use std::fmt::Write as _;
use std::path::Path;

use crate::workspace::{HEAD, Workspace};

/// A case of `cases/`.
pub(crate) struct Case {
    /// What it is, in words.
    pub(crate) title: String,
    /// `dbmigrate.toml`.
    pub(crate) config: String,
    pub(crate) before: String,
    pub(crate) now: String,
}

impl Case {
    /// The name of its package.
    pub(crate) fn package(&self) -> String {
        self.title.replace([' ', ','], "-")
    }
}

/// The cases of a file.
pub(crate) fn read(theme: &str) -> Vec<Case> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/compiler/cases/{theme}.rs.txt"));
    let text = std::fs::read_to_string(path).expect("the cases are there");
    let mut cases: Vec<Case> = Vec::new();
    let mut is_now = false;
    for line in text.lines() {
        match line.strip_prefix("# ") {
            Some("now") => is_now = true,
            Some(config) if config.contains(" = ") => cases.last_mut().expect("a title").config = format!("{config}\n"),
            Some(title) => {
                is_now = false;
                let (title, config) = (title.to_owned(), String::new());
                cases.push(Case { title, config, before: String::new(), now: String::new() });
            }
            None => {
                let case = cases.last_mut().expect("a title");
                let text = if is_now { &mut case.now } else { &mut case.before };
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    for case in &mut cases {
        case.now = case.now.trim_end().to_owned() + "\n";
    }
    cases
}

/// What rustc says of each case, in their order.
pub(crate) fn check(theme: &str, cases: &[Case]) -> Vec<String> {
    let packages: Vec<String> = cases.iter().map(Case::package).collect();
    let workspace = Workspace::new(&format!("compiler-{theme}"), &packages);
    for (case, package) in cases.iter().zip(&packages) {
        workspace.write(&format!("{package}/src/lib.rs"), &format!("{HEAD}{}", case.before));
        if !case.config.is_empty() {
            workspace.write(&format!("{package}/dbmigrate.toml"), &case.config);
        }
    }
    for (case, package) in cases.iter().zip(&packages) {
        workspace.generate(package, &["--name", "first"]);
        workspace.write(&format!("{package}/src/lib.rs"), &format!("{HEAD}{}", case.now));
    }
    let said = workspace.check(&["--workspace", "--keep-going"]);
    let text = |package: &String| {
        let text = said.get(&package.replace('-', "_")).map_or("", String::as_str);
        text.replace(&format!("{package}/src"), "src").replace(&format!(" -p {package}"), "")
    };
    packages.iter().map(text).collect()
}

/// What rustc says of the cases of a file, as it is stored.
fn stored(theme: &str) -> String {
    let cases = read(theme);
    let said = check(theme, &cases);
    let mut text = String::new();
    for (case, said) in cases.iter().zip(said) {
        let said = if said.is_empty() { "(nothing)\n" } else { said.trim_end() };
        let _ = write!(text, "# {}\n\n{}\n\n", case.title, said.trim_end());
    }
    text
}

macro_rules! themes {
    ($($test:ident: $theme:literal),+ $(,)?) => { $(
        #[test]
        fn $test() {
            insta::assert_snapshot!($theme, stored($theme));
        }
    )+ };
}

themes! {
    a_column_that_differs_is_an_error_on_its_field: "columns",
    a_clause_that_differs_is_an_error_at_the_clause: "clauses",
    a_key_that_differs_is_an_error_at_the_key: "keys",
    an_object_that_differs_is_an_error_at_its_struct: "objects",
    differences_are_warnings_or_nothing_where_the_package_says_so: "warnings",
}
