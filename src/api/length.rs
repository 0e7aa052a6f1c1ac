//! The length of a JSON text, whoever has written it: the API server writes `<`, `>` and `&` as six bytes each (`\u003c`), other
//! writers as one.

/// Bytes of a JSON text in which a character that is written by its number counts as itself.
#[must_use]
pub fn json_length(text: &str) -> usize {
    let (mut length, mut rest) = (text.len(), text);
    while let Some((_, escaped)) = rest.split_once('\\') {
        let number = escaped.strip_prefix('u').and_then(|digits| digits.get(..4));
        let number = number.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        if let Some(character) = number.and_then(char::from_u32) {
            length = length.saturating_sub(r"\u0000".len() - character.len_utf8());
        }
        // The escaped character may be a backslash itself.
        rest = escaped.get(1..).unwrap_or_default();
    }
    length
}

/// Whether a JSON text is longer than this many bytes, counted by [`json_length`].
#[must_use]
pub fn is_longer(text: &str, most: usize) -> bool {
    text.len() > most && json_length(text) > most
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_written_by_its_number_counts_as_itself() {
        for (text, length) in [
            (r#"{"a":"b"}"#, 9),
            (r#""\u003c\u003E\u0026""#, 5),
            (r#""\u2028""#, 5),
            (r#""\n\"""#, 6),
            // A backslash, and four digits that stand for themselves.
            (r#""\\u003c""#, 9),
            (r#""\\\u003c""#, 5),
            (r#""é""#, 4),
        ] {
            assert_eq!(json_length(text), length, "{text}");
            assert!(is_longer(text, length - 1) && !is_longer(text, length), "{text}");
        }
    }
}
