//! The operator's HTTP endpoints: metrics, readiness and liveness.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use e2e::operator::{self, Operator, page};
use e2e::{ControlPlane, audit, until};
use futures::future::try_join_all;
use hardened_app::desired::KINDS;
use kube::api::DeleteParams;
use serde_json::Value;

use crate::scene::{Scene, WEB, web_kinds};
use crate::tamper::{edit, set};
use crate::wait::LIMIT;

/// One scrape: each sample with its value.
struct Samples(BTreeMap<String, f64>);

impl Samples {
    async fn scrape(control_plane: &ControlPlane) -> Result<Self> {
        let (code, text) = page(control_plane, "/metrics").await?;
        ensure!(code == 200 && text.ends_with("# EOF\n"), "{code}: {text}");
        let samples = text.lines().filter(|line| !line.starts_with('#')).map(|line| {
            let (sample, value) = line.rsplit_once(' ').with_context(|| format!("not a sample: {line}"))?;
            Ok((sample.to_owned(), value.parse()?))
        });
        Ok(Self(samples.collect::<Result<_>>()?))
    }

    fn value(&self, sample: &str) -> Option<f64> {
        self.0.get(sample).copied()
    }

    /// The samples that contain this text.
    fn of(&self, labels: &str) -> Vec<&String> {
        self.0.keys().filter(|sample| sample.contains(labels)).collect()
    }

    fn writes(&self) -> Writes {
        let requests = self.0.iter().filter(|(sample, _)| sample.starts_with("rest_client_requests_total{"));
        let label = |sample: &str, name: &str| {
            let (_, rest) = sample.split_once(&format!("{name}=\""))?;
            rest.split_once('"').map(|(value, _)| value.to_owned())
        };
        let writes = requests.filter_map(|(sample, count)| {
            let count = count.to_string().parse().ok()?;
            Some(((label(sample, "method")?, label(sample, "code")?.parse().ok()?), count))
        });
        // It replaces nothing but the lease of the leader election, in its own namespace.
        let is_write = |method: &String| !["GET", "PUT"].contains(&method.as_str());
        writes.filter(|((method, _), _): &((String, u16), usize)| is_write(method)).collect()
    }
}

/// Waits until a sample has a value.
async fn shows(control_plane: &ControlPlane, sample: &str, value: Option<f64>) -> Result<()> {
    until(&format!("{sample} is {value:?}"), LIMIT, async || {
        Ok((Samples::scrape(control_plane).await?.value(sample) == value).then_some(()))
    })
    .await
}

#[tokio::test]
async fn the_metrics_exist_and_every_watch_is_granted() -> Result<()> {
    let control_plane = ControlPlane::shared()?;
    let samples = Samples::scrape(&control_plane).await?;
    for sample in [
        "controller_runtime_reconcile_total{controller=\"hardenedapp\",result=\"success\"}",
        "controller_runtime_reconcile_total{controller=\"hardenedapp\",result=\"error\"}",
        "controller_runtime_reconcile_total{controller=\"hardenedapp\",result=\"requeue\"}",
        "controller_runtime_reconcile_total{controller=\"hardenedapp\",result=\"requeue_after\"}",
        "controller_runtime_reconcile_errors_total{controller=\"hardenedapp\"}",
        "controller_runtime_reconcile_time_seconds_sum{controller=\"hardenedapp\"}",
        "controller_runtime_reconcile_time_seconds_count{controller=\"hardenedapp\"}",
        "controller_runtime_active_workers{controller=\"hardenedapp\"}",
        "controller_runtime_max_concurrent_reconciles{controller=\"hardenedapp\"}",
        "leader_election_master_status{name=\"hardened-app\"}",
        &format!("hardenedapp_build_info{{version=\"{}\"}}", env!("CARGO_PKG_VERSION")),
    ] {
        assert!(samples.value(sample).is_some(), "{sample} in {:#?}", samples.0.keys());
    }
    // One for each child kind, since the control plane has all definitions, and for policies, namespaces, pods, apps and
    // CustomResourceDefinitions.
    let watches = samples.of("hardenedapp_watch_granted_timestamp_seconds{");
    assert_eq!(watches.len(), KINDS.len() + 5, "{watches:?}");
    Ok(())
}

#[tokio::test]
async fn the_operator_is_ready_and_alive() -> Result<()> {
    let control_plane = ControlPlane::shared()?;
    until("the operator is ready", LIMIT, async || Ok((page(&control_plane, "/readyz").await?.0 == 200).then_some(())))
        .await?;
    assert_eq!(page(&control_plane, "/livez").await?.0, 200);
    assert_eq!(page(&control_plane, "/").await?.0, 404);
    Ok(())
}

