//! Tools that people migrated with before this one, and what it takes to go on from there: a file for each of them.
//!
//! [`tool::Tool`] is what a tool is: how its folder is recognized, which migrations are in it, what its table says of a
//! database. [`found`] finds out which one it is. [`convert`] makes our SQL of a tool's, [`compare`] finds out what of a
//! folder a database has.

pub(crate) mod about;
mod alembic;
pub(crate) mod argument;
pub(crate) mod compare;
pub(crate) mod convert;
mod dbmate;
mod diesel;
mod directories;
mod drizzle;
mod folder;
pub(crate) mod found;
mod geni;
mod golang_migrate;
mod listing;
mod literals;
mod named;
mod prisma;
mod rails;
pub(crate) mod recorded;
mod refinery;
mod rusqlite;
mod sea_orm;
mod settings;
mod sql;
mod sqlx;
mod text;
pub(crate) mod tool;
mod user_version;
mod warning;
mod wrangler;

pub(crate) use folder::{Down, Entry, ToolFolder};
pub(crate) use tool::Tool;
pub(crate) use warning::Warning;

/// All of them. Where nothing else decides, the first one that fits is taken.
pub(crate) static TOOLS: [&dyn Tool; 14] = [
    &sqlx::Sqlx,
    &diesel::Diesel,
    &refinery::Refinery,
    &rusqlite::Rusqlite,
    &sea_orm::SeaOrm,
    &geni::Geni,
    &dbmate::Dbmate,
    &golang_migrate::GolangMigrate,
    &drizzle::Drizzle,
    &prisma::Prisma,
    &wrangler::Wrangler,
    &alembic::Alembic,
    &rails::Rails,
    &sql::Sql,
];

/// The tool of a name, in whichever way it is written.
pub(crate) fn by_name(name: &str) -> Option<&'static dyn Tool> {
    let plain = |name: &str| name.to_ascii_lowercase().replace(['-', '_', ' '], "");
    let is_it = |tool: &&&'static dyn Tool| {
        let about = tool.about();
        about.aliases.iter().chain([&about.name]).any(|known| plain(known) == plain(name))
    };
    TOOLS.iter().find(is_it).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tool_has_a_name_of_its_own_that_the_history_knows() {
        for (at, tool) in TOOLS.iter().enumerate() {
            let about = tool.about();
            assert!(dbmigrate_core::engine::tools::tool(about.name).is_some(), "{}", about.name);
            for word in about.aliases.iter().chain([&about.name]) {
                let found = by_name(word).map(|found| found.about().name);
                assert_eq!(found, Some(about.name), "{word} of {at}");
            }
        }
        assert!(by_name("mysqltool").is_none());
    }
}
