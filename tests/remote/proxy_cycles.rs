//! Cycles of waiting actors over several systems fail at once.

use std::time::Duration;

use conclib::prelude::*;
use conclib::wire::MAX_CHAIN_STEPS;
use support::nodes::{Home, NodeCalls, Pair, node};
use support::outside::{Road, on_every_road};
use support::until;

on_every_road! {
    two_systems_that_ask_each_other,
    three_systems_and_a_neighbour_in_the_middle,
    the_neighbour_that_closes_it_is_told,
    an_actor_that_asks_itself_by_its_own_proxy,
    of_asks_that_cross_each_other_exactly_one_is_told,
    of_three_that_cross_each_other_exactly_one_is_told,
    an_answer_that_is_waited_for_later,
    answers_that_come_later_wait_for_nobody,
    whoever_waits_for_such_an_answer_may_be_asked,
    concurrent_handlers_wait_for_nobody,
    a_circle_is_found_up_to_the_limit,
    a_request_from_elsewhere_that_is_passed_on_here,
    a_request_that_is_passed_on_to_elsewhere,
    a_request_from_elsewhere_that_is_passed_on_to_elsewhere,
}

#[track_caller]
fn assert_told(error: &impl ToString, path: &str) {
    let error = error.to_string();
    let expected = format!("would deadlock: {path};");
    assert!(error.contains(&expected), "{error}");
}

async fn two_systems_that_ask_each_other(road: Road) -> conclib::Result {
    let pair = Pair::open(road).await?;
    let [a, b] = &pair.nodes;
    for _ in 0..3 {
        let error = a.pass(2).await.unwrap_err();
        assert_told(&error, "Node(b) -> Node(a) -> Node(b)");
        assert!(error.to_string().contains("its handler has not run"));
        let error = b.pass(3).await.unwrap_err();
        assert_told(&error, "Node(a) -> Node(b) -> Node(a)");
        // Both still work.
        assert_eq!(a.pass(1).await?, "end");
        assert_eq!(b.pass(1).await?, "end");
    }
    Ok(())
}

async fn three_systems_and_a_neighbour_in_the_middle(road: Road) -> conclib::Result {
    let homes = [
        Home::open(road).await?,
        Home::open(road).await?,
        Home::open(road).await?,
    ];
    let (a, watch_a) = homes[0].node("a")?;
    let (_b, watch_b) = homes[1].node("b")?;
    let (neighbour, watch_n) = homes[1].node("n")?;
    let (_c, watch_c) = homes[2].node("c")?;
    watch_a.leads_to(homes[1].far("b").await?);
    watch_b.leads_to(neighbour.clone());
    watch_n.leads_to(homes[2].far("c").await?);
    watch_c.leads_to(homes[0].far("a").await?);
    let error = a.pass(4).await.unwrap_err();
    let path = "Node(c) -> Node(a) -> Node(b) -> Node(n) -> Node(c)";
    assert_told(&error, path);
    // Asks from the middle of the chain.
    let error = neighbour.pass(4).await.unwrap_err();
    let path = "Node(b) -> Node(n) -> Node(c) -> Node(a) -> Node(b)";
    assert_told(&error, path);
    assert_eq!(a.pass(3).await?, "end");
    Ok(())
}

/// The cycle closes between two actors of one system, and most of it is in the
/// other.
async fn the_neighbour_that_closes_it_is_told(road: Road) -> conclib::Result {
    let [here, there] = [Home::open(road).await?, Home::open(road).await?];
    let (a, watch_a) = here.node("a")?;
    let (last, watch_last) = here.node("last")?;
    let (_b, watch_b) = there.node("b")?;
    watch_a.leads_to(there.far("b").await?);
    watch_b.leads_to(here.far("last").await?);
    watch_last.leads_to(a.clone());
    let error = a.pass(3).await.unwrap_err();
    let path = "Node(last) -> Node(a) -> Node(b) -> Node(last)";
    assert_told(&error, path);
    assert_eq!(
        last.pass(3)
            .await
            .unwrap_err()
            .to_string()
            .matches("->")
            .count(),
        3
    );
    assert_eq!(last.pass(2).await?, "end");
    Ok(())
}

async fn an_actor_that_asks_itself_by_its_own_proxy(road: Road) -> conclib::Result {
    let home = Home::open(road).await?;
    let (me, watch) = home.node("me")?;
    watch.leads_to(home.far("me").await?);
    let error = me.pass(1).await.unwrap_err();
    assert_told(&error, "Node(me) -> Node(me)");
    assert_eq!(me.pass(0).await?, "end");
    Ok(())
}

