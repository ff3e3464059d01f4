//! Texts by the name of what they are: `email`, `company`, `sentence`.

use std::fmt::Write as _;

use fake::Fake as _;
use fake::faker::{
    address, automotive, barcode, company, creditcard, currency, filesystem, finance, internet, job, lorem, name,
    phone_number, picsum,
};
use fake::locales::EN;

use super::draw::Draw;

/// A kind of text.
#[derive(Debug)]
pub(super) struct Kind {
    /// What settings call it.
    pub(super) name: &'static str,
    make: fn(&mut Draw<'_>) -> String,
    apart: Apart,
}

/// How texts of a kind are kept apart by a number.
#[derive(Debug, Clone, Copy)]
enum Apart {
    /// Behind the text, after this.
    Behind(&'static str),
    /// Before the first of this character.
    Before(char),
    /// There are so many that no two are the same.
    Random,
    /// Made of the number alone.
    Made(fn(u64) -> String),
}

impl PartialEq for Kind {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Kind {
    /// The kind of that name.
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        KINDS.iter().find(|kind| kind.name == name)
    }

    /// One that is known to be there.
    pub(super) fn known(name: &str) -> &'static Self {
        Self::named(name).unwrap_or(&KINDS[0])
    }

    /// The names of all of them.
    pub(super) fn names() -> impl Iterator<Item = &'static str> {
        KINDS.iter().map(|kind| kind.name)
    }

    /// A text.
    pub(super) fn make(&self, draw: &mut Draw<'_>) -> String {
        (self.make)(draw)
    }

    /// A text that none with another number equals, not longer than `most` characters.
    pub(super) fn apart(&self, number: u64, most: Option<u64>, draw: &mut Draw<'_>) -> String {
        if let Apart::Made(made) = self.apart {
            return made(number);
        }
        let mut text = (self.make)(draw);
        let number = number + 1;
        let most = most.and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX);
        match self.apart {
            Apart::Random if text.len() <= most => text,
            Apart::Random | Apart::Made(_) => {
                shorten(&mut text, most.saturating_sub(10));
                let _ = write!(text, "{number:010}");
                text
            }
            Apart::Behind(between) => {
                let behind = number.to_string();
                shorten(&mut text, most.saturating_sub(behind.len() + between.len()));
                text.push_str(between);
                text.push_str(&behind);
                text
            }
            Apart::Before(character) => {
                let at = text.find(character).unwrap_or(text.len());
                let rest = text.split_off(at);
                let _ = write!(text, "{number}");
                if text.len() + rest.len() > most {
                    let number = number.to_string();
                    text.truncate(text.len() - number.len());
                    shorten(&mut text, most.saturating_sub(rest.len() + number.len()));
                    text.push_str(&number);
                }
                text + &rest
            }
        }
    }
}

/// Cuts a text off after so many characters.
pub(super) fn shorten(text: &mut String, most: usize) {
    if let Some((at, _)) = text.char_indices().nth(most) {
        text.truncate(at);
    }
}

const fn kind(name: &'static str, make: fn(&mut Draw<'_>) -> String, apart: Apart) -> Kind {
    Kind { name, make, apart }
}

const SPACE: Apart = Apart::Behind(" ");
const DASH: Apart = Apart::Behind("-");
const NOTHING: Apart = Apart::Behind("");

