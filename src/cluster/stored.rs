//! An object as the API server sends it, of whatever kind: its text, which is read as far as its size allows. No value that a later
//! Kubernetes introduces is lost.

use std::borrow::Cow;

use kube::{
    Resource,
    api::{ApiResource, DynamicObject, ObjectMeta},
    core::DynamicResourceScope,
};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, value::RawValue};

use crate::{
    api::{MANAGER, is_longer},
    desired::{Care, Kind},
    plan::{LARGEST, Live, Oversized},
};

/// An object of any kind.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    /// Only what a client needs: name, namespace, UID and version.
    metadata: ObjectMeta,
    /// Whether it has the operator's label.
    is_labelled: bool,
    text: Box<RawValue>,
}

/// An object, as far as it may be read.
pub(super) enum Content {
    Whole(Value),
    Oversized(Box<Oversized>),
}

impl Stored {
    /// Whether it has the operator's label.
    pub(super) const fn is_labelled(&self) -> bool {
        self.is_labelled
    }

    /// Reads some fields of the object, whatever its size; `None` if they aren't of the types that the API has.
    pub(super) fn parse<'a, T: Deserialize<'a>>(&'a self) -> Option<T> {
        serde_json::from_str(self.text.get()).ok()
    }

    /// Reads the object.
    pub(super) fn read(&self) -> Content {
        self.read_up_to(LARGEST)
    }

    /// Reads the object, unless it is longer than this.
    fn read_up_to(&self, longest: usize) -> Content {
        let text = self.text.get();
        let whole = if is_longer(text, longest) { None } else { serde_json::from_str(text).ok() };
        whole.map_or_else(|| Content::Oversized(Box::new(Oversized::read(text))), Content::Whole)
    }

    /// Reads the object and adds its type, which the members of a list don't carry.
    pub(super) fn read_as(&self, kind: &Kind) -> Content {
        // Who may edit a namespace can't write the record, which lists each connection of an app.
        let longest = if kind.care == Care::Record { usize::MAX } else { LARGEST };
        let mut content = self.read_up_to(longest);
        if let Content::Whole(Value::Object(fields)) = &mut content {
            fields.insert("apiVersion".to_owned(), kind.api_version().into());
            fields.insert("kind".to_owned(), kind.name.into());
        }
        content
    }

    /// The object as it is compared.
    pub(super) fn live(&self, kind: &Kind) -> Live {
        match self.read_as(kind) {
            Content::Whole(object) => Live::answered(object),
            Content::Oversized(found) => Live::Oversized(found),
        }
    }
}

impl<'de> Deserialize<'de> for Stored {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Box::<RawValue>::deserialize(deserializer)?;
        let Head { metadata } = serde_json::from_str(text.get()).unwrap_or_default();
        let Identity { name, namespace, uid, resource_version, labels } = metadata;
        let is_labelled = labels.is_some_and(|labels| labels.managed_by.as_deref() == Some(MANAGER));
        let metadata = ObjectMeta { name, namespace, uid, resource_version, ..ObjectMeta::default() };
        Ok(Self { metadata, is_labelled, text })
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Head {
    metadata: Identity,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Identity {
    name: Option<String>,
    namespace: Option<String>,
    uid: Option<String>,
    resource_version: Option<String>,
    labels: Option<Labels>,
}

#[derive(Deserialize)]
struct Labels {
    // What MANAGED_BY says.
    #[serde(rename = "app.kubernetes.io/managed-by")]
    managed_by: Option<String>,
}

impl Resource for Stored {
    type DynamicType = ApiResource;
    type Scope = DynamicResourceScope;

    fn kind(resource: &ApiResource) -> Cow<'_, str> {
        DynamicObject::kind(resource)
    }

    fn group(resource: &ApiResource) -> Cow<'_, str> {
        DynamicObject::group(resource)
    }

    fn version(resource: &ApiResource) -> Cow<'_, str> {
        DynamicObject::version(resource)
    }

    fn api_version(resource: &ApiResource) -> Cow<'_, str> {
        DynamicObject::api_version(resource)
    }

    fn plural(resource: &ApiResource) -> Cow<'_, str> {
        DynamicObject::plural(resource)
    }

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}
