//! Number, results and durations of the reconciliations, under the names that dashboards know from controller-runtime.

use std::{sync::Arc, time::Instant};

use kube::runtime::controller::Action;
use prometheus_client::{
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Registry, Unit},
};

use crate::cluster::Failure;

/// What controller-runtime calls it: the kind in lower case.
const CONTROLLER: (&str, &str) = ("controller", "hardenedapp");

/// All results of a reconciliation in controller-runtime; the operator never uses a plain `requeue`.
const RESULTS: [&str; 4] = ["success", "error", "requeue", "requeue_after"];

/// A reconciliation without a write takes less than a millisecond, one without a response from the API server ends
/// after 30 s.
const SECONDS: [f64; 11] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 10.0, 30.0];

type Labels<const N: usize> = [(&'static str, &'static str); N];

/// Counts and measures reconciliations.
#[derive(Debug)]
pub(super) struct Reconciles {
    total: Family<Labels<2>, Counter>,
    errors: Family<Labels<1>, Counter>,
    seconds: Family<Labels<1>, Histogram>,
    active: Family<Labels<1>, Gauge>,
}

impl Reconciles {
    /// Registers the metrics. All series exist from the start: a series that begins with its first event hides that
    /// event from queries for increases.
    pub(super) fn register(registry: &mut Registry, concurrency: u16) -> Arc<Self> {
        let reconciles = Self {
            total: Family::default(),
            errors: Family::default(),
            seconds: Family::new_with_constructor(|| Histogram::new(SECONDS)),
            active: Family::default(),
        };
        let most = Family::<Labels<1>, Gauge>::default();
        let registry = registry.sub_registry_with_prefix("controller_runtime");
        registry.register("reconcile", "Reconciliations of apps, by result", reconciles.total.clone());
        registry.register(
            "reconcile_errors",
            "Reconciliations whose status could not be written",
            reconciles.errors.clone(),
        );
        let seconds = reconciles.seconds.clone();
        registry.register_with_unit("reconcile_time", "Duration of a reconciliation", Unit::Seconds, seconds);
        registry.register("active_workers", "Reconciliations that are running", reconciles.active.clone());
        registry.register("max_concurrent_reconciles", "Reconciliations that can run at once", most.clone());
        for result in RESULTS {
            drop(reconciles.total.get_or_create(&[CONTROLLER, ("result", result)]));
        }
        drop(reconciles.errors.get_or_create(&[CONTROLLER]));
        drop(reconciles.seconds.get_or_create(&[CONTROLLER]));
        drop(reconciles.active.get_or_create(&[CONTROLLER]));
        most.get_or_create(&[CONTROLLER]).set(concurrency.into());
        Arc::new(reconciles)
    }

    /// Runs a reconciliation and records its result.
    pub(super) async fn measure(
        &self,
        reconciliation: impl Future<Output = Result<Action, Failure>>,
    ) -> Result<Action, Failure> {
        let active = Active::begin(self.active.get_or_create_owned(&[CONTROLLER]));
        let began = Instant::now();
        let result = reconciliation.await;
        drop(active);
        self.seconds.get_or_create(&[CONTROLLER]).observe(began.elapsed().as_secs_f64());
        let word = match &result {
            Ok(action) if *action == Action::await_change() => "success",
            Ok(_) => "requeue_after",
            // Neither the app nor the API server is the reason, and the process is about to end.
            Err(failure) if failure.is_not_leading() => return result,
            Err(_) => {
                self.errors.get_or_create(&[CONTROLLER]).inc();
                "error"
            }
        };
        self.total.get_or_create(&[CONTROLLER, ("result", word)]).inc();
        result
    }
}

/// A running reconciliation; it also ends if its future is dropped.
struct Active(Gauge);

impl Active {
    fn begin(gauge: Gauge) -> Self {
        gauge.inc();
        Self(gauge)
    }
}

impl Drop for Active {
    fn drop(&mut self) {
        self.0.dec();
    }
}
