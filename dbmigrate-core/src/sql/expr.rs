//! Expressions and declared types: kept as written, compared as token streams.

use std::fmt;
use std::hash::{Hash, Hasher};

use serde::{Deserialize, Serialize};

use super::dedent::{dedented, indented};
use super::keyword::is_reserved;
use super::line_ends::normalized;
use super::name::{Name, quote_name};
use super::token::{Token, TokenKind, significant, tokenize, trim};

/// A piece of SQL: an expression, the text of a view, or the body of a trigger.
///
/// The text is kept as it was written. Two are equal when their tokens are: white space, comments, the case of
/// words, the kind of quotes around names, and parentheses around the whole make no difference.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Expr(Box<str>);

impl Expr {
    /// Wraps the text of an expression; white space around it and comments in it are taken off, because what is put
    /// behind a comment when the expression becomes part of a statement would vanish. Line ends are `\n`, except in
    /// literals.
    pub fn new(text: impl AsRef<str>) -> Self {
        let text = normalized(trim(text.as_ref()));
        let text = &*text;
        if !text.contains("--") && !text.contains("/*") {
            return Self(text.into());
        }
        let bare = tokenize(text).map(|token| if token.kind == TokenKind::Comment { " " } else { token.text });
        Self(trim(&bare.collect::<String>()).into())
    }

    /// Wraps the text of whole statements (a query, the body of a trigger): comments between tokens are kept, those
    /// at the end are taken off, for the reason given at [`Expr::new`], and so are semicolons there.
    /// The indentation that its lines have in common is that of the source around it, and is taken off too.
    pub fn script(text: impl AsRef<str>) -> Self {
        let text = normalized(text.as_ref());
        let tokens = significant(&text);
        let last = tokens.iter().rev().find(|token| token.kind != TokenKind::Semicolon);
        Self(dedented(trim(&text[..last.map_or(0, Token::end)])).into())
    }

    /// The text as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text as part of a statement that is indented.
    pub fn indented(&self) -> String {
        indented(&self.0)
    }

    /// The text in its canonical spelling: equal expressions, and only those, have the same one.
    pub fn canonical(&self) -> String {
        let tokens = significant(&self.0);
        join_canonical(without_outer_parentheses(&tokens))
    }

    /// Whether `name` occurs as an identifier, bare or quoted.
    pub fn mentions(&self, name: &Name) -> bool {
        tokenize(&self.0).any(|token| is_name(&token, name))
    }

