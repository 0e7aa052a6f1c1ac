//! The gate, over worlds in which anything may happen between two steps: crashes, lost Jobs, other specs.

mod decided;
mod job;
mod lost_record;

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::jiff::Timestamp;
use proptest::prelude::*;

use super::{Ended, Gate, Job, Record, Reported, Revision, Situation, TaskPod};
use crate::app::Hashes;

/// What the pods of every migration run here.
const PODS: &str = "pods";

/// What the API server has of one app, and what a person at the database would have seen.
#[derive(Default)]
struct World {
    spec: u8,
    rerun: Option<String>,
    record: Record,
    jobs: Vec<Job>,
    /// What another replica saw, whose caches lag behind: it leads next.
    seen: (Record, Vec<Job>),
    writes: u32,
    /// How often the migration of each spec was started, and how often another run of it was asked for.
    started: BTreeMap<u8, (usize, usize)>,
    succeeded: BTreeSet<u8>,
    /// The specs that ran, in order.
    released: Vec<u8>,
    backup: Option<Backup>,
}

/// What a backup of etcd has, and how often migrations had been started by then.
#[derive(Clone)]
struct Backup {
    spec: u8,
    rerun: Option<String>,
    record: Record,
    jobs: Vec<Job>,
    started: BTreeMap<u8, (usize, usize)>,
}

/// What happens next.
#[derive(Clone, Debug)]
enum Event {
    /// The user writes another spec.
    Spec(u8),
    /// The user asks for another run of the migration.
    Rerun(u8),
    /// A reconciliation, which ends after so many writes.
    Reconcile(usize),
    /// The same, by a replica whose caches lag behind.
    Lagging(usize),
    /// Its caches catch up.
    CatchUp,
    /// The Jobs that run end: with success, or not.
    End(bool),
    /// A Job is deleted, as its time is over or by a user.
    DeleteJob(usize),
    /// A backup of etcd is made.
    Backup,
    /// It is restored: whatever was written since then is gone.
    Restore,
}

fn hashes(spec: u8) -> Hashes {
    let text = |of: &str| format!("{of}-{spec}");
    Hashes {
        release: text("release"),
        migration: text("migration"),
        attempt: text("attempt"),
        preflight: String::new(),
    }
}

fn spec_of(hashes: &Hashes) -> u8 {
    hashes.release.rsplit('-').next().unwrap().parse().unwrap()
}

impl World {
    fn gate(&self, record: &Record, jobs: &[Job]) -> Gate {
        let hashes = hashes(self.spec);
        let resolved = format!("resolved-{}", self.spec);
        Situation {
            hashes: &hashes,
            resolved: &resolved,
            migration_pods: PODS,
            preflight_pods: "",
            app: "shop",
            record,
            jobs,
            loose: None,
            rerun: self.rerun.as_deref(),
            reported: Reported::default(),
        }
        .decide()
    }

    /// One reconciliation, as the shell does it: each write may be its last.
    fn reconcile(&mut self, writes: usize) -> Gate {
        let seen = (self.record.clone(), self.jobs.clone());
        self.reconcile_as(writes, seen)
    }

    fn reconcile_as(&mut self, writes: usize, (mut record, jobs): (Record, Vec<Job>)) -> Gate {
        let mut left = writes;
        let mut may_write = || left.checked_sub(1).inspect(|rest| left = *rest).is_some();
        // What isn't seen is read before it counts as gone.
        let ended = record.settle(&jobs, |run| !self.jobs.iter().any(|job| job.uid == run.uid));
        let hashes = hashes(self.spec);
        let gate = self.gate(&record, &jobs);
        for entry in ended {
            let opens = matches!(&gate, Gate::Commit(opened) if opened.name == entry.name);
            if !opens && may_write() {
                self.write(&entry);
            }
        }
        match &gate {
            Gate::Commit(entry) if may_write() && self.write(entry) => {
                let spec = spec_of(&entry.facts.hashes);
                assert!(self.succeeded.contains(&spec), "released before its migration: {entry:?}");
                self.released.push(spec);
            }
            Gate::Prepare { rerun } if may_write() => {
                let name = super::migration_job("shop", &hashes, rerun.as_deref());
                // It is created only where there is none of its name.
                if !self.jobs.iter().any(|job| job.name == name) {
                    self.writes += 1;
                    let uid = self.writes.to_string();
                    self.jobs.push(Job { name, version: uid.clone(), uid, suspended: true, ..Job::default() });
                }
            }
            Gate::Enter(entry) if may_write() => drop(self.write(entry)),
            Gate::Start(job) if may_write() => self.start(job),
            _ => {}
        }
        gate
    }

    /// Writes an entry, if it is new, or still as it was seen.
    fn write(&mut self, entry: &Revision) -> bool {
        let known = self.record.entries().iter().find(|known| known.name == entry.name);
        if known.map_or("", |known| &known.version) != entry.version {
            return false;
        }
        self.writes += 1;
        self.record.put(Revision { version: self.writes.to_string(), ..entry.clone() });
        true
    }

    fn start(&mut self, seen: &Job) {
        let Some(job) = self.jobs.iter().find(|job| job.uid == seen.uid && job.version == seen.version) else { return };
        // The others are read before.
        if self.jobs.iter().any(|other| other.uid != seen.uid && other.is_active()) {
            return;
        }
        let (uid, started) = (job.uid.clone(), job.started);
        let entry = self.record.pending().find(|(_, run)| run.uid == uid).map(|(entry, _)| entry.clone()).unwrap();
        let spec = spec_of(&entry.facts.hashes);
        if started.is_none() {
            let (runs, asked) = self.started.entry(spec).or_default();
            *runs += 1;
            assert!(*runs <= 1 + *asked, "migration {spec} ran {runs} times, another run was asked for {asked} times");
        }
        self.writes += 1;
        let version = self.writes.to_string();
        let job = self.jobs.iter_mut().find(|job| job.uid == uid).unwrap();
        job.suspended = false;
        job.started = Some(Timestamp::UNIX_EPOCH);
        job.version = version;
    }

