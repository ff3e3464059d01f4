//! A CSV file as rows of fields (RFC 4180): a header, commas, double quotes around what has them inside. Own code, because
//! a message needs to know where a field is, and whether it was quoted: `""` is an empty text, nothing at all is NULL.

use std::ops::Range;
use std::path::Path;

use super::text::MARK;
use crate::diagnostic::Diagnostic;

/// A field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Field {
    /// What it says.
    pub text: String,
    /// Whether it is in quotes.
    pub is_quoted: bool,
    /// Where it is, quotes included.
    pub span: Range<usize>,
}

/// A file: its header and its rows, each as long as the header.
#[derive(Debug, Default)]
pub(crate) struct Csv {
    /// The names of the columns.
    pub header: Vec<Field>,
    /// The rows.
    pub rows: Vec<Vec<Field>>,
}

/// Reads a file's text. Rows that are too long or too short are left out, and said to be.
pub(crate) fn parse(text: &str, file: &Path, errors: &mut Vec<Diagnostic>) -> Csv {
    let mut reader = Reader { text, at: if text.starts_with(MARK) { MARK.len_utf8() } else { 0 } };
    let mut csv = Csv::default();
    let mut is_first = true;
    loop {
        match reader.record() {
            Ok(None) => break,
            // an empty line
            Ok(Some(fields)) if matches!(&fields[..], [only] if only.text.is_empty() && !only.is_quoted) => {}
            Ok(Some(fields)) if is_first => {
                is_first = false;
                errors.extend(other_separator(&fields, file));
                csv.header = fields;
            }
            Ok(Some(fields)) if fields.len() != csv.header.len() => errors.push(ragged(&fields, &csv.header, file)),
            Ok(Some(fields)) => csv.rows.push(fields),
            Err((span, message, help)) => {
                errors.push(Diagnostic::error(message).at(file, span, "").help(help));
            }
        }
    }
    if is_first {
        let error = Diagnostic::error("the file is empty: its first line must name the columns");
        errors.push(error.at(file, 0..0, ""));
    }
    csv
}

fn ragged(fields: &[Field], header: &[Field], file: &Path) -> Diagnostic {
    let (found, wanted) = (fields.len(), header.len());
    let plural = |count: usize| if count == 1 { "" } else { "s" };
    let message =
        format!("the row has {found} field{}, and the header {wanted} column{}", plural(found), plural(wanted));
    let (first, last) = (&fields[0], &fields[found - 1]);
    let (span, label) = match fields.get(wanted) {
        Some(surplus) => (surplus.span.start..last.span.end, "no column for this".to_owned()),
        None => (first.span.start..last.span.end, format!("`{}` and what follows is missing", header[found].text)),
    };
    let error = Diagnostic::error(message).at(file, span, label);
    match found > wanted {
        true => error.help("put a field that contains a comma in double quotes: `\"a, b\"`"),
        false => error.help("leave a field empty for NULL: the commas stay"),
    }
}

