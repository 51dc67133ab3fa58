//! The files of a source: what is remembered of each, held against what stands there.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::Duration;

use onefold_event::{Micros, Problem};
use onefold_mapping::{AfterReading, FileCompletion, InputSettings};
use onefold_store::{SourceItem, SourceMove, StoreError};

use crate::source::file::FileIdentity;
use crate::watch::cursor::{CONTROL, FileCursor, FileStanding, SourceControl, to_text};
use crate::watch::fault;
use crate::watch::scan::{FoundFile, FoundFiles, RenamedFiles};

/// For how long a file that is away is remembered: a directory that is mounted again brings it back.
const REMEMBERED: Micros = 24 * 3_600 * 1_000_000;
/// For how long a file may be between two names.
const BETWEEN_NAMES: Micros = 2_000_000;

/// A file that was seen.
#[derive(Debug, Clone, Default)]
pub(crate) struct KeptFile {
    pub(crate) cursor: FileCursor,
    /// As it stands there; none while it is away.
    pub(crate) found: Option<FoundFile>,
    /// Its name is none of those that are watched any more, as after a rotation.
    pub(crate) outside: bool,
    /// Before that nothing is tried with it again.
    pub(crate) retry_at: Micros,
    pub(crate) away_since: Option<Micros>,
}

/// All files of a source.
#[derive(Debug, Default)]
pub(crate) struct KeptFiles {
    pub(crate) files: BTreeMap<String, KeptFile>,
    pub(crate) control: SourceControl,
    /// What the store holds, as it stands there.
    stored: BTreeMap<String, (FileCursor, String)>,
    stored_control: Option<String>,
}

impl KeptFiles {
    /// What the store remembers.
    ///
    /// # Errors
    /// It is not what was ever stored.
    pub(crate) fn parse(items: Vec<SourceItem>) -> Result<Self, StoreError> {
        let mut kept = Self::default();
        for SourceItem { item, state } in items {
            if item == CONTROL {
                kept.control = serde_json::from_str(&state).map_err(|error| corrupt("list", error))?;
                kept.stored_control = Some(state);
                continue;
            }
            let cursor: FileCursor = serde_json::from_str(&state).map_err(|error| corrupt(&item, error))?;
            kept.files.insert(item.clone(), KeptFile { cursor: cursor.clone(), ..KeptFile::default() });
            kept.stored.insert(item, (cursor, state));
        }
        Ok(kept)
    }

    /// Takes over what the store remembers of the source as a whole by now; true where somebody asked for something meanwhile, so
    /// that what is known of its files may be wrong.
    ///
    /// # Errors
    /// It is not what was ever stored.
    pub(crate) fn is_overtaken(&mut self, control: Option<String>) -> Result<bool, StoreError> {
        if self.stored_control == control {
            return Ok(false);
        }
        let Some(text) = control else { return Ok(true) };
        let by_others: SourceControl = serde_json::from_str(&text).map_err(|error| corrupt("list", error))?;
        let asked = |control: &SourceControl| (control.paused, control.rewound);
        // Counts and problems are every process's own to tell, and make nothing of what is known of files wrong.
        let overtaken = asked(&by_others) != asked(&self.control);
        (self.control, self.stored_control) = (by_others, Some(text));
        Ok(overtaken)
    }

    /// What has changed of these files, or of all, and of the source as a whole.
    pub(crate) fn moves(&self, only: Option<&BTreeSet<String>>) -> Vec<SourceMove> {
        let mut moves = Vec::new();
        let counts = |path: &String| only.is_none_or(|only| only.contains(path));
        for (path, kept) in self.files.iter().filter(|(path, _)| counts(path)) {
            let stored = self.stored.get(path);
            if stored.is_none_or(|(cursor, _)| *cursor != kept.cursor) {
                let from = stored.map(|(_, text)| text.clone());
                moves.push(SourceMove { item: path.clone(), from, to: Some(to_text(&kept.cursor)) });
            }
        }
        for (path, (_, text)) in self.stored.iter().filter(|(path, _)| counts(path)) {
            if !self.files.contains_key(path) {
                moves.push(SourceMove { item: path.clone(), from: Some(text.clone()), to: None });
            }
        }
        let control = to_text(&self.control);
        if self.stored_control.as_ref() != Some(&control) {
            moves.push(SourceMove { item: CONTROL.to_owned(), from: self.stored_control.clone(), to: Some(control) });
        }
        moves
    }

    /// The store has taken these.
    pub(crate) fn moved(&mut self, moves: Vec<SourceMove>) {
        for SourceMove { item, to, .. } in moves {
            if item == CONTROL {
                self.stored_control = to;
                continue;
            }
            match (to, self.files.get(&item)) {
                (Some(text), Some(kept)) => drop(self.stored.insert(item, (kept.cursor.clone(), text))),
                _ => drop(self.stored.remove(&item)),
            }
        }
    }

    /// Notes what is wrong.
    pub(crate) fn tell(&mut self, now: Micros, problem: &Problem) {
        self.control.last_problem = Some((now, problem.clone()));
    }

