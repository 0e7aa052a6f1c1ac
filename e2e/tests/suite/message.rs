//! Matches messages by pieces of them.

/// Whether the text contains the pieces, separated by `…`, in this order.
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
