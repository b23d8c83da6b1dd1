//! Messages that are handled in batches.

use std::future::pending;

use conclib::Place;
use conclib::prelude::*;
use futures_util::future::join_all;
use support::{At, Gate, NoGood, gate};
use tokio::time::Instant;

support::on_every_place! {
    a_hundred_askers_share_a_few_turns_and_each_gets_its_answer,
    a_message_of_another_kind_ends_a_batch_and_keeps_its_place,
    an_error_goes_to_every_asker_of_its_batch,
    a_panic_and_a_wrong_number_of_replies_go_to_every_asker,
    a_reply_that_panics_when_nobody_takes_it_harms_no_answer_before_it,
    told_messages_are_handled_in_batches_too,
    an_asker_that_has_left_is_not_in_the_batch,
    a_stop_lets_the_last_batch_be_handled,
    all_that_a_killed_turn_had_is_answered_and_reported,
    a_panic_beside_the_turns_loses_its_own_message_alone,
    a_batch_that_asks_one_of_its_askers_is_a_cycle,
}

#[actor(mailbox = 256)]
#[derive(Default)]
struct Model {
    /// Sizes of the batches.
    turns: Vec<usize>,
    seen: Vec<u64>,
}

#[actor]
impl Model {
    #[message(batch = 32, within = "50ms")]
    fn double(&mut self, numbers: Vec<u64>) -> Vec<u64> {
        self.turns.push(numbers.len());
        numbers.iter().map(|number| 2 * number).collect()
    }

    /// Takes together all that waits, and waits for no more.
    #[message(batch = 4)]
    async fn store(&mut self, numbers: Vec<u64>, ctx: &mut Context<Self>) {
        assert!(ctx.urn() != Urn::new("other").unwrap());
        self.turns.push(numbers.len());
        self.seen.extend(numbers);
    }

    #[message(batch = 8)]
    fn check(&mut self, numbers: Vec<u64>) -> Result<Vec<u64>, NoGood> {
        self.turns.push(numbers.len());
        match numbers.contains(&0) {
            true => Err(NoGood("a zero".into())),
            false => Ok(numbers),
        }
    }

    #[message(batch = 8)]
    fn explode(&mut self, numbers: Vec<u64>) -> Vec<u64> {
        assert!(!numbers.contains(&0), "boom");
        numbers[1..].to_vec()
    }

    #[message(batch = 8)]
    fn lend(&mut self, numbers: Vec<u64>) -> Vec<Loan> {
        numbers.into_iter().map(Loan).collect()
    }

    #[message(batch = 8)]
    async fn hang(&mut self, gates: Vec<Gate>) {
        for gate in gates {
            gate.pass().await;
        }
        pending::<()>().await;
    }

    #[message(concurrent)]
    async fn explode_beside() {
        panic!("boom");
    }

    /// Asks back for each number.
    #[message(batch = 8)]
    async fn ask_back(&mut self, askers: Vec<ActorRef<Asker>>) -> Vec<bool> {
        let mut are_cycles = Vec::new();
        for asker in askers {
            let answer = asker.number().await;
            are_cycles.push(matches!(answer, Err(AskError::Cycle { .. })));
        }
        are_cycles
    }

    #[message]
    async fn hold(&mut self, gate: Gate) {
        gate.pass().await;
    }

    #[message]
    fn turns(&mut self) -> Vec<usize> {
        self.turns.clone()
    }

    #[message]
    fn seen(&mut self) -> Vec<u64> {
        self.seen.clone()
    }
}

/// Reply that must be taken, if its number is 0.
#[derive(Debug)]
struct Loan(u64);

impl Drop for Loan {
    fn drop(&mut self) {
        assert!(self.0 != 0, "not taken");
    }
}

#[actor]
struct Asker(ActorRef<Model>);

#[actor]
impl Asker {
    #[message]
    async fn go(&mut self, ctx: &mut Context<Self>) -> bool {
        self.0.ask_back(ctx.me()).await.unwrap()
    }

    #[message]
    fn number(&mut self) -> u64 {
        7
    }
}

/// Spawns a model that stands at a gate, so that what is sent then waits in its mailbox.
async fn held(system: &System, place: Place) -> (ActorRef<Model>, support::Keeper) {
    let model = system.actor(Model::default()).at(place).unwrap();
    let (gate, mut keeper) = gate();
    model.hold(gate).tell().await.unwrap();
    keeper.entered().await;
    (model, keeper)
}

