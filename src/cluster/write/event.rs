//! Events, sent like all other writes. They only repeat what the status reports.

use std::time::Duration;

use kube::{Resource, runtime::events::Event};

use super::{failure::Failure, writer::Writer};
use crate::{api::StoredApp, app::AppId};

/// The longest wait for an event to be accepted.
const LONGEST_EVENT: Duration = Duration::from_secs(5);

impl Writer {
    /// Publishes an event about an app; one like an earlier one raises the count of that.
    ///
    /// # Errors
    /// If the API server refuses or doesn't answer soon.
    pub(in crate::cluster) async fn publish(&self, stored: &StoredApp, event: &Event) -> Result<(), Failure> {
        let (id, about) = (AppId::of(stored.meta()), stored.object_ref(&()));
        // In memory of its own: it is large, and most reconciliations publish none.
        let request = Box::pin(self.recorder.publish(event, &about));
        self.send_within(LONGEST_EVENT, "publish", &id, "Event", &id.name, request).await
    }
}
