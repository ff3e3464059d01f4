//! What columns are likely to hold, by their names.

/// A name as its words in lower case, joined by `_`: `createdAt` and `Created At` are `created_at`.
pub(super) fn words(name: &str) -> String {
    let mut words = String::with_capacity(name.len() + 4);
    let mut before = '_';
    for character in name.chars() {
        let is_start = character.is_uppercase() && (before.is_lowercase() || before.is_ascii_digit());
        if is_start && !words.ends_with('_') {
            words.push('_');
        }
        if character.is_alphanumeric() {
            words.extend(character.to_lowercase());
        } else if !words.ends_with('_') && !words.is_empty() {
            words.push('_');
        }
        before = character;
    }
    while words.ends_with('_') {
        words.pop();
    }
    words
}

/// Whether a name in words ends with others.
pub(super) fn ends(words: &str, with: &str) -> bool {
    words.strip_suffix(with).is_some_and(|rest| rest.is_empty() || rest.ends_with('_'))
}

/// Whether it has a word.
pub(super) fn has(words: &str, word: &str) -> bool {
    words.split('_').any(|part| part == word)
}

/// Whether one of its words is one of these.
pub(super) fn has_any(words: &str, of: &[&str]) -> bool {
    words.split('_').any(|part| of.contains(&part))
}

/// What the numbers of a column are likely to be: from, to, and how many parts of one they have if they are no integers.
pub(super) fn range(column: &str) -> (i64, i64, i64) {
    type Range = (i64, i64, i64);
    const RANGES: &[(&[&str], Range)] = &[
        (&["lat", "latitude"], (-85, 85, 10_000)),
        (&["lon", "lng", "long", "longitude"], (-180, 180, 10_000)),
        (&["share", "ratio", "probability", "quality", "confidence", "discount"], (0, 1, 100)),
        (&["percent", "percentage", "pct", "progress", "score"], (0, 100, 10)),
        (&["rating", "stars"], (1, 5, 10)),
        (&["age"], (18, 90, 1)),
        (&["year"], (1990, 2025, 1)),
        (&["month"], (1, 12, 1)),
        (&["day", "weekday"], (1, 7, 1)),
        (&["hour", "hours"], (0, 23, 1)),
        (
            &["cents", "price", "amount", "cost", "total", "subtotal", "fee", "balance", "salary", "credit"],
            (100, 50_000, 100),
        ),
        (&["tax", "rate", "temperature"], (0, 30, 100)),
        (&["quantity", "qty", "copies", "seats"], (1, 20, 1)),
        (&["stock", "units"], (0, 500, 1)),
        (&["count", "views", "likes", "visits", "hits"], (0, 10_000, 1)),
        (&["position", "rank", "sort", "order", "ordinal", "index", "priority", "sequence", "seq"], (0, 20, 1)),
        (&["level", "version", "tries", "attempts", "retries", "priority"], (0, 10, 1)),
        (&["size", "bytes"], (100, 5_000_000, 1)),
        (&["width", "height"], (16, 4096, 1)),
        (&["length", "weight", "distance"], (1, 1000, 10)),
        (&["duration", "seconds", "minutes"], (1, 3600, 1)),
        (&["port"], (1024, 65_535, 1)),
    ];
    let found = column.rsplit('_').find_map(|word| RANGES.iter().find(|(words, _)| words.contains(&word)));
    found.map_or((0, 1000, 100), |(_, range)| *range)
}

/// Whether a column is likely to be true or false.
pub(super) fn is_flag(column: &str) -> bool {
    let first = column.split('_').next().unwrap_or_default();
    let starts =
        ["is", "has", "can", "should", "allow", "allows", "use", "uses", "was", "did", "needs", "enable", "disable"];
    (starts.contains(&first) && column.contains('_'))
        || has_any(
            column,
            &[
                "enabled",
                "disabled",
                "active",
                "archived",
                "deleted",
                "verified",
                "confirmed",
                "published",
                "public",
                "private",
                "hidden",
                "visible",
                "featured",
                "done",
                "completed",
                "locked",
                "blocked",
                "read",
                "flag",
                "deprecated",
                "default",
                "pinned",
                "starred",
                "approved",
            ],
        ) && !column.contains("_at")
            && !has_any(column, &["count", "id", "by", "on", "date", "time"])
}

