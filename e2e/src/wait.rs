//! Waiting for a condition instead of for a while.

use std::time::Duration;

use anyhow::{Result, anyhow};

const PAUSE: Duration = Duration::from_millis(50);

/// Asks `check` again and again until it answers `Some`.
///
/// # Errors
/// When `check` fails, or when `limit` has passed; the message then says `what` was waited for.
pub async fn until<T>(what: &str, limit: Duration, mut check: impl AsyncFnMut() -> Result<Option<T>>) -> Result<T> {
    let poll = async {
        loop {
            if let Some(answer) = check().await? {
                return Ok(answer);
            }
            tokio::time::sleep(PAUSE).await;
        }
    };
    // The limit is around the whole loop, so that a check that hangs is cut off as well.
    tokio::time::timeout(limit, poll).await.map_err(|_| anyhow!("waited {} s in vain: {what}", limit.as_secs()))?
}
