//! References inside messages: callbacks, both ways over one link, of each kind.

use conclib::WeakRecipient;
use conclib::prelude::*;
use conclib::spi::RefError;
use support::until;

use crate::far_pair::{Way, on_every_way, pair};
use crate::memory::connect;

on_every_way! {
    a_callback_reference_is_called,
    references_come_back_in_replies_and_are_the_same_actors,
    references_in_options_lists_and_pairs,
    recipients_and_weak_references_travel,
    actors_of_two_types_know_each_other,
    a_far_reference_keeps_an_anonymous_actor_alive,
    a_callback_actor_lives_until_its_subscription_is_dropped,
    a_lost_link_lets_its_actors_go,
    an_actor_in_a_request_that_is_refused_is_let_go,
    a_reference_that_comes_home_after_the_end_leads_to_no_actor,
}

#[message]
pub struct News(pub String);

/// Reads the news, and knows its publisher.
#[actor]
#[derive(Default)]
pub struct Reader {
    heard: Vec<String>,
    publisher: Option<ActorRef<Publisher>>,
}

#[actor]
impl Reader {
    #[handler]
    fn news(&mut self, News(text): News) {
        self.heard.push(text);
    }

    #[message]
    fn heard(&mut self) -> Vec<String> {
        self.heard.clone()
    }

    /// Subscribes itself with a publisher that may be anywhere.
    #[message]
    async fn follow(&mut self, publisher: ActorRef<Publisher>, ctx: &mut Context<Self>) -> bool {
        let done = publisher.subscribe(ctx.me()).tell().await.is_ok();
        self.publisher = Some(publisher);
        done
    }

    #[message]
    fn unfollow(&mut self) -> bool {
        self.publisher.take().is_some()
    }

    #[message]
    fn explode(&mut self) {
        panic!("boom");
    }
}

/// References in every place where a message can have one.
#[message]
#[derive(Default)]
pub struct Lists {
    one: Option<ActorRef<Reader>>,
    more: Vec<ActorRef<Reader>>,
    pairs: Vec<(String, Recipient<News>)>,
}

/// Sends news to its readers.
#[actor(urn = "publisher")]
#[derive(Default)]
pub struct Publisher {
    readers: Vec<ActorRef<Reader>>,
    weak: Vec<WeakRef<Reader>>,
    recipients: Vec<Recipient<News>>,
    weak_recipients: Vec<WeakRecipient<News>>,
}

#[actor]
impl Publisher {
    #[message]
    fn subscribe(&mut self, reader: ActorRef<Reader>) {
        self.readers.push(reader);
    }

    #[message]
    fn subscribe_weakly(&mut self, reader: WeakRef<Reader>) {
        self.weak.push(reader);
    }

    #[message]
    fn subscribe_recipient(&mut self, recipient: Recipient<News>) {
        self.recipients.push(recipient);
    }

    #[message]
    fn subscribe_recipient_weakly(&mut self, recipient: WeakRecipient<News>) {
        self.weak_recipients.push(recipient);
    }

    #[handler]
    fn lists(&mut self, lists: Lists) {
        self.readers.extend(lists.one);
        self.readers.extend(lists.more);
        self.recipients
            .extend(lists.pairs.into_iter().map(|(_, recipient)| recipient));
    }

    #[message]
    async fn publish(&mut self, text: String) -> usize {
        let weak = self.weak.iter().filter_map(WeakRef::upgrade);
        let all = self.readers.iter().cloned().chain(weak);
        let recipients = all.map(|reader| reader.recipient::<News>());
        let weak = self.weak_recipients.iter();
        let weak = weak.filter_map(WeakRecipient::upgrade);
        let mut told = 0;
        for to in recipients
            .chain(self.recipients.iter().cloned())
            .chain(weak)
        {
            told += usize::from(to.ask(News(text.clone())).tell().await.is_ok());
        }
        told
    }

    /// Returns the readers.
    #[message]
    fn readers(&mut self) -> Vec<ActorRef<Reader>> {
        self.readers.clone()
    }

    #[message]
    fn me(&mut self, ctx: &mut Context<Self>) -> Result<ActorRef<Self>, Never> {
        Ok(ctx.me())
    }

