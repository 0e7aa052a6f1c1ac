//! Text of containers and of the API server, shortened and masked before the operator writes it to a status.

/// Longest quotation, in characters.
const LONGEST: usize = 256;

/// At most 256 characters, with the user information of URLs masked: error messages often quote connection strings.
#[must_use]
pub fn quoted(text: &str) -> String {
    let masked = text.split_inclusive(char::is_whitespace).map(masked);
    masked.collect::<String>().chars().take(LONGEST).collect()
}

fn masked(word: &str) -> String {
    match word.split_once("://") {
        Some((scheme, rest)) => match rest.rsplit_once('@') {
            Some((_, host)) => format!("{scheme}://***@{host}"),
            None => word.to_owned(),
        },
        None => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_in_addresses_are_masked() {
        assert_eq!(
            quoted("can't reach postgres://shop:s3cr@t@db:5432/shop or https://x/y: refused"),
            "can't reach postgres://***@db:5432/shop or https://x/y: refused"
        );
    }

    #[test]
    fn a_quotation_is_short() {
        assert_eq!(quoted(&"ä".repeat(300)).chars().count(), 256);
    }
}
