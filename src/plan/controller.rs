//! The owner that an object names as its controller.

use serde::Deserialize;
use serde_json::Value;

use kube::Resource;

use crate::api::{GROUP, HardenedApp};

/// Longest text of a reference that is kept: no UID and no name is longer.
const LONGEST: usize = 256;

/// The owner reference that is marked as the controller. Clients can write any text into it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Controller {
    api_version: String,
    kind: String,
    /// Name of the owner.
    pub name: String,
    /// UID of the owner.
    pub uid: String,
    #[serde(rename = "controller")]
    controls: bool,
}

impl Controller {
    /// The controller of an object.
    #[must_use]
    pub fn of(object: &Value) -> Option<Self> {
        let references = object.pointer("/metadata/ownerReferences")?.as_array()?;
        Self::among(references.iter().filter_map(|reference| Self::deserialize(reference).ok()))
    }

    /// The one that is marked.
    pub(super) fn among(mut references: impl Iterator<Item = Self>) -> Option<Self> {
        let found = references.find(|reference| reference.controls)?;
        let cut = |text: String| if text.len() > LONGEST { text.chars().take(LONGEST).collect() } else { text };
        let Self { api_version, kind, name, uid, controls } = found;
        Some(Self { api_version: cut(api_version), kind: cut(kind), name: cut(name), uid: cut(uid), controls })
    }

    /// Whether it is a `HardenedApp`, of whichever version.
    #[must_use]
    pub fn is_app(&self) -> bool {
        self.kind == *HardenedApp::kind(&())
            && self.api_version.split_once('/').is_some_and(|(group, _)| group == GROUP)
    }

    fn describe(&self) -> String {
        let or = |text: &str, other: &str| if text.is_empty() { other.to_owned() } else { text.to_owned() };
        format!("{} {}", or(&self.kind, "object"), or(&self.name, "without a name")).chars().take(LONGEST).collect()
    }
}

/// Who controls the object, if not the app with this UID: an owner with another UID, or `none`.
#[must_use]
pub fn holder(controller: Option<&Controller>, uid: &str) -> Option<String> {
    match controller {
        Some(controller) if controller.uid == uid => None,
        Some(controller) => Some(controller.describe()),
        None => Some("none".to_owned()),
    }
}
