//! File of the unix socket: its permissions, its replacement, and its removal.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::os::unix::net::{UnixDatagram, UnixListener};

use crate::house::{House, doubles, soon};
use conclib::spi::Broker as _;
use conclib_net::{Address, Client, ConnectError, LocalBroker, OpenError};
use tokio::task::JoinSet;

fn mode(path: &std::path::Path) -> u32 {
    fs::symlink_metadata(path).unwrap().mode() & 0o7777
}

async fn refused(house: &House) -> OpenError {
    LocalBroker::open(&house.address, None, house.system.inlet())
        .await
        .unwrap_err()
}

/// A socket file that nobody listens on, as a killed server leaves it.
fn leave_stale(house: &House) {
    drop(UnixListener::bind(&house.path).unwrap());
    assert!(house.path.exists());
}

#[support::test]
async fn a_new_directory_is_for_us_alone_and_so_is_the_file() {
    let house = House::new();
    let directory = house.directory.path().join("new");
    let path = directory.join("app.sock");
    let address = Address::unix(&path).unwrap();
    let broker = LocalBroker::open(&address, None, house.system.inlet())
        .await
        .unwrap();
    assert_eq!(broker.url(), format!("unix://{}", path.display()));
    assert_eq!(mode(&directory), 0o700);
    assert_eq!(mode(&path), 0o600);
    drop(broker);
    assert!(!path.exists());
}

#[support::test]
async fn others_who_are_let_in_can_get_at_it() {
    let house = House::new();
    let directory = house.directory.path().join("new");
    let url = format!("unix://{}/app.sock?uid=65534", directory.display());
    let address = Address::parse(&url).unwrap();
    let broker = LocalBroker::open(&address, None, house.system.inlet())
        .await
        .unwrap();
    assert_eq!(broker.url(), url);
    assert_eq!(mode(&directory), 0o711);
    assert_eq!(mode(&directory.join("app.sock")), 0o666);
}

#[support::test]
async fn a_directory_in_which_others_may_write_is_refused() {
    let house = House::new();
    for mode in [0o770, 0o702, 0o1777] {
        fs::set_permissions(house.directory.path(), Permissions::from_mode(mode)).unwrap();
        let error = refused(&house).await;
        assert!(
            matches!(&error, OpenError::UnsafeDirectory { path } if path == house.directory.path())
        );
        assert!(!house.path.exists());
    }
    fs::set_permissions(house.directory.path(), Permissions::from_mode(0o755)).unwrap();
    house.open().await;
}

#[support::test]
async fn a_directory_that_is_a_link_or_a_file_is_refused() {
    let mut house = House::new();
    let link = house.directory.path().join("link");
    symlink(house.directory.path(), &link).unwrap();
    let file = house.directory.path().join("file");
    fs::write(&file, "").unwrap();
    for directory in [link, file] {
        house.address = Address::unix(directory.join("app.sock")).unwrap();
        let error = refused(&house).await;
        assert!(
            matches!(error, OpenError::UnsafeDirectory { .. }),
            "{error}"
        );
    }
    house.address = Address::unix(house.directory.path().join("no/such/app.sock")).unwrap();
    let error = refused(&house).await;
    assert!(matches!(error, OpenError::Directory { .. }), "{error}");
}

#[support::test]
async fn a_live_server_is_left_alone() {
    let house = House::new();
    let _broker = house.open().await;
    let client = house.client().await;
    let error = refused(&house).await;
    assert!(matches!(error, OpenError::InUse { .. }), "{error}");
    assert!(error.to_string().contains(&house.address.to_string()));
    assert!(doubles(&client, 1).await);
}

#[support::test]
async fn a_live_server_of_another_kind_is_left_alone() {
    let house = House::new();
    let _stream = UnixListener::bind(&house.path).unwrap();
    assert!(matches!(refused(&house).await, OpenError::InUse { .. }));
    fs::remove_file(&house.path).unwrap();
    let _datagram = UnixDatagram::bind(&house.path).unwrap();
    assert!(matches!(refused(&house).await, OpenError::InUse { .. }));
    assert!(house.path.exists());
}

