//! Bad input: one table of mistakes, each with what is said of it. Whoever catches it, what ran keeps running.
//!
//! A mistake is made in an app that runs well, as `kubectl apply` would make it. The API server refuses it, or the operator says
//! what to do; either way no child is touched. Our own rules, which `hardened-app render` shows, refuse what the server refuses.

mod definitions;
mod environment;
mod escapes;
mod images;
mod leaving;
mod limits;
mod names;
mod network;
mod paths;
mod policies;
mod ports;
mod probes;
mod quantities;
mod rendering;
mod row;
mod scaling;
mod sizes;
mod surroundings;
mod trial;
mod trouble;
mod users;

use std::collections::BTreeSet;

use anyhow::Result;
use futures::future::try_join_all;

use row::Row;
use trial::Sort;

const fn sort(name: &'static str, rows: &'static [Row]) -> Sort {
    Sort { name, policy: "", rows }
}

/// The table.
const TABLE: [Sort; 14] = [
    sort("names", names::ROWS),
    sort("images", images::ROWS),
    sort("users", users::ROWS),
    sort("ports", ports::ROWS),
    sort("environment", environment::ROWS),
    sort("quantities", quantities::ROWS),
    sort("paths", paths::ROWS),
    sort("network", network::ROWS),
    sort("probes", probes::ROWS),
    sort("scaling", scaling::ROWS),
    sort("sizes", sizes::ROWS),
    sort("escapes", escapes::ROWS),
    Sort { policy: limits::POLICY, ..sort("limits", limits::ROWS) },
    Sort { policy: "{}", ..sort("policies", policies::ROWS) },
];

#[tokio::test]
async fn bad_input_is_refused_with_its_remedy_and_what_ran_keeps_running() -> Result<()> {
    let failures = try_join_all(TABLE.iter().map(trial::failures)).await?.concat();
    let rows: usize = TABLE.iter().map(|sort| sort.rows.len()).sum();
    assert!(failures.is_empty(), "{} of {rows} rows fail\n{}", failures.len(), failures.join("\n"));
    Ok(())
}

#[test]
fn bad_input_is_of_many_kinds() {
    let mistakes: BTreeSet<_> = TABLE.iter().flat_map(|sort| sort.rows.iter().map(|row| row.mistake)).collect();
    let rows: usize = TABLE.iter().map(|sort| sort.rows.len()).sum();
    assert!(rows >= 60 && mistakes.len() == rows, "{} names for {rows} rows", mistakes.len());
}