async fn a_hundred_askers_share_a_few_turns_and_each_gets_its_answer(place: Place) {
    let system = System::new("test");
    let model = system.actor(Model::default()).at(place).unwrap();
    let asks = (0..100).map(|number| model.double(number).into_future());
    let doubled = join_all(asks).await;
    for (number, doubled) in (0..100).zip(doubled) {
        assert_eq!(doubled.unwrap(), 2 * number);
    }
    let turns = model.turns().await.unwrap();
    assert!(turns.len() <= 10, "{turns:?}");
    assert_eq!(turns.iter().sum::<usize>(), 100);
    assert!(turns.iter().all(|size| *size <= 32), "{turns:?}");
    // A turn is counted after its answer was sent.
    support::until(|| system.snapshot().actors[0].handled == 101).await;
}

async fn a_message_of_another_kind_ends_a_batch_and_keeps_its_place(place: Place) {
    let system = System::new("test");
    let (model, keeper) = held(&system, place).await;
    let mut replies = Vec::new();
    for number in [1, 2] {
        replies.push(model.store(number).reply().await.unwrap());
    }
    let seen = model.seen().reply().await.unwrap();
    for number in 3..=8 {
        replies.push(model.store(number).reply().await.unwrap());
    }
    keeper.open();
    assert_eq!(seen.await.unwrap(), [1, 2]);
    for stored in join_all(replies).await {
        stored.unwrap();
    }
    assert_eq!(model.seen().await.unwrap(), [1, 2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(model.turns().await.unwrap(), [2, 4, 2]);
}

async fn an_error_goes_to_every_asker_of_its_batch(place: Place) {
    let system = System::new("test");
    let (model, keeper) = held(&system, place).await;
    let mut replies = Vec::new();
    for number in [1, 0, 2] {
        replies.push(model.check(number).reply().await.unwrap());
    }
    keeper.open();
    for checked in join_all(replies).await {
        let AskError::Handler(error) = checked.unwrap_err() else {
            panic!("no error of the handler");
        };
        assert_eq!(error, NoGood("a zero".into()));
    }
    assert_eq!(model.check(7).await.unwrap(), 7);
}

async fn a_panic_and_a_wrong_number_of_replies_go_to_every_asker(place: Place) {
    for (numbers, text) in [
        ([1, 0, 2], "boom"),
        ([1, 2, 3], "3 requests returned 2 replies"),
    ] {
        let system = System::new("test");
        let (model, keeper) = held(&system, place).await;
        let mut replies = Vec::new();
        for number in numbers {
            replies.push(model.explode(number).reply().await.unwrap());
        }
        let mut events = system.events();
        keeper.open();
        for exploded in join_all(replies).await {
            let error = exploded.unwrap_err();
            assert!(matches!(error, AskError::Panicked { .. }), "{error:?}");
            assert!(error.to_string().contains(text), "{error}");
        }
        assert!(model.stopped().await.unwrap().to_string().contains(text));
        assert_eq!(dead_letters(&mut events, &model).await, 3);
    }
}

async fn a_reply_that_panics_when_nobody_takes_it_harms_no_answer_before_it(place: Place) {
    let system = System::new("test");
    let (model, keeper) = held(&system, place).await;
    let before = model.lend(1).reply().await.unwrap();
    model.lend(0).tell().await.unwrap();
    let after = model.lend(2).reply().await.unwrap();
    keeper.open();
    assert_eq!(before.await.unwrap().0, 1);
    let error = after.await.unwrap_err();
    assert!(matches!(error, AskError::Panicked { .. }), "{error:?}");
    assert!(error.to_string().contains("not taken"), "{error}");
}

/// Counts the dead letters of an actor up to its end.
async fn dead_letters(events: &mut conclib::event::Events, model: &ActorRef<Model>) -> usize {
    let mut count = 0;
    loop {
        match events.next().await.unwrap() {
            Event::DeadLetter(letter) if letter.urn == model.urn() => count += 1,
            Event::Stopped { .. } => return count,
            _ => {}
        }
    }
}

async fn told_messages_are_handled_in_batches_too(place: Place) {
    let system = System::new("test");
    let (model, keeper) = held(&system, place).await;
    for number in 0..10 {
        model.store(number).tell().await.unwrap();
    }
    keeper.open();
    assert_eq!(model.seen().await.unwrap(), Vec::from_iter(0..10));
    assert_eq!(model.turns().await.unwrap(), [4, 4, 2]);
}

async fn an_asker_that_has_left_is_not_in_the_batch(place: Place) {
    let system = System::new("test");
    let (model, keeper) = held(&system, place).await;
    let first = model.store(1).reply().await.unwrap();
    drop(model.store(2).reply().await.unwrap());
    let last = model.store(3).reply().await.unwrap();
    keeper.open();
    first.await.unwrap();
    last.await.unwrap();
    assert_eq!(model.seen().await.unwrap(), [1, 3]);
    assert_eq!(model.turns().await.unwrap(), [2]);
}

async fn a_stop_lets_the_last_batch_be_handled(place: Place) {
    let system = System::new("test");
    let (model, keeper) = held(&system, place).await;
    let mut replies = Vec::new();
    for number in 0..3 {
        replies.push(model.double(number).reply().await.unwrap());
    }
    let end = model.stop();
    keeper.open();
    let doubled = join_all(replies).await.into_iter().map(Result::unwrap);
    assert_eq!(doubled.collect::<Vec<_>>(), [0, 2, 4]);
    assert_eq!(end.await, StopReason::Stopped);
}

async fn all_that_a_killed_turn_had_is_answered_and_reported(place: Place) {
    let system = System::new("test");
    let (model, keeper) = held(&system, place).await;
    let mut replies = Vec::new();
    let mut keepers = Vec::new();
    for _ in 0..3 {
        let (gate, keeper) = gate();
        replies.push(model.hang(gate).reply().await.unwrap());
        keepers.push(keeper);
    }
    let mut events = system.events();
    keeper.open();
    for mut keeper in keepers {
        keeper.entered().await;
        keeper.open();
    }
    model.kill().await;
    for hung in join_all(replies).await {
        let error = hung.unwrap_err();
        assert!(
            matches!(
                &error,
                AskError::Stopped {
                    delivery: Delivery::MayHaveRun,
                    ..
                }
            ),
            "{error:?}"
        );
    }
    assert_eq!(dead_letters(&mut events, &model).await, 3);
}

#[tokio::test(start_paused = true)]
async fn a_batch_waits_for_more_no_longer_than_it_says() {
    let system = System::new("test");
    let model = system.spawn(Model::default()).unwrap();
    let start = Instant::now();
    assert_eq!(model.double(1).await.unwrap(), 2);
    assert_eq!(start.elapsed().as_millis(), 50);
    // A message of another kind is not kept waiting.
    let start = Instant::now();
    let doubled = model.double(2).reply().await.unwrap();
    assert_eq!(model.turns().await.unwrap(), [1, 1]);
    assert_eq!(start.elapsed().as_millis(), 0);
    assert_eq!(doubled.await.unwrap(), 4);
    let start = Instant::now();
    model.store(1).await.unwrap();
    assert_eq!(start.elapsed().as_millis(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_is_killed_while_it_waits_was_not_handled() {
    let system = System::new("test");
    let model = system.spawn(Model::default()).unwrap();
    let mut replies = Vec::new();
    for number in 0..3 {
        replies.push(model.double(number).reply().await.unwrap());
    }
    let mut events = system.events();
    // The model has taken them and waits for more.
    tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    model.kill().await;
    for doubled in join_all(replies).await {
        let error = doubled.unwrap_err();
        assert_eq!(error.delivery(), Delivery::NotDelivered, "{error:?}");
        assert!(matches!(error, AskError::Stopped { .. }), "{error:?}");
    }
    assert_eq!(dead_letters(&mut events, &model).await, 3);
    assert_eq!(system.snapshot().dead_letters, 3);
}

async fn a_panic_beside_the_turns_loses_its_own_message_alone(place: Place) {
    let system = System::new("test");
    let (model, keeper) = held(&system, place).await;
    for number in 0..4 {
        model.store(number).tell().await.unwrap();
    }
    let mut events = system.events();
    keeper.open();
    model.explode_beside().await.unwrap_err();
    assert_eq!(dead_letters(&mut events, &model).await, 1);
}

async fn a_batch_that_asks_one_of_its_askers_is_a_cycle(place: Place) {
    let system = System::new("test");
    let (model, keeper) = held(&system, place).await;
    let mut replies = Vec::new();
    for _ in 0..2 {
        let asker = system.actor(Asker(model.clone())).at(place).unwrap();
        replies.push(asker.go().reply().await.unwrap());
    }
    // Both asks are in the mailbox.
    support::until(|| system.snapshot().actors[0].depth == 2).await;
    keeper.open();
    for is_cycle in join_all(replies).await {
        assert!(is_cycle.unwrap());
    }
}
