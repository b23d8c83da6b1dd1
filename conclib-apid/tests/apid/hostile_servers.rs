//! A health URL may be answered by anything; none of it blocks or fills the memory.

use crate::server::*;
use conclib_apid::{ApiDaemon, Unhealthy, start_api};
use support::processes::*;

#[support::test]
async fn one_that_never_answers() {
    assert!(matches!(last_answer("silent").await, Unhealthy::Silent(_)));
}

#[support::test]
async fn one_whose_head_never_ends() {
    let last = last_answer("endless head").await;
    assert!(matches!(last, Unhealthy::Garbled(_)), "{last:?}");
}

#[support::test]
async fn one_that_does_not_speak_http() {
    let last = last_answer("garbage").await;
    assert!(matches!(last, Unhealthy::Garbled(_)), "{last:?}");
}

#[support::test]
async fn one_that_closes() {
    let last = last_answer("closes").await;
    assert!(matches!(last, Unhealthy::Garbled(_)), "{last:?}");
}

/// The status was sent, which is enough.
#[support::test]
async fn one_whose_body_never_ends() {
    let api: ApiDaemon = start_api(server("endless body", address()))
        .await
        .expect("it said 200");
    assert!(Process::of(api.id()).lives());
}
