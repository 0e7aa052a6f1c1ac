//! One database of a `HardenedApp`: which components may connect to it, and in which of three forms it exists.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use super::{component::ResourceAmounts, image};

/// A database that only its clients can reach: the components that name it under `connectsTo`, and those in `allowFrom`.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("[has(self.managed), has(self.pods), has(self.external)].filter(given, given).size() == 1").message("give exactly one of managed, pods and external"),
    validation = Rule::new("self.engine != 'other' || has(self.port)").message("the engine 'other' has no default port: give port"),
    validation = Rule::new("!has(self.managed) || self.engine in ['postgres', 'redis']").message("only postgres and redis can be managed: use pods or external"),
    validation = Rule::new("!has(self.managed) || !has(self.managed.maxMemory) || self.engine == 'redis'").message("maxMemory is for redis: remove it"),
    validation = Rule::new("!has(self.managed) || !has(self.managed.user) || self.engine == 'postgres'").message("user is for postgres: remove it"),
    validation = Rule::new("!has(self.external) || !has(self.allowFrom)").message("who else reaches an external database isn't decided here: remove allowFrom"),
    validation = Rule::new("!has(self.managed) || !has(oldSelf.managed) || self.engine == oldSelf.engine").message("the engine of a managed database can't change: its data stay in the format of the first one")
)]
pub struct Database {
    /// Name within the app. Components and databases share one name space.
    #[schemars(length(min = 1, max = 20))]
    #[x_kube(
        validation = Rule::new("self.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')").message("use lower-case letters, digits and '-', starting with a letter and not ending with '-'"),
        validation = Rule::new("!(self in ['migrate', 'preflight'])").message("'migrate' and 'preflight' are reserved: choose another name")
    )]
    pub name: String,

    /// What kind of database it is; decides the port if none is given.
    pub engine: Engine,

    /// TCP port on which it accepts connections. If not given: 5432 for postgres, 3306 for mysql, 6379 for redis, 27017 for mongodb.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65535))]
    pub port: Option<i32>,

    /// A database that the operator runs, with one instance: for development and small services. For more, run it with an operator
    /// such as CloudNativePG and name its pods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub managed: Option<ManagedDatabase>,

    /// Existing pods of this namespace, which others run. The operator restricts who may connect to them, nothing else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pods: Option<DatabasePods>,

    /// A database outside the cluster. The operator opens the way to it for its clients only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external: Option<ExternalDatabase>,

    /// Components of other apps of this namespace that may connect too. To the pods of `pods` they get there by a database of their
    /// own with the same labels, to a managed one by `connectsToApps`. Under the component name `migrate` the other app's migration is
    /// meant, under `preflight` its checks before a release.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    pub allow_from: Vec<DatabaseClient>,
}

/// A kind of database.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// PostgreSQL, on port 5432.
    #[default]
    Postgres,
    /// MySQL or MariaDB, on port 3306.
    Mysql,
    /// Redis or Valkey, on port 6379.
    Redis,
    /// MongoDB, on port 27017.
    Mongodb,
    /// Any other, on the port that is given.
    Other,
}

/// A database that the operator runs.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("has(self.storageClassName) == has(oldSelf.storageClassName) && (!has(self.storageClassName) || self.storageClassName == oldSelf.storageClassName)").message("the storage class can't change: the volume exists"),
    validation = Rule::new("has(self.user) == has(oldSelf.user) && (!has(self.user) || self.user == oldSelf.user)").message("the user can't change: the database was created with it")
)]
pub struct ManagedDatabase {
    /// Image that behaves as the official one of the engine (`docker.io/library/postgres`, `docker.io/library/redis`), with a tag
    /// other than `latest`, a digest, or both.
    #[schemars(length(min = 1, max = 512))]
    #[x_kube(validation = image::is_reference(), validation = image::has_registry(), validation = image::has_version(), validation = image::is_not_latest())]
    pub image: String,

