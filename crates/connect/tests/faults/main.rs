//! Sources and formats over the real log and the real store.

mod bad_input;
mod entries;
mod files;
mod hub;
mod real_input;
