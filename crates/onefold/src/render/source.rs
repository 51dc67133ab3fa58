//! How a source stands.

use onefold_connect::{FileStanding, SourceSummary, WatchedFileSummary};
use onefold_event::{Problem, format_micros};

use super::{count, counted, pad_columns};

/// One line of the list.
pub(crate) fn source_line(source: &SourceSummary, configured: bool) -> String {
    let state = match (configured, source.paused) {
        (false, _) => "not configured",
        (true, true) => "paused",
        (true, false) => "watched",
    };
    let mut line = format!("{}  {state}  {}", pad_columns(&source.name, 24), totals(source));
    if let Some(problem) = source.wrong.first().or(source.last_problem.as_ref()) {
        line.push_str(&format!("\n  {}", problem_line(problem)));
    }
    line
}

fn totals(source: &SourceSummary) -> String {
    let SourceSummary { counts, .. } = source;
    let mut text = format!(
        "{} seen: {} in work, {} done",
        counted(source.files_seen, "file", "files"),
        count(source.files_in_work),
        count(source.files_done)
    );
    if source.files_wrong > 0 {
        text.push_str(&format!(", {} with a problem", count(source.files_wrong)));
    }
    if source.files_lost > 0 {
        text.push_str(&format!(", {} lost", count(source.files_lost)));
    }
    let behind = match source.bytes_behind {
        0 => "nothing".to_owned(),
        bytes => bytes_text(bytes),
    };
    format!(
        "{text}; {} read, {} in quarantine; {behind} behind",
        counted(counts.records, "record", "records"),
        count(counts.quarantined)
    )
}

/// A source whole, with so many of its files.
pub(crate) fn render_source(source: &SourceSummary, most: usize) -> String {
    let state = if source.paused { "paused" } else { "watched" };
    let mut text = format!("{}  {state}\n{}", source.name, totals(source));
    text.push_str(&format!(
        "\n{} gave events, {} skipped on purpose",
        counted(source.counts.mapped, "record", "records"),
        count(source.counts.skipped)
    ));
    for problem in &source.wrong {
        text.push_str(&format!("\n\n{}", problem.to_string().trim_end()));
    }
    for file in source.files.iter().take(most) {
        text.push_str(&file_line(file));
    }
    if source.files.len() > most {
        text.push_str(&format!("\n{} more: --limit 0 lists all", count((source.files.len() - most) as u64)));
    }
    if let (Some(problem), Some(at)) = (&source.last_problem, source.last_problem_at) {
        text.push_str(&format!("\n\nlast problem, {}\n{}", format_micros(at), problem.to_string().trim_end()));
    }
    text
}

fn file_line(file: &WatchedFileSummary) -> String {
    let standing = match file.standing {
        FileStanding::Waiting => "waits",
        FileStanding::Reading => "being read",
        FileStanding::Following => "followed",
        FileStanding::Complete => "done",
        FileStanding::Incomplete => "incomplete",
        FileStanding::Refused => "refused",
        FileStanding::Stopped => "stopped",
        FileStanding::Unreadable => "unreadable",
        FileStanding::Gone => "gone",
    };
    let mut line = format!("\n  {}  {}", pad_columns(standing, 10), file.path);
    line.push_str(&format!("  {}", bytes_text(file.size)));
    if file.behind > 0 && file.behind < file.size {
        line.push_str(&format!(", {} behind", bytes_text(file.behind)));
    }
    if file.counts.records > 0 {
        line.push_str(&format!("  {}", counted(file.counts.records, "record", "records")));
    }
    if file.counts.quarantined > 0 {
        line.push_str(&format!(", {} in quarantine", count(file.counts.quarantined)));
    }
    if let Some(problem) = &file.problem {
        line.push_str(&format!("\n    {}", problem_line(problem)));
    }
    line
}

fn problem_line(problem: &Problem) -> String {
    let Problem { code, message, path, found, .. } = problem;
    let parts: Vec<&str> =
        [path, message, found].into_iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
    format!("[{code}] {}", parts.join(": "))
}

fn bytes_text(bytes: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    match UNITS.iter().find(|(size, _)| bytes >= *size) {
        Some((size, unit)) => format!("{:.1} {unit}", bytes as f64 / *size as f64),
        None => counted(bytes, "byte", "bytes"),
    }
}
