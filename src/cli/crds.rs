//! `hardened-app crds`: the CustomResourceDefinitions as YAML.

use std::io::Write;

use super::yaml;
use crate::api;

/// Prints the definitions.
///
/// # Errors
/// If the output can't be written.
pub(super) fn print(mut out: impl Write) -> anyhow::Result<()> {
    out.write_all(yaml::text(&api::crds())?.as_bytes())?;
    Ok(())
}
