//! TLS at both ends, by rustls with ring.

use std::fmt::Display;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio_rustls::rustls::client::WantsClientCert;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{self, ClientConfig, ConfigBuilder, RootCertStore, ServerConfig};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::address::TlsOptions;
use crate::error::TlsError;

/// Makes the acceptor of a server.
pub(crate) fn acceptor(options: &TlsOptions) -> Result<TlsAcceptor, TlsError> {
    let (chain, key) = own(options)?.ok_or(TlsError::NoCertificate)?;
    let provider = provider();
    let builder = ServerConfig::builder_with_provider(provider.clone());
    let builder = builder
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Setup)?;
    let builder = match &options.ca {
        None => builder.with_no_client_auth(),
        Some(ca) => {
            let roots = Arc::new(roots(ca)?);
            let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider).build();
            builder.with_client_cert_verifier(verifier.map_err(|error| unusable(ca, &error))?)
        }
    };
    let config = builder
        .with_single_cert(chain, key)
        .map_err(TlsError::Setup)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Makes the connector of a client, and the name that the certificate of the
/// server must have.
pub(crate) fn connector(
    options: &TlsOptions,
    host: &str,
) -> Result<(TlsConnector, ServerName<'static>), TlsError> {
    let name = options.name.as_deref().unwrap_or(host);
    let name = ServerName::try_from(name.to_owned()).map_err(|_| TlsError::Name {
        name: name.to_owned(),
    })?;
    let ca = options.ca.as_deref().ok_or(TlsError::NoCa)?;
    let builder = client(roots(ca)?)?;
    let config = match own(options)? {
        None => builder.with_no_client_auth(),
        Some((chain, key)) => builder
            .with_client_auth_cert(chain, key)
            .map_err(TlsError::Setup)?,
    };
    Ok((TlsConnector::from(Arc::new(config)), name))
}

/// Tests if a connection broke because the two ends do not agree on TLS.
pub(crate) fn is_refusal(error: &io::Error) -> bool {
    error
        .get_ref()
        .is_some_and(|error| error.is::<rustls::Error>())
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn client(roots: RootCertStore) -> Result<ConfigBuilder<ClientConfig, WantsClientCert>, TlsError> {
    let builder = ClientConfig::builder_with_provider(provider());
    let builder = builder
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Setup)?;
    Ok(builder.with_root_certificates(roots))
}

/// Certificates of this end, and the private key of the first one.
type Own = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn own(options: &TlsOptions) -> Result<Option<Own>, TlsError> {
    let (Some(cert), Some(key)) = (&options.cert, &options.certkey) else {
        return Ok(None);
    };
    let chain = certificates(cert)?;
    let key = PrivateKeyDer::from_pem_file(key).map_err(|error| unusable(key, &error))?;
    Ok(Some((chain, key)))
}

fn roots(ca: &Path) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(ca)? {
        roots
            .add(certificate)
            .map_err(|error| unusable(ca, &error))?;
    }
    Ok(roots)
}

/// Reads the certificates in a file, at least one.
fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect);
    let found: Vec<_> = read.map_err(|error| unusable(path, &error))?;
    match found.is_empty() {
        true => Err(unusable(path, &"it has no certificate")),
        false => Ok(found),
    }
}

fn unusable(path: &Path, why: &dyn Display) -> TlsError {
    TlsError::File {
        path: PathBuf::from(path),
        why: why.to_string(),
    }
}
