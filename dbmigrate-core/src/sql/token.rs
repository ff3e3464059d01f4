//! The tokens of SQLite's SQL, as its own tokenizer sees them (sqlite.org/src/file/src/tokenize.c describes the rules).
//!
//! The tokenizer never fails: what SQLite would reject comes out as [`TokenKind::Illegal`], so that text we do not
//! understand is still carried verbatim and the engine has the last word.

/// What a [`Token`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// White space, including a byte order mark.
    Space,
    /// `-- …` to the end of the line or `/* … */`.
    Comment,
    /// A bare word: a keyword or an unquoted identifier.
    Word,
    /// `"…"`, `` `…` `` or `[…]`.
    QuotedName,
    /// `'…'`.
    String,
    /// `x'…'`.
    Blob,
    /// An integer or floating point literal.
    Number,
    /// `?`, `?1`, `:a`, `@a`, `$a`.
    Variable,
    /// An operator or a punctuation mark other than those below.
    Operator,
    /// `(`.
    Open,
    /// `)`.
    Close,
    /// `,`.
    Comma,
    /// `;`.
    Semicolon,
    /// `.`.
    Dot,
    /// Something that no SQL contains, such as an unterminated string.
    Illegal,
}

/// A piece of SQL text with its kind and place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token<'a> {
    /// What it is.
    pub kind: TokenKind,
    /// Its text, as written.
    pub text: &'a str,
    /// Byte offset of its first byte in the tokenized text.
    pub start: usize,
}

impl Token<'_> {
    /// Byte offset behind its last byte.
    pub fn end(&self) -> usize {
        self.start + self.text.len()
    }

    /// Whether this is the bare word `word` (compared without case).
    pub fn is_word(&self, word: &str) -> bool {
        self.kind == TokenKind::Word && self.text.eq_ignore_ascii_case(word)
    }

    /// Whether it carries meaning, as opposed to white space and comments.
    pub fn is_significant(&self) -> bool {
        !matches!(self.kind, TokenKind::Space | TokenKind::Comment)
    }

    /// The identifier that this token spells, with its quotes taken off: words, quoted names, and string literals
    /// where SQLite reads them as names. `None` for anything else.
    pub fn identifier(&self) -> Option<String> {
        match self.kind {
            TokenKind::Word => Some(self.text.to_owned()),
            TokenKind::QuotedName | TokenKind::String => Some(unquote(self.text)),
            _ => None,
        }
    }
}

/// The text between the quotes of `'…'`, `"…"`, `` `…` `` or `[…]`, doubled quotes undone.
pub fn unquote(text: &str) -> String {
    let Some(quote) = text.chars().next() else { return String::new() };
    let inner = text.get(1..text.len().saturating_sub(1)).unwrap_or_default();
    match quote {
        '[' => inner.to_owned(),
        '\'' | '"' | '`' => {
            let doubled: String = [quote, quote].iter().collect();
            inner.replace(&doubled, &quote.to_string())
        }
        _ => text.to_owned(),
    }
}

/// Iterates over all tokens of `sql`, white space and comments included; their texts add up to `sql`.
pub fn tokenize(sql: &str) -> Tokens<'_> {
    Tokens { sql, at: 0 }
}

/// The significant tokens of `sql`: white space and comments left out.
pub fn significant(sql: &str) -> Vec<Token<'_>> {
    tokenize(sql).filter(Token::is_significant).collect()
}

/// Iterator over the tokens of a text. Made by [`tokenize`].
#[derive(Debug, Clone)]
pub struct Tokens<'a> {
    sql: &'a str,
    at: usize,
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let rest = self.sql.get(self.at..)?;
        if rest.is_empty() {
            return None;
        }
        let (kind, length) = scan(rest);
        let token = Token { kind, text: &rest[..length], start: self.at };
        self.at += length;
        Some(token)
    }
}

fn is_word_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}

fn is_word_part(byte: u8) -> bool {
    is_word_start(byte) || byte.is_ascii_digit() || byte == b'$'
}

/// The length of the run of bytes from `from` for which `test` holds.
fn run(bytes: &[u8], from: usize, test: impl Fn(u8) -> bool) -> usize {
    bytes[from.min(bytes.len())..].iter().take_while(|byte| test(**byte)).count()
}

