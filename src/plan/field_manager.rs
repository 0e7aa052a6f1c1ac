//! The field managers that are no other client.

use crate::api::MANAGER;

/// The operator, and the manager to which the API server gives all fields of an object without managed fields when it is first applied:
/// <https://github.com/kubernetes/apimachinery/blob/master/pkg/util/managedfields/internal/skipnonapplied.go>. An object of the
/// operator has none once it or a client has reset them.
const OWN: [&str; 2] = [MANAGER, "before-first-apply"];

/// Whether a field manager is no other client.
pub(super) fn is_own(name: &str) -> bool {
    OWN.contains(&name)
}
