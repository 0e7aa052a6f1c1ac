//! Writes the status of an app, and publishes the events for its changes.

use k8s_openapi::{api::core::v1::ObjectReference, jiff::Timestamp};
use kube::{
    Resource,
    runtime::events::{Event, EventType},
};

use super::{context::Context, write::Failure};
use crate::{
    api::{HardenedAppStatus, StoredApp},
    app::AppId,
    plan::Outcome,
    status::{self, EventNote},
};

impl Context {
    /// Writes the status where it differs from the previous one.
    ///
    /// # Errors
    /// If the API server refuses or doesn't answer.
    pub async fn report(
        &self,
        stored: &StoredApp,
        id: &AppId,
        previous: &HardenedAppStatus,
        outcome: &Outcome,
    ) -> Result<(), Failure> {
        let reverted = self.memory.of(&id.uid, |memory| memory.unreported.clone());
        let status = status::report(previous, stored.meta().generation, outcome, &reverted, Timestamp::now());
        if status == *previous {
            return Ok(());
        }
        let version = self.writer.status(id, &status).await?;
        let notes = status::notes(previous, &status);
        self.memory.of(&id.uid, |memory| {
            memory.status = Some((version, status));
            memory.unreported.clear();
        });
        self.publish(stored, notes).await;
        Ok(())
    }

    /// Events only repeat what the status reports: neither a refusal nor a hung request may stop a reconciliation.
    async fn publish(&self, stored: &StoredApp, notes: Vec<EventNote>) {
        for note in notes {
            let event = Event {
                type_: if note.warns { EventType::Warning } else { EventType::Normal },
                reason: note.reason.as_str().to_owned(),
                note: Some(note.text),
                action: note.action.as_str().to_owned(),
                secondary: note.about.map(|child| ObjectReference {
                    kind: Some(child.kind),
                    name: Some(child.name),
                    namespace: stored.meta().namespace.clone(),
                    ..ObjectReference::default()
                }),
            };
            // Logged where it fails. Where one gets no answer, the next ones would only wait, too.
            if self.writer.publish(stored, &event).await.is_err_and(|failure| failure.status().is_none()) {
                return;
            }
        }
    }
}
