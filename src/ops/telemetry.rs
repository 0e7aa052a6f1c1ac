//! Logs: one JSON object per line on standard error.

use tracing_subscriber::EnvFilter;

/// Starts logging. `RUST_LOG` chooses what; without it, everything from `info` up. Lines about an app carry the
/// innermost span: the app and its generation. The queue's own span around it would only repeat that.
pub(super) fn start() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt().json().flatten_event(true).with_span_list(false);
    lines.with_env_filter(filter).with_writer(std::io::stderr).init();
}
