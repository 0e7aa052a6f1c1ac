//! Amounts of the three resources that every pod has requests and limits for.

use super::{quantity::Quantity, review::Review};
use crate::api::ResourceAmounts;

/// CPU, memory and ephemeral storage of a pod, used as requests and as limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resources {
    /// Cores.
    pub cpu: Quantity,
    /// Bytes of memory.
    pub memory: Quantity,
    /// Bytes of local disk, writable paths included once accepted into an app.
    pub ephemeral_storage: Quantity,
}

/// CPU, memory and ephemeral storage, each only if given.
pub(super) fn amounts(given: Option<&ResourceAmounts>, path: &str, review: &mut Review) -> [Option<Quantity>; 3] {
    let Some(given) = given else { return [None; 3] };
    [("cpu", &given.cpu), ("memory", &given.memory), ("ephemeralStorage", &given.ephemeral_storage)]
        .map(|(field, text)| text.as_ref().and_then(|text| quantity(text, &format!("{path}.{field}"), review)))
}

/// A quantity above zero.
pub(super) fn quantity(text: &str, path: &str, review: &mut Review) -> Option<Quantity> {
    let quantity = Quantity::parse(text);
    if quantity.is_none() {
        review.reject(path, format!("'{text}' is not a quantity above 0"), "write one such as 100m or 128Mi");
    }
    quantity
}