#[tokio::test]
async fn the_metrics_of_an_app_exist_until_it_is_deleted() -> Result<()> {
    let scene = Scene::open("metrics").await?;
    let app = format!("namespace=\"{}\",name=\"shop\"", scene.name());
    let reverted = format!("hardenedapp_drift_reverted_total{{{app},kind=\"Service\"}}");
    let reconciled = "controller_runtime_reconcile_total{controller=\"hardenedapp\",result=\"success\"}";
    let before = Samples::scrape(&scene.control_plane).await?.value(reconciled).context("no reconciliations")?;

    scene.ready("shop", WEB).await?;
    shows(&scene.control_plane, &format!("hardenedapp_condition{{{app},type=\"Ready\",status=\"True\"}}"), Some(1.0))
        .await?;
    let samples = Samples::scrape(&scene.control_plane).await?;
    assert!(samples.value(reconciled).is_some_and(|after| after > before), "reconciliations are counted");
    assert_eq!(samples.value(&reverted), Some(0.0), "the counter exists before the first revert");
    assert_eq!(samples.value(&format!("hardenedapp_drift_open{{{app}}}")), Some(0.0));
    let status = scene.apps().get("shop").await?.status.unwrap_or_default();
    assert_eq!(samples.of(&format!("hardenedapp_condition{{{app},")).len(), status.conditions.len());
    let findings = f64::from(u32::try_from(status.findings.len())?);
    assert_eq!(samples.value(&format!("hardenedapp_findings{{{app}}}")), Some(findings));

    let change = |service: &mut Value| set(service, "/spec/sessionAffinity", "ClientIP".into());
    edit(&scene.objects("Service")?, "shop-web", change).await?;
    scene.reverted("shop", "the edit", |item| item.path == "spec.sessionAffinity").await?;
    // The API server adds a timeout to ClientIP, which may be reported as a second deviation.
    let samples = Samples::scrape(&scene.control_plane).await?;
    assert!(samples.value(&reverted).is_some_and(|count| count >= 1.0), "{:?}", samples.of(&app));

    scene.apps().delete("shop", &DeleteParams::default()).await?;
    until("the metrics of the app are gone", LIMIT, async || {
        Ok(Samples::scrape(&scene.control_plane).await?.of(&app).is_empty().then_some(()))
    })
    .await
}

/// Number of writes by method and status code.
type Writes = BTreeMap<(String, u16), usize>;

/// The operator's metrics and the audit log count the same writes while an app is created and drift is reverted, and the
/// operator logs each of them. Only if the operator does nothing else: the metrics count the writes for all apps.
pub(crate) async fn counts_what_the_audit_log_counts(scene: &Scene, operator: &Operator) -> Result<()> {
    scene.quiet().await?;
    let (audited, counted) = (audited(scene)?, Samples::scrape(&scene.control_plane).await?.writes());
    scene.ready("counted", WEB).await?;
    let path = "automountServiceAccountToken";
    let change = |account: &mut Value| set(account, &format!("/{path}"), true.into());
    edit(&scene.objects("ServiceAccount")?, "counted-web", change).await?;
    scene.reverted("counted", "the edit", |item| item.path == path).await?;
    scene.quiet().await?;
    let more = until("operator and API server count the same", LIMIT, async || {
        let audited = more(self::audited(scene)?, &audited);
        let counted = more(Samples::scrape(&scene.control_plane).await?.writes(), &counted);
        Ok((audited == counted).then_some(counted))
    })
    .await?;
    // Five creations, a revert, at least one status update after each of both, and the Event.
    assert!(more.values().sum::<usize>() >= 9, "{more:?}");
    every_write_is_logged(operator)
}

fn every_write_is_logged(operator: &Operator) -> Result<()> {
    let mut writes = BTreeSet::new();
    for line in std::fs::read_to_string(operator.log())?.lines() {
        let line: Value = serde_json::from_str(line)?;
        let text = |pointer: &str| line.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        if text("/message") == "done" && text("/span/app") == "counted" {
            let generation = line.pointer("/span/generation").and_then(Value::as_i64);
            assert!(generation == Some(1) && !text("/namespace").is_empty(), "{line}");
            writes.insert((text("/action"), text("/kind"), text("/name")));
        }
    }
    let mut expected: BTreeSet<_> =
        web_kinds().map(|kind| ("create".to_owned(), kind.name.to_owned(), "counted-web".to_owned())).collect();
    expected.insert(("create".to_owned(), "ControllerRevision".to_owned(), "counted-r1".to_owned()));
    expected.insert(("apply".to_owned(), "ServiceAccount".to_owned(), "counted-web".to_owned()));
    expected.insert(("publish".to_owned(), "Event".to_owned(), "counted".to_owned()));
    expected.insert(("update the status of".to_owned(), "HardenedApp".to_owned(), "counted".to_owned()));
    assert_eq!(writes, expected);
    Ok(())
}

/// The writes in the audit log. Reads are left out on both sides.
fn audited(scene: &Scene) -> Result<Writes> {
    let mut writes = Writes::new();
    for request in audit::requests(&scene.control_plane.audit_log(), scene.name(), operator::USER)? {
        let method = match request.verb.as_str() {
            "create" => "POST",
            "update" => "PUT",
            "patch" => "PATCH",
            "delete" => "DELETE",
            _ => continue,
        };
        *writes.entry((method.to_owned(), request.code)).or_default() += 1;
    }
    Ok(writes)
}

fn more(mut now: Writes, before: &Writes) -> Writes {
    for (key, count) in &mut now {
        *count -= before.get(key).copied().unwrap_or_default();
    }
    now.retain(|_, count| *count > 0);
    now
}

/// On SIGTERM during reconciliations the operator finishes those that run, and exits successfully.
pub(crate) async fn stops_in_order(scene: &Scene, operator: Operator) -> Result<()> {
    let log = operator.log().to_owned();
    let apps: Vec<String> = (0..5).map(|number| format!("last-{number}")).collect();
    try_join_all(apps.iter().map(|app| scene.create(app, WEB))).await?;
    assert!(operator.stop().await?.success());
    let log = std::fs::read_to_string(log)?;
    let after = log.split_once("\"stop requested\"").context("the signal is not logged")?.1;
    assert!(after.contains("\"stopped\""), "it waits for the running reconciliations: {after}");
    assert!(page(&scene.control_plane, "/readyz").await.is_err(), "the operator no longer serves HTTP");
    Ok(())
}
