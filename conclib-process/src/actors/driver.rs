//! Life of a process actor, from the side of its owner: one process after the other.

use std::future::poll_fn;
use std::os::unix::net::UnixStream;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use conclib_core::wire::{
    ForeignActor, History, Inlet, MAX_TIMEOUT, Origin, Outlet as _, StopSignal,
};
use conclib_core::{ActorRef, AskError, Fault, StopReason, Stopping};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::family::Membership;
use super::host::{Host, HostCalls as _};
use super::outlet::ProcessOutlet;
use super::program::{Launch, Program};
use super::starter::Starter;

/// Time for a process to exit after its actor has ended, or after its connection was lost.
const EXIT_LIMIT: Duration = Duration::from_secs(5);

/// Task that drives a process actor.
pub(super) struct Driver {
    pub(super) life: ForeignActor,
    pub(super) outlet: Arc<ProcessOutlet>,
    pub(super) inlet: Inlet,
    pub(super) launch: Launch,
    pub(super) starter: Box<dyn Starter>,
    /// Restarts so far. `None` for an actor that is never restarted.
    pub(super) history: Option<History>,
}

/// Signal for an actor.
enum Told {
    Signal(StopSignal),
    /// The incarnation has to end, for the next one to begin.
    Recycle,
}

impl Driver {
    /// Runs the actor to its end, after a pause. A drop of the future kills the process.
    pub(super) async fn run(mut self, delay: Duration) {
        let is_over = !delay.is_zero() && timeout(delay, self.life.signal()).await.is_ok();
        let reason = loop {
            if is_over {
                break self.life.end_reason();
            }
            let reason = self.incarnation().await;
            self.outlet.close();
            let Some(history) = &mut self.history else {
                break reason;
            };
            match self.life.restarts(history, reason).await {
                Ok(()) => {}
                Err(reason) => break reason,
            }
        };
        self.outlet.end();
        self.life.ended(reason);
    }

    /// Runs one process to its end.
    async fn incarnation(&mut self) -> StopReason {
        let (mut program, socket, control) = match Program::start(&self.launch) {
            Ok(started) => started,
            Err(error) => return StopReason::StartFailed(Box::new(Fault::of(&error))),
        };
        self.outlet
            .session
            .set_origin(Origin::Process(program.pid()));
        let _connection = match self.connect(socket) {
            Ok(connection) => connection,
            Err(error) => return StopReason::StartFailed(Box::new(Fault::of(&error))),
        };
        let (inlet, session) = (self.inlet.clone(), self.outlet.session.clone());
        let (membership, has_joined) = Membership::new(inlet, session, program.pid(), control);
        let _introductions = AbortOnDrop(tokio::spawn(membership.run()));
        let reason = self.live(&mut program, has_joined).await;
        self.outlet.close();
        if self.outlet.session.peer().is_some() {
            // A process that is gone hears nothing.
            let host: ActorRef<Host> = ActorRef::remote(self.outlet.host());
            let _ = host.finish().try_tell();
        }
        self.exit(&mut program, reason).await
    }

    /// Drives the session over the socket, until the guard is dropped.
    fn connect(&self, socket: UnixStream) -> std::io::Result<AbortOnDrop> {
        let socket = tokio::net::UnixStream::from_std(socket)?;
        let (reader, writer) = socket.into_split();
        let session = self.outlet.session.clone();
        Ok(AbortOnDrop(tokio::spawn(async move {
            session.run(reader, writer).await;
        })))
    }

