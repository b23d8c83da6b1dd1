//! Proof that a side has the key.

use hmac::Mac as _;

use super::message::Role;
use crate::AuthKey;

/// Both hellos as they were sent, which the proof covers.
pub(super) struct Transcript<'a> {
    pub(super) client: &'a [u8],
    pub(super) server: &'a [u8],
}

impl Transcript<'_> {
    /// Proof of `role` that it has `key`.
    pub(super) fn prove(&self, key: &AuthKey, role: Role) -> Vec<u8> {
        self.mac(key, role).finalize().into_bytes().to_vec()
    }

    /// Checks the proof of `role` that it has `key`, in constant time.
    pub(super) fn verify(&self, key: &AuthKey, role: Role, proof: &[u8]) -> bool {
        AuthKey::verify(self.mac(key, role), proof)
    }

    fn mac(&self, key: &AuthKey, role: Role) -> hmac::Hmac<sha2::Sha256> {
        let label: &[u8; 16] = match role {
            Role::Client => b"conclib/1 client",
            Role::Server => b"conclib/1 server",
        };
        let mut mac = key.mac();
        mac.update(label);
        // The lengths in the MAC make the boundary between the two hellos
        // unambiguous.
        for hello in [self.client, self.server] {
            mac.update(&(hello.len() as u64).to_be_bytes());
            mac.update(hello);
        }
        mac
    }
}
