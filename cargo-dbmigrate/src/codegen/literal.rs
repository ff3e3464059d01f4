//! Texts as literals of Rust.

/// A text as a Rust literal: raw where that is easier to read, escaped where the compiler would refuse or warn.
pub(super) fn string(text: &str) -> String {
    let unreadable = |char: char| {
        let overrides_direction = matches!(char, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        (char.is_control() && char != '\n' && char != '\t') || overrides_direction
    };
    if text.chars().any(unreadable) {
        return format!("\"{}\"", text.escape_default());
    }
    if !text.contains(['"', '\\']) {
        return format!("\"{text}\"");
    }
    let mut hashes = "#".to_owned();
    while text.contains(&format!("\"{hashes}")) {
        hashes.push('#');
    }
    // no quote inside: `r"…"` would do, and clippy asks for it
    let hashes = if text.contains('"') { hashes } else { String::new() };
    format!("r{hashes}\"{text}\"{hashes}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_written_so_that_they_come_back_as_they_were() {
        for (text, written) in [
            ("a", "\"a\""),
            ("length(\"a\") > 0", "r#\"length(\"a\") > 0\"#"),
            ("a\\b", "r\"a\\b\""),
            ("\"#", "r##\"\"#\"##"),
            ("a\r\nb", "\"a\\r\\nb\""),
            ("two\nlines", "\"two\nlines\""),
        ] {
            assert_eq!(string(text), written);
            let literal: syn::LitStr = syn::parse_str(&string(text)).expect("a literal");
            assert_eq!(literal.value(), text);
        }
    }
}
