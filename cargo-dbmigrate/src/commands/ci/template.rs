//! Fills in templates: `@NAME@` stands for a text. Where it stands alone on a line, every line of the text is indented
//! as it is.

/// What stands for what.
type Values = [(&'static str, String)];

/// The template with the values in it.
pub(super) fn filled(template: &str, values: &Values) -> String {
    let mut filled = String::with_capacity(template.len() * 2);
    for line in template.lines() {
        let indent = &line[..line.len() - line.trim_start().len()];
        let alone = values.iter().find(|(name, _)| is_place(line.trim(), name));
        if let Some((_, text)) = alone {
            for line in text.lines() {
                if !line.is_empty() {
                    filled.push_str(indent);
                    filled.push_str(line);
                }
                filled.push('\n');
            }
        } else {
            filled.push_str(&within(line, values));
            filled.push('\n');
        }
    }
    filled
}

/// The places in a line, from left to right, so that nothing in a value is taken for one.
fn within(line: &str, values: &Values) -> String {
    let mut text = String::new();
    let mut rest = line;
    while let Some(at) = rest.find('@') {
        let (before, place) = rest.split_at(at);
        text.push_str(before);
        let found =
            values.iter().find_map(|(name, value)| Some((value, place[1..].strip_prefix(name)?.strip_prefix('@')?)));
        if let Some((value, after)) = found {
            text.push_str(value);
            rest = after;
        } else {
            text.push('@');
            rest = &place[1..];
        }
    }
    text + rest
}

fn is_place(text: &str, name: &str) -> bool {
    text.strip_prefix('@').and_then(|text| text.strip_suffix('@')) == Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_of_its_own_line_keeps_its_indentation() {
        let values = [("LINES", "a\n\nb @ONE@".to_owned()), ("ONE", "@LINES@".to_owned())];
        assert_eq!(filled("x:\n  @LINES@\ny @ONE@ z@q\n", &values), "x:\n  a\n\n  b @ONE@\ny @LINES@ z@q\n");
    }
}
