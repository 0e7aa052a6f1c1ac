//! Topologies that each show one rule of the API: `topologies.yaml`.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    cells::{differences, judge},
    oracle::ask,
    topology::{Asked, End, Topology, policy, with_names},
};

/// The topologies whose selectors the oracle's own code evaluates otherwise than the API says: `e2e/oracle/selectors.go` quotes it.
const DISPUTED: [&str; 2] =
    ["NotIn matches where the label is missing", "an empty value in matchLabels needs the label to be there"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    namespaces: BTreeMap<String, BTreeMap<String, String>>,
    ends: Vec<End>,
    ask: Vec<Asked>,
    topologies: Vec<Designed>,
}

/// A topology; what it doesn't give is as the file says at its top.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Designed {
    name: String,
    ends: Option<Vec<End>>,
    ask: Option<Vec<Asked>>,
    /// Specs by namespace and name: `x/deny`.
    policies: BTreeMap<String, Value>,
}

fn designed() -> Result<Vec<Topology>> {
    let file: File = serde_saphyr::from_str(include_str!("topologies.yaml"))?;
    let namespaces = with_names(file.namespaces);
    let policies = |specs: BTreeMap<String, Value>| -> Result<Vec<Value>> {
        let read = specs.iter().map(|(place, spec)| {
            let (namespace, name) = place.split_once('/').with_context(|| format!("{place} has no namespace"))?;
            Ok(policy(namespace, name, spec))
        });
        read.collect()
    };
    let topology = |designed: Designed| {
        Ok(Topology {
            name: designed.name,
            namespaces: namespaces.clone(),
            ends: designed.ends.unwrap_or_else(|| file.ends.clone()),
            ask: designed.ask.unwrap_or_else(|| file.ask.clone()),
            policies: policies(designed.policies)?,
        })
    };
    file.topologies.into_iter().map(topology).collect()
}

#[test]
fn designed_topologies_are_judged_as_by_the_oracle() -> Result<()> {
    let topologies = designed()?;
    let names: BTreeSet<&str> = topologies.iter().map(|topology| topology.name.as_str()).collect();
    ensure!(names.len() == topologies.len() && names.len() >= 40, "{} names", names.len());
    let (mut wrong, mut cells) = (Vec::new(), 0);
    for (topology, answer) in topologies.iter().zip(ask(&topologies)?) {
        let ours = judge(topology)?;
        wrong.extend(
            differences(topology, &ours, &answer.judged).iter().map(|cell| format!("{}: {cell}", topology.name)),
        );
        // A topology in which all is allowed, or nothing, shows nothing.
        let has = |allowed: bool| answer.judged.iter().any(|row| row.chars().any(|letter| (letter == 'A') == allowed));
        ensure!(has(true) && has(false), "{}: all cells are the same", topology.name);
        let differs = answer.judged != answer.own;
        ensure!(
            differs == DISPUTED.contains(&topology.name.as_str()),
            "{}: own judgement differs: {differs}",
            topology.name
        );
        cells += ours.iter().map(String::len).sum::<usize>();
    }
    println!("{} topologies, {cells} connections", topologies.len());
    ensure!(wrong.is_empty(), "{} connections:\n{}", wrong.len(), wrong.join("\n"));
    Ok(())
}
