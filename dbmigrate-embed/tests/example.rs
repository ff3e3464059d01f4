//! The example with axum, which is a workspace of its own.

use std::path::Path;
use std::process::Command;

#[test]
#[ignore = "compiles axum, tokio and the engine once more, and downloads the first two"]
fn two_instances_of_the_example_start_at_once() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/axum");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["test", "--locked", "--target-dir"]).arg(Path::new(env!("CARGO_TARGET_TMPDIR")).join("axum"));
    // what cargo says of this package is not for that one
    let output = command.env_remove("CARGO_MANIFEST_DIR").current_dir(example).output().expect("cargo can be started");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("test both_serve_what_one_of_them_has_migrated ... ok"), "{said}");
}
