//! Proof that a side has the key, and the keys of records.

use hmac::Mac as _;

use super::message::Role;
use crate::AuthKey;
use crate::record::{RecordKey, RecordKeys};

/// Labels of the keys of records, from client to server and back.
const UPWARD: &[u8; 16] = b"conclib/1 c-to-s";
const DOWNWARD: &[u8; 16] = b"conclib/1 s-to-c";

fn proof_label(role: Role) -> &'static [u8; 16] {
    match role {
        Role::Client => b"conclib/1 client",
        Role::Server => b"conclib/1 server",
    }
}

/// Both hellos as they were sent, which the proof covers.
pub(super) struct Transcript<'a> {
    pub(super) client: &'a [u8],
    pub(super) server: &'a [u8],
}

impl Transcript<'_> {
    /// Proof of `role` that it has `key`.
    pub(super) fn prove(&self, key: &AuthKey, role: Role) -> Vec<u8> {
        let mac = self.mac(key, proof_label(role));
        mac.finalize().into_bytes().to_vec()
    }

    /// Checks the proof of `role` that it has `key`, in constant time.
    pub(super) fn verify(&self, key: &AuthKey, role: Role, proof: &[u8]) -> bool {
        let mac = self.mac(key, proof_label(role));
        AuthKey::verify(mac, proof)
    }

    /// Keys of the records that `role` sends and receives.
    pub(super) fn record_keys(&self, key: &AuthKey, role: Role) -> RecordKeys {
        let [outgoing, incoming] = match role {
            Role::Client => [UPWARD, DOWNWARD],
            Role::Server => [DOWNWARD, UPWARD],
        }
        .map(|label| RecordKey::new(&self.mac(key, label).finalize().into_bytes().into()));
        RecordKeys { outgoing, incoming }
    }

    fn mac(&self, key: &AuthKey, label: &[u8; 16]) -> hmac::Hmac<sha2::Sha256> {
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
