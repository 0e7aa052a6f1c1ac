//! The table: what was measured, against its goal, and what limits it.

use std::fmt::Write;
use std::time::Duration;

use crate::foreign::Foreign;
use crate::heal::Heals;
use crate::race::{Lap, Race};
use crate::restart::Restart;
use crate::stage::Contender;
use crate::table::{Row, table};

/// All that was measured with one number of apps.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) race: Race,
    pub(crate) heals: Heals,
    pub(crate) restart: Restart,
    pub(crate) crowd: Option<Crowd>,
}

/// The same apps beside many foreign objects.
#[derive(Debug)]
pub(crate) struct Crowd {
    pub(crate) foreign: Foreign,
    pub(crate) heals: Heals,
    pub(crate) restart: Restart,
}

/// The whole report, in Markdown.
pub(crate) fn report(measured: &[Measured], processors: usize) -> String {
    let crowd = measured.iter().filter_map(|measured| Some((measured, measured.crowd.as_ref()?)));
    let (apps, objects) =
        (|measured: &Measured| grouped(measured.race.apps), |crowd: &Crowd| grouped(crowd.foreign.objects));
    let mut columns: Vec<String> = measured.iter().map(|measured| format!("{} apps", apps(measured))).collect();
    columns.extend(
        crowd.clone().map(|(measured, crowd)| format!("{} apps, {} foreign objects", apps(measured), objects(crowd))),
    );
    let mut rows = races(measured);
    rows.extend(rest(measured));
    let mut text = table(&columns, &rows);
    let _ = writeln!(text, "\nAll laps, in their order:\n");
    for measured in measured {
        let laps: Vec<String> = measured.race.laps.iter().map(|lap| lap_in_words(lap, processors)).collect();
        let (apps, identical) = (grouped(measured.race.apps), measured.race.identical);
        let _ = writeln!(
            text,
            "- {apps} apps: {}. All {identical} requests of the warm-up were the same to the byte.",
            laps.join("; ")
        );
    }
    for (measured, Crowd { foreign, .. }) in crowd {
        let (wall, cpu) = (foreign.wall.as_secs_f64(), foreign.cpu.operator.as_millis());
        let _ = writeln!(
            text,
            "- {} foreign objects beside {} apps were made in {wall:.0} s; meanwhile the operator used {cpu} ms of processor time, \
             and its memory went from {:.1} to {:.1} MiB.",
            grouped(foreign.objects),
            grouped(measured.race.apps),
            foreign.before.now,
            foreign.after.now,
        );
    }
    text
}

/// Rows that need both contenders.
fn races(measured: &[Measured]) -> Vec<Row> {
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
        (wall / bare_wall, format!("{:.2} ({wall:.2} s / {bare_wall:.2} s, {})", wall / bare_wall, in_flight(bare)))
    });
    let cpu = each(&|race, _, operator| {
        let value = per_app(operator.cpu.operator, race);
        (value, format!("{value:.1} ms"))
    });
    let cluster = each(&|race, bare, operator| {
        let (own, others) = (per_app(operator.cpu.cluster(), race), per_app(bare.cpu.cluster(), race));
        (own / others, format!("{:.2} ({own:.1} ms / {others:.1} ms)", own / others))
    });
    let writes = each(&|race, _, operator| {
        let value = count(requests(operator, false)) / count(race.apps);
        (value, format!("{value:.2}"))
    });
    let reads = each(&|race, _, operator| {
        let value = count(requests(operator, true)) / count(race.apps);
        (value, format!("{value:.2}"))
    });
    let memory = |settled: bool| {
        each(&|_, _, operator| {
            let value = operator.memory.map_or(f64::NAN, |memory| if settled { memory.now } else { memory.peak });
            (value, format!("{value:.1} MiB"))
        })
    };
    vec![
        Row::new("Wall time, operator / bare client", Some(1.25), "1.25", wall, "the processors: see the laps"),
        Row::new("Operator's CPU per app", Some(10.0), "10 ms", cpu, "HTTP and TLS; JSON of answers and watches"),
        Row::new(
            "CPU of API server and etcd per app, operator / bare client",
            Some(1.1),
            "1.10",
            cluster,
            "watch events: each write is told to the operator",
        ),
        Row::new("Writes per app", Some(11.0), "11", writes, "10 children and the status"),
        Row::new("Reads per app", Some(0.0), "0", reads, ""),
        Row::new(
            "Memory, peak while creating",
            Some(40.0),
            "40 MiB",
            memory(false),
            "program text; caches; what is in flight",
        ),
        Row::new("Memory, settled", None, "", memory(true), "the allocator keeps some of the peak"),
    ]
}