#[support::test]
async fn a_dead_socket_is_replaced() {
    let house = House::new();
    leave_stale(&house);
    let error = Client::connect(&house.address, None).await.unwrap_err();
    assert!(matches!(error, ConnectError::NobodyThere { .. }), "{error}");
    let broker = house.open().await;
    assert!(doubles(&house.client().await, 1).await);
    broker.close().await;
    assert!(!house.path.exists());
}

#[support::test]
async fn what_is_no_socket_is_left_alone() {
    let house = House::new();
    fs::write(&house.path, "precious").unwrap();
    let error = refused(&house).await;
    assert!(
        matches!(&error, OpenError::NotASocket { path } if *path == house.path),
        "{error}"
    );
    assert_eq!(fs::read(&house.path).unwrap(), b"precious");

    // A symbolic link to a stale socket is no socket: links are not followed.
    let target = house.directory.path().join("target.sock");
    drop(UnixListener::bind(&target).unwrap());
    fs::remove_file(&house.path).unwrap();
    symlink(&target, &house.path).unwrap();
    assert!(matches!(
        refused(&house).await,
        OpenError::NotASocket { .. }
    ));
    assert!(target.exists());
}

#[support::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_that_start_at_once_on_a_dead_socket_one_wins() {
    for _ in 0..20 {
        let house = House::new();
        leave_stale(&house);
        let mut starters = JoinSet::new();
        for _ in 0..8 {
            let (address, inlet) = (house.address.clone(), house.system.inlet());
            starters.spawn(async move { LocalBroker::open(&address, None, inlet).await });
        }
        let opened = soon(starters.join_all()).await;
        let (won, lost): (Vec<_>, Vec<_>) = opened.into_iter().partition(Result::is_ok);
        assert_eq!(won.len(), 1);
        for error in lost.into_iter().map(Result::unwrap_err) {
            assert!(matches!(error, OpenError::InUse { .. }), "{error}");
        }
        assert!(doubles(&house.client().await, 1).await);
        drop(won);
        assert!(!house.path.exists());
    }
}

#[support::test]
async fn a_lock_that_others_hold_on_the_directory_keeps_no_server_from_starting() {
    let house = House::new();
    fs::set_permissions(house.directory.path(), Permissions::from_mode(0o755)).unwrap();
    let others = fs::File::open(house.directory.path()).unwrap();
    others.lock_shared().unwrap();
    let _broker = house.open().await;
    let names: Vec<_> = fs::read_dir(house.directory.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names, ["app.sock"], "no lock is left");
}

#[support::test]
async fn a_lock_that_a_killed_server_has_left_is_used_again() {
    let house = House::new();
    let lock = house.path.with_extension("sock.lock");
    fs::write(&lock, "").unwrap();
    fs::set_permissions(&lock, Permissions::from_mode(0o666)).unwrap();
    let broker = house.open().await;
    assert!(!lock.exists());
    broker.close().await;

    // A lock that is held is waited for, and only this user can hold one.
    fs::write(&lock, "").unwrap();
    let held = fs::File::open(&lock).unwrap();
    held.lock().unwrap();
    tokio::time::pause();
    assert!(matches!(refused(&house).await, OpenError::Contended { .. }));
    assert_eq!(mode(&lock), 0o600);
    tokio::time::resume();
    drop(held);
    house.open().await;
}

#[support::test]
async fn a_link_in_place_of_the_lock_is_not_followed() {
    let house = House::new();
    let target = house.directory.path().join("precious");
    symlink(&target, house.path.with_extension("sock.lock")).unwrap();
    let error = refused(&house).await;
    assert!(matches!(error, OpenError::Lock { .. }), "{error}");
    assert!(!target.exists());
}

#[support::test]
async fn another_file_of_the_same_name_is_not_removed() {
    let house = House::new();
    let broker = house.open().await;
    fs::remove_file(&house.path).unwrap();
    fs::write(&house.path, "precious").unwrap();
    broker.close().await;
    drop(broker);
    assert_eq!(fs::read(&house.path).unwrap(), b"precious");
}
