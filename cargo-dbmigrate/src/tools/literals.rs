//! The texts in a configuration that is written in JavaScript, TypeScript or JSON, by the keys that they stand under.
//!
//! Nothing is evaluated: what is no literal is not found, and then the tool is taken to have what it usually has.

/// The text behind these keys, if there is one and all of them say the same; an element of an array has its number as
/// its key. Calls around an object (`defineConfig({ … })`) are looked through.
pub(super) fn literal(text: &str, keys: &[&str]) -> Option<String> {
    let tokens = tokens(text);
    let mut around: Vec<Around> = Vec::new();
    let mut found: Vec<&str> = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let before = at.checked_sub(1).map(|at| &tokens[at]);
        let next = tokens.get(at + 1);
        match token {
            Token::Mark('{') => around.push(Around::Object(None)),
            Token::Mark('[') => around.push(Around::Array(0)),
            Token::Mark('(') => around.push(Around::Call),
            Token::Mark('}' | ']' | ')') => {
                around.pop();
            }
            Token::Mark(',') => match around.last_mut() {
                Some(Around::Object(key)) => *key = None,
                Some(Around::Array(count)) => *count += 1,
                Some(Around::Call) | None => {}
            },
            Token::Name(word) | Token::Text(word) => {
                let begins = matches!(before, Some(Token::Mark('{' | ',')));
                if let (true, Some(Token::Mark(':')), Some(Around::Object(key))) = (begins, next, around.last_mut()) {
                    *key = Some((word, at));
                    continue;
                }
                let is_value = match around.last() {
                    // the key, the colon, and this
                    Some(Around::Object(key)) => key.is_some_and(|(_, key)| key + 2 == at),
                    Some(Around::Array(_)) => matches!(before, Some(Token::Mark('[' | ','))),
                    Some(Around::Call) | None => false,
                };
                let is_whole = matches!(next, Some(Token::Mark(',' | '}' | ']' | ')')) | None);
                if matches!(token, Token::Text(_)) && is_value && is_whole && is_under(&around, keys) {
                    found.push(word);
                }
            }
            Token::Mark(_) => {}
        }
    }
    let first = found.first()?;
    found.iter().all(|one| one == first).then(|| (*first).to_owned())
}

/// What stands around a place.
#[derive(Debug)]
enum Around<'t> {
    /// An object, behind this key, which is this token.
    Object(Option<(&'t str, usize)>),
    /// An array, behind this many elements.
    Array(usize),
    /// Parentheses.
    Call,
}

/// Whether these are the keys on the way to a place. A block without a key is none of an object.
fn is_under(around: &[Around<'_>], keys: &[&str]) -> bool {
    let on_the_way = around.iter().filter_map(|around| match around {
        Around::Object(key) => key.map(|(key, _)| key.to_owned()),
        Around::Array(count) => Some(count.to_string()),
        Around::Call => None,
    });
    on_the_way.eq(keys.iter().map(|key| (*key).to_owned()))
}

#[derive(Debug, PartialEq, Eq)]
enum Token {
    /// A name, a number or a word of the language.
    Name(String),
    /// A string without anything in it to evaluate.
    Text(String),
    /// Any other character.
    Mark(char),
}

fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let behind = &rest[first.len_utf8()..];
        rest = match first {
            _ if first.is_whitespace() || first == '\u{feff}' => behind,
            '/' if behind.starts_with('/') => rest.find('\n').map_or("", |end| &rest[end..]),
            '/' if behind.starts_with('*') => behind[1..].find("*/").map_or("", |end| &behind[end + 3..]),
            '"' | '\'' | '`' => {
                let (text, behind) = string(first, behind);
                // a mark that ends nothing, so that it is not taken for a value
                tokens.push(text.map_or(Token::Mark(first), Token::Text));
                behind
            }
            _ if is_of_name(first) => {
                let end = rest.find(|char| !is_of_name(char)).unwrap_or(rest.len());
                tokens.push(Token::Name(rest[..end].to_owned()));
                &rest[end..]
            }
            _ => {
                tokens.push(Token::Mark(first));
                behind
            }
        };
    }
    tokens
}

fn is_of_name(char: char) -> bool {
    char.is_alphanumeric() || char == '_' || char == '$'
}

/// What a string says, unless it has something to evaluate or no end, and what stands behind it.
fn string(quote: char, text: &str) -> (Option<String>, &str) {
    let mut said = String::new();
    let mut is_plain = true;
    let mut chars = text.char_indices().peekable();
    while let Some((at, char)) = chars.next() {
        match char {
            _ if char == quote => return (is_plain.then_some(said), &text[at + char.len_utf8()..]),
            '\\' => match chars.next() {
                // codes are not needed for paths and names
                Some((_, 'u' | 'x')) | None => is_plain = false,
                Some((_, 'n')) => said.push('\n'),
                Some((_, 't')) => said.push('\t'),
                Some((_, escaped)) => said.push(escaped),
            },
            '$' if quote == '`' && matches!(chars.peek(), Some((_, '{'))) => is_plain = false,
            _ => said.push(char),
        }
    }
    (None, "")
}

#[cfg(test)]
mod tests {
    use super::literal;

    #[test]
    fn a_text_is_found_by_its_keys() {
        let config = "// out: './never'\nimport { defineConfig } from 'drizzle-kit';\n\
            const url = process.env.URL ?? 'file:dev.db';\n\
            export default defineConfig({\n  schema: ['./a.ts', `./b.ts`], /* out: 'no' */\n  \"out\": './db/it\\'s',\n  \
            dbCredentials: { url, out: 'other' },\n  migrations: {\n    table: `applied`,\n  },\n});\n";
        assert_eq!(literal(config, &["out"]).as_deref(), Some("./db/it's"));
        assert_eq!(literal(config, &["migrations", "table"]).as_deref(), Some("applied"));
        assert_eq!(literal(config, &["dbCredentials", "out"]).as_deref(), Some("other"));
        assert_eq!(literal(config, &["schema", "1"]).as_deref(), Some("./b.ts"));
        assert_eq!(literal(config, &["table"]), None);
        let json = "\u{feff}{ // the first one\n  \"d1_databases\": [{ \"migrations_dir\": \"sql\" }, { \"migrations_dir\": \"x\" }],\n}";
        assert_eq!(literal(json, &["d1_databases", "0", "migrations_dir"]).as_deref(), Some("sql"));
        let whole = "module.exports = { out: 'a' } satisfies Config";
        assert_eq!(literal(whole, &["out"]).as_deref(), Some("a"));
    }

    #[test]
    fn nothing_is_guessed_where_something_is_computed_or_said_twice() {
        for text in [
            "export default { out: dir }",
            "export default { out: './' + dir }",
            "export default { out: `./${dir}` }",
            "export default { out: '\\u0061' }",
            "export default { out: dir ? 'a' : 'b' }",
            "export default { out: path.join('a') }",
            "const one = { out: 'a' }; const other = { out: 'b' };",
            "export default { out: 'a",
            "export default { out: ",
            "}}]) out: 'a'",
            "",
        ] {
            assert_eq!(literal(text, &["out"]), None, "{text}");
        }
    }
}
