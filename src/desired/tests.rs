//! Tests of the children: their content, and that it doesn't change by accident.

mod golden;
mod rollout;
mod stability;