    /// Everything that [`Expr::mentions`] is true for, in the order of the text.
    pub fn names(&self) -> Vec<Name> {
        let name = |token: &Token<'_>| match token.kind {
            TokenKind::Word if is_reserved(token.text) => None,
            TokenKind::Word | TokenKind::QuotedName => token.identifier().map(Name::from),
            _ => None,
        };
        tokenize(&self.0).filter_map(|token| name(&token)).collect()
    }

    /// Whether what SQLite would evaluate per row: a column, a function call or a subquery, is absent, so that the
    /// text is a literal with an optional sign.
    pub fn is_literal(&self) -> bool {
        let tokens = significant(&self.0);
        let unsigned = match tokens.split_first() {
            Some((sign, rest)) if matches!(sign.text, "-" | "+") => {
                return matches!(rest, [number] if number.kind == TokenKind::Number);
            }
            _ => &tokens[..],
        };
        match unsigned {
            [only] => match only.kind {
                TokenKind::Number | TokenKind::String | TokenKind::Blob => true,
                TokenKind::Word => ["null", "true", "false"].iter().any(|word| only.is_word(word)),
                _ => false,
            },
            _ => false,
        }
    }

    /// The text as it is said in a message: on one line, and not all of a long one.
    pub fn said(&self) -> String {
        const LONGEST: usize = 80;
        let text = self.0.split_whitespace().collect::<Vec<_>>().join(" ");
        match text.char_indices().nth(LONGEST) {
            Some((at, _)) => format!("{}…", text[..at].trim_end()),
            None => text,
        }
    }

    /// Whether the text is the literal `NULL`.
    pub fn is_null(&self) -> bool {
        matches!(&significant(&self.0)[..], [only] if only.is_word("null"))
    }

    /// The column that the whole text names, if it is nothing but a name.
    pub fn as_column(&self) -> Option<Name> {
        match &significant(&self.0)[..] {
            [only] => only.identifier().map(Name::from),
            _ => None,
        }
    }

    /// The text with every column `from` replaced by `to`: see [`Expr::with_columns_renamed`].
    #[must_use]
    pub fn with_column_renamed(&self, table: &Name, from: &Name, to: &Name) -> Self {
        self.with_columns_renamed(table, &[(from.clone(), to.clone())])
    }

    /// The text with columns renamed, all at once, so that two of them may swap their names. Left alone are functions,
    /// qualifiers, the `END` of a `CASE`, and columns of other tables (`other.from`).
    #[must_use]
    pub fn with_columns_renamed(&self, table: &Name, renames: &[(Name, Name)]) -> Self {
        self.replace_names(|before, token, after| {
            let is_no_column = after.is_some_and(|token| matches!(token.kind, TokenKind::Open | TokenKind::Dot));
            let qualified_by_other = match before {
                [.., qualifier, dot] if dot.kind == TokenKind::Dot => !is_name(qualifier, table),
                _ => false,
            };
            if is_no_column || qualified_by_other {
                return None;
            }
            let (_, to) = renames.iter().find(|(from, _)| is_name(token, from))?;
            (!token.is_word("end") || !is_in_case(before)).then_some(to)
        })
    }

    /// The text with the qualifier `from.` replaced by `to.`.
    #[must_use]
    pub fn with_qualifier_renamed(&self, from: &Name, to: &Name) -> Self {
        self.replace_names(|_, token, after| {
            let qualifies = after.is_some_and(|token| token.kind == TokenKind::Dot);
            (is_name(token, from) && qualifies).then_some(to)
        })
    }

    /// Replaces the tokens for which `choose`, given the significant tokens before it, the token and the one after
    /// it, names a replacement.
    fn replace_names<'n>(
        &self,
        choose: impl Fn(&[Token<'_>], &Token<'_>, Option<&Token<'_>>) -> Option<&'n Name>,
    ) -> Self {
        let tokens = significant(&self.0);
        let mut text = String::with_capacity(self.0.len());
        let mut copied = 0;
        for (index, token) in tokens.iter().enumerate() {
            if let Some(name) = choose(&tokens[..index], token, tokens.get(index + 1)) {
                text.push_str(&self.0[copied..token.start]);
                text.push_str(&name.sql());
                copied = token.end();
            }
        }
        text.push_str(&self.0[copied..]);
        Self::new(text)
    }
}

/// Whether a `CASE` is open behind these tokens.
fn is_in_case(tokens: &[Token<'_>]) -> bool {
    let count = |word| tokens.iter().filter(|token| token.is_word(word)).count();
    count("case") > count("end")
}

fn is_name(token: &Token<'_>, name: &Name) -> bool {
    match token.kind {
        TokenKind::Word => *name == *token.text && !is_reserved(token.text),
        TokenKind::QuotedName => token.identifier().is_some_and(|text| *name == *text),
        _ => false,
    }
}

/// Takes pairs of parentheses off that enclose all of `tokens`, in one pass however many there are.
pub fn without_outer_parentheses<'t, 's>(tokens: &'t [Token<'s>]) -> &'t [Token<'s>] {
    let opening = tokens.iter().take_while(|token| token.kind == TokenKind::Open).count();
    let closing = tokens.iter().rev().take_while(|token| token.kind == TokenKind::Close).count();
    if opening == 0 || closing == 0 || opening + closing > tokens.len() {
        return tokens;
    }
    // as many enclose all as are never closed in between
    let (mut depth, mut lowest) = (opening, opening);
    for token in &tokens[opening..tokens.len() - closing] {
        match (token.kind, depth) {
            (TokenKind::Open, _) => depth += 1,
            (TokenKind::Close, 0) => return tokens,
            (TokenKind::Close, _) => depth -= 1,
            _ => {}
        }
        lowest = lowest.min(depth);
    }
    // of nothing but parentheses the innermost pair stays
    let enclosing = lowest.min(closing).min((tokens.len() - 1) / 2);
    if depth == closing { &tokens[enclosing..tokens.len() - enclosing] } else { tokens }
}

