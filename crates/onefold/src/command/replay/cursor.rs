//! How far a replay is, in a file of its own, or as places of the log.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use onefold_service::ReplayCursor;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tempfile::NamedTempFile;

/// What the file holds.
#[derive(Debug, Serialize, Deserialize)]
struct KeptCursor {
    /// What is replayed, and where and how it is written: a cursor of another question would leave out what that asks for, and one of
    /// another file cut off what stands in it.
    query: Map<String, Value>,
    /// The next offset of each partition.
    positions: Vec<u64>,
    /// Bytes of the file that is written; 0 on standard output.
    written: u64,
}

/// A file that says how far a replay is.
pub(super) struct CursorFile {
    path: PathBuf,
    kept: KeptCursor,
}

impl CursorFile {
    /// Reads it; where there is none the replay begins.
    pub(super) fn open(path: PathBuf, query: Map<String, Value>) -> Result<Self> {
        let kept = match fs::read(&path) {
            Ok(bytes) => {
                let kept: KeptCursor = serde_json::from_slice(&bytes)
                    .with_context(|| format!("{} is not the cursor of a replay: name another file", path.display()))?;
                if let Some((option, then)) = first_difference(&kept.query, &query) {
                    bail!(
                        "{} is the cursor of another replay, in which `{option}` was {then}: give the same options as then, or name \
                         another cursor",
                        path.display()
                    );
                }
                kept
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                KeptCursor { query, positions: Vec::new(), written: 0 }
            }
            Err(error) => return Err(error).with_context(|| format!("{} cannot be read", path.display())),
        };
        Ok(Self { path, kept })
    }

    pub(super) fn positions(&self) -> &[u64] {
        &self.kept.positions
    }

    pub(super) fn written(&self) -> u64 {
        self.kept.written
    }

    /// Puts the new one in the place of the old one, whole.
    pub(super) fn keep(&mut self, positions: &[u64], written: u64) -> Result<()> {
        (self.kept.positions, self.kept.written) = (positions.to_vec(), written);
        let beside = self.path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let unwritable = || format!("{} cannot be written", self.path.display());
        let mut file = NamedTempFile::new_in(beside).with_context(unwritable)?;
        serde_json::to_writer(&mut file, &self.kept)?;
        file.write_all(b"\n").with_context(unwritable)?;
        file.persist(&self.path).with_context(unwritable)?;
        Ok(())
    }
}

/// An option that is another one than it was, and what it was.
fn first_difference<'k>(then: &'k Map<String, Value>, now: &'k Map<String, Value>) -> Option<(&'k String, &'k Value)> {
    let names = then.keys().chain(now.keys());
    let of = |name: &String| then.get(name).unwrap_or(&Value::Null);
    names.map(|name| (name, of(name))).find(|(name, then)| *then != now.get(*name).unwrap_or(&Value::Null))
}

/// Reads places such as `3/4711`.
pub(super) fn read_places(places: &[String]) -> Result<ReplayCursor> {
    let mut positions = Vec::new();
    for place in places {
        let read = place
            .split_once('/')
            .and_then(|(partition, offset)| Some((partition.parse::<u16>().ok()?, offset.parse::<u64>().ok()?)));
        let (partition, offset) = read
            .with_context(|| format!("--start {place}: expected PARTITION/OFFSET such as 3/4711, as `events` tells"))?;
        let partition = usize::from(partition);
        if positions.len() <= partition {
            positions.resize(partition + 1, 0);
        }
        if let Some(position) = positions.get_mut(partition) {
            *position = offset;
        }
    }
    Ok(ReplayCursor { positions })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_cursor_is_taken_for_what_it_was_kept_for_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cursor");
        let query = |form: &str, out: &str| match json!({ "form": form, "out": out, "to": null }) {
            Value::Object(query) => query,
            other => panic!("{other}"),
        };
        CursorFile::open(path.clone(), query("ndjson", "/a")).unwrap().keep(&[4], 7).unwrap();
        let same = CursorFile::open(path.clone(), query("ndjson", "/a")).unwrap();
        assert_eq!((same.positions(), same.written()), (&[4][..], 7));
        for (other, said) in
            [(query("batch", "/a"), r#"`form` was "ndjson""#), (query("ndjson", "/b"), r#"`out` was "/a""#)]
        {
            let error = CursorFile::open(path.clone(), other).err().unwrap().to_string();
            assert!(error.contains("of another replay") && error.contains(said), "{error}");
        }
        let mut without = query("ndjson", "/a");
        without.remove("out");
        assert!(CursorFile::open(path, without).is_err(), "an option that is not named differs too");
    }

    #[test]
    fn places_are_read_by_partition() {
        let read = |places: &[&str]| read_places(&places.iter().map(|place| (*place).to_owned()).collect::<Vec<_>>());
        assert_eq!(read(&["2/7", "0/4711"]).unwrap().positions, [4711, 0, 7]);
        for wrong in ["4711", "x/1", "1/-1", "70000/1"] {
            assert!(read(&[wrong]).unwrap_err().to_string().contains("PARTITION/OFFSET"), "{wrong}");
        }
    }
}
