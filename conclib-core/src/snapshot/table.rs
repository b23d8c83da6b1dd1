//! Text table of a snapshot.

use std::collections::HashMap;
use std::fmt;

use conclib_wire::Urn;

use super::{ActorSnapshot, LinkSnapshot, SystemSnapshot};
use crate::error::Outage;

const COLUMNS: usize = 10;

type Row = [String; COLUMNS];

const HEAD: [&str; COLUMNS] = [
    "ACTOR",
    "TYPE",
    "STATE",
    "WAITING",
    "BUSY WITH",
    "WAITS FOR",
    "HANDLED",
    "FAILED",
    "RESTARTS",
    "LAST ERROR",
];

/// Maximum number of characters that are shown of a text.
const TEXT: usize = 60;

/// Writes a headline, a line for each actor, children below their parents, and a line for each link.
impl fmt::Display for SystemSnapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            pid,
            actors,
            dead_letters,
            links,
        } = self;
        let name = name.escape_debug();
        let actors = actors.len();
        writeln!(
            f,
            "system `{name}` in process {pid}: actors: {actors}, dead letters: {dead_letters}"
        )?;
        let mut rows = vec![HEAD.map(str::to_owned)];
        rows.extend(
            self.tree()
                .into_iter()
                .map(|(branch, actor)| row(&branch, actor)),
        );
        let widths: [usize; COLUMNS] = std::array::from_fn(|at| {
            let widths = rows.iter().map(|row| row[at].chars().count());
            widths.max().unwrap_or_default()
        });
        for row in &rows {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(widths) {
                line.push_str(&format!("{cell:<width$}  "));
            }
            writeln!(f, "{}", line.trim_end())?;
        }
        for link in links {
            let LinkSnapshot {
                peer,
                connected,
                pending,
                serving,
                streams,
                exported,
                imported,
                unwritten,
                late,
                reconnects,
                outage,
            } = link;
            let state = match outage {
                None if *connected => "up".to_owned(),
                None => "down".to_owned(),
                Some(Outage { lasted, why, .. }) => {
                    format!("down for {lasted:.1?} ({})", text(why))
                }
            };
            let peer = text(peer);
            writeln!(
                f,
                "link to {peer}: {state}, pending: {pending}, serving: {serving}, streams: {streams}, \
                 references out: {exported}, in: {imported}, bytes to write: {unwritten}, late answers: {late}, \
                 reconnects: {reconnects}"
            )?;
        }
        Ok(())
    }
}

impl SystemSnapshot {
    /// Returns the actors as a tree, each with the branch that is drawn before its name. An actor
    /// whose parent is missing, or comes later in a hand-made snapshot, stands at the root.
    fn tree(&self) -> Vec<(String, &ActorSnapshot)> {
        let at: HashMap<_, _> = self
            .actors
            .iter()
            .map(|actor| &actor.urn)
            .zip(0..)
            .collect();
        let mut below: Vec<Vec<usize>> = vec![Vec::new(); self.actors.len()];
        let mut roots = Vec::new();
        for (index, actor) in self.actors.iter().enumerate() {
            match actor.parent.as_ref().and_then(|parent| at.get(parent)) {
                // A parent is older than its children.
                Some(parent) if *parent < index => below[*parent].push(index),
                _ => roots.push(index),
            }
        }
        let mut tree = Vec::with_capacity(self.actors.len());
        // Actors that are still to be drawn, the next one last.
        let mut next: Vec<(usize, String, String)> = Vec::new();
        let root = |index| (index, String::new(), String::new());
        next.extend(roots.into_iter().rev().map(root));
        while let Some((index, branch, indent)) = next.pop() {
            tree.push((branch, &self.actors[index]));
            let children = &below[index];
            for (from_last, child) in children.iter().rev().enumerate() {
                let (branch, deeper) = match from_last {
                    0 => ("└─ ", "   "),
                    _ => ("├─ ", "│  "),
                };
                next.push((
                    *child,
                    format!("{indent}{branch}"),
                    format!("{indent}{deeper}"),
                ));
            }
        }
        tree
    }
}

fn row(branch: &str, actor: &ActorSnapshot) -> Row {
    let path = actor.type_name.as_str();
    let (head, generics) = path.split_at(path.find('<').unwrap_or(path.len()));
    let name = head.rsplit("::").next().unwrap_or(head);
    [
        format!("{branch}{}", actor.urn),
        text(&format!("{name}{generics}")),
        format!("{:?}", actor.state).to_lowercase(),
        format!("{}/{}", actor.depth, actor.capacity),
        actor.busy_with.as_deref().map_or_else(nothing, text),
        waits(actor),
        actor.handled.to_string(),
        actor.failed.to_string(),
        actor.restarts.to_string(),
        actor.last_error.as_deref().map_or_else(nothing, text),
    ]
}

fn waits(actor: &ActorSnapshot) -> String {
    match &actor.waiting_for[..] {
        [] => nothing(),
        urns => urns.iter().map(Urn::as_str).collect::<Vec<_>>().join(", "),
    }
}

fn nothing() -> String {
    String::from("-")
}

/// Escapes a text onto one line, and shortens it.
fn text(text: &str) -> String {
    let mut shown = text.escape_debug();
    let mut short: String = shown.by_ref().take(TEXT).collect();
    if shown.next().is_some() {
        short.push('…');
    }
    short
}
