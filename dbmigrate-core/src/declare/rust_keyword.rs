//! Rust's keywords, of all editions (doc.rust-lang.org/reference/keywords.html): the one list of them.
//!
//! Weak keywords (`union`, `raw`, `safe`, `auto`, `default`, `macro_rules`) are not among them: they name whatever they
//! are given to.

/// Strict and reserved keywords, in order.
const KEYWORDS: [&str; 53] = [
    "Self", "_", "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do",
    "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro",
    "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "self", "static", "struct", "super",
    "trait", "true", "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// Whether a word is a keyword in any edition, so that it is no identifier as it stands.
pub fn is_keyword(word: &str) -> bool {
    KEYWORDS.binary_search(&word).is_ok()
}

/// Whether a keyword is an identifier with `r#` before it: all but five are.
pub fn can_be_raw(word: &str) -> bool {
    !matches!(word, "Self" | "_" | "crate" | "self" | "super")
}

/// A word as an identifier: a keyword gets its `r#`. `None` if there is no way to write it.
pub fn identifier(word: &str) -> Option<String> {
    match is_keyword(word) {
        false => Some(word.to_owned()),
        true => can_be_raw(word).then(|| format!("r#{word}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keywords_are_in_order_and_those_that_the_parser_knows() {
        assert!(KEYWORDS.is_sorted());
        for word in KEYWORDS {
            // the parser does not know which edition it reads
            let of_later_editions = ["gen"];
            let parsed = syn::parse_str::<syn::Ident>(word).is_ok();
            assert_eq!(parsed, of_later_editions.contains(&word), "{word}");
            let raw = syn::parse_str::<syn::Ident>(&format!("r#{word}")).is_ok();
            assert_eq!(raw, can_be_raw(word), "{word}");
        }
        for weak in ["union", "raw", "safe", "auto", "default", "macro_rules", "dyn2"] {
            assert!(!is_keyword(weak) && syn::parse_str::<syn::Ident>(weak).is_ok(), "{weak}");
        }
    }

    #[test]
    fn a_keyword_is_written_raw() {
        assert_eq!(identifier("yield").as_deref(), Some("r#yield"));
        assert_eq!(identifier("union").as_deref(), Some("union"));
        assert_eq!(identifier("crate"), None);
    }
}
