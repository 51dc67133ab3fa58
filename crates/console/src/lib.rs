#![doc = include_str!("../README.md")]

mod assets;
mod language;
mod page;
mod pages;
mod router;
mod sentence;
mod shown;
mod state;
mod words;

pub use router::console_pages;
pub use state::ConsoleOptions;
