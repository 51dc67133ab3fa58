//! The rules of the house: who may depend on whom, what a crate shows and looks like inside, and that what a README names exists.

mod borders;
mod circles;
mod dependencies;
mod figures;
mod files;
mod findings;
mod floors;
mod readmes;
mod tree;
