//! TLS: the server and the client prove who they are, or nothing is sent.

use std::fs;
use std::path::Path;

use conclib::prelude::*;
use conclib_redis::{RedisClient, RedisError};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tempfile::TempDir;

use super::server::OwnServer;
use super::worker::{Worker, WorkerName};
use super::{ask, serve};

/// Server that accepts TLS connections only, from clients with a certificate of its CA.
struct TlsServer {
    port: String,
    files: TempDir,
    _server: OwnServer,
}

impl TlsServer {
    async fn start(demands_certificates: &str) -> Self {
        let files = tempfile::tempdir().unwrap();
        for ca in ["ca", "other"] {
            certificates(files.path(), ca);
        }
        let (port, path) = (support::free_port().to_string(), |name: &str| {
            file(&files, name)
        });
        let server = OwnServer::start(&[
            "--tls-port",
            &port,
            "--tls-cert-file",
            &path("ca-server.pem"),
            "--tls-key-file",
            &path("ca-server.key"),
            "--tls-ca-cert-file",
            &path("ca.pem"),
            "--tls-auth-clients",
            demands_certificates,
        ])
        .await;
        Self {
            _server: server,
            port,
            files,
        }
    }

    fn url(&self, host: &str, files: &[(&str, &str)]) -> String {
        let files = files
            .iter()
            .map(|(option, name)| format!("&{option}={}", file(&self.files, name)));
        let files: String = files.collect();
        format!("rediss://{host}:{}?ns=tls{files}", self.port)
    }

    /// Connects, which has to fail, and returns the reason.
    async fn refusal(&self, host: &str, files: &[(&str, &str)]) -> String {
        let url = self.url(host, files).parse().unwrap();
        match RedisClient::connect(url, None).await {
            Err(error @ RedisError::Connect { .. }) => error.to_string(),
            other => panic!("{other:?}"),
        }
    }
}

fn file(files: &TempDir, name: &str) -> String {
    files.path().join(name).display().to_string()
}

/// Writes the certificates of a CA, of a server at `localhost`, and of a client.
fn certificates(files: &Path, ca: &str) {
    let write = |name: &str, text: String| fs::write(files.join(name), text).unwrap();
    let mut of_ca = CertificateParams::default();
    of_ca.distinguished_name.push(DnType::CommonName, ca);
    of_ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(of_ca, KeyPair::generate().unwrap()).unwrap();
    write(&format!("{ca}.pem"), issuer.pem());
    for name in ["server", "client"] {
        let key = KeyPair::generate().unwrap();
        let mut subject = CertificateParams::new(["localhost".to_owned()]).unwrap();
        subject.distinguished_name.push(DnType::CommonName, name);
        let certificate = subject.signed_by(&key, &issuer).unwrap();
        write(&format!("{ca}-{name}.pem"), certificate.pem());
        write(&format!("{ca}-{name}.key"), key.serialize_pem());
    }
}

#[support::test]
async fn actors_are_asked_over_tls() {
    let server = TlsServer::start("yes").await;
    let certificate = [
        ("ca", "ca.pem"),
        ("cert", "ca-client.pem"),
        ("certkey", "ca-client.key"),
    ];
    let url = server.url("localhost", &certificate);
    let system = System::new("tls");
    system.spawn(Worker::named("far")).unwrap();
    serve(&system, &url).await;
    let client = super::client(&url).await;
    let name = ask(&client, "worker", WorkerName {}).await;
    assert_eq!(name.unwrap(), "far");
    client.close().await;
    system.shutdown().await;
}

#[support::test]
async fn a_server_of_another_ca_or_name_is_refused() {
    let server = TlsServer::start("no").await;
    let known = server.url("localhost", &[("ca", "ca.pem")]);
    super::client(&known).await.close().await;
    let other = server.refusal("localhost", &[("ca", "other.pem")]).await;
    assert!(other.contains("UnknownIssuer"), "{other}");
    let system_roots = server.refusal("localhost", &[]).await;
    assert!(system_roots.contains("UnknownIssuer"), "{system_roots}");
    let name = server.refusal("127.0.0.1", &[("ca", "ca.pem")]).await;
    assert!(name.contains("NotValidForName"), "{name}");
}

#[support::test]
async fn a_client_without_a_certificate_is_refused_by_a_server_that_demands_one() {
    let server = TlsServer::start("yes").await;
    let without = server.refusal("localhost", &[("ca", "ca.pem")]).await;
    assert!(without.contains("CertificateRequired"), "{without}");
    let foreign = [
        ("ca", "ca.pem"),
        ("cert", "other-client.pem"),
        ("certkey", "other-client.key"),
    ];
    let foreign = server.refusal("localhost", &foreign).await;
    assert!(foreign.contains("UnknownCA"), "{foreign}");
}

#[support::test]
async fn a_file_that_is_not_there_or_no_certificate_is_named_in_the_error() {
    let files = tempfile::tempdir().unwrap();
    fs::write(files.path().join("empty.pem"), "").unwrap();
    for name in ["missing.pem", "empty.pem"] {
        let path = file(&files, name);
        let url = format!("rediss://localhost:1?ca={path}").parse().unwrap();
        let refused = RedisClient::connect(url, None).await;
        assert!(
            matches!(&refused, Err(RedisError::Tls { why }) if why.contains(&path)),
            "{refused:?}"
        );
    }
}