    /// Tells if that is this actor.
    #[message]
    fn is_me(&mut self, other: ActorRef<Publisher>, ctx: &mut Context<Self>) -> bool {
        other == ctx.me() && other.state().is_some()
    }

    /// Spawns a reader that lives by the returned reference alone.
    #[message]
    fn hire(&mut self, ctx: &mut Context<Self>) -> Option<ActorRef<Reader>> {
        ctx.system().spawn(Reader::default()).ok()
    }

    #[message]
    fn clear(&mut self) {
        *self = Self::default();
    }
}

async fn a_callback_reference_is_called(way: impl Into<Way>) -> conclib::Result {
    let at = pair(way).await?;
    let reader = at.home.spawn(Reader::default())?;
    at.far.subscribe(reader.clone()).await?;
    assert_eq!(at.far.publish("hello".into()).await?, 1);
    assert_eq!(reader.heard().await?, ["hello"]);
    Ok(())
}

#[support::test]
async fn a_reference_alone_is_not_serialised() -> conclib::Result {
    let reader = System::new("home").spawn(Reader::default())?;
    let alone = serde_json::to_string(&reader);
    let error = alone.unwrap_err().to_string();
    assert_eq!(error, RefError::NoScope.to_string());
    Ok(())
}

async fn references_come_back_in_replies_and_are_the_same_actors(
    way: impl Into<Way>,
) -> conclib::Result {
    let at = pair(way).await?;
    let reader = at.home.spawn(Reader::default())?;
    at.far.subscribe(reader.clone()).await?;
    let back = at.far.readers().await?;
    assert_eq!(back.len(), 1);
    assert_eq!(back[0], reader);
    assert_eq!(back[0].state(), reader.state(), "it is local again");

    // The far one, by its name and by a reference in a reply.
    let me = at.far.me().await?;
    assert_eq!(me, at.far);
    assert_ne!(me, at.publisher);
    assert!(at.far.is_me(me).await?);
    Ok(())
}

async fn references_in_options_lists_and_pairs(way: impl Into<Way>) -> conclib::Result {
    let at = pair(way).await?;
    let readers = [(); 3].map(|()| at.home.spawn(Reader::default()).unwrap());
    let lists = Lists {
        one: Some(readers[0].clone()),
        more: vec![readers[1].clone(), readers[1].clone()],
        pairs: vec![("last".into(), readers[2].recipient())],
    };
    at.far.ask(lists).await?;
    at.far.ask(Lists::default()).await?;
    assert_eq!(at.far.publish("all".into()).await?, 4);
    for (reader, times) in readers.iter().zip([1, 2, 1]) {
        assert_eq!(reader.heard().await?.len(), times);
    }
    Ok(())
}

async fn recipients_and_weak_references_travel(way: impl Into<Way>) -> conclib::Result {
    let at = pair(way).await?;
    let reader = at.home.spawn(Reader::default())?;
    at.far.subscribe_recipient(reader.recipient()).await?;
    at.far.subscribe_weakly(reader.downgrade()).await?;
    let weak = reader.recipient().downgrade();
    at.far.subscribe_recipient_weakly(weak).await?;
    assert_eq!(at.far.publish("three".into()).await?, 3);
    assert_eq!(reader.heard().await?.len(), 3);

    // A weak reference keeps no actor alive, and a message to an ended actor fails.
    at.far.clear().await?;
    at.far.subscribe_weakly(reader.downgrade()).await?;
    assert_eq!(at.kept(), 0);
    let gone = reader.downgrade();
    drop(reader);
    until(|| gone.upgrade().is_none()).await;
    until(|| at.home.snapshot().actors.is_empty()).await;
    assert_eq!(at.far.publish("none".into()).await?, 0);
    Ok(())
}

async fn actors_of_two_types_know_each_other(way: impl Into<Way>) -> conclib::Result {
    let at = pair(way).await?;
    let reader = at.home.spawn(Reader::default())?;
    assert!(reader.follow(at.far.clone()).await?);
    assert_eq!(at.far.publish("mutual".into()).await?, 1);
    assert_eq!(reader.heard().await?, ["mutual"]);
    Ok(())
}

