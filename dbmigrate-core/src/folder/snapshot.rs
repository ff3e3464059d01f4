//! `snapshot.json`: a schema as versioned JSON, the same bytes for the same schema, one line per column, index or key.

use std::{fmt, io};

use serde::{Deserialize, Serialize};
use serde_json::ser::Formatter;

use super::checksum::without_bom;
use crate::schema::Schema;

/// The format that this version writes, and the newest that it reads.
pub const FORMAT: u32 = 1;

/// Why a snapshot cannot be read.
#[derive(Debug)]
#[non_exhaustive]
pub enum SnapshotError {
    /// A later version of the tool wrote it.
    Newer {
        /// Its format.
        format: u32,
    },
    /// It is not a snapshot.
    Malformed(serde_json::Error),
}

impl fmt::Display for SnapshotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Newer { format } => write!(
                f,
                "written by a newer version of cargo-dbmigrate (format {format}, this version reads up to {FORMAT})"
            ),
            Self::Malformed(error) => write!(f, "not a snapshot: {error}"),
        }
    }
}

impl std::error::Error for SnapshotError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Newer { .. } => None,
            Self::Malformed(error) => Some(error),
        }
    }
}

impl From<serde_json::Error> for SnapshotError {
    fn from(error: serde_json::Error) -> Self {
        Self::Malformed(error)
    }
}

/// What is known of the structs when a migration is written.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// The schema that they declare.
    pub schema: Schema,
    /// The `renamed_from` attributes that they have, as `table.column<old` or `table<old`: an attribute that is still
    /// there later must not rename again. This is what tells a swap of two names from two attributes left behind.
    pub renamed_from: Vec<String>,
}

impl From<Schema> for Snapshot {
    fn from(schema: Schema) -> Self {
        Self { schema, renamed_from: Vec::new() }
    }
}

#[derive(Serialize)]
struct Written<'a> {
    format: u32,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    renamed_from: &'a [String],
    schema: &'a Schema,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Read {
    format: u32,
    #[serde(default)]
    renamed_from: Vec<String>,
    schema: Schema,
}

/// The one field that every format has.
#[derive(Deserialize)]
struct AnyFormat {
    format: u32,
}

/// Reads a snapshot.
///
/// # Errors
/// If it is of a newer format, or not a snapshot.
pub fn read(bytes: &[u8]) -> Result<Snapshot, SnapshotError> {
    let bytes = without_bom(bytes);
    match serde_json::from_slice::<Read>(bytes) {
        Ok(read) if read.format == FORMAT => Ok(Snapshot { schema: read.schema, renamed_from: read.renamed_from }),
        other => match (serde_json::from_slice::<AnyFormat>(bytes), other) {
            (Ok(AnyFormat { format }), _) if format > FORMAT => Err(SnapshotError::Newer { format }),
            (_, Err(error)) => Err(error.into()),
            (_, Ok(read)) => {
                let message = format!("format {} does not exist", read.format);
                Err(SnapshotError::Malformed(serde::de::Error::custom(message)))
            }
        },
    }
}

/// A snapshot, as the file holds it.
#[expect(clippy::missing_panics_doc, reason = "it does not happen, as said there")]
pub fn to_bytes(snapshot: &Snapshot) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, Lines::default());
    let written = Written { format: FORMAT, renamed_from: &snapshot.renamed_from, schema: &snapshot.schema };
    // neither the model (no map with other keys than strings) nor a vector as the target can fail
    written.serialize(&mut serializer).expect("a schema is always JSON");
    bytes.push(b'\n');
    bytes
}

/// Breaks lines down to the parts of a table, and writes each part on one line.
#[derive(Default)]
struct Lines {
    depth: usize,
    has_value: bool,
    /// The depth of the outermost object or list that is written on one line.
    inline: Option<usize>,
}

impl Lines {
    /// Depth of a part of a table or view (its list of columns, its primary key) in the document:
    /// document, schema, list of tables, table, part.
    const PARTS: usize = 4;

    fn begin<W: ?Sized + io::Write>(&mut self, writer: &mut W, bracket: &[u8], is_list: bool) -> io::Result<()> {
        let broken_below = if is_list { Self::PARTS } else { Self::PARTS - 1 };
        if self.inline.is_none() && self.depth > broken_below {
            self.inline = Some(self.depth);
        }
        self.depth += 1;
        self.has_value = false;
        writer.write_all(bracket)
    }

    fn end<W: ?Sized + io::Write>(&mut self, writer: &mut W, bracket: &[u8]) -> io::Result<()> {
        self.depth -= 1;
        if self.inline.is_some() {
            if self.inline == Some(self.depth) {
                self.inline = None;
            }
        } else if self.has_value {
            self.line(writer)?;
        }
        writer.write_all(bracket)
    }

    fn separate<W: ?Sized + io::Write>(&self, writer: &mut W, first: bool) -> io::Result<()> {
        match (self.inline.is_some(), first) {
            (true, true) => Ok(()),
            (true, false) => writer.write_all(b", "),
            (false, true) => self.line(writer),
            (false, false) => {
                writer.write_all(b",")?;
                self.line(writer)
            }
        }
    }

    fn line<W: ?Sized + io::Write>(&self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b"\n")?;
        (0..self.depth).try_for_each(|_| writer.write_all(b" "))
    }
}

