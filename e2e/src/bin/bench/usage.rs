//! Processor time and memory of processes, as the kernel counts them.

use std::time::Duration;

use anyhow::{Context, Result};
use e2e::{ControlPlane, operator};

/// `/proc` reports times in ticks of `USER_HZ`, which is 100 per second whatever the kernel's own clock.
const TICK: Duration = Duration::from_millis(10);

/// Processor time of a process so far, in user and kernel mode.
pub(crate) fn cpu(process: u32) -> Result<Duration> {
    let stat = read(process, "stat")?;
    // The program's name, in parentheses, may contain any character.
    let (_, fields) = stat.rsplit_once(") ").context("a process without a name")?;
    // proc(5) numbers the fields; the first one after the name is field 3.
    let field = |number: usize| fields.split(' ').nth(number - 3)?.parse::<u32>().ok();
    let (user, system) = (field(14).context("no user time")?, field(15).context("no system time")?);
    Ok(TICK * (user + system))
}

/// Resident memory of a process in MiB: now, and at its peak.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memory {
    pub(crate) now: f64,
    pub(crate) peak: f64,
}

impl Memory {
    pub(crate) fn of(process: u32) -> Result<Self> {
        let status = read(process, "status")?;
        let mebibytes = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let number = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
            number.map(|kibibytes| kibibytes / 1024.0).with_context(|| format!("no {name} of process {process}"))
        };
        Ok(Self { now: mebibytes("VmRSS:")?, peak: mebibytes("VmHWM:")? })
    }
}

fn read(process: u32, file: &str) -> Result<String> {
    read_file(&format!("/proc/{process}/{file}"))
}

fn read_file(path: &str) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {path}"))
}

/// Time in which the processors were idle or waited for a disk.
fn idle() -> Result<Duration> {
    let stat = read_file("/proc/stat")?;
    let line = stat.lines().next().context("no processors")?;
    let times: Vec<u32> = line.split_whitespace().filter_map(|field| field.parse().ok()).collect();
    // user, nice, system, idle, iowait
    Ok(TICK * times.iter().skip(3).take(2).sum())
}

/// Processor time of all programs in a lap.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cpu {
    pub(crate) api_server: Duration,
    pub(crate) etcd: Duration,
    /// Zero if no operator runs.
    pub(crate) operator: Duration,
    /// Of this program: it creates apps, watches them, and contains the bare client.
    pub(crate) bench: Duration,
    /// Idle time of all processors.
    pub(crate) idle: Duration,
}

impl Cpu {
    /// The processor time used so far.
    pub(crate) fn now(control_plane: &ControlPlane) -> Result<Self> {
        let operator = control_plane.process(operator::NAME).ok().map(cpu).transpose()?;
        Ok(Self {
            api_server: cpu(control_plane.process("kube-apiserver")?)?,
            etcd: cpu(control_plane.process("etcd")?)?,
            operator: operator.unwrap_or_default(),
            bench: cpu(std::process::id())?,
            idle: idle()?,
        })
    }

    /// The processor time used since `earlier`.
    pub(crate) fn since(self, earlier: Self) -> Self {
        Self {
            api_server: self.api_server.saturating_sub(earlier.api_server),
            etcd: self.etcd.saturating_sub(earlier.etcd),
            operator: self.operator.saturating_sub(earlier.operator),
            bench: self.bench.saturating_sub(earlier.bench),
            idle: self.idle.saturating_sub(earlier.idle),
        }
    }

    /// Of the API server and etcd.
    pub(crate) fn cluster(&self) -> Duration {
        self.api_server + self.etcd
    }

    /// Of all programs together.
    pub(crate) fn total(&self) -> Duration {
        self.cluster() + self.operator + self.bench
    }
}
