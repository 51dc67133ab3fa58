#![doc = include_str!("../README.md")]

mod component;
mod resolver;

pub use resolver::{Options, Resolver};
