//! An idle process causes no wakes. Measured in real time, in a process of its
//! own, as other tests would be measured, too.
#![cfg(target_os = "linux")]

use std::collections::BTreeMap;
use std::fs;
use std::ops::Sub;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use conclib::prelude::*;
use support::outside::{DeskDouble, House, Road};
use tokio::runtime::Builder;

/// Duration of the measurement.
const SPAN: Duration = Duration::from_secs(5);

/// CPU time and wakes of one thread, or of many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Work {
    cpu: Duration,
    /// Number of wakes, equal to the number of sleeps.
    wakes: u64,
}

impl Sub for Work {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self {
            cpu: self.cpu - before.cpu,
            wakes: self.wakes - before.wakes,
        }
    }
}

/// Work of each thread of this process so far, except the calling one.
fn work() -> BTreeMap<String, Work> {
    let own = fs::read_link("/proc/thread-self").unwrap();
    let threads = fs::read_dir("/proc/self/task").unwrap();
    let others = threads
        .map(|thread| thread.unwrap())
        .filter(|thread| thread.file_name() != own.file_name().unwrap());
    let of = |path: std::path::PathBuf| {
        // Fields: nanoseconds on a CPU, nanoseconds in its queue, time slices.
        let ran = fs::read_to_string(path.join("schedstat")).unwrap();
        let ran = ran.split(' ').next().unwrap().parse().unwrap();
        let status = fs::read_to_string(path.join("status")).unwrap();
        let wakes = status
            .lines()
            .find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        Work {
            cpu: Duration::from_nanos(ran),
            wakes: wakes.unwrap().trim().parse().unwrap(),
        }
    };
    others
        .map(|thread| {
            let name = fs::read_to_string(thread.path().join("comm")).unwrap();
            let id = thread.file_name().into_string().unwrap();
            (format!("{} {id}", name.trim()), of(thread.path()))
        })
        .collect()
}

/// Work during [`SPAN`] from now on, in total and by thread.
fn work_meanwhile() -> (Work, Vec<(String, Work)>) {
    let before = work();
    thread::sleep(SPAN);
    let after = work();
    assert!(before.keys().eq(after.keys()), "{before:?} {after:?}");
    let each: Vec<_> = before
        .iter()
        .map(|(name, before)| (name.clone(), after[name] - *before))
        .filter(|(_, work)| *work != Work::default())
        .collect();
    let all = Work {
        cpu: each.iter().map(|(_, work)| work.cpu).sum(),
        wakes: each.iter().map(|(_, work)| work.wakes).sum(),
    };
    (all, each)
}

#[actor]
struct Idler;

#[actor]
impl Idler {
    #[message]
    fn double(&mut self, n: u64) -> u64 {
        2 * n
    }
}

#[support::test(alone)]
fn what_has_nothing_to_do_costs_nothing() -> conclib::Result {
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let runs = Arc::new(AtomicUsize::new(0));
    let system = System::new("idle");
    let (actors, houses, clients, ticker) = runtime.block_on(async {
        let mut actors = Vec::new();
        for n in 0..220 {
            let idler = system.actor(Idler);
            let idler = match n < 200 {
                true => idler.spawn()?,
                false => idler.on_thread().spawn()?,
            };
            assert_eq!(idler.double(n).await?, 2 * n);
            actors.push(idler);
        }
        let (mut houses, mut clients) = (Vec::new(), Vec::new());
        for road in [Road::Unix, Road::Tcp] {
            let house = House::open(road).await?;
            let client = house.client().await?;
            assert_eq!(client.ask("desk", DeskDouble { n: 4 }).await?, 8);
            houses.push(house);
            clients.push(client);
        }
        let counted = runs.clone();
        let ticker = Ticker::every(Duration::from_secs(1)).run(move || {
            counted.fetch_add(1, Ordering::SeqCst);
            std::future::ready(())
        })?;
        Ok::<_, conclib::Error>((actors, houses, clients, ticker))
    })?;
    // Everything is quiet a moment after the last answer.
    thread::sleep(Duration::from_millis(200));
    let begun = runs.load(Ordering::SeqCst);
    let (all, each) = work_meanwhile();

    let runs = runs.load(Ordering::SeqCst) - begun;
    assert!((3..=5).contains(&runs), "{runs} runs of the ticker");
    // A timer wakes a worker, which may wake the other one. Idle actors, links
    // and threads cause no wakes.
    let wakes = u64::try_from(4 * runs + 8)?;
    assert!(all.wakes <= wakes, "{runs} runs, {all:?}: {each:?}");
    // A hundredth of a CPU.
    assert!(all.cpu < SPAN / 100, "{all:?}: {each:?}");
    runtime.block_on(async {
        ticker.stop().await;
        for (n, idler) in (0..).zip(&actors) {
            assert_eq!(idler.double(n).await?, 2 * n);
        }
        for client in &clients {
            assert_eq!(client.ask("desk", DeskDouble { n: 4 }).await?, 8);
        }
        drop(houses);
        Ok(())
    })
}
