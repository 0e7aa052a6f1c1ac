//! Polls a condition until it holds or a time limit has passed.

use std::time::Duration;

use anyhow::{Result, anyhow};

const PAUSE: Duration = Duration::from_millis(50);

/// Polls `check` until it returns `Some`.
///
/// # Errors
/// When `check` fails, or when `limit` has passed; the message then contains `what`.
pub async fn until<T>(what: &str, limit: Duration, mut check: impl AsyncFnMut() -> Result<Option<T>>) -> Result<T> {
    let poll = async {
        loop {
            if let Some(answer) = check().await? {
                return Ok(answer);
            }
            tokio::time::sleep(PAUSE).await;
        }
    };
    // The timeout wraps the whole loop, so that it also ends a check that hangs.
    tokio::time::timeout(limit, poll).await.map_err(|_| anyhow!("timed out after {} s: {what}", limit.as_secs()))?
}
