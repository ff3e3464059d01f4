//! How the binary of development is linked; it is not in what is published.
//!
//! Tests start it thousands of times. It is two hundred thousand addresses that the loader has to write into pages of
//! each process, unless the linker has done so: that is a third of what a short command costs.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let variable = |name: &str| std::env::var(name).unwrap_or_default();
    let is_debug = variable("PROFILE") == "debug";
    if is_debug && variable("CARGO_CFG_TARGET_OS") == "linux" && variable("CARGO_CFG_TARGET_ENV") == "gnu" {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
}