async fn of_asks_that_cross_each_other_exactly_one_is_told(road: Road) -> conclib::Result {
    let Pair {
        nodes: [a, b],
        mut watches,
        homes: _homes,
    } = Pair::open(road).await?;
    for _ in 0..20 {
        let of_a = a.hold_and_pass(1).reply().await?;
        let of_b = b.hold_and_pass(1).reply().await?;
        let [in_a, in_b] = &mut watches;
        let keepers = [in_a.turn().await, in_b.turn().await];
        keepers.into_iter().for_each(support::Keeper::open);
        let answers = tokio::join!(of_a, of_b);
        let (told, heard) = match answers {
            (Err(told), Ok(heard)) | (Ok(heard), Err(told)) => (told, heard),
            both => panic!("{both:?}"),
        };
        assert_eq!(heard, "end");
        assert!(told.to_string().contains("would deadlock: "), "{told}");
        for name in ["Node(a)", "Node(b)"] {
            assert!(told.to_string().contains(name), "{told}");
        }
    }
    Ok(())
}

async fn of_three_that_cross_each_other_exactly_one_is_told(road: Road) -> conclib::Result {
    let mut homes = Vec::new();
    let mut nodes = Vec::new();
    for name in ["a", "b", "c"] {
        let home = Home::open(road).await?;
        nodes.push(home.node(name)?);
        homes.push(home);
    }
    for (at, (_, watch)) in nodes.iter().enumerate() {
        let next = (at + 1) % 3;
        let name = nodes[next].0.urn();
        watch.leads_to(homes[next].far(name.as_str()).await?);
    }
    for _ in 0..10 {
        let mut answers = Vec::new();
        let mut keepers = Vec::new();
        for (node, watch) in &mut nodes {
            answers.push(node.hold_and_pass(1).reply().await?);
            keepers.push(watch.turn().await);
        }
        keepers.into_iter().for_each(support::Keeper::open);
        let mut told = Vec::new();
        for answer in answers {
            told.extend(answer.await.err());
        }
        let [told] = &told[..] else {
            panic!("{told:?}")
        };
        assert_eq!(told.to_string().matches(" -> ").count(), 3, "{told}");
    }
    Ok(())
}

/// `a` asks `b`, and waits for the answer once `b` waits for `a`.
async fn an_answer_that_is_waited_for_later(road: Road) -> conclib::Result {
    let Pair {
        nodes: [a, b],
        mut watches,
        homes: _homes,
    } = Pair::open(road).await?;
    for _ in 0..10 {
        let of_a = a.reply_and_pass(2).reply().await?;
        let in_a = watches[0].turn().await;
        let in_b = watches[1].turn().await;
        in_b.open();
        in_a.open();
        // One of the two asks fails, and `a` learns of it in either case.
        let answer = of_a.await.unwrap_err();
        assert!(answer.to_string().contains("would deadlock: "), "{answer}");
        assert_eq!(b.pass(0).await?, "end");
    }
    Ok(())
}

async fn answers_that_come_later_wait_for_nobody(road: Road) -> conclib::Result {
    let pair = Pair::open(road).await?;
    let [a, b] = &pair.nodes;
    let later = a.ask_for_later().reply().await?;
    while !b.has_kept().await? {}
    assert_eq!(b.answer().await?, "end");
    assert_eq!(later.await?, "later");
    Ok(())
}

/// `a` waits for an answer that `b` has deferred, and `b` asks `a` meanwhile.
async fn whoever_waits_for_such_an_answer_may_be_asked(road: Road) -> conclib::Result {
    let pair = Pair::open(road).await?;
    let [a, b] = &pair.nodes;
    let later = a.ask_for_later().reply().await?;
    while !b.has_kept().await? {}
    let kept = pair.watches[1].take_kept();
    let asks = b.pass(1).reply().await?;
    let is_queued = || {
        let actors = pair.homes[0].system.snapshot().actors;
        actors.iter().any(|actor| actor.depth > 0)
    };
    until(is_queued).await;
    kept.send("later".to_owned());
    assert_eq!(later.await?, "later");
    assert_eq!(asks.await?, "end");
    Ok(())
}

async fn concurrent_handlers_wait_for_nobody(road: Road) -> conclib::Result {
    let pair = Pair::open(road).await?;
    let [a, b] = &pair.nodes;
    assert_eq!(a.ask_beside().await?, "end");
    assert_eq!(b.beside().await?, "end");
    Ok(())
}

