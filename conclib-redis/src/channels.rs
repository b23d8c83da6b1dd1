//! Names of the channels on which Python's conclib speaks.

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

/// Channel of the requests, unless a URL names another.
pub(crate) const INBOUND: &str = "out2actor";

/// Prefix of the channels of the replies, unless a URL names another.
pub(crate) const OUTBOUND: &str = "actor2out/";

/// Characters of a name that are escaped in a URL.
const ESCAPED: &AsciiSet = &CONTROLS.add(b' ').add(b'%').add(b'&').add(b'#').add(b'+');

/// Maximum length of a name, in bytes.
const MAX: usize = 255;

/// Channels on which Python's conclib speaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Channels {
    /// Channel of the requests.
    pub(crate) inbound: String,
    /// Prefix of the channels of the replies; the rest is the id of the request.
    pub(crate) outbound: String,
    /// Permission to speak without signatures although there is a key.
    pub(crate) unsigned: bool,
}

impl Default for Channels {
    fn default() -> Self {
        Self {
            inbound: INBOUND.to_owned(),
            outbound: OUTBOUND.to_owned(),
            unsigned: false,
        }
    }
}

impl Channels {
    /// Takes over an option of a URL. An error is the reason why its value is invalid.
    pub(crate) fn set(&mut self, name: &str, value: String) -> Result<(), &'static str> {
        match name {
            "in" => self.inbound = value,
            "out" => self.outbound = value,
            _ if value == "allow" => self.unsigned = true,
            _ => return Err("is not `allow`"),
        }
        Ok(())
    }

    /// Checks the names. An error is the option that is invalid, and the reason.
    pub(crate) fn check(&self) -> Result<(), (&'static str, &'static str)> {
        for (name, value) in [("in", &self.inbound), ("out", &self.outbound)] {
            if !(1..=MAX).contains(&value.len()) {
                return Err((name, "is not 1 to 255 bytes long"));
            }
        }
        match self.inbound.starts_with(&self.outbound) {
            true => Err((
                "out",
                "begins the channel of the requests, which would get the replies",
            )),
            false => Ok(()),
        }
    }

    /// Returns the options of a URL that say the same.
    pub(crate) fn options(&self) -> Vec<(&'static str, String)> {
        let escape = |text| utf8_percent_encode(text, ESCAPED).to_string();
        let mut options = vec![("channel", "python".to_owned())];
        if self.inbound != INBOUND {
            options.push(("in", escape(&self.inbound)));
        }
        if self.outbound != OUTBOUND {
            options.push(("out", escape(&self.outbound)));
        }
        if self.unsigned {
            options.push(("unsigned", "allow".to_owned()));
        }
        options
    }

    /// Returns the channel of the reply to a request.
    pub(crate) fn reply(&self, message_id: &str) -> String {
        format!("{}{message_id}", self.outbound)
    }
}
