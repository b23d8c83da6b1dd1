//! Server in a process without a free file descriptor: its limit is for the whole process, so this
//! test is alone in one.

use std::fs::File;

use crate::house::{House, doubles};
use crate::warnings::Warnings;
use conclib_net::{Client, ConnectError};
use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Opens files until none can be opened.
fn take_all() -> Vec<File> {
    std::iter::from_fn(|| File::open("/dev/null").ok()).collect()
}

#[support::test(alone)]
async fn refused_accepts_are_logged_at_powers_of_two() {
    let warnings = Warnings::default();
    let _guard = support::subscribe(warnings.clone());
    let house = House::new();
    let _broker = house.open().await;
    let good = house.client().await;
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, 64, most).unwrap();

    let mut taken = take_all();
    let of_accepts = || {
        let lines = warnings.lines();
        let accepts = lines.iter().filter(|line| line.contains("cannot accept"));
        accepts.cloned().collect::<Vec<_>>()
    };
    while of_accepts().len() < 5 {
        // One file descriptor for the client, and none for the server.
        drop(taken.pop());
        let error = Client::connect(&house.address, None).await.unwrap_err();
        assert!(matches!(error, ConnectError::Full { .. }), "{error}");
        // Only the one of the client: the server needs the other one again.
        taken.extend(File::open("/dev/null"));
        assert!(doubles(&good, 7).await);
    }
    let counts: Vec<_> = of_accepts()
        .iter()
        .map(|line| line.split("so_far=").nth(1).unwrap().to_owned())
        .collect();
    let counts: Vec<_> = counts
        .iter()
        .map(|count| count.split(' ').next().unwrap())
        .collect();
    assert_eq!(counts, ["1", "2", "4", "8", "16"]);

    drop(taken);
    // The server may still be about to tell one more client that it was full.
    let client = loop {
        match Client::connect(&house.address, None).await {
            Ok(client) => break client,
            Err(ConnectError::Full { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    };
    assert!(doubles(&client, 8).await);
}
