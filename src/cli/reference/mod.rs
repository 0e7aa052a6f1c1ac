//! The field reference for people, from the schemas that the API server holds objects to.

mod page;
mod schema;
mod words;

pub(super) use page::text;

#[cfg(test)]
mod tests;
