//! Jobs that may start pods at any moment: what guards these pods stays for as long.

use super::entry::Entry;
use crate::desired::Progress;

/// What the objects that guard the pods of this Job are called, while it may start pods.
pub(super) fn active_task(entry: &Entry) -> Option<&str> {
    match &entry.progress {
        // Named after the task, with a hash.
        Some(Progress::Job(job)) if job.is_active() => job.name.rsplit_once('-').map(|(task, _)| task),
        _ => None,
    }
}
