//! Kubernetes quantities in the one form in which the API server stores them.
//!
//! The server rewrites `0.1` to `100m` and `1024Mi` to `1Gi`. An operator that compared its own text with the stored
//! one would find drift in every reconciliation. So quantities are parsed here and printed in the server's canonical
//! form (k8s.io/apimachinery `resource.Quantity`).

use std::{cmp::Ordering, fmt, iter::Sum};

use serde::{Deserialize, Serialize};

/// A positive amount, exact to 10^-9.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Quantity {
    nano: i128,
    /// Printed with `Ki`, `Mi` … rather than `k`, `M` ….
    binary: bool,
}

const NANO: i128 = 1_000_000_000;
const BINARY_SUFFIXES: [&str; 7] = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
const DECIMAL_SUFFIXES: [&str; 10] = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];
/// The largest amount the API server keeps exactly: 2^63 - 1 units.
const MAX: i128 = (i64::MAX as i128) * NANO;

impl Quantity {
    /// An amount of mebibytes.
    #[must_use]
    pub const fn mebi(amount: i32) -> Self {
        Self { nano: amount as i128 * 1024 * 1024 * NANO, binary: true }
    }

    /// An amount of thousandths.
    #[must_use]
    pub const fn milli(amount: i32) -> Self {
        Self { nano: amount as i128 * NANO / 1000, binary: false }
    }

    /// Rounded up to whole thousandths, as the API server stores requests and limits of containers and claims
    /// (`SetDefaults_ResourceList` in k8s.io/kubernetes `pkg/apis/core/v1/defaults.go`). Other fields, such as `sizeLimit`, it stores as
    /// they are.
    #[must_use]
    pub const fn ceil_milli(self) -> Self {
        const MILLI: i128 = NANO / 1000;
        Self { nano: (self.nano + MILLI - 1) / MILLI * MILLI, ..self }
    }

    /// A fraction of it, rounded up to whole units.
    #[must_use]
    pub(super) const fn times(self, numerator: i128, denominator: i128) -> Self {
        let whole = NANO * denominator;
        Self { nano: (self.nano * numerator + whole - 1) / whole * NANO, ..self }
    }

    /// Rounded up to whole units.
    #[must_use]
    pub const fn ceil(self) -> i128 {
        (self.nano + NANO - 1) / NANO
    }

    /// Whether it has no fraction.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.nano % NANO == 0
    }

    /// Reads an amount above zero; `None` if it isn't a quantity, not positive, or too large to be kept exactly.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (number, suffix) = text.split_at_checked(digits)?;
        let (scale, binary) = scale(suffix)?;
        let nano = decimal(number, scale)?;
        (nano > 0 && nano <= MAX).then_some(Self { nano, binary })
    }
}

/// Nano-units per unit of the suffix, as (mantissa, divisor), and whether the suffix is binary.
fn scale(suffix: &str) -> Option<((i128, i128), bool)> {
    if let Some(power) = BINARY_SUFFIXES.iter().skip(1).position(|s| *s == suffix) {
        let units = 1024_i128.checked_pow(u32::try_from(power).ok()? + 1)?;
        return Some(((NANO * units, 1), true));
    }
    if let Some(power) = DECIMAL_SUFFIXES.iter().position(|s| *s == suffix) {
        return Some(((1000_i128.checked_pow(u32::try_from(power).ok()?)?, 1), false));
    }
    let exponent: i32 = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
    let magnitude = 10_i128.checked_pow(exponent.unsigned_abs().min(30))?;
    Some((if exponent < 0 { (NANO, magnitude) } else { (NANO.checked_mul(magnitude)?, 1) }, false))
}

/// `number` times `scale`, rounded up to whole nano-units as the API server does.
fn decimal(number: &str, (mantissa, divisor): (i128, i128)) -> Option<i128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() || fraction.contains('.') {
        return None;
    }
    let denominator = 10_i128.checked_pow(u32::try_from(fraction.len()).ok()?)?.checked_mul(divisor)?;
    let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
    let numerator = digits.checked_mul(mantissa)?;
    Some(numerator / denominator + i128::from(numerator % denominator != 0))
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = self.nano / NANO;
        // An amount that isn't a multiple of Ki has no binary suffix, and the server reads such a text as decimal.
        if self.binary && self.nano % (NANO * 1024) == 0 {
            return print(f, units, 1024, &BINARY_SUFFIXES);
        }
        print(f, self.nano, 1000, &DECIMAL_SUFFIXES)
    }
}

/// Prints with the largest suffix that needs no fraction.
fn print(f: &mut fmt::Formatter<'_>, mut amount: i128, base: i128, suffixes: &[&str]) -> fmt::Result {
    let mut suffixes = suffixes.iter();
    let mut suffix = suffixes.next();
    while amount % base == 0 {
        let Some(next) = suffixes.next() else { break };
        amount /= base;
        suffix = Some(next);
    }
    write!(f, "{amount}{}", suffix.unwrap_or(&""))
}

impl From<Quantity> for String {
    fn from(quantity: Quantity) -> Self {
        quantity.to_string()
    }
}

impl TryFrom<String> for Quantity {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or_else(|| format!("'{text}' is not a quantity above 0"))
    }
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.nano == other.nano
    }
}

impl Eq for Quantity {}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Quantity {
    fn cmp(&self, other: &Self) -> Ordering {
        self.nano.cmp(&other.nano)
    }
}

impl Sum for Quantity {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self { nano: 0, binary: false }, |sum, next| Self {
            nano: sum.nano.saturating_add(next.nano).min(MAX),
            binary: sum.binary || next.binary,
        })
    }
}

#[cfg(test)]
mod tests;
