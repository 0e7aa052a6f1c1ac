//! The report in Markdown: measurements against their goals, and the laps.

use std::fmt::Write;
use std::time::Duration;

use crate::evaluations::{self, Evaluations};
use crate::hosts::{self, Hosts};
use crate::measured::{Crowd, Measured, count};
use crate::race::Lap;
use crate::reach::{self, Judged};
use crate::rows;
use crate::table::table;

/// The whole report, in Markdown.
pub(crate) fn report(
    measured: &[Measured],
    judged: &Judged,
    evaluations: Evaluations,
    exposed: Hosts,
    processors: usize,
) -> String {
    let crowd = measured.iter().filter_map(|measured| Some((measured, measured.crowd.as_ref()?)));
    let (apps, objects) =
        (|measured: &Measured| grouped(measured.race.apps), |crowd: &Crowd| grouped(crowd.foreign.objects));
    let mut columns: Vec<String> = measured.iter().map(|measured| format!("{} apps", apps(measured))).collect();
    columns.extend(
        crowd.clone().map(|(measured, crowd)| format!("{} apps, {} foreign objects", apps(measured), objects(crowd))),
    );
    let mut rows = rows::races(measured);
    rows.extend(rows::afterwards(measured));
    let mut text = table(&columns, &rows);
    let crowded = [format!("{} policies, {} pods in one namespace", grouped(reach::POLICIES), grouped(reach::PODS))];
    let _ = writeln!(text, "\n{}", table(&crowded, &rows::judged(judged)).trim_end());
    let busy = [format!("{} apps in one namespace", evaluations::APPS)];
    let _ = writeln!(text, "\n{}", table(&busy, &rows::evaluations(evaluations)).trim_end());
    let fleets = [format!("{} apps", hosts::APPS), format!("the same with {} hosts", grouped(hosts::HOSTS))];
    let _ = writeln!(text, "\n{}", table(&fleets, &rows::hosts(exposed)).trim_end());
    text.push_str(&laps(measured, processors));
    let requests = measured.iter().map(|measured| measured.race.identical).min().unwrap_or_default();
    let _ = writeln!(text, "\nBefore each lap all contenders sent the same {requests} requests, byte for byte.");
    for (measured, Crowd { foreign, .. }) in crowd {
        let (wall, cpu) = (foreign.wall.as_secs_f64(), foreign.cpu.operator.as_millis());
        let _ = writeln!(
            text,
            "{} foreign objects beside {} apps were created in {wall:.0} s; meanwhile the operator used {cpu} ms of processor time, \
             and its memory went from {:.1} to {:.1} MiB.",
            grouped(foreign.objects),
            grouped(measured.race.apps),
            foreign.before.now,
            foreign.after.now,
        );
    }
    text
}

/// All laps in order. The shares of processor time show what limits the wall time.
fn laps(measured: &[Measured], processors: usize) -> String {
    let names = ["API server", "etcd", "operator", "bench, with the bare client", "other programs", "idle"];
    let mut text = format!(
        "\n| Apps | Contender | Seconds | {} |\n|---|---|---|{}\n",
        names.join(" | "),
        "---|".repeat(names.len())
    );
    for race in measured.iter().map(|measured| &measured.race) {
        for lap in &race.laps {
            let (apps, who, seconds) = (grouped(race.apps), lap.contender, lap.wall.as_secs_f64());
            let shares = shares(lap, processors).map(|share| format!("{share:.0} %"));
            let _ = writeln!(text, "| {apps} | {who} | {seconds:.2} | {} |", shares.join(" | "));
        }
    }
    text
}

/// The shares of the total processor time, in percent.
fn shares(lap: &Lap, processors: usize) -> [f64; 6] {
    let whole = lap.wall.as_secs_f64() * count(processors);
    let cpu = &lap.cpu;
    let others = Duration::from_secs_f64((whole - (cpu.total() + cpu.idle).as_secs_f64()).max(0.0));
    [cpu.api_server, cpu.etcd, cpu.operator, cpu.bench, others, cpu.idle].map(|time| time.as_secs_f64() * 100.0 / whole)
}

/// With commas as thousands separators.
fn grouped(number: usize) -> String {
    if number < 1000 { number.to_string() } else { format!("{},{:03}", grouped(number / 1000), number % 1000) }
}