/// All of them. The first one stands for text of which nothing is known.
static KINDS: &[Kind] = &[
    kind("words", |draw| capitalized(&phrase(draw, 2, 4)), SPACE),
    kind("address", address, SPACE),
    kind("bic", |draw| finance::raw::Bic(EN).fake_with_rng(draw), DASH),
    kind("building_number", |draw| address::raw::BuildingNumber(EN).fake_with_rng(draw), DASH),
    kind("buzzword", |draw| company::raw::Buzzword(EN).fake_with_rng(draw), SPACE),
    kind("catch_phrase", |draw| company::raw::CatchPhrase(EN).fake_with_rng(draw), SPACE),
    kind("cell_phone", |draw| phone_number::raw::CellNumber(EN).fake_with_rng(draw), Apart::Behind(" x")),
    kind("city", |draw| address::raw::CityName(EN).fake_with_rng(draw), SPACE),
    kind("color", |draw| format!("#{:06x}", draw.below(1 << 24)), Apart::Made(|number| format!("#{number:06x}"))),
    kind("company", |draw| company::raw::CompanyName(EN).fake_with_rng(draw), SPACE),
    kind("company_suffix", |draw| company::raw::CompanySuffix(EN).fake_with_rng(draw), SPACE),
    kind("country", |draw| address::raw::CountryName(EN).fake_with_rng(draw), SPACE),
    kind("country_code", |draw| address::raw::CountryCode(EN).fake_with_rng(draw), NOTHING),
    kind("credit_card", |draw| creditcard::raw::CreditCardNumber(EN).fake_with_rng(draw), DASH),
    kind("currency", |draw| draw.pick(&CURRENCIES).to_owned(), NOTHING),
    kind("currency_code", |draw| currency::raw::CurrencyCode(EN).fake_with_rng(draw), NOTHING),
    kind("currency_name", |draw| currency::raw::CurrencyName(EN).fake_with_rng(draw), SPACE),
    kind("currency_symbol", |draw| currency::raw::CurrencySymbol(EN).fake_with_rng(draw), NOTHING),
    kind("dir_path", |draw| filesystem::raw::DirPath(EN).fake_with_rng(draw), DASH),
    kind("domain", domain, Apart::Before('.')),
    kind("e164", |draw| format!("+1555{}", digits(draw, 7)), Apart::Made(|number| format!("+1555{number:07}"))),
    kind("email", email, Apart::Before('@')),
    kind("file_extension", |draw| filesystem::raw::FileExtension(EN).fake_with_rng(draw), NOTHING),
    kind("file_name", |draw| filesystem::raw::FileName(EN).fake_with_rng(draw), Apart::Before('.')),
    kind("file_path", |draw| filesystem::raw::FilePath(EN).fake_with_rng(draw), DASH),
    kind("first_name", |draw| first(draw).to_owned(), SPACE),
    kind("free_email", |draw| internet::raw::FreeEmail(EN).fake_with_rng(draw), Apart::Before('@')),
    kind("hex", |draw| hex(draw, 32), Apart::Random),
    kind("image_url", |draw| picsum::raw::Image(EN).fake_with_rng(draw), Apart::Behind("?n=")),
    kind("industry", |draw| company::raw::Industry(EN).fake_with_rng(draw), SPACE),
    // `IP` of the crate takes random numbers of its own, and makes other ones each time
    kind("ip", |draw| internet::raw::IPv4(EN).fake_with_rng(draw), Apart::Made(nth_ipv4)),
    kind("ipv4", |draw| internet::raw::IPv4(EN).fake_with_rng(draw), Apart::Made(nth_ipv4)),
    kind("ipv6", |draw| internet::raw::IPv6(EN).fake_with_rng(draw), Apart::Random),
    kind("isbn", |draw| barcode::raw::Isbn13(EN).fake_with_rng(draw), DASH),
    kind("isin", |draw| finance::raw::Isin(EN).fake_with_rng(draw), DASH),
    kind("job_title", |draw| job::raw::Title(EN).fake_with_rng(draw), SPACE),
    kind("language", |draw| draw.pick(&LANGUAGES).to_owned(), DASH),
    kind("last_name", |draw| last(draw).to_owned(), SPACE),
    kind("latitude", |draw| address::raw::Latitude(EN).fake_with_rng(draw), DASH),
    kind("license_plate", |draw| automotive::raw::LicencePlate(fake::locales::FR_FR).fake_with_rng(draw), DASH),
    kind("locale", |draw| draw.pick(&LOCALES).to_owned(), DASH),
    kind("longitude", |draw| address::raw::Longitude(EN).fake_with_rng(draw), DASH),
    kind("mac", |draw| internet::raw::MACAddress(EN).fake_with_rng(draw), Apart::Random),
    kind("mime_type", |draw| filesystem::raw::MimeType(EN).fake_with_rng(draw), DASH),
    kind("name", |draw| joined(first(draw), " ", last(draw)), SPACE),
    kind("number", |draw| digits(draw, 6), Apart::Made(|number| format!("{:06}", number + 1))),
    kind("paragraph", paragraph, Apart::Behind(" #")),
    kind("paragraphs", |draw| [paragraph(draw), paragraph(draw), paragraph(draw)].join("\n\n"), Apart::Behind(" #")),
    kind("password_hash", password_hash, Apart::Random),
    kind("phone", |draw| phone_number::raw::PhoneNumber(EN).fake_with_rng(draw), Apart::Behind(" x")),
    kind("postcode", |draw| digits(draw, 5), Apart::Made(|number| format!("{number:05}"))),
    kind("product", |draw| joined(draw.pick(&PRODUCTS.0), " ", draw.pick(&PRODUCTS.1)), SPACE),
    kind("profession", |draw| company::raw::Profession(EN).fake_with_rng(draw), SPACE),
    kind("semver", |draw| format!("{}.{}.{}", draw.below(5), draw.below(20), draw.below(20)), Apart::Behind("-")),
    kind("sentence", sentence, Apart::Behind(" #")),
    kind("slug", |draw| joined(word(draw), "-", word(draw)), DASH),
    kind("state", |draw| address::raw::StateName(EN).fake_with_rng(draw), SPACE),
    kind("state_code", |draw| address::raw::StateAbbr(EN).fake_with_rng(draw), NOTHING),
    kind("status", |draw| draw.pick(&["active", "inactive", "pending"]).to_owned(), DASH),
    kind("street", |draw| address::raw::StreetName(EN).fake_with_rng(draw), SPACE),
    kind("time_zone", |draw| address::raw::TimeZone(EN).fake_with_rng(draw), DASH),
    kind("title", |draw| capitalized(&phrase(draw, 2, 6)), SPACE),
    kind("token", |draw| hex(draw, 40), Apart::Random),
    kind("url", |draw| format!("https://{}/{}", domain(draw), word(draw)), DASH),
    kind("user_agent", |draw| internet::raw::UserAgent(EN).fake_with_rng(draw), SPACE),
    kind("username", |draw| joined(first(draw), "_", word(draw)).to_ascii_lowercase(), NOTHING),
    kind("word", |draw| word(draw).to_owned(), DASH),
];

