//! What a test has measured.

use std::io::{Write, stderr};

/// Prints a line past the test runner, which shows the output of failed tests only: a measured number is of interest where the test passes.
pub fn show(line: &str) {
    // Nothing depends on it.
    drop(writeln!(stderr(), "{line}"));
}
