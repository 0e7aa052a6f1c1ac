//! The checkout that this crate was built from; it contains the chart and the manifests.

use std::path::Path;

/// The root of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}
