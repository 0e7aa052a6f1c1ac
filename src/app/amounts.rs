//! Amounts of the three resources that every pod has requests and limits for.

use serde::{Deserialize, Serialize};

use super::{quantity::Quantity, review::Review};
use crate::api::ResourceAmounts;

/// CPU, memory and ephemeral storage of a pod, used as requests and as limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    let cpu = given.cpu.as_ref().and_then(|text| quantity(text, &format!("{path}.cpu"), review));
    let mut bytes = |text: &Option<String>, field: &str| bytes(text.as_ref()?, &format!("{path}.{field}"), review);
    [cpu, bytes(&given.memory, "memory"), bytes(&given.ephemeral_storage, "ephemeralStorage")]
}

/// A number of bytes above zero. The API server warns of `512m`, half a byte, which is a mistake for `512Mi`. `0.3Gi` isn't whole either,
/// and is meant: it is rounded up.
pub(super) fn bytes(text: &str, path: &str, review: &mut Review) -> Option<Quantity> {
    let quantity = quantity(text, path, review)?;
    if text.ends_with(|c: char| c.is_ascii_digit() || "num".contains(c)) && !quantity.is_whole() {
        review.reject(path, format!("'{text}' is a fraction of a byte"), "write one such as 128Mi");
    }
    Some(quantity)
}

/// A quantity above zero.
fn quantity(text: &str, path: &str, review: &mut Review) -> Option<Quantity> {
    let quantity = Quantity::parse(text);
    if quantity.is_none() {
        review.reject(path, format!("'{text}' is not a quantity above 0"), "write one such as 100m or 128Mi");
    }
    quantity
}
