//! Part of an address that says where it leads.

use std::path::PathBuf;

use crate::address::{Address, Endpoint, TcpEndpoint};

/// Place of an address, without its options.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    Unix(PathBuf),
    Tcp { tls: bool, host: String, port: u16 },
}

impl Place {
    pub(super) fn of(address: &Address) -> Self {
        match &address.0 {
            Endpoint::Unix(endpoint) => Self::Unix(endpoint.path.clone()),
            Endpoint::Tcp(endpoint) => Self::Tcp {
                tls: endpoint.tls.is_some(),
                host: endpoint.host.to_ascii_lowercase(),
                port: endpoint.port,
            },
        }
    }

    /// Tests if `other` is this place, or any port of this host if this one has
    /// port 0.
    pub(super) fn covers(&self, other: &Self) -> bool {
        match other {
            Self::Tcp { tls, host, .. } => {
                let any_port = Self::Tcp {
                    tls: *tls,
                    host: host.clone(),
                    port: 0,
                };
                *self == *other || *self == any_port
            }
            Self::Unix(_) => self == other,
        }
    }

    /// Returns this place, with the port of `other` if it has none.
    pub(super) fn with_port_of(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Tcp { tls, host, port: 0 }, Self::Tcp { port, .. }) => Self::Tcp {
                tls: *tls,
                host: host.clone(),
                port: *port,
            },
            _ => self.clone(),
        }
    }

    /// Returns the address of this place, with the options of one that covers it.
    pub(super) fn complete(&self, covers: &Address) -> Address {
        match (self, &covers.0) {
            (Self::Tcp { port, .. }, Endpoint::Tcp(endpoint)) => {
                Address(Endpoint::Tcp(TcpEndpoint {
                    port: *port,
                    ..endpoint.clone()
                }))
            }
            _ => covers.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(url: &str) -> Place {
        Place::of(&Address::parse(url).unwrap())
    }

    #[test]
    fn port_0_covers_all_ports_of_its_host_and_no_other() {
        let any = place("tcp://node7:0");
        assert!(any.covers(&place("tcp://NODE7:7000?plaintext=allow")));
        assert!(any.covers(&any));
        for other in ["tcp://node8:7000", "unix:///node7"] {
            assert!(!any.covers(&place(other)), "{other}");
        }
        assert!(!place("tcp://node7:7000").covers(&place("tcp://node7:7001")));
        assert!(!place("tcp://node7:7000").covers(&any));
    }

    #[test]
    fn options_are_those_of_the_keyring() {
        let keyring = Address::parse("tcp://node7:0?plaintext=allow").unwrap();
        let came = place("tcp://node7:7000?keyfile=/etc/passwd");
        let address = came.complete(&keyring).to_string();
        assert_eq!(address, "tcp://node7:7000?plaintext=allow");
    }
}