async fn a_far_reference_keeps_an_anonymous_actor_alive(way: impl Into<Way>) -> conclib::Result {
    let at = pair(way).await?;
    let reader = at.far.hire().await?.unwrap();
    assert_eq!(at.kept_away(), 1);
    let copy = reader.clone();
    drop(reader);
    copy.ask(News("one".into())).await?;
    assert_eq!(copy.heard().await?, ["one"]);
    let recipient: Recipient<News> = copy.recipient();
    drop(copy);
    recipient.ask(News("two".into())).await?;

    let weak = recipient.downgrade();
    drop(recipient);
    until(|| at.away.snapshot().actors.len() == 1).await;
    assert_eq!(at.kept_away(), 0);
    let lost = weak.upgrade().unwrap().ask(News("three".into())).await;
    assert!(
        matches!(lost, Err(AskError::NoSuchActor { .. })),
        "{lost:?}"
    );
    Ok(())
}

async fn a_callback_actor_lives_until_its_subscription_is_dropped(
    way: impl Into<Way>,
) -> conclib::Result {
    let at = pair(way).await?;
    let reader = at.home.spawn(Reader::default())?;
    let weak = reader.downgrade();
    at.far.subscribe(reader).await?;
    assert_eq!(at.kept(), 1);
    assert_eq!(at.far.publish("here".into()).await?, 1);
    assert!(weak.upgrade().is_some());
    at.far.clear().await?;
    until(|| weak.upgrade().is_none()).await;
    assert_eq!(at.kept(), 0);
    Ok(())
}

async fn a_lost_link_lets_its_actors_go(way: impl Into<Way>) -> conclib::Result {
    let at = pair(way).await?;
    let reader = at.home.spawn(Reader::default())?;
    let weak = reader.downgrade();
    at.far.subscribe(reader).await?;
    at.cut().await;
    until(|| weak.upgrade().is_none()).await;
    Ok(())
}

async fn an_actor_in_a_request_that_is_refused_is_let_go(way: impl Into<Way>) -> conclib::Result {
    let at = pair(way).await?;
    let reader = at.home.spawn(Reader::default())?;
    let missing: ActorRef<Publisher> = at.actor("missing");
    let refused = missing.subscribe(reader.clone()).await;
    assert!(matches!(refused, Err(AskError::NoSuchActor { .. })));
    until(|| at.kept() == 0).await;

    // One reference too many is an error of the sender, and nothing is kept.
    let more = vec![reader.clone(); conclib::spi::MAX_REFERENCES + 1];
    let lists = Lists {
        more,
        ..Lists::default()
    };
    let refused = at.far.ask(lists).await.unwrap_err();
    assert!(
        refused.to_string().contains("more than 1024 references"),
        "{refused}"
    );
    assert_eq!(at.kept(), 0);
    let weak = reader.downgrade();
    drop(reader);
    until(|| weak.upgrade().is_none()).await;
    Ok(())
}

async fn a_reference_that_comes_home_after_the_end_leads_to_no_actor(
    way: impl Into<Way>,
) -> conclib::Result {
    let at = pair(way).await?;
    let reader = at.home.spawn(Reader::default())?;
    at.far.subscribe(reader.clone()).await?;
    reader.stop().await;
    let back = at.far.readers().await?;
    let lost = back[0].heard().await;
    assert!(
        matches!(lost, Err(AskError::NoSuchActor { .. })),
        "{lost:?}"
    );
    assert_eq!(back[0].urn(), reader.urn());
    Ok(())
}

#[support::test]
async fn a_reference_to_a_third_system_needs_a_connection() -> conclib::Result {
    let at = pair(Way::Memory).await?;
    let third = System::new("third");
    third.actor(Reader::default()).urn("reader").spawn()?;
    let (end, _third_end) = connect(&at.home, &third);
    let reader: ActorRef<Reader> = end.actor("reader");
    let refused = at.far.subscribe(reader).await.unwrap_err();
    let text = refused.to_string();
    assert!(
        text.contains("there is no connection to the system"),
        "{text}"
    );
    Ok(())
}
