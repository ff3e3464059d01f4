//! What a program that is started does not get of the environment: where databases are, and their tokens.

use std::process::Command;

use dbmigrate_core::config::{token_variable, url_variable};

use crate::project::Context;

/// How the names of the variables begin that are this tool's, and that of its servers.
const PREFIXES: [&str; 3] = ["DBMIGRATE_", "TURSO_", "LIBSQL_"];

/// Takes out of the environment of a program what it could open a database with.
pub(super) fn clean(command: &mut Command, context: &Context) {
    let config = &context.config;
    let mut secret: Vec<String> = config.token_env.iter().cloned().collect();
    for target in &config.targets {
        let named = [&target.url_env, &target.token_env, &target.encryption_key_env];
        secret.extend(named.into_iter().flatten().cloned());
        secret.extend([url_variable(&target.name), token_variable(&target.name)]);
    }
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if PREFIXES.iter().any(|prefix| text.starts_with(prefix)) || secret.iter().any(|one| *one == text) {
            command.env_remove(&name);
        }
    }
}