/// The kind and byte length of the first token of `text`, which is not empty.
fn scan(text: &str) -> (TokenKind, usize) {
    let bytes = text.as_bytes();
    if text.starts_with('\u{feff}') {
        return (TokenKind::Space, '\u{feff}'.len_utf8());
    }
    let next = bytes.get(1).copied().unwrap_or_default();
    match bytes[0] {
        first if is_space(first) => (TokenKind::Space, run(bytes, 0, is_space)),
        b'-' if next == b'-' => (TokenKind::Comment, run(bytes, 0, |byte| byte != b'\n')),
        b'/' if next == b'*' => {
            // an unterminated comment runs to the end of the text
            (TokenKind::Comment, text[2..].find("*/").map_or(text.len(), |end| end + 4))
        }
        b'(' => (TokenKind::Open, 1),
        b')' => (TokenKind::Close, 1),
        b',' => (TokenKind::Comma, 1),
        b';' => (TokenKind::Semicolon, 1),
        b'\'' => scan_quoted(bytes, b'\'', TokenKind::String),
        b'"' => scan_quoted(bytes, b'"', TokenKind::QuotedName),
        b'`' => scan_quoted(bytes, b'`', TokenKind::QuotedName),
        b'[' => match text.find(']') {
            Some(end) => (TokenKind::QuotedName, end + 1),
            None => (TokenKind::Illegal, text.len()),
        },
        b'x' | b'X' if next == b'\'' => match text[2..].find('\'') {
            Some(end) if end % 2 == 0 && bytes[2..2 + end].iter().all(u8::is_ascii_hexdigit) => {
                (TokenKind::Blob, end + 3)
            }
            Some(end) => (TokenKind::Illegal, end + 3),
            None => (TokenKind::Illegal, text.len()),
        },
        first if is_word_start(first) => (TokenKind::Word, run(bytes, 0, is_word_part)),
        first if first.is_ascii_digit() || (first == b'.' && next.is_ascii_digit()) => {
            let number = scan_number(bytes);
            match run(bytes, number, is_word_part) {
                0 => (TokenKind::Number, number),
                letters => (TokenKind::Illegal, number + letters),
            }
        }
        b'.' => (TokenKind::Dot, 1),
        b'?' => (TokenKind::Variable, 1 + run(bytes, 1, |byte| byte.is_ascii_digit())),
        b':' | b'@' | b'$' | b'#' => scan_variable(bytes),
        b'!' if next != b'=' => (TokenKind::Illegal, 1),
        b'+' | b'-' | b'*' | b'/' | b'%' | b'=' | b'<' | b'>' | b'!' | b'|' | b'&' | b'~' => {
            (TokenKind::Operator, scan_operator(bytes))
        }
        // no SQL, but what stands for the column in the check of a column type
        b'{' | b'}' => (TokenKind::Operator, 1),
        // also the vertical tab, which everybody else takes for a space
        _ => (TokenKind::Illegal, 1),
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0c)
}

/// The text without the white space around it that SQL takes for such: a no-break space is a letter.
pub fn trim(text: &str) -> &str {
    text.trim_matches(|char| u8::try_from(char).is_ok_and(is_space))
}

fn scan_quoted(bytes: &[u8], quote: u8, kind: TokenKind) -> (TokenKind, usize) {
    let mut at = 1;
    while at < bytes.len() {
        if bytes[at] == quote {
            if bytes.get(at + 1) != Some(&quote) {
                return (kind, at + 1);
            }
            at += 1;
        }
        at += 1;
    }
    (TokenKind::Illegal, bytes.len())
}

/// A named parameter. As Tcl writes variables, `::` may be in it, and an index in parentheses at its end.
fn scan_variable(bytes: &[u8]) -> (TokenKind, usize) {
    let (mut at, mut letters) = (1, 0);
    loop {
        let part = run(bytes, at, is_word_part);
        (at, letters) = (at + part, letters + part);
        if bytes.get(at) == Some(&b'(') && letters > 0 {
            let index = run(bytes, at + 1, |byte| byte != b')' && !is_space(byte));
            let closes = bytes.get(at + 1 + index) == Some(&b')');
            // what is not closed is part of what is no SQL: without it, the name in front would be a parameter
            return if closes { (TokenKind::Variable, at + index + 2) } else { (TokenKind::Illegal, at + 1 + index) };
        }
        if !bytes[at..].starts_with(b"::") {
            let kind = if letters == 0 { TokenKind::Illegal } else { TokenKind::Variable };
            return (kind, at);
        }
        at += 2;
    }
}

