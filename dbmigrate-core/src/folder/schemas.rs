//! The schemas of a run of migrations, one after the other. From one migration to the next few of the tables change, so
//! only those are parsed whose bytes are others: what is as it was in the snapshot read before is shared with its schema.

use std::ops::Range;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::checksum::without_bom;
use super::snapshot::FORMAT;
use super::{Folder, FolderError, Migration, snapshot};
use crate::schema::{Named, NamedMap, Schema, Table, Trigger, View, VirtualTable};

/// Reads the schemas of migrations of a folder.
#[derive(Debug)]
pub struct Schemas<'f> {
    folder: &'f Folder,
    last: Last,
}

/// A snapshot that was read.
#[derive(Debug, Default)]
struct Last {
    bytes: Vec<u8>,
    schema: Schema,
    tables: Section<Table>,
    virtual_tables: Section<VirtualTable>,
    views: Section<View>,
    triggers: Section<Trigger>,
}

/// The objects of a kind in the order of the file, with their bytes.
type Section<T> = Vec<(Range<usize>, Arc<T>)>;

impl Folder {
    /// Reads the schemas of its migrations, best in their order.
    pub fn schemas(&self) -> Schemas<'_> {
        Schemas { folder: self, last: Last::default() }
    }
}

impl Schemas<'_> {
    /// The schema that a migration leads to, as [`Folder::schema_at`] reads it.
    ///
    /// # Errors
    /// As for that.
    pub fn at(&mut self, migration: &Migration) -> Result<Schema, FolderError> {
        // a program has no snapshots in it, but what is needed to make the schema
        if self.folder.is_embedded() {
            return self.folder.schema_at(migration);
        }
        let bytes = self.folder.read_snapshot(migration)?;
        if let Some(next) = self.last.next(&bytes) {
            self.last = Last { bytes, ..next };
            return Ok(self.last.schema.clone());
        }
        // what is not as it is written here is read as a whole, and so are errors
        let error = |error| FolderError::snapshot(self.folder.snapshot_path(migration), error);
        Ok(snapshot::read(&bytes).map_err(error)?.schema)
    }

    /// The schema that a migration starts from.
    ///
    /// # Errors
    /// As for [`Folder::schema_at`].
    pub fn before(&mut self, migration: &Migration) -> Result<Schema, FolderError> {
        match migration.index.checked_sub(1).and_then(|index| self.folder.migrations().get(index)) {
            Some(before) => self.at(before),
            None => Ok(Schema::default()),
        }
    }
}

impl Last {
    /// Reads a snapshot with the help of this one. `None` if it is none, or not written as snapshots are.
    fn next(&self, bytes: &[u8]) -> Option<Self> {
        let begin = bytes.len() - without_bom(bytes).len();
        let mut json = Json { bytes, at: begin };
        let mut next = Self::default();
        let (mut format, mut has_schema) = (None, false);
        json.object(|json, key| {
            match key {
                b"format" => format = Some(json.parsed::<u32>()?),
                b"renamed_from" => drop(json.parsed::<Vec<String>>()?),
                b"schema" if !has_schema => {
                    has_schema = true;
                    json.object(|json, key| match key {
                        b"tables" => self.section(json, &mut next.tables, |last| &last.tables),
                        b"virtual_tables" => self.section(json, &mut next.virtual_tables, |last| &last.virtual_tables),
                        b"views" => self.section(json, &mut next.views, |last| &last.views),
                        b"triggers" => self.section(json, &mut next.triggers, |last| &last.triggers),
                        _ => None,
                    })?;
                }
                _ => return None,
            }
            Some(())
        })?;
        json.end()?;
        if format != Some(FORMAT) || !has_schema {
            return None;
        }
        next.schema = Schema {
            tables: map(&self.tables, &self.schema.tables, &next.tables)?,
            virtual_tables: map(&self.virtual_tables, &self.schema.virtual_tables, &next.virtual_tables)?,
            views: map(&self.views, &self.schema.views, &next.views)?,
            triggers: map(&self.triggers, &self.schema.triggers, &next.triggers)?,
            ..Schema::default()
        };
        Some(next)
    }

    /// Reads a list of objects. Those whose bytes are the same as in the last snapshot are those of it.
    fn section<T: Named + DeserializeOwned>(
        &self,
        json: &mut Json<'_>,
        found: &mut Section<T>,
        of: impl Fn(&Self) -> &Section<T>,
    ) -> Option<()> {
        if !found.is_empty() {
            return None;
        }
        let mut last = &of(self)[..];
        found.reserve(last.len() + 1);
        json.list(|json| {
            // a whole object, so that nothing can follow that belongs to it; most that are others differ in the first bytes
            let rest = &json.bytes[json.at..];
            let same = last.iter().position(|(range, _)| rest.starts_with(&self.bytes[range.clone()]));
            if let Some((at, (range, object))) = same.map(|at| (at, &last[at])) {
                found.push((json.at..json.at + range.len(), Arc::clone(object)));
                json.at += range.len();
                last = &last[at + 1..];
                return Some(());
            }
            let begin = json.at;
            let object: T = json.parsed()?;
            found.push((begin..json.at, Arc::new(object)));
            Some(())
        })
    }
}

/// The objects of a section as a collection: the last one with what is different. `None` if a name is there twice.
fn map<T: Named>(last: &Section<T>, map: &NamedMap<T>, section: &Section<T>) -> Option<NamedMap<T>> {
    let is_same = |((_, one), (_, other)): (&(_, Arc<T>), &(_, Arc<T>))| Arc::ptr_eq(one, other);
    if last.len() == section.len() && last.iter().zip(section).all(is_same) {
        return Some(map.clone());
    }
    let objects = section.iter().map(|(_, object)| Arc::clone(object)).collect();
    let objects = NamedMap::of_shared(objects, map);
    (objects.len() == section.len()).then_some(objects)
}

