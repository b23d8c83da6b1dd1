//! Examples ported from Python projects print what the originals print.

use std::collections::HashSet;
use std::time::SystemTime;

use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::tungstenite::Message as Frame;

use super::{example, normal, said, said_and_noted};
use support::child::Kid;

#[support::test]
fn actorio_says_hello() -> conclib::Result {
    assert_eq!(said("actorio_hello", &[])?, ["Hello World!"]);
    Ok(())
}

#[support::test]
fn the_workers_of_a_manager_answer_as_they_are_done() -> conclib::Result {
    let (lines, noted) = said_and_noted("actorio_manager", &["--paused"])?;
    let result = |line: &String| {
        let number = line.strip_prefix("Got a response with result ");
        number.unwrap_or(line).parse::<u64>()
    };
    let results = lines.iter().map(result).collect::<Result<Vec<_>, _>>()?;
    assert_eq!(results.len(), 10);
    assert!(results.is_sorted(), "{results:?}");
    // All workers together take as long as the slowest.
    let total = noted.first().and_then(|line| {
        let total = line.strip_prefix("all of them after ")?;
        total.strip_suffix(" ms")?.parse::<u64>().ok()
    });
    let total = total.ok_or("no total")?;
    assert!(
        (results[9]..=results[9] + 1).contains(&total),
        "{total} {results:?}"
    );
    Ok(())
}

#[support::test]
async fn a_websocket_echoes_text_and_ends_with_what_is_none() -> conclib::Result {
    let mut kid = Kid::start(&mut example("actorio_ws_echo")?)?;
    let url = kid.said("").await?;
    let connect = || tokio_tungstenite::connect_async(&url);
    let ((mut one, _), (mut other, _)) = tokio::try_join!(connect(), connect())?;
    other.send(Frame::text("hi")).await?;
    assert_eq!(other.next().await.transpose()?, Some(Frame::text("hi")));
    assert_eq!(kid.said("").await?, "hi");

    one.send(Frame::binary([0].as_slice())).await?;
    assert!(matches!(one.next().await, Some(Ok(Frame::Close(_)))));
    assert_eq!(kid.said("").await?, "closed");

    // The other connection keeps working until it breaks.
    other.send(Frame::text("hello")).await?;
    assert_eq!(other.next().await.transpose()?, Some(Frame::text("hello")));
    assert_eq!(kid.said("").await?, "hello");
    drop(other);
    assert_eq!(kid.said("").await?, "closed");
    Ok(())
}

#[support::test]
fn pykkas_actors_work_together() -> conclib::Result {
    let pair = |n| {
        [
            format!("Adder is adding 1 to {n}"),
            format!("Bookkeeper got {} back", n + 1),
        ]
    };
    let lines: Vec<_> = (0..5).flat_map(pair).collect();
    for name in ["", "_basic", "_proxy"] {
        assert_eq!(said(&format!("pykka_cooperation{name}"), &[])?, lines);
    }
    Ok(())
}

