//! Forwarded requests, which keep their asker.
use conclib::Place;
use conclib::prelude::*;
use support::At;

support::on_every_place! {
    the_answer_comes_from_the_other_and_the_asker_stays_who_it_was,
    an_error_of_the_other_is_the_askers_and_so_is_its_end,
    what_was_told_is_passed_on_as_well,
}

#[message(reply = String, error = support::NoGood)]
struct Work(u32);

#[actor]
struct Manager {
    workers: Vec<ActorRef<Worker>>,
    next: usize,
}

#[actor]
impl Manager {
    #[handler]
    async fn work(
        &mut self,
        work: Work,
        ctx: &mut Context<Self>,
    ) -> Deferred<String, support::NoGood> {
        self.next += 1;
        let worker = &self.workers[self.next % self.workers.len()];
        ctx.forward(worker, work).await
    }
}

#[actor]
struct Worker;

#[actor]
impl Worker {
    #[handler]
    fn work(&mut self, Work(n): Work, ctx: &mut Context<Self>) -> Result<String, support::NoGood> {
        if n == 13 {
            return Err(support::NoGood("unlucky".to_owned()));
        }
        let sender = ctx
            .sender()
            .map_or_else(|| "nobody".to_owned(), |it| it.urn().to_string());
        Ok(format!("{} for {sender}", ctx.urn()))
    }
}

#[actor(urn = "client")]
struct Client(ActorRef<Manager>);

#[actor]
impl Client {
    #[message]
    async fn go(&mut self) -> String {
        self.0.ask(Work(1)).await.unwrap()
    }
}

fn rig(system: &System, place: Place) -> ActorRef<Manager> {
    let spawn = |n| {
        system
            .actor(Worker)
            .urn(format!("worker-{n}"))
            .at(place)
            .unwrap()
    };
    let workers = (0..10).map(spawn).collect();
    system
        .actor(Manager { workers, next: 9 })
        .urn("manager")
        .at(place)
        .unwrap()
}

async fn the_answer_comes_from_the_other_and_the_asker_stays_who_it_was(place: Place) {
    let system = System::new("test");
    let manager = rig(&system, place);
    for n in 0..10 {
        let answer = manager.ask(Work(1)).await.unwrap();
        assert_eq!(answer, format!("worker-{n} for nobody"));
    }
    let client = system.actor(Client(manager.clone())).at(place).unwrap();
    assert_eq!(client.go().await.unwrap(), "worker-0 for client");
    // The worker answers while the turn of the manager may still be ending; the next turn begins after that.
    manager.ask(Work(1)).await.unwrap();
    let snapshot = system.snapshot();
    let manager = snapshot
        .actors
        .iter()
        .find(|actor| actor.urn.as_str() == "manager");
    assert!(matches!(manager.unwrap().handled, 11 | 12));
}

async fn an_error_of_the_other_is_the_askers_and_so_is_its_end(place: Place) {
    let system = System::new("test");
    let manager = rig(&system, place);
    assert!(matches!(
        manager.ask(Work(13)).await,
        Err(AskError::Handler(_))
    ));
    let worker: ActorRef<Worker> = system.get("worker-1").unwrap();
    worker.stop().await;
    let answer = manager.ask(Work(1)).await;
    assert!(
        matches!(
            answer,
            Err(AskError::Stopped {
                delivery: Delivery::MayHaveRun,
                ..
            })
        ),
        "{answer:?}"
    );
    assert!(manager.ask(Work(1)).await.is_ok(), "the manager lives");
}

async fn what_was_told_is_passed_on_as_well(place: Place) {
    let system = System::new("test");
    let manager = rig(&system, place);
    manager.ask(Work(1)).tell().await.unwrap();
    manager.stop().await;
    let worker: ActorRef<Worker> = system.get("worker-0").unwrap();
    worker.stop().await;
    assert_eq!(system.snapshot().dead_letters, 0);
}
