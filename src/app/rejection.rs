//! What a user got wrong: where, what, and what to do about it.

use std::fmt;

/// One mistake in a spec or policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// Field, as a user would write it: `spec.components[web].ports[http]`.
    pub path: String,
    /// What is wrong.
    pub problem: String,
    /// What to do.
    pub remedy: String,
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.path, self.problem, self.remedy)
    }
}

/// Collects every mistake, so that a user sees all of them at once.
#[derive(Debug, Default)]
pub(super) struct Rejections(Vec<Rejection>);

impl Rejections {
    pub(super) fn add(&mut self, path: impl Into<String>, problem: impl Into<String>, remedy: impl Into<String>) {
        self.0.push(Rejection { path: path.into(), problem: problem.into(), remedy: remedy.into() });
    }

    /// Whether a mistake in this very field is among them.
    pub(super) fn name(&self, path: &str) -> bool {
        self.0.iter().any(|rejection| rejection.path == path)
    }

    /// The value, if nothing was refused on the way to it.
    pub(super) fn into_result<T>(self, value: Option<T>) -> Result<T, Vec<Rejection>> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => Err(self.0),
        }
    }
}