/// Ring in one system whose asks go through its own proxy.
async fn a_circle_is_found_up_to_the_limit(road: Road) -> conclib::Result {
    let home = Home::open(road).await?;
    let limit = u32::try_from(MAX_CHAIN_STEPS)?;
    for len in [limit, limit + 1] {
        let name = |at: u32| format!("{len}-{}", at % len);
        let nodes: Vec<_> = (0..len)
            .map(|at| home.node(&name(at)))
            .collect::<Result<_, _>>()?;
        let client = home.place.client().await?;
        for ((_, watch), at) in nodes.iter().zip(1..) {
            watch.leads_to(client.actor(name(at))?);
        }
        let first = &nodes[0].0;
        if len == limit {
            let error = first.pass(len).await.unwrap_err();
            let steps = error.to_string().matches(" -> ").count();
            assert_eq!(steps, MAX_CHAIN_STEPS, "{error}");
        } else {
            // The ask ends by its deadline all the same.
            let waited = first.pass(len).timeout(Duration::from_millis(500)).await;
            let error = waited.unwrap_err();
            // The first ask that waits, or one behind it: they have the same
            // deadline.
            assert!(
                error.to_string().contains("did not answer `pass` within"),
                "{error}"
            );
        }
    }
    Ok(())
}

#[support::test]
async fn two_systems_of_one_process() {
    let systems = [System::new("one"), System::new("two")];
    let (a, watch_a) = node();
    let (b, watch_b) = node();
    let a = systems[0].actor(a).urn("a").spawn().unwrap();
    let b = systems[1].actor(b).urn("b").spawn().unwrap();
    watch_a.leads_to(b.clone());
    watch_b.leads_to(a.clone());
    for _ in 0..3 {
        let error = a.pass(2).await.unwrap_err();
        assert_told(&error, "Node(b) -> Node(a) -> Node(b)");
        assert_eq!(b.pass(1).await.unwrap(), "end");
    }
    drop((watch_a, watch_b));
}

async fn a_request_from_elsewhere_that_is_passed_on_here(road: Road) -> conclib::Result {
    let [here, there] = [Home::open(road).await?, Home::open(road).await?];
    let (a, watch_a) = here.node("a")?;
    let (b, watch_b) = there.node("b")?;
    let (n, watch_n) = there.node("n")?;
    watch_a.leads_to(there.far("b").await?);
    watch_b.leads_to(n.clone());
    watch_n.leads_to(here.far("a").await?);
    for _ in 0..3 {
        let error = a.have_passed_on(2).await.unwrap_err();
        assert_told(&error, "Node(n) -> Node(a) -> Node(n)");
        assert_eq!(a.have_passed_on(1).await?, "end");
        // The actor has finished the request.
        assert_eq!(b.pass(2).await?, "end");
    }
    Ok(())
}

async fn a_request_that_is_passed_on_to_elsewhere(road: Road) -> conclib::Result {
    let [here, there] = [Home::open(road).await?, Home::open(road).await?];
    let (a, watch_a) = here.node("a")?;
    let (n, watch_n) = here.node("n")?;
    let (_b, watch_b) = there.node("b")?;
    watch_a.leads_to(n.clone());
    watch_n.leads_to(there.far("b").await?);
    watch_b.leads_to(here.far("a").await?);
    for _ in 0..3 {
        let error = a.have_passed_on(2).await.unwrap_err();
        assert_told(&error, "Node(b) -> Node(a) -> Node(b)");
        assert_eq!(a.have_passed_on(1).await?, "end");
        assert_eq!(n.pass(2).await?, "end");
    }
    Ok(())
}

async fn a_request_from_elsewhere_that_is_passed_on_to_elsewhere(road: Road) -> conclib::Result {
    let homes = [
        Home::open(road).await?,
        Home::open(road).await?,
        Home::open(road).await?,
    ];
    let (a, watch_a) = homes[0].node("a")?;
    let (_b, watch_b) = homes[1].node("b")?;
    let (_c, watch_c) = homes[2].node("c")?;
    watch_a.leads_to(homes[1].far("b").await?);
    watch_b.leads_to(homes[2].far("c").await?);
    watch_c.leads_to(homes[0].far("a").await?);
    for _ in 0..3 {
        let error = a.have_passed_on(2).await.unwrap_err();
        assert_told(&error, "Node(c) -> Node(a) -> Node(c)");
        assert_eq!(a.have_passed_on(1).await?, "end");
    }
    Ok(())
}
