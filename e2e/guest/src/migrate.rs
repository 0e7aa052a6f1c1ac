//! A migration: a table for the role of the components, made by the owner of the tables.

use std::env;
use std::fs;
use std::io::{Error, Result};
use std::process::Command;

/// Names the Secret of the owner, whose `uri` is a file below `/run/secrets`.
const OWNER_ENV: &str = "OWNER";

const STATEMENTS: &str = "create table if not exists visits (at timestamptz not null default now());";

pub(crate) fn run() -> Result<()> {
    let owner = env::var(OWNER_ENV).map_err(Error::other)?;
    let uri = fs::read_to_string(format!("/run/secrets/{owner}/uri"))?;
    let status = Command::new("psql").args([uri.trim(), "-v", "ON_ERROR_STOP=1", "-c", STATEMENTS]).status()?;
    if status.success() { Ok(()) } else { Err(Error::other(format!("psql: {status}"))) }
}
