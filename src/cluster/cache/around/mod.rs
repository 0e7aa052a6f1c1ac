//! What surrounds the apps: what others have in their namespaces, the pods of databases that others run, and which other APIs for
//! policies the cluster has.

mod apis;
mod database_pods;
mod foreign_pod;
mod groups;
mod hosts;
mod kind;
mod listing;
mod locked;
mod namespace;
mod neighbourhood;
mod record;
mod room;
mod route;
mod surroundings;
mod view;

pub(in crate::cluster) use database_pods::{ForeignPods, Found};
pub use groups::PodGroups;
pub use hosts::{Claimant, HostClaims};
pub(in crate::cluster) use kind::NeighbourKind;
pub(in crate::cluster) use listing::Listing;
pub(in crate::cluster) use locked::Around;
pub(in crate::cluster) use neighbourhood::{Begun, Missing};
pub(in crate::cluster) use record::Record;
pub(in crate::cluster) use surroundings::read_pod;
