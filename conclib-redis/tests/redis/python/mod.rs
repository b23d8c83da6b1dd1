//! Channel of Python's conclib, with the original package as the peer.

mod asked;
mod asks;
mod faults;
mod peer;
mod server;

use std::sync::Arc;

use conclib::prelude::*;
use conclib_core::wire::{Inlet, Outlet, Remote};
use conclib_core::{Call, WireMessage};
use conclib_redis::{PythonBroker, PythonClient, RedisUrl};

use self::server::Server;

/// Channels of one test.
pub struct Channels {
    pub server: Arc<Server>,
    pub inbound: String,
    pub outbound: String,
}

impl Channels {
    /// Takes channels of its own in the server of the test program.
    pub fn new() -> Self {
        Self::at(Server::shared())
    }

    pub fn at(server: Arc<Server>) -> Self {
        let name = crate::server::namespace();
        Self {
            server,
            inbound: format!("{name}-in"),
            outbound: format!("{name}-[out]/"),
        }
    }

    pub fn url(&self) -> RedisUrl {
        let (port, inbound, outbound) = (self.server.port, &self.inbound, &self.outbound);
        let url = format!("redis://127.0.0.1:{port}?channel=python&in={inbound}&out={outbound}");
        url.parse().unwrap()
    }

    pub async fn serve(&self, system: &System) -> PythonBroker {
        let inlet: Inlet = system.inlet();
        PythonBroker::open(self.url(), None, inlet).await.unwrap()
    }

    pub async fn connect(&self) -> Arc<PythonClient> {
        PythonClient::connect(self.url(), None).await.unwrap()
    }
}

pub fn ask<M: WireMessage>(client: &Arc<PythonClient>, urn: &str, message: M) -> Call<Remote, M> {
    let outlet: Arc<dyn Outlet> = client.clone();
    Call::new(Remote::new(outlet, Urn::new(urn)), message)
}

#[message(reply = Doubled)]
pub struct Double {
    pub number: i64,
}

#[message]
#[derive(Debug, PartialEq)]
pub struct Doubled {
    pub number: i64,
}

#[message]
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    pub article: String,
    pub count: u32,
}

#[message(reply = Order)]
pub struct Place {
    pub customer: String,
    pub lines: Vec<Line>,
    pub note: Option<String>,
    pub placed: String,
    pub weights: std::collections::HashMap<String, f64>,
    pub express: bool,
}

#[message]
#[derive(Debug, PartialEq)]
pub struct Order {
    pub number: u64,
    pub placed: String,
    pub lines: Vec<Line>,
    pub note: Option<String>,
    pub first: Option<Line>,
}

/// Message without braces, and without a reply.
#[message]
pub struct Empty;
