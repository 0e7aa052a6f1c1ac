//! A `HardenedApp` as a watch delivers it: readable or not, and never larger in memory than a valid one.

use std::{borrow::Cow, collections::BTreeMap};

use k8s_openapi::{
    apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time},
    jiff::Timestamp,
};
use kube::Resource;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, value::RawValue};

use super::{
    hardened_app::{HardenedApp, HardenedAppSpec},
    length::{is_longer, json_length},
    names::{PAUSED, RERUN},
    status::HardenedAppStatus,
};

/// Longest spec, in bytes of JSON as counted by [`spec_length`]. kubectl stores a copy of it in an annotation; Deployments, their history and all pods contain most
/// of it, too.
pub const LONGEST_SPEC: usize = 128 * 1024;

/// Longest text of a spec that is read at all. It may be longer than the spec is: it may give what counts as not given, such as lists
/// without members.
const LONGEST_TEXT: usize = 2 * LONGEST_SPEC;

/// Longest status that is read, in bytes of JSON: several times what the operator ever writes. Who may write the status can't make
/// it longer in memory.
const LONGEST_STATUS: usize = 256 * 1024;

/// A `HardenedApp` as a watch delivers it: readable or not. Of its metadata only what the operator uses is kept.
#[derive(Clone, Debug)]
pub struct StoredApp(pub Result<HardenedApp, Unreadable>);

/// An object that isn't read as an app.
#[derive(Clone, Debug)]
pub struct Unreadable {
    /// Its metadata.
    pub metadata: ObjectMeta,
    /// Its status, where that can be read.
    pub status: Option<HardenedAppStatus>,
    /// Why it can't be read.
    pub why: Why,
}

/// Why an object isn't read as an app.
#[derive(Clone, Debug)]
pub enum Why {
    /// It doesn't fit the schema: what the parser says.
    Malformed(String),
    /// Its spec is longer than [`LONGEST_SPEC`]: its length in bytes. The object isn't read, since whoever may write one could
    /// otherwise fill the memory of the operator.
    TooLong(usize),
}

/// The parts of an object as text.
#[derive(Deserialize)]
struct Parts<'a> {
    #[serde(borrow)]
    metadata: Option<&'a RawValue>,
    #[serde(borrow)]
    spec: Option<&'a RawValue>,
    #[serde(borrow)]
    status: Option<&'a RawValue>,
}

/// What is kept of the metadata.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Metadata {
    name: Option<String>,
    namespace: Option<String>,
    uid: Option<String>,
    resource_version: Option<String>,
    generation: Option<i64>,
    deletion_timestamp: Option<Timestamp>,
    annotations: Annotations,
}

/// The only annotations that are read.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Annotations {
    // What PAUSED says.
    #[serde(rename = "hardened.dev/paused")]
    paused: Option<String>,
    // What RERUN says.
    #[serde(rename = "hardened.dev/rerun-migration")]
    rerun: Option<String>,
}

/// Longest value of them that is kept.
const LONGEST_ANNOTATION: usize = 64;

impl StoredApp {
    fn read(text: &str) -> Self {
        let parts: Parts<'_> = match serde_json::from_str(text) {
            Ok(parts) => parts,
            Err(error) => {
                let why = Why::Malformed(error.to_string());
                return Self(Err(Unreadable { metadata: ObjectMeta::default(), status: None, why }));
            }
        };
        let metadata = parts.metadata.map(|text| metadata(text.get())).unwrap_or_default();
        let status = parts.status.map(RawValue::get).filter(|text| text.len() <= LONGEST_STATUS);
        let status = status.and_then(|text| serde_json::from_str(text).ok());
        let spec = parts.spec.map_or("null", RawValue::get);
        match read_spec(spec) {
            Ok(spec) => Self(Ok(HardenedApp { metadata, spec, status })),
            Err(why) => Self(Err(Unreadable { metadata, status, why })),
        }
    }

    /// The status, where there is one that can be read.
    #[must_use]
    pub const fn status(&self) -> Option<&HardenedAppStatus> {
        match &self.0 {
            Ok(app) => app.status.as_ref(),
            Err(unreadable) => unreadable.status.as_ref(),
        }
    }
}

fn read_spec(text: &str) -> Result<HardenedAppSpec, Why> {
    if is_longer(text, LONGEST_TEXT) {
        return Err(Why::TooLong(json_length(text)));
    }
    // By way of a tree, so that the message of an error names no line of a text that the user never sees.
    let spec = serde_json::from_str::<Value>(text).and_then(serde_json::from_value);
    let spec = spec.map_err(|error| Why::Malformed(error.to_string()))?;
    match spec_length(&spec) {
        ..=LONGEST_SPEC => Ok(spec),
        length => Err(Why::TooLong(length)),
    }
}

/// The length of a spec in bytes of JSON, without what counts as not given. It doesn't depend on who has written it.
#[must_use]
pub fn spec_length(spec: &impl Serialize) -> usize {
    serde_json::to_string(spec).map_or(0, |text| json_length(&text))
}

