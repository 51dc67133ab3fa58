//! The language told from its own declarations: for editors, and for people.

pub(crate) mod reference;
pub(crate) mod schema;

#[cfg(test)]
mod tests;
