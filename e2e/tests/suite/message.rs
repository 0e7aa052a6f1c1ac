//! Recognises a message by pieces of it.

/// Whether the pieces, with `…` between them, are in the text in their order.
pub(crate) fn says_so(text: &str, pieces: &str) -> bool {
    let mut rest = text;
    pieces.split('…').map(str::trim).all(|piece| match rest.split_once(piece) {
        Some((_, after)) => {
            rest = after;
            true
        }
        None => false,
    })
}
