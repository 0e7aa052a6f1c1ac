//! What must hold at every revision of a namespace, whenever the operator is killed.

use std::collections::{BTreeMap, BTreeSet};

use super::facts::{Facts, Labels, Seen, Task};

/// What was broken, in words; `history` is all that happened in one namespace.
pub(crate) fn broken(mut history: Vec<Seen>) -> Vec<String> {
    history.sort_by_key(|seen| seen.version);
    let mut world = World::default();
    let mut broken = BTreeSet::new();
    for seen in &history {
        world.apply(seen);
        let problems = [world.unguarded(), world.early(seen), world.repeated(), world.unrecorded(seen)];
        broken.extend(problems.into_iter().flatten());
    }
    broken.into_iter().collect()
}

/// The UIDs of the Jobs that ran, or were to run, a migration.
pub(crate) fn migrations(history: &[Seen]) -> BTreeSet<&str> {
    let is_migration = |seen: &&Seen| matches!(&seen.facts, Some(Facts::Task(task)) if task.is_migration());
    history.iter().filter(is_migration).map(|seen| seen.uid.as_str()).collect()
}

/// A namespace at one revision.
#[derive(Default)]
struct World {
    objects: BTreeMap<(&'static str, String), Facts>,
    /// Images whose migration has been complete.
    migrated: BTreeSet<String>,
    /// Jobs that were ever there, by what they run.
    runs: BTreeMap<String, BTreeSet<String>>,
}

impl World {
    fn apply(&mut self, seen: &Seen) {
        let key = (seen.kind, seen.name.clone());
        let Some(facts) = &seen.facts else {
            self.objects.remove(&key);
            return;
        };
        if let Facts::Task(task) = facts
            && task.is_migration()
        {
            self.runs.entry(task.runs.clone()).or_default().insert(seen.uid.clone());
            if task.complete {
                self.migrated.insert(task.image.clone());
            }
        }
        self.objects.insert(key, facts.clone());
    }

    /// P1: no pod template exists without the policy that isolates its pods.
    fn unguarded(&self) -> Option<String> {
        let is_guarded = |pods: &Labels| {
            self.objects.values().any(|facts| match facts {
                Facts::Guard(selected) => selected.iter().all(|(key, value)| pods.get(key) == Some(value)),
                _ => false,
            })
        };
        let mut templates = self.objects.iter().filter_map(|((kind, name), facts)| match facts {
            Facts::Rollout(pods, _) => Some((kind, name, pods)),
            Facts::Task(Task { labels, complete: false, failed: false, .. }) => Some((kind, name, labels)),
            _ => None,
        });
        let (kind, name, _) = templates.find(|(_, _, pods)| !is_guarded(pods))?;
        Some(format!("P1: {kind} {name} exists without a NetworkPolicy for its pods"))
    }

    /// P2: no Deployment has an image before the migration of that image is complete.
    fn early(&self, seen: &Seen) -> Option<String> {
        let Some(Facts::Rollout(_, image)) = &seen.facts else { return None };
        let text = || format!("P2: Deployment {} has {image} before its migration is complete", seen.name);
        (!self.migrated.contains(image)).then(text)
    }

    /// P3: one Job for each migration, and one at a time.
    fn repeated(&self) -> Option<String> {
        let tasks = self.objects.values().filter_map(|facts| match facts {
            Facts::Task(task) if task.is_migration() && task.is_active() => Some(task),
            _ => None,
        });
        if tasks.count() > 1 {
            return Some("P3: two migrations at once".to_owned());
        }
        let (runs, jobs) = self.runs.iter().find(|(_, jobs)| jobs.len() > 1)?;
        Some(format!("P3: {} Jobs for the migration {runs}", jobs.len()))
    }

    /// No migration starts before the record names its Job.
    fn unrecorded(&self, seen: &Seen) -> Option<String> {
        let starts = matches!(&seen.facts, Some(Facts::Task(task)) if task.is_migration() && !task.suspended);
        let is_entry = |facts: &Facts| matches!(facts, Facts::Entry(Some(uid)) if *uid == seen.uid);
        let is_recorded = || self.objects.values().any(is_entry);
        (starts && !is_recorded()).then(|| format!("Job {} runs, and no ControllerRevision says so", seen.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(part: &str) -> Labels {
        [("app.kubernetes.io/component".to_owned(), part.to_owned())].into()
    }

    fn seen(version: u64, kind: &'static str, name: &str, facts: Option<Facts>) -> Seen {
        let text = |text: &str| text.to_owned();
        Seen { version, namespace: text("n"), kind, name: text(name), uid: text(name), facts }
    }

    fn migration(suspended: bool, complete: bool) -> Facts {
        let image = "image:1".to_owned();
        let runs = "image:1 up".to_owned();
        Facts::Task(Task { labels: labels("migrate"), image, runs, suspended, complete, failed: false })
    }

    /// A release as it should be.
    fn history() -> Vec<Seen> {
        vec![
            seen(1, "NetworkPolicy", "migrate", Some(Facts::Guard(labels("migrate")))),
            seen(2, "NetworkPolicy", "web", Some(Facts::Guard(labels("web")))),
            seen(3, "Job", "one", Some(migration(true, false))),
            seen(4, "ControllerRevision", "r1", Some(Facts::Entry(Some("one".to_owned())))),
            seen(5, "Job", "one", Some(migration(false, false))),
            seen(6, "Job", "one", Some(migration(false, true))),
            seen(7, "Deployment", "web", Some(Facts::Rollout(labels("web"), "image:1".to_owned()))),
        ]
    }

    #[test]
    fn a_release_as_it_should_be_breaks_nothing() {
        assert_eq!(broken(history()), Vec::<String>::new());
        assert_eq!(migrations(&history()), BTreeSet::from(["one"]));
    }

    #[test]
    fn each_of_the_predicates_can_be_broken() {
        // What happens too late, or once more, and what that breaks.
        let cases: [(&str, usize, u64, &str); 4] = [
            ("the policy of the migration", 0, 6, "P1: Job one"),
            ("the policy of the component", 1, 8, "P1: Deployment web"),
            ("the entry", 3, 6, "no ControllerRevision"),
            ("the end of the migration", 5, 8, "P2: Deployment web"),
        ];
        for (what, index, version, expected) in cases {
            let mut history = history();
            history[index].version = version;
            let broken = broken(history);
            assert!(broken.iter().any(|problem| problem.contains(expected)), "{what}: {broken:?}");
        }
        let mut twice = history();
        twice.push(seen(8, "Job", "two", Some(migration(true, false))));
        assert_eq!(broken(twice), ["P3: 2 Jobs for the migration image:1 up"]);
        let mut at_once = history();
        at_once.remove(5);
        at_once.push(seen(8, "Job", "two", Some(migration(false, false))));
        assert!(broken(at_once).contains(&"P3: two migrations at once".to_owned()));
        let mut deleted = history();
        deleted.push(seen(8, "NetworkPolicy", "web", None));
        assert_eq!(broken(deleted).len(), 1);
    }
}
