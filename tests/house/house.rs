//! The rules of the house: who may depend on whom, what a crate shows, and that what a README names exists.

mod dependencies;
mod files;
mod findings;
mod floors;
mod readmes;
mod tree;