impl Formatter for Lines {
    fn begin_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.begin(writer, b"[", true)
    }

    fn end_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.end(writer, b"]")
    }

    fn begin_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.separate(writer, first)
    }

    fn end_array_value<W: ?Sized + io::Write>(&mut self, _writer: &mut W) -> io::Result<()> {
        self.has_value = true;
        Ok(())
    }

    fn begin_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.begin(writer, b"{", false)
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.end(writer, b"}")
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.separate(writer, first)
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }

    fn end_object_value<W: ?Sized + io::Write>(&mut self, _writer: &mut W) -> io::Result<()> {
        self.has_value = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::canonical::SchemaHash;
    use crate::schema::{
        Column, ForeignKey, Index, IndexPart, KeyPart, PrimaryKey, ReferentialAction, Table, Trigger, TriggerEvent,
        TriggerTiming, View,
    };
    use crate::sql::{Expr, Name};

    fn blog() -> Schema {
        let mut users = Table::new("users");
        users.columns.push(Column::new("id", "INTEGER"));
        users.columns.push(Column { not_null: true, ..Column::new("e-mail \"x\"", "TEXT") });
        let key = PrimaryKey { name: None, parts: vec![KeyPart::new("id")], autoincrement: true, conflict: None };
        users.primary_key = Some(key);
        users.indexes.insert(Index {
            name: Name::from("users_email"),
            unique: true,
            parts: vec![IndexPart { expr: Expr::new("\"e-mail \"\"x\"\"\""), collate: None, descending: true }],
            predicate: None,
        });
        let mut posts = Table::new("posts");
        posts.columns.push(Column::new("author_id", "INTEGER"));
        posts.foreign_keys.push(ForeignKey {
            name: None,
            columns: vec![Name::from("author_id")],
            parent: Name::from("users"),
            parent_columns: Vec::new(),
            on_delete: ReferentialAction::Cascade,
            on_update: ReferentialAction::NoAction,
            match_name: None,
            deferrable: None,
        });
        let mut schema = Schema::default();
        schema.tables.insert(users);
        schema.tables.insert(posts);
        let query = Expr::new("SELECT 'é'\nFROM users");
        schema.views.insert(View { name: Name::from("everybody"), columns: Vec::new(), query, unchecked: false });
        schema.triggers.insert(Trigger {
            name: Name::from("touch"),
            on: Name::from("users"),
            timing: TriggerTiming::After,
            event: TriggerEvent::Update(vec![Name::from("id")]),
            when: None,
            body: Expr::new("SELECT 1;"),
            unchecked: false,
        });
        schema
    }

    #[test]
    fn a_part_of_a_table_is_one_line() {
        let text = String::from_utf8(to_bytes(&blog().into())).expect("JSON is UTF-8");
        insta::assert_snapshot!(text, @r#"
        {
         "format": 1,
         "schema": {
          "tables": [
           {
            "name": "posts",
            "columns": [
             {"name": "author_id", "type": "INTEGER"}
            ],
            "foreign_keys": [
             {"columns": ["author_id"], "parent": "users", "on_delete": "cascade"}
            ]
           },
           {
            "name": "users",
            "columns": [
             {"name": "id", "type": "INTEGER"},
             {"name": "e-mail \"x\"", "type": "TEXT", "not_null": true}
            ],
            "primary_key": {"parts": [{"column": "id"}], "autoincrement": true},
            "indexes": [
             {"name": "users_email", "unique": true, "parts": [{"expr": "\"e-mail \"\"x\"\"\"", "descending": true}]}
            ]
           }
          ],
          "views": [
           {
            "name": "everybody",
            "query": "SELECT 'é'\nFROM users"
           }
          ],
          "triggers": [
           {
            "name": "touch",
            "on": "users",
            "timing": "after",
            "event": {"update": ["id"]},
            "body": "SELECT 1;"
           }
          ]
         }
        }
        "#);
    }

    #[test]
    fn what_is_read_is_what_was_written() {
        let bytes = to_bytes(&blog().into());
        let schema = read(&bytes).expect("it was just written");
        assert_eq!(SchemaHash::of(&schema.schema), SchemaHash::of(&blog()));
        assert_eq!(to_bytes(&schema), bytes);
        assert!(read(&to_bytes(&Snapshot::default())).expect("it was just written").schema.is_empty());
        assert_eq!(to_bytes(&Snapshot::default()), b"{\n \"format\": 1,\n \"schema\": {}\n}\n");
    }

    #[test]
    fn line_ends_and_a_byte_order_mark_do_not_matter() {
        let text = String::from_utf8(to_bytes(&blog().into())).expect("JSON is UTF-8").replace('\n', "\r\n");
        let schema = read(format!("\u{feff}{text}").as_bytes()).expect("it is a snapshot");
        assert_eq!(SchemaHash::of(&schema.schema), SchemaHash::of(&blog()));
    }

    #[test]
    fn a_newer_format_is_said_to_be_one_even_if_it_cannot_be_read() {
        let error = read(br#"{"format": 2, "schema": {"tables": {}, "roles": []}}"#).expect_err("it is newer");
        assert!(matches!(error, SnapshotError::Newer { format: 2 }), "{error}");
        assert!(error.to_string().contains("newer version of cargo-dbmigrate"));
    }

    #[test]
    fn what_is_not_understood_is_an_error() {
        for wrong in ["", "{}", "[]", r#"{"format": 0, "schema": {}}"#, r#"{"format": 1, "schema": {"tabels": []}}"#] {
            let error = read(wrong.as_bytes()).expect_err(wrong);
            assert!(matches!(error, SnapshotError::Malformed(_)), "{wrong}: {error}");
        }
        let twice = r#"{"format":1,"schema":{"tables":[{"name":"a","columns":[]},{"name":"A","columns":[]}]}}"#;
        assert!(read(twice.as_bytes()).expect_err("a twice").to_string().contains("declared twice"));
    }
}
