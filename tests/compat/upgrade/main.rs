//! Hubs as older programs left them, which the present one goes on with.
//!
//! `tests/compat/hubs` holds one for each format that was ever written, made by the last program that wrote it. Whoever raises a
//! format freezes what the program before it leaves, as the README there says, and a test here fails until that is done.

#[path = "../../e2e/harness.rs"]
mod harness;

mod answers;
mod directories;
mod frozen;
mod history;
mod servers;