const CURRENCIES: [&str; 8] = ["EUR", "USD", "GBP", "CHF", "JPY", "CAD", "AUD", "SEK"];
const LANGUAGES: [&str; 8] = ["en", "de", "fr", "es", "it", "nl", "pt", "ja"];
const LOCALES: [&str; 8] = ["en-US", "en-GB", "de-DE", "fr-FR", "es-ES", "it-IT", "pt-BR", "ja-JP"];
const PRODUCTS: ([&str; 16], [&str; 16]) = (
    [
        "Small",
        "Ergonomic",
        "Rustic",
        "Smart",
        "Sleek",
        "Practical",
        "Light",
        "Solid",
        "Compact",
        "Classic",
        "Modern",
        "Handmade",
        "Refined",
        "Durable",
        "Bright",
        "Quiet",
    ],
    [
        "Chair", "Lamp", "Keyboard", "Table", "Bottle", "Backpack", "Clock", "Mug", "Notebook", "Kettle", "Headset",
        "Shelf", "Camera", "Jacket", "Bicycle", "Speaker",
    ],
);

fn first(draw: &mut Draw<'_>) -> &'static str {
    name::raw::FirstName(EN).fake_with_rng(draw)
}

fn last(draw: &mut Draw<'_>) -> &'static str {
    name::raw::LastName(EN).fake_with_rng(draw)
}

pub(super) fn word(draw: &mut Draw<'_>) -> &'static str {
    lorem::raw::Word(EN).fake_with_rng(draw)
}

fn joined(first: &str, between: &str, second: &str) -> String {
    let mut text = String::with_capacity(first.len() + between.len() + second.len() + 8);
    text.push_str(first);
    text.push_str(between);
    text.push_str(second);
    text
}

/// From so many words to so many.
fn phrase(draw: &mut Draw<'_>, least: u64, most: u64) -> String {
    let count = least + draw.below(most - least + 1);
    let mut text = String::with_capacity(12 * usize::try_from(count).unwrap_or_default());
    for at in 0..count {
        if at > 0 {
            text.push(' ');
        }
        text.push_str(word(draw));
    }
    text
}

fn capitalized(text: &str) -> String {
    let mut text = text.to_owned();
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text
}

fn sentence(draw: &mut Draw<'_>) -> String {
    let mut text = capitalized(&phrase(draw, 4, 9));
    text.push('.');
    text
}

fn paragraph(draw: &mut Draw<'_>) -> String {
    let mut text = sentence(draw);
    for _ in 0..2 + draw.below(3) {
        text.push(' ');
        text.push_str(&sentence(draw));
    }
    text
}

/// One that belongs to nobody (datatracker.ietf.org/doc/html/rfc2606).
fn email(draw: &mut Draw<'_>) -> String {
    let (first, last) = (first(draw), last(draw));
    let domain = draw.pick(&["example.com", "example.net", "example.org"]);
    let mut text = String::with_capacity(first.len() + last.len() + domain.len() + 10);
    text.extend(
        first.chars().chain(['.']).chain(last.chars()).filter(|char| char.is_ascii_alphabetic() || *char == '.'),
    );
    text.make_ascii_lowercase();
    text.push('@');
    text.push_str(domain);
    text
}

/// An address of a private network; of others, when these are used up.
fn nth_ipv4(number: u64) -> String {
    let [.., first, second, third, fourth] = number.to_be_bytes();
    format!("{}.{second}.{third}.{fourth}", first.wrapping_add(10))
}

fn domain(draw: &mut Draw<'_>) -> String {
    joined(word(draw), ".", draw.pick(&["example.com", "example.net", "example.org"]))
}

fn address(draw: &mut Draw<'_>) -> String {
    let street: String = address::raw::StreetName(EN).fake_with_rng(draw);
    let city: String = address::raw::CityName(EN).fake_with_rng(draw);
    format!("{} {street}, {} {city}", 1 + draw.below(200), digits(draw, 5))
}

pub(super) fn hex(draw: &mut Draw<'_>, length: usize) -> String {
    let mut text = String::with_capacity(length + 8);
    while text.len() < length {
        let mut word = draw.word();
        for _ in 0..8 {
            text.push(char::from_digit(word & 15, 16).unwrap_or('0'));
            word >>= 4;
        }
    }
    text.truncate(length);
    text
}

fn digits(draw: &mut Draw<'_>, length: usize) -> String {
    (0..length).map(|_| char::from(b'0' + u8::try_from(draw.below(10)).unwrap_or_default())).collect()
}

/// Of the form that Argon2 has, of no password.
fn password_hash(draw: &mut Draw<'_>) -> String {
    format!("$argon2id$v=19$m=19456,t=2,p=1${}${}", hex(draw, 22), hex(draw, 43))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::draw::{Key, Stream};
    use super::*;

    /// Pins what every kind makes: another version of the crate `fake`, or a change here, changes the rows of users.
    #[test]
    fn every_kind_makes_what_it_always_made() {
        let mut lines = String::new();
        for kind in KINDS {
            let mut stream = Stream::new(Key::new(0, &"t".into(), kind.name, "value"));
            let texts: Vec<String> = (0..100).map(|row| kind.make(&mut stream.draw(row))).collect();
            let hash = dbmigrate_core::sha256::Sha256::digest(texts.join("\n").as_bytes());
            let mut shown = texts[0].replace('\n', "\\n");
            shorten(&mut shown, 40);
            let _ =
                writeln!(lines, "{}: {:02x}{:02x}{:02x}{:02x} {shown}", kind.name, hash[0], hash[1], hash[2], hash[3]);
        }
        insta::assert_snapshot!("every_kind", lines);
    }

    #[test]
    fn texts_are_kept_apart_by_their_numbers() {
        for kind in KINDS {
            let mut stream = Stream::new(Key::new(0, &"t".into(), kind.name, "value"));
            for most in [None, Some(24)] {
                let texts: BTreeSet<String> =
                    (0..5000).map(|row| kind.apart(row, most, &mut stream.draw(row)).to_ascii_lowercase()).collect();
                assert_eq!(texts.len(), 5000, "{} {most:?}", kind.name);
                if let Some(most) = most {
                    assert!(texts.iter().all(|text| text.chars().count() as u64 <= most), "{}", kind.name);
                }
            }
        }
    }

    #[test]
    fn kinds_are_in_the_order_of_their_names() {
        let names: Vec<&str> = Kind::names().skip(1).collect();
        assert!(names.is_sorted(), "{names:?}");
    }
}
