//! Free texts: arguments, values of variables, what probes send.

use crate::app::review::Review;

/// Refuses a text that a process wouldn't get as it was written.
pub(super) fn accept(text: &str, path: &str, review: &mut Review) {
    // The kernel ends each argument and variable at the first NUL.
    if text.contains('\0') {
        review.reject(path, "it holds a NUL character", "remove it");
    }
    if let Some(lost) = text.chars().find(|c| is_lost(*c)) {
        review.reject(
            path,
            format!(
                "it holds the invisible character U+{:04X}, which the API server changes or refuses",
                u32::from(lost)
            ),
            "remove it, or mount the text from a ConfigMap with config",
        );
    }
}

/// Whether the character doesn't survive a server-side apply. The API server reads an apply as YAML even if it is JSON: there
/// delete and the second set of control characters aren't allowed, except U+0085, which is a line break like U+2028 and
/// U+2029; the reader folds a line break into a space, or takes spaces beside it away.
pub(super) const fn is_lost(c: char) -> bool {
    matches!(c, '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{fffe}' | '\u{ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_would_arrive_otherwise_is_refused() {
        for (text, refused) in [
            ("plain\ttext\r\n", false),
            ("\u{1}\u{1b}[0m", false),
            ("e\u{301} \u{a0} \u{feff} 日本 😀 \u{10ffff}", false),
            ("a\0", true),
            ("a\u{7f}", true),
            ("a\u{85}b", true),
            ("a \u{2028}b", true),
        ] {
            let mut review = Review::default();
            accept(text, "spec", &mut review);
            assert_eq!(review.rejects("spec"), refused, "{text:?}");
        }
    }
}
