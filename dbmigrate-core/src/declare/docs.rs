//! Doc comments as text: what stands in a database as the comment of a table or a column.

/// What the doc comments among the attributes say, with Markdown's escapes undone; what a macro says is not known.
pub(super) fn text(attributes: &[syn::Attribute]) -> Option<String> {
    let mut lines = Vec::new();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("doc")) {
        if let syn::Meta::NameValue(pair) = &attribute.meta
            && let syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) = &pair.value
        {
            push(&text.value(), &mut lines);
        }
    }
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// Adds the lines of one attribute: a line of `///`, or the whole of `/** */`, in which lines may begin with `*`.
fn push(text: &str, lines: &mut Vec<String>) {
    let is_framed =
        text.contains('\n') && text.lines().skip(1).all(|line| matches!(line.trim().chars().next(), None | Some('*')));
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        let line = if at > 0 && is_framed { line.strip_prefix('*').unwrap_or(line) } else { line };
        lines.push(unescaped(line.trim()));
    }
    if text.is_empty() {
        lines.push(String::new());
    }
}

/// A line without the backslashes before punctuation and the angle brackets around URLs, except for those in `code`.
fn unescaped(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find(['\\', '`', '<']) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let mark = &from[..1];
        let behind = &from[1..];
        let end = match mark {
            "`" => behind.find('`').map(|end| end + 1),
            "<" if behind.starts_with("http://") || behind.starts_with("https://") => {
                behind.find(['<', '>', ' ']).filter(|end| behind[*end..].starts_with('>'))
            }
            _ => None,
        };
        match (mark, end) {
            ("<", Some(end)) => {
                out.push_str(&behind[..end]);
                rest = &behind[end + 1..];
            }
            ("`", Some(end)) => {
                out.push_str(&from[..=end]);
                rest = &behind[end..];
            }
            ("\\", _) if behind.starts_with(|char: char| char.is_ascii_punctuation()) => {
                out.push_str(&behind[..1]);
                rest = &behind[1..];
            }
            _ => {
                out.push_str(mark);
                rest = behind;
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;

    #[test]
    fn the_lines_of_all_doc_comments_are_one_text() {
        let item: syn::ItemStruct = parse_quote! {
            /// People.
            ///
            ///   - all of *them*
            #[derive(Clone)]
            /** And
             * more,
             *
             * of course. */
            #[doc(hidden)]
            #[doc = include_str!("people.md")]
            #[doc = "end"]
            struct Person;
        };
        assert_eq!(text(&item.attrs).as_deref(), Some("People.\n\n- all of *them*\nAnd\nmore,\n\nof course.\nend"));
        let item: syn::ItemStruct = parse_quote! { #[doc(hidden)] struct Person; };
        assert_eq!(text(&item.attrs), None);
    }

    #[test]
    fn escapes_are_undone_outside_of_code() {
        for (written, wanted) in [
            ("see \\[users] and Vec\\<u8>", "see [users] and Vec<u8>"),
            ("`a\\[0]` \\\\ \\d \\`", "`a\\[0]` \\ \\d `"),
            ("(<https://sqlite.org/>), <b <https://x", "(https://sqlite.org/), <b <https://x"),
            ("an ` alone \\#", "an ` alone #"),
            ("größer \\", "größer \\"),
            ("\\ä", "\\ä"),
        ] {
            assert_eq!(unescaped(written), wanted);
        }
    }
}
