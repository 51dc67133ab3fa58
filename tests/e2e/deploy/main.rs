//! What `deploy/` holds for machines that are not here: containers, their gate, and who watches them. It is read by parsers,
//! asked of the real program, and run as far as that goes without containers.

#[path = "../harness.rs"]
mod harness;

mod containers;
mod gate;
mod manifests;
mod pods;
mod prepare;
mod read;
mod settings;
mod watched;
