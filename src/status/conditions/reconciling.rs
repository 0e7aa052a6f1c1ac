//! `Reconciling`: the operator or the cluster is still working on it. Only present while true (kstatus).

use super::decision::{Decision, Facts};

pub(super) fn decide(facts: &Facts<'_>) -> Option<Decision> {
    let ready = &facts.ready;
    (ready.holds != Some(true) && !ready.reason.needs_a_user()).then(|| ready.with(Some(true)))
}
