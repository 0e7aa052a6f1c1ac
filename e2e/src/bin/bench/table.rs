//! A Markdown table of measurements.

use std::fmt::Write;

/// One measure.
pub(crate) struct Row {
    measure: String,
    /// The largest value that meets the goal.
    limit: Option<f64>,
    goal: String,
    /// The values to compare with the goal, and their texts.
    cells: Vec<(Option<f64>, String)>,
    limited_by: &'static str,
}

impl Row {
    pub(crate) fn new(
        measure: &str,
        limit: Option<f64>,
        goal: &str,
        cells: Vec<(Option<f64>, String)>,
        limited_by: &'static str,
    ) -> Self {
        let goal = if goal.is_empty() { String::new() } else { format!("≤ {goal}") };
        Self { measure: measure.to_owned(), limit, goal, cells, limited_by }
    }

    fn cell(&self, index: usize) -> String {
        let Some((value, text)) = self.cells.get(index) else { return String::new() };
        match self.limit.zip(*value) {
            Some((limit, value)) if value <= limit => format!("{text}, met"),
            Some(_) => format!("{text}, **missed**"),
            None => text.clone(),
        }
    }
}

/// A table of these columns and rows; the last column says what limits each measure.
pub(crate) fn table(columns: &[String], rows: &[Row]) -> String {
    let mut text = format!("| Measure | Goal | {} | Limited by |\n", columns.join(" | "));
    // Writing to a String can't fail.
    let _ = writeln!(text, "|---|---|{}---|", "---|".repeat(columns.len()));
    for row in rows {
        let cells: Vec<String> = (0..columns.len()).map(|index| row.cell(index)).collect();
        let _ = writeln!(text, "| {} | {} | {} | {} |", row.measure, row.goal, cells.join(" | "), row.limited_by);
    }
    text
}
