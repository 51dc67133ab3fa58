//! Where a process of each role can be killed: the sides of what it commits.

/// The roles that make views, and on which sides of what they commit they can be killed.
pub(crate) const STAGES: [(&str, &[&str]); 3] = [
    ("project", &["project.before_begin", "project.before_commit", "project.after_commit"]),
    ("resolve", &["resolve.claimed", "resolve.before_commit", "resolve.after_commit"]),
    ("assemble", &["assemble.claimed", "assemble.read", "assemble.before_commit", "assemble.after_commit"]),
];
/// Those on either side of them, the same. Alone they are killed at each border by the tests of intake and of publishing.
pub(crate) const BESIDE: [(&str, &[&str]); 2] = [
    ("publish", &["publish.before_append", "publish.after_append", "publish.after_commit"]),
    (
        "connect",
        &[
            "connect.before_commit",
            "door.after_append",
            "connect.after_commit",
            "door.before_append",
            "ingest.after_quarantine",
        ],
    ),
];
