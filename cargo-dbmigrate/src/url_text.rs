//! URLs as text: their scheme, and what of them is fit for printing.

/// The schemes of databases on a server.
pub(crate) const REMOTE_SCHEMES: [&str; 5] = ["libsql", "https", "http", "wss", "ws"];

/// Whether a URL has a user, a password or a token in it.
pub(crate) fn has_credentials(url: &str) -> bool {
    redacted(url).contains("//…@") || url.to_ascii_lowercase().contains("authtoken=")
}

/// A URL without what may be secret: user, password, and everything from the `?` on. Text that is no URL stays.
pub(crate) fn redacted(text: &str) -> String {
    // also in `--url=libsql://…`
    let start = text.find("://").map_or(0, |at| {
        let scheme = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'.' | b'-');
        at - text.as_bytes()[..at].iter().rev().take_while(|byte| scheme(byte)).count()
    });
    let (before, url) = text.split_at(start);
    let Some((scheme, rest)) = scheme(url) else {
        // a token on its own: `authToken=…`
        return match text.to_ascii_lowercase().find("authtoken=") {
            Some(at) => format!("{}authToken=…", &text[..at]),
            None => text.to_owned(),
        };
    };
    let (address, query) = match rest.split_once(['?', '#']) {
        Some((address, query @ ("tls=0" | "tls=1"))) => (address, format!("?{query}")),
        Some((address, _)) => (address, "?…".to_owned()),
        None => (rest, String::new()),
    };
    let after_slashes = address.strip_prefix("//");
    let (authority, path) = match after_slashes {
        Some(rest) => rest.split_at(rest.find('/').unwrap_or(rest.len())),
        None => ("", address),
    };
    let host = authority.rsplit_once('@').map_or(authority.to_owned(), |(_, host)| format!("…@{host}"));
    let slashes = if after_slashes.is_some() { "//" } else { "" };
    format!("{before}{scheme}:{slashes}{host}{path}{query}")
}

/// The scheme in lower case and what follows the colon. A drive letter is no scheme, and neither is a word before a
/// colon that nobody knows and no `//` follows: `:` is allowed in paths.
pub(crate) fn scheme(url: &str) -> Option<(String, &str)> {
    let (scheme, rest) = url.split_once(':')?;
    let valid = scheme.len() > 1
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'.' | b'-'));
    let scheme = scheme.to_ascii_lowercase();
    let known = scheme == "file" || scheme == "sqlite" || REMOTE_SCHEMES.contains(&scheme.as_str());
    (valid && (known || rest.starts_with("//"))).then_some((scheme, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_taken_out_of_arguments_too() {
        assert_eq!(redacted("--url=libsql://u:p@h/x?authToken=t"), "--url=libsql://…@h/x?…");
        assert_eq!(redacted("authToken=t"), "authToken=…");
        assert_eq!(redacted("users.nick=handle"), "users.nick=handle");
        assert_eq!(redacted("libsql://h"), "libsql://h");
        assert_eq!(redacted("libsql://h:1?tls=0"), "libsql://h:1?tls=0");
        assert_eq!(redacted("libsql://h:1?tls=0&authToken=t"), "libsql://h:1?…");
        assert_eq!(redacted("file:a.db?authToken=t"), "file:a.db?…");
    }
}
