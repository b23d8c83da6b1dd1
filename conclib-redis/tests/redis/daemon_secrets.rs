//! The password opens the server, and is shown nowhere.

use std::{fs, os::unix::fs::PermissionsExt as _};

use crate::servers::*;
use conclib_redis::{RedisConfig, RedisDaemon, start_redis};

fn password(redis: &RedisDaemon) -> &str {
    let (login, _) = redis.url().rsplit_once('@').expect("a login");
    login.rsplit_once(':').expect("a password").1
}

#[support::test]
async fn the_password_is_in_no_argument_variable_or_debug_text() {
    let redis = start_redis(&ephemeral()).await.expect("ready");
    let password = password(&redis);
    assert_eq!(password.len(), 64);
    for file in ["cmdline", "environ"] {
        let text = fs::read(format!("/proc/{}/{file}", redis.pid())).expect("ours");
        assert!(!String::from_utf8_lossy(&text).contains(password), "{file}");
    }
    assert!(!format!("{redis:?}").contains(password));
    assert!(!redis.url_without_password().contains(password));
    let settings = fs::read_to_string(redis.directory().join("redis.conf")).expect("ours");
    assert!(!settings.contains(password), "only its hash");
}

#[support::test]
async fn every_server_has_a_password_of_its_own_and_a_directory_keeps_it() {
    let dir = data_dir();
    let config = RedisConfig::new().directory(dir.path());
    let first = start_redis(&config).await.expect("ready");
    let (kept, other) = (
        password(&first).to_owned(),
        start_redis(&ephemeral()).await.expect("ready"),
    );
    assert_ne!(password(&other), kept);
    drop(first);
    let second = start_redis(&config).await.expect("ready");
    assert_eq!(password(&second), kept);
    let file = dir.path().join("url").metadata().expect("kept");
    assert_eq!(file.permissions().mode() & 0o777, 0o600);
}

#[support::test]
async fn nobody_gets_in_without_the_password() {
    let redis = start_redis(&ephemeral()).await.expect("ready");
    let mut client = Client::unix(&redis.directory().join("redis.sock")).await;
    for command in [
        "PING",
        "GET key",
        "INFO",
        "EVAL return{} 0",
        "CONFIG GET dir",
    ] {
        assert!(
            client.ask(command).await.starts_with("-NOAUTH"),
            "{command}"
        );
    }
    for login in [
        "AUTH conclib",
        "AUTH conclib wrong",
        "AUTH default wrong",
        "AUTH default nopass",
    ] {
        let answer = client.ask(login).await;
        assert!(answer.starts_with("-WRONGPASS"), "{login}: {answer}");
    }
}

#[support::test]
async fn the_user_may_use_data_and_not_change_the_server() {
    let redis = start_redis(&ephemeral()).await.expect("ready");
    let mut client = Client::of(redis.url()).await;
    for permitted in [
        "SET a 1",
        "XADD s * field value",
        "XGROUP CREATE s g 0",
        "EVAL return{} 0",
        "PUBLISH c m",
        "SUBSCRIBE c",
    ] {
        let answer = client.ask(permitted).await;
        assert!(!answer.starts_with('-'), "{permitted}: {answer}");
    }
    let mut client = Client::of(redis.url()).await;
    for forbidden in [
        "CONFIG SET dir /tmp",
        "FLUSHALL",
        "KEYS *",
        "SHUTDOWN",
        "MODULE LIST",
        "REPLICAOF no one",
        "ACL LIST",
        "SCRIPT FLUSH",
        "FUNCTION FLUSH",
        "CLIENT KILL ID 1",
        "MONITOR",
        "SAVE",
        "RESTORE k 0 x",
    ] {
        let answer = client.ask(forbidden).await;
        assert!(answer.starts_with("-NOPERM"), "{forbidden}: {answer}");
    }
}