fn scan_number(bytes: &[u8]) -> usize {
    let digit = |byte: u8| byte.is_ascii_digit() || byte == b'_';
    if bytes[0] == b'0' && matches!(bytes.get(1), Some(b'x' | b'X')) && bytes.get(2).is_some_and(u8::is_ascii_hexdigit)
    {
        return 2 + run(bytes, 2, |byte| byte.is_ascii_hexdigit() || byte == b'_');
    }
    let mut at = run(bytes, 0, digit);
    if bytes.get(at) == Some(&b'.') {
        at += 1 + run(bytes, at + 1, digit);
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        if bytes.get(at + 1 + sign).is_some_and(u8::is_ascii_digit) {
            at += 1 + sign + run(bytes, at + 1 + sign, digit);
        }
    }
    at
}

fn scan_operator(bytes: &[u8]) -> usize {
    const LONGEST_FIRST: [&[u8]; 9] = [b"->>", b"->", b"<<", b">>", b"<=", b">=", b"<>", b"!=", b"=="];
    if bytes.starts_with(b"||") {
        return 2;
    }
    LONGEST_FIRST.iter().find(|operator| bytes.starts_with(operator)).map_or(1, |operator| operator.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(sql: &str) -> Vec<(TokenKind, &str)> {
        significant(sql).into_iter().map(|token| (token.kind, token.text)).collect()
    }

    #[test]
    fn quotes_comments_and_numbers_are_single_tokens() {
        use TokenKind::*;
        assert_eq!(
            kinds("a -- ; x\n'it''s;' \"q\"\"r\" [s t] `u` x'0F' 1_000.5e-3 0x1F .5 /* ; */ ?1 :n $::a::b(c) ->>"),
            [
                (Word, "a"),
                (String, "'it''s;'"),
                (QuotedName, "\"q\"\"r\""),
                (QuotedName, "[s t]"),
                (QuotedName, "`u`"),
                (Blob, "x'0F'"),
                (Number, "1_000.5e-3"),
                (Number, "0x1F"),
                (Number, ".5"),
                (Variable, "?1"),
                (Variable, ":n"),
                (Variable, "$::a::b(c)"),
                (Operator, "->>"),
            ]
        );
    }

    #[test]
    fn unterminated_text_is_one_illegal_token_to_the_end() {
        assert_eq!(kinds("a 'b; c"), [(TokenKind::Word, "a"), (TokenKind::Illegal, "'b; c")]);
    }

    #[test]
    fn a_number_with_letters_behind_it_is_illegal_as_is_a_blob_of_anything_but_bytes() {
        for illegal in ["2e_a", "1e", "1e+", "0x", "0xg", "1a", "1_000$", ".5é", "x'0'", "x'0g'"] {
            let text = format!("{illegal} b");
            let tokens = kinds(&text);
            assert_eq!(tokens[0].0, TokenKind::Illegal, "{illegal}");
            assert_eq!(tokens.last(), Some(&(TokenKind::Word, "b")), "{illegal}");
        }
        assert_eq!(kinds("1e5 1e-5 0x1F x''").iter().filter(|(kind, _)| *kind == TokenKind::Illegal).count(), 0);
    }

    #[test]
    fn a_parameter_whose_index_is_not_closed_is_illegal_up_to_where_sqlite_stops() {
        use TokenKind::*;
        assert_eq!(kinds(":SELECT("), [(Illegal, ":SELECT(")]);
        assert_eq!(kinds("$a(b c)"), [(Illegal, "$a(b"), (Word, "c"), (Close, ")")]);
        assert_eq!(kinds("@a(b) (c"), [(Variable, "@a(b)"), (Open, "("), (Word, "c")]);
    }

    #[test]
    fn characters_that_are_no_sql_are_illegal_but_letters_of_any_language_are_not() {
        for illegal in ["\u{b}", "\0", "\\", "^", "!", "#", "@", "\u{7f}"] {
            assert_eq!(kinds(illegal), [(TokenKind::Illegal, illegal)], "{illegal:?}");
        }
        assert_eq!(kinds("a\u{a0}\u{2003}"), [(TokenKind::Word, "a\u{a0}\u{2003}")]);
        assert_eq!(trim("\n a\u{a0} \x0c\r"), "a\u{a0}");
    }

    #[test]
    fn quotes_are_undone() {
        assert_eq!(unquote("'it''s'"), "it's");
        assert_eq!(unquote("[a]"), "a");
        assert_eq!(unquote("\"a\"\"b\""), "a\"b");
    }
}