fn join_canonical(tokens: &[Token<'_>]) -> String {
    let mut text = String::new();
    for token in tokens {
        if !text.is_empty() {
            text.push(' ');
        }
        match token.kind {
            TokenKind::Word | TokenKind::Blob | TokenKind::Variable => text.push_str(&token.text.to_ascii_lowercase()),
            TokenKind::Number => text.push_str(&token.text.replace('_', "").to_ascii_lowercase()),
            TokenKind::QuotedName => {
                let name = token.identifier().unwrap_or_default().to_ascii_lowercase();
                // a quoted keyword stays quoted: `"null"` is a column, `null` is not
                text.push_str(&quote_name(&name));
            }
            TokenKind::Operator => text.push_str(match token.text {
                "==" => "=",
                "!=" => "<>",
                other => other,
            }),
            _ => text.push_str(token.text),
        }
    }
    text
}

impl PartialEq for Expr {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0 || self.canonical() == other.canonical()
    }
}

impl Eq for Expr {}

impl Hash for Expr {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.canonical().hash(state);
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for Expr {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

/// The declared type of a column, kept as text; empty where none is declared.
///
/// Equal when the tokens are equal without case: `VARCHAR( 10 )` is `varchar(10)`, `INT` is not `INTEGER`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DeclType(Box<str>);

/// What SQLite prefers to store in a column (sqlite.org/datatype3.html, section 3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Affinity {
    /// Numbers become text.
    Text,
    /// Text that looks like a number becomes an integer or a real.
    Numeric,
    /// As numeric, and reals without a fraction become integers.
    Integer,
    /// Text that looks like a number, and integers, become reals.
    Real,
    /// Values are stored as they come.
    Blob,
}

impl DeclType {
    /// Wraps the text of a type; white space around it is taken off.
    pub fn new(text: impl AsRef<str>) -> Self {
        Self(trim(text.as_ref()).into())
    }

    /// The text as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether no type is declared.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The spelling that equal types share.
    pub fn canonical(&self) -> String {
        join_canonical(&significant(&self.0))
    }

    /// The affinity that SQLite derives from the text, by the five rules in their order.
    pub fn affinity(&self) -> Affinity {
        let upper = self.0.to_ascii_uppercase();
        let has = |part: &str| upper.contains(part);
        if has("INT") {
            Affinity::Integer
        } else if has("CHAR") || has("CLOB") || has("TEXT") {
            Affinity::Text
        } else if has("BLOB") || upper.is_empty() {
            Affinity::Blob
        } else if has("REAL") || has("FLOA") || has("DOUB") {
            Affinity::Real
        } else {
            Affinity::Numeric
        }
    }

    /// Whether a single-column primary key of this type is an alias for the rowid: only `INTEGER` is, `INT` is not.
    pub fn is_integer_word(&self) -> bool {
        self.0.eq_ignore_ascii_case("integer")
    }
}

impl PartialEq for DeclType {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0) || self.canonical() == other.canonical()
    }
}

impl Eq for DeclType {}

impl fmt::Display for DeclType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for DeclType {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_compare_as_tokens() {
        assert_eq!(Expr::new("length( \"a\" )>0"), Expr::new("LENGTH(a) > 0"));
        assert_eq!(Expr::new("((a > 0))"), Expr::new("a>0"));
        assert_ne!(Expr::new("(a) + (b)"), Expr::new("a) + (b"));
        assert_ne!(Expr::new("a = 'X'"), Expr::new("a = 'x'"));
        assert_ne!(Expr::new("\"null\""), Expr::new("null"));
        assert_eq!(Expr::new("a == 1 -- why"), Expr::new("a = 1"));
    }

