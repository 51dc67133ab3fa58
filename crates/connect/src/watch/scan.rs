//! What stands in the directories that are watched.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use onefold_event::{Micros, Problem};

use crate::InputError;
use crate::source::file::{FileIdentity, matches, wild};
use crate::watch::fault;

/// A file as it was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FoundFile {
    pub(crate) identity: FileIdentity,
    /// Bytes.
    pub(crate) size: u64,
    /// When its bytes were changed last, by its own word.
    pub(crate) modified: Micros,
    /// When anything of it was: nobody sets that back.
    pub(crate) changed: Micros,
}

impl FoundFile {
    pub(crate) fn of(metadata: &Metadata) -> Self {
        let micros = |seconds: i64, nanos: i64| seconds.saturating_mul(1_000_000).saturating_add(nanos / 1_000);
        Self {
            identity: FileIdentity::of(metadata),
            size: metadata.len(),
            modified: micros(metadata.mtime(), metadata.mtime_nsec()),
            changed: micros(metadata.ctime(), metadata.ctime_nsec()),
        }
    }

    /// The file of this path, if it is one.
    pub(crate) fn at(path: &Path) -> Option<Self> {
        path.metadata().ok().filter(Metadata::is_file).map(|metadata| Self::of(&metadata))
    }
}

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct FoundFiles {
    /// By path; a file that several names lead to stands under the first.
    pub(crate) files: BTreeMap<String, FoundFile>,
    /// Directories that could not be looked into, each with why.
    pub(crate) wrong: Vec<(PathBuf, Problem)>,
}

impl FoundFiles {
    /// Looks for the files of all patterns; a directory stands for what is in it. `ending` is that of markers.
    pub(crate) fn look(patterns: &[String], ending: Option<&str>) -> Self {
        let mut found = Self::default();
        let mut met = HashSet::new();
        for pattern in patterns {
            let path = Path::new(pattern);
            let whole = if path.is_dir() { path.join("*") } else { path.to_owned() };
            let directory = fixed_part(&whole);
            // Patterns pass over what is no directory, so that a missing mount would look like an empty one.
            if let Err(error) = directory.read_dir() {
                let name = directory.display().to_string();
                found.wrong.push((directory, fault::no_directory(&name, &error.to_string())));
                continue;
            }
            match matches(&whole) {
                Ok(paths) => paths.iter().for_each(|path| found.add(path, ending, &mut met)),
                Err(InputError::Unreadable { path, error }) => {
                    let problem = fault::no_directory(&path, &error.to_string());
                    found.wrong.push((PathBuf::from(path), problem));
                }
                Err(error) => found.wrong.push((directory, fault::no_directory(pattern, &error.to_string()))),
            }
        }
        found
    }

    fn add(&mut self, path: &Path, ending: Option<&str>, met: &mut HashSet<FileIdentity>) {
        let Some(name) = path.to_str() else {
            let told = std::io::Error::new(std::io::ErrorKind::InvalidData, "its name is not UTF-8");
            self.wrong.push((path.to_owned(), fault::unreadable(&path.to_string_lossy(), &told)));
            return;
        };
        if ending.is_some_and(|ending| name.ends_with(ending)) {
            return;
        }
        // It may be gone by now.
        if let Some(file) = FoundFile::at(path)
            && met.insert(file.identity)
        {
            self.files.insert(name.to_owned(), file);
        }
    }

    /// Whether nothing is known of what stands at a path, since a directory above it could not be looked into.
    pub(crate) fn is_hidden(&self, path: &str) -> bool {
        self.wrong.iter().any(|(directory, _)| Path::new(path).starts_with(directory))
    }
}

/// Of a pattern, the directory that it begins in.
fn fixed_part(pattern: &Path) -> PathBuf {
    let fixed: PathBuf = pattern.components().take_while(|part| wild(*part).is_none()).collect();
    if fixed == pattern { pattern.parent().map(Path::to_owned).unwrap_or_default() } else { fixed }
}

/// Where files stand by now that were renamed within their directories, each of which is listed at most once.
#[derive(Default)]
pub(crate) struct RenamedFiles(HashMap<PathBuf, HashMap<FileIdentity, (String, FoundFile)>>);

impl RenamedFiles {
    pub(crate) fn find(&mut self, path: &str, identity: FileIdentity) -> Option<(String, FoundFile)> {
        let directory = Path::new(path).parent()?;
        if !self.0.contains_key(directory) {
            self.0.insert(directory.to_owned(), files_in(directory));
        }
        self.0.get(directory)?.get(&identity).cloned()
    }
}

/// The files that stand in a directory, of several names of one the first that is met.
fn files_in(directory: &Path) -> HashMap<FileIdentity, (String, FoundFile)> {
    let mut files = HashMap::new();
    for entry in directory.read_dir().into_iter().flatten().flatten() {
        let path = entry.path();
        if let (Some(name), Some(file)) = (path.to_str(), FoundFile::at(&path)) {
            files.entry(file.identity).or_insert_with(|| (name.to_owned(), file));
        }
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_stands_for_what_is_in_it_and_markers_for_nothing() {
        let directory = tempfile::tempdir().unwrap();
        for name in ["a.csv", "b.csv", "b.csv.ok", ".c.csv"] {
            std::fs::write(directory.path().join(name), name).unwrap();
        }
        std::fs::hard_link(directory.path().join("a.csv"), directory.path().join("z.csv")).unwrap();
        let root = directory.path().display().to_string();
        let names = |patterns: &[String]| -> Vec<String> {
            let found = FoundFiles::look(patterns, Some(".ok"));
            assert!(found.wrong.is_empty(), "{found:?}");
            found.files.keys().map(|path| path.rsplit('/').next().unwrap().to_owned()).collect()
        };
        assert_eq!(names(std::slice::from_ref(&root)), ["a.csv", "b.csv"]);
        assert_eq!(names(&[format!("{root}/b*"), format!("{root}/later.csv")]), ["b.csv"]);
    }

    #[test]
    fn a_directory_that_is_missing_hides_what_may_stand_in_it() {
        let found = FoundFiles::look(&["/nowhere/at/all/*.csv".to_owned()], None);
        assert_eq!(found.wrong[0].1.code, "R0330");
        assert!(found.is_hidden("/nowhere/at/all/a.csv") && !found.is_hidden("/elsewhere/a.csv"));
    }
}
