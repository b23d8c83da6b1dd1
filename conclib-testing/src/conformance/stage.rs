//! Surroundings of a check: a served system, a client, and an actor to ask.

use std::sync::Arc;
use std::time::{Duration, Instant};

use conclib_core::wire::{Broker, Control, Outlet, Remote};
use conclib_core::{ActorRef, System, Travels, Urn};
use tokio::runtime::Handle;
use tokio::task::yield_now;

use super::rig::{Link, Rig, Supports};
use super::subject::{Probe, Subject};

/// Longest real time in which tasks end that were told to.
const PATIENCE: Duration = Duration::from_secs(10);

/// Surroundings of one check.
pub struct Stage {
    rig: Box<dyn Rig>,
    tasks: usize,
    /// Served system.
    pub(super) system: System,
    /// System of the first client.
    pub(super) home: System,
    pub(super) supports: Supports,
    broker: Option<Arc<dyn Broker>>,
    links: Vec<Box<dyn Link>>,
    /// View of the actor `subject`.
    pub(super) probe: Probe,
    /// Reference of the first client to `subject`.
    pub(super) subject: ActorRef<Subject>,
    /// Reference of the served system to `subject`.
    pub(super) local: ActorRef<Subject>,
}

impl Stage {
    pub(super) async fn new(rig: Box<dyn Rig>) -> Self {
        let tasks = tasks();
        let (system, home) = (System::new("served"), System::new("client"));
        let probe = Probe::new();
        let local = spawn(&system, "subject", 1024, &probe);
        let broker = rig.serve(&system.inlet()).await;
        let link = rig.connect(&home).await;
        Self {
            supports: rig.supports(),
            subject: far(link.outlet(), "subject"),
            links: vec![link],
            broker: Some(broker),
            rig,
            tasks,
            system,
            home,
            probe,
            local,
        }
    }

    /// Reference of the first client to the actor of that name.
    pub(super) fn far<A: Travels>(&self, urn: &str) -> ActorRef<A> {
        far(self.link().outlet(), urn)
    }

    /// Spawns another subject in the served system. Returns its view, and the reference of the first
    /// client.
    pub(super) fn another(&self, urn: &str, mailbox: usize) -> (Probe, ActorRef<Subject>) {
        let probe = Probe::new();
        let _named = spawn(&self.system, urn, mailbox, &probe);
        (probe, self.far(urn))
    }

    /// Connection of the first client.
    pub(super) fn link(&self) -> &dyn Link {
        &*self.links[0]
    }

    pub(super) fn rig(&self) -> &dyn Rig {
        &*self.rig
    }

    /// Connects another client, and returns its reference to `subject`.
    pub(super) async fn another_client(&mut self) -> ActorRef<Subject> {
        let link = self.rig.connect(&self.home).await;
        let subject = far(link.outlet(), "subject");
        self.links.push(link);
        subject
    }

    /// Ends the broker, without a word to its clients.
    pub(super) fn kill_server(&mut self) {
        self.broker = None;
    }

    /// Serves the system again.
    pub(super) async fn serve_again(&mut self) {
        self.serve_with(Control::default()).await;
    }

    /// Serves the system again, with that permission.
    pub(super) async fn serve_with(&mut self, control: Control) {
        let inlet = self.system.inlet().with_control(control);
        self.broker = Some(self.rig.serve(&inlet).await);
    }

    /// Returns the broker.
    pub(super) fn broker(&self) -> &Arc<dyn Broker> {
        match &self.broker {
            Some(broker) => broker,
            None => panic!("the broker was ended"),
        }
    }

    /// Lets the system own its broker.
    pub(super) fn attach(&mut self) {
        if let Some(broker) = self.broker.take()
            && let Err(error) = self.system.attach(broker)
        {
            panic!("the broker cannot be attached: {error}");
        }
    }

    /// Ends all, and checks that nothing is left.
    pub(super) async fn end(self) {
        self.probe.open();
        let Self {
            rig,
            system,
            home,
            broker,
            links,
            subject,
            local,
            probe,
            tasks: before,
            ..
        } = self;
        drop(probe.replies());
        if let Some(broker) = broker
            && let Err(error) = system.attach(broker)
        {
            // The check has shut the system down, and kept the broker.
            panic!("the broker cannot be attached: {error}");
        }
        drop((subject, local));
        system.shutdown().await;
        home.shutdown().await;
        for link in &links {
            link.close().await;
        }
        let left = rig.leftovers();
        assert!(left.is_empty(), "left behind: {left:?}");
        drop((links, rig, system, home));
        // A task that was told to end may need a turn to do so.
        let began = Instant::now();
        while tasks() > before {
            assert!(
                began.elapsed() < PATIENCE,
                "{} tasks are left",
                tasks() - before
            );
            yield_now().await;
        }
    }
}

/// Number of tasks of this runtime that have not ended.
fn tasks() -> usize {
    Handle::current().metrics().num_alive_tasks()
}

fn spawn(system: &System, urn: &str, mailbox: usize, probe: &Probe) -> ActorRef<Subject> {
    let subject = Subject {
        probe: probe.clone(),
    };
    match system.actor(subject).urn(urn).mailbox(mailbox).spawn() {
        Ok(subject) => subject,
        Err(error) => panic!("{error}"),
    }
}

fn far<A: Travels>(outlet: Arc<dyn Outlet>, urn: &str) -> ActorRef<A> {
    ActorRef::remote(Remote::new(outlet, Urn::new(urn)))
}