    #[test]
    fn parentheses_around_the_whole_are_taken_off_in_one_pass() {
        for (text, inner) in [
            ("((a))", "a"),
            ("(a)(b)", "( a ) ( b )"),
            ("((a)+(b))", "( a ) + ( b )"),
            ("(((a))+b)", "( ( a ) ) + b"),
            ("()", "( )"),
            ("(())", "( )"),
            ("((a)", "( ( a )"),
            ("(a))", "( a ) )"),
            (")a(", ") a ("),
            ("(a))+((b)", "( a ) ) + ( ( b )"),
            (")", ")"),
            ("", ""),
        ] {
            assert_eq!(Expr::new(text).canonical(), inner, "{text}");
        }
        // does not end in reasonable time if every pair is a pass
        assert_eq!(Expr::new(format!("{}a{}", "(".repeat(200_000), ")".repeat(200_000))).canonical(), "a");
    }

    #[test]
    fn white_space_is_what_sql_takes_for_it() {
        assert_eq!(Expr::new("\ta \r\n").as_str(), "a");
        assert_eq!(Expr::new("0 < a\u{a0}").as_str(), "0 < a\u{a0}");
        assert_eq!(Expr::script("SELECT a\u{2003}; ").as_str(), "SELECT a\u{2003}");
        assert_ne!(DeclType::new("a\u{a0}"), DeclType::new("a"));
    }

    #[test]
    fn a_column_is_renamed_but_not_a_function_or_another_tables_column() {
        let renamed = |text: &str| {
            Expr::new(text).with_column_renamed(&"t".into(), &"a".into(), &"b c".into()).as_str().to_owned()
        };
        assert_eq!(renamed("a + t.A + o.a + a(1) + 'a' + \"a\""), "\"b c\" + t.\"b c\" + o.a + a(1) + 'a' + \"b c\"");
        assert_eq!(Expr::new("t.x <> ''").with_qualifier_renamed(&"T".into(), &"n".into()).as_str(), "n.x <> ''");
    }

    #[test]
    fn columns_swap_names_and_keywords_stay() {
        let swapped = |text: &str| {
            let (a, null, end) = (Name::from("a"), Name::from("null"), Name::from("end"));
            let renames = [(a.clone(), null.clone()), (null, end.clone()), (end, a)];
            Expr::new(text).with_columns_renamed(&"a".into(), &renames).as_str().to_owned()
        };
        assert_eq!(swapped("a IS NULL OR \"null\" = end"), "\"null\" IS NULL OR \"end\" = a");
        assert_eq!(swapped("CASE WHEN a THEN 1 END"), "CASE WHEN \"null\" THEN 1 END");
        assert_eq!(swapped("a.a <> b.a"), "a.\"null\" <> b.a");
        assert!(!Expr::new("SELECT 1").mentions(&"select".into()));
        assert!(Expr::new("key = 1").mentions(&"key".into()));
        let names = Expr::new("\"select\" = [a b] OR key IS NULL AND f('x') > x'00'").names();
        assert_eq!(names, ["select", "a b", "key", "f"].map(Name::from));
    }

    #[test]
    fn literals_are_told_from_expressions() {
        for literal in ["1", "-1.5", "'a'", "x'00'", "NULL", "true"] {
            assert!(Expr::new(literal).is_literal(), "{literal}");
        }
        for expression in ["(1)", "1+2", "CURRENT_TIMESTAMP", "abs(1)", "-x", "- -1"] {
            assert!(!Expr::new(expression).is_literal(), "{expression}");
        }
    }

    #[test]
    fn affinity_follows_the_five_rules_in_order() {
        let affinity = |text: &str| DeclType::new(text).affinity();
        assert_eq!(affinity("CHARINT"), Affinity::Integer);
        assert_eq!(affinity("VARCHAR(10)"), Affinity::Text);
        assert_eq!(affinity("F32_BLOB(3)"), Affinity::Blob);
        assert_eq!(affinity(""), Affinity::Blob);
        assert_eq!(affinity("DOUBLE"), Affinity::Real);
        assert_eq!(affinity("DATETIME"), Affinity::Numeric);
        assert_eq!(affinity("BOOLEAN"), Affinity::Numeric);
    }
}
