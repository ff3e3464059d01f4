//! URLs of files on this machine (sqlite.org/uri.html).

use crate::url_text;
use std::path::{Component, Path, PathBuf};

/// What a path or a `file:` URL names.
pub(crate) fn path_of(url: &str, base: &Path) -> Result<PathBuf, String> {
    let shown = url_text::redacted(url);
    let path = match url_text::scheme(url) {
        Some((_, rest)) => {
            let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
            let read_only = |pair: &str| matches!(pair, "mode=ro" | "immutable=1" | "immutable=true");
            if query.split('&').any(read_only) {
                return Err(format!("`{shown}` is read-only, and migrations must write"));
            }
            if query.split('&').any(|pair| pair == "mode=memory") {
                return Err(format!("`{shown}` is in memory and would be lost when the command ends"));
            }
            file_path(path).ok_or_else(|| format!("`{shown}` is not the URL of a file on this machine"))?
        }
        None => PathBuf::from(url),
    };
    match path.to_str() {
        Some("") => Err("the database URL is empty".to_owned()),
        Some(":memory:") => Err("`:memory:` is in memory and would be lost when the command ends".to_owned()),
        Some("." | "./") => Err("`.` is a folder, not a database".to_owned()),
        _ => Ok(clean(&base.join(path))),
    }
}

/// The path of a `file:` URL: `file:a`, `file:/a`, `file:///a`, `file://localhost/a`.
fn file_path(rest: &str) -> Option<PathBuf> {
    let path = match rest.strip_prefix("//") {
        Some(rest) => {
            let path = rest.strip_prefix("localhost").unwrap_or(rest);
            path.starts_with('/').then_some(path)?
        }
        None => rest,
    };
    let path = path.split('#').next().unwrap_or(path);
    // `file:///C:/a`
    let drive = path.as_bytes().get(2) == Some(&b':') && path.starts_with('/');
    percent_decoded(if cfg!(windows) && drive { &path[1..] } else { path }).map(PathBuf::from)
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        let hex = (*first == b'%').then(|| text_of(after.get(..2)?)).flatten();
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => bytes.push(*first),
        }
    }
    String::from_utf8(bytes).ok()
}

fn text_of(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// The path without `.` parts, as it is shown.
fn clean(path: &Path) -> PathBuf {
    path.components().filter(|part| !matches!(part, Component::CurDir)).collect()
}
