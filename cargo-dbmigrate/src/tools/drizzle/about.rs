//! The names of drizzle-kit, and what is said of it.

use crate::tools::about::{About, Marks};

pub(super) const ABOUT: About = About {
    name: "drizzle",
    aliases: &["drizzle-kit", "drizzle-orm"],
    folders: &["drizzle"],
    marks: Marks { files: &["drizzle.config.ts", "drizzle.config.js", "drizzle.config.json"], crates: &[] },
    table: Some("__drizzle_migrations"),
    apply: Some("npx drizzle-kit migrate"),
    unrecorded: Some("drizzle-kit push"),
    folder_help: "pass the folder that `drizzle.config.ts` has as `out`: `cargo dbmigrate pull --from drizzle=DIR`",
};
