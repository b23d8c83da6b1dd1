//! Connector of a TLS connection.

use std::path::Path;
use std::sync::Arc;

use fred::rustls::pki_types::pem::PemObject as _;
use fred::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use fred::rustls::{ClientConfig, RootCertStore};
use fred::types::config::TlsConnector;

use crate::error::RedisError;
use crate::url::Tls;

/// Makes the connector of a TLS connection: by the given CA, else by those of the
/// operating system.
pub(super) fn connector(tls: &Tls) -> Result<TlsConnector, RedisError> {
    let mut roots = RootCertStore::empty();
    match &tls.ca {
        Some(path) => {
            for certificate in certificates(path)? {
                roots
                    .add(certificate)
                    .map_err(|error| unusable(path, &error))?;
            }
        }
        None => {
            let found = fred::rustls_native_certs::load_native_certs();
            roots.add_parsable_certificates(found.certs);
        }
    }
    let provider = Arc::new(fred::rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| RedisError::Tls {
            why: error.to_string().into(),
        })?
        .with_root_certificates(roots);
    let config = match &tls.certificate {
        None => config.with_no_client_auth(),
        Some((path, key)) => {
            let chain = certificates(path)?;
            let secret =
                PrivateKeyDer::from_pem_file(key).map_err(|error| unusable(key, &error))?;
            config
                .with_client_auth_cert(chain, secret)
                .map_err(|error| unusable(path, &error))?
        }
    };
    Ok(TlsConnector::from(config))
}

/// Reads the certificates in a file, at least one.
fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, RedisError> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect);
    let found: Vec<_> = read.map_err(|error| unusable(path, &error))?;
    match found.is_empty() {
        true => Err(unusable(path, &"no certificate in it")),
        false => Ok(found),
    }
}

fn unusable(path: &Path, why: &dyn std::fmt::Display) -> RedisError {
    let why = format!("{}: {why}", path.display());
    RedisError::Tls { why: why.into() }
}
