//! Clients and servers in processes of their own: this test starts itself
//! again, and the children run [`child_of_a_role`].

#![allow(clippy::print_stdout, reason = "a child talks to its test by it")]

use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::{env, fs};

use crate::house::{DeskDouble, DeskWhence, House, Ponder, ask, doubles, soon, until};
use conclib::prelude::*;
use conclib::spi::Origin;
use conclib_net::{Address, Client, ConnectError, LocalBroker};

const ROLE: &str = "CONCLIB_NET_TEST_ROLE";
const URL: &str = "CONCLIB_NET_TEST_URL";
/// Environment variable that skips the tests that need another user.
const WITHOUT_ROOT: &str = "CONCLIB_TEST_WITHOUT_ROOT";
/// User id of `nobody` on every system.
const NOBODY: u32 = 65534;

/// Not a test: the child process. A plain run passes without doing anything unless a
/// test starts it.
#[support::test]
fn child_of_a_role() {
    let (Ok(role), Ok(url)) = (env::var(ROLE), env::var(URL)) else {
        return;
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let word = runtime.block_on(async {
        let address = Address::parse(&url).unwrap();
        match &*role {
            "asks" => asks(&address).await,
            "serves" => serves(&address).await,
            "connects" => match Client::connect(&address, None).await {
                Ok(client) => format!("let in, {}", doubles(&client, 4).await),
                Err(ConnectError::User { .. }) => "refused: another user".to_owned(),
                Err(ConnectError::Denied { .. }) => "refused: denied".to_owned(),
                Err(error) => format!("{error:?}"),
            },
            other => panic!("no such role: {other}"),
        }
    });
    println!("CHILD {word}");
}

async fn asks(address: &Address) -> String {
    let client = Client::connect(address, None).await.unwrap();
    let mut askers = tokio::task::JoinSet::new();
    for n in 0..500 {
        let client = client.clone();
        askers.spawn(async move { ask(&client, DeskDouble { n }).await == Ok(2 * n) });
    }
    let right = askers
        .join_all()
        .await
        .into_iter()
        .filter(|right| *right)
        .count();
    right.to_string()
}

async fn serves(address: &Address) -> String {
    let house = House::new();
    let _broker = LocalBroker::open(address, None, house.system.inlet())
        .await
        .unwrap();
    println!("CHILD serving");
    std::future::pending().await
}

/// Lock for starting processes: a forked process has copies of all open files
/// for a moment. A program that is just being written would still be open for
/// writing in such a copy, and could not be started.
static FORKS: Mutex<()> = Mutex::new(());

fn start(executable: &Path, role: &str, url: &str) -> Command {
    let mut command = Command::new(executable);
    as_child(&mut command, role, url);
    command
}

fn as_child(command: &mut Command, role: &str, url: &str) {
    let child = support::test_name!(child_of_a_role);
    command.args(["--exact", &child, "--nocapture", "--test-threads=1"]);
    command.env(ROLE, role).env(URL, url).stdout(Stdio::piped());
}

fn spawn(command: &mut Command) -> Child {
    let _alone = FORKS.lock().unwrap();
    command.spawn().unwrap()
}

/// Reads the next line of a child. Its output stays open, as the test harness
/// writes to it, too.
async fn word_of(mut child: Child) -> (Child, String) {
    soon(tokio::task::spawn_blocking(move || {
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut lines = output.by_ref().lines().map_while(Result::ok);
        let word =
            lines.find_map(|line| line.split_once("CHILD ").map(|(_, word)| word.to_owned()));
        child.stdout = Some(output.into_inner());
        (child, word.expect("the child said nothing"))
    }))
    .await
    .unwrap()
}

#[support::test]
async fn four_processes_ask_500_times_each() {
    let house = House::new();
    let broker = house.open().await;
    let executable = env::current_exe().unwrap();
    let children: Vec<_> = (0..4)
        .map(|_| spawn(&mut start(&executable, "asks", &house.address.to_string())))
        .collect();
    for child in children {
        let (mut child, word) = word_of(child).await;
        assert_eq!(word, "500");
        child.wait().unwrap();
    }
    assert_eq!(broker.stats().admitted, 4);
}

#[support::test]
async fn what_a_killed_server_leaves_is_replaced() {
    let house = House::new();
    let url = house.address.to_string();
    let executable = env::current_exe().unwrap();
    let server = spawn(&mut start(&executable, "serves", &url));
    let (mut server, _) = word_of(server).await;
    let client = house.client().await;
    assert!(doubles(&client, 1).await);
    let asker = tokio::spawn({
        let client = client.clone();
        // The request is handled by no actor there, and never answered.
        async move { ask(&client, Ponder { n: 1 }).await }
    });
    until(|| client.stats().in_flight == 1).await;
    assert!(doubles(&client, 2).await);
    server.kill().unwrap();
    server.wait().unwrap();
    let error = soon(asker).await.unwrap().unwrap_err();
    assert_eq!(error.delivery(), Delivery::MayHaveRun);

    assert!(
        house.path.exists(),
        "it was killed before it could remove it"
    );
    let _broker = house.open().await;
    until(|| client.stats().connected).await;
    assert!(doubles(&client, 3).await);
}

#[support::test]
async fn the_origin_of_a_request_is_the_process_that_asks() {
    let house = House::new();
    let _broker = house.open().await;
    let origin = ask(&house.client().await, DeskWhence {}).await;
    assert_eq!(
        origin.unwrap(),
        Origin::Process(std::process::id()).to_string()
    );
}

/// Answer to a client of another user. `None` if this user cannot become
/// another one, and [`WITHOUT_ROOT`] skips the test.
async fn as_nobody(house: &House, server: &str, client: &str) -> Option<String> {
    if !nix::unistd::geteuid().is_root() {
        assert!(
            env::var_os(WITHOUT_ROOT).is_some(),
            "only root can be another user: run this as root, or leave it out with {WITHOUT_ROOT}=1"
        );
        return None;
    }
    let url = |options: &str| format!("{}{options}", house.address);
    let address = Address::parse(&url(server)).unwrap();
    let _broker = LocalBroker::open(&address, None, house.system.inlet())
        .await
        .unwrap();
    // The program itself may lie where only root can get at it.
    let directory = tempfile::tempdir().unwrap();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let executable = directory.path().join("child");
    {
        let _alone = FORKS.lock().unwrap();
        fs::copy(env::current_exe().unwrap(), &executable).unwrap();
    }
    let mut command = start(&executable, "connects", &url(client));
    let child = spawn(command.uid(NOBODY).gid(NOBODY).current_dir("/"));
    let (mut child, word) = word_of(child).await;
    child.wait().unwrap();
    Some(word)
}

#[support::test]
async fn another_user_does_not_get_as_far_as_the_socket() {
    let house = House::new();
    let word = as_nobody(&house, "", "").await;
    assert!(word.is_none_or(|word| word == "refused: denied"));
}

#[support::test]
async fn a_user_who_is_not_named_is_refused_by_its_credentials() {
    let house = House::new();
    fs::set_permissions(house.directory.path(), fs::Permissions::from_mode(0o711)).unwrap();
    let word = as_nobody(&house, "?uid=65533", "").await;
    assert!(word.is_none_or(|word| word == "refused: another user"));
}

#[support::test]
async fn a_user_who_is_named_is_let_in() {
    let house = House::new();
    fs::set_permissions(house.directory.path(), fs::Permissions::from_mode(0o711)).unwrap();
    let word = as_nobody(&house, "?uid=65534", "").await;
    assert!(word.is_none_or(|word| word == "let in, true"));
}

#[support::test]
async fn a_server_without_file_descriptors_says_that_it_is_full() {
    let house = House::new();
    let url = house.address.to_string();
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -n 40; exec \"$0\" \"$@\""]);
    command.arg(env::current_exe().unwrap());
    as_child(&mut command, "serves", &url);
    let (server, _) = word_of(spawn(&mut command)).await;
    let _server = Killed(server);
    let mut clients = Vec::new();
    let error = loop {
        match soon(Client::connect(&house.address, None)).await {
            Ok(client) => clients.push(client),
            Err(error) => break error,
        }
        assert!(clients.len() < 40);
    };
    assert!(matches!(error, ConnectError::Full { .. }), "{error}");
    for _ in 0..3 {
        let error = soon(Client::connect(&house.address, None))
            .await
            .unwrap_err();
        assert!(matches!(error, ConnectError::Full { .. }), "{error}");
    }
    assert!(doubles(&clients[0], 1).await);
    // Clients that leave make room.
    soon(clients.pop().unwrap().close()).await;
    soon(async {
        while Client::connect(&house.address, None).await.is_err() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

/// Ends with its test, also if that fails.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
