//! Bad input: a table of mistakes, each with its error message. No mistake changes the children of the app.
//!
//! Each mistake is written to a ready app, as `kubectl apply` would do it. Either the API server rejects it, or the operator
//! reports in the status what to correct. The operator's own rules, which `hardened-app render` applies, reject everything that
//! the API server rejects.

mod databases;
mod definitions;
mod environment;
mod escapes;
mod hostile;
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
mod secrets;
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
const TABLE: [Sort; 16] = [
    sort("names", names::ROWS),
    sort("images", images::ROWS),
    sort("users", users::ROWS),
    sort("ports", ports::ROWS),
    sort("environment", environment::ROWS),
    sort("quantities", quantities::ROWS),
    sort("paths", paths::ROWS),
    sort("network", network::ROWS),
    sort("databases", databases::ROWS),
    sort("secrets", secrets::ROWS),
    sort("probes", probes::ROWS),
    sort("scaling", scaling::ROWS),
    sort("sizes", sizes::ROWS),
    sort("escapes", escapes::ROWS),
    Sort { policy: limits::POLICY, ..sort("limits", limits::ROWS) },
    Sort { policy: "{}", ..sort("policies", policies::ROWS) },
];

#[tokio::test]
async fn bad_input_is_rejected_with_its_remedy_and_doesnt_change_the_children() -> Result<()> {
    let failures = try_join_all(TABLE.iter().map(trial::failures)).await?.concat();
    let rows: usize = TABLE.iter().map(|sort| sort.rows.len()).sum();
    assert!(failures.is_empty(), "{} of {rows} rows fail\n{}", failures.len(), failures.join("\n"));
    Ok(())
}

#[test]
fn the_table_has_many_different_mistakes() {
    let mistakes: BTreeSet<_> = TABLE.iter().flat_map(|sort| sort.rows.iter().map(|row| row.mistake)).collect();
    let rows: usize = TABLE.iter().map(|sort| sort.rows.len()).sum();
    assert!(rows >= 60 && mistakes.len() == rows, "{} names for {rows} rows", mistakes.len());
}
