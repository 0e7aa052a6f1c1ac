//! The operator is killed before, during and after each of its writes: whatever is lost, what runs in the end is the same, no migration
//! runs twice, no release runs before its migration, and no pod runs without its policy.

mod end_state;
mod facts;
mod history;
mod predicates;
mod process;
mod proxy;
mod harness;
mod workloads;
mod write_counter;

use std::time::{Duration, Instant};

use anyhow::Result;
use e2e::show;

use self::harness::{AppRun, Harness};
use self::workloads::Workload;
use self::write_counter::{Fault, Moment};

/// Apps that exist at the same time.
const AT_ONCE: usize = 24;

/// How long after the process was killed a write that was under way arrives: before the next process has read anything, while it
/// does, and after.
const LATE: [Duration; 3] = [Duration::ZERO, Duration::from_millis(300), Duration::from_millis(900)];

/// The process is killed at every write of every workload, if that many writes exist.
fn faults(writes: usize) -> Vec<Fault> {
    let at = |write: usize| {
        let late = LATE.into_iter().cycle().nth(write).unwrap_or_default();
        [Moment::Before, Moment::During(late), Moment::After].map(|moment| Fault { moment, write })
    };
    (1..=writes).flat_map(at).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whenever_the_operator_is_killed_each_migration_runs_once_and_before_its_release() -> Result<()> {
    let began = Instant::now();
    let harness = Harness::start().await?;
    let undisturbed = harness.run(&[AppRun::default(), AppRun::default()], None).await?;
    let model = harness::model(undisturbed)?;
    for (workload, end) in Workload::ALL.iter().zip(&model) {
        println!("{}: {} writes", workload.name(), end.writes);
    }
    let most = model.iter().map(|end| end.writes).max().unwrap_or_default();
    let runs: Vec<AppRun> = faults(most).into_iter().map(|fault| AppRun { fault: Some(fault) }).collect();
    let (mut schedules, mut failures) = ([0; Workload::ALL.len()], Vec::new());
    for runs in runs.chunks(AT_ONCE) {
        for (workload, end) in harness.run(runs, Some(&model)).await? {
            let index = Workload::ALL.iter().position(|known| *known == workload).unwrap_or_default();
            schedules[index] += usize::from(end.was_hit());
            failures.extend(end.compared_with(workload, &model[index]));
        }
        println!("{schedules:?} schedules after {} s, {} kills", began.elapsed().as_secs(), harness.kills());
    }
    for (workload, schedules) in Workload::ALL.iter().zip(schedules) {
        show(&format!("{}: {schedules} schedules", workload.name()));
    }
    let all: usize = schedules.iter().sum();
    show(&format!("schedules: {all}, of which failed: {}, in {} s", failures.len(), began.elapsed().as_secs()));
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
    assert!(all >= 150, "only {all} schedules");
    Ok(())
}
