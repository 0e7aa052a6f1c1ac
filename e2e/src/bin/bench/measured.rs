//! The measurements that the report shows.

use crate::foreign::Foreign;
use crate::heal::Heals;
use crate::race::Race;
use crate::restart::Restart;

/// All measurements with one number of apps.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) race: Race,
    pub(crate) heals: Heals,
    pub(crate) restart: Restart,
    pub(crate) crowd: Option<Crowd>,
}

/// The same apps beside many foreign objects.
#[derive(Debug)]
pub(crate) struct Crowd {
    pub(crate) foreign: Foreign,
    pub(crate) heals: Heals,
    pub(crate) restart: Restart,
}

#[allow(clippy::cast_precision_loss, reason = "all numbers here are far below 2^52")]
pub(crate) fn count(number: usize) -> f64 {
    number as f64
}
