//! Items that exist without any feature: systems, names, tickers and errors.
//! Actors need the feature `macros`.

use std::time::Duration;

use conclib::prelude::*;
use tokio::sync::mpsc;

#[tokio::test(start_paused = true)]
async fn a_ticker_runs_and_a_system_is_looked_at_and_ended() -> conclib::Result {
    let (sender, mut runs) = mpsc::unbounded_channel();
    let ticker = Ticker::every(Duration::from_secs(1)).run(move || {
        // The error of a closed channel is ignored: the test is over then.
        let _ = sender.send(());
        std::future::ready(())
    })?;
    assert_eq!((runs.recv().await, runs.recv().await), (Some(()), Some(())));
    ticker.stop().await;

    let system = System::new("bare");
    assert!(matches!(
        system.lookup("nobody"),
        Err(LookupError::NoSuchActor { .. })
    ));
    assert!(system.snapshot().actors.is_empty());
    assert!(system.shutdown().await.is_clean());
    Ok(())
}
