//! The part of a fleet that one of several runs takes: `--shard 3/16`. Which one a member is in follows from its name
//! alone, so that runs on several machines need nobody who tells them apart.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest as _, Sha256};

/// One of several parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shard {
    /// Which one, counted from 1.
    number: u64,
    /// How many there are.
    of: u64,
}

/// A number that follows from a name: the first 8 bytes of its SHA-256, big-endian.
pub(crate) fn number(name: &str) -> u64 {
    let hash = Sha256::digest(name.as_bytes());
    hash.iter().take(8).fold(0, |number, byte| (number << 8) | u64::from(*byte))
}

impl Shard {
    /// Which one it is, counted from 1.
    pub(crate) fn number(self) -> u64 {
        self.number
    }

    /// How many there are.
    pub(crate) fn of(self) -> u64 {
        self.of
    }

    /// Whether a member of this name is in it.
    pub(crate) fn has(self, name: &str) -> bool {
        number(name) % self.of == self.number - 1
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no part: expected its number and how many there are, such as `3/16`");
        let (number, of) = text.split_once('/').ok_or_else(wrong)?;
        let [number, of] = [number, of].map(|part| part.trim().parse::<u64>());
        let (number, of) = (number.map_err(|_| wrong())?, of.map_err(|_| wrong())?);
        match (1..=of).contains(&number) {
            true => Ok(Self { number, of }),
            false => Err(format!("`{text}` is no part: the first of {of} is `1/{of}`, the last `{of}/{of}`")),
        }
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_member_is_in_one_shard_whoever_asks() {
        let shards: Vec<Shard> = (1..=16).map(|number| Shard { number, of: 16 }).collect();
        let mut sizes = vec![0; 16];
        for at in 0..4000 {
            let name = format!("t{at:05}");
            let found: Vec<usize> = (0..16).filter(|one| shards[*one].has(&name)).collect();
            assert_eq!(found.len(), 1, "{name}");
            sizes[found[0]] += 1;
        }
        assert!(sizes.iter().all(|size| (180..320).contains(size)), "{sizes:?}");
        // documented: printf acme | sha256sum
        assert_eq!(number("acme") >> 32, 0x822b_33ad, "{:x}", number("acme"));
    }

    #[test]
    fn a_shard_is_a_number_of_so_many() {
        assert_eq!("3/16".parse::<Shard>().map(|shard| shard.to_string()).as_deref(), Ok("3/16"));
        for wrong in ["", "3", "0/16", "17/16", "a/b", "1/0", "-1/3", "1/2/3"] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
    }
}
