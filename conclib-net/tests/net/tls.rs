//! TLS: each end proves who it is, or nothing is sent.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use crate::house::{House, doubles, soon, until};
use conclib::spi::Broker as _;
use conclib_net::{
    Address, AddressError, AuthKey, Client, ConnectError, LocalBroker, OpenError, TlsError,
};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// System served over TLS, and the files of two CAs: `ca` and `other`.
struct Secure {
    house: House,
    broker: LocalBroker,
    key: AuthKey,
}

/// Writes the certificates of a CA, of a server, and of a client.
pub(crate) fn certificates(directory: &Path, ca: &str) {
    let write = |name: &str, text: String| fs::write(directory.join(name), text).unwrap();
    let mut of_ca = CertificateParams::default();
    of_ca.distinguished_name.push(DnType::CommonName, ca);
    of_ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(of_ca, KeyPair::generate().unwrap()).unwrap();
    write(&format!("{ca}.pem"), issuer.pem());
    for name in ["server", "client"] {
        let key = KeyPair::generate().unwrap();
        let names = ["127.0.0.1".to_owned(), "app.example".to_owned()];
        let params = CertificateParams::new(names).unwrap();
        let certificate = params.signed_by(&key, &issuer).unwrap();
        write(&format!("{ca}-{name}.pem"), certificate.pem());
        write(&format!("{ca}-{name}.key"), key.serialize_pem());
    }
}

fn url(house: &House, authority: &str, files: &[(&str, &str)]) -> String {
    let directory = house.directory.path().display();
    let files = files.iter().map(|(option, file)| match *option {
        "name" => format!("{option}={file}"),
        _ => format!("{option}={directory}/{file}"),
    });
    let files: Vec<_> = files.collect();
    format!("tls://{authority}?{}", files.join("&"))
}

const SERVER: [(&str, &str); 2] = [("cert", "ca-server.pem"), ("certkey", "ca-server.key")];
const CLIENT: [(&str, &str); 3] = [
    ("ca", "ca.pem"),
    ("cert", "ca-client.pem"),
    ("certkey", "ca-client.key"),
];

impl Secure {
    /// Serves with a key, or demands certificates of the clients.
    async fn serve(demands_certificates: bool) -> Self {
        let house = House::new();
        certificates(house.directory.path(), "ca");
        certificates(house.directory.path(), "other");
        let key = AuthKey::random().unwrap();
        let mut files = SERVER.to_vec();
        if demands_certificates {
            files.push(("ca", "ca.pem"));
        }
        let address = Address::parse(&url(&house, "127.0.0.1:0", &files)).unwrap();
        let given = (!demands_certificates).then(|| key.clone());
        let broker = LocalBroker::open(&address, given, house.system.inlet()).await;
        Self {
            broker: broker.unwrap(),
            house,
            key,
        }
    }

    fn authority(&self) -> &str {
        let url = self.broker.url().strip_prefix("tls://").unwrap();
        url.split_once('?').unwrap().0
    }

    async fn connect(
        &self,
        files: &[(&str, &str)],
        key: Option<&AuthKey>,
    ) -> Result<Arc<Client>, ConnectError> {
        let address = Address::parse(&url(&self.house, self.authority(), files)).unwrap();
        soon(Client::connect(&address, key.cloned())).await
    }
}

#[support::test]
async fn a_server_with_a_certificate_and_a_client_with_the_key_meet() {
    let secure = Secure::serve(false).await;
    let client = secure
        .connect(&[("ca", "ca.pem")], Some(&secure.key))
        .await
        .unwrap();
    assert!(doubles(&client, 21).await);
    let text = "x".repeat(3_000_000);
    let large = crate::house::DeskEcho { text: text.clone() };
    assert!(crate::house::ask(&client, large).await == Ok(text));
    // The certificate names the server in another way too.
    let named = [("ca", "ca.pem"), ("name", "app.example")];
    let named = secure.connect(&named, Some(&secure.key)).await.unwrap();
    assert!(doubles(&named, 21).await);
}

#[support::test]
async fn with_certificates_on_both_sides_no_key_is_needed() {
    let secure = Secure::serve(true).await;
    let client = secure.connect(&CLIENT, None).await.unwrap();
    assert!(doubles(&client, 21).await);
    let error = secure
        .connect(&CLIENT, Some(&secure.key))
        .await
        .unwrap_err();
    assert!(matches!(error, ConnectError::Impostor { .. }), "{error}");
}

#[support::test]
async fn a_server_of_another_ca_or_name_is_not_trusted() {
    let secure = Secure::serve(false).await;
    for files in [
        &[("ca", "other.pem")][..],
        &[("ca", "ca.pem"), ("name", "other.example")],
    ] {
        let error = secure.connect(files, Some(&secure.key)).await.unwrap_err();
        let is_refused = matches!(
            error,
            ConnectError::Tls {
                source: TlsError::Refused(_),
                ..
            }
        );
        assert!(is_refused, "{error:?}");
    }
    assert_eq!(secure.broker.stats().admitted, 0);
}

