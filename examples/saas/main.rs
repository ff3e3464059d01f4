//! The back end of a small SaaS product, as far as its databases go. The default one has what organizations have in
//! common: the tables in `schema/`, their history in `migrations/` beside this package's `Cargo.toml`. Each organization
//! has a database `tenant` of its own: the tables in `tenant/`, their history in `migrations-tenant/`.
//!
//! `cargo run --example saas` lists what is declared, `cargo run --example saas users` writes the query that reads a
//! table or view. With a driver, it reads both kinds of databases: `tenants.rs`.

#![expect(dead_code, unreachable_pub, reason = "the rest of the application, which would use all of it, is not here")]

mod queries;
mod schema;
mod tenant;
#[cfg(all(feature = "libsql", feature = "migrate"))]
mod tenants;

use std::process::ExitCode;

use dbmigrate::{Column, Table, View};
use schema::{audit, auth, billing, content, flags, operations, organizations, reports, saml, users};
use tenant::{projects, tasks};

/// What is known of a table or view without a database.
struct Relation {
    name: &'static str,
    columns: &'static [Column],
}

const fn table<T: Table>() -> Relation {
    Relation { name: T::NAME, columns: T::COLUMNS }
}

const fn view<V: View>() -> Relation {
    Relation { name: V::NAME, columns: V::COLUMNS }
}

/// The parts of the product, in the order in which one would explain it.
const PARTS: [(&str, &[Relation]); 10] = [
    ("Users", &[table::<users::User>(), table::<users::Session>()]),
    (
        "Signing in",
        &[
            table::<auth::Password>(),
            table::<auth::OauthAccount>(),
            table::<auth::SecondFactor>(),
            table::<auth::RecoveryCode>(),
            table::<auth::Passkey>(),
            table::<saml::SamlConnection>(),
            table::<saml::SamlIdentity>(),
            table::<saml::Domain>(),
        ],
    ),
    (
        "Organizations",
        &[
            table::<organizations::Organization>(),
            table::<organizations::Membership>(),
            table::<organizations::Invitation>(),
        ],
    ),
    (
        "Billing",
        &[
            table::<billing::Plan>(),
            table::<billing::Subscription>(),
            table::<billing::Invoice>(),
            table::<billing::InvoiceLine>(),
            table::<billing::ProcessedWebhook>(),
        ],
    ),
    (
        "Content",
        &[
            table::<content::Post>(),
            table::<content::PostSearch>(),
            table::<content::Tag>(),
            table::<content::PostTag>(),
            table::<content::Comment>(),
            view::<content::PublishedPost>(),
        ],
    ),
    (
        "Operations",
        &[
            table::<operations::ApiKey>(),
            table::<operations::File>(),
            table::<operations::Job>(),
            table::<operations::OutgoingEmail>(),
        ],
    ),
    (
        "Flags and settings",
        &[table::<flags::FeatureFlag>(), table::<flags::FeatureOverride>(), table::<flags::NotificationSetting>()],
    ),
    ("Audit", &[table::<audit::AuditEntry>()]),
    ("Reports", &[view::<reports::OrganizationOverview>(), view::<reports::Revenue>()]),
    (
        "In the database of each organization",
        &[
            table::<projects::Project>(),
            table::<tasks::Task>(),
            table::<tasks::TaskComment>(),
            view::<projects::ProjectProgress>(),
        ],
    ),
];

impl Relation {
    /// A line: the name, then each column with its type, `?` where it may be NULL.
    fn summary(&self) -> String {
        let columns = self.columns.iter().map(|column| {
            let mark = if column.nullable { "?" } else { "" };
            format!("{}{mark} {}", column.name, column.sql_type.to_lowercase()).trim_end().to_owned()
        });
        format!("{}: {}", self.name, columns.collect::<Vec<_>>().join(", "))
    }

    /// The query that reads all of its columns, each by its name: one that is added later changes nothing here.
    fn select(&self) -> String {
        let columns: Vec<String> = self.columns.iter().map(|column| quoted(column.name)).collect();
        format!("SELECT {}\nFROM {};", columns.join(", "), quoted(self.name))
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "it is what the program is for")]
fn main() -> ExitCode {
    #[cfg(all(feature = "libsql", feature = "migrate"))]
    if let [_, command, email] = &std::env::args().collect::<Vec<String>>()[..]
        && command == "tasks"
    {
        return tasks_of(email);
    }
    let Some(wanted) = std::env::args().nth(1) else {
        for (part, relations) in &PARTS {
            println!("{part}");
            relations.iter().for_each(|relation| println!("  {}", relation.summary()));
        }
        return ExitCode::SUCCESS;
    };
    let mut relations = PARTS.iter().flat_map(|(_, relations)| *relations);
    if let Some(relation) = relations.find(|relation| relation.name == wanted) {
        println!("{}", relation.select());
        ExitCode::SUCCESS
    } else {
        eprintln!("error: there is no table or view `{wanted}`");
        ExitCode::FAILURE
    }
}

/// Lists what a user has to do, from all databases of organizations that the user is in.
#[cfg(all(feature = "libsql", feature = "migrate"))]
#[expect(clippy::print_stdout, clippy::print_stderr, reason = "it is what the program is for")]
fn tasks_of(email: &str) -> ExitCode {
    let package = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let found = pollster::block_on(async {
        let control = tenants::control(&package.join("dev.db")).await?;
        tenants::Tenants::of(package).assigned_to(&control, email).await
    });
    match found {
        Ok(all) => {
            all.iter().for_each(|one| println!("{}: {}", one.organization, one.task));
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
