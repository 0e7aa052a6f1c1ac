//! The pods on which an app's isolation depends, and whether a selector may select them.

use std::collections::BTreeMap;

use crate::{
    api::WORKLOAD,
    app::{AppId, DatabaseForm, PartName, pod_labels},
    plan::ADDED_LABELS,
    reach::{Expression, Operator, Selector, Service},
    release::Target,
};

/// The pods on which an app's isolation depends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PodGroups {
    /// The parts of which the operator runs the pods.
    pub parts: Vec<PartName>,
    /// Labels of database pods that others run, by database.
    pub databases: Vec<BTreeMap<String, String>>,
}

/// Pods of which some labels are known.
#[derive(Debug)]
pub(super) enum Known<'a> {
    /// Pods of a part: all labels, but those that controllers add.
    Part(BTreeMap<&'static str, String>),
    /// Pods that others run: these labels, no [`WORKLOAD`], and maybe further ones.
    Database(&'a BTreeMap<String, String>),
}

impl PodGroups {
    /// Those of an app.
    #[must_use]
    pub fn of(target: &Target) -> Self {
        let databases = target.databases().filter_map(|database| match &database.form {
            DatabaseForm::Pods(pods) => Some(pods.labels.clone()),
            _ => None,
        });
        Self {
            parts: target.workloads().map(|workload| workload.name.clone()).collect(),
            databases: databases.collect(),
        }
    }

    pub(super) fn known<'a>(&'a self, id: &AppId) -> Vec<Known<'a>> {
        let parts = self.parts.iter().map(|part| Known::Part(pod_labels(id, part)));
        parts.chain(self.databases.iter().map(Known::Database)).collect()
    }
}

/// What is known of a pod's label.
enum Label<'a> {
    Value(Option<&'a str>),
    Anything,
}

impl Known<'_> {
    fn label(&self, key: &str) -> Label<'_> {
        match self {
            Self::Part(_) if ADDED_LABELS.contains(&key) => Label::Anything,
            Self::Part(labels) => Label::Value(labels.get(key).map(String::as_str)),
            Self::Database(labels) => match labels.get(key) {
                None if key != WORKLOAD => Label::Anything,
                value => Label::Value(value.map(String::as_str)),
            },
        }
    }

    fn may_have(&self, key: &str, value: &str) -> bool {
        match self.label(key) {
            Label::Anything => true,
            Label::Value(own) => own == Some(value),
        }
    }

    fn may_satisfy(&self, Expression { key, operator }: &Expression) -> bool {
        let Label::Value(value) = self.label(key) else { return true };
        match operator {
            Operator::In(values) => value.is_some_and(|value| values.iter().any(|other| other == value)),
            Operator::NotIn(values) => !value.is_some_and(|value| values.iter().any(|other| other == value)),
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
        }
    }

    /// Whether a selector may select the pods.
    pub(super) fn may_be_selected(&self, selector: &Selector) -> bool {
        selector.labels.iter().all(|(key, value)| self.may_have(key, value))
            && selector.expressions.iter().all(|expression| self.may_satisfy(expression))
    }

    /// Whether a Service may lead to the pods.
    pub(super) fn may_be_led_to(&self, service: &Service) -> bool {
        service.r#type != "ExternalName"
            && !service.selector.is_empty()
            && service.selector.iter().all(|(key, value)| self.may_have(key, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::id;

    fn selector(labels: &[(&str, &str)], expressions: &[(&str, Operator)]) -> Selector {
        let labels = labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        let expressions =
            expressions.iter().map(|(key, operator)| Expression { key: (*key).to_owned(), operator: operator.clone() });
        Selector { labels: labels.collect(), expressions: expressions.collect() }
    }

    #[test]
    fn labels_that_controllers_add_may_have_any_value() {
        let groups = PodGroups { parts: vec![PartName::new("web")], ..PodGroups::default() };
        let [web] = groups.known(&id()).try_into().unwrap();
        let own = (WORKLOAD, "shop.web");
        assert!(web.may_be_selected(&Selector::default()));
        assert!(web.may_be_selected(&selector(&[own, ("pod-template-hash", "x")], &[])));
        assert!(web.may_be_selected(&selector(&[], &[("pod-template-hash", Operator::DoesNotExist)])));
        assert!(!web.may_be_selected(&selector(&[own, ("tier", "x")], &[])));
        assert!(!web.may_be_selected(&selector(&[], &[(WORKLOAD, Operator::DoesNotExist)])));
        assert!(!web.may_be_selected(&selector(&[], &[(WORKLOAD, Operator::NotIn(vec!["shop.web".to_owned()]))])));
        assert!(web.may_be_selected(&selector(&[], &[(WORKLOAD, Operator::In(vec!["shop.web".to_owned()]))])));
    }

    #[test]
    fn database_pods_may_have_further_labels_but_not_that_of_an_app() {
        let labels = BTreeMap::from([("cluster".to_owned(), "pg".to_owned())]);
        let groups = PodGroups { databases: vec![labels], ..PodGroups::default() };
        let [pg] = groups.known(&id()).try_into().unwrap();
        assert!(pg.may_be_selected(&selector(&[("cluster", "pg"), ("role", "primary")], &[])));
        assert!(pg.may_be_selected(&selector(&[], &[("cluster", Operator::Exists), ("x", Operator::Exists)])));
        assert!(!pg.may_be_selected(&selector(&[("cluster", "other")], &[])));
        assert!(!pg.may_be_selected(&selector(&[(WORKLOAD, "shop.web")], &[])));
        assert!(pg.may_be_selected(&selector(&[], &[(WORKLOAD, Operator::DoesNotExist)])));
    }
}