    /// Size of its volume. The claim is made with the database and kept when the database or the app is deleted.
    #[schemars(length(min = 1, max = 32))]
    #[x_kube(
        validation = Rule::new("isQuantity(self) && quantity(self).isGreaterThan(quantity('0'))").message("write a quantity above 0 such as 10Gi"),
        validation = Rule::new("self == oldSelf").message("the size can't change: enlarge the claim itself")
    )]
    pub storage: String,

    /// StorageClass of its volume; the cluster's default if not given. Where the policy names encrypted classes, it must be one of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    pub storage_class_name: Option<String>,

    /// Name of the Secret with its password, which `hardened-app database-secret` prints. The operator doesn't read it.
    #[schemars(length(min = 1, max = 253))]
    pub password_secret: String,

    /// Of postgres: name of the user, and of the database that it owns; `app` if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63))]
    #[x_kube(validation = Rule::new("self.matches('^[a-z_][a-z0-9_]*$')").message("use lower-case letters, digits and '_', starting with a letter"))]
    pub user: Option<String>,

    /// Of redis: how much memory its data may take, 256Mi if not given; beyond it the keys used longest ago go (allkeys-lru).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 32))]
    #[x_kube(validation = Rule::new("isQuantity(self) && quantity(self).isGreaterThan(quantity('0'))").message("write a quantity above 0 such as 256Mi"))]
    pub max_memory: Option<String>,

    /// Resources of its pod, used as requests and as limits. Amounts that aren't given come from the policy, but the memory is
    /// at least 256Mi for postgres, and 1.5 times `maxMemory` and 64Mi for redis.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resources: Option<ResourceAmounts>,
}

/// Existing pods of this namespace, which others run.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct DatabasePods {
    /// Labels of the pods. Pods of a HardenedApp are never among them. They can't change.
    #[schemars(extend("minProperties" = 1, "maxProperties" = 8, "additionalProperties" = { "type": "string", "maxLength": 63 }))]
    #[x_kube(validation = Rule::new("self == oldSelf").message("the labels can't change, since pods that have the earlier ones would be open at once: name the new ones as a database of another name"))]
    pub match_labels: BTreeMap<String, String>,
    /// Name of the Service by which clients connect. Where it is given, a new release waits until the database answers there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63))]
    #[x_kube(validation = Rule::new("self.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')").message("use the name of a Service: lower-case letters, digits and '-'"))]
    pub service: Option<String>,
    /// Pods that run the database, such as those of its operator: they may connect on every port.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8))]
    pub managed_by: Vec<DatabaseManager>,
    /// TCP port of its metrics. The monitoring pods that the policy names, if any, may connect to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65535))]
    pub metrics_port: Option<i32>,
}

/// Pods that run a database.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct DatabaseManager {
    /// Namespace of the pods.
    #[schemars(length(min = 1, max = 63))]
    #[x_kube(validation = Rule::new("self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')").message("use the name of a namespace"))]
    pub namespace: String,
    /// Labels of the pods; all pods of the namespace if not given.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 8, "additionalProperties" = { "type": "string", "maxLength": 63 }))]
    pub pod_labels: BTreeMap<String, String>,
}

/// A database outside the cluster.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
pub struct ExternalDatabase {
    /// Its address ranges, IPv4 or IPv6: `192.0.2.5/32`.
    #[schemars(length(min = 1, max = 16), inner(length(min = 3, max = 49)))]
    #[x_kube(
        merge_strategy = ListMerge::Set,
        validation = Rule::new("self.all(range, isCIDR(range))").message("write address ranges such as 192.0.2.5/32")
    )]
    pub cidrs: Vec<String>,
}

/// A component of another app of this namespace.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
pub struct DatabaseClient {
    /// Name of the other HardenedApp.
    #[schemars(length(min = 1, max = 30))]
    #[x_kube(validation = Rule::new("self.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')").message("use the name of a HardenedApp"))]
    pub app: String,
    /// Name of its component.
    #[schemars(length(min = 1, max = 20))]
    #[x_kube(validation = Rule::new("self.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')").message("use the name of a component"))]
    pub component: String,
}
