//! Hashes that are short enough for names and annotations.

use std::fmt::Write;

use sha2::{Digest, Sha256};

/// The first 16 hex digits of the SHA-256 of a text.
#[must_use]
pub fn short_hash(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().take(8).fold(String::new(), |mut hash, byte| {
        // Writing to a String can't fail.
        let _ = write!(hash, "{byte:02x}");
        hash
    })
}
