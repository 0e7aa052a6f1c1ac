//! The objects of one kind in one namespace, as a watch of the whole cluster and a list of the namespace report them: merged by version.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

/// How long the list of a namespace outranks older events: longer than any healthy watch lags behind, and short enough that events are
/// accepted again soon after a restore of the cluster, which makes versions decrease.
const LIST_OUTRANKS: Duration = Duration::from_secs(30);

/// The objects of one kind in one namespace.
#[derive(Debug)]
pub(super) struct View<V> {
    objects: BTreeMap<String, Seen<V>>,
    /// Nothing is missing: a list of the namespace, or of the whole cluster, has ended.
    complete: bool,
    /// The view began while the watch was listing the cluster: the end of that list doesn't complete it.
    partial: bool,
    /// Version of the last list of the namespace, and when it ended.
    covered: Option<(u64, Instant)>,
    /// What the watch has reported as gone since a list of the namespace began, by name.
    gone: Option<BTreeMap<String, u64>>,
}

#[derive(Debug)]
struct Seen<V> {
    version: u64,
    /// The list of the watch that reported it last.
    relist: u32,
    value: V,
}

impl<V> View<V> {
    /// An empty view; `partial` if the watch is listing the cluster.
    pub(super) const fn new(partial: bool) -> Self {
        Self { objects: BTreeMap::new(), complete: false, partial, covered: None, gone: None }
    }

    pub(super) const fn is_complete(&self) -> bool {
        self.complete
    }

    /// Another list of the namespace is needed, also if one is under way; `partial` if the watch is listing the cluster.
    pub(super) fn outdate(&mut self, partial: bool) {
        (self.complete, self.partial, self.gone) = (false, partial, None);
    }

    /// Whether an event is news: the list of the namespace may already contain it.
    pub(super) fn accepts(&self, version: u64) -> bool {
        !self.covered.is_some_and(|(covered, since)| version <= covered && since.elapsed() < LIST_OUTRANKS)
    }

    pub(super) fn put(&mut self, name: String, version: u64, relist: u32, value: V) {
        if let Some(gone) = &mut self.gone {
            gone.remove(&name);
        }
        self.objects.insert(name, Seen { version, relist, value });
    }

    /// Records that the watch reports an object as gone, at this version.
    pub(super) fn mark_gone(&mut self, name: &str, version: u64) {
        if let Some(gone) = &mut self.gone {
            gone.insert(name.to_owned(), version);
        }
    }

    pub(super) fn take(&mut self, name: &str) -> Option<V> {
        self.objects.remove(name).map(|seen| seen.value)
    }

    pub(super) fn value(&self, name: &str) -> Option<&V> {
        self.objects.get(name).map(|seen| &seen.value)
    }

    /// The names of the objects for which this holds.
    pub(super) fn names(&self, is_it: impl Fn(&V) -> bool) -> Vec<String> {
        let objects = self.objects.iter().filter(|(_, seen)| is_it(&seen.value));
        objects.map(|(name, _)| name.clone()).collect()
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &V> {
        self.objects.values().map(|seen| &seen.value)
    }

    /// The watch begins to list the cluster: a list of the namespace that is under way counts for nothing.
    pub(super) fn relist(&mut self) {
        (self.covered, self.gone) = (None, None);
    }

    /// That list has ended: the names that it didn't report are gone.
    pub(super) fn relisted(&mut self, relist: u32) -> Vec<String> {
        if !std::mem::take(&mut self.partial) {
            self.complete = true;
        }
        let gone = self.objects.iter().filter(|(_, seen)| seen.relist != relist);
        gone.map(|(name, _)| name.clone()).collect()
    }

    /// The list of the namespace begins.
    pub(super) fn list(&mut self) {
        self.gone = Some(BTreeMap::new());
    }

    /// That list has ended at this version. `None` if another one is needed.
    pub(super) fn listed(&mut self, version: u64) -> Option<Listed> {
        let gone = self.gone.take()?;
        self.complete = true;
        self.covered = Some((version, Instant::now()));
        let gone = gone.into_iter().filter(|(_, gone)| *gone > version);
        let (older, newer): (Vec<_>, Vec<_>) = self.objects.iter().partition(|(_, seen)| seen.version <= version);
        Some(Listed {
            outdated: older.into_iter().map(|(name, _)| name.clone()).collect(),
            newer: newer.into_iter().map(|(name, _)| name.clone()).chain(gone.map(|(name, _)| name)).collect(),
        })
    }
}

/// How a list of the namespace and what the watch has reported meanwhile fit together.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Listed {
    /// Names of which the list has a later state, which may be none.
    pub(super) outdated: Vec<String>,
    /// Names of which the watch has a later state, which may be none.
    pub(super) newer: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(view: &View<char>) -> String {
        view.values().collect()
    }

    #[test]
    fn a_list_replaces_what_is_older_and_nothing_newer() {
        let mut view = View::new(false);
        view.list();
        for (name, version) in [("older", 5), ("newer", 15)] {
            view.put(name.to_owned(), version, 0, 'w');
        }
        view.mark_gone("deleted-before", 9);
        view.mark_gone("deleted-after", 12);
        assert!(!view.is_complete());
        let listed = view.listed(10).unwrap();
        assert_eq!(listed.outdated, ["older"]);
        assert_eq!(listed.newer, ["newer", "deleted-after"]);
        assert!(view.is_complete());
    }

    #[test]
    fn an_object_that_is_deleted_and_created_again_during_a_list_is_there() {
        let mut view = View::new(false);
        view.list();
        view.mark_gone("again", 12);
        view.put("again".to_owned(), 13, 0, 'w');
        assert_eq!(view.listed(10).unwrap(), Listed { outdated: vec![], newer: vec!["again".to_owned()] });
        assert_eq!(names(&view), "w");
    }

    #[test]
    fn a_list_that_is_outdated_before_its_end_completes_nothing() {
        let mut view = View::<char>::new(false);
        view.list();
        view.outdate(false);
        assert_eq!(view.listed(10), None);
        assert!(!view.is_complete());
    }

    #[test]
    fn an_event_that_a_list_contains_is_no_news_until_the_watch_lists_again() {
        let mut view = View::<char>::new(false);
        view.list();
        view.listed(10).unwrap();
        assert!(!view.accepts(10) && view.accepts(11));
        view.relist();
        assert!(view.accepts(3), "after a restore of the cluster versions are smaller");
    }

    #[test]
    fn the_list_of_a_watch_completes_a_view_that_was_there_when_it_began() {
        let mut view = View::new(false);
        view.put("a".to_owned(), 1, 1, 'a');
        view.put("b".to_owned(), 2, 2, 'b');
        assert_eq!(view.relisted(2), ["a"]);
        assert!(view.is_complete());
        let mut late = View::<char>::new(true);
        assert!(late.relisted(1).is_empty());
        assert!(!late.is_complete(), "objects may have been listed before the view began");
        late.relisted(2);
        assert!(late.is_complete());
    }
}
