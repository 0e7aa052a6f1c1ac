//! The migration of a `HardenedApp`: what changes its databases before a new release runs.

use kube::KubeSchema;
use serde::{Deserialize, Serialize};

use super::{
    component::{Component, ResourceAmounts},
    environment::EnvVar,
    image,
    mount::{ConfigMount, WritablePath},
};

/// Runs to completion before the pods of a new release start; until then, and where it fails, the release before it keeps running.
/// It runs once for each image, command, arguments, environment, mounts and databases that it has; one that has succeeded doesn't run again
/// where a later release returns to it. Its pods have a ServiceAccount and a NetworkPolicy of their own.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("has(self.image) || (has(self.command) && size(self.command) > 0) || (has(self.args) && size(self.args) > 0)").message("the first component's image would only start the application: give command, args or an image"))]
pub struct Migration {
    /// Image reference, as in a component; that of the first component if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 512))]
    #[x_kube(
        validation = image::is_reference(),
        validation = image::has_registry(),
        validation = image::has_version(),
        validation = image::is_not_latest()
    )]
    pub image: Option<String>,

    /// Replaces the image's entrypoint. An argument list, never a shell line.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64), inner(length(max = 4096)))]
    pub command: Vec<String>,

    /// Replaces the image's default arguments.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64), inner(length(max = 4096)))]
    pub args: Vec<String>,

    /// User id of the process. Above 10000; if not given, that of the first component where its image is used, else 65532.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 2_147_483_647))]
    #[x_kube(validation = Rule::new("self > 10000").message("use a user id above 10000, or leave it out"))]
    pub user: Option<i64>,

    /// Group id of the process and of its volumes. Above 10000; the same as `user` if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 2_147_483_647))]
    #[x_kube(validation = Rule::new("self > 10000").message("use a group id above 10000, or leave it out for the user id"))]
    pub group: Option<i64>,

    /// Resources of its pod, used as requests and as limits. Amounts that aren't given come from the policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resources: Option<ResourceAmounts>,

    /// Environment variables.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 128))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".to_string()]))]
    pub env: Vec<EnvVar>,

    /// ConfigMaps to mount, read-only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    pub config: Vec<ConfigMount>,

    /// Secrets to mount, read-only, at `/run/secrets/<name>`. Its own credentials: those of the components need no right to change tables.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), inner(length(min = 1, max = 63)))]
    #[x_kube(
        merge_strategy = ListMerge::Set,
        validation = Rule::new("self.all(name, name.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$'))").message("use names of Secrets: lower-case letters, digits, '-' and '.'")
    )]
    pub secrets: Vec<String>,

    /// Directories the process may write to, each of limited size and empty at start. `/tmp` (64Mi) is always there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["path".to_string()]))]
    pub writable_paths: Vec<WritablePath>,

    /// Names of the databases of this app that it changes. It reaches these and DNS servers, nothing else.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8), inner(length(min = 1, max = 20)))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub connects_to: Vec<String>,

    /// How long all tries together may take, such as `90s`, `10m` or `1h30m`, up to 24 hours; 10 minutes if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 16))]
    #[x_kube(validation = Rule::new("self.matches('^([0-9]{1,6}[smh])+$')").message("write a duration such as 90s, 10m or 1h30m"))]
    pub timeout: Option<String>,

    /// How often it is tried again after a failure, with growing pauses; 2 if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 10))]
    pub retries: Option<i32>,
}

impl Migration {
    /// Its pods in the form of a component of this name. `first` is the app's first component, whose image is the default.
    #[must_use]
    pub fn component(&self, name: &str, first: Option<&Component>) -> Component {
        let same_image = self.image.is_none();
        let of_first = |id: fn(&Component) -> Option<i64>| first.filter(|_| same_image).and_then(id);
        let group = self.group.or_else(|| of_first(|first| first.group).filter(|_| self.user.is_none()));
        Component {
            name: name.to_owned(),
            image: self.image.clone().or_else(|| Some(first?.image.clone())).unwrap_or_default(),
            command: self.command.clone(),
            args: self.args.clone(),
            user: self.user.or_else(|| of_first(|first| first.user)),
            group,
            resources: self.resources.clone(),
            env: self.env.clone(),
            config: self.config.clone(),
            secrets: self.secrets.clone(),
            writable_paths: self.writable_paths.clone(),
            connects_to: self.connects_to.clone(),
            ..Component::default()
        }
    }
}
