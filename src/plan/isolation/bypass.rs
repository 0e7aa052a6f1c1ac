//! What others have in the namespace that leads to an app's pods beside what the app declares: findings, since who may write there may
//! also open what the app closes.

use super::{others::Others, shared::shared, surroundings::Surroundings};
use crate::{
    api::{Check, FindingItem},
    app::{PartName, pod_labels},
    plan::outcome::ChildOutcome,
    reach::{PodLabels, opens},
    release::Target,
};

/// Findings about one part: who makes more objects hides no other finding.
const MOST: usize = 5;

/// The findings of one app, by part, after its own objects were applied.
#[must_use]
pub fn bypass(target: &Target, surroundings: &Surroundings, children: &[ChildOutcome]) -> Vec<FindingItem> {
    let others = Others { neighbours: &surroundings.neighbours, children };
    let of_parts = target.workloads().flat_map(|workload| {
        let labels = PodLabels::of_template(pod_labels(&target.id, &workload.name));
        let service = target.id.child_name(&workload.name);
        let mut words: Vec<String> = policies(others, &labels)
            .chain(services(others, &labels))
            .chain(routes(others, &labels, &service))
            .collect();
        let more = words.len().saturating_sub(MOST);
        words.truncate(MOST);
        words.extend((more > 0).then(|| format!("and {more} more objects of others lead to its pods")));
        words.into_iter().map(|words| about(&workload.name, &words)).collect::<Vec<_>>()
    });
    let omitted = others.omitted().map(|words| FindingItem::about("", Check::Bypass, &words));
    of_parts.chain(omitted).chain(shared(target, surroundings)).chain(other_apis(target, surroundings)).collect()
}

fn about(part: &PartName, words: &str) -> FindingItem {
    FindingItem::about(part.as_str(), Check::Bypass, words)
}

/// Policies that select the pods and open something. One that only closes takes nothing back of what another opens, and is none.
fn policies<'a>(others: Others<'a>, labels: &'a PodLabels) -> impl Iterator<Item = String> + 'a {
    let policies = others.policies().map(|policy| &policy.object).filter(|policy| policy.pods.may_match(labels));
    let policies = policies.filter(|policy| {
        [&policy.ingress, &policy.egress].into_iter().any(|rules| rules.as_ref().is_some_and(|rules| !rules.is_empty()))
    });
    let judged =
        policies.map(|policy| format!("NetworkPolicy {} selects its pods, too: it {}", policy.name, opens(policy)));
    let unjudged = others.unjudged().filter(move |policy| policy.may_select(labels));
    judged.chain(unjudged.map(|policy| {
        format!("NetworkPolicy {} may select its pods, too, and can't be judged: {}", policy.name, policy.reason)
    }))
}

fn services<'a>(others: Others<'a>, labels: &'a PodLabels) -> impl Iterator<Item = String> + 'a {
    let services = others.services().filter(move |service| service.may_select(labels));
    services.map(|service| match service.exposes() {
        Some(how) => format!("Service {} leads to its pods, too, also from outside the cluster: {how}", service.name),
        None => format!("Service {} leads to its pods, too", service.name),
    })
}

/// Ingresses and routes to the part's own Service, or to another that leads to its pods.
fn routes<'a>(others: Others<'a>, labels: &'a PodLabels, own: &'a str) -> impl Iterator<Item = String> + 'a {
    let leads = move |name: &String| {
        name == own || others.services().any(|service| service.name == *name && service.may_select(labels))
    };
    others.neighbours.routes.iter().filter_map(move |route| {
        let service = route.services.iter().find(|name| leads(name))?;
        let hosts = if route.hosts.is_empty() { "every host".to_owned() } else { route.hosts.join(", ") };
        Some(format!("{} {} leads to its pods by Service {service}, for {hosts}", route.kind, route.name))
    })
}

/// Where the app has databases to judge, what isn't judged is said.
fn other_apis(target: &Target, surroundings: &Surroundings) -> Option<FindingItem> {
    let groups = &surroundings.other_apis;
    let has_databases = target.databases().next().is_some();
    (has_databases && !groups.is_empty()).then(|| {
        let words = format!("the cluster has policies of {}: what they open isn't judged", groups.join(", "));
        FindingItem::about("", Check::PolicyApiUnjudged, &words)
    })
}
