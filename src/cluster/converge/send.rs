//! Sending the one request that a verdict asks for, and finding out what a refusal means.

use std::time::Instant;

use serde_json::Value;

use super::{
    super::{stored::Stored, write::Failure},
    executor::Executor,
};
use crate::{
    desired::{Child, LiveValues},
    plan::{self, FailureClass, Guards, Live, Request},
};

/// The result of a request.
pub(super) struct Answer {
    pub(super) live: Live,
    /// The object was read rather than written.
    pub(super) found: bool,
}

impl Executor<'_> {
    /// Sends a request; where the API server finds it invalid, the correction.
    pub(super) async fn request(
        &self,
        child: &Child,
        live: &Live,
        request: &Request,
        correction: Option<&Value>,
        guards: Guards,
    ) -> Result<Answer, Failure> {
        let id = &self.target.id;
        let answer = match request {
            Request::Create => self.writer.create(id, child, None).await,
            Request::Apply => self.writer.apply(id, child, live).await,
            Request::Remove(patch) => self.writer.patch(id, child, patch).await,
            Request::Correct(patch) => return self.correct(child, live, patch, guards).await,
            Request::Replace => return self.replace(child, live).await,
        };
        match answer {
            Ok(object) => Ok(self.wrote(child, &object)),
            Err(failure) if failure.class() == FailureClass::Unavailable => Err(failure),
            Err(failure) => match (correction, failure.class()) {
                (Some(patch), FailureClass::Refused) => self.correct(child, live, patch, guards).await,
                _ => self.read_again(child, live, failure).await,
            },
        }
    }

    /// Sets everything that differs, then applies, so that no other client owns any of it.
    async fn correct(&self, child: &Child, live: &Live, patch: &Value, guards: Guards) -> Result<Answer, Failure> {
        let id = &self.target.id;
        let corrected = match self.writer.patch(id, child, patch).await {
            Ok(object) => self.writer.apply(id, child, &object.live(child.kind)).await,
            Err(failure) => Err(failure),
        };
        match corrected {
            Ok(object) => Ok(self.wrote(child, &object)),
            Err(failure) if failure.class() == FailureClass::Unavailable => Err(failure),
            // What wasn't compared may differ in a field that can't be changed.
            Err(failure) if failure.is_invalid() && may_be_replaced(child, live, guards) => {
                self.replace(child, live).await
            }
            Err(failure) => self.read_again(child, live, failure).await,
        }
    }

    /// Deletes the very version that was judged, then creates the object anew, with the number of pods it had.
    async fn replace(&self, child: &Child, live: &Live) -> Result<Answer, Failure> {
        let id = &self.target.id;
        let (uid, version) = live.identity();
        let (uid, version) = (uid.unwrap_or_default(), version.unwrap_or_default().to_string());
        let replaced = match self.writer.delete(id, child.kind, &child.name, uid, &version).await {
            Ok(()) => self.writer.create(id, child, Some(&LiveValues { suspended: true, ..live.values().0 })).await,
            Err(failure) => Err(failure),
        };
        match replaced {
            Ok(object) => Ok(self.wrote(child, &object)),
            Err(failure) if failure.class() == FailureClass::Unavailable => Err(failure),
            Err(failure) => self.read_again(child, live, failure).await,
        }
    }

    fn wrote(&self, child: &Child, object: &Stored) -> Answer {
        self.cache.wrote(child.kind, object);
        Answer { live: object.live(child.kind), found: false }
    }

    /// After a refusal, reads what exists now. Admission runs before versions are compared, so a foreign object can be
    /// the cause of any refused creation.
    async fn read_again(&self, child: &Child, compared: &Live, failure: Failure) -> Result<Answer, Failure> {
        let id = &self.target.id;
        match self.writer.get(id, child).await {
            // Refused as it is: the same request would be refused again.
            Ok(object)
                if failure.class() == FailureClass::Refused
                    && compared.is_version_of(&object.live(child.kind))
                    && !may_be_corrected(compared, &failure) =>
            {
                Err(failure)
            }
            Ok(object) => {
                let live = object.live(child.kind);
                match plan::holder(live.controller().as_ref(), &id.uid) {
                    // Without the operator's label no watch would report its deletion: it isn't cached, and the
                    // creation is tried again later.
                    Some(holder) => self.change(child, |memory| memory.add_conflict(child, &holder, Instant::now())),
                    None => self.cache.wrote(child.kind, &object),
                }
                Ok(Answer { live, found: true })
            }
            Err(gone) if gone.class() == FailureClass::Outdated && failure.class() == FailureClass::Outdated => {
                self.cache.forget(id, child.kind, &child.name);
                self.change(child, |memory| memory.gone = true);
                Ok(Answer { live: Live::Absent, found: true })
            }
            Err(_) => Err(failure),
        }
    }
}

/// Whether an object too large to be compared may be replaced: of a kind without fields that can't be changed a correction is never
/// invalid, and no guard is deleted while there are pods. Nor are pods created while their guards are missing.
fn may_be_replaced(child: &Child, live: &Live, guards: Guards) -> bool {
    guards == Guards::InPlace && matches!(live, Live::Oversized(_)) && !child.kind.rules.immutable.is_empty()
}

/// Whether an invalid request may become valid by a correction: so far only the version of the object is known, not what other field
/// managers have in it. One of them may claim a value that excludes the new one, such as the other handler of a probe.
fn may_be_corrected(compared: &Live, failure: &Failure) -> bool {
    matches!(compared, Live::Outdated { .. }) && failure.is_invalid()
}