/// JSON, read as far as it is needed to find the objects in it.
struct Json<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl Json<'_> {
    /// The next byte that is no white space.
    fn peek(&mut self) -> Option<u8> {
        loop {
            let byte = *self.bytes.get(self.at)?;
            if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return Some(byte);
            }
            self.at += 1;
        }
    }

    fn take(&mut self, wanted: u8) -> Option<()> {
        (self.peek()? == wanted).then(|| self.at += 1)
    }

    /// That there is nothing more.
    fn end(&mut self) -> Option<()> {
        self.peek().is_none().then_some(())
    }

    /// An object, whose values `value` reads.
    fn object(&mut self, mut value: impl FnMut(&mut Self, &[u8]) -> Option<()>) -> Option<()> {
        self.take(b'{')?;
        if self.peek()? == b'}' {
            return self.take(b'}');
        }
        loop {
            self.take(b'"')?;
            let length = self.bytes[self.at..].iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
            let key = &self.bytes[self.at..self.at + length];
            self.at += length;
            self.take(b'"')?;
            self.take(b':')?;
            self.peek()?;
            value(self, key)?;
            if self.peek()? == b'}' {
                return self.take(b'}');
            }
            self.take(b',')?;
        }
    }

    /// A list, whose elements `element` reads.
    fn list(&mut self, mut element: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.take(b'[')?;
        if self.peek()? == b']' {
            return self.take(b']');
        }
        loop {
            self.peek()?;
            element(self)?;
            if self.peek()? == b']' {
                return self.take(b']');
            }
            self.take(b',')?;
        }
    }

    /// A value of a type.
    fn parsed<T: DeserializeOwned>(&mut self) -> Option<T> {
        let mut values = serde_json::Deserializer::from_slice(&self.bytes[self.at..]).into_iter::<T>();
        let value = values.next()?.ok()?;
        self.at += values.byte_offset();
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::Name;

    fn table(name: &str, columns: &[&str]) -> Table {
        let mut table = Table::new(name);
        table.columns.extend(columns.iter().map(|column| crate::schema::Column::new(*column, "TEXT")));
        table
    }

    fn schema(tables: Vec<Table>) -> Schema {
        Schema { tables: tables.into_iter().collect(), ..Schema::default() }
    }

    /// Another way of writing a file.
    type Layout<'l> = &'l dyn Fn(&[u8]) -> Vec<u8>;

    /// Reads one text after another.
    fn read(texts: &[&[u8]]) -> Option<(Last, Last)> {
        let first = Last::default().next(texts[0])?;
        let first = Last { bytes: texts[0].to_vec(), ..first };
        let second = first.next(texts[1])?;
        Some((first, second))
    }

    #[test]
    fn what_has_the_same_bytes_is_shared_however_a_file_is_laid_out() {
        let old = schema(vec![table("a", &["x"]), table("b", &["x"]), table("c", &["x"])]);
        let new = schema(vec![table("a", &["x"]), table("aa", &["y"]), table("c", &["x"]), table("d", &[])]);
        let bytes = |schema: &Schema| snapshot::to_bytes(&schema.clone().into());
        let compact = |bytes: &[u8]| {
            let value: serde_json::Value = serde_json::from_slice(bytes).expect("JSON");
            serde_json::to_vec(&value).expect("JSON")
        };
        let return_ends = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace('\n', "\r\n").into_bytes();
        let marked = |bytes: &[u8]| [b"\xef\xbb\xbf", bytes].concat();
        let layouts: [Layout<'_>; 4] = [&<[u8]>::to_vec, &compact, &return_ends, &marked];
        for layout in layouts {
            let (one, other) = read(&[&layout(&bytes(&old)), &layout(&bytes(&new))]).expect("snapshots");
            assert_eq!(bytes(&other.schema), bytes(&new));
            let unshared: Vec<String> = one
                .schema
                .tables
                .unshared(&other.schema.tables)
                .iter()
                .map(|both| both.1.or(both.0).map(|table| table.name.to_string()).unwrap_or_default())
                .collect();
            assert_eq!(unshared, ["aa", "b", "d"]);
        }
    }

    #[test]
    fn what_is_no_snapshot_is_left_to_those_who_say_why() {
        let right = snapshot::to_bytes(&schema(vec![table("a", &["x"]), table("b", &[])]).into());
        let text = String::from_utf8(right.clone()).expect("text");
        for (from, to) in [
            ("\"format\": 1", "\"format\": 2"),
            ("\"format\": 1,", ""),
            ("\"tables\"", "\"tabels\""),
            ("\"b\"", "\"A\""),
            ("\"name\": \"b\",", ""),
            ("\n}\n", "\n} x"),
            ("\n}\n", "\n"),
            ("\"schema\"", "\"sch\\u0065ma\""),
        ] {
            let wrong = text.replace(from, to);
            assert_ne!(wrong, text, "{from}");
            assert!(read(&[&right, wrong.as_bytes()]).is_none(), "{from} {to}");
        }
        // an object that begins like the one before, and another value of a name
        let longer = text.replace("\"b\"", "\"bb\"");
        let (_, other) = read(&[&right, longer.as_bytes()]).expect("a snapshot");
        assert!(other.schema.tables.contains(&Name::from("bb")) && other.schema.tables.len() == 2);
    }
}
