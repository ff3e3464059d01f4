//! Documentation as SQL comments: what [`super::comments()`] reads back as it is.
//!
//! `ALTER TABLE` edits the stored text of a table: `DROP COLUMN` takes away what is from a column's name to the next
//! one's, or for the last column what is from the comma before it; `ADD COLUMN` puts its column behind the last one. So
//! a column's comment stands behind its definition and before its comma, where it goes with its column and no comma in
//! it can be mistaken for one between columns; the table's stands behind the parenthesis that opens the list.

use super::comments::{is_query_tag, joined, plain};

/// What the lines of a comment below its first begin with.
const INDENT: &str = "\n     ";

/// The comment that says `text`, with the space before it; nothing if nothing in the text would be read back.
pub(super) fn comment(text: Option<&str>) -> String {
    let lines: Vec<String> = text.unwrap_or_default().lines().map(|line| plain(line).trim().to_owned()).collect();
    let Some(text) = joined(&lines) else { return String::new() };
    // the reader takes the first `*` of a line for a part of the frame, and a tag without one for a machine's
    let is_tag = is_query_tag(&text);
    let lines =
        text.lines().map(|line| if is_tag || line.starts_with('*') { format!("* {line}") } else { line.to_owned() });
    // an empty line has no spaces
    let text = lines.collect::<Vec<_>>().join(INDENT).replace(&format!("{INDENT}\n"), "\n\n");
    format!(" /* {text} */")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ddl::comments;

    /// What is read back of a text in each of the places where documentation is written.
    #[track_caller]
    fn read_back(text: &str) -> Option<String> {
        let one = comment(Some(text));
        let found = comments(&format!("CREATE TABLE t ({one}\n  a TEXT{one},\n  b INT{one},\n  UNIQUE (a)\n)"));
        for column in ["a", "b"] {
            assert_eq!(found.column(&column.into()), found.table.as_deref(), "{one}");
        }
        let last = comments(&format!("CREATE TABLE t (\n  a TEXT\n, b INT{one})"));
        assert_eq!((last.column(&"b".into()), &last.table), (found.table.as_deref(), &None), "{one}");
        assert_eq!(comments(&format!("CREATE VIEW v{one} AS\nSELECT 1")).table, found.table);
        assert_eq!(comments(&format!("CREATE VIRTUAL TABLE v{one} USING m(a)")).table, found.table);
        found.table
    }

    #[test]
    fn what_is_written_is_read_back() {
        for text in [
            "The key.",
            "one\ntwo\n\nthree",
            "a, b (c; d) 'e \" f` -- g\n-- h",
            "* an item\n* another\n** two",
            "- an item\n/ a slash\n/* an opening",
            "ends with *",
            "application='Shop'",
            "`UNIQUE (a)`: no duplicates",
            "größer → 日本語",
            "/",
            "*a",
        ] {
            let wanted = if text == "/" { None } else { Some(text) };
            assert_eq!(read_back(text).as_deref(), wanted);
        }
    }

    #[test]
    fn what_no_comment_can_say_is_said_in_its_place() {
        for (text, read) in [
            ("ends */ here", Some("ends * / here")),
            ("  indented\n\n\n\tand apart\r\n", Some("indented\n\nand apart")),
            ("a\u{0}b\u{202e}c\rd", Some("a bc d")),
            ("one\n====\ntwo", Some("one\ntwo")),
            ("", None),
            ("---\n\n", None),
        ] {
            assert_eq!(read_back(text).as_deref(), read);
            assert_eq!(read.and_then(read_back).as_deref(), read);
        }
    }

    #[test]
    fn lines_stand_below_one_another() {
        assert_eq!(comment(Some("one\n\ntwo")), " /* one\n\n     two */");
        assert_eq!(comment(None), "");
    }
}
