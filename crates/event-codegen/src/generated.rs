//! What the build made of the protos.

/// The messages, as Rust source.
pub const MESSAGES: &str = include_str!(concat!(env!("OUT_DIR"), "/onefold.event.v1.rs"));
/// A `FileDescriptorSet` with our options and the comments, from which the catalogue is read.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/onefold.event.v1.fds"));
