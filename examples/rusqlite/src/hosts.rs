//! The servers of bookmarks. Those that were there before the column get theirs in the step of `0004_fill_hosts`: what
//! the host of a URL is, SQL cannot say.

use dbmigrate::migrate::{Step, StepResult};

/// The host of a URL, in lower case.
pub fn of(url: &str) -> Option<String> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let (_, server) = authority.rsplit_once('@').unwrap_or(("", authority));
    let host = match server.strip_prefix('[') {
        Some(address) => address.split(']').next()?,
        None => server.split(':').next()?,
    };
    (!host.is_empty()).then(|| host.to_lowercase())
}

/// Fills in the hosts of the bookmarks that have none.
///
/// # Errors
/// If a statement fails.
pub fn fill(step: &mut Step<'_>) -> StepResult {
    let mut hosts = Vec::new();
    for row in step.query("SELECT id, url FROM bookmarks WHERE host IS NULL", &[])? {
        if let Some(host) = of(&row.get::<String>(1)?) {
            hosts.push(vec![host.into(), row.get::<i64>(0)?.into()]);
        }
    }
    step.execute_each("UPDATE bookmarks SET host = ?1 WHERE id = ?2", hosts)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn a_host_is_what_stands_between_user_and_port() {
        for (url, host) in [
            ("https://Example.org/a", Some("example.org")),
            ("http://me@example.org:8080?q#f", Some("example.org")),
            ("http://[::1]:80/", Some("::1")),
            ("mailto:a@b.c", None),
            ("file:///a", None),
        ] {
            assert_eq!(of(url).as_deref(), host, "{url}");
        }
    }
}
