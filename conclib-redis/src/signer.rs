//! Signatures of packets.

use conclib_net::AuthKey;
use getrandom::fill;
use sha2::Sha256;
use sha2::digest::KeyInit as _;

type Hmac = hmac::Hmac<Sha256>;
use hmac::Mac as _;

/// Length of a signature: a half of the HMAC.
const TAG: usize = 16;

/// Random bytes that one end of a pipe adds to its key.
pub(crate) type Nonce = [u8; 16];

/// Signer of packets, by an HMAC-SHA256 over the channel and the packet. Without a key, packets
/// have no signatures.
#[derive(Clone)]
pub(crate) struct Signer(Option<Hmac>);

impl Signer {
    pub(crate) fn new(key: Option<&AuthKey>) -> Self {
        Self(key.map(AuthKey::mac))
    }

    pub(crate) fn has_key(&self) -> bool {
        self.0.is_some()
    }

    /// Derives the signer of one direction of a pipe, from the random bytes of both ends.
    pub(crate) fn derive(&self, direction: Direction, opener: &Nonce, acceptor: &Nonce) -> Self {
        let Some(mac) = &self.0 else {
            return Self(None);
        };
        let mut mac = mac.clone();
        mac.update(b"conclib-redis pipe 1");
        mac.update(&[direction as u8]);
        mac.update(opener);
        mac.update(acceptor);
        Self(Some(Hmac::new(&pad(&mac.finalize().into_bytes()))))
    }

    /// Signs a packet to a channel: appends the signature.
    pub(crate) fn sign(&self, channel: &str, packet: &mut Vec<u8>) {
        if let Some(mac) = &self.0 {
            let mut mac = mac.clone();
            mac.update(channel.as_bytes());
            mac.update(packet);
            packet.extend_from_slice(&mac.finalize().into_bytes()[..TAG]);
        }
    }

    /// Checks the signature of a packet, in constant time, and returns the length of the rest.
    pub(crate) fn verify(&self, channel: &str, packet: &[u8]) -> Option<usize> {
        let Some(mac) = &self.0 else {
            return Some(packet.len());
        };
        let len = packet.len().checked_sub(TAG)?;
        let (packet, tag) = packet.split_at(len);
        let mut mac = mac.clone();
        mac.update(channel.as_bytes());
        mac.update(packet);
        mac.verify_truncated_left(tag).ok().map(|()| len)
    }
}

/// Direction of a pipe.
#[derive(Clone, Copy)]
pub(crate) enum Direction {
    ToAcceptor,
    ToOpener,
}

/// Pads a key to the block of the hash.
fn pad(key: &[u8]) -> hmac::digest::Key<Hmac> {
    let mut block = hmac::digest::Key::<Hmac>::default();
    block[..key.len()].copy_from_slice(key);
    block
}

/// Makes random bytes.
pub(crate) fn random<const N: usize>() -> std::io::Result<[u8; N]> {
    let mut bytes = [0; N];
    fill(&mut bytes)?;
    Ok(bytes)
}
