//! Label selectors, with the semantics of `LabelSelector` of the API.

use std::collections::BTreeMap;

/// The label with its name that the API server sets on every namespace, and that no user can change.
pub const NAMESPACE_NAME: &str = "kubernetes.io/metadata.name";

/// A selector of pods or namespaces by their labels. An empty one selects all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector {
    /// Labels that must be there with these values, sorted by key.
    pub labels: Vec<(String, String)>,
    /// Further requirements, all of which must hold.
    pub expressions: Vec<Expression>,
}

/// A requirement about one label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expression {
    /// Key of the label.
    pub key: String,
    /// What must hold for it.
    pub operator: Operator,
}

/// What must hold for a label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operator {
    /// It is there with one of these values.
    In(Vec<String>),
    /// It isn't there with one of these values: it may be missing.
    NotIn(Vec<String>),
    /// It is there.
    Exists,
    /// It isn't there.
    DoesNotExist,
}

impl Selector {
    /// Whether it has no requirement and so selects all.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.labels.is_empty() && self.expressions.is_empty()
    }

    /// Whether it selects what has these labels.
    #[must_use]
    pub fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        self.labels.iter().all(|(key, value)| labels.get(key) == Some(value))
            && self.expressions.iter().all(|expression| expression.operator.holds(labels.get(&expression.key)))
    }

    /// The values to which it limits a label; `None` if it selects others, too.
    #[must_use]
    pub fn values(&self, key: &str) -> Option<Vec<&str>> {
        if let Some((_, value)) = self.labels.iter().find(|(name, _)| name == key) {
            return Some(vec![value]);
        }
        let mut lists = self.expressions.iter().filter(|expression| expression.key == key);
        lists.find_map(|expression| match &expression.operator {
            Operator::In(values) => Some(values.iter().map(String::as_str).collect()),
            _ => None,
        })
    }

    /// Whether all that it selects has these labels.
    #[must_use]
    pub fn requires(&self, labels: &BTreeMap<String, String>) -> bool {
        labels.iter().all(|(key, value)| self.values(key).is_some_and(|values| values == [value.as_str()]))
    }

    /// Bytes that it takes on the heap.
    pub(super) fn heap(&self) -> usize {
        let texts = |texts: &[String]| texts.iter().map(|text| size_of::<String>() + text.capacity()).sum::<usize>();
        let labels = self.labels.iter().map(|(key, value)| size_of::<(String, String)>() + key.len() + value.len());
        let expressions = self.expressions.iter().map(|expression| {
            let values = match &expression.operator {
                Operator::In(values) | Operator::NotIn(values) => texts(values),
                Operator::Exists | Operator::DoesNotExist => 0,
            };
            size_of::<Expression>() + expression.key.len() + values
        });
        labels.sum::<usize>() + expressions.sum::<usize>()
    }
}
