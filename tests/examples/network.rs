//! The examples of networking, in processes of their own.

use std::collections::BTreeSet;
use std::process::Command;

use conclib::AuthKey;
use support::child::{Kid, eventually, listens_to_signals};

use super::example;

struct Network {
    key: String,
}

impl Network {
    fn new() -> conclib::Result<Self> {
        let key = AuthKey::random()?.to_hex();
        Ok(Self { key })
    }

    fn program(&self, name: &str, args: &[&str]) -> conclib::Result<Command> {
        let mut command = example(&format!("uactor_network_{name}"))?;
        command.args(args).env("CONCLIB_AUTHKEY", &self.key);
        Ok(command)
    }

    fn start(&self, name: &str, args: &[&str]) -> conclib::Result<Kid> {
        Ok(Kid::start(&mut self.program(name, args)?)?)
    }

    fn said(&self, name: &str, args: &[&str]) -> conclib::Result<Vec<String>> {
        let output = self.program(name, args)?.output()?;
        let said = String::from_utf8(output.stdout)?;
        match output.status.success() {
            true => Ok(said.lines().map(str::to_owned).collect()),
            false => Err(String::from_utf8_lossy(&output.stderr).into_owned().into()),
        }
    }
}

#[support::test]
async fn a_network_actor_is_asked_and_ended_from_another_process() -> conclib::Result {
    let network = Network::new()?;
    let mut server = network.start("server", &[])?;
    let url = server.said(" at ").await?;
    let pid = format!("the actor is in process {}", server.id());
    assert_eq!(network.said("client", &[&url])?, [&*pid]);

    let stranger = Network::new()?;
    let refused = stranger.said("client", &[&url]).unwrap_err().to_string();
    assert!(refused.contains("another authkey"), "{refused}");

    let stopped = network.said("client", &[&url, "stop"])?;
    assert_eq!(stopped, [&*pid, "stopped"]);
    assert!(server.exited()?.success());
    Ok(())
}

#[support::test]
async fn actors_are_found_by_the_registry_while_they_live() -> conclib::Result {
    let network = Network::new()?;
    let mut registry = network.start("registry", &["registry", "tcp://127.0.0.1:0"])?;
    let url = registry.said("the registry is at ").await?;
    let pick = || network.said("registry", &["pick", &url]);
    assert_eq!(pick()?, ["no actor is there"]);

    let mut actors = Vec::new();
    for _ in 0..5 {
        let mut actor = network.start("registry", &["actor", &url])?;
        actor.said(" at ").await?;
        actors.push(actor);
    }
    let pids = |lines: Vec<String>| {
        let pid = |line: &String| {
            line.split(' ')
                .nth(1)
                .and_then(|pid| pid.parse::<u32>().ok())
        };
        lines.iter().filter_map(pid).collect::<Vec<_>>()
    };
    let picked = pids(pick()?);
    let all: BTreeSet<_> = actors.iter().map(Kid::id).collect();
    assert_eq!(picked.len(), 10);
    assert_eq!(BTreeSet::from_iter(picked), all);

    // The entry of a killed process goes at once, by the end of its connection.
    let mut killed = actors.pop().ok_or("five actors")?;
    killed.kill()?;
    assert!(eventually(|| {
        let left = pick().map(pids).unwrap_or_default();
        left.len() == 10 && !left.contains(&killed.id())
    }));
    for mut process in actors.into_iter().chain([registry]) {
        assert!(eventually(|| listens_to_signals(process.id())));
        process.signal("TERM")?;
        assert!(process.exited()?.success());
    }
    Ok(())
}