/// What a time is to the others of its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// None: a birthday.
    Apart,
    /// The first one.
    First,
    /// The start of something that has an end.
    Start,
    /// The end of it.
    End,
    /// Something that happens later, within so many days.
    Later(i64),
}

/// What a time is to others, by its column's name.
pub(super) fn role(column: &str) -> Role {
    if has_any(column, &["birth", "birthday", "birthdate", "dob", "born"]) {
        Role::Apart
    } else if has_any(
        column,
        &["created", "inserted", "registered", "joined", "added", "creation", "issued", "ordered", "signup"],
    ) {
        Role::First
    } else if has_any(column, &["start", "starts", "started", "from", "begin", "begins", "began", "opened", "since"]) {
        Role::Start
    } else if has_any(column, &["end", "ends", "ended", "to", "until", "finish", "finished", "stopped", "closed"]) {
        Role::End
    } else if has_any(column, &["expires", "expiry", "expiration", "expire", "due", "deadline", "valid"]) {
        Role::Later(365)
    } else {
        Role::Later(60)
    }
}

/// Whether a column's name says that it holds a time.
pub(super) fn is_moment(column: &str) -> bool {
    let last = column.rsplit('_').next().unwrap_or_default();
    let not_a_time = ["reading", "run", "total", "elapsed", "wait", "cook", "prep", "execution", "response"];
    match last {
        "at" | "date" | "timestamp" | "datetime" | "birthday" | "birthdate" | "dob" | "deadline" => true,
        "on" | "since" | "until" => column.contains('_'),
        "time" => !has_any(column, &not_a_time),
        _ => {
            ["created", "updated", "modified", "expires", "expiry", "last_seen", "last_login", "last_used", "ts", "at"]
                .contains(&column)
                || ["period_start", "period_end", "valid_from", "valid_to"].iter().any(|name| ends(column, name))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::text_names::text_kind;
    use super::*;

    #[test]
    fn names_are_taken_apart() {
        for (name, expected) in [
            ("createdAt", "created_at"),
            ("CreatedAt", "created_at"),
            ("Created At", "created_at"),
            ("userID", "user_id"),
            ("URL", "url"),
            ("address2", "address2"),
            ("_x_", "x"),
        ] {
            assert_eq!(words(name), expected);
        }
    }

    #[test]
    fn columns_are_known_by_their_names() {
        for (table, column, kind) in [
            ("users", "email", Some("email")),
            ("users", "name", Some("name")),
            ("blog_authors", "name", Some("name")),
            ("products", "name", Some("product")),
            ("tags", "name", Some("word")),
            ("things", "name", Some("words")),
            ("users", "billing_email", Some("email")),
            ("users", "avatar_url", Some("image_url")),
            ("orders", "shipping_address", Some("address")),
            ("orders", "xyz", None),
        ] {
            assert_eq!(text_kind(table, column), kind, "{table}.{column}");
        }
    }

    #[test]
    fn flags_and_times_are_told_from_what_sounds_like_them() {
        for flag in ["is_admin", "email_verified", "active", "has_paid"] {
            assert!(is_flag(flag), "{flag}");
        }
        for other in ["published_at", "issue", "deleted_by", "read_count", "island"] {
            assert!(!is_flag(other), "{other}");
        }
        for moment in ["created_at", "birth_date", "expires_on", "start_time"] {
            assert!(is_moment(moment), "{moment}");
        }
        for other in ["reading_time", "update", "format", "carbon"] {
            assert!(!is_moment(other), "{other}");
        }
    }
}
