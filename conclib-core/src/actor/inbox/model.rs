//! Model of an inbox and its addresses, in thousands of interleavings.

use super::*;
use crate::sync::model::{block_on, check, join, thread};

struct Word;

impl Message for Word {
    type Reply = ();
    type Error = conclib_wire::Never;
    type Reach = crate::message::Local;
    const NAME: &'static str = "word";
}

/// An inbox receives the messages of every address, and `None` once all
/// addresses are gone.
#[test]
fn all_is_received_before_no_address_is_left() {
    check(|| {
        let mut inbox = Inbox::<Word>::new(2);
        let sends: Vec<_> = (0..2)
            .map(|_| {
                let address = inbox.address();
                thread::spawn(move || {
                    assert!(address.ask(Word).try_tell().is_ok());
                })
            })
            .collect();
        let mut received = 0;
        while block_on(inbox.recv()).is_some() {
            received += 1;
        }
        assert_eq!(received, 2);
        sends.into_iter().for_each(join);
    });
}
