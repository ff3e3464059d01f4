//! What the platform API is sent and answers, as far as it is needed: every field of it has its name here and nowhere
//! else.

use serde::{Deserialize, Serialize};

/// An organization.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Organization {
    /// Its name in addresses and host names.
    pub slug: String,
    /// What it has booked.
    #[serde(default, alias = "plan_id")]
    pub plan: Option<String>,
}

/// A list of them, on its own or in an object.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Organizations {
    List(Vec<Organization>),
    Object { organizations: Vec<Organization> },
}

impl From<Organizations> for Vec<Organization> {
    fn from(answer: Organizations) -> Self {
        match answer {
            Organizations::List(list) | Organizations::Object { organizations: list } => list,
        }
    }
}

/// A database of Turso Cloud.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct CloudDatabase {
    /// Its name, which no other of the organization has.
    #[serde(rename = "Name", alias = "name")]
    pub name: String,
    /// What others call their parent.
    #[serde(rename = "DbId", alias = "dbId", default)]
    pub id: String,
    /// Where it answers.
    #[serde(rename = "Hostname", alias = "hostname")]
    pub host: String,
    /// The group that it is in.
    #[serde(default)]
    pub group: String,
    /// What it is a copy of, if it is one.
    #[serde(default)]
    pub parent: Option<Parent>,
    /// Whether it cannot be dropped.
    #[serde(default)]
    pub delete_protection: Option<bool>,
}

/// What a database is a copy of.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Parent {
    /// The id of the original.
    #[serde(default)]
    pub id: String,
    /// Its name.
    #[serde(default)]
    pub name: String,
    /// When it was copied.
    #[serde(default)]
    pub branched_at: Option<String>,
}

/// A page of databases.
#[derive(Debug, Deserialize)]
pub(super) struct Databases {
    pub(super) databases: Vec<CloudDatabase>,
    #[serde(default)]
    pub(super) pagination: Option<Pagination>,
}

/// Where the list goes on.
#[derive(Debug, Deserialize)]
pub(super) struct Pagination {
    #[serde(default)]
    pub(super) next: Option<String>,
}

/// What makes a database.
#[derive(Debug, Serialize)]
pub(super) struct Create<'a> {
    pub(super) name: &'a str,
    pub(super) group: &'a str,
    pub(super) seed: Seed<'a>,
}

/// What it has from the beginning.
#[derive(Debug, Serialize)]
pub(super) struct Seed<'a> {
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    /// The OpenAPI description calls the original so; one text of the documentation has `value`.
    pub(super) name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) timestamp: Option<&'a str>,
}

impl Seed<'_> {
    /// What another database has.
    pub(super) const OF_DATABASE: &'static str = "database";
}

/// The database that was made. Not all that a list says of it is said here.
#[derive(Debug, Deserialize)]
pub(super) struct Created {
    pub(super) database: CloudDatabase,
}

/// A token that was made.
#[derive(Deserialize)]
pub(super) struct Minted {
    pub(super) jwt: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_in_time_is_only_sent_if_there_is_one() {
        let seed = |timestamp| Seed { kind: Seed::OF_DATABASE, name: "shop", timestamp };
        let sent = |timestamp| {
            serde_json::to_value(Create { name: "copy", group: "default", seed: seed(timestamp) }).expect("it is JSON")
        };
        assert_eq!(
            sent(None),
            serde_json::json!({"name": "copy", "group": "default", "seed": {"type": "database", "name": "shop"}})
        );
        assert_eq!(sent(Some("2026-01-02T03:04:05Z"))["seed"]["timestamp"], "2026-01-02T03:04:05Z");
    }

    #[test]
    fn organizations_are_read_from_a_list_and_from_an_object() {
        for text in [
            r#"[{"slug": "acme", "plan_id": "free", "id": 1}]"#,
            r#"{"organizations": [{"slug": "acme", "plan": "free"}]}"#,
        ] {
            let all: Vec<Organization> = serde_json::from_str::<Organizations>(text).expect("it is one").into();
            assert_eq!(all, [Organization { slug: "acme".to_owned(), plan: Some("free".to_owned()) }]);
        }
    }

    #[test]
    fn what_is_missing_or_null_is_not_there() {
        let text = r#"{"databases": [{"Name": "a", "DbId": "1", "Hostname": "a-acme.turso.io", "group": "default",
            "block_reads": false, "delete_protection": null, "parent": null}], "pagination": {"next": null}}"#;
        let page: Databases = serde_json::from_str(text).expect("it is one");
        assert_eq!((page.databases[0].parent.clone(), page.databases[0].delete_protection), (None, None));
    }
}