#[support::test]
fn a_deadlock_is_told_and_dumped() -> conclib::Result {
    let lines = said("pykka_deadlock", &[])?;
    let lines: Vec<_> = lines.iter().map(|line| normal(line)).collect();
    let head = [
        "would deadlock: ActorA(foo) -> ActorB(bar) -> ActorA(foo)",
        "system `deadlock` in process N: actors: 2, dead letters: 0",
    ];
    assert_eq!(lines[..2], head);
    let cells = |line: &String| {
        line.split_whitespace()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let table: Vec<_> = lines[3..].iter().map(cells).collect();
    let busy = |row: [&str; 6]| row.map(str::to_owned);
    assert_eq!(table.len(), 2);
    assert_eq!(
        table[0][..6],
        busy(["foo", "ActorA", "running", "0/1024", "foo", "-"])
    );
    assert_eq!(
        table[1][..6],
        busy(["bar", "ActorB", "running", "0/1024", "bar", "foo"])
    );
    Ok(())
}

#[support::test]
fn a_ticker_runs_at_once_and_until_it_is_stopped() -> conclib::Result {
    let lines = said("conclib_ticker", &["--paused"])?;
    let [times @ .., stopped] = &*lines else {
        return Err("it says nothing".into());
    };
    assert_eq!((times.len(), &**stopped), (3, "stopped"));
    for time in times {
        let digits = |byte| {
            if u8::is_ascii_digit(&byte) {
                b'0'
            } else {
                byte
            }
        };
        let form: Vec<_> = time.bytes().map(digits).collect();
        assert_eq!(form, b"0000-00-00T00:00:00.000000Z", "{time}");
    }
    assert!(times.is_sorted(), "{times:?}");
    Ok(())
}

#[cfg(feature = "process")]
#[support::test]
fn an_actor_belongs_to_a_block_or_is_told_to_end() -> conclib::Result {
    let scoped = ["Initialized", "Context enter", "Context exit", "Shutdown"];
    let told = ["Initialized", "Shutdown"];
    let lines = said("uactor_lifetime", &[])?;
    assert_eq!(
        (&lines[..4], &lines[4..]),
        (&scoped.map(str::to_owned)[..], &told.map(str::to_owned)[..])
    );
    Ok(())
}

#[cfg(all(feature = "process", feature = "held"))]
#[support::test]
fn results_stay_with_their_actor() -> conclib::Result {
    let lines = said("uactor_held", &[])?;
    let [data @ .., returned, ended] = &*lines else {
        return Err("it says nothing".into());
    };
    let list = "list [1, 2, 3]";
    assert_eq!(data, [list, list, "Not ready", "Ready"]);
    let seconds = |line: &String| line.trim_end_matches(" s").parse::<f64>();
    assert!(seconds(returned)? < 1.0, "{returned}");
    assert!(seconds(ended)? >= 2.0, "{ended}");
    Ok(())
}

#[cfg(feature = "process")]
#[support::test]
fn an_actor_calls_another_one_back() -> conclib::Result {
    assert_eq!(said("uactor_callbacks", &[])?, ["pong"]);
    Ok(())
}

#[cfg(feature = "process")]
#[support::test]
fn the_processes_of_a_pool_take_turns() -> conclib::Result {
    let lines = said("uactor_pool", &[])?;
    let list = lines[0].trim_matches(['[', ']']);
    let pids: Vec<_> = list.split(", ").collect();
    assert_eq!(pids.len(), 5);
    assert_eq!(pids[4], pids[0]);
    let different: HashSet<_> = pids.iter().collect();
    assert_eq!(different.len(), 4);
    Ok(())
}

#[cfg(feature = "process")]
#[support::test]
fn each_core_has_a_process() -> conclib::Result {
    let lines = said("uactor_sticky", &[])?;
    assert!(!lines.is_empty());
    for (core, line) in lines.iter().enumerate() {
        assert!(line.starts_with(&format!("core {core} pid ")), "{line}");
    }
    Ok(())
}

#[support::test]
fn a_web_server_is_started_asked_and_ended() -> conclib::Result {
    let lines = ["healthy", r#"{"status":"ok"}"#, "Goodbye"];
    assert_eq!(said("conclib_api", &[])?, lines);
    Ok(())
}

/// Time of the day, in microseconds.
fn time_of_day(stamp: &str) -> Option<u64> {
    let time = stamp.split_once('T')?.1.strip_suffix('Z')?;
    let (time, micros) = time.split_once('.')?;
    let seconds = time
        .split(':')
        .try_fold(0, |sum, part| Some(60 * sum + part.parse::<u64>().ok()?));
    Some(1_000_000 * seconds? + micros.parse::<u64>().ok()?)
}

/// Real time: no run is early, and there are three in four seconds, so that
/// each comes 1.5 to 2 seconds after the one before.
#[support::test]
fn the_runs_of_a_ticker_are_spaced() -> conclib::Result {
    const DAY: u64 = 24 * 60 * 60 * 1_000_000;
    let begun = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
    let begun = u64::try_from(begun.as_micros())? % DAY;
    let lines = said("conclib_ticker", &[])?;
    let [times @ .., _stopped] = &*lines else {
        return Err("it says nothing".into());
    };
    assert_eq!(times.len(), 3, "{lines:?}");
    for (n, time) in (0..).zip(times) {
        let after = (time_of_day(time).ok_or("no time")? + DAY - begun) % DAY;
        assert!(after >= n * 1_500_000, "run {n} after {after} us");
        assert!(after < DAY / 2, "run {n} before the program");
    }
    Ok(())
}

#[support::test]
fn messages_come_by_the_clock() -> conclib::Result {
    let block = [&["Accumulating"; 5][..], &["Checking", "Check passed"]].concat();
    let lines = [vec!["Tick"; 3], block.repeat(4)].concat();
    assert_eq!(said("conclib_periodic", &["--paused"])?, lines);
    Ok(())
}

#[cfg(feature = "redis")]
#[support::test]
fn a_web_server_in_python_asks_an_actor_through_redis() -> conclib::Result {
    let lines = said("conclib_gateway", &["--once"])?;
    let lines: Vec<_> = lines.iter().map(|line| normal(line)).collect();
    let greeting = lines[3]
        .strip_suffix('}')
        .and_then(|line| line.split_once("\"ticks\":"));
    let (greeting, ticks) = greeting.ok_or_else(|| lines[3].clone())?;
    assert!(ticks.parse::<u64>()? > 0);
    assert_eq!(
        (&lines[..3], greeting, &lines[4..]),
        (
            &[
                "redis:                  redis://conclib@127.0.0.1:N".to_owned(),
                "proxy:                  redis://conclib@127.0.0.1:N?channel=python".to_owned(),
                "web server in Python:   http://127.0.0.1:N".to_owned(),
            ][..],
            "GET /greet/Ada          200 OK: {\"text\":\"Hello, Ada!\",",
            &[
                "GET /greet/%20          502 Bad Gateway: {\"detail\":\"error: {}\"}".to_owned(),
                "GET /nobody             502 Bad Gateway: {\"detail\":\"no_such_actor: no actor of that name lives here (`ExampleReqMessage` to `nobody`)\"}".to_owned(),
                "the end:                1 stopped; 0 dead letters".to_owned(),
            ][..],
        )
    );
    Ok(())
}
