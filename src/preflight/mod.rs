//! What must hold before a release runs: which keys and databases are checked, by which rules, and how the findings are reported. Pure:
//! the operator builds the [`Checks`], `hardened-app preflight` reads them in a Job's pod and writes the [`Report`].

mod checks;
mod problem;
mod report;
mod rule;
mod url;

pub use checks::{CHECKS, Checks, DatabaseCheck, KeyCheck};
pub use problem::Problem;
pub use report::{DatabaseFault, KeyFault, Report};

#[cfg(test)]
mod tests;
