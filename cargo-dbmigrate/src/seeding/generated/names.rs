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

/// Kinds of text by the last words of a column's name, the first that fits.
const TEXTS: &[(&str, &str)] = &[
    ("email", "email"),
    ("e_mail", "email"),
    ("mail", "email"),
    ("email_address", "email"),
    ("password_hash", "password_hash"),
    ("hashed_password", "password_hash"),
    ("password_digest", "password_hash"),
    ("passwd", "password_hash"),
    ("password", "password_hash"),
    ("hash", "hex"),
    ("digest", "hex"),
    ("checksum", "hex"),
    ("etag", "hex"),
    ("sha256", "hex"),
    ("fingerprint", "hex"),
    ("token", "token"),
    ("secret", "token"),
    ("api_key", "token"),
    ("nonce", "token"),
    ("salt", "hex"),
    ("first_name", "first_name"),
    ("firstname", "first_name"),
    ("given_name", "first_name"),
    ("forename", "first_name"),
    ("last_name", "last_name"),
    ("lastname", "last_name"),
    ("surname", "last_name"),
    ("family_name", "last_name"),
    ("user_name", "username"),
    ("username", "username"),
    ("login", "username"),
    ("handle", "username"),
    ("nickname", "username"),
    ("nick", "username"),
    ("display_name", "name"),
    ("full_name", "name"),
    ("fullname", "name"),
    ("contact_name", "name"),
    ("customer_name", "name"),
    ("author", "name"),
    ("company_name", "company"),
    ("company", "company"),
    ("organization", "company"),
    ("organisation", "company"),
    ("employer", "company"),
    ("vendor", "company"),
    ("supplier", "company"),
    ("brand", "company"),
    ("publisher", "company"),
    ("product_name", "product"),
    ("product", "product"),
    ("file_name", "file_name"),
    ("filename", "file_name"),
    ("file_path", "file_path"),
    ("filepath", "file_path"),
    ("path", "file_path"),
    ("directory", "dir_path"),
    ("folder", "dir_path"),
    ("file_extension", "file_extension"),
    ("extension", "file_extension"),
    ("mime_type", "mime_type"),
    ("mimetype", "mime_type"),
    ("content_type", "mime_type"),
    ("media_type", "mime_type"),
    ("phone", "phone"),
    ("phone_number", "phone"),
    ("telephone", "phone"),
    ("tel", "phone"),
    ("mobile", "cell_phone"),
    ("fax", "phone"),
    ("slug", "slug"),
    ("permalink", "slug"),
    ("image_url", "image_url"),
    ("avatar_url", "image_url"),
    ("avatar", "image_url"),
    ("image", "image_url"),
    ("photo", "image_url"),
    ("thumbnail", "image_url"),
    ("url", "url"),
    ("uri", "url"),
    ("link", "url"),
    ("href", "url"),
    ("website", "url"),
    ("homepage", "url"),
    ("web_page", "url"),
    ("domain", "domain"),
    ("domain_name", "domain"),
    ("host", "domain"),
    ("hostname", "domain"),
    ("ip", "ipv4"),
    ("ip_address", "ipv4"),
    ("ipv4", "ipv4"),
    ("ipv6", "ipv6"),
    ("mac_address", "mac"),
    ("user_agent", "user_agent"),
    ("useragent", "user_agent"),
    ("street", "street"),
    ("street_address", "street"),
    ("address_line", "street"),
    ("line1", "street"),
    ("address1", "street"),
    ("address2", "street"),
    ("address", "address"),
    ("city", "city"),
    ("town", "city"),
    ("place", "city"),
    ("location", "city"),
    ("district", "city"),
    ("state_code", "state_code"),
    ("province", "state"),
    ("region", "state"),
    ("county", "state"),
    ("zip", "postcode"),
    ("zip_code", "postcode"),
    ("zipcode", "postcode"),
    ("postcode", "postcode"),
    ("postal_code", "postcode"),
    ("country_code", "country_code"),
    ("country", "country"),
    ("nationality", "country"),
    ("currency_symbol", "currency_symbol"),
    ("currency_name", "currency_name"),
    ("currency", "currency"),
    ("currency_code", "currency"),
    ("status", "status"),
    ("state", "status"),
    ("kind", "word"),
    ("type", "word"),
    ("category", "word"),
    ("number", "number"),
    ("language", "language"),
    ("lang", "language"),
    ("locale", "locale"),
    ("time_zone", "time_zone"),
    ("timezone", "time_zone"),
    ("tz", "time_zone"),
    ("job_title", "job_title"),
    ("job", "job_title"),
    ("position", "job_title"),
    ("profession", "profession"),
    ("occupation", "profession"),
    ("industry", "industry"),
    ("color", "color"),
    ("colour", "color"),
    ("version", "semver"),
    ("isbn", "isbn"),
    ("isin", "isin"),
    ("bic", "bic"),
    ("swift", "bic"),
    ("credit_card", "credit_card"),
    ("card_number", "credit_card"),
    ("license_plate", "license_plate"),
    ("title", "title"),
    ("subject", "title"),
    ("headline", "title"),
    ("tagline", "catch_phrase"),
    ("slogan", "catch_phrase"),
    ("caption", "sentence"),
    ("summary", "sentence"),
    ("excerpt", "sentence"),
    ("comment", "sentence"),
    ("note", "sentence"),
    ("notes", "sentence"),
    ("message", "sentence"),
    ("reason", "sentence"),
    ("question", "sentence"),
    ("description", "sentence"),
    ("desc", "sentence"),
    ("bio", "paragraph"),
    ("about", "paragraph"),
    ("body", "paragraph"),
    ("content", "paragraph"),
    ("text", "paragraph"),
    ("article", "paragraph"),
    ("markdown", "paragraph"),
    ("html", "paragraph"),
    ("label", "words"),
    ("tag", "word"),
    ("key", "slug"),
    ("code", "slug"),
    ("sku", "slug"),
    ("identifier", "slug"),
];

