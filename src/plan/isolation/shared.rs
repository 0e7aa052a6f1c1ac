//! What an app declares about database pods that belong to another app: findings, since only that app's policy lets in clients.

use super::surroundings::{Holder, Surroundings};
use crate::{
    api::{Check, FindingItem},
    app::{Database, DatabaseForm, End, Peer},
    release::Target,
};

/// The findings of one app, by database.
pub(super) fn shared<'a>(target: &'a Target, surroundings: &'a Surroundings) -> impl Iterator<Item = FindingItem> + 'a {
    target.databases().filter_map(|database| {
        let holder = surroundings.held.get(&database.name)?;
        let words = without_effect(target, database, holder)?;
        Some(FindingItem::about(database.name.as_str(), Check::DatabaseShared, &words))
    })
}

fn without_effect(target: &Target, database: &Database, holder: &Holder) -> Option<String> {
    let DatabaseForm::Pods(pods) = &database.form else { return None };
    let ends = database.ends(&target.id);
    let of_this_app = format!("{}.", target.id.name);
    let is_of_another = |from: &End| matches!(from, End::Pods(Peer { namespace: None, workload }) if !workload.starts_with(&of_this_app));
    let lets_in = target.accepted().iter().any(|edge| ends.contains(&edge.to) && is_of_another(&edge.from));
    let declared =
        [("allowFrom", lets_in), ("managedBy", !pods.managed_by.is_empty()), ("metricsPort", pods.metrics.is_some())];
    let fields: Vec<&str> = declared.iter().filter(|(_, is_declared)| *is_declared).map(|(field, _)| *field).collect();
    (!fields.is_empty()).then(|| {
        let app = &holder.app;
        format!(
            "its pods belong to a database of app {app}: declare {} there, here it has no effect",
            fields.join(" and ")
        )
    })
}
