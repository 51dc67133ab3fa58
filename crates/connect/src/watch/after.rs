//! What becomes of a file that was read.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use onefold_event::Problem;
use onefold_mapping::{AfterReading, FileCompletion, InputSettings};

use crate::watch::fault;
use crate::watch::scan::FoundFile;

/// Files of one name that an archive may hold.
const SAME_NAME: u32 = 100_000;

/// Moves or deletes a file, and its marker before it: one that stayed would say of the next file of that name that it is finished.
/// False: it is not the file any more that was read, and stays.
///
/// # Errors
/// It stays as it is, and why.
pub(crate) fn finish(path: &str, read: &FoundFile, from: &InputSettings) -> Result<bool, Box<Problem>> {
    let file = Path::new(path);
    let now = FoundFile::at(file);
    if now.is_none_or(|now| (now.identity, now.size, now.modified) != (read.identity, read.size, read.modified)) {
        return Ok(false);
    }
    let marker = match &from.done {
        FileCompletion::Marker(ending) => Some((PathBuf::from(format!("{path}{ending}")), ending)),
        _ => None,
    };
    match &from.after {
        AfterReading::Keep => Ok(true),
        AfterReading::Delete => {
            let delete = || -> io::Result<()> {
                marker.iter().try_for_each(|(marker, _)| absent_is_fine(fs::remove_file(marker)))?;
                fs::remove_file(file)
            };
            delete().map(|()| true).map_err(|error| Box::new(fault::stays(path, "it is deleted", &error.to_string())))
        }
        AfterReading::Move(directory) => {
            let wanted = format!("it is moved into {directory}");
            archive(file, marker.as_ref(), Path::new(directory))
                .map(|()| true)
                .map_err(|error| Box::new(fault::stays(path, &wanted, &error.to_string())))
        }
    }
}

fn archive(file: &Path, marker: Option<&(PathBuf, &String)>, directory: &Path) -> io::Result<()> {
    fs::create_dir_all(directory)?;
    let name = file.file_name().unwrap_or_default();
    let same = file.parent().and_then(|own| own.canonicalize().ok()) == directory.canonicalize().ok();
    if same {
        return Err(io::Error::other("it stands in that directory already, where it would be found again"));
    }
    for number in 1..=SAME_NAME {
        let mut target = directory.join(name).into_os_string();
        if number > 1 {
            target.push(format!(".{number}"));
        }
        let target = PathBuf::from(target);
        // A rename would put it in the place of one that was archived before.
        if target.symlink_metadata().is_ok() {
            continue;
        }
        if let Some((marker, ending)) = marker {
            let mut beside = target.clone().into_os_string();
            beside.push(ending.as_str());
            absent_is_fine(move_file(marker, Path::new(&beside)))?;
        }
        return move_file(file, &target);
    }
    Err(io::Error::other(format!("{} files of that name stand in {}", SAME_NAME, directory.display())))
}

/// Renames a file; onto another file system it is copied first, under a name of its own until it is whole.
fn move_file(file: &Path, target: &Path) -> io::Result<()> {
    match fs::rename(file, target) {
        Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
            let mut part = target.to_owned().into_os_string();
            part.push(".part");
            let part = PathBuf::from(part);
            fs::copy(file, &part)?;
            // The original goes next, and must not be the only one that was on disk.
            File::open(&part)?.sync_all()?;
            fs::rename(&part, target)?;
            fs::remove_file(file)
        }
        other => other,
    }
}

fn absent_is_fine(done: io::Result<()>) -> io::Result<()> {
    match done {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(after: AfterReading, done: FileCompletion) -> InputSettings {
        InputSettings { kinds: Vec::new(), path: Vec::new(), done, after, topics: Vec::new(), group: None, hook: None }
    }

    #[test]
    fn a_file_is_archived_with_its_marker_beside_those_of_its_name_that_were_there() {
        let directory = tempfile::tempdir().unwrap();
        let (path, archive) = (directory.path().join("a.csv"), directory.path().join("archive"));
        let from =
            settings(AfterReading::Move(archive.display().to_string()), FileCompletion::Marker(".ok".to_owned()));
        for text in ["one", "two"] {
            fs::write(&path, text).unwrap();
            fs::write(directory.path().join("a.csv.ok"), "").unwrap();
            let read = FoundFile::at(&path).unwrap();
            assert_eq!(finish(path.to_str().unwrap(), &read, &from), Ok(true));
        }
        assert!(!path.exists() && !directory.path().join("a.csv.ok").exists());
        let kept = |name: &str| fs::read_to_string(archive.join(name)).unwrap();
        assert_eq!((kept("a.csv"), kept("a.csv.2"), kept("a.csv.ok")), ("one".into(), "two".into(), String::new()));
        assert!(archive.join("a.csv.2.ok").exists());
    }

    #[test]
    fn a_file_that_is_another_by_now_stays_and_one_that_cannot_go_says_why() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.csv");
        fs::write(&path, "one").unwrap();
        let read = FoundFile::at(&path).unwrap();
        fs::write(&path, "one more").unwrap();
        let from = settings(AfterReading::Delete, FileCompletion::Now);
        assert_eq!(finish(path.to_str().unwrap(), &read, &from), Ok(false));
        let read = FoundFile::at(&path).unwrap();
        let here = settings(AfterReading::Move(directory.path().display().to_string()), FileCompletion::Now);
        let problem = finish(path.to_str().unwrap(), &read, &here).unwrap_err();
        assert!(problem.code == "R0334" && problem.found.contains("already"), "{problem}");
        assert!(path.exists());
    }
}
