//! Signatures of packets.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

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
pub(crate) struct Signer(Option<Keys>);

/// Key of the signatures, and a second one that is accepted.
///
/// Signatures do not name their key: a reader tries both. So a packet of a process with two keys is
/// one of a process with either of them.
#[derive(Clone)]
struct Keys {
    signs: Hmac,
    second: Option<Hmac>,
    /// Packets that the second key has signed, on all channels and pipes.
    by_second: Arc<AtomicU64>,
}

impl Signer {
    pub(crate) fn new(key: Option<&AuthKey>) -> Self {
        Self(key.map(|key| Keys {
            signs: key.mac(),
            second: key.second().map(|second| second.mac()),
            by_second: Arc::default(),
        }))
    }

    pub(crate) fn has_key(&self) -> bool {
        self.0.is_some()
    }

    /// Returns the number of packets that were accepted by the second key.
    pub(crate) fn by_second(&self) -> u64 {
        let keys = self.0.as_ref();
        keys.map_or(0, |keys| keys.by_second.load(Ordering::Relaxed))
    }

    /// Derives the signer of one direction of a pipe, from the random bytes of both ends. The peer
    /// may sign by either key, also when this end signs by the other one.
    pub(crate) fn derive(&self, direction: Direction, opener: &Nonce, acceptor: &Nonce) -> Self {
        let derive = |key: &Hmac| {
            let mut mac = key.clone();
            mac.update(b"conclib-redis pipe 1");
            mac.update(&[direction as u8]);
            mac.update(opener);
            mac.update(acceptor);
            Hmac::new(&pad(&mac.finalize().into_bytes()))
        };
        Self(self.0.as_ref().map(|keys| Keys {
            signs: derive(&keys.signs),
            second: keys.second.as_ref().map(derive),
            by_second: keys.by_second.clone(),
        }))
    }

    /// Signs a packet to a channel: appends the signature.
    pub(crate) fn sign(&self, channel: &str, packet: &mut Vec<u8>) {
        if let Some(keys) = &self.0 {
            let mac = mac(&keys.signs, channel, packet);
            packet.extend_from_slice(&mac.finalize().into_bytes()[..TAG]);
        }
    }

    /// Checks the signature of a packet, in constant time for each key, and returns the length of
    /// the rest.
    pub(crate) fn verify(&self, channel: &str, packet: &[u8]) -> Option<usize> {
        let Some(keys) = &self.0 else {
            return Some(packet.len());
        };
        let len = packet.len().checked_sub(TAG)?;
        let (packet, tag) = packet.split_at(len);
        let has_signed = |key: &Hmac| {
            let mac = mac(key, channel, packet);
            mac.verify_truncated_left(tag).is_ok()
        };
        if !has_signed(&keys.signs) {
            keys.second.as_ref().filter(|second| has_signed(second))?;
            keys.by_second.fetch_add(1, Ordering::Relaxed);
        }
        Some(len)
    }
}

fn mac(key: &Hmac, channel: &str, packet: &[u8]) -> Hmac {
    let mut mac = key.clone();
    mac.update(channel.as_bytes());
    mac.update(packet);
    mac
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

#[cfg(test)]
mod tests {
    use super::*;

    fn signed(signer: &Signer) -> Vec<u8> {
        let mut packet = b"packet".to_vec();
        signer.sign("channel", &mut packet);
        packet
    }

    #[test]
    fn the_second_key_is_accepted_and_counted_and_does_not_sign() {
        let [old, new, third] = [(); 3].map(|()| AuthKey::random().unwrap());
        let changing = new.clone().accepting(&old);
        let [old, new, third, changing] =
            [&old, &new, &third, &changing].map(|key| Signer::new(Some(key)));
        let mut by_second = 0;
        for is_pipe in [false, true] {
            let channel = |signer: &Signer| match is_pipe {
                true => signer.derive(Direction::ToOpener, &[1; 16], &[2; 16]),
                false => signer.clone(),
            };
            let [old, new, third, both] = [&old, &new, &third, &changing].map(channel);
            assert_eq!(both.verify("channel", &signed(&new)), Some(6));
            assert_eq!(changing.by_second(), by_second);
            assert_eq!(both.verify("channel", &signed(&old)), Some(6));
            by_second += 1;
            assert_eq!(changing.by_second(), by_second);
            assert_eq!(both.verify("channel", &signed(&third)), None);
            assert_eq!(both.verify("another", &signed(&old)), None);
            assert_eq!(new.verify("channel", &signed(&both)), Some(6));
            assert_eq!(old.verify("channel", &signed(&both)), None);
        }
        assert_eq!(changing.by_second(), by_second);
    }
}
