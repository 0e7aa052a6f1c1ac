//! Regular expressions that users write.

use regex::bytes::{Regex, RegexBuilder};

/// Most that a compiled expression may take, in bytes. It bounds the time too: tenants write expressions, and each is compiled whenever
/// its app is accepted.
const LARGEST: usize = 32 * 1024;

/// Compiles the pattern of a key. It matches bytes, and its classes know ASCII only: `\w` in Unicode takes more than the limit, and
/// the value of a Secret needn't be UTF-8.
///
/// # Errors
/// If it is no regular expression, or too large.
pub fn compile_pattern(pattern: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(pattern).unicode(false).size_limit(LARGEST).build()
}
