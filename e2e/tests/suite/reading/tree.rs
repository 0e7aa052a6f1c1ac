//! A YAML document as a tree whose scalars and keys are written as they are: quotes, tags and mistakes included.

use e2e::Random;

#[derive(Clone)]
pub(super) enum Node {
    Map(Vec<(String, Node)>),
    List(Vec<Node>),
    Scalar(String),
}

impl Node {
    pub(super) fn scalar(text: &str) -> Self {
        Self::Scalar(text.to_owned())
    }

    /// All nodes below, with the path of each.
    pub(super) fn count(&self) -> usize {
        1 + match self {
            Self::Map(fields) => fields.iter().map(|(_, node)| node.count()).sum(),
            Self::List(members) => members.iter().map(Self::count).sum(),
            Self::Scalar(_) => 0,
        }
    }

    /// The node at a position in depth-first order.
    pub(super) fn at(&mut self, position: usize) -> Option<&mut Self> {
        if position == 0 {
            return Some(self);
        }
        let mut left = position - 1;
        let below: Vec<&mut Self> = match self {
            Self::Map(fields) => fields.iter_mut().map(|(_, node)| node).collect(),
            Self::List(members) => members.iter_mut().collect(),
            Self::Scalar(_) => Vec::new(),
        };
        for node in below {
            let count = node.count();
            if left < count {
                return node.at(left);
            }
            left -= count;
        }
        None
    }

    /// As text: in blocks, in braces, or mixed.
    pub(super) fn text(&self, random: &mut Random) -> String {
        let mut text = String::new();
        self.block(0, &mut text, random);
        text
    }

    fn block(&self, indent: usize, text: &mut String, random: &mut Random) {
        let pad = " ".repeat(indent);
        match self {
            Self::Map(fields) if !fields.is_empty() => {
                for (name, node) in fields {
                    text.extend([pad.as_str(), name.as_str(), ":"]);
                    node.value(indent + 2, text, random);
                }
            }
            Self::List(members) if !members.is_empty() => {
                for node in members {
                    text.extend([pad.as_str(), "-"]);
                    node.value(indent + 2, text, random);
                }
            }
            other => text.extend([pad.as_str(), other.flow().as_str(), "\n"]),
        }
    }

    fn value(&self, indent: usize, text: &mut String, random: &mut Random) {
        match self {
            Self::Scalar(raw) => text.extend([" ", raw.as_str(), "\n"]),
            _ if random.once_in(3) => text.extend([" ", self.flow().as_str(), "\n"]),
            Self::Map(fields) if fields.is_empty() => text.push_str(" {}\n"),
            Self::List(members) if members.is_empty() => text.push_str(" []\n"),
            _ => {
                text.push('\n');
                self.block(indent, text, random);
            }
        }
    }

    fn flow(&self) -> String {
        match self {
            Self::Map(fields) => {
                let fields: Vec<String> =
                    fields.iter().map(|(name, node)| format!("{name}: {}", node.flow())).collect();
                format!("{{{}}}", fields.join(", "))
            }
            Self::List(members) => format!("[{}]", members.iter().map(Self::flow).collect::<Vec<_>>().join(", ")),
            Self::Scalar(raw) => raw.clone(),
        }
    }
}
