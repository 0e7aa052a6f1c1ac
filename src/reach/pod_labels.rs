//! The labels of pods, as far as they are known.

use std::collections::BTreeMap;

use super::selector::{Expression, Operator, Selector};

/// Labels that controllers add to the pods that they make: their values aren't known before.
const ADDED: [&str; 4] = [
    "pod-template-hash",
    "controller-revision-hash",
    "statefulset.kubernetes.io/pod-name",
    "apps.kubernetes.io/pod-index",
];

/// The labels of pods, as far as they are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodLabels {
    known: BTreeMap<String, String>,
    further: Further,
}

/// Which other labels pods may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Further {
    None,
    Added,
    AllBut(&'static str),
}

impl PodLabels {
    /// Those of pods that exist.
    #[must_use]
    pub const fn of_pod(labels: BTreeMap<String, String>) -> Self {
        Self { known: labels, further: Further::None }
    }

    /// Those of a template: controllers add some to its pods.
    #[must_use]
    pub const fn of_template(labels: BTreeMap<String, String>) -> Self {
        Self { known: labels, further: Further::Added }
    }

    /// At least these, and any others but one with this key.
    #[must_use]
    pub const fn at_least(labels: BTreeMap<String, String>, but: &'static str) -> Self {
        Self { known: labels, further: Further::AllBut(but) }
    }

    fn may_be_anything(&self, key: &str) -> bool {
        match self.further {
            Further::None => false,
            Further::Added => ADDED.contains(&key),
            Further::AllBut(but) => key != but && !self.known.contains_key(key),
        }
    }

    /// Whether pods may have this label.
    pub(super) fn may_have(&self, key: &str, value: &str) -> bool {
        self.may_be_anything(key) || self.known.get(key).is_some_and(|known| known == value)
    }

    fn may_satisfy(&self, Expression { key, operator }: &Expression) -> bool {
        self.may_be_anything(key) || operator.holds(self.known.get(key))
    }
}

impl Selector {
    /// Whether it selects pods with these labels, or may.
    #[must_use]
    pub fn may_match(&self, labels: &PodLabels) -> bool {
        self.labels.iter().all(|(key, value)| labels.may_have(key, value))
            && self.expressions.iter().all(|expression| labels.may_satisfy(expression))
    }
}

impl Operator {
    /// Whether it holds for a label that has this value, or isn't there.
    pub(super) fn holds(&self, value: Option<&String>) -> bool {
        match self {
            Self::In(values) => value.is_some_and(|value| values.contains(value)),
            Self::NotIn(values) => !value.is_some_and(|value| values.contains(value)),
            Self::Exists => value.is_some(),
            Self::DoesNotExist => value.is_none(),
        }
    }
}
