//! Prints a table to the terminal.

/// Prints rows; each column is as wide as its widest cell.
pub(crate) fn print<const N: usize>(rows: &[[String; N]]) {
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..N).map(|column| width(column).unwrap_or_default()).collect();
    for row in rows {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        println!("   {}", cells.join("  ").trim_end());
    }
}
