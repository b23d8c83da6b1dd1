//! Results of a process.

use std::fmt;

use crate::allocations::{self, Count};

/// Named numbers; prints itself as one line of JSON.
#[derive(Default)]
pub struct Sample(Vec<(&'static str, f64)>);

impl Sample {
    /// Adds one number.
    pub fn with(mut self, name: &'static str, value: f64) -> Self {
        self.0.push((name, value));
        self
    }

    /// Adds the allocations of each operation since `before`, if they are
    /// counted.
    pub fn with_allocations(self, before: Count, operations: u64) -> Self {
        if !cfg!(feature = "count") {
            return self;
        }
        let now = allocations::count();
        let each = |now: u64, before: u64| (now - before) as f64 / operations as f64;
        self.with("allocations", each(now.calls, before.calls))
            .with("allocated", each(now.bytes, before.bytes))
    }

    /// Adds the median and the 99th percentile of these times.
    pub fn with_percentiles(self, times: &mut [u64]) -> Self {
        times.sort_unstable();
        let at = |share: usize| times[(times.len() - 1) * share / 100] as f64;
        self.with("p50", at(50)).with("p99", at(99))
    }
}

impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (index, (name, value)) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(f, "{comma}\"{name}\":{value:.4}")?;
        }
        f.write_str("}")
    }
}
