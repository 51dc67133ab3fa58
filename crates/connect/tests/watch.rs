//! Files of watched directories over the real log and the real store, step by step.

#[path = "faults/hub.rs"]
#[allow(dead_code)]
mod hub;

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hub::{HEADING, Hub, gzip, invoices_text, parse, table};
use onefold_connect::{
    FileStanding, FileWatch, SourceSummary, WatchOptions, pause_source, resume_source, rewind_source, summarise_source,
};
use onefold_mapping::Connector;
use onefold_stage::Stage;

/// A hub, a directory beside it, and the stage that watches that.
struct Place {
    hub: Hub,
    connector: Connector,
    watch: FileWatch,
}

impl Place {
    /// `from`: further lines of `[from]`; `read`: of `[read]`.
    async fn new(pattern: &str, from: &str, read: &str) -> Self {
        let hub = Hub::open().await;
        let drop = hub.dir.path().join("drop");
        fs::create_dir(&drop).unwrap();
        let root = hub.dir.path().display().to_string();
        let path = format!("path = \"{}\"\n{}", drop.join(pattern).display(), from.replace("ROOT", &root));
        let connector = parse(&invoices_text(read).replace("path = \"/drop/*.csv\"", &path));
        let watch = watch(&hub, &connector);
        Self { hub, connector, watch }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.hub.dir.path().join("drop").join(name)
    }

    /// A file that is renamed into place.
    fn put(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let part = self.hub.dir.path().join("part");
        fs::write(&part, bytes).unwrap();
        fs::rename(part, self.path(name)).unwrap();
    }

    fn append(&self, name: &str, text: &str) {
        OpenOptions::new().append(true).open(self.path(name)).unwrap().write_all(text.as_bytes()).unwrap();
    }

    async fn summary(&self) -> SourceSummary {
        summarise_source(&self.hub.store, "invoices").await.unwrap()
    }

    /// Steps until it stands so.
    async fn until(&mut self, wanted: impl Fn(&SourceSummary) -> bool) -> SourceSummary {
        let began = Instant::now();
        loop {
            let summary = self.summary().await;
            if wanted(&summary) {
                return summary;
            }
            assert!(began.elapsed() < Duration::from_secs(20), "{summary:#?}");
            // Commands change what is remembered beside it: such a step is done again.
            let _ = self.watch.step().await;
        }
    }

    /// Steps for a while.
    async fn go_on(&mut self, millis: u64) {
        let began = Instant::now();
        while began.elapsed() < Duration::from_millis(millis) {
            self.watch.step().await.unwrap();
        }
    }

    /// The process ends, whatever it was at, and another begins.
    async fn restart(&mut self) {
        self.hub.reopen_door().await;
        self.watch = watch(&self.hub, &self.connector);
    }

    /// The invoices in the log, each as often as it is there.
    async fn invoices(&self) -> Vec<String> {
        let mut numbers: Vec<String> = self.hub.subjects().await;
        numbers.iter_mut().for_each(|subject| *subject = subject.rsplit(':').next().unwrap().to_owned());
        numbers
    }
}

fn watch(hub: &Hub, connector: &Connector) -> FileWatch {
    let store = Arc::new(hub.store.clone());
    FileWatch::new(connector.clone(), hub.door.clone(), Arc::clone(&store) as _, store, WatchOptions { alone: true })
}

fn row(number: &str) -> String {
    format!("{number},K1,2026-03-09,1.00,fine")
}

fn rows(numbers: impl IntoIterator<Item = usize>) -> String {
    let rows: Vec<String> = numbers.into_iter().map(|n| row(&format!("{n:05}"))).collect();
    table(&rows.iter().map(String::as_str).collect::<Vec<_>>())
}

