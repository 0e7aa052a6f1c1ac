//! When an object goes that nothing declares any more.

use super::entry::Entry;
use crate::{
    app::{AppId, MIGRATE, PREFLIGHT, PartName},
    desired::{Kind, Progress, Stage},
    plan::Goes,
};

/// When an object of this name goes that nothing declares any more.
pub(super) fn goes(app: &AppId, kind: &Kind, name: &str, entry: &Entry) -> Goes {
    let migration = format!("{}-", app.child_name(&PartName::new(MIGRATE)));
    match &entry.progress {
        Some(Progress::Record(_)) => Goes::Never,
        Some(Progress::Job(_)) if name.starts_with(&migration) => Goes::Never,
        Some(Progress::Job(_)) => Goes::AtOnce,
        // Nothing waits for a host that isn't asked for any more.
        _ if kind.stage == Stage::Entry => Goes::AtOnce,
        _ if name == app.child_name(&PartName::new(PREFLIGHT)) => Goes::AtOnce,
        _ => Goes::WhenReplaced,
    }
}
