//! Whether a value keeps a rule. The text of a rule comes from the spec alone: it says nothing about the value.

use std::{fmt, str};

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

use super::url::is_url;
use crate::{api::KeyFormat, app::compile_pattern};

/// What must hold for the value of a key.
pub(super) enum Rule<'a> {
    Format(KeyFormat),
    /// Least number of characters.
    MinLength(u32),
    Pattern(&'a str),
}

impl Rule<'_> {
    pub(super) fn holds(&self, value: &[u8]) -> bool {
        match self {
            Self::Format(format) => has_format(*format, value),
            Self::MinLength(least) => {
                let length = str::from_utf8(value).map_or(value.len(), |text| text.chars().count());
                u32::try_from(length).unwrap_or(u32::MAX) >= *least
            }
            // `accept` has compiled it.
            Self::Pattern(pattern) => compile_pattern(pattern).is_ok_and(|pattern| pattern.is_match(value)),
        }
    }
}

impl fmt::Display for Rule<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Format(KeyFormat::Url) => f.write_str("must be a URL"),
            Self::Format(KeyFormat::Base64) => f.write_str("must be base64"),
            Self::Format(KeyFormat::Pem) => f.write_str("must be PEM"),
            Self::Format(KeyFormat::Integer) => f.write_str("must be an integer"),
            Self::Format(KeyFormat::NonEmpty) => f.write_str("must not be empty"),
            Self::MinLength(1) => f.write_str("must have at least 1 character"),
            Self::MinLength(least) => write!(f, "must have at least {least} characters"),
            Self::Pattern(pattern) => write!(f, "must match {pattern}"),
        }
    }
}

fn has_format(format: KeyFormat, value: &[u8]) -> bool {
    match format {
        KeyFormat::Url => str::from_utf8(value).is_ok_and(is_url),
        KeyFormat::Base64 => is_base64(value),
        KeyFormat::Pem => is_pem(value),
        KeyFormat::Integer => {
            let digits = value.strip_prefix(b"-").unwrap_or(value);
            !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
        }
        KeyFormat::NonEmpty => match str::from_utf8(value) {
            Ok(text) => !text.trim().is_empty(),
            Err(_) => true,
        },
    }
}

/// Of at least one byte, in one of the two alphabets of RFC 4648, with all of its padding or none.
fn is_base64(value: &[u8]) -> bool {
    let engine = |alphabet, padding| {
        GeneralPurpose::new(alphabet, GeneralPurposeConfig::new().with_decode_padding_mode(padding))
    };
    let is_written_with = |alphabet| {
        let paddings = [DecodePaddingMode::RequireCanonical, DecodePaddingMode::RequireNone];
        paddings.into_iter().any(|padding| engine(alphabet, padding).decode(value).is_ok())
    };
    !value.is_empty() && [&alphabet::STANDARD, &alphabet::URL_SAFE].into_iter().any(is_written_with)
}

/// At least one block; each is complete and has content. What is between blocks is left out, as RFC 7468 has it.
fn is_pem(value: &[u8]) -> bool {
    const BEGIN: &[u8] = b"-----BEGIN ";
    let begun = value.windows(BEGIN.len()).filter(|bytes| *bytes == BEGIN).count();
    // An incomplete last block isn't reported by the parser.
    pem::parse_many(value).is_ok_and(|blocks| {
        begun > 0 && blocks.len() == begun && blocks.iter().all(|block| !block.contents().is_empty())
    })
}
