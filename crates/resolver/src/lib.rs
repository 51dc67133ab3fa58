#![doc = include_str!("../README.md")]

mod component;
mod feed;
mod resolver;

pub use resolver::{Resolver, ResolverOptions};
