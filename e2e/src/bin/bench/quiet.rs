//! When is the operator at rest?

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use tokio::time::{sleep, timeout};

use crate::usage;

/// Looking more often would itself be work.
const STEP: Duration = Duration::from_millis(10);

/// Without a tick of processor time for so long, it has nothing more to do. Its watches' housekeeping takes less than that.
const REST: Duration = Duration::from_millis(500);

const LIMIT: Duration = Duration::from_mins(5);

/// Waits until the process of the operator is at rest; returns since when.
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
    timeout(LIMIT, rest).await.context("the operator comes to no rest")?
}
