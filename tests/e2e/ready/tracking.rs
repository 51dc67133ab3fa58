//! EasyPost's recorded answers.

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};

use crate::harness::{Home, shared};
use crate::{count, show, status, take_bodies, text};

/// Every tracker of the recorded answers, alone or in a list of them.
fn trackers(folder: &str) -> Vec<Value> {
    let mut found = Vec::new();
    for file in fs::read_dir(folder).expect("a folder") {
        let path = file.expect("a file").path();
        if path.extension().is_none_or(|ending| ending != "yaml") {
            continue;
        }
        let recorded: Value = serde_saphyr::from_str(&fs::read_to_string(&path).expect("a file")).expect("YAML");
        for exchange in recorded["interactions"].as_array().expect("interactions") {
            let Ok(answer) = serde_json::from_str::<Value>(text(exchange, "/response/body/string")) else { continue };
            let list = answer["trackers"].as_array().cloned().unwrap_or_default();
            found.extend(list.into_iter().chain([answer]).filter(|one| one["object"] == "Tracker"));
        }
    }
    found
}

fn scans(tracker: &Value) -> &Vec<Value> {
    tracker["tracking_details"].as_array().expect("tracking_details")
}

#[test]
fn easypost_comes_to_what_its_trackers_say() {
    let Some(folder) = shared("easypost", "easypost_comes_to_what_its_trackers_say") else { return };
    let trackers = trackers(&folder);
    let event = |tracker: &Value| json!({ "description": "tracker.updated", "result": tracker });
    let home = Home::new();
    let bodies: Vec<Value> = trackers.iter().map(event).collect();
    let labels: usize = trackers.iter().map(|tracker| scans(tracker).len()).sum();
    assert_eq!(labels, 42, "all of them made before the carrier saw the parcel");
    let report = take_bodies(&home, "easypost", &bodies, 0);
    assert_eq!(
        [count(&report, "/records"), count(&report, "/skipped"), count(&report, "/events")],
        [42, 42, 0],
        "{report}"
    );

    // What the carrier scans next: each post repeats what was there before.
    let scanned = |tracker: &Value, more: &[(&str, &str)]| {
        let mut tracker = tracker.clone();
        for (status, at) in more {
            let scan = json!({ "status": status, "status_detail": "", "datetime": at, "message": status, "tracking_location": { "city": "RENO" } });
            tracker["tracking_details"].as_array_mut().expect("scans").push(scan);
            tracker["updated_at"] = json!(at);
        }
        event(&tracker)
    };
    let moved = ("in_transit", "2030-01-02T10:00:00Z");
    let delivered = ("delivered", "2030-01-03T10:00:00Z");
    let tracks: BTreeSet<String> = trackers
        .iter()
        .map(|t| format!("track:{}:{}", text(t, "/carrier").to_lowercase(), text(t, "/tracking_code")))
        .collect();
    let first: Vec<Value> = trackers.iter().map(|tracker| scanned(tracker, &[moved])).collect();
    let second: Vec<Value> = trackers.iter().map(|tracker| scanned(tracker, &[moved, delivered])).collect();
    take_bodies(&home, "easypost", &first, 0);
    assert_eq!(count(&status(&home), "/documents"), tracks.len() as i64);
    take_bodies(&home, "easypost", &second, 0);
    assert_eq!(count(&status(&home), "/documents"), tracks.len() as i64);
    for track in &tracks {
        let shown = show(&home, track);
        assert_eq!(shown["status"], "delivered", "{track}");
        let types: Vec<&str> = shown["events"].as_array().expect("events").iter().map(|e| text(e, "/type")).collect();
        let stands = types.iter().collect::<BTreeSet<_>>();
        assert_eq!(stands, BTreeSet::from([&"shipping.delivered.v1", &"shipping.scanned.v1"]), "{track}");
    }
}