    /// Holds what is remembered against what was found. `mapping` is that of now.
    pub(crate) fn meet(&mut self, found: &FoundFiles, (now, holder): (Micros, &str), mapping: &str) {
        // Taken out as a whole: in a chain of renames a name is another file's before its own has moved on.
        let mut before = std::mem::take(&mut self.files);
        let mut paths: HashMap<FileIdentity, String> = HashMap::new();
        for (path, kept) in &before {
            // Of two that stood on one inode, one after the other, the one that is in work is meant.
            let known = paths.entry(kept.cursor.identity).or_insert_with(|| path.clone());
            if kept.cursor.standing != FileStanding::Gone {
                path.clone_into(known);
            }
        }
        for (path, file) in &found.files {
            let is_there = |path: &String| found.files.get(path).is_some_and(|other| other.identity == file.identity);
            let same = before.get(path).is_some_and(|kept| kept.cursor.identity == file.identity);
            let from = if same { Some(path) } else { paths.get(&file.identity).filter(|old| !is_there(old)) };
            let mut kept = from.and_then(|from| before.remove(from)).unwrap_or_else(|| KeptFile {
                cursor: FileCursor { identity: file.identity, ..FileCursor::default() },
                ..KeptFile::default()
            });
            (kept.found, kept.outside, kept.away_since) = (Some(*file), false, None);
            if !kept.cursor.is_taken(holder, now) {
                let earlier = kept.clone();
                if let Some(problem) = kept.judge(path, file, mapping) {
                    self.tell(now, &problem);
                    self.remember_counts(&earlier);
                }
            }
            self.files.insert(path.clone(), kept);
        }
        let mut renamed = RenamedFiles::default();
        for (path, kept) in before {
            let replaced = self.files.contains_key(&path);
            let waits = found.is_hidden(&path) || kept.cursor.is_taken(holder, now);
            match (replaced, waits) {
                // Nothing is left of it, unless it stands there under another name.
                (true, _) => self.keep_renamed(&path, kept, &mut renamed, now),
                (false, true) => drop(self.files.insert(path, KeptFile { found: None, ..kept })),
                (false, false) => self.keep_absent(path, kept, &mut renamed, now),
            }
        }
        let wrong: Vec<Problem> = found.wrong.iter().map(|(_, problem)| problem.clone()).collect();
        if let Some(new) = wrong.iter().find(|problem| !self.control.wrong.contains(problem)) {
            self.tell(now, new);
        }
        self.control.wrong = wrong;
    }

    /// A file whose name is another's by now.
    fn keep_renamed(&mut self, path: &str, kept: KeptFile, renamed: &mut RenamedFiles, now: Micros) {
        let unread =
            kept.cursor.is_begun() && kept.cursor.behind() > 0 || kept.cursor.standing == FileStanding::Following;
        let stands = unread.then(|| renamed.find(path, kept.cursor.identity)).flatten();
        match stands.filter(|(name, _)| !self.files.contains_key(name)) {
            Some((name, file)) => {
                self.files.insert(name, KeptFile { found: Some(file), outside: true, away_since: None, ..kept });
            }
            None => {
                if kept.cursor.is_begun() && kept.cursor.behind() > 0 && !kept.cursor.standing.is_ended() {
                    let found =
                        format!("another file has its name, after {} of {} bytes", kept.read_bytes(), kept.cursor.size);
                    self.tell(now, &fault::replaced(path, &found));
                }
                if kept.cursor.is_begun() || kept.cursor.standing.is_ended() {
                    self.remember_counts(&kept);
                }
            }
        }
    }

    /// A file that no name which is watched leads to.
    fn keep_absent(&mut self, path: String, mut kept: KeptFile, renamed: &mut RenamedFiles, now: Micros) {
        let there = FoundFile::at(Path::new(&path)).filter(|file| file.identity == kept.cursor.identity);
        let there = there.map(|file| (path.clone(), file)).or_else(|| {
            let unread = !matches!(kept.cursor.standing, FileStanding::Complete | FileStanding::Waiting);
            if unread || kept.cursor.is_begun() { renamed.find(&path, kept.cursor.identity) } else { None }
        });
        if let Some((name, file)) = there.filter(|(name, _)| !self.files.contains_key(name)) {
            (kept.found, kept.outside, kept.away_since) = (Some(file), true, None);
            self.files.insert(name, kept);
            return;
        }
        // From here on it is nowhere to be found.
        kept.found = None;
        let since = *kept.away_since.get_or_insert(now);
        let read_up = kept.cursor.standing == FileStanding::Following && kept.cursor.behind() == 0;
        match kept.cursor.standing {
            FileStanding::Waiting if !kept.cursor.is_begun() => {}
            FileStanding::Complete | FileStanding::Gone if now - since < REMEMBERED => {
                drop(self.files.insert(path, kept))
            }
            FileStanding::Gone => self.remember_counts(&kept),
            _ if kept.cursor.standing.is_ended() || read_up => self.remember_counts(&kept),
            _ if now - since < BETWEEN_NAMES => drop(self.files.insert(path, kept)),
            _ => {
                let problem = fault::gone(&path, kept.read_bytes(), kept.cursor.size);
                self.tell(now, &problem);
                (kept.cursor.standing, kept.cursor.problem) = (FileStanding::Gone, Some(problem));
                self.files.insert(path, kept);
            }
        }
    }

