//! Sending the one request that a verdict calls for, and finding out what a refusal means.

use serde_json::Value;

use super::{Failure, FailureClass, Round};
use crate::{
    desired::Child,
    plan::{self, Change, Live, Verdict},
};

/// What a request brought.
pub(super) struct Answer {
    pub(super) live: Live,
    /// The object was found rather than written.
    pub(super) found: bool,
}

impl Round<'_> {
    /// Sends the one request that the verdict calls for.
    pub(super) async fn send(&self, child: &Child, live: &Live, verdict: &Verdict) -> Result<Answer, Failure> {
        let id = &self.target.id;
        let answer = match &verdict.change {
            Change::Remove(patch) => self.writer.patch(id, child, patch).await,
            Change::Correct(patch) => return self.correct(child, live, patch).await,
            Change::Apply => self.writer.apply(id, child, live).await,
            _ => self.writer.create(id, child).await,
        };
        match answer {
            Ok(object) => {
                self.cache.wrote(child.kind, &object);
                Ok(Answer { live: Live::answered(object), found: false })
            }
            Err(failure) if failure.class() == FailureClass::Unavailable => Err(failure),
            Err(failure) => match (&verdict.correction, failure.class()) {
                (Some(patch), FailureClass::Refused) => self.correct(child, live, patch).await,
                _ => self.look_again(child, live, failure).await,
            },
        }
    }

    /// Sets all that differs, then applies to be its only owner again.
    async fn correct(&self, child: &Child, live: &Live, patch: &Value) -> Result<Answer, Failure> {
        let id = &self.target.id;
        let corrected = match self.writer.patch(id, child, patch).await {
            Ok(object) => self.writer.apply(id, child, &Live::answered(object)).await,
            Err(failure) => Err(failure),
        };
        match corrected {
            Ok(object) => {
                self.cache.wrote(child.kind, &object);
                Ok(Answer { live: Live::answered(object), found: false })
            }
            Err(failure) if failure.class() == FailureClass::Unavailable => Err(failure),
            Err(failure) => self.look_again(child, live, failure).await,
        }
    }

    /// After a refusal: what is there now? Admission runs before versions are compared, so a foreign object can hide behind
    /// any refusal of a creation.
    async fn look_again(&self, child: &Child, judged: &Live, failure: Failure) -> Result<Answer, Failure> {
        let id = &self.target.id;
        match self.writer.get(id, child).await {
            // Refused as it is: asking again changes nothing.
            Ok(object) if failure.class() == FailureClass::Refused && judged.is_version_of(&object) => Err(failure),
            Ok(object) => {
                match plan::holder(&object, &id.uid) {
                    // Without our label no watch will tell when it goes: not for the cache, but to be tried again.
                    Some(holder) => {
                        self.memory.of(&id.uid, |memory| memory.conflict_seen(child, &holder));
                    }
                    None => self.cache.wrote(child.kind, &object),
                }
                Ok(Answer { live: Live::answered(object), found: true })
            }
            Err(gone) if gone.class() == FailureClass::Outdated && failure.class() == FailureClass::Outdated => {
                self.cache.forget(id, child.kind, &child.name);
                Ok(Answer { live: Live::Absent, found: true })
            }
            Err(_) => Err(failure),
        }
    }
}
