//! Rules of NetworkPolicies in plain English, for messages of bounded length.

use std::fmt;

use super::{
    policy::{Peer, Policy, Rule},
    ports::{PolicyPort, Transport},
    selector::{Expression, NAMESPACE_NAME, Operator, Selector},
};

/// Longest list of what is let in or out, in characters.
const LONGEST: usize = 200;
/// Longest member of such a list.
const LONGEST_MEMBER: usize = 150;
/// Room for ` and 65536 more`.
const MORE: usize = 15;

/// What a policy lets in and out, in at most about 400 characters: `lets in pods app=report on port 5432; lets out nothing`. A direction that it
/// doesn't isolate isn't mentioned.
#[must_use]
pub fn opens(policy: &Policy) -> String {
    let directions = [("in", &policy.ingress), ("out", &policy.egress)];
    let words = directions.into_iter().filter_map(|(direction, rules)| {
        let listed = listed(rules.as_ref()?.iter().flat_map(peers), |_| true);
        Some(format!("lets {direction} {}", if listed.is_empty() { "nothing" } else { &listed }))
    });
    words.collect::<Vec<_>>().join("; ")
}

/// The peers of a rule, each with the rule; `None` for everyone.
pub(super) fn peers(rule: &Rule) -> impl Iterator<Item = (Option<&Peer>, &Rule)> {
    let everyone = rule.peers.is_empty().then_some((None, rule));
    everyone.into_iter().chain(rule.peers.iter().map(move |peer| (Some(peer), rule)))
}

/// Peers with those ports of their rules that are to be shown; if there are too many, the first of them and the number of the rest.
/// Empty if there is none.
pub(super) fn listed<'a>(
    peers: impl Iterator<Item = (Option<&'a Peer>, &'a Rule)>,
    is_shown: impl Fn(&PolicyPort) -> bool,
) -> String {
    let (mut members, mut length, mut more): (Vec<String>, usize, usize) = (Vec::new(), 0, 0);
    for (peer, rule) in peers {
        if more > 0 {
            more += 1;
            continue;
        }
        let who = peer.map_or_else(|| "everyone".to_owned(), ToString::to_string);
        let member = shortened(format!("{who} {}", on(&rule.ports, &is_shown)));
        if members.contains(&member) {
            continue;
        }
        let longer = length + member.chars().count() + 2;
        if longer + MORE > LONGEST {
            more += 1;
        } else {
            length = longer;
            members.push(member);
        }
    }
    let members = members.join(", ");
    if more == 0 { members } else { format!("{members} and {more} more") }
}

fn shortened(text: String) -> String {
    if text.chars().count() <= LONGEST_MEMBER {
        return text;
    }
    text.chars().take(LONGEST_MEMBER - 1).chain(['…']).collect()
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Range { cidr, except } => {
                write!(f, "addresses {cidr}")?;
                let except: Vec<String> = except.iter().map(ToString::to_string).collect();
                if except.is_empty() { Ok(()) } else { write!(f, " except {}", except.join(", ")) }
            }
            Self::Pods { namespaces, pods } => {
                match pods {
                    None => f.write_str("any pod")?,
                    Some(pods) => write!(f, "pods {pods}")?,
                }
                match namespaces {
                    // A selector of pods alone means those of the policy's namespace.
                    None if pods.is_some() => Ok(()),
                    None => f.write_str(" of the namespace"),
                    Some(all) if all.is_empty() => f.write_str(" of any namespace"),
                    Some(namespaces) => match (namespaces.labels.as_slice(), namespaces.expressions.is_empty()) {
                        ([(key, name)], true) if key == NAMESPACE_NAME => write!(f, " of namespace {name}"),
                        _ => write!(f, " of namespaces {namespaces}"),
                    },
                }
            }
        }
    }
}

/// The ports of a rule: `on port 80 and UDP port 53`.
fn on(ports: &[PolicyPort], is_shown: impl Fn(&PolicyPort) -> bool) -> String {
    if ports.is_empty() {
        return "on all ports".to_owned();
    }
    let ports: Vec<String> = ports.iter().filter(|port| is_shown(port)).map(ToString::to_string).collect();
    format!("on {}", ports.join(" and "))
}

/// TCP isn't named, as in a policy: it is the default.
impl fmt::Display for PolicyPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Numbers { transport, .. } | Self::Named { transport, .. }) = self;
        let prefix = if *transport == Transport::Tcp { String::new() } else { format!("{transport} ") };
        match self {
            Self::Numbers { first: 1, last: u16::MAX, .. } => write!(f, "all {transport} ports"),
            Self::Numbers { first, last, .. } if first == last => write!(f, "{prefix}port {first}"),
            Self::Numbers { first, last, .. } => write!(f, "{prefix}ports {first}-{last}"),
            Self::Named { name, .. } => write!(f, "{prefix}port {name}"),
        }
    }
}

/// As `kubectl get --selector` takes it.
impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let labels = self.labels.iter().map(|(key, value)| format!("{key}={value}"));
        let requirements: Vec<String> = labels.chain(self.expressions.iter().map(ToString::to_string)).collect();
        f.write_str(&requirements.join(","))
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = &self.key;
        match &self.operator {
            Operator::In(values) => write!(f, "{key} in ({})", values.join(",")),
            Operator::NotIn(values) => write!(f, "{key} notin ({})", values.join(",")),
            Operator::Exists => f.write_str(key),
            Operator::DoesNotExist => write!(f, "!{key}"),
        }
    }
}
