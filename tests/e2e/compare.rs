//! Two builds of the program in turns on the same work: here the program with itself, and with what is no build of it.

mod harness;

use std::process::Command;
use std::time::{Duration, Instant};

use harness::{Answer, Home};
use serde_json::Value;

const SELF: &str = env!("CARGO_BIN_EXE_onefold");
const SMALL: [&str; 5] = ["rebuild", "--events", "300", "--customers", "40"];

fn compare(home: &Home, with: &str, words: &[&str]) -> Answer {
    home.run(&[&["bench", "compare", "--with", with][..], &SMALL, words].concat())
}

/// Directories of runs that are over.
fn left_behind(home: &Home) -> Vec<String> {
    let entries = std::fs::read_dir(home.data()).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

fn figure<'f>(bench: &'f Value, name: &str) -> &'f Value {
    let figures = bench["figures"].as_array().unwrap();
    figures.iter().find(|figure| figure["figure"] == name).unwrap_or_else(|| panic!("no {name} in {bench:#}"))
}

#[test]
fn the_program_is_compared_with_itself_figure_by_figure() {
    let home = Home::new();
    let compared = compare(&home, SELF, &["retry", "--rounds", "2", "--json"]).exits(0).json();
    assert_eq!((compared["rounds"].as_u64(), compared["other"].as_str()), (Some(2), Some(SELF)));
    let benches = compared["benches"].as_array().unwrap();
    assert_eq!(benches.iter().map(|bench| bench["bench"].as_str().unwrap()).collect::<Vec<_>>(), ["rebuild", "retry"]);
    for bench in benches {
        assert_eq!(
            (bench["conditions"]["events"].as_str(), &bench["different"]),
            (Some("300"), &serde_json::json!({}))
        );
    }
    for (bench, name, better) in [
        (&benches[0], "verify_events_per_second", "more"),
        (&benches[0], "rebuild_seconds", "less"),
        (&benches[0], "verified_events", "neither"),
        (&benches[1], "entries_per_second", "more"),
        (&benches[1], "peak_memory_mib", "less"),
    ] {
        let figure = figure(bench, name);
        assert_eq!(figure["better_when"], better, "{figure}");
        let number = |name: &str| figure[name].as_f64().unwrap_or_else(|| panic!("no {name}: {figure}"));
        let (least, ratio, most) = (number("ratio_min"), number("ratio"), number("ratio_max"));
        assert!(0.0 < least && least <= ratio && ratio <= most, "{figure}");
        assert!((ratio - number("this") / number("other")).abs() < 1e-9, "{figure}");
        assert_eq!(figure["this_runs"].as_array().map(Vec::len), Some(2), "{figure}");
    }
    let same = figure(&benches[0], "verified_events");
    assert_eq!(
        (same["this"].as_f64(), same["ratio"].as_f64(), &same["finding"]),
        (Some(300.0), Some(1.0), &"undecided".into())
    );
    assert_eq!(left_behind(&home), [""; 0]);

    let text = compare(&home, SELF, &["--rounds", "1"]).exits(0).out;
    let row = text.lines().find(|line| line.contains("verify_events_per_second")).unwrap_or_else(|| panic!("{text}"));
    assert!(row.trim_end().ends_with("more"), "one round decides nothing: {row}");
    assert!(text.contains("1 round;") && text.contains("\nrebuild: cores"), "{text}");
}

#[test]
fn what_is_no_build_of_it_is_told_and_leaves_nothing_behind() {
    let home = Home::new();
    // Copied by another process: one that is still open for writing here could not be executed.
    let script = |name: &str, text: &str| {
        let (from, to) = (home.file(&format!("{name}.txt"), text), home.path(name));
        let done = Command::new("install").args(["-m", "755", &from]).arg(&to).status().unwrap();
        assert!(done.success());
        to.display().to_string()
    };
    let no_program = home.file("notes.txt", "what was measured");
    let directory = home.path("").display().to_string();
    let fails = script("fails", "#!/bin/sh\ntouch \"$TMPDIR/half-made\"\necho the disk is full >&2\nexit 7\n");
    let knows_less = script("knows_less", "#!/bin/sh\necho \"error: invalid value 'rebuild'\" >&2\nexit 2\n");
    let silent = script("silent", "#!/bin/sh\n");
    let talks = script("talks", "#!/bin/sh\necho 'rebuild   1,000/s'\n");
    let endless =
        script("endless", "#!/bin/sh\nwhile :; do echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa || exit 5; done\n");
    let pid = home.path("hangs.pid");
    let hangs = script("hangs", &format!("#!/bin/sh\nsleep 600 & echo $! > '{}'; wait\n", pid.display()));
    let another = script("another", "#!/bin/sh\necho '{\"bench\":\"rebuild\",\"events\":9,\"odd_ms\":1}'\n");
    let absent = home.path("absent").display().to_string();
    for (with, code, words) in [
        (&absent, 1, &["there is no such program"][..]),
        (&no_program, 1, &["notes.txt", "no program"]),
        (&directory, 1, &["no program"]),
        (&fails, 1, &["round 1 of 1", "fails", "exit code 7", "the disk is full"]),
        (&knows_less, 1, &["exit code 2", "an earlier build may not know", "invalid value 'rebuild'"]),
        (&silent, 1, &["printed no figures", "found nothing"]),
        (&talks, 1, &["printed no figures", "`rebuild   1,000/s`"]),
        (&endless, 1, &["endless"]),
        (&hangs, 1, &["did not end within 5 s", "--timeout"]),
    ] {
        let began = Instant::now();
        let told = compare(&home, with, &["--rounds", "1", "--timeout", "5"]).exits(code).tells(words);
        assert_eq!(told.out, "", "{with}");
        assert!(began.elapsed() < Duration::from_secs(60), "{with}");
        assert_eq!(left_behind(&home), [""; 0], "{with}");
    }
    let pid = std::fs::read_to_string(pid).unwrap();
    let state = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
    assert!(state.is_empty() || state.contains(") Z "), "what a program started ends with it: {state}");

    let told = compare(&home, &another, &["--rounds", "1"]).exits(1).tells(&["no figure was printed by both"]);
    assert!(
        told.out.contains("printed by other alone: odd_ms") && told.out.contains("events: this 300; other 9"),
        "{}",
        told.out
    );
    assert_eq!(left_behind(&home), [""; 0]);
    compare(&home, SELF, &["rebuild"]).exits(1).tells(&["rebuild is named twice"]);
    home.run(&["bench", "compare", "rebuild"]).exits(2).tells(&["--with"]);
    home.run(&["bench"]).exits(2);
}