#[support::test]
async fn a_client_without_the_certificate_that_a_server_demands_is_refused() {
    let secure = Secure::serve(true).await;
    let foreign = [
        ("ca", "ca.pem"),
        ("cert", "other-client.pem"),
        ("certkey", "other-client.key"),
    ];
    for (files, key) in [
        (&[("ca", "ca.pem")][..], Some(&secure.key)),
        (&foreign, None),
    ] {
        let error = secure.connect(files, key).await.unwrap_err();
        // A client of TLS 1.3 hears of it after its part of the handshake, and
        // not for certain, since the server closes the connection.
        let is_typed = matches!(error, ConnectError::Tls { .. } | ConnectError::Io { .. });
        assert!(is_typed, "{error:?}");
    }
    assert_eq!(secure.broker.stats().admitted, 0);
    let client = secure.connect(&CLIENT, None).await.unwrap();
    assert!(doubles(&client, 21).await);
}

#[support::test]
async fn a_wrong_key_or_none_is_refused_over_tls_too() {
    let secure = Secure::serve(false).await;
    let other = AuthKey::random().unwrap();
    let ca = [("ca", "ca.pem")];
    let error = secure.connect(&ca, Some(&other)).await.unwrap_err();
    assert!(matches!(error, ConnectError::Auth { .. }), "{error}");
    let error = secure.connect(&ca, None).await.unwrap_err();
    assert!(matches!(error, ConnectError::KeyNeeded { .. }), "{error}");
    let error = secure.connect(&CLIENT, None).await.unwrap_err();
    assert!(matches!(error, ConnectError::KeyNeeded { .. }), "{error}");
}

#[support::test]
async fn peers_without_tls_are_turned_away_and_a_good_one_is_served() {
    let secure = Secure::serve(false).await;
    for bytes in [&b"GET / HTTP/1.1\r\n\r\n"[..], &[0; 200], &[0x16; 20_000]] {
        let mut stream = TcpStream::connect(secure.authority()).await.unwrap();
        // The server may close the connection before all is written.
        let _ = stream.write_all(bytes).await;
        let mut rest = Vec::new();
        let _ = soon(stream.read_to_end(&mut rest)).await;
    }
    let plain = Address::parse(&format!("tcp://{}", secure.authority())).unwrap();
    let error = Client::connect(&plain, Some(secure.key.clone()))
        .await
        .unwrap_err();
    let is_typed = matches!(
        error,
        ConnectError::NotConclib { .. } | ConnectError::Io { .. }
    );
    assert!(is_typed, "{error:?}");
    until(|| secure.broker.stats().turned_away == 4).await;
    let client = secure
        .connect(&[("ca", "ca.pem")], Some(&secure.key))
        .await
        .unwrap();
    assert!(doubles(&client, 21).await);
}

#[support::test]
async fn a_lost_connection_is_made_again_over_tls() {
    let secure = Secure::serve(true).await;
    let client = secure.connect(&CLIENT, None).await.unwrap();
    assert!(doubles(&client, 21).await);
    let address = Address::parse(secure.broker.url()).unwrap();
    secure.broker.close().await;
    let broker = LocalBroker::open(&address, None, secure.house.system.inlet())
        .await
        .unwrap();
    while !doubles(&client, 21).await {}
    assert_eq!(broker.stats().admitted, 1);
}

#[support::test]
async fn a_file_that_cannot_be_used_is_named() {
    let secure = Secure::serve(true).await;
    fs::write(secure.house.directory.path().join("empty.pem"), "").unwrap();
    for file in ["no-such.pem", "empty.pem", "ca-server.key"] {
        let error = secure
            .connect(&[("ca", file)], Some(&secure.key))
            .await
            .unwrap_err();
        let ConnectError::Tls { source, .. } = error else {
            panic!("{error:?}");
        };
        assert!(source.to_string().contains(file), "{source}");
    }
    let open = |files: &[(&str, &str)]| {
        let address = Address::parse(&url(&secure.house, "127.0.0.1:0", files)).unwrap();
        let (key, inlet) = (secure.key.clone(), secure.house.system.inlet());
        async move {
            LocalBroker::open(&address, Some(key), inlet)
                .await
                .unwrap_err()
        }
    };
    for files in [
        &[("ca", "ca.pem")][..],
        &[("cert", "ca-server.pem"), ("certkey", "other-server.key")],
        &[("cert", "ca-server.pem"), ("certkey", "ca-server.pem")],
    ] {
        let error = open(files).await;
        assert!(matches!(error, OpenError::Tls { .. }), "{error:?}");
    }
}

#[support::test]
fn the_options_of_tls_belong_together() {
    let full =
        "tls://10.0.0.7:7000?keyfile=/k&ca=/ca.pem&cert=/c%26.pem&certkey=/c.key&name=app.example";
    assert_eq!(Address::parse(full).unwrap().to_string(), full);
    for url in [
        "tls://a:1?cert=/c.pem",
        "tls://a:1?certkey=/c.key",
        "tls://a:1?ca=ca.pem",
        "tls://a:1?ca=/a&ca=/b",
        "tls://a:1?name=a/b",
    ] {
        let error = Address::parse(url).unwrap_err();
        assert!(matches!(error, AddressError::Value { .. }), "{url}");
    }
    for url in ["tls://a:1?plaintext=allow", "tcp://a:1?ca=/ca.pem"] {
        let error = Address::parse(url).unwrap_err();
        assert!(matches!(error, AddressError::Option { .. }), "{url}");
    }
}
