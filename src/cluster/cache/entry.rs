//! What the cache keeps of one child: enough to know that nothing must be done, and the object only while that isn't
//! known.

use std::time::{Duration, Instant};

use kube::Resource;
use serde_json::Value;

use super::{
    super::stored::{Content as Read, Stored},
    fingerprint::{fingerprint, without_status},
    text::{Room, Text},
};
use crate::{
    api::{PART_OF, version},
    desired::{Care, Kind, Progress},
    plan::{Controller, Oversized, disowned, holder},
};

/// How long the operator's own write outranks a watch event: longer than any healthy watch lags behind, and short
/// enough that events are accepted again soon after a restore of the cluster, which makes versions decrease.
const OWN_WRITE_OUTRANKS: Duration = Duration::from_secs(30);

/// Longest hash that the operator writes.
const LONGEST_HASH: usize = 64;

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
    pub(super) content: Content,
    /// Hash of the declared object that it was found equal to, last.
    pub(super) verified: Option<String>,
    pub(super) unowned: Vec<String>,
    /// It is being deleted.
    pub(super) leaving: bool,
    pub(in crate::cluster) progress: Option<Progress>,
    fingerprint: u64,
    written: Option<Instant>,
}

/// What is kept of the object itself.
#[derive(Debug)]
pub(super) enum Content {
    /// Nothing: it was compared.
    Compared,
    /// Its text, until it is compared.
    Text(Text),
    /// Nothing, for want of room: it is read before it is compared. Length of its text.
    Unread(usize),
    /// It is too large to be compared.
    Oversized(Box<Oversized>),
    /// It names no app as its controller.
    Foreign { holder: String, disowned: Option<String> },
}

impl Entry {
    /// Reads an object. `None` if it has no UID or version, as no stored object has.
    pub(in crate::cluster) fn read(
        kind: &'static Kind,
        stored: &Stored,
        earlier: Option<&Self>,
        room: &Room,
    ) -> Option<Self> {
        match stored.read_as(kind) {
            Read::Whole(object) => Self::whole(kind, &object, earlier, room),
            Read::Oversized(found) => Some(Self { uid: stored.meta().uid.clone()?, ..Self::oversized(found) }),
        }
    }

    fn whole(kind: &'static Kind, object: &Value, earlier: Option<&Self>, room: &Room) -> Option<Self> {
        let metadata = object.get("metadata")?;
        let text = |field: &str| metadata.get(field).and_then(Value::as_str);
        let (uid, fingerprint) = (text("uid")?.to_owned(), fingerprint(kind, object));
        let controller = Controller::of(object);
        let label = metadata.get("labels").and_then(|labels| labels.get(PART_OF)).and_then(Value::as_str);
        let app = owner(controller.as_ref(), label);
        let compared = |earlier: &Self| {
            earlier.uid == uid && earlier.fingerprint == fingerprint && matches!(earlier.content, Content::Compared)
        };
        let is_app = controller.as_ref().is_some_and(Controller::is_app);
        let content = if earlier.is_some_and(compared) || (kind.care == Care::Record && is_app) {
            Content::Compared
        } else if is_app {
            let text = without_status(object);
            room.keep(kind, &text).map_or(Content::Unread(text.len()), Content::Text)
        } else {
            let disowned = disowned(object).filter(|hash| hash.len() <= LONGEST_HASH).map(str::to_owned);
            Content::Foreign { holder: holder(controller.as_ref(), "").unwrap_or_default(), disowned }
        };
        Some(Self {
            version: text("resourceVersion")?.parse().ok()?,
            controller: app_uid(controller.as_ref()),
            leaving: metadata.get("deletionTimestamp").is_some_and(|time| !time.is_null()),
            progress: kind.progress.map(|progress| progress(object)),
            ..Self::new(uid, app, content, fingerprint)
        })
    }

    fn oversized(found: Box<Oversized>) -> Self {
        let (uid, version, leaving) = (found.uid.clone(), found.version, found.leaving);
        let app = owner(found.controller.as_ref(), found.part_of.as_deref());
        let controller = app_uid(found.controller.as_ref());
        let content = if controller.is_some() {
            Content::Oversized(found)
        } else {
            Content::Foreign { holder: holder(found.controller.as_ref(), "").unwrap_or_default(), disowned: None }
        };
        // Each version counts as another object: what differs isn't known.
        Self { version, controller, leaving, ..Self::new(uid, app, content, version) }
    }

    fn new(uid: String, app: String, content: Content, fingerprint: u64) -> Self {
        Self {
            uid,
            version: 0,
            controller: None,
            app,
            content,
            verified: None,
            unowned: Vec::new(),
            leaving: false,
            progress: None,
            fingerprint,
            written: None,
        }
    }

    /// Whether no app controls it.
    pub(super) const fn is_foreign(&self) -> bool {
        matches!(self.content, Content::Foreign { .. })
    }

    /// Bytes of JSON that a comparison of it reads.
    pub(super) fn weight(&self) -> usize {
        match &self.content {
            Content::Text(text) => text.length(),
            Content::Unread(length) => *length,
            Content::Compared | Content::Oversized(_) | Content::Foreign { .. } => 0,
        }
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
            if matches!(self.content, Content::Oversized(_)) {
                self.progress = earlier.progress;
            }
            self.verified = earlier.verified;
            self.unowned = earlier.unowned;
            self.written = self.written.or(earlier.written);
        }
    }

    /// Whether a verdict on `object` holds for this too: it is the same object, and differs in nothing that can be
    /// judged.
    pub(super) fn is_judged_with(&self, kind: &Kind, object: &Value) -> bool {
        let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str);
        let version = text("/metadata/resourceVersion").and_then(|version| version.parse().ok());
        text("/metadata/uid") == Some(&self.uid)
            && (version == Some(self.version) || self.fingerprint == fingerprint(kind, object))
    }

    /// Whether this is the operator's own write, which the watch now reports too: nothing new, so the object needn't be
    /// read.
    pub(super) fn is_echoed_by(&self, stored: &Stored) -> bool {
        let metadata = stored.meta();
        self.is_fresh_write() && metadata.uid.as_ref() == Some(&self.uid) && version(metadata) == self.version
    }

    /// Whether the two need the same work.
    pub(super) fn is_same_work(&self, other: &Self) -> bool {
        self.uid == other.uid && self.fingerprint == other.fingerprint && self.progress == other.progress
    }
}

/// UID of the controller, if that is an app.
fn app_uid(controller: Option<&Controller>) -> Option<String> {
    controller.filter(|controller| controller.is_app()).map(|controller| controller.uid.clone())
}

/// Name of the app: its controller, or else the value of its label.
fn owner(controller: Option<&Controller>, label: Option<&str>) -> String {
    let app = controller.filter(|controller| controller.is_app()).map(|controller| controller.name.as_str());
    app.or(label).unwrap_or_default().to_owned()
}
