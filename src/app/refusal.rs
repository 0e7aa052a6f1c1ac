//! Why a stored object can't be applied.

use super::{accept::App, policy::Policy, review::Rejection, schema::too_long};
use crate::api::{StoredApp, Why};

/// Why a stored object can't be applied.
#[derive(Clone, Debug)]
pub enum Refusal {
    /// It doesn't fit the schema.
    Unreadable(String),
    /// The spec or its policy is wrong.
    Rejected(Vec<Rejection>),
}

impl App {
    /// Accepts an object as the watch delivers it.
    ///
    /// # Errors
    /// Where it can't be read, where its policy is rejected, and where it is rejected itself.
    pub fn accept_stored(stored: &StoredApp, policy: &Result<Policy, Vec<Rejection>>) -> Result<Self, Refusal> {
        let app = stored.0.as_ref().map_err(|unreadable| match &unreadable.why {
            Why::Malformed(words) => Refusal::Unreadable(words.clone()),
            Why::TooLong(length) => Refusal::Rejected(vec![too_long(*length)]),
        })?;
        let policy = policy.as_ref().map_err(|rejections| Refusal::Rejected(rejections.clone()))?;
        Self::accept(app, policy).map_err(Refusal::Rejected)
    }
}
