//! Parts that both builds have in common.

use std::env::args;
use std::io::{Read as _, stdin};

use conclib::prelude::*;

use crate::{Count, Number, Pay};

/// Adds up payments.
#[actor(urn = "till")]
#[derive(Default)]
pub struct Till {
    total: u64,
    payments: Number,
}

#[actor]
impl Till {
    #[handler]
    fn pay(&mut self, pay: Pay) -> u64 {
        self.payments += 1;
        self.total += pay.amount;
        self.total
    }

    #[handler]
    fn count(&mut self, _count: Count) -> Number {
        self.payments
    }

    /// Message that is the same in both builds.
    #[message]
    fn total(&mut self) -> u64 {
        self.total
    }
}

/// Serves a till at an address until the input ends, or asks one, and prints the answers.
#[conclib::main]
pub async fn main() -> conclib::Result {
    let (does, url) = (args().nth(1), args().nth(2).ok_or("no address")?);
    if does.as_deref() == Some("serve") {
        let system = System::new("till");
        system.spawn(Till::default())?;
        let _proxy = Proxy::serve(&system, url).await?;
        println!("serving");
        tokio::task::spawn_blocking(|| stdin().read(&mut [0])).await??;
        return Ok(());
    }
    let client = ProxyClient::connect(url).await?;
    let till: ActorRef<Till> = client.actor("till")?;
    let pay = || Pay { amount: 7, tip: 1 };
    println!("ask: {}", said(client.ask("till", pay()).await));
    println!("reference: {}", said(till.ask(pay()).await));
    println!(
        "tell: {}",
        match till.ask(pay()).tell().await {
            Ok(()) => "told".to_owned(),
            Err(TellError::Failed { error, .. }) => said::<u64>(Err(error)),
            Err(error) => error.to_string(),
        }
    );
    println!("count: {}", said(till.ask(Count).await));
    println!("total: {}", said(till.total().await));
    Ok(())
}

/// Returns an answer, or the kind of an error.
fn said<T: std::fmt::Display>(answer: Result<T, AskError>) -> String {
    match answer {
        Ok(answer) => answer.to_string(),
        Err(error) => match &error {
            AskError::SchemaMismatch { message, .. } => {
                format!("SchemaMismatch of {message}, {:?}", error.delivery())
            }
            other => format!("{other:?}"),
        },
    }
}