    /// Starts the actor in the process, and waits for its end.
    async fn live(
        &mut self,
        program: &mut Program,
        has_joined: oneshot::Receiver<()>,
    ) -> StopReason {
        let host = self.outlet.host();
        let started = tokio::select! {
            started = self.starter.start(host.clone(), self.life.urn()) => started,
            reason = given_up(&self.life) => {
                program.kill();
                return reason;
            }
            _ = program.exited() => return StopReason::Unreachable,
        };
        if let Err(reason) = started {
            return reason;
        }
        // The process has greeted before it started the actor. An error means that it is gone.
        let _ = has_joined.await;
        // A handle of the actor for signals alone, which need not know its type.
        let actor: ActorRef<Host> = ActorRef::remote(self.outlet.actor(self.life.urn()));
        let host: ActorRef<Host> = ActorRef::remote(host);
        self.outlet.open();
        self.life.started();
        let mut ended = pin!(ended(&host));
        let (mut is_told, mut is_recycled) = (false, false);
        let reason = loop {
            tokio::select! {
                biased;
                reason = &mut ended => break reason,
                told = told(&mut self.life, is_recycled) => match told {
                    Told::Signal(StopSignal::Kill) => {
                        program.kill();
                        return StopReason::Killed;
                    }
                    Told::Signal(StopSignal::Stop) => {
                        is_told = true;
                        self.outlet.is_last();
                        signal_away(actor.stop());
                    }
                    Told::Signal(StopSignal::StopNow) => {
                        is_told = true;
                        self.outlet.is_last();
                        signal_away(actor.stop_now());
                    }
                    Told::Recycle => {
                        is_recycled = true;
                        signal_away(actor.stop_now());
                    }
                },
                _ = program.exited() => break StopReason::Unreachable,
            }
        };
        match reason {
            StopReason::Stopped | StopReason::StoppedNow if is_told => self.life.end_reason(),
            StopReason::StoppedNow if is_recycled => StopReason::Recycled,
            reason => reason,
        }
    }

    /// Waits until the process has exited, and returns the reason for the end of its actor.
    async fn exit(&mut self, program: &mut Program, reason: StopReason) -> StopReason {
        let exit = tokio::select! {
            exit = timeout(EXIT_LIMIT, program.exited()) => exit.ok(),
            () = killed(&self.life) => None,
        };
        let exit = match exit {
            Some(exit) => exit,
            None => {
                program.kill();
                program.exited().await
            }
        };
        match reason {
            // The process was gone before its actor had told of an end.
            StopReason::Unreachable => StopReason::ProcessExited(Box::new(exit)),
            reason => reason,
        }
    }
}

/// Waits for the end of the user's actor, as its host knows it.
async fn ended(host: &ActorRef<Host>) -> StopReason {
    loop {
        match host.ended().timeout(MAX_TIMEOUT).await {
            Ok(reason) => return reason,
            Err(AskError::Deadline { .. }) => {}
            Err(_) => return StopReason::Unreachable,
        }
    }
}

/// Sends a signal. It is awaited by a task of its own: without room on the connection it leaves
/// later.
fn signal_away(stopping: Stopping) {
    tokio::spawn(stopping.into_future());
}

/// Waits for the next signal.
async fn told(life: &mut ForeignActor, is_recycled: bool) -> Told {
    poll_fn(|cx| {
        if let Poll::Ready(signal) = life.poll_signal(cx) {
            return Poll::Ready(Told::Signal(signal));
        }
        if !is_recycled && life.poll_recycled(cx).is_ready() {
            return Poll::Ready(Told::Recycle);
        }
        Poll::Pending
    })
    .await
}

/// Waits until nobody waits for the start: the actor is killed, or its last reference is gone.
async fn given_up(life: &ForeignActor) -> StopReason {
    poll_fn(|cx| {
        // Any signal wakes this task.
        let _ = life.poll_killed(cx);
        match life.end_reason() {
            reason @ (StopReason::Killed | StopReason::Unreferenced) => Poll::Ready(reason),
            _ => Poll::Pending,
        }
    })
    .await
}

/// Waits for the signal to kill the actor.
async fn killed(life: &ForeignActor) {
    poll_fn(|cx| life.poll_killed(cx)).await;
}

/// Ends a task when it is dropped.
struct AbortOnDrop(JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}
