//! The data as it stands in the page.

use serde::Serialize;

/// JSON without the signs that could end the element that it stands in, or begin a comment there.
pub(crate) fn json(value: &impl Serialize) -> String {
    let text = serde_json::to_string(value).unwrap_or_else(|error| unreachable!("it is plain data: {error}"));
    // outside of strings JSON has none of them
    text.replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_can_end_the_element() {
        let hostile = "</script><!--<script>&\u{2028}]]>\"\\";
        let text = json(&hostile);
        assert!(!text.contains(['<', '>', '&', '\u{2028}']), "{text}");
        assert_eq!(serde_json::from_str::<String>(&text).expect("it is JSON"), hostile);
    }
}
