//! Argument by which a process of an actor is told from a start of the program by its user.

use std::env;

use serde::{Deserialize, Serialize};

/// Text before the description.
const PREFIX: &str = "conclib:process=";

/// Description of an actor, as an argument of its process. An argument and not a variable of the
/// environment: it is not inherited by programs that the actor starts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Spec {
    /// Type of the actor.
    pub(super) actor: String,
    /// True if the actor is created from arguments, and false if it is sent as a value.
    pub(super) is_created: bool,
    /// Name of the system.
    pub(super) system: String,
    /// CPUs that the process may use; all if there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) cpus: Vec<usize>,
    /// Most memory that the process may have for its data, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) memory: Option<u64>,
    /// Level up to which the events of the process are of interest to its owner.
    pub(super) events: String,
}

impl Spec {
    pub(super) fn to_arg(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self).map(|text| format!("{PREFIX}{text}"))
    }

    /// Returns the description in the arguments of this process. `None` for a process of another
    /// kind; an error for an argument that another version of conclib wrote.
    pub(super) fn of_this_process() -> Option<Result<Self, serde_json::Error>> {
        let mut args = env::args_os().skip(1);
        args.find_map(|arg| Self::parse(arg.to_str()?))
    }

    fn parse(arg: &str) -> Option<Result<Self, serde_json::Error>> {
        arg.strip_prefix(PREFIX).map(serde_json::from_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_as_it_was_written() {
        let spec = Spec {
            actor: "shop::Till<alloc::string::String>".into(),
            is_created: true,
            system: "a \"shop\"\n".into(),
            cpus: vec![1],
            memory: None,
            events: "debug".into(),
        };
        let arg = spec.to_arg().unwrap();
        assert_eq!(Spec::parse(&arg).unwrap().unwrap(), spec);
        assert!(Spec::parse("--help").is_none());
        assert!(Spec::parse("conclib:process={}").unwrap().is_err());
    }
}
