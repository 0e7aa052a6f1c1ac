//! The checks before a release: a task that runs the operator's own image in the app's namespace, as hardened as any other.

use crate::{
    api::{PullPolicy, SecretKey},
    app::{
        Database, DatabaseForm, Env, EnvSource, Hardening, Image, PREFLIGHT, Part, PartName, Placement, PodTemplate,
        Probes, Quantity, Release, Resources, Task, Workload,
    },
    preflight::{CHECKS, Checks, DatabaseCheck},
};

/// User and group of the operator's image.
const USER: i64 = 65532;

/// The task that checks what a release needs; `None` where there is nothing to check. `prefix` is what the app's objects' names begin with.
#[must_use]
pub fn preflight(release: &Release, prefix: &str, image: &str) -> Option<Task> {
    let checks = checks(release, prefix);
    if checks.keys.is_empty() && checks.databases.is_empty() {
        return None;
    }
    // The platform's settings are the same for all pods of an app.
    let of_component = |part: &Part| match part {
        Part::Component(workload) => Some((**workload).clone()),
        Part::Database(_) | Part::Task(_) => None,
    };
    let like = release.parts.iter().find_map(of_component)?;
    let pinned = image.contains('@');
    let template = PodTemplate {
        image: Image {
            reference: image.to_owned(),
            pinned,
            // As the chart has it for the operator's own pods.
            pull_policy: if pinned { PullPolicy::IfNotPresent } else { PullPolicy::Always },
            pull_secrets: like.template.image.pull_secrets,
        },
        command: Vec::new(),
        args: vec!["preflight".to_owned()],
        ports: Vec::new(),
        metrics: None,
        devices: [].into(),
        placement: Placement { priority_class: like.template.placement.priority_class, ..Placement::default() },
        resources: Resources {
            cpu: Quantity::milli(50),
            memory: Quantity::mebi(32),
            ephemeral_storage: Quantity::mebi(16),
        },
        env: env(&checks),
        mounts: Vec::new(),
        probes: Probes::default(),
    };
    let hardening = Hardening { user: USER, group: USER, ..like.hardening };
    let workload = Workload { name: PartName::new(PREFLIGHT), template, hardening, exclusive: false };
    Some(Task { workload, timeout: None, retries: 0 })
}

fn checks(release: &Release, prefix: &str) -> Checks {
    let databases = release.parts.iter().filter_map(|part| match part {
        Part::Database(database) => check(database, prefix),
        Part::Component(_) | Part::Task(_) => None,
    });
    Checks::of(&release.secrets, databases.collect(), true)
}

/// A database whose address is known: by the name of its Service, or because it is one.
fn check(database: &Database, prefix: &str) -> Option<DatabaseCheck> {
    let hosts: Vec<String> = match &database.form {
        DatabaseForm::Managed(_) => vec![format!("{prefix}-{}", database.name)],
        DatabaseForm::Pods(pods) => pods.service.iter().cloned().collect(),
        DatabaseForm::External(cidrs) => {
            let single = cidrs.iter().filter(|cidr| cidr.prefix_len() == cidr.max_prefix_len());
            single.map(|cidr| cidr.addr().to_string()).collect()
        }
    };
    let (name, engine, port) = (database.name.to_string(), database.engine, database.port);
    (!hosts.is_empty()).then_some(DatabaseCheck { name, engine, hosts, port })
}

/// The kubelet reads the values; where a Secret or key is missing, it says so in the pod's status and tries again.
///
/// In a literal value it expands `$(NAME)`, also to the value of a Secret, and "double $$ are reduced to a single $": a pattern would be another
/// one. <https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#environment-variables>
fn env(checks: &Checks) -> Vec<Env> {
    // Lists of texts and numbers: nothing that JSON can't have.
    let text = serde_json::to_string(checks).unwrap_or_default().replace('$', "$$");
    let keys = checks.keys.iter().map(|check| Env {
        name: check.variable.clone(),
        source: EnvSource::SecretKey(SecretKey { secret: check.secret.clone(), key: check.key.clone() }),
    });
    [Env { name: CHECKS.to_owned(), source: EnvSource::Literal(text) }].into_iter().chain(keys).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// As the kubelet does it: of `$$` a dollar sign is left, and `$(NAME)` becomes the variable's value.
    fn expanded(value: &str) -> String {
        let piece = |piece: &str| piece.replace("$(KEY_0)", "the value");
        value.split("$$").map(piece).collect::<Vec<_>>().join("$")
    }

    #[test]
    fn patterns_reach_the_checks_as_they_are_declared() {
        assert_eq!(expanded("a$$b $(KEY_0) $c $$(KEY_0)"), "a$b the value $c $(KEY_0)");
        let patterns = [r"^[A-Z]+\$$", "$(KEY_0)", "$$(KEY_0)", "^a$", "$"];
        let keys =
            patterns.map(|pattern| json!({ "secret": "s", "key": "k", "variable": "KEY_0", "pattern": pattern }));
        let checks = json!({ "keys": keys, "databases": [], "denied": true });
        let declared: Checks = serde_json::from_value(checks).unwrap();
        let EnvSource::Literal(text) = env(&declared).remove(0).source else { panic!("the checks are a literal") };
        assert_eq!(serde_json::from_str::<Value>(&expanded(&text)).unwrap(), serde_json::to_value(&declared).unwrap());
    }
}
