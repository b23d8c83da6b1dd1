//! Actors of the tests.

use std::process;
use std::sync::Arc;
use std::time::Duration;

use conclib::prelude::*;
use futures_util::stream;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};
use support::child::Process;
use tokio::sync::{Semaphore, mpsc};

/// Does to its process what a test wants.
#[actor]
#[derive(Default, Serialize, Deserialize)]
pub struct Worker {
    pub n: u64,
}

#[actor]
impl Worker {
    #[message]
    fn pid(&mut self) -> u32 {
        process::id()
    }

    #[message(derive(Clone))]
    fn add(&mut self, by: u64) -> u64 {
        self.n += by;
        self.n
    }

    #[message]
    fn count(&mut self, to: u64) -> impl Stream<Item = u64> {
        stream::iter(0..to)
    }

    #[message]
    fn me(&mut self, ctx: &mut Context<Self>) -> ActorRef<Self> {
        ctx.me()
    }

    #[message]
    fn is_me_weakly(&mut self, worker: WeakRef<Self>, ctx: &mut Context<Self>) -> bool {
        worker.upgrade() == Some(ctx.me())
    }

    #[message]
    fn is_me(&mut self, worker: ActorRef<Self>, ctx: &mut Context<Self>) -> bool {
        worker == ctx.me()
    }

    #[message]
    fn origin(&mut self, ctx: &mut Context<Self>) -> String {
        ctx.origin().to_string()
    }

    #[message]
    fn say(&mut self, text: String) {
        eprintln!("{text}");
    }

    #[message]
    fn warn(&mut self, text: String) {
        tracing::warn!(left = 3, "{text}");
    }

    /// Does the same in a process of this one.
    #[message]
    async fn warn_below(&mut self, text: String, ctx: &mut Context<Self>) {
        let system = ctx.system();
        let below = system.actor(Self::default()).in_process().spawn().await;
        below.unwrap().warn(text).await.unwrap();
    }

    /// Ends its turn when the door is open.
    #[message]
    async fn hold(&mut self, door: ActorRef<Door>) {
        door.pass().await.unwrap();
    }

    #[message(derive(Clone))]
    async fn report(&mut self, roll: ActorRef<Roll>) {
        roll.here(process::id()).await.unwrap();
    }

    /// Number of messages that another actor has handled.
    #[message]
    async fn handled_by(&mut self, other: ActorRef<Self>) -> u64 {
        other.current_snapshot().await.unwrap().handled
    }

    /// Stops an actor of another process.
    #[message]
    async fn stop_other(&mut self, other: ActorRef<Lingering>) -> String {
        other.stop().await.to_string()
    }

    /// Keeps the process from its end until the door is open.
    #[message]
    fn linger(&mut self, door: ActorRef<Door>, ctx: &mut Context<Self>) {
        let (system, lingering) = (ctx.system(), Lingering { door });
        system.actor(lingering).urn("lingering").spawn().unwrap();
    }

    /// Lets another worker answer.
    #[message]
    async fn pid_of(
        &mut self,
        other: ActorRef<Self>,
        ctx: &mut Context<Self>,
    ) -> Deferred<u32, Never> {
        ctx.forward(&other, WorkerPid {}).await
    }

    #[message]
    fn panic(&mut self, why: String) {
        panic!("{why}");
    }

    #[message]
    fn exit(&mut self, code: i32) {
        process::exit(code);
    }

    #[message]
    fn finish(&mut self, ctx: &mut Context<Self>) {
        ctx.stop();
    }

    #[message]
    async fn sleep(&mut self) {
        std::future::pending::<()>().await;
    }

    /// Never awaits.
    #[message]
    fn spin(&mut self) {
        loop {
            std::thread::park_timeout(Duration::from_secs(60));
        }
    }

    /// Starts a program that would go on for long.
    #[message]
    fn fork(&mut self) -> u32 {
        let child = process::Command::new("sleep").arg("600").spawn();
        child.unwrap().id()
    }

    #[message]
    fn flood(&mut self, bytes: usize) {
        let line = format!("{}\n", "x".repeat(1023));
        for _ in 0..bytes / line.len() {
            eprint!("{line}");
        }
    }

    #[message]
    fn allocate(&mut self, bytes: usize) -> u8 {
        let data = std::hint::black_box(vec![1_u8; bytes]);
        data[bytes / 2]
    }

    #[message]
    fn env(&mut self, key: String) -> Option<String> {
        std::env::var(key).ok()
    }

    #[message]
    fn dir(&mut self) -> String {
        std::env::current_dir().unwrap().display().to_string()
    }
}

/// Door that a test opens.
#[actor]
pub struct Door {
    pub begun: mpsc::UnboundedSender<()>,
    pub open: Arc<Semaphore>,
}

#[actor]
impl Door {
    #[message]
    async fn pass(&mut self) {
        self.begun.send(()).unwrap();
        let _permit = self.open.acquire().await.unwrap();
    }
}

/// Spawns a door. The first channel yields an item for each that has come to it, and a permit of the
/// second lets one of them pass.
pub fn door(
    system: &System,
) -> conclib::Result<(ActorRef<Door>, mpsc::UnboundedReceiver<()>, Arc<Semaphore>)> {
    let (begun, begins) = mpsc::unbounded_channel();
    let open = Arc::new(Semaphore::new(0));
    let door = Door {
        begun,
        open: open.clone(),
    };
    Ok((system.spawn(door)?, begins, open))
}

/// Passes a door when it stops.
#[actor]
#[derive(Serialize, Deserialize)]
pub struct Lingering {
    pub door: ActorRef<Door>,
}

#[actor]
impl Lingering {
    #[on(stop)]
    async fn stop(&mut self) {
        self.door.pass().await.unwrap();
    }
}

/// Calls the roll of processes.
#[actor]
pub struct Roll {
    pub pids: mpsc::UnboundedSender<u32>,
}

#[actor]
impl Roll {
    #[message]
    fn here(&mut self, pid: u32) {
        self.pids.send(pid).unwrap();
    }
}

/// Starts as its arguments say.
#[actor]
pub struct Starter {
    text: String,
}

#[derive(Clone, Serialize, Deserialize)]
pub enum How {
    Well(String),
    Error(String),
    /// Fails with a text that names its process: by an error, or by a panic.
    Lost {
        panics: bool,
    },
    Panic(String),
    Exit(i32),
    Abort(String),
    Never,
}

#[actor]
impl Starter {
    #[on(create)]
    async fn create(how: How) -> conclib::Result<Self> {
        match how {
            How::Well(text) => Ok(Self { text }),
            How::Error(text) => Err(text.into()),
            How::Lost { panics } => {
                let text = format!("lost in process {}", process::id());
                assert!(!panics, "{text}");
                Err(text.into())
            }
            How::Panic(text) => panic!("{text}"),
            How::Exit(code) => process::exit(code),
            How::Never => std::future::pending().await,
            How::Abort(text) => {
                eprintln!("{text}");
                process::abort()
            }
        }
    }

    #[message]
    fn text(&mut self) -> String {
        self.text.clone()
    }
}

pub fn process(pid: u32) -> Process {
    Process::family(pid)
        .into_iter()
        .find(|it| it.pid == pid)
        .expect("it lives")
}

pub fn signal(pid: u32, signal: Signal) {
    kill(Pid::from_raw(pid.cast_signed()), signal).unwrap();
}

pub async fn worker(system: &System) -> conclib::Result<(ActorRef<Worker>, Process)> {
    let worker = system.actor(Worker::default()).in_process().spawn().await?;
    let pid = worker.pid().await?;
    Ok((worker, process(pid)))
}
