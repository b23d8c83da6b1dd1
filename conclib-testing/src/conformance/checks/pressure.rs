//! Back-pressure: a full mailbox says so, and an actor that hangs holds up no other.

use conclib_core::{AskError, TellError};

use super::{Stage, SubjectCalls, ask, did_not_run};

/// Asks and tells for a full mailbox are refused, and those before are handled.
pub async fn a_full_mailbox_refuses(at: &mut Stage) {
    let (probe, small) = at.another("small", 2);
    let first = ask(small.hold(0).owned());
    probe.has_begun(0).await;
    for n in 1..3 {
        small.note(n, String::new()).tell().await.unwrap();
    }
    let refused = small.note(3, String::new()).await;
    assert!(
        matches!(refused, Err(AskError::MailboxFull { .. })),
        "{refused:?}"
    );
    assert!(did_not_run(&refused));
    let refused = small.note(4, "back".into()).tell().await.unwrap_err();
    let TellError::Full { message, .. } = refused else {
        panic!("{refused}");
    };
    assert_eq!((message.n, &*message.body), (4, "back"));
    // Other actors are not full.
    assert_eq!(at.subject.double(1).await, Ok(2));
    probe.let_go(1);
    assert_eq!(first.await.unwrap(), Ok(0));
    assert_eq!(small.note(5, String::new()).await, Ok(5));
    assert_eq!(probe.record().done, [0, 1, 2, 5]);
}

/// More asks of an actor that hangs than a link has under way at once.
pub async fn an_actor_that_hangs_holds_up_no_other(at: &mut Stage) {
    let (probe, hung) = at.another("hung", 4096);
    let asks: Vec<_> = (0..2000).map(|n| ask(hung.hold(n).owned())).collect();
    probe.until(|record| !record.begun.is_empty()).await;
    for n in 0..100 {
        assert_eq!(at.subject.double(n).await, Ok(2 * n));
    }
    // A second client is not affected either.
    let other = at.another_client().await;
    assert_eq!(other.double(7).await, Ok(14));
    probe.open();
    for (n, asking) in (0..).zip(asks) {
        assert_eq!(asking.await.unwrap(), Ok(n));
    }
}

/// Large answers to askers that are all under way, and small ones between them.
pub async fn large_answers_hold_up_no_other_asker(at: &mut Stage) {
    let other = at.another_client().await;
    let large: Vec<_> = (0..64)
        .map(|_| ask(at.subject.echo("x".repeat(512 * 1024)).owned()))
        .collect();
    for n in 0..100 {
        assert_eq!(other.double(n).await, Ok(2 * n));
    }
    for asking in large {
        assert_eq!(asking.await.unwrap().unwrap().len(), 512 * 1024);
    }
}
