//! The migration: a task whose pods reach the databases that it names.

use super::{
    policy::Policy,
    review::Review,
    task::{MIGRATE, Task},
    workload,
};
use crate::api::{Check, HardenedAppSpec, Migration};

/// Seconds that all tries together may take if the spec gives no timeout.
const DEFAULT_TIMEOUT: i64 = 600;

/// A migration that takes longer holds back releases for longer than anyone waits.
const LONGEST_TIMEOUT: i64 = 24 * 60 * 60;

/// Tries after the first, if the spec doesn't say.
const DEFAULT_RETRIES: i32 = 2;

const PATH: &str = "spec.migration";

/// Checks the migration, where there is one. `None` also where only its image, which is that of the first component, is wrong.
pub(super) fn accept(spec: &HardenedAppSpec, policy: &Policy, review: &mut Review) -> Option<Task> {
    let migration = spec.migration.as_ref()?;
    let first = spec.components.first();
    let is_rejected = |name: &str| review.rejects(&format!("spec.components[{name}].image"));
    if migration.image.is_none() && first.is_none_or(|first| is_rejected(&first.name)) {
        return None;
    }
    if migration.image.is_none() && migration.command.is_empty() && migration.args.is_empty() {
        let problem = "the first component's image would only start the application";
        review.reject(PATH, problem, "give command, args or an image");
    }
    databases(migration, spec, review);
    Some(Task {
        workload: workload::accept(&migration.component(MIGRATE, first), policy, PATH, review),
        timeout: Some(timeout(migration, review)),
        retries: retries(migration, review),
    })
}

/// A migration reaches the databases that it names, and nothing else.
fn databases(migration: &Migration, spec: &HardenedAppSpec, review: &mut Review) {
    if migration.connects_to.is_empty() && !spec.databases.is_empty() {
        let words = "the migration names no database under connectsTo, so it reaches none: name those that it changes";
        review.find("", Check::MigrationWithoutDatabase, words);
    }
    for name in &migration.connects_to {
        if !spec.databases.iter().any(|database| database.name == *name) {
            let problem = format!("the app has no database {name}");
            review.reject(format!("{PATH}.connectsTo[{name}]"), problem, "name one of spec.databases");
        }
    }
}

fn timeout(migration: &Migration, review: &mut Review) -> i64 {
    let Some(text) = &migration.timeout else { return DEFAULT_TIMEOUT };
    let Some(seconds) = seconds(text).filter(|seconds| (1..=LONGEST_TIMEOUT).contains(seconds)) else {
        let problem = format!("'{text}' is not a duration from 1s to 24h");
        review.reject(format!("{PATH}.timeout"), problem, "write one such as 90s, 10m or 1h30m");
        return DEFAULT_TIMEOUT;
    };
    seconds
}

fn retries(migration: &Migration, review: &mut Review) -> i32 {
    let retries = migration.retries.unwrap_or(DEFAULT_RETRIES);
    if !(0..=10).contains(&retries) {
        review.reject(format!("{PATH}.retries"), format!("{retries} retries"), "ask for 0 to 10");
    }
    retries
}

/// A duration: numbers, each with its unit.
fn seconds(text: &str) -> Option<i64> {
    let mut sum: i64 = 0;
    let mut rest = text;
    while !rest.is_empty() {
        let (number, after) = rest.split_at_checked(rest.find(|c: char| !c.is_ascii_digit())?)?;
        let unit = after.chars().next()?;
        let factor = match unit {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            _ => return None,
        };
        sum = sum.checked_add(number.parse::<i64>().ok()?.checked_mul(factor)?)?;
        rest = after.get(unit.len_utf8()..)?;
    }
    (!text.is_empty()).then_some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_sums_of_numbers_with_units() {
        for (text, expected) in [
            ("90s", Some(90)),
            ("10m", Some(600)),
            ("1h30m", Some(5400)),
            ("0s", Some(0)),
            ("", None),
            ("10", None),
            ("m", None),
            ("10d", None),
            ("1h 30m", None),
            ("99999999999999999999s", None),
        ] {
            assert_eq!(seconds(text), expected, "{text}");
        }
    }
}
