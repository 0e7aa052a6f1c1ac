//! The field reference for users, from the schemas that the API server validates objects against.

mod page;
mod schema;
mod words;

pub(super) use page::text;

#[cfg(test)]
mod tests;
