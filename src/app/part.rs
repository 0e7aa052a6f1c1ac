//! The parts of an app. Each has a name of its own, and objects that belong to it.

use super::workload::Workload;

/// One part of an app.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// Pods of one image that run for as long as the app exists.
    Component(Workload),
}

impl Part {
    /// The part's pods.
    #[must_use]
    pub const fn workload(&self) -> &Workload {
        match self {
            Self::Component(workload) => workload,
        }
    }
}
