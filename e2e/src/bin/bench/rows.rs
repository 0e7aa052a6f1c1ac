//! The rows of the report's table: each measure with its goal and what limits it.

use std::time::Duration;

use crate::evaluations::Evaluations;
use crate::heal::Heals;
use crate::hosts::{APPS, Cost, Hosts};
use crate::measured::{Crowd, Measured, count};
use crate::race::{self, Lap, Race};
use crate::reach::Judged;
use crate::restart::Restart;
use crate::table::Row;

/// Rows that compare both contenders.
pub(crate) fn races(measured: &[Measured]) -> Vec<Row> {
    let each = |cell: &dyn Fn(&Race, &Lap, &Lap) -> (f64, String)| -> Vec<(Option<f64>, String)> {
        let cells = measured.iter().filter_map(|measured| {
            let (bare, operator) = measured.race.best()?;
            let (value, text) = cell(&measured.race, bare, operator);
            Some((Some(value), text))
        });
        cells.collect()
    };
    let per_app = |time: Duration, race: &Race| time.as_secs_f64() * 1000.0 / count(race.apps);
    let wall = each(&|_, bare, operator| {
        let (bare_wall, wall) = (bare.wall.as_secs_f64(), operator.wall.as_secs_f64());
        (
            wall / bare_wall,
            format!("{:.2} ({wall:.2} s / {bare_wall:.2} s of the {})", wall / bare_wall, bare.contender),
        )
    });
    let cpu = each(&|race, _, operator| {
        let value = per_app(operator.cpu.operator, race);
        (value, format!("{value:.1} ms"))
    });
    let cluster = each(&|race, bare, operator| {
        let (own, others) = (per_app(operator.cpu.cluster(), race), per_app(bare.cpu.cluster(), race));
        (own / others, format!("{:.2} ({own:.1} ms / {others:.1} ms)", own / others))
    });
    let all = each(&|race, bare, operator| {
        let (own, others) = (per_app(operator.cpu.total(), race), per_app(bare.cpu.total(), race));
        (own / others, format!("{:.2} ({own:.1} ms / {others:.1} ms)", own / others))
    });
    let writes = each(&|race, _, operator| {
        let value = count(race::sum(&operator.requests, false)) / count(race.apps);
        (value, format!("{value:.2}"))
    });
    let reads = each(&|race, _, operator| {
        let value = count(race::sum(&operator.requests, true)) / count(race.apps);
        (value, format!("{value:.2}"))
    });
    let memory = |settled: bool| {
        each(&|_, _, operator| {
            let value = operator.memory.map_or(f64::NAN, |memory| if settled { memory.now } else { memory.peak });
            (value, format!("{value:.1} MiB"))
        })
    };
    vec![
        Row::new("Wall time, operator / bare client", Some(1.25), "1.25", wall, "the API server's CPU: see the laps"),
        Row::new(
            "Operator's CPU per app",
            Some(10.0),
            "10 ms",
            cpu,
            "HTTP and TLS; JSON of responses and watch events",
        ),
        Row::new(
            "CPU of API server and etcd per app, operator / bare client",
            Some(1.1),
            "1.10",
            cluster,
            "watch events: the API server sends each write to the operator",
        ),
        Row::new(
            "CPU of all programs per app, operator / bare client",
            None,
            "",
            all,
            "the two rows above; where no processor is idle, this ratio is that of the wall times",
        ),
        Row::new("Writes per app", Some(12.0), "12", writes, "10 children, the record of the release and the status"),
        Row::new("Reads per app", Some(0.0), "0", reads, ""),
        Row::new(
            "Memory, peak while creating",
            Some(40.0),
            "40 MiB",
            memory(false),
            "program text; caches; requests in flight",
        ),
        Row::new("Memory, settled", None, "", memory(true), "the allocator keeps part of the peak"),
    ]
}

