//! What is wrong with directories and files that are watched (codes `R033.`; the README lists them).

use std::io;

use onefold_event::Problem;

/// R0330: a directory that is not there, or cannot be looked into.
pub(crate) fn no_directory(path: &str, error: &str) -> Problem {
    Problem::new("R0330", "the directory cannot be watched")
        .instead(format!("{path}: {error}"), "a directory that this process may read")
        .help("make or mount it, or give this process the right to read it: it is looked at again every few seconds")
        .help("what is remembered of files in it is kept meanwhile")
}

/// R0331: a file that cannot be read.
pub(crate) fn unreadable(path: &str, error: &io::Error) -> Problem {
    Problem::new("R0331", "the file cannot be read")
        .instead(format!("{path}: {error}"), "a file that this process may read to its end")
        .help("give this process the right to read it, or put it there again: it is tried again every half minute")
        .help("what was read of it before is in, and other files go on")
}

/// R0332: a file that went half way.
pub(crate) fn gone(path: &str, read: u64, of: u64) -> Problem {
    let found = match read {
        0 => format!("{path}: no longer there, of {of} bytes"),
        read => format!("{path}: no longer there after {read} of {of} bytes"),
    };
    Problem::new("R0332", "the file went before it was read to its end")
        .instead(found, "a file that stays until it was read: `after` says what becomes of it then")
        .help("put it back under its name: it is read on from there if it is the same, and from its beginning if not")
        .help("what was read of it is in, and is not taken in twice")
}

/// R0333: a file that became shorter, or holds other bytes than were read of it.
pub(crate) fn replaced(path: &str, found: &str) -> Problem {
    Problem::new("R0333", "the file was replaced or cut off while it was watched; it is read from its beginning")
        .instead(format!("{path}: {found}"), "a file that only grows, or another under another name")
        .help("what was not read of the earlier one is read only if its source kept it under another name in the same directory")
        .help("what was read is in, and is not taken in twice")
}

/// R0334: a file that was read and cannot be moved or deleted.
pub(crate) fn stays(path: &str, what: &str, error: &str) -> Problem {
    Problem::new("R0334", "the file was read, and what `after` says cannot be done with it")
        .instead(format!("{path}: {error}"), what)
        .help("give this process the right to write to both directories: it is tried again every half minute")
        .help("all of the file is in, and it is not read again")
}

/// R0335: a packed file that grows.
pub(crate) fn packed(path: &str) -> Problem {
    Problem::new("R0335", "a packed file cannot be followed while it grows")
        .instead(format!("{path}: begins with gzip's magic bytes"), "lines as they are, since `done` is \"growing\"")
        .help("watch packed files by a connector of their own, with `done = { idle = \"1m\" }` or a marker")
}
