//! What checking a spec or a policy finds: every mistake in it, and what is weaker than possible.

use std::fmt;

use crate::api::{Check, FindingItem};

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

impl Rejection {
    pub(super) fn new(path: impl Into<String>, problem: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { path: path.into(), problem: problem.into(), remedy: remedy.into() }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.path, self.problem, self.remedy)
    }
}

/// Collects rejections and findings, so that a user is shown all of them at once.
#[derive(Debug, Default)]
pub(super) struct Review {
    rejections: Vec<Rejection>,
    findings: Vec<FindingItem>,
}

impl Review {
    pub(super) fn reject(&mut self, path: impl Into<String>, problem: impl Into<String>, remedy: impl Into<String>) {
        self.rejections.push(Rejection::new(path, problem, remedy));
    }

    /// Adds a finding about a component.
    pub(super) fn find(&mut self, component: &str, check: Check, message: &str) {
        self.findings.push(FindingItem::about(component, check, message));
    }

    /// Whether this field is rejected already.
    pub(super) fn rejects(&self, path: &str) -> bool {
        self.rejections.iter().any(|rejection| rejection.path == path)
    }

    /// Whether this field or one below it is rejected already.
    pub(super) fn rejects_below(&self, path: &str) -> bool {
        self.rejections.iter().any(|rejection| rejection.path.starts_with(path))
    }

    /// The findings, sorted.
    ///
    /// # Errors
    /// All rejections, if there is one.
    pub(super) fn into_findings(mut self) -> Result<Vec<FindingItem>, Vec<Rejection>> {
        self.findings.sort();
        if self.rejections.is_empty() { Ok(self.findings) } else { Err(self.rejections) }
    }
}
