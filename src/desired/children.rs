//! All children of an app.

use super::{child::Child, kinds::KINDS};
use crate::release::Target;

/// All objects that an app is made of: those of the app as a whole, then part by part, each in the order of [`KINDS`].
#[must_use]
pub fn children(target: &Target) -> Vec<Child> {
    let drafts = KINDS.iter().flat_map(|kind| (kind.build)(target).into_iter().map(move |draft| (kind, draft)));
    let mut children: Vec<Child> = drafts.map(|(kind, draft)| Child::complete(kind, &target.id, draft)).collect();
    // A stable sort: within a part the order of the kinds stays.
    children.sort_by(|one, other| one.part.cmp(&other.part));
    children
}
