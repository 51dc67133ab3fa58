//! `onefold connector check`: all that is wrong with connector files.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use onefold_event::Problem;
use onefold_mapping::ConnectorTestResult;
use serde::Serialize;

use crate::args::Globals;
use crate::out::OutputWriter;
use crate::render::counted;
use crate::{FAILED, connector};

/// What is to be said of one connector file.
#[derive(Debug, Serialize)]
struct FileCheck {
    file: String,
    /// Empty where it could not be read so far.
    connector: String,
    /// Whether it may run: it is read without a problem, and passes its own tests.
    sound: bool,
    problems: Vec<Problem>,
    tests: Vec<ConnectorTestResult>,
    /// Options of `[assume]` that say nothing; it may run all the same.
    unused: Vec<Problem>,
    /// What it lacks to run on this machine, such as a secret; empty: nothing.
    missing: String,
}

pub(crate) fn check_files(files: &[PathBuf], globals: &Globals) -> Result<ExitCode> {
    let mut out = OutputWriter::open();
    let (mut count, mut wrong) = (0, 0);
    for place in files {
        let listed = if place.is_dir() { connector::in_directory(place)? } else { vec![place.clone()] };
        for file in listed {
            let checked = check_file(&file)?;
            count += 1;
            wrong += usize::from(!checked.sound);
            if globals.json {
                out.json_line(&checked)?;
            } else {
                out.write_line(render_check(&checked))?;
            }
        }
    }
    if !globals.json && count != 1 {
        let told = if wrong == 0 { "all are sound".to_owned() } else { format!("{wrong} cannot run") };
        out.write_line(format!("{count} connector files: {told}"))?;
    }
    out.finish()?;
    Ok(if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::from(FAILED) })
}

fn check_file(file: &Path) -> Result<FileCheck> {
    let name = file.display().to_string();
    Ok(match connector::read_connector(file)? {
        Ok(connector) => {
            let tests = connector.run_tests();
            let sound = tests.iter().all(|test| test.problems.is_empty());
            let missing =
                connector::hook_secrets(&connector, file).err().map(|why| why.to_string()).unwrap_or_default();
            FileCheck {
                file: name,
                connector: connector.name().to_owned(),
                sound,
                problems: Vec::new(),
                tests,
                unused: connector.unused_assumptions().to_vec(),
                missing,
            }
        }
        Err(problems) => FileCheck {
            file: name,
            connector: String::new(),
            sound: false,
            problems,
            tests: Vec::new(),
            unused: Vec::new(),
            missing: String::new(),
        },
    })
}

fn render_check(checked: &FileCheck) -> String {
    let FileCheck { file, problems, tests, .. } = checked;
    let told = |problem: &Problem| problem.to_string();
    if !problems.is_empty() {
        let all: Vec<String> = problems.iter().map(told).collect();
        return format!(
            "{}\n{file}: {} wrong, so it cannot run",
            all.join("\n"),
            counted(problems.len() as u64, "thing", "things")
        );
    }
    let unused: String = checked.unused.iter().map(Problem::as_warning).collect();
    let failed: Vec<&ConnectorTestResult> = tests.iter().filter(|test| !test.problems.is_empty()).collect();
    if failed.is_empty() {
        let missing = match checked.missing.as_str() {
            "" => String::new(),
            missing => format!("\n{file}: not ready to run here: {missing}"),
        };
        return match tests.len() {
            0 => format!("{unused}{file}: sound; it has no [test] of its own{missing}"),
            n => format!("{unused}{file}: sound, {} passed{missing}", counted(n as u64, "test", "tests")),
        };
    }
    let mut text = unused;
    for test in &failed {
        text.push_str(&format!("test \"{}\" fails\n", test.name));
        for problem in &test.problems {
            text.push_str(&told(problem));
            text.push('\n');
        }
    }
    let passed = tests.len() - failed.len();
    format!(
        "{text}{file}: {} failed, {passed} passed; it cannot run before all pass",
        counted(failed.len() as u64, "test", "tests")
    )
}
