#![doc = include_str!("../README.md")]

mod assembler;

pub use assembler::{Assembler, AssemblerOptions};
