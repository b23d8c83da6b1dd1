//! Keys and addresses of systems to which references from other processes lead.

mod outlet;
mod place;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use conclib_core::System;
use conclib_core::wire::{Home, Inlet, Outlet};

use self::outlet::KnownSystem;
use self::place::Place;
use crate::session::{Connector, ThirdParties};
use crate::{Address, AddressError, AuthKey, Client};

/// Maximum number of connections of a keyring. References that need one more do
/// not come in.
const MAX_CONNECTIONS: usize = 256;

/// Addresses to which a system may connect by itself, with the keys for them: so
/// a reference leads to its actor though it came from a third process.
///
/// A reference in a message has the address of its actor's system. A process
/// that has no connection to that system refuses the reference, and with it the
/// message, unless the address is in the keyring. Then the system connects to it
/// in the background, as a [`Client`] does: all references to an address share one
/// connection, which is made again when it is lost, and ends with the last of
/// them. Asks wait for it until their deadline. A reference leads to the system
/// that it was made in or nowhere: if another one answers at the address, also
/// the same program started anew, its asks fail.
///
/// Nothing in a message can make a system connect to an address that is not in
/// its keyring; options such as `plaintext=allow` are those of the keyring, never
/// those of the message.
///
/// # Examples
///
/// A server listens on all interfaces, so that is the address in its references;
/// others reach it as `node7`:
///
/// ```
/// use conclib_core::System;
/// use conclib_net::{AuthKey, Keyring};
///
/// let system = System::new("docs");
/// let keys = Keyring::of(&system);
/// keys.add("tcp://node7:7000?plaintext=allow", AuthKey::random()?)?;
/// keys.map("tcp://0.0.0.0:7000", "tcp://node7:7000")?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Default)]
pub struct Keyring(Mutex<Entries>);

#[derive(Default)]
struct Entries {
    keys: Vec<(Address, Option<AuthKey>)>,
    /// Places in references, and those where this process reaches them.
    map: Vec<(Place, Place)>,
    clients: HashMap<Address, Weak<Client>>,
}

impl Keyring {
    /// Returns the keyring of a system.
    #[must_use]
    pub fn of(system: &System) -> Arc<Self> {
        let keyring = system.extension::<Self>();
        let third_parties = system.extension::<ThirdParties>();
        third_parties.0.get_or_init(|| keyring.clone());
        keyring
    }

    /// Permits connections to an address, with that key; port 0 stands for all
    /// ports of the host. A later key for the same address replaces the former
    /// one, for new connections.
    ///
    /// The key of a unix socket, or of `tls:` with a client certificate, may be
    /// `None`.
    ///
    /// # Errors
    /// The URL is invalid.
    pub fn add(&self, url: &str, key: impl Into<Option<AuthKey>>) -> Result<(), AddressError> {
        let address = Address::parse(url)?;
        let mut entries = self.entries();
        let place = Place::of(&address);
        entries.keys.retain(|(known, _)| Place::of(known) != place);
        entries.keys.push((address, key.into()));
        Ok(())
    }

    /// Rewrites an address in references: one that is reached under another name
    /// from here. Port 0 in `from` stands for all ports of its host, and port 0
    /// in `to` leaves the port as it is. Options of the URLs have no meaning here,
    /// and the new address still needs a key.
    ///
    /// # Errors
    /// A URL is invalid.
    pub fn map(&self, from: &str, to: &str) -> Result<(), AddressError> {
        let [from, to] = [Address::parse(from)?, Address::parse(to)?].map(|url| Place::of(&url));
        let mut entries = self.entries();
        entries.map.retain(|(known, _)| *known != from);
        entries.map.push((from, to));
        Ok(())
    }

    fn entries(&self) -> std::sync::MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entries {
    /// Returns the address to connect to for one that came in, with its key.
    fn resolve(&self, url: &str) -> Option<(Address, Option<AuthKey>)> {
        let place = Place::of(&Address::parse(url).ok()?);
        let mapped = self.map.iter().find(|(from, _)| from.covers(&place));
        let place = match mapped {
            Some((_, to)) => to.with_port_of(&place),
            None => place,
        };
        let permitted = |(address, _): &&(Address, _)| Place::of(address).covers(&place);
        let (address, key) = self.keys.iter().find(permitted)?;
        Some((place.complete(address), key.clone()))
    }

    fn client(&mut self, url: &str, inlet: &Inlet) -> Option<Arc<Client>> {
        let (address, key) = self.resolve(url)?;
        if let Some(client) = self.clients.get(&address).and_then(Weak::upgrade) {
            return Some(client);
        }
        self.clients.retain(|_, client| client.strong_count() > 0);
        if self.clients.len() >= MAX_CONNECTIONS {
            tracing::warn!(target: "conclib::net", %address, "no connection: the keyring has its maximum of {MAX_CONNECTIONS}");
            return None;
        }
        match Client::in_background(&address, key) {
            Ok(client) => {
                client.serve(inlet);
                self.clients.insert(address, Arc::downgrade(&client));
                Some(client)
            }
            Err(error) => {
                tracing::warn!(target: "conclib::net", %error, "no connection for a reference");
                None
            }
        }
    }
}

impl Connector for Keyring {
    fn connection(&self, home: &Home, inlet: &Inlet) -> Option<Arc<dyn Outlet>> {
        let client = self.entries().client(&home.url, inlet)?;
        Some(Arc::new(KnownSystem::new(client, home.node)))
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entries = self.entries();
        let addresses: Vec<_> = entries.keys.iter().map(|(address, _)| address).collect();
        f.debug_struct("Keyring")
            .field("addresses", &addresses)
            .finish_non_exhaustive()
    }
}
