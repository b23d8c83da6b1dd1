use std::fmt;

use sha2::{Digest as _, Sha256};

use super::error::StartRedisError;

/// Number of random bytes of a password.
const BYTES: usize = 32;

/// Random password: 64 hexadecimal digits, which need no quoting anywhere.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(String);

impl Secret {
    pub(crate) fn random() -> Result<Self, StartRedisError> {
        let mut bytes = [0; BYTES];
        getrandom::fill(&mut bytes).map_err(|source| StartRedisError::Random(source.into()))?;
        Ok(Self(hex(&bytes)))
    }

    /// Reads a password that was made by [`random`](Self::random) before.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let is_hex = text.len() == 2 * BYTES && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_hex.then(|| Self(text.to_owned()))
    }

    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }

    /// Returns the SHA-256 of the password, by which an ACL rule of Redis names it.
    pub(crate) fn sha256(&self) -> String {
        hex(&Sha256::digest(self.0.as_bytes()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_random_and_comes_back_from_its_text() {
        let secret = Secret::random().expect("random bytes");
        assert_ne!(secret, Secret::random().expect("random bytes"));
        assert_eq!(secret.reveal().len(), 64);
        assert_eq!(Secret::parse(secret.reveal()), Some(secret));
        assert_eq!(Secret::parse("abc"), None);
    }

    #[test]
    fn the_hash_is_that_of_an_acl_rule() {
        assert_eq!(
            Secret("foobar".into()).sha256(),
            "c3ab8ff13720e8ad9047dd39466b3c8974e592c2fa383d4a3960714caef0c4f2"
        );
    }
}
