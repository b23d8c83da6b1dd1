//! Redis server for a terminal or a unit file, with the settings and the care of `start_redis`; and a tool for dead letters,
//! `conclib-redisd dead`. A unit of systemd:
//!
//! ```ini
//! [Service]
//! ExecStart=/usr/local/bin/conclib-redisd --dir ${STATE_DIRECTORY}
//! StateDirectory=my-app
//! StateDirectoryMode=0700
//! User=my-app
//! Restart=on-failure
//! KillMode=mixed
//! ```

mod args;
mod dead;
mod log;
mod serve;

use std::{
    env,
    io::{self, Write as _},
    process::ExitCode,
};

use args::Args;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let result = match Args::parse(env::args_os().skip(1)) {
        Ok(Args::Help) => write!(io::stdout(), "{}", args::HELP).map_err(Into::into),
        Ok(Args::Version) => {
            let version = env!("CARGO_PKG_VERSION");
            writeln!(io::stdout(), "conclib-redisd {version}").map_err(Into::into)
        }
        Ok(Args::Dead(dead)) => dead.run().await,
        Ok(Args::Serve(config)) => serve::serve(&config).await,
        Err(error) => {
            let _ = writeln!(io::stderr(), "conclib-redisd: {error}");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "conclib-redisd: {error}");
            ExitCode::FAILURE
        }
    }
}
