//! Limit of a body.

use conclib_core::wire::MAX_BODY;
use conclib_core::{AskError, Delivery};

use super::{Stage, SubjectCalls};

/// Bodies of up to 8 MiB, in both directions.
pub async fn bodies_of_up_to_eight_mebibytes_come_back_as_they_were(at: &mut Stage) {
    // The length of a text needs up to eight bytes more.
    for len in [0, 1, 64 * 1024 + 1, 1024 * 1024, MAX_BODY - 8] {
        let text = "x".repeat(len);
        assert!(
            at.subject.echo(text.clone()).await == Ok(text),
            "{len} bytes"
        );
    }
}

/// A larger body is refused at its sender, and harms no other message.
pub async fn a_larger_body_is_refused_by_its_sender(at: &mut Stage) {
    let error = at.subject.note(1, "x".repeat(MAX_BODY + 1)).await;
    let error = error.unwrap_err();
    assert!(matches!(error, AskError::Codec { .. }), "{error}");
    assert_eq!(error.delivery(), Delivery::NotDelivered);
    assert_eq!(at.subject.note(2, String::new()).await, Ok(2));
    assert_eq!(at.probe.record().done, [2]);
}

/// A reply that is too large is an error of its asker, whose handler has run.
pub async fn a_larger_reply_is_an_error_of_its_asker(at: &mut Stage) {
    let asking = at.subject.repeat("x".into(), 1 + MAX_BODY as u64).await;
    let error = asking.unwrap_err();
    assert!(matches!(error, AskError::Codec { .. }), "{error}");
    assert_eq!(error.delivery(), Delivery::MayHaveRun);
    assert_eq!(at.subject.double(1).await, Ok(2));
}
