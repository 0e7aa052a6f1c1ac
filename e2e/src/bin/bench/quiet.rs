//! Waits until the operator is idle.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use tokio::time::{sleep, timeout};

use crate::usage;

/// Polling more often would itself use processor time.
const STEP: Duration = Duration::from_millis(10);

/// The operator counts as idle when it has used no tick of processor time for this long. Open watches alone use less than a
/// tick in this time.
const REST: Duration = Duration::from_millis(500);

const LIMIT: Duration = Duration::from_mins(5);

/// Waits until the operator, given by its process id, is idle; returns the time since which it is.
pub(crate) async fn wait(operator: u32) -> Result<Instant> {
    let rest = async {
        let (mut used, mut since) = (usage::cpu(operator)?, Instant::now());
        while since.elapsed() < REST {
            sleep(STEP).await;
            let now = usage::cpu(operator)?;
            if now != used {
                (used, since) = (now, Instant::now());
            }
        }
        anyhow::Ok(since)
    };
    timeout(LIMIT, rest).await.context("the operator doesn't become idle")?
}
