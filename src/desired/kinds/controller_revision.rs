//! ControllerRevision: an entry of the record of releases. It isn't compared with anything: it decides what the rest is compared with.

use serde_json::{Value, json};

use crate::{
    app::{AppId, short_hash, without_nulls},
    desired::{
        child::Child,
        draft::Draft,
        json::insert,
        kind::{Care, Kind, Presence, Rules, Sight, Stage},
        progress::Progress,
    },
    release::{FACTS, Recorded, Revision, UNGATED},
};

pub(super) const KIND: Kind = Kind {
    name: "ControllerRevision",
    group: "apps",
    version: "v1",
    plural: "controllerrevisions",
    presence: Presence::Always,
    sight: Sight::Labelled,
    stage: Stage::Guard,
    care: Care::Record,
    build: |_| Vec::new(),
    progress: Some(progress),
    rules: Rules {
        keyed: &[],
        ordered: &[],
        unordered: &[],
        // Who may write ControllerRevisions decides what runs. "edit" doesn't: the role of namespaces' users can only read them.
        dangerous: &["data", "revision"],
        commanding: &[],
        tolerated: &["metadata annotations *"],
        harmless: &["metadata labels *"],
        omitted_if_false: &[],
        immutable: &[],
        volatile: &[],
        public: false,
        always_enforced: true,
    },
};

/// The object of an entry.
#[must_use]
pub fn entry(id: &AppId, entry: &Revision, recorded: &Recorded) -> Child {
    let data = without_nulls(json!({ "release": recorded.release }));
    let draft = Draft::new(None, entry.name.clone(), json!({ "revision": entry.number, "data": data }));
    let mut child = Child::complete(&KIND, id, draft);
    if let Some(annotations) = child.body.pointer_mut("/metadata/annotations") {
        insert(annotations, FACTS, json!(entry.facts.text()));
        insert(annotations, UNGATED, json!(recorded.kept.text()));
    }
    child
}

/// Reads what the decision about a release needs; its data are read when that release must be enforced.
fn progress(entry: &Value) -> Progress {
    let text = |pointer: &str| entry.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let annotation = |name: &str| entry.pointer("/metadata/annotations").and_then(|all| all.get(name)?.as_str());
    let facts = annotation(FACTS).and_then(|facts| serde_json::from_str(facts).ok());
    Progress::Record(facts.map(|facts| {
        Box::new(Revision {
            name: text("/metadata/name").to_owned(),
            version: String::new(),
            number: entry.get("revision").and_then(Value::as_i64).unwrap_or_default(),
            ungated: annotation(UNGATED).map(short_hash).unwrap_or_default(),
            facts,
        })
    }))
}
