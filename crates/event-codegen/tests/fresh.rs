//! What is committed beside the protos is what they say.

use std::fs;
use std::path::Path;

use onefold_event_codegen::{DESCRIPTORS, MESSAGES};

#[test]
fn what_is_generated_from_the_protos_is_committed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../proto/generated");
    for (name, fresh) in [("onefold.event.v1.rs", MESSAGES.as_bytes()), ("onefold.event.v1.fds", DESCRIPTORS)] {
        let path = folder.join(name);
        if std::env::var_os("ONEFOLD_BLESS").is_some() {
            fs::write(&path, fresh).unwrap();
        }
        assert!(
            fs::read(&path).unwrap_or_default() == fresh,
            "proto/generated/{name} is not what the protos say: run ONEFOLD_BLESS=1 cargo test -p onefold-event-codegen, \
             and commit what it writes"
        );
    }
}
