//! SHA-256, of which there are two: the derives take the crate that brings no others into an application's build, the
//! engine the one that knows the processor's instructions for it, because it hashes whole folders at every start.

#[cfg(feature = "engine")]
use sha2::Digest as _;

#[cfg(not(feature = "engine"))]
type Implementation = hmac_sha256::Hash;
#[cfg(feature = "engine")]
type Implementation = sha2::Sha256;

/// A hash in the making.
pub struct Sha256(Implementation);

impl Sha256 {
    /// The hash of nothing yet.
    #[expect(clippy::new_without_default, reason = "nothing else would be made by default")]
    pub fn new() -> Self {
        Self(Implementation::default())
    }

    /// Adds what comes next.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The hash of what was added.
    pub fn finish(self) -> [u8; 32] {
        let hash = self.0.finalize();
        hash.as_slice().first_chunk().copied().unwrap_or_default()
    }

    /// The hash of these bytes.
    pub fn digest(bytes: &[u8]) -> [u8; 32] {
        let mut hash = Self::new();
        hash.update(bytes);
        hash.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_give_the_same_for_every_length_and_in_pieces() {
        let bytes: Vec<u8> = (0..300_u16).map(|at| at.to_le_bytes()[0]).collect();
        for length in 0..bytes.len() {
            let (whole, half) = (&bytes[..length], length / 2);
            let mut hash = Sha256::new();
            hash.update(&whole[..half]);
            hash.update(&whole[half..]);
            assert_eq!(
                (hash.finish(), Sha256::digest(whole)),
                (hmac_sha256::Hash::hash(whole), hmac_sha256::Hash::hash(whole))
            );
        }
    }
}
