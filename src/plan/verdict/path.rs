//! Paths into an object: as shown to users, as JSON pointer, and as matched by the kinds table.

use std::fmt;

use serde_json::Value;

/// Where a value stands in a live object.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Path(Vec<Segment>);

/// One step of a path.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::plan) enum Segment {
    /// A field of an object or a key of a map.
    Field(String),
    /// A member of a list, known by the values of its merge keys.
    Member {
        key: Vec<(&'static str, Value)>,
        /// Where it stands in the live list.
        index: usize,
    },
    /// A member of a list without merge keys.
    Index(usize),
    /// The order of a list's members, which no field manager owns. Only at the end.
    Order,
}

impl Path {
    pub(in crate::plan) fn of_fields(names: &[&str]) -> Self {
        Self(names.iter().map(|name| Segment::Field((*name).to_owned())).collect())
    }

    /// The path of a field in the syntax of [`crate::desired::Rules`].
    pub(in crate::plan) fn of_pattern(pattern: &str) -> Self {
        let segment = |name| if name == "[]" { Segment::Index(0) } else { Segment::Field(str::to_owned(name)) };
        Self(pattern.split(' ').map(segment).collect())
    }

    pub(in crate::plan) fn with(&self, segment: Segment) -> Self {
        let mut path = self.clone();
        path.0.push(segment);
        path
    }

    pub(super) fn segments(&self) -> &[Segment] {
        &self.0
    }

    /// Whether it is a whole member of a list.
    pub(super) fn is_member(&self) -> bool {
        matches!(self.0.last(), Some(Segment::Member { .. }))
    }

    /// Whether the order of a list is meant, not what is in it.
    pub(super) fn is_order(&self) -> bool {
        matches!(self.0.last(), Some(Segment::Order))
    }

    /// Whether it is in the object's metadata.
    pub(super) fn is_in_metadata(&self) -> bool {
        self.starts_with("metadata")
    }

    /// What the value belongs to: an object or a list.
    pub(super) fn parent(&self) -> Self {
        Self(self.0.iter().take(self.0.len().saturating_sub(1)).cloned().collect())
    }

    /// The section of the object that it is in: a field of the object or of its metadata.
    pub(super) fn section(&self) -> Self {
        let depth = if self.is_in_metadata() { 2 } else { 1 };
        Self(self.0.iter().take(depth).cloned().collect())
    }

    /// Whether the path leads into a list that server-side apply sets as a whole.
    pub(super) fn is_in_atomic_list(&self) -> bool {
        self.0.iter().any(|segment| matches!(segment, Segment::Index(_)))
    }

    /// Name of the innermost field.
    pub(super) fn leaf(&self) -> &str {
        let names = self.0.iter().rev().filter_map(|segment| match segment {
            Segment::Field(name) => Some(name.as_str()),
            _ => None,
        });
        names.into_iter().next().unwrap_or_default()
    }

    /// JSON pointer (RFC 6901) in the live object.
    pub(in crate::plan) fn pointer(&self) -> String {
        self.0.iter().fold(String::new(), |pointer, segment| match segment {
            Segment::Field(name) => format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1")),
            Segment::Member { index, .. } | Segment::Index(index) => format!("{pointer}/{index}"),
            Segment::Order => pointer,
        })
    }

    /// The index of each list member along the path.
    pub(super) fn indices(&self) -> Vec<usize> {
        self.0
            .iter()
            .filter_map(|segment| match segment {
                Segment::Field(_) | Segment::Order => None,
                Segment::Member { index, .. } | Segment::Index(index) => Some(*index),
            })
            .collect()
    }

    /// JSON pointer and value of each merge key along the path.
    pub(super) fn keys(&self) -> Vec<(String, Value)> {
        let mut keys = Vec::new();
        let mut above = Self::default();
        for segment in &self.0 {
            above = above.with(segment.clone());
            if let Segment::Member { key, .. } = segment {
                keys.extend(key.iter().map(|(name, value)| (format!("{}/{name}", above.pointer()), value.clone())));
            }
        }
        keys
    }

    /// Whether the path is the pattern's, or lies below it; a pattern for a list member holds for whole members only.
    /// Syntax: see [`crate::desired::Rules`].
    pub(in crate::plan) fn is_within(&self, pattern: &str) -> bool {
        if pattern.ends_with("[]") {
            return self.is(pattern);
        }
        self.starts_with(pattern)
    }

    /// Whether the pattern is for the members of the list or map at this path.
    pub(super) fn is_parent(&self, pattern: &str) -> bool {
        pattern.rsplit_once(' ').is_some_and(|(parent, member)| ["*", "[]"].contains(&member) && self.is(parent))
    }

    fn starts_with(&self, pattern: &str) -> bool {
        let mut segments = self.0.iter();
        pattern.split(' ').all(|wanted| segments.next().is_some_and(|segment| segment.matches(wanted)))
    }

    /// Whether the path is exactly the pattern's.
    pub(in crate::plan) fn is(&self, pattern: &str) -> bool {
        pattern.split(' ').count() == self.0.len() && self.starts_with(pattern)
    }
}

impl Segment {
    fn matches(&self, wanted: &str) -> bool {
        match self {
            Self::Field(name) => match wanted.split_once('*') {
                Some((start, end)) => {
                    name.len() >= start.len() + end.len() && name.starts_with(start) && name.ends_with(end)
                }
                None => name == wanted,
            },
            Self::Member { .. } | Self::Index(_) => wanted == "[]",
            Self::Order => false,
        }
    }
}

impl fmt::Display for Path {
    /// `spec.template.spec.containers[name=web].image`; keys with dots or slashes stand in brackets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Field(name) if name.contains(['.', '/']) => write!(f, "[{name}]")?,
                Segment::Field(name) if position == 0 => write!(f, "{name}")?,
                Segment::Field(name) => write!(f, ".{name}")?,
                Segment::Index(index) => write!(f, "[{index}]")?,
                Segment::Order => {}
                Segment::Member { key, .. } => {
                    let key: Vec<String> = key
                        .iter()
                        .map(|(name, value)| {
                            format!("{name}={}", value.as_str().map_or_else(|| value.to_string(), str::to_owned))
                        })
                        .collect();
                    write!(f, "[{}]", key.join(","))?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_segments_and_everything_below() {
        let restarted = Path::of_fields(&["metadata", "annotations", "kubectl.kubernetes.io/restartedAt"]);
        assert!(restarted.is_within("metadata annotations kubectl.kubernetes.io/*"));
        assert!(restarted.is_within("metadata annotations *"));
        assert!(!restarted.is_within("metadata annotations kubectl"));
        assert!(!Path::of_fields(&["metadata", "annotations"]).is_within("metadata annotations *"));
        assert!(Path::of_fields(&["spec", "initContainers"]).is("spec *ontainers"));
        assert!(Path::of_fields(&["spec", "hostNetwork"]).is_within("spec host*"));
        assert!(!Path::of_fields(&["spec", "replicas"]).is_within("spec host*"));
    }

    #[test]
    fn a_path_is_displayed_and_converted_to_a_json_pointer() {
        let path = Path::of_fields(&["spec", "ports"])
            .with(Segment::Member { key: vec![("port", 80.into()), ("protocol", "TCP".into())], index: 1 })
            .with(Segment::Field("a/b~c.d".to_owned()));
        assert_eq!(path.to_string(), "spec.ports[port=80,protocol=TCP][a/b~c.d]");
        assert_eq!(path.pointer(), "/spec/ports/1/a~1b~0c.d");
    }
}
