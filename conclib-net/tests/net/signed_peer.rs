//! Peer that has the key of a signed connection, and sends any bytes in its records.

use std::io;

use conclib_net::AuthKey;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, DuplexStream};

/// MAC of one direction, and the number of its next record.
struct Direction(Hmac<Sha256>, u64);

impl Direction {
    fn tag(&mut self, payload: &[u8]) -> [u8; 16] {
        let mut mac = self.0.clone();
        mac.update(&self.1.to_be_bytes());
        mac.update(payload);
        self.1 += 1;
        *mac.finalize().into_bytes().first_chunk().unwrap()
    }
}

/// Computes a proof, or the key of a direction, from the two hellos.
pub(crate) fn mac(key: &AuthKey, label: &str, client: &[u8], server: &[u8]) -> [u8; 32] {
    let mut mac = key.mac();
    mac.update(label.as_bytes());
    for hello in [client, server] {
        mac.update(&(hello.len() as u64).to_be_bytes());
        mac.update(hello);
    }
    mac.finalize().into_bytes().into()
}

/// Returns a stream whose bytes go through the records of a client that was welcomed.
pub(crate) fn in_records(
    stream: impl AsyncRead + AsyncWrite + Send + 'static,
    key: &AuthKey,
    client: &[u8],
    server: &[u8],
) -> DuplexStream {
    let direction = |label| {
        let key = mac(key, label, client, server);
        Direction(Hmac::new_from_slice(&key).unwrap(), 0)
    };
    let (mut out, mut back) = (direction("conclib/1 c-to-s"), direction("conclib/1 s-to-c"));
    let (near, far) = tokio::io::duplex(64 * 1024);
    let (mut from_peer, mut to_peer) = tokio::io::split(far);
    let (mut reader, mut writer) = tokio::io::split(stream);
    // Each ends with its streams.
    tokio::spawn(async move {
        let mut payload = vec![0; 4096];
        loop {
            let length = from_peer.read(&mut payload).await?;
            if length == 0 {
                return writer.shutdown().await;
            }
            let payload = &payload[..length];
            writer.write_u16(u16::try_from(length).unwrap()).await?;
            writer.write_all(payload).await?;
            writer.write_all(&out.tag(payload)).await?;
        }
    });
    tokio::spawn(async move {
        let received = async {
            loop {
                let mut payload = vec![0; usize::from(reader.read_u16().await?)];
                reader.read_exact(&mut payload).await?;
                let mut tag = [0; 16];
                reader.read_exact(&mut tag).await?;
                assert_eq!(tag, back.tag(&payload));
                to_peer.write_all(&payload).await?;
            }
        };
        let _: io::Result<()> = received.await;
        let _ = to_peer.shutdown().await;
    });
    near
}
