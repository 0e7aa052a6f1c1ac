//! Parsing, printing and adding quantities.

use proptest::prelude::*;

use super::*;

#[test]
fn canonical_forms_are_those_of_the_api_server() {
    for (text, canonical) in [
        ("0.1", "100m"),
        ("1000m", "1"),
        ("1500m", "1500m"),
        ("2", "2"),
        ("1000", "1k"),
        ("2048", "2048"),
        ("1024Mi", "1Gi"),
        ("1.5Gi", "1536Mi"),
        ("128Mi", "128Mi"),
        ("512Ki", "512Ki"),
        ("1Ki", "1Ki"),
        ("0.5Ki", "512"),
        ("1e3", "1k"),
        ("1E3", "1k"),
        ("5e-1", "500m"),
        ("100M", "100M"),
        (".5", "500m"),
        ("1.", "1"),
        ("0.0000000001", "1n"),
        ("1100u", "1100u"),
        ("1000000u", "1"),
        ("007", "7"),
        ("3E", "3E"),
        ("2000Mi", "2000Mi"),
    ] {
        assert_eq!(Quantity::parse(text).unwrap().to_string(), canonical, "{text}");
    }
}

#[test]
fn text_that_is_not_a_positive_quantity_is_refused() {
    for text in [
        "", ".", "0", "0.0", "-1", "+1", "abc", "1e30", "1 Gi", "1ki", "1mi", "Mi", "1.2.3", "16Ei", "1e", "1e1.5",
        "NaN", "é",
    ] {
        assert!(Quantity::parse(text).is_none(), "{text}");
    }
}

#[test]
fn quantities_can_be_added_and_compared() {
    let sum: Quantity = [Quantity::mebi(256), Quantity::mebi(64)].into_iter().sum();
    assert_eq!(sum.to_string(), "320Mi");
    assert!(Quantity::milli(100) < Quantity::parse("0.2").unwrap());
}

/// The texts a user may write: digits, a fraction, a suffix or exponent.
fn text() -> impl Strategy<Value = String> {
    let suffix =
        prop::sample::select(vec!["", "n", "u", "m", "k", "M", "G", "T", "Ki", "Mi", "Gi", "Ti", "e3", "E-2", "e6"]);
    let whole = prop_oneof![0_u64..2_000_000, (0_u64..2000).prop_map(|thousands| thousands * 1000)];
    let fraction = prop::option::weighted(0.2, 0_u32..10_000);
    (whole, fraction, suffix).prop_map(|(whole, fraction, suffix)| {
        fraction.map_or_else(|| format!("{whole}{suffix}"), |fraction| format!("{whole}.{fraction}{suffix}"))
    })
}

/// Whether the server would keep the printed text. It chooses the base by the suffix alone: text without one is
/// decimal.
fn is_fixed_point(quantity: &Quantity) -> bool {
    Quantity::parse(&quantity.to_string())
        .is_some_and(|again| again == *quantity && again.to_string() == quantity.to_string())
}

proptest! {
    #[test]
    fn what_is_printed_is_what_the_server_would_print(text in text()) {
        if let Some(quantity) = Quantity::parse(&text) {
            prop_assert!(is_fixed_point(&quantity), "{text} -> {quantity}");
        }
    }

    #[test]
    fn a_sum_of_both_bases_is_printed_as_the_server_would_print_it(amounts in prop::collection::vec(text(), 1..5)) {
        let sum: Quantity = amounts.iter().filter_map(|text| Quantity::parse(text)).sum();
        if sum > Quantity::milli(1) {
            prop_assert!(is_fixed_point(&sum), "{amounts:?} -> {sum}");
        }
    }
}

#[test]
fn a_binary_amount_that_is_not_a_multiple_of_ki_is_printed_as_decimal() {
    // 1000Mi + 1M is not a multiple of Ki, but of k. The server reads "1049576000" and stores "1049576k".
    let sum: Quantity = ["1000Mi", "1M"].iter().filter_map(|text| Quantity::parse(text)).sum();
    assert_eq!(sum.to_string(), "1049576k");
}
