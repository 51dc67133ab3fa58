//! Sources, formats and the door over the real log and the real store.

mod bad_input;
mod door;
mod files;
mod hub;
mod real_input;
