//! Names of migrations: `0001_create_users`, a sequence number and a slug, which are also names of directories.

use std::fmt;

/// The longest slug, in characters. Longer ones are cut at a word.
const LONGEST_SLUG: usize = 60;

/// A migration's name without its number: lower-case ASCII letters, digits and single underscores.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slug(Box<str>);

impl Slug {
    /// Makes a slug of anything: `"Add users' e-mail"` becomes `add_users_e_mail`.
    /// `None` if the text has no ASCII letter or digit.
    pub fn sanitize(text: &str) -> Option<Self> {
        let mut slug = String::with_capacity(text.len());
        let mut after_lower_case = false;
        for character in text.chars() {
            if character.is_ascii_alphanumeric() {
                if character.is_ascii_uppercase() && after_lower_case {
                    slug.push('_');
                }
                slug.push(character.to_ascii_lowercase());
            } else if character != '\'' && !slug.is_empty() && !slug.ends_with('_') {
                slug.push('_');
            }
            after_lower_case = character.is_ascii_lowercase();
        }
        if slug.len() > LONGEST_SLUG {
            let cut = slug[..=LONGEST_SLUG].rfind('_').filter(|cut| *cut > 0).unwrap_or(LONGEST_SLUG);
            slug.truncate(cut);
        }
        let slug = slug.trim_end_matches('_');
        (!slug.is_empty()).then(|| Self(slug.into()))
    }

    /// What is left where there is nothing to make one of.
    pub(super) fn unnamed() -> Self {
        Self("changes".into())
    }

    /// The slug as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A migration's name. It is safe as the name of a directory: no separators, no dots, one case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MigrationName(Box<str>);

impl MigrationName {
    /// The name with that number and slug: `0001_create_users`.
    pub fn new(sequence: u32, slug: &Slug) -> Self {
        Self(format!("{sequence:04}_{slug}").into())
    }

    /// Reads a name: four or more digits, `_`, and lower-case letters, digits and underscores.
    pub fn parse(name: &str) -> Option<Self> {
        let (digits, slug) = name.split_once('_')?;
        let valid = (4..=9).contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && (1..=200).contains(&slug.len())
            && slug.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        valid.then(|| Self(name.into()))
    }

    /// The number at its start.
    pub fn sequence(&self) -> u32 {
        self.0.split('_').next().and_then(|digits| digits.parse().ok()).unwrap_or_default()
    }

    /// The name without the number.
    pub fn slug(&self) -> &str {
        self.0.split_once('_').map_or("", |(_, slug)| slug)
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl AsRef<std::path::Path> for MigrationName {
    fn as_ref(&self) -> &std::path::Path {
        self.as_str().as_ref()
    }
}

impl fmt::Display for MigrationName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_becomes_a_slug_of_plain_words() {
        let slug = |text: &str| Slug::sanitize(text).map(|slug| slug.to_string());
        assert_eq!(slug("Add users' e-mail!").as_deref(), Some("add_users_e_mail"));
        assert_eq!(slug("addBioToUsers").as_deref(), Some("add_bio_to_users"));
        assert_eq!(slug("../../etc/passwd").as_deref(), Some("etc_passwd"));
        assert_eq!(slug("__a__b__").as_deref(), Some("a_b"));
        assert_eq!(slug("HTTP2").as_deref(), Some("http2"));
        assert_eq!(slug(" - "), None);
    }

    #[test]
    fn a_long_slug_is_cut_at_a_word() {
        let slug = Slug::sanitize(&"abcdefg_".repeat(20)).expect("it has letters");
        assert_eq!(slug.as_str(), ["abcdefg"; 7].join("_"));
        assert_eq!(Slug::sanitize(&"a".repeat(300)).expect("it has letters").as_str().len(), LONGEST_SLUG);
    }

    #[test]
    fn names_are_read_only_in_the_form_in_which_they_are_written() {
        let slug = Slug::sanitize("create users").expect("it has letters");
        let name = MigrationName::new(7, &slug);
        assert_eq!(name.as_str(), "0007_create_users");
        assert_eq!(MigrationName::parse("0007_create_users"), Some(name.clone()));
        assert_eq!((name.sequence(), name.slug()), (7, "create_users"));
        assert_eq!(MigrationName::new(12345, &slug).sequence(), 12345);
        for wrong in ["", "0007", "0007_", "007_a", "0007_A", "0007_../x", "x007_a", "0007-a", "0007_a.b"] {
            assert_eq!(MigrationName::parse(wrong), None, "{wrong}");
        }
    }
}
