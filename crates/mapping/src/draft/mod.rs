//! A first connector file from a sample: what its columns may mean, each guess said to be one.

pub(crate) mod column;
pub(crate) mod guess;
pub(crate) mod text;