/// Columns that are separated by something else.
fn other_separator(header: &[Field], file: &Path) -> Option<Diagnostic> {
    let [only] = header else { return None };
    let (shown, name) =
        [(";", "semicolons"), ("\t", "tabs")].into_iter().find(|(other, _)| only.text.contains(other))?;
    let message = format!("the columns are separated by {name}, and CSV has commas");
    let error = Diagnostic::error(message).at(file, only.span.clone(), "one column");
    Some(error.help(format!("save it again with commas instead of {}", if shown == "\t" { "tabs" } else { "`;`" })))
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

type Problem = (Range<usize>, &'static str, &'static str);

impl Reader<'_> {
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The fields of the next record; none behind the last one. After a problem the next record is the next line.
    fn record(&mut self) -> Result<Option<Vec<Field>>, Problem> {
        if self.at >= self.text.len() {
            return Ok(None);
        }
        let mut fields = Vec::new();
        loop {
            fields.push(if self.byte() == Some(b'"') { self.quoted()? } else { self.bare()? });
            if self.byte() != Some(b',') {
                self.line_end();
                return Ok(Some(fields));
            }
            self.at += 1;
        }
    }

    fn line_end(&mut self) {
        if self.byte() == Some(b'\r') {
            self.at += 1;
        }
        if self.byte() == Some(b'\n') {
            self.at += 1;
        }
    }

    fn skip_line(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.find('\n').map_or(rest.len(), |end| end + 1);
    }

    fn bare(&mut self) -> Result<Field, Problem> {
        let start = self.at;
        let rest = &self.text[start..];
        let end = start + rest.find([',', '\r', '\n']).unwrap_or(rest.len());
        let text = &self.text[start..end];
        self.at = end;
        if let Some(quote) = text.find('"') {
            self.skip_line();
            let at = start + quote;
            return Err((
                at..at + 1,
                "a double quote inside of a field that is not in quotes",
                "put the field in quotes and double those inside: `\"5\"\" disk\"`",
            ));
        }
        Ok(Field { text: text.to_owned(), is_quoted: false, span: start..end })
    }

    fn quoted(&mut self) -> Result<Field, Problem> {
        let start = self.at;
        let mut text = String::new();
        let mut from = start + 1;
        loop {
            let Some(quote) = self.text[from..].find('"').map(|at| from + at) else {
                // nothing behind it can be told apart
                self.at = self.text.len();
                return Err((start..start + 1, "the quote is never closed", "close it with another `\"`"));
            };
            text.push_str(&self.text[from..quote]);
            let behind = quote + 1;
            match self.text.as_bytes().get(behind) {
                Some(b'"') => {
                    text.push('"');
                    from = behind + 1;
                }
                None | Some(b',' | b'\r' | b'\n') => {
                    self.at = behind;
                    return Ok(Field { text, is_quoted: true, span: start..behind });
                }
                Some(_) => {
                    self.at = behind;
                    self.skip_line();
                    return Err((
                        quote..behind,
                        "text behind the quote that closes a field",
                        "double a quote that belongs to the text: `\"\"`",
                    ));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Csv, Vec<String>) {
        let mut errors = Vec::new();
        let csv = parse(text, Path::new("a.csv"), &mut errors);
        (csv, errors.into_iter().map(|error| error.message).collect())
    }

    fn texts(text: &str) -> Vec<Vec<String>> {
        let (csv, errors) = read(text);
        assert!(errors.is_empty(), "{errors:?}");
        let all = std::iter::once(&csv.header).chain(&csv.rows);
        all.map(|row| row.iter().map(|field| field.text.clone()).collect()).collect()
    }

    #[test]
    fn marks_line_ends_quotes_and_empty_lines_are_read() {
        let text = "\u{feff}id,name\r\n1,\"a, \"\"b\"\"\r\nc\"\r\n\r\n2,\n3,\"\"";
        assert_eq!(texts(text), [["id", "name"], ["1", "a, \"b\"\r\nc"], ["2", ""], ["3", ""]]);
        let (csv, _) = read(text);
        assert!(!csv.rows[1][1].is_quoted && csv.rows[2][1].is_quoted);
        assert_eq!(&text[csv.rows[0][0].span.clone()], "1");
        assert_eq!(&text[csv.rows[2][1].span.clone()], "\"\"");
    }

    #[test]
    fn what_is_wrong_is_said_and_the_rest_is_read() {
        let (csv, errors) = read("id,name\n1\n2,b,c\n3,d\n4,x\"y\n5,\"e\"f\n6,g\n");
        assert_eq!(csv.rows.len(), 2);
        assert_eq!(
            errors,
            [
                "the row has 1 field, and the header 2 columns",
                "the row has 3 fields, and the header 2 columns",
                "a double quote inside of a field that is not in quotes",
                "text behind the quote that closes a field",
            ]
        );
        assert_eq!(read("id,name\n1,\"a\n2,b\n").1, ["the quote is never closed"]);
        assert_eq!(read("\n").1, ["the file is empty: its first line must name the columns"]);
        assert!(read("id;name\n").1[0].contains("semicolons"));
    }
}