fn metadata(text: &str) -> ObjectMeta {
    let Metadata { name, namespace, uid, resource_version, generation, deletion_timestamp, annotations } =
        serde_json::from_str(text).unwrap_or_default();
    let given = [(PAUSED, annotations.paused), (RERUN, annotations.rerun)].into_iter();
    let kept = |(name, value): (&str, Option<String>)| {
        Some((name.to_owned(), value?.chars().take(LONGEST_ANNOTATION).collect()))
    };
    let annotations: BTreeMap<String, String> = given.filter_map(kept).collect();
    ObjectMeta {
        name,
        namespace,
        uid,
        resource_version,
        generation,
        deletion_timestamp: deletion_timestamp.map(Time),
        annotations: (!annotations.is_empty()).then_some(annotations),
        ..ObjectMeta::default()
    }
}

impl<'de> Deserialize<'de> for StoredApp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::read(Box::<RawValue>::deserialize(deserializer)?.get()))
    }
}

impl Resource for StoredApp {
    type DynamicType = ();
    type Scope = <HardenedApp as Resource>::Scope;

    fn kind((): &()) -> Cow<'_, str> {
        HardenedApp::kind(&())
    }

    fn group((): &()) -> Cow<'_, str> {
        HardenedApp::group(&())
    }

    fn version((): &()) -> Cow<'_, str> {
        HardenedApp::version(&())
    }

    fn plural((): &()) -> Cow<'_, str> {
        HardenedApp::plural(&())
    }

    fn meta(&self) -> &ObjectMeta {
        match &self.0 {
            Ok(app) => &app.metadata,
            Err(unreadable) => &unreadable.metadata,
        }
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        match &mut self.0 {
            Ok(app) => &mut app.metadata,
            Err(unreadable) => &mut unreadable.metadata,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn stored(spec: &Value) -> StoredApp {
        let annotations = json!({ PAUSED: "true", "hardened.dev/other": "x", "kubectl.kubernetes.io/last-applied-configuration": "{}" });
        let metadata = json!({
            "name": "shop", "namespace": "demo", "uid": "1", "resourceVersion": "7", "generation": 3, "labels": { "a": "b" },
            "annotations": annotations, "managedFields": [{ "manager": "kubectl" }], "deletionTimestamp": "2026-11-01T00:00:00Z",
        });
        let object =
            json!({ "apiVersion": "hardened.dev/v1alpha1", "kind": "HardenedApp", "metadata": metadata, "spec": spec });
        serde_json::from_str(&object.to_string()).unwrap()
    }

    #[test]
    fn of_the_metadata_only_what_is_used_is_kept() {
        let app = stored(&json!({ "components": [] }));
        let metadata = app.meta();
        assert_eq!((metadata.name.as_deref(), metadata.generation), (Some("shop"), Some(3)));
        assert_eq!(metadata.annotations.as_ref().unwrap().keys().collect::<Vec<_>>(), ["hardened.dev/paused"]);
        assert!(metadata.deletion_timestamp.is_some());
        assert_eq!((&metadata.labels, &metadata.managed_fields), (&None, &None));
        assert!(app.0.is_ok());
    }

    #[test]
    fn a_spec_that_is_malformed_or_too_long_is_kept_as_metadata() {
        let malformed = stored(&json!({ "components": [{ "name": 1 }] })).0.unwrap_err();
        assert_eq!(malformed.metadata.name.as_deref(), Some("shop"));
        assert!(
            matches!(malformed.why, Why::Malformed(words) if words == "invalid type: integer `1`, expected a string")
        );
        let long = stored(&json!({ "components": [{ "name": "x".repeat(LONGEST_SPEC), "image": "r.io/web:1" }] }))
            .0
            .unwrap_err();
        assert_eq!(long.metadata.uid.as_deref(), Some("1"));
        assert!(matches!(long.why, Why::TooLong(length) if length > LONGEST_SPEC));
    }

    #[test]
    fn what_the_api_server_writes_at_greater_length_isnt_too_long() {
        let read = |count: usize, env: Value| {
            let web =
                json!({ "name": "web", "image": "r.io/web:1", "args": vec!["<".repeat(4096); count], "env": env });
            let text = json!({ "spec": { "components": [web] } }).to_string().replace('<', r"\u003c");
            StoredApp::read(&text)
        };
        assert_eq!(read(31, json!([])).0.unwrap().spec.components[0].args[30].len(), 4096);
        // Nor is what gives values that count as not given.
        let empty = json!({ "name": "A", "value": "x", "secretKey": null });
        let spec = read(28, json!(vec![empty; 250])).0.unwrap().spec;
        assert!(spec_length(&spec) < LONGEST_SPEC);
        for count in [32, 100] {
            let why = read(count, json!([])).0.unwrap_err().why;
            assert!(matches!(why, Why::TooLong(found) if found / 4096 == count), "{why:?}");
        }
    }
}
