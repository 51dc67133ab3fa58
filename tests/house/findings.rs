//! What `findings/` holds: one script for each, of one form, and a README that names all of them.

use std::os::unix::fs::PermissionsExt;

use crate::tree::{files, none, read, root, shown};

/// Lines of a script's comment: from the second to the first that is none.
fn comment(text: &str) -> Vec<&str> {
    text.lines().skip(1).take_while(|line| line.starts_with('#')).collect()
}

/// Words such as `avro 1.12.2`: a name and after it a version.
fn names_a_version(line: &str) -> bool {
    let words: Vec<&str> = line.split([' ', ',', '(', ')', ':']).filter(|word| !word.is_empty()).collect();
    let version = |word: &str| word.contains('.') && word.split('.').all(|part| part.parse::<u32>().is_ok());
    words.windows(2).any(|pair| pair[0].chars().any(char::is_alphabetic) && version(pair[1]))
}

#[test]
fn a_finding_is_a_script_that_says_what_it_runs_and_cleans_up() {
    let scripts = files("findings", ".sh");
    assert!(!scripts.is_empty(), "the walk has lost its way: no findings");
    let mut wrong = Vec::new();
    for path in &scripts {
        let text = read(path);
        let mut must = |holds: bool, what: &str| {
            if !holds {
                wrong.push(format!("{}: {what}", shown(path)));
            }
        };
        let mode = path.metadata().map(|found| found.permissions().mode()).unwrap_or_default();
        must(mode & 0o111 == 0o111, "is not executable");
        must(text.starts_with("#!/usr/bin/env bash\n"), "is not a script of bash");
        must(text.contains("\nset -euo pipefail\n"), "goes on after a failure");
        let comment = comment(&text);
        must(comment.len() >= 3, "does not say what it shows and why it matters");
        must(
            comment.first().is_some_and(|line| names_a_version(line)),
            "does not begin with a package and its version",
        );
        must(text.contains("$(mktemp -d)"), "works elsewhere than in a temporary folder");
        must(text.contains("\ntrap 'rm -rf \"$dir\"' EXIT\n"), "leaves its folder behind");
        must(text.contains("no longer behave"), "does not notice when the packages behave otherwise");
        must(!text.to_lowercase().contains("onefold"), "runs the product, which it is not about");
    }
    none("a finding is not of the form that findings/README.md says", &wrong);
}

#[test]
fn findings_are_scripts_and_the_readme_names_each() {
    let readme = read(&root().join("findings/README.md"));
    let mut wrong = Vec::new();
    for path in files("findings", "") {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let listed = readme.contains(&format!("| `{name}` |"));
        if name != "README.md" && !(name.ends_with(".sh") && listed) {
            wrong.push(shown(&path));
        }
    }
    none("findings/ holds what its README does not list", &wrong);
}
