//! Process of an actor, from its side: the actor's system, its session with the owner, its end.

use std::fs::File;
use std::future::Future;
use std::io::{self, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use conclib_core::wire::{Control, Origin, RequestEnvelope};
use conclib_core::{StopReason, System, Urn};
use conclib_macros::actor;
use conclib_net::{LinkLimits, Session};
use nix::unistd::{dup2_stdin, getppid};
use tokio::runtime::Builder;
use tokio::sync::{Notify, watch};
use tracing::level_filters::LevelFilter;

use super::control::{ControlSocket, take_first};
use super::events::write_events;
use super::introductions::Introductions;
use super::orphan::end_with_owner;
use super::placement;
use super::spec::Spec;
use super::table::{Entry, StartFn};

/// Name of the host of a process.
pub(super) const HOST: &str = "conclib:host";

/// Actor of the library that starts the user's one, and ends the process.
#[actor(crate = conclib_core)]
pub(super) struct Host {
    start: StartFn,
    system: System,
    finish: Arc<Notify>,
    /// Name of the user's actor, once it has been spawned.
    name: Arc<OnceLock<Urn>>,
    /// Reason for the end of the user's actor, once it has ended.
    reason: watch::Sender<Option<StopReason>>,
}

#[actor(crate = conclib_core)]
impl Host {
    /// Ends the process, after the user's actor has ended.
    #[message]
    pub(super) fn finish(&mut self) {
        self.finish.notify_one();
    }

    /// Waits for the end of the user's actor.
    #[message(concurrent)]
    pub(super) fn ended(&self) -> impl Future<Output = StopReason> + use<> {
        let mut reason = self.reason.subscribe();
        async move {
            let reason = reason.wait_for(Option::is_some).await;
            let reason = reason.ok().and_then(|reason| reason.clone());
            reason.unwrap_or(StopReason::Unreachable)
        }
    }

    /// Starts the user's actor, and answers when it has started.
    #[fallback]
    fn start(&mut self, request: RequestEnvelope) {
        if let Some(actor) = (self.start)(request, &self.system) {
            // The only actor of this host.
            let _ = self.name.set(actor.urn);
            let reason = self.reason.clone();
            tokio::spawn(async move { reason.send_replace(Some(actor.ended.await)) });
            tokio::spawn(actor.answered);
        }
    }
}

/// Runs the process of an actor to its end.
pub(super) fn run(spec: Spec) -> ! {
    match serve(spec) {
        Ok(()) => process::exit(0),
        Err(error) => refuse(&error),
    }
}

/// Ends a process that cannot run its actor. The owner reads the error in its output.
pub(super) fn refuse(error: &io::Error) -> ! {
    let _ = writeln!(io::stderr(), "{error}");
    process::exit(1)
}

fn serve(spec: Spec) -> io::Result<()> {
    let (socket, control) = take_sockets()?;
    let is_ending = Arc::<AtomicBool>::default();
    end_with_owner(&socket, is_ending.clone())?;
    write_events(spec.events.parse().unwrap_or(LevelFilter::OFF));
    placement::apply(&spec)?;
    let entry = Entry::find(&spec.actor).and_then(|entry| entry.start(spec.is_created));
    let Some(start) = entry else {
        return Err(io::Error::other(format!(
            "the program has no actor `{}` that can run in a process of its own",
            spec.actor
        )));
    };
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    let served = runtime.block_on(host(start, spec.system, socket, control, &is_ending));
    runtime.shutdown_background();
    served
}

/// Takes the socket that the process has inherited in place of its standard input, which is empty
/// from now on, and the socket that comes over it. No code of the user has run before.
fn take_sockets() -> io::Result<(UnixStream, OwnedFd)> {
    let socket = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    // Fails for anything but a connected unix socket.
    socket.peer_addr()?;
    dup2_stdin(File::open("/dev/null")?)?;
    let control = take_first(&socket)?;
    socket.set_nonblocking(true)?;
    Ok((socket, control))
}

async fn host(
    start: StartFn,
    name: String,
    socket: UnixStream,
    control: OwnedFd,
    is_ending: &AtomicBool,
) -> io::Result<()> {
    let system = System::new(name);
    let finish = Arc::new(Notify::new());
    let resident = Arc::default();
    let host = Host {
        start,
        system: system.clone(),
        finish: finish.clone(),
        name: Arc::clone(&resident),
        reason: watch::Sender::new(None),
    };
    let host = system.actor(host).reserved(HOST).spawn();
    let host = host.map_err(io::Error::other)?;
    let owner = Origin::Process(getppid().as_raw().unsigned_abs());
    let session = Session::new(owner, LinkLimits::default())?;
    let inlet = system.inlet().for_resident(resident);
    let introductions = Introductions::new(ControlSocket::of(control)?);
    session.trust_owner(&inlet, introductions.clone());
    session.serve(&inlet.clone().with_control(Control::Any), "");
    introductions.greet(&inlet).await?;
    let others = introductions.clone();
    tokio::spawn(async move { others.run(&inlet).await });
    let (reader, writer) = tokio::net::UnixStream::from_std(socket)?.into_split();
    let driver = session.clone();
    let driving = tokio::spawn(async move { driver.run(reader, writer).await });
    tokio::select! {
        () = finish.notified() => {}
        reason = host.stopped() => {
            let reason = reason.unwrap_or(StopReason::Killed);
            return Err(io::Error::other(format!("the host of the process ended: {reason}")));
        }
    }
    system.shutdown().await;
    introductions.close().await;
    // The owner gets all answers before the connection ends: a request without one did not run.
    is_ending.store(true, Ordering::SeqCst);
    session.close();
    let _ = driving.await;
    Ok(())
}