fn standings(summary: &SourceSummary) -> Vec<(String, FileStanding)> {
    let name = |path: &str| path.rsplit('/').next().unwrap().to_owned();
    summary.files.iter().map(|file| (name(&file.path), file.standing)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_taken_in_and_archived_and_one_that_is_wrong_stays_and_stops_nobody() {
    let mut place = Place::new("*.csv", "after = { move = \"ROOT/archive\" }", "").await;
    place.put("a.csv", table(&[&row("1"), "2,K1,2026-02-30,1.00,fine", &row("3")]));
    place.put("b.csv", "something,else\n1,2\n");
    place.put("c.csv.gz", "not looked at");
    place.put("d.csv", gzip(table(&[&row("4")]).as_bytes()));
    let summary = place.until(|summary| summary.files_done == 2 && summary.files_wrong == 1).await;
    assert_eq!(place.invoices().await, ["1", "3", "4"]);
    assert_eq!((summary.files_seen, summary.files_in_work, summary.bytes_behind > 0), (3, 0, true));
    let counts = summary.counts;
    // The file that is refused is a record in quarantine.
    assert_eq!((counts.records, counts.mapped, counts.quarantined), (5, 3, 2));
    assert_eq!(standings(&summary), [("b.csv".to_owned(), FileStanding::Refused)]);
    assert_eq!(summary.files[0].problem.as_ref().unwrap().code, summary.last_problem.unwrap().code);
    assert!(place.hub.dir.path().join("archive/a.csv").exists() && !place.path("a.csv").exists());
    // Put right under the same name, it is read.
    place.put("b.csv", table(&[&row("5")]));
    let summary = place.until(|summary| summary.files_done == 3).await;
    assert_eq!((summary.files_wrong, summary.files.len()), (0, 0));
    assert_eq!(place.invoices().await, ["1", "3", "4", "5"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_finished_when_its_marker_says_so_or_when_it_has_not_changed_for_a_while() {
    let mut place = Place::new("", "done = { marker = \".ok\" }\nafter = \"delete\"", "").await;
    place.put("a.csv", table(&[&row("1")]));
    place.go_on(1_300).await;
    let summary = place.summary().await;
    assert_eq!(standings(&summary), [("a.csv".to_owned(), FileStanding::Waiting)]);
    place.put("a.csv.ok", "");
    place.until(|summary| summary.files_done == 1 && summary.files.is_empty()).await;
    assert!(!place.path("a.csv").exists() && !place.path("a.csv.ok").exists());

    let mut place = Place::new("*.csv", "done = { idle = \"2s\" }", "").await;
    let began = Instant::now();
    place.put("a.csv", table(&[&row("1")]));
    place.go_on(1_300).await;
    place.append("a.csv", &format!("{}\n", row("2")));
    let summary = place.until(|summary| summary.files_done == 1).await;
    assert!(began.elapsed() > Duration::from_millis(3_200), "{:?}", began.elapsed());
    assert_eq!((summary.counts.records, summary.bytes_behind), (2, 0));
    // It stays, and what is added is read from where it ended.
    place.append("a.csv", &format!("{}\n", row("3")));
    let summary = place.until(|summary| summary.counts.records == 3 && summary.files_done == 1).await;
    assert_eq!((summary.counts.mapped, place.invoices().await.len()), (3, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_growing_file_is_followed_line_by_line_through_renames_and_truncation() {
    let mut place = Place::new("app.csv", "done = \"growing\"", "").await;
    fs::write(place.path("app.csv"), table(&[&row("1")])).unwrap();
    place.until(|summary| summary.counts.records == 1).await;
    // Half a line waits for its other half, and an open quote for its end.
    place.append("app.csv", "2,K1,2026");
    place.go_on(1_300).await;
    assert_eq!(place.summary().await.counts.records, 1);
    place.append("app.csv", "-03-09,1.00,\"two\nlines");
    place.go_on(1_300).await;
    assert_eq!(place.summary().await.counts.records, 1);
    place.append("app.csv", "\"\n");
    let summary = place.until(|summary| summary.counts.records == 2).await;
    assert_eq!((standings(&summary)[0].1, summary.counts.quarantined), (FileStanding::Following, 0));
    // Renamed out of the pattern before all of it was read, its last line without an end: read there to its end.
    place.append("app.csv", &row("3"));
    fs::rename(place.path("app.csv"), place.path("app.csv.1")).unwrap();
    fs::write(place.path("app.csv"), table(&[&row("4")])).unwrap();
    let summary = place.until(|summary| summary.counts.records == 4).await;
    assert_eq!(place.invoices().await, ["1", "2", "3", "4"]);
    let complete = ("app.csv.1".to_owned(), FileStanding::Complete);
    assert_eq!(standings(&summary), [("app.csv".to_owned(), FileStanding::Following), complete]);
    // Copied away and cut off: the same inode, from the beginning.
    fs::copy(place.path("app.csv"), place.path("app.csv.2")).unwrap();
    OpenOptions::new().write(true).truncate(true).open(place.path("app.csv")).unwrap();
    place.go_on(1_300).await;
    place.append("app.csv", &format!("{HEADING}\n{}\n{}\n", row("5"), row("6")));
    let summary = place.until(|summary| summary.counts.records == 6).await;
    assert_eq!(summary.last_problem.unwrap().code, "R0333");
    assert_eq!(place.invoices().await, ["1", "2", "3", "4", "5", "6"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_cut_off_and_written_again_to_the_same_length_is_known_by_the_bytes_before_its_place() {
    let mut place = Place::new("app.csv", "done = \"growing\"", "").await;
    let long = "h".repeat(5_000);
    let filler = |number: &str| format!("{number},K1,2026-03-09,1.00,{long}");
    fs::write(place.path("app.csv"), table(&[&filler("0"), &row("1")])).unwrap();
    place.until(|summary| summary.counts.records == 2).await;
    // The same first bytes, and longer than what was read of it.
    fs::write(place.path("app.csv"), table(&[&filler("0"), &row("2"), &row("3")])).unwrap();
    let summary = place.until(|summary| summary.counts.records == 5 && summary.bytes_behind == 0).await;
    assert_eq!(summary.last_problem.unwrap().code, "R0333");
    assert_eq!(place.invoices().await, ["0", "1", "2", "3"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_goes_on_within_a_file_where_its_last_commit_was() {
    for (read, name, packed) in
        [("", "a.csv", false), ("", "a.csv", true), ("group_by = [\"no\"]\ngroup_within = 10", "a.csv", false)]
    {
        let mut place = Place::new("*.csv", "", read).await;
        let bytes = rows(0..6_000).into_bytes();
        place.put(name, if packed { gzip(&bytes) } else { bytes });
        let half = place.until(|summary| summary.counts.records > 0).await;
        assert!((1_000..5_000).contains(&half.counts.records), "{}", half.counts.records);
        place.restart().await;
        let summary = place.until(|summary| summary.files_done == 1).await;
        // Not one record is counted twice, so none was read twice.
        assert_eq!((summary.counts.records, summary.counts.mapped), (6_000, 6_000), "{read} {packed}");
        assert_eq!(place.invoices().await, (0..6_000).map(|n| format!("{n:05}")).collect::<Vec<_>>());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_is_paused_resumed_and_rewound_and_remembers_it() {
    let mut place = Place::new("*.csv", "", "").await;
    let store = place.hub.store.clone();
    assert!(pause_source(&store, "invoices").await.unwrap());
    assert!(!pause_source(&store, "invoices").await.unwrap());
    place.put("a.csv", rows(0..3_000));
    place.restart().await;
    place.go_on(600).await;
    let summary = place.summary().await;
    assert!(summary.paused && summary.files.is_empty(), "{summary:?}");
    resume_source(&store, "invoices").await.unwrap();
    place.until(|summary| summary.counts.records > 0).await;
    // In the middle of a file.
    pause_source(&store, "invoices").await.unwrap();
    place.go_on(600).await;
    let half = place.summary().await;
    assert!(half.paused && half.files_done == 0 && half.counts.records < 3_000, "{half:?}");
    resume_source(&store, "invoices").await.unwrap();
    let whole = place.until(|summary| summary.files_done == 1).await;
    assert_eq!(whole.counts.records, 3_000);
    let rewound = rewind_source(&store, "invoices", &["a.csv".to_owned()]).await.unwrap();
    assert_eq!((rewound.files, rewound.past_files), (1, 0));
    assert!(rewind_source(&store, "invoices", &["z.csv".to_owned()]).await.is_err());
    assert_eq!(place.summary().await.counts.records, 0);
    let again = place.until(|summary| summary.files_done == 1).await;
    assert_eq!(again.counts.records, 3_000);
    assert_eq!(place.invoices().await.len(), 3_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_unreadable_or_gone_is_told_once_and_others_go_on() {
    let mut place = Place::new("*.csv", "", "").await;
    let drop = place.hub.dir.path().join("drop");
    let away = place.hub.dir.path().join("away");
    place.put("a.csv", table(&[&row("1")]));
    place.until(|summary| summary.files_done == 1).await;
    fs::rename(&drop, &away).unwrap();
    let summary = place.until(|summary| !summary.wrong.is_empty()).await;
    let problem = &summary.wrong[0];
    assert_eq!(problem.code, "R0330");
    assert!(problem.found.contains("/drop: No such file") && !problem.expected.is_empty() && !problem.help.is_empty());
    assert_eq!(standings(&summary), [("a.csv".to_owned(), FileStanding::Complete)]);
    fs::rename(&away, &drop).unwrap();
    place.put("b.csv", table(&[&row("2")]));
    let summary = place.until(|summary| summary.files_done == 2).await;
    assert!(summary.wrong.is_empty());
    // Cut off half way, and then gone.
    let whole = gzip(rows(0..20_000).as_bytes());
    place.put("c.csv", &whole[..whole.len() / 2]);
    let summary = place.until(|summary| summary.files_wrong == 1).await;
    assert_eq!(standings(&summary)[2], ("c.csv".to_owned(), FileStanding::Incomplete));
    place.put("c.csv", &whole);
    let summary = place.until(|summary| summary.files_done == 3).await;
    assert_eq!(summary.files_wrong, 0);
    assert_eq!(place.invoices().await.len(), 20_002);
    // Gone while it is read, and before this process sees it again.
    place.put("d.csv", rows(30_000..36_000));
    place
        .until(|summary| summary.files.iter().any(|file| file.path.ends_with("d.csv") && file.behind < file.size))
        .await;
    place.restart().await;
    fs::remove_file(place.path("d.csv")).unwrap();
    let summary = place.until(|summary| summary.files_wrong == 1).await;
    let problem = summary.files.iter().find_map(|file| file.problem.as_ref()).unwrap();
    assert_eq!(problem.code, "R0332");
    assert!(problem.found.contains("d.csv: no longer there after"), "{problem}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_read_one_file_once_and_one_goes_on_for_the_other() {
    let mut place = Place::new("*.csv", "", "").await;
    let store = Arc::new(place.hub.store.clone());
    let other = |place: &Place| {
        let (store, options) = (Arc::clone(&store), WatchOptions { alone: false });
        FileWatch::new(place.connector.clone(), place.hub.door.clone(), Arc::clone(&store) as _, store, options)
    };
    place.watch = other(&place);
    let mut second = other(&place);
    for n in 0..40 {
        place.put(&format!("{n}.csv"), rows(n * 100..n * 100 + 100));
    }
    place.put("long.csv", rows(10_000..16_000));
    let began = Instant::now();
    while place.summary().await.files_done < 41 {
        assert!(began.elapsed() < Duration::from_secs(30), "{:?}", place.summary().await);
        let (one, two) = tokio::join!(place.watch.step(), second.step());
        // Whoever comes second to a file is told so, and looks for another.
        for step in [one, two] {
            assert!(step.is_ok() || step.as_ref().is_err_and(|e| e.to_string().contains("do it again")), "{step:?}");
        }
    }
    let summary = place.summary().await;
    assert_eq!((summary.counts.records, summary.files_seen), (10_000, 41));
    assert_eq!(place.invoices().await.len(), 10_000);
}
