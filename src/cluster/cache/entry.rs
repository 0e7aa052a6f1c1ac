//! What the cache keeps of one child: enough to know that nothing must be done, and the object only while that isn't
//! known.

use std::time::{Duration, Instant};

use kube::Resource;
use serde_json::Value;

use super::fingerprint::Compact;

use crate::{
    api::{GROUP, HardenedApp},
    desired::{Kind, PART_OF, Progress},
};

/// How long the operator's own write outranks a watch event: longer than any healthy watch lags behind, and short
/// enough that events are accepted again soon after a restore of the cluster, which makes versions decrease.
const OWN_WRITE_OUTRANKS: Duration = Duration::from_secs(30);

/// Namespace and name of an app.
pub type AppKey = (String, String);

/// One live child.
#[derive(Debug)]
pub(in crate::cluster) struct Entry {
    pub(super) uid: String,
    pub(super) version: u64,
    /// UID of the controller it names, if any.
    pub(super) controller: Option<String>,
    /// Name of the app it belongs to: its controller, or else the value of its label.
    pub(super) app: String,
    /// The object as JSON text, until it is judged equal to what is declared.
    pub(super) object: Option<Box<str>>,
    /// Hash of the declared object that it was found equal to, last.
    pub(super) verified: Option<String>,
    pub(super) unowned: Vec<String>,
    /// It is being deleted.
    pub(super) leaving: bool,
    pub(in crate::cluster) progress: Option<Progress>,
    fingerprint: u64,
    written: Option<Instant>,
}

impl Entry {
    /// Reads an object. `None` if it has no UID or version, as no stored object has.
    pub(in crate::cluster) fn read(kind: &Kind, object: &Value) -> Option<Self> {
        let metadata = object.get("metadata")?;
        let text = |field: &str| metadata.get(field).and_then(Value::as_str);
        let compact = Compact::of(kind, object);
        Some(Self {
            uid: text("uid")?.to_owned(),
            version: text("resourceVersion")?.parse().ok()?,
            controller: controller(metadata, "uid"),
            app: controller(metadata, "name").or_else(|| label(metadata, PART_OF)).unwrap_or_default(),
            fingerprint: compact.fingerprint,
            object: Some(compact.text),
            verified: None,
            unowned: Vec::new(),
            leaving: metadata.get("deletionTimestamp").is_some_and(|time| !time.is_null()),
            progress: kind.progress.map(|progress| progress(object)),
            written: None,
        })
    }

    /// Marks it as the response to the operator's own write.
    pub(super) fn written_now(mut self) -> Self {
        self.written = Some(Instant::now());
        self
    }

    /// Whether `newer`, of the same name, is in fact older than what the operator wrote.
    pub(super) fn outranks(&self, newer: &Self) -> bool {
        self.uid == newer.uid && newer.version < self.version && self.is_fresh_write()
    }

    fn is_fresh_write(&self) -> bool {
        self.written.is_some_and(|written| written.elapsed() < OWN_WRITE_OUTRANKS)
    }

    pub(super) fn is_written_since(&self, moment: Instant) -> bool {
        self.written.is_some_and(|written| written >= moment)
    }

    /// Takes over what is known of the same object from an earlier version of it.
    pub(super) fn succeed(&mut self, earlier: Self) {
        if earlier.uid == self.uid {
            if earlier.fingerprint == self.fingerprint && earlier.object.is_none() {
                self.object = None;
            }
            self.verified = earlier.verified;
            self.unowned = earlier.unowned;
            self.written = self.written.or(earlier.written);
        }
    }

    /// Whether a verdict on `object` holds for this too: it is the same object, and differs in nothing that can be
    /// judged.
    pub(super) fn is_judged_with(&self, kind: &Kind, object: &Value) -> bool {
        self.has_uid_of(object)
            && (self.has_version_of(object) || self.fingerprint == Compact::of(kind, object).fingerprint)
    }

    /// Whether this is the operator's own write, which the watch now reports too: nothing new, so the object needn't be
    /// read.
    pub(super) fn is_echoed_by(&self, object: &Value) -> bool {
        self.is_fresh_write() && self.has_uid_of(object) && self.has_version_of(object)
    }

    fn has_uid_of(&self, object: &Value) -> bool {
        object.pointer("/metadata/uid").and_then(Value::as_str) == Some(&self.uid)
    }

    fn has_version_of(&self, object: &Value) -> bool {
        let version = object.pointer("/metadata/resourceVersion").and_then(Value::as_str);
        version.and_then(|version| version.parse().ok()) == Some(self.version)
    }

    /// Whether the two need the same work.
    pub(super) fn is_same_work(&self, other: &Self) -> bool {
        self.uid == other.uid && self.fingerprint == other.fingerprint && self.progress == other.progress
    }
}

fn label(metadata: &Value, name: &str) -> Option<String> {
    metadata.get("labels")?.get(name)?.as_str().map(str::to_owned)
}

/// A field of the reference to the controller, if that is an app.
fn controller(metadata: &Value, field: &str) -> Option<String> {
    let references = metadata.get("ownerReferences")?.as_array()?;
    let controller = references.iter().find(|reference| reference.get("controller") == Some(&Value::Bool(true)))?;
    let is_app = controller.get("kind")? == &*HardenedApp::kind(&())
        && controller.get("apiVersion")?.as_str()?.starts_with(&format!("{GROUP}/"));
    is_app.then(|| controller.get(field)?.as_str().map(str::to_owned))?
}
