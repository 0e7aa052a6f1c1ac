//! How many looks there were, what came of them and how long they took, under the names that dashboards know from
//! controller-runtime.

use std::{sync::Arc, time::Instant};

use kube::runtime::controller::Action;
use prometheus_client::{
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Registry, Unit},
};

use crate::cluster::Failure;

/// What controller-runtime calls it: the kind in lower case.
const CONTROLLER: (&str, &str) = ("controller", "hardenedapp");

/// All that a look can end with there; a plain `requeue` is never used here.
const RESULTS: [&str; 4] = ["success", "error", "requeue", "requeue_after"];

/// A look without a write takes less than a millisecond, one that the API server leaves hanging is cut off at 30 s.
const SECONDS: [f64; 11] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 10.0, 30.0];

type Labels<const N: usize> = [(&'static str, &'static str); N];

/// Counts looks.
#[derive(Debug)]
pub(super) struct Looks {
    total: Family<Labels<2>, Counter>,
    errors: Family<Labels<1>, Counter>,
    seconds: Family<Labels<1>, Histogram>,
    active: Family<Labels<1>, Gauge>,
}

impl Looks {
    /// Registers the metrics. All of them show from the start: what begins with its first event hides that event from
    /// everything that looks at increases.
    pub(super) fn register(registry: &mut Registry, concurrency: u16) -> Arc<Self> {
        let looks = Self {
            total: Family::default(),
            errors: Family::default(),
            seconds: Family::new_with_constructor(|| Histogram::new(SECONDS)),
            active: Family::default(),
        };
        let most = Family::<Labels<1>, Gauge>::default();
        let registry = registry.sub_registry_with_prefix("controller_runtime");
        registry.register("reconcile", "Looks at apps, by what came of them", looks.total.clone());
        registry.register("reconcile_errors", "Looks whose status could not be written", looks.errors.clone());
        let seconds = looks.seconds.clone();
        registry.register_with_unit("reconcile_time", "How long a look took", Unit::Seconds, seconds);
        registry.register("active_workers", "Looks under way", looks.active.clone());
        registry.register("max_concurrent_reconciles", "Looks that can be under way at once", most.clone());
        for result in RESULTS {
            drop(looks.total.get_or_create(&[CONTROLLER, ("result", result)]));
        }
        drop(looks.errors.get_or_create(&[CONTROLLER]));
        drop(looks.seconds.get_or_create(&[CONTROLLER]));
        drop(looks.active.get_or_create(&[CONTROLLER]));
        most.get_or_create(&[CONTROLLER]).set(concurrency.into());
        Arc::new(looks)
    }

    /// Takes a look, and notes what came of it.
    pub(super) async fn measure(&self, look: impl Future<Output = Result<Action, Failure>>) -> Result<Action, Failure> {
        let active = Active::begin(self.active.get_or_create_owned(&[CONTROLLER]));
        let began = Instant::now();
        let result = look.await;
        drop(active);
        self.seconds.get_or_create(&[CONTROLLER]).observe(began.elapsed().as_secs_f64());
        let word = match &result {
            Ok(action) if *action == Action::await_change() => "success",
            Ok(_) => "requeue_after",
            Err(_) => {
                self.errors.get_or_create(&[CONTROLLER]).inc();
                "error"
            }
        };
        self.total.get_or_create(&[CONTROLLER, ("result", word)]).inc();
        result
    }
}

/// A look under way; it also ends where it is given up.
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
