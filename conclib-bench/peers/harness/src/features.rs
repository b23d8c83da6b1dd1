//! Main function for programs that measure single features and have scenarios
//! of their own.

use std::future::Future;
use std::process::ExitCode;
use std::time::Duration;

use crate::{Rounds, Runtime, Sample};

/// Runs the whole program: reads `SCENARIO RUNTIME [MILLISECONDSms]`, measures,
/// and prints one line of JSON, an empty object if `run` knows no such
/// scenario.
pub fn main<F>(run: impl FnOnce(String, Rounds) -> F + Send + 'static) -> ExitCode
where
    F: Future<Output = Option<Sample>> + Send + 'static,
{
    match parse(std::env::args().skip(1)) {
        Ok((scenario, runtime, rounds)) => {
            let sample = runtime.block_on(async move { run(scenario, rounds).await });
            println!("{}", sample.unwrap_or_default());
            ExitCode::SUCCESS
        }
        Err(problem) => {
            eprintln!("{problem}\nusage: SCENARIO RUNTIME [MILLISECONDSms]");
            ExitCode::from(2)
        }
    }
}

fn parse(mut args: impl Iterator<Item = String>) -> Result<(String, Runtime, Rounds), String> {
    let scenario = args.next().ok_or("which scenario?")?;
    let runtime = Runtime::parse(&args.next().ok_or("which runtime?")?)?;
    let time = args.next().unwrap_or_else(|| "400ms".to_owned());
    let millis = time.strip_suffix("ms").and_then(|time| time.parse().ok());
    let millis = millis.ok_or_else(|| format!("no time `{time}`"))?;
    let rounds = Rounds::during(Duration::from_millis(millis));
    Ok((scenario, runtime, rounds))
}