/// Rows of what comes after: also beside foreign objects.
fn rest(measured: &[Measured]) -> Vec<Row> {
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
            &format!("Heal, p50 of {of}"),
            Some(15.0),
            "15 ms",
            heal(50),
            "two watches and one write of the API server",
        ),
        Row::new("Heal, p99", Some(100.0), "100 ms", heal(99), "the same, and who else has the processors"),
        Row::new("Heal, longest", None, "", heal(100), ""),
        Row::new(
            "Restart: writes",
            Some(0.0),
            "0",
            restart(&|restart| (Some(count(restart.writes)), restart.writes.to_string())),
            "",
        ),
        Row::new(
            "Restart: reads, all of them pages of lists",
            None,
            "",
            restart(&|restart| (None, restart.reads.to_string())),
            "500 objects a page",
        ),
        Row::new("Restart: ready", None, "", restart(&|restart| seconds(restart.ready)), "the lists"),
        Row::new(
            "Restart: at rest",
            Some(2.0),
            "2 s",
            restart(&|restart| seconds(restart.quiet)),
            "one look at each app",
        ),
        Row::new("Restart: operator's CPU", None, "", restart(&|restart| seconds(restart.cpu)), ""),
        Row::new(
            "Restart: memory, peak",
            None,
            "",
            restart(&|restart| (Some(restart.memory.peak), format!("{:.1} MiB", restart.memory.peak))),
            "pages of lists",
        ),
    ]
}

fn crowds(measured: &[Measured]) -> impl Iterator<Item = &Crowd> {
    measured.iter().filter_map(|measured| measured.crowd.as_ref())
}

fn milliseconds(value: f64) -> (Option<f64>, String) {
    (Some(value), format!("{value:.1} ms"))
}

fn requests(lap: &Lap, reads: bool) -> usize {
    let is_read = |target: &str| target.starts_with("list ") || target.starts_with("get ");
    lap.requests.iter().filter(|(target, _)| is_read(target) == reads).map(|(_, count)| count).sum()
}

fn in_flight(lap: &Lap) -> String {
    match lap.contender {
        Contender::Bare(in_flight) => format!("{in_flight} in flight"),
        Contender::Operator => "operator".to_owned(),
    }
}

/// Who had the processors tells what limits the time.
fn lap_in_words(lap: &Lap, processors: usize) -> String {
    let whole = lap.wall.as_secs_f64() * count(processors);
    let share = |time: Duration| format!("{:.0} %", time.as_secs_f64() * 100.0 / whole);
    let cpu = &lap.cpu;
    format!(
        "{} {:.2} s (of the processors API server {}, etcd {}, operator {}, bench {})",
        in_flight(lap),
        lap.wall.as_secs_f64(),
        share(cpu.api_server),
        share(cpu.etcd),
        share(cpu.operator),
        share(cpu.bench),
    )
}

#[allow(clippy::cast_precision_loss, reason = "all numbers here are far below 2^52")]
fn count(number: usize) -> f64 {
    number as f64
}

/// With commas between thousands.
fn grouped(number: usize) -> String {
    if number < 1000 { number.to_string() } else { format!("{},{:03}", grouped(number / 1000), number % 1000) }
}
