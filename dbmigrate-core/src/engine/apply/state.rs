//! The state of a database as migrations see it: which ones it has, and its schema. Rows are no part of it.

use super::history::Record;
use crate::engine::introspect::Unreadable;
use crate::folder::Checksum;
use crate::schema::Schema;
use crate::schema::canonical::SchemaHash;

/// A state, to be compared with another one of the same database.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    /// The recorded migrations in their order: name and checksum.
    pub history: Vec<(String, String)>,
    /// The hash of the schema.
    pub schema: String,
    /// What the model cannot represent: each object with its statement.
    pub unreadable: Vec<String>,
}

impl State {
    /// The state of a database that has this.
    pub fn of(history: &[Record], schema: &Schema, unreadable: &[Unreadable]) -> Self {
        let mut unreadable: Vec<String> = unreadable.iter().map(|one| format!("{one}: {}", one.object.sql)).collect();
        unreadable.sort_unstable();
        Self {
            history: history.iter().map(|record| (record.name.clone(), record.checksum.clone())).collect(),
            schema: SchemaHash::of(schema).to_hex(),
            unreadable,
        }
    }

    /// One hash over all of it, in hexadecimal digits.
    pub fn hash(&self) -> String {
        let mut bytes = Vec::new();
        let mut add = |kind: &str, text: &str| {
            // with its length, so that no text can be taken for two
            bytes.extend(format!("{kind} {}\n", text.len()).as_bytes());
            bytes.extend(text.as_bytes());
        };
        for (name, checksum) in &self.history {
            add("migration", name);
            add("checksum", checksum);
        }
        add("schema", &self.schema);
        for object in &self.unreadable {
            add("object", object);
        }
        Checksum::of_bytes(&bytes).to_hex()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_of_a_state_is_in_its_hash() {
        let of = |history: &[(&str, &str)], schema: &str, unreadable: &[&str]| State {
            history: history.iter().map(|(name, sum)| ((*name).to_owned(), (*sum).to_owned())).collect(),
            schema: schema.to_owned(),
            unreadable: unreadable.iter().map(|one| (*one).to_owned()).collect(),
        };
        let states = [
            of(&[], "", &[]),
            of(&[("a", "b")], "", &[]),
            of(&[("a", "bc")], "", &[]),
            of(&[("ab", "c")], "", &[]),
            of(&[], "a", &[]),
            of(&[], "a", &["b"]),
            of(&[], "", &["ab"]),
        ];
        let mut hashes: Vec<String> = states.iter().map(State::hash).collect();
        assert!(hashes.iter().all(|hash| hash.len() == 64));
        hashes.sort_unstable();
        hashes.dedup();
        assert_eq!(hashes.len(), states.len());
    }
}
