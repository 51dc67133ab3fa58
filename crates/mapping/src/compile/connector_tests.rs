//! `[test]`: what the connector file's own tests put in and expect.

use onefold_event::Problem;

use crate::language::node::TomlNode;
use crate::language::options::TEST;
use crate::program::connector_test::ConnectorTest;
use crate::report::diagnostics::Diagnostics;
use crate::report::nearest::did_you_mean;

impl ConnectorTest {
    pub(crate) fn read_tests(
        node: Option<&TomlNode>,
        events: &[&str],
        reasons: &[&str],
        load: &dyn Fn(&str) -> Result<String, String>,
        diagnostics: &mut Diagnostics,
    ) -> Vec<Self> {
        let mut tests = Vec::new();
        for entry in node.map_or(&[][..], TomlNode::entries) {
            let n = &entry.node;
            if !n.expect_table(diagnostics) {
                continue;
            }
            n.allow_keys(diagnostics, &format!("[test.\"{}\"]", entry.key), &TEST.keys());
            let list = |key: &str, known: Option<&[&str]>, diagnostics: &mut Diagnostics| {
                let words = n.get(key).map(|w| (w.text_list(diagnostics), w.span.clone()));
                if let (Some((words, span)), Some(known)) = (&words, known) {
                    for word in words.iter().filter(|w| !known.contains(&w.as_str())) {
                        let mut problem = Problem::new("M0603", format!("there is no `{word}` in this connector"));
                        problem.help.extend(did_you_mean(word, known.iter().copied()));
                        diagnostics.add(span, problem);
                    }
                }
                words.map(|(words, _)| words)
            };
            let emits = list("emits", Some(events), diagnostics);
            let rejects = list("rejects", None, diagnostics);
            let skips = list("skips", Some(reasons), diagnostics);
            if let (Some(_), Some(file)) = (n.get("input"), n.get("file")) {
                diagnostics.report_message(&file.span, "M0112", "a test reads its `input` or a `file`, not both");
            }
            let input = match (n.get("input"), n.get("file")) {
                (Some(text), _) => text.expect_text(diagnostics).unwrap_or_default().to_owned(),
                (None, Some(file)) => match file.expect_text(diagnostics).map(load) {
                    Some(Ok(text)) => text,
                    Some(Err(why)) => {
                        diagnostics.report_message(
                            &file.span,
                            "M0501",
                            format!("the test's file cannot be read: {why}"),
                        );
                        continue;
                    }
                    None => continue,
                },
                (None, None) => {
                    diagnostics.report_message(&entry.at, "M0102", "a test has an `input` or a `file`");
                    continue;
                }
            };
            let checks: Vec<_> = (n.get("check").map_or(&[][..], TomlNode::entries).iter())
                .filter_map(|e| Some((e.key.clone(), e.node.expect_text(diagnostics)?.to_owned(), e.at.clone())))
                .collect();
            if emits.is_none() && rejects.is_none() && skips.is_none() && checks.is_empty() {
                diagnostics.report_message(
                    &entry.at,
                    "M0601",
                    "this test says nothing: add emits, rejects, skips or check",
                );
            }
            tests.push(Self {
                name: entry.key.clone(),
                span: entry.at.clone(),
                input,
                emits,
                rejects: rejects.unwrap_or_default(),
                skips: skips.unwrap_or_default(),
                checks,
            });
        }
        tests
    }
}
