//! Names and SQL in Markdown: shown as they are, and never read as Markdown or HTML.

/// A text on one line that is shown as it is: nothing in it is read as Markdown, HTML, or a mention of somebody.
pub(crate) fn code(text: &str) -> String {
    let line: String = text.chars().map(visible).collect();
    let line = line.trim();
    let fence = "`".repeat(longest_run(line) + 1);
    // a space beside the fence is left out, and a backtick there would be a part of it
    let space = if line.starts_with('`') || line.ends_with('`') { " " } else { "" };
    if line.is_empty() { "` `".to_owned() } else { format!("{fence}{space}{line}{space}{fence}") }
}

/// A character as it is shown: what ends a line, hides something or turns the direction of the text does not.
fn visible(char: char) -> char {
    match char {
        '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' => '\u{fffd}',
        '\u{2028}' | '\u{2029}' => ' ',
        char if char.is_control() => ' ',
        char => char,
    }
}

/// The same in a cell of a table, where even inside of backticks a bar ends the cell.
pub(crate) fn cell(text: &str) -> String {
    code(text).replace('|', "\\|")
}

/// A text in a paragraph or a cell that is shown as it is, without backticks around it.
pub(crate) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars().map(visible) {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            // nobody is mentioned
            '@' => out.push_str("&#64;"),
            char if char.is_ascii_punctuation() && !"'\",.:;/?%=".contains(char) => out.extend(['\\', char]),
            char => out.push(char),
        }
    }
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A text of several lines between fences, for a language.
pub(crate) fn fenced(language: &str, text: &str) -> String {
    let fence = "`".repeat(longest_run(text).max(2) + 1);
    format!("{fence}{language}\n{}\n{fence}\n", text.trim_end())
}

/// How many backticks stand together at most.
pub(crate) fn longest_run(text: &str) -> usize {
    text.split(|char| char != '`').map(str::len).max().unwrap_or_default()
}
