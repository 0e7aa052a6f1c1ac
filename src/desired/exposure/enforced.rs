//! Whether the platform's controller enforces what a host asks for.

use super::{contour, feature::Feature, gateway, ingress, parts::Profile, traefik};
use crate::{
    api::IngressProfile,
    app::{EntryPoint, Exposure},
};

fn profile(entry: &EntryPoint) -> &'static Profile {
    match entry {
        EntryPoint::Gateway(_) => &gateway::PROFILE,
        EntryPoint::Ingress { profile: IngressProfile::Ingress, .. } => &ingress::PROFILE,
        EntryPoint::Ingress { profile: IngressProfile::Contour, .. } => &contour::PROFILE,
        EntryPoint::Ingress { profile: IngressProfile::Traefik, .. } => &traefik::PROFILE,
    }
}

/// What of an exposure nothing enforces, in words; `None` where all is enforced.
#[must_use]
pub fn unenforceable(exposure: &Exposure) -> Option<String> {
    let profile = profile(&exposure.entry);
    let is_open = |feature: &Feature| {
        feature.is_asked_for(exposure) && !profile.enforces.contains(feature) && !feature.is_attested(exposure)
    };
    let open: Vec<Feature> = Feature::ALL.into_iter().filter(is_open).collect();
    if open.is_empty() {
        return None;
    }
    let names: Vec<&str> = open.iter().map(|feature| feature.name()).collect();
    let attestations: Vec<&str> = open.iter().filter_map(|feature| feature.attestation()).collect();
    let remedy = if attestations.len() == open.len() {
        format!(
            "ask for less, or have the platform team make the controller enforce it and say so under exposure.enforces ({})",
            attestations.join(", ")
        )
    } else {
        "remove it, or use another controller".to_owned()
    };
    Some(format!("the profile {} can't enforce {}: {remedy}", profile.name, names.join(", ")))
}