    fn happen(&mut self, event: &Event) {
        match event {
            Event::Spec(spec) => self.spec = *spec,
            Event::Rerun(token) => {
                let token = Some(token.to_string());
                if self.rerun != token && !token.as_deref().is_some_and(|token| self.record.has_rerun(token)) {
                    self.rerun = token;
                    // Until it had its run, another spec may take it.
                    self.started.iter_mut().for_each(|(_, (_, asked))| *asked += 1);
                    for spec in 0..3 {
                        self.started.entry(spec).or_insert((0, 1));
                    }
                }
            }
            Event::Reconcile(writes) => drop(self.reconcile(*writes)),
            Event::Lagging(writes) => drop(self.reconcile_as(*writes, self.seen.clone())),
            Event::CatchUp => self.seen = (self.record.clone(), self.jobs.clone()),
            Event::End(succeeds) => {
                let record = &self.record;
                for job in self.jobs.iter_mut().filter(|job| job.is_active()) {
                    self.writes += 1;
                    job.version = self.writes.to_string();
                    job.ended = Some(Ended { succeeded: *succeeds, at: None, reason: String::new() });
                    let pod =
                        TaskPod { runs: PODS.to_owned(), succeeded: *succeeds, finished: true, ..TaskPod::default() };
                    job.pods = vec![pod];
                    let entry = record.pending().find(|(_, run)| run.uid == job.uid);
                    if let Some((entry, _)) = entry.filter(|_| *succeeds) {
                        self.succeeded.insert(spec_of(&entry.facts.hashes));
                    }
                }
            }
            Event::DeleteJob(index) if !self.jobs.is_empty() => {
                let index = index % self.jobs.len();
                self.jobs.remove(index);
            }
            Event::DeleteJob(_) => {}
            Event::Backup => {
                let (rerun, record, jobs) = (self.rerun.clone(), self.record.clone(), self.jobs.clone());
                self.backup = Some(Backup { spec: self.spec, rerun, record, jobs, started: self.started.clone() });
            }
            Event::Restore => self.restore(),
        }
    }

    /// What has run since the backup may run again: nothing in the cluster says that it has.
    fn restore(&mut self) {
        let Some(Backup { spec, rerun, record, jobs, started }) = self.backup.clone() else { return };
        for (spec, (runs, asked)) in &mut self.started {
            *asked += *runs - started.get(spec).map_or(0, |(before, _)| *before);
        }
        self.seen = (record.clone(), jobs.clone());
        (self.spec, self.rerun, self.record, self.jobs) = (spec, rerun, record, jobs);
    }
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        2 => (0..3_u8).prop_map(Event::Spec),
        1 => (0..4_u8).prop_map(Event::Rerun),
        8 => (0..3_usize).prop_map(Event::Reconcile),
        2 => (0..3_usize).prop_map(Event::Lagging),
        2 => Just(Event::CatchUp),
        4 => any::<bool>().prop_map(Event::End),
        1 => (0..4_usize).prop_map(Event::DeleteJob),
        1 => Just(Event::Backup),
        1 => Just(Event::Restore),
    ];
    prop::collection::vec(event, 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_no_migration_runs_twice_and_no_release_runs_before_its_migration(events in events()) {
        let mut world = World::default();
        for event in &events {
            world.happen(event);
        }
        // Left alone, it comes to rest: it runs what is asked for, or says why not.
        for _ in 0..20 {
            let gate = world.reconcile(usize::MAX);
            world.happen(&Event::End(true));
            if gate == Gate::Open {
                break;
            }
        }
        let gate = world.reconcile(usize::MAX);
        let waits = matches!(gate, Gate::Failed(_) | Gate::Lost(_));
        prop_assert!(gate == Gate::Open || waits, "{gate:?}");
        let runs = world.record.current().map(|entry| spec_of(&entry.facts.hashes));
        prop_assert!(waits || runs == Some(world.spec));
    }
}

#[test]
fn a_job_that_is_not_recorded_does_not_count() {
    let name = super::migration_job("shop", &hashes(1), None);
    let ended = Some(Ended { succeeded: true, at: None, reason: String::new() });
    let forged = Job { name: name.clone(), uid: "1".to_owned(), ended, ..Job::default() };
    let world = World { spec: 1, jobs: vec![forged], ..World::default() };
    assert_eq!(world.gate(&world.record, &world.jobs), Gate::Forged(format!("Job {name}")));
}

#[test]
fn a_pod_that_runs_something_else_does_not_count() {
    let mut world = World { spec: 1, ..World::default() };
    (0..3).for_each(|_| drop(world.reconcile(1)));
    world.happen(&Event::End(true));
    world.jobs[0].pods[0] = TaskPod {
        name: "forged".to_owned(),
        runs: "sleep".to_owned(),
        succeeded: true,
        finished: true,
        ..TaskPod::default()
    };
    assert!(matches!(world.reconcile(1), Gate::Lost(run) if run.message.contains("pod forged")));
    // What was found is written, so that it holds when that pod is gone.
    world.jobs[0].pods.clear();
    (0..3).for_each(|_| assert!(matches!(world.reconcile(1), Gate::Lost(_))));
    assert!(world.released.is_empty());
}
