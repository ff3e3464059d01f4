//! `fleet` of `[targets.NAME]`: where the members of a fleet come from, which are databases with one and the same schema.

use std::path::PathBuf;

/// What stands for the name of a member in the address of its server.
pub const NAME_PLACEHOLDER: &str = "{name}";

/// The names of the fields of a fleet. Of those before [`FLEET_BESIDE`], there is one.
pub const FLEET_FIELDS: [&str; 8] =
    ["files", "list", "command", "query", "folder", "turso", FLEET_BESIDE[0], FLEET_BESIDE[1]];

/// The fields that say more of another one: the target that is queried, and the server that has the namespaces.
pub const FLEET_BESIDE: [&str; 2] = ["target", "namespaces"];

/// Where the members of a fleet come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fleet {
    /// Who knows them.
    pub source: FleetSource,
    /// The address of a server whose namespaces they are: with [`NAME_PLACEHOLDER`] where the name stands, else it
    /// stands in the path, as in `http://localhost:8080/dev/acme`. Those that have a URL of their own do without.
    pub namespaces: Option<String>,
}

impl Fleet {
    /// The URL of the namespace of that name, if the members are namespaces.
    pub fn namespace(&self, name: &str) -> Option<String> {
        let address = self.namespaces.as_deref()?;
        Some(match address.contains(NAME_PLACEHOLDER) {
            true => address.replace(NAME_PLACEHOLDER, name),
            false => format!("{}/dev/{name}", address.trim_end_matches('/')),
        })
    }
}

/// Who knows the members of a fleet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FleetSource {
    /// Files whose paths match a pattern, relative to the package.
    Files(String),
    /// A file, relative to the package, with URLs: one a line, or JSON.
    List(PathBuf),
    /// A program and its arguments, which prints the same; it is started in the package.
    Command(Vec<String>),
    /// A query on another target: the columns `url` and `name`, and labels.
    Query {
        /// The query.
        sql: String,
        /// The name of the target.
        target: String,
    },
    /// The data folder of a libSQL server, relative to the package: it has a folder for each namespace.
    Folder(PathBuf),
    /// A group of Turso Cloud.
    Turso {
        /// The organization.
        organization: String,
        /// The group.
        group: String,
    },
}

impl FleetSource {
    /// Its field.
    pub fn field(&self) -> &'static str {
        match self {
            Self::Files(_) => "files",
            Self::List(_) => "list",
            Self::Command(_) => "command",
            Self::Query { .. } => "query",
            Self::Folder(_) => "folder",
            Self::Turso { .. } => "turso",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_is_where_its_name_stands_in_the_address() {
        let at = |address: &str| {
            let source = FleetSource::List(PathBuf::from("tenants.txt"));
            Fleet { source, namespaces: Some(address.to_owned()) }.namespace("acme")
        };
        assert_eq!(at("http://{name}.localhost:8080").as_deref(), Some("http://acme.localhost:8080"));
        assert_eq!(at("http://localhost:8080").as_deref(), Some("http://localhost:8080/dev/acme"));
        assert_eq!(at("http://localhost:8080/").as_deref(), Some("http://localhost:8080/dev/acme"));
    }
}