/// Kinds of a column `name`, by words of the table's name.
const NAMED: &[(&[&str], &str)] = &[
    (
        &[
            "user",
            "users",
            "person",
            "people",
            "persons",
            "customer",
            "customers",
            "author",
            "authors",
            "contact",
            "contacts",
            "member",
            "members",
            "employee",
            "employees",
            "student",
            "students",
            "patient",
            "patients",
            "artist",
            "artists",
            "actor",
            "actors",
            "account",
            "accounts",
            "profile",
            "profiles",
            "guest",
            "guests",
            "player",
            "players",
            "teacher",
            "teachers",
            "reader",
            "readers",
            "staff",
        ],
        "name",
    ),
    (
        &[
            "company",
            "companies",
            "organization",
            "organizations",
            "organisation",
            "organisations",
            "org",
            "orgs",
            "vendor",
            "vendors",
            "supplier",
            "suppliers",
            "brand",
            "brands",
            "publisher",
            "publishers",
            "tenant",
            "tenants",
            "shipper",
            "shippers",
        ],
        "company",
    ),
    (&["product", "products", "item", "items"], "product"),
    (&["country", "countries"], "country"),
    (&["city", "cities", "town", "towns", "location", "locations"], "city"),
    (&["state", "states", "region", "regions", "province", "provinces"], "state"),
    (&["currency", "currencies"], "currency_name"),
    (&["file", "files", "attachment", "attachments", "document", "documents"], "file_name"),
    (&["tag", "tags", "label", "labels"], "word"),
    (&["industry", "industries"], "industry"),
];

/// The kind of text that a column is likely to hold, if its name says so. Both names are [`words`].
pub(super) fn text_kind(table: &str, column: &str) -> Option<&'static str> {
    if column == "name" || column == table.trim_end_matches('s') {
        let words: Vec<&str> = table.split('_').collect();
        let by_table = NAMED.iter().find(|(tables, _)| words.last().is_some_and(|last| tables.contains(last)));
        if let Some((_, kind)) = by_table {
            return Some(kind);
        }
    }
    // the longest that fits says most
    let fitting = TEXTS.iter().filter(|(name, _)| ends(column, name));
    fitting
        .max_by_key(|(name, _)| name.len())
        .map(|(_, kind)| *kind)
        .or_else(|| ends(column, "name").then_some("words"))
}

/// What the numbers of a column are likely to be: from, to, and how many parts of one they have if they are no integers.
pub(super) fn range(column: &str) -> (i64, i64, i64) {
    const RANGES: &[(&[&str], (i64, i64, i64))] = &[
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
    use super::super::texts::Kind;
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
        let unknown = TEXTS.iter().map(|(_, kind)| kind).chain(NAMED.iter().map(|(_, kind)| kind));
        let unknown: Vec<&&str> = unknown.filter(|kind| Kind::named(kind).is_none()).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
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