    /// Remembers a file by its counts alone.
    pub(crate) fn remember_counts(&mut self, kept: &KeptFile) {
        let control = &mut self.control;
        let number = match kept.cursor.standing {
            FileStanding::Complete | FileStanding::Following => &mut control.past_files,
            standing if standing.is_ended() => &mut control.put_right_files,
            _ => &mut control.lost_files,
        };
        *number += 1;
        control.past_counts.add(&kept.cursor.counts);
    }
}

impl FileStanding {
    /// Nothing more is read of such a file as it is.
    fn is_ended(self) -> bool {
        matches!(self, Self::Complete | Self::Incomplete | Self::Refused | Self::Stopped | Self::Unreadable)
    }
}

impl KeptFile {
    fn read_bytes(&self) -> u64 {
        self.cursor.mark.position.offset
    }

    /// Holds a file that was seen before against what it is now; says what is wrong with that.
    fn judge(&mut self, path: &str, file: &FoundFile, mapping: &str) -> Option<Problem> {
        let cursor = &mut self.cursor;
        let other = (cursor.size, cursor.modified) != (file.size, file.modified);
        let mapped_anew = !cursor.mapping.is_empty() && cursor.mapping != mapping;
        // Of a file whose rows are counted off there is no place, and what its first bytes were is all that is known.
        let head = cursor.mark.head.as_ref().map_or(0, |head| head.end);
        if file.size < cursor.mark.position.offset.max(head) {
            let (read, size) = (cursor.mark.position.offset.max(head), file.size);
            *cursor = cursor.afresh();
            (cursor.size, cursor.modified) = (file.size, file.modified);
            return Some(fault::replaced(path, &format!("{size} bytes, of which {read} had been read")));
        }
        match cursor.standing {
            FileStanding::Complete if !other => {}
            // More was appended: from there on, where that is known; else what is known already is passed over at the door.
            FileStanding::Complete if file.size > cursor.size && goes_on(path, cursor.mark.position.offset) => {
                cursor.standing = FileStanding::Waiting;
            }
            FileStanding::Refused | FileStanding::Stopped if other || mapped_anew => *cursor = cursor.afresh(),
            FileStanding::Incomplete | FileStanding::Unreadable | FileStanding::Gone if other && !mapped_anew => {
                (cursor.standing, cursor.problem) = (FileStanding::Waiting, None);
            }
            FileStanding::Gone if !mapped_anew => (cursor.standing, cursor.problem) = (FileStanding::Waiting, None),
            FileStanding::Complete => *cursor = cursor.afresh(),
            _ if mapped_anew => *cursor = cursor.afresh(),
            _ => {}
        }
        if matches!(cursor.standing, FileStanding::Waiting | FileStanding::Reading) {
            (cursor.size, cursor.modified) = (file.size, file.modified);
        }
        None
    }

    /// Whether it is to be read now.
    pub(crate) fn is_ready(&self, path: &str, from: &InputSettings, now: Micros) -> bool {
        let Some(file) = self.found.filter(|_| self.retry_at <= now) else { return false };
        match self.cursor.standing {
            FileStanding::Following => {
                self.outside || (self.cursor.size, self.cursor.modified) != (file.size, file.modified)
            }
            FileStanding::Waiting | FileStanding::Reading => self.outside || is_finished(path, &file, &from.done, now),
            FileStanding::Unreadable => true,
            _ => false,
        }
    }

    /// Whether it was read, and is to be moved or deleted now.
    pub(crate) fn is_to_go(&self, from: &InputSettings, now: Micros) -> bool {
        let complete = self.cursor.standing == FileStanding::Complete;
        let there = self.found.is_some() && !self.outside && self.retry_at <= now;
        complete && there && from.after != AfterReading::Keep
    }
}

fn corrupt(item: &str, error: serde_json::Error) -> StoreError {
    StoreError::Corrupt(format!("what is remembered of the file {item}: {error}"))
}

/// Whether a row begins at a place of a file: behind a line's end.
fn goes_on(path: &str, offset: u64) -> bool {
    let mut last = [0];
    let read = |file: File| file.read_exact_at(&mut last, offset.saturating_sub(1));
    offset > 0 && File::open(path).and_then(read).is_ok() && last == *b"\n"
}

/// Whether a file is finished, by what its connector says.
fn is_finished(path: &str, file: &FoundFile, done: &FileCompletion, now: Micros) -> bool {
    match done {
        FileCompletion::Now | FileCompletion::Growing => true,
        FileCompletion::Marker(ending) => Path::new(&format!("{path}{ending}")).exists(),
        FileCompletion::Idle(wait) => now.saturating_sub(file.modified.max(file.changed)) >= micros(*wait),
    }
}

pub(crate) fn micros(duration: Duration) -> Micros {
    Micros::try_from(duration.as_micros()).unwrap_or(Micros::MAX)
}
