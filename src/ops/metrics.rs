//! All metrics of the process in one registry. No label holds free text, only namespaces and names of apps, and values
//! that the operator defines.

use std::{
    fmt::Error,
    sync::Arc,
    time::{Duration, SystemTime},
};

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeLabelSet, NoLabelSet, text::encode},
    metrics::{MetricType, exemplar::Exemplar, info::Info},
    registry::Registry,
};

use super::{apps::Apps, election::LEASE};
use crate::{
    cluster::{Memory, Tenure, Traffic},
    desired::KINDS,
};

/// What `/metrics` returns.
#[derive(Debug, Default)]
pub(super) struct Metrics {
    registry: Registry,
}

impl Metrics {
    /// A registry with the build info; `registry` and `collect` add the rest.
    pub(super) fn new() -> Self {
        let mut registry = Registry::default();
        let version = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("hardenedapp_build", "The running operator", version);
        Self { registry }
    }

    pub(super) const fn registry(&mut self) -> &mut Registry {
        &mut self.registry
    }

    /// Adds a collector, which reads its values at each scrape.
    pub(super) fn collect(&mut self, collector: impl Collector) {
        self.registry.register_collector(Box::new(collector));
    }

    /// The `OpenMetrics` text.
    ///
    /// # Errors
    /// Never in fact: writing into a string doesn't fail.
    pub(super) fn text(&self) -> Result<String, Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

/// The apps, and how many deviations of each were reverted.
#[derive(Debug)]
pub(super) struct OfApps {
    pub(super) apps: Arc<Apps>,
    pub(super) memory: Arc<Memory>,
}

impl Collector for OfApps {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), Error> {
        let apps = self.apps.all();
        let labels = apps.iter().map(|((namespace, name), seen)| ([("namespace", namespace), ("name", name)], seen));
        let labels: Vec<([(&str, &str); 2], _)> =
            labels.map(|(labels, seen)| (labels.map(|(key, value)| (key, value.as_str())), seen)).collect();

        let conditions = labels.iter().flat_map(|([namespace, name], seen)| {
            seen.conditions
                .iter()
                .map(|(kind, status)| ([*namespace, *name, ("type", *kind), ("status", *status)], 1.0))
        });
        gauges(&mut encoder, "hardenedapp_condition", "The conditions of each app, each with its status.", conditions)?;
        let open = labels.iter().map(|(labels, seen)| (*labels, number(seen.open)));
        gauges(&mut encoder, "hardenedapp_drift_open", "Deviations that are not reverted, at most 20.", open)?;
        let findings = labels.iter().map(|(labels, seen)| (*labels, number(seen.findings)));
        gauges(&mut encoder, "hardenedapp_findings", "Settings that are weaker than possible, at most 100.", findings)?;
        let reverted = labels.iter().flat_map(|([namespace, name], seen)| {
            let reverted = self.memory.reverted(&seen.uid);
            // All kinds from the start: an alert on increases would miss the first one of a series that begins with it.
            KINDS.iter().map(move |kind| {
                ([*namespace, *name, ("kind", kind.name)], reverted.get(kind.name).copied().unwrap_or_default())
            })
        });
        counters(&mut encoder, "hardenedapp_drift_reverted", "Deviations that were reverted.", reverted)
    }
}

/// The requests to the API server, and the activity of the watches.
#[derive(Debug)]
pub(super) struct OfTraffic {
    pub(super) traffic: Arc<Traffic>,
    pub(super) host: String,
}

impl Collector for OfTraffic {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), Error> {
        let requests = self.traffic.requests();
        let requests = requests.iter().map(|((method, code), count)| {
            // client-go's value for a request without a response.
            let code = code.map_or_else(|| "<error>".to_owned(), |code| code.to_string());
            ([("code", code), ("method", method.clone()), ("host", self.host.clone())], *count)
        });
        counters(
            &mut encoder,
            "rest_client_requests",
            "Requests to the API server, including lists and watches.",
            requests,
        )?;
        let watches = self.traffic.watches();
        let watches = watches.iter().filter_map(|(resource, answered)| {
            let since = answered.as_ref()?.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
            Some(([("resource", resource.as_str())], since.as_secs_f64()))
        });
        let help = "When the API server last granted a list or watch, normally at most five minutes ago.";
        gauges(&mut encoder, "hardenedapp_watch_granted_timestamp_seconds", help, watches)
    }
}

/// Whether this process leads, under the name that client-go gives it.
#[derive(Debug)]
pub(super) struct OfElection(pub(super) Arc<Tenure>);

impl Collector for OfElection {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), Error> {
        let help = "1 for the replica that holds the lease and writes, 0 for one that stands by.";
        let leads = [([("name", LEASE)], f64::from(u8::from(self.0.is_held())))];
        gauges(&mut encoder, "leader_election_master_status", help, leads.into_iter())
    }
}

#[allow(clippy::cast_precision_loss, reason = "counts of at most a hundred")]
const fn number(count: usize) -> f64 {
    count as f64
}

fn gauges<L: EncodeLabelSet>(
    encoder: &mut DescriptorEncoder,
    name: &str,
    help: &str,
    series: impl Iterator<Item = (L, f64)>,
) -> Result<(), Error> {
    let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
    for (labels, value) in series {
        metric.encode_family(&labels)?.encode_gauge(&value)?;
    }
    Ok(())
}

fn counters<L: EncodeLabelSet>(
    encoder: &mut DescriptorEncoder,
    name: &str,
    help: &str,
    series: impl Iterator<Item = (L, u64)>,
) -> Result<(), Error> {
    let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
    for (labels, value) in series {
        metric.encode_family(&labels)?.encode_counter(&value, None::<&Exemplar<NoLabelSet, f64>>)?;
    }
    Ok(())
}