/// Rows of what is measured after the race, without and with foreign objects.
pub(crate) fn afterwards(measured: &[Measured]) -> Vec<Row> {
    let heals: Vec<&Heals> =
        measured.iter().map(|measured| &measured.heals).chain(crowds(measured).map(|crowd| &crowd.heals)).collect();
    let restarts: Vec<&Restart> =
        measured.iter().map(|measured| &measured.restart).chain(crowds(measured).map(|crowd| &crowd.restart)).collect();
    let heal = |percent| heals.iter().map(|heals| milliseconds(heals.percentile(percent))).collect();
    let restart =
        |value: &dyn Fn(&Restart) -> (Option<f64>, String)| restarts.iter().map(|restart| value(restart)).collect();
    let seconds = |time: Duration| (Some(time.as_secs_f64()), format!("{:.2} s", time.as_secs_f64()));
    let of = heals.first().map(|heals| heals.count()).unwrap_or_default();
    vec![
        Row::new(
            &format!("Revert, p50 of {of}"),
            Some(15.0),
            "15 ms",
            heal(50),
            "two watch events and one write of the API server",
        ),
        Row::new("Revert, p99", Some(100.0), "100 ms", heal(99), "the same, and processor time of other programs"),
        Row::new("Revert, longest", None, "", heal(100), ""),
        Row::new(
            "Restart: writes",
            Some(0.0),
            "0",
            restart(&|restart| (Some(count(restart.writes)), restart.writes.to_string())),
            "",
        ),
        Row::new(
            "Restart: reads",
            Some(0.0),
            "0",
            restart(&|restart| (Some(count(restart.reads)), restart.reads.to_string())),
            "the watches bring the lists",
        ),
        Row::new("Restart: ready", None, "", restart(&|restart| seconds(restart.ready)), "the lists"),
        Row::new(
            "Restart: idle",
            Some(2.0),
            "2 s",
            restart(&|restart| seconds(restart.quiet)),
            "one reconciliation of each app",
        ),
        Row::new("Restart: operator's CPU", None, "", restart(&|restart| seconds(restart.cpu)), ""),
        Row::new(
            "Restart: memory, peak",
            Some(40.0),
            "40 MiB",
            restart(&|restart| (Some(restart.memory.peak), format!("{:.1} MiB", restart.memory.peak))),
            "the compressed text of all children, until the first reconciliation of their app",
        ),
    ]
}

/// Rows of the evaluation of NetworkPolicies.
pub(crate) fn judged(judged: &Judged) -> Vec<Row> {
    let row = |measure, time: Duration, limited_by| {
        Row::new(measure, Some(50.0), "50 ms", vec![milliseconds(time.as_secs_f64() * 1000.0)], limited_by)
    };
    vec![
        row("Who else reaches a database", judged.openings, "the words about each policy that lets in others"),
        row("Who may connect to one port of one pod", judged.clients, "the policies that select each pod"),
    ]
}

/// Rows of what one more NetworkPolicy costs in a namespace full of apps.
pub(crate) fn evaluations(evaluations: Evaluations) -> Vec<Row> {
    let row = |measure, goal: u8, reconciliations: usize, limited_by| {
        let cell = (Some(count(reconciliations)), reconciliations.to_string());
        Row::new(measure, Some(goal.into()), &goal.to_string(), vec![cell], limited_by)
    };
    vec![
        row(
            "One more policy for pods of one of them: reconciliations",
            2,
            evaluations.for_its_app,
            "the app itself, and once more when its status has changed",
        ),
        row("One more policy for pods of none of them: reconciliations", 0, evaluations.for_another, ""),
    ]
}

/// Rows of what hosts cost.
pub(crate) fn hosts(hosts: Hosts) -> Vec<Row> {
    let row = |measure, cell: &dyn Fn(&Cost) -> String, limited_by| {
        let cells = [hosts.without, hosts.with].iter().map(|cost| (None, cell(cost))).collect();
        Row::new(measure, None, "", cells, limited_by)
    };
    let per_app = |number: usize| format!("{:.2}", count(number) / count(APPS));
    vec![
        row("Until the operator is idle", &|cost| format!("{:.2} s", cost.wall.as_secs_f64()), "the API server's CPU"),
        row("Operator's CPU per app", &|cost| format!("{:.1} ms", cost.cpu.as_secs_f64() * 1000.0 / count(APPS)), ""),
        row("Writes per app", &|cost| per_app(cost.writes), "one for each child, the record and the status"),
        row("Reads per app", &|cost| per_app(cost.reads), "one list of each kind for the first app of the namespace"),
        row("Memory afterwards", &|cost| format!("{:.1} MiB", cost.memory.now), ""),
    ]
}

fn crowds(measured: &[Measured]) -> impl Iterator<Item = &Crowd> {
    measured.iter().filter_map(|measured| measured.crowd.as_ref())
}

fn milliseconds(value: f64) -> (Option<f64>, String) {
    (Some(value), format!("{value:.1} ms"))
}
