//! What to read: paths, patterns with `*` and `?`, and `-` for standard input.

use std::ffi::OsStr;
use std::fmt;
use std::os::unix::fs::FileTypeExt;
use std::path::{Component, Path, PathBuf};

/// One thing to read from beginning to end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A file, packed by gzip or not.
    File(PathBuf),
    /// Standard input.
    Stdin,
}

/// Why a path gives nothing to read.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum InputError {
    #[error("there is no file {0}")]
    Absent(String),
    #[error("no file matches {0}")]
    NoMatch(String),
    #[error("{0} is a directory: name its files, for example {0}/*.csv")]
    Directory(String),
    #[error("{0} is a device, which has no end: name a file, or `-` for standard input")]
    Device(String),
    #[error("{path}: {error}")]
    Unreadable { path: String, error: std::io::Error },
}

impl Input {
    /// Expands the paths, in the order given; the matches of one pattern are sorted. A file whose own name holds `*`
    /// is meant before what the pattern would match.
    ///
    /// # Errors
    /// A path that is no file, or a pattern that matches none.
    pub fn expand<S: AsRef<str>>(paths: &[S]) -> Result<Vec<Self>, InputError> {
        let mut inputs = Vec::new();
        for text in paths.iter().map(AsRef::as_ref) {
            let path = Path::new(text);
            if text == "-" {
                inputs.push(Self::Stdin);
            } else if path.is_dir() {
                return Err(InputError::Directory(text.trim_end_matches('/').to_owned()));
            } else if is_device(path) {
                return Err(InputError::Device(text.to_owned()));
            } else if path.exists() {
                inputs.push(Self::File(path.to_owned()));
            } else if text.contains(['*', '?']) {
                let found = matches(path)?;
                if found.is_empty() {
                    return Err(InputError::NoMatch(text.to_owned()));
                }
                inputs.extend(found.into_iter().map(Self::File));
            } else {
                return Err(InputError::Absent(text.to_owned()));
            }
        }
        Ok(inputs)
    }

    /// Name in locators: the file's own, without its directories, so that it is the same wherever it is read.
    pub fn resource(&self) -> String {
        match self {
            Self::File(path) => {
                path.file_name().map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into_owned())
            }
            Self::Stdin => "-".to_owned(),
        }
    }
}

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Stdin => f.write_str("standard input"),
        }
    }
}

/// What is behind a path gives bytes for ever, or what somebody types.
fn is_device(path: &Path) -> bool {
    let kind = path.metadata().map(|metadata| metadata.file_type());
    kind.is_ok_and(|kind| kind.is_char_device() || kind.is_block_device())
}

pub(crate) fn matches(pattern: &Path) -> Result<Vec<PathBuf>, InputError> {
    let mut found = vec![PathBuf::new()];
    for part in pattern.components() {
        let Some(wanted) = wild(part) else {
            found.iter_mut().for_each(|path| path.push(part));
            continue;
        };
        let mut next = Vec::new();
        for directory in found {
            let place = if directory.as_os_str().is_empty() { Path::new(".") } else { &directory };
            if !place.is_dir() {
                continue;
            }
            let unreadable = |error| InputError::Unreadable { path: place.display().to_string(), error };
            for entry in place.read_dir().map_err(unreadable)? {
                let name = entry.map_err(unreadable)?.file_name();
                if fits(wanted, &name) {
                    next.push(directory.join(name));
                }
            }
        }
        found = next;
    }
    found.retain(|path| path.is_file());
    found.sort();
    Ok(found)
}

pub(crate) fn wild<'p>(part: Component<'p>) -> Option<&'p str> {
    match part {
        Component::Normal(name) => name.to_str().filter(|n| n.contains(['*', '?'])),
        _ => None,
    }
}

/// `*` stands for any text, `?` for one character; neither for the dot of a hidden file.
fn fits(pattern: &str, name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    if name.starts_with('.') && !pattern.starts_with('.') {
        return false;
    }
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut p, mut n, mut star) = (0, 0, None);
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(c) if *c == '?' || name.get(n) == Some(c) => (p, n) = (p + 1, n + 1),
            _ => match star {
                Some((at, eaten)) => {
                    star = Some((at, eaten + 1));
                    (p, n) = (at + 1, eaten + 1);
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(p).all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_stands_for_what_it_says() {
        for (pattern, name, expected) in [
            ("*.csv", "a.csv", true),
            ("发票_*.csv", "发票_20260309.csv", true),
            ("?.csv", "王.csv", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("*", ".hidden", false),
            ("*.csv", "a.csv.ok", false),
        ] {
            assert_eq!(fits(pattern, OsStr::new(name)), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn patterns_give_sorted_files_and_what_is_absent_is_named() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["b.csv", "a.csv", "c.txt"] {
            std::fs::write(dir.path().join(name), "x").unwrap();
        }
        let at = |name: &str| dir.path().join(name).display().to_string();
        let found = Input::expand(&[at("*.csv"), "-".to_owned()]).unwrap();
        let names: Vec<_> = found.iter().map(Input::resource).collect();
        assert_eq!(names, ["a.csv", "b.csv", "-"]);
        assert!(matches!(Input::expand(&[at("*.json")]), Err(InputError::NoMatch(_))));
        assert!(matches!(Input::expand(&[at("d.csv")]), Err(InputError::Absent(_))));
        assert!(matches!(Input::expand(&[at("")]), Err(InputError::Directory(_))));
        assert!(matches!(Input::expand(&["/dev/null"]), Err(InputError::Device(_))));
    }
}
