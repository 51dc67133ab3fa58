//! Figures of two programs, pair by pair.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Map, Value};

/// Numbers that say what was asked for.
const ASKED_FOR: [&str; 4] = ["cores", "events", "customers", "projectors"];

/// What a program printed of one bench: what it was asked for and under which conditions, and its figures.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct BenchFigures {
    pub(super) bench: String,
    pub(super) conditions: BTreeMap<String, String>,
    pub(super) figures: BTreeMap<String, f64>,
}

impl BenchFigures {
    /// Reads one report; none where it is not one.
    pub(super) fn read(report: &Map<String, Value>) -> Option<Self> {
        let mut read = Self { bench: report.get("bench")?.as_str()?.to_owned(), ..Self::default() };
        for (name, value) in report.iter().filter(|(name, _)| *name != "bench") {
            match value {
                Value::String(text) => {
                    read.conditions.insert(name.clone(), text.clone());
                }
                Value::Number(number) if ASKED_FOR.contains(&name.as_str()) => {
                    read.conditions.insert(name.clone(), number.to_string());
                }
                value => read.flatten(name, value),
            }
        }
        (!read.figures.is_empty()).then_some(read)
    }

    /// What stands within another is named by both, as `read_by_id.p99_ms`.
    fn flatten(&mut self, name: &str, value: &Value) {
        match value {
            Value::Number(number) => self.figures.extend(number.as_f64().map(|number| (name.to_owned(), number))),
            Value::Object(parts) => {
                parts.iter().for_each(|(part, value)| self.flatten(&format!("{name}.{part}"), value))
            }
            Value::Array(items) => (1..).zip(items).for_each(|(n, item)| self.flatten(&format!("{name}.{n}"), item)),
            Value::Null | Value::Bool(_) | Value::String(_) => {}
        }
    }
}

/// Which way a figure is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum BetterWhen {
    More,
    Less,
    /// It describes what was done.
    Neither,
}

impl BetterWhen {
    /// By the units in a figure's name, which programs of all times have in common.
    pub(super) fn of(figure: &str) -> Self {
        const COSTS: [&str; 6] = ["ms", "us", "seconds", "mib", "bytes", "rows"];
        if figure.ends_with(".count") || figure.ends_with(".strangers") {
            return Self::Neither;
        }
        if figure.ends_with("_per_second") {
            return Self::More;
        }
        let is_cost = figure.split(['.', '_']).any(|word| COSTS.contains(&word));
        if is_cost { Self::Less } else { Self::Neither }
    }
}

/// A difference below this share is none: machines vary by it.
const LEAST_DIFFERENCE: f64 = 0.05;

/// Whether this program is better than the other: only where each of several rounds says so, and by no less than that share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RoundFinding {
    Better,
    Worse,
    Undecided,
}

/// One figure of both programs.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct ComparedFigure {
    pub(super) figure: String,
    pub(super) better_when: BetterWhen,
    /// Medians.
    pub(super) this: f64,
    pub(super) other: f64,
    /// This median by the other; none where that is nothing.
    pub(super) ratio: Option<f64>,
    /// The smallest and the largest ratio of one round.
    pub(super) ratio_min: Option<f64>,
    pub(super) ratio_max: Option<f64>,
    pub(super) finding: RoundFinding,
    /// Round by round.
    pub(super) this_runs: Vec<f64>,
    pub(super) other_runs: Vec<f64>,
}

impl ComparedFigure {
    /// Of the rounds in which both programs printed it; none where there are none.
    fn new(figure: &str, pairs: &[(f64, f64)]) -> Option<Self> {
        let (this_runs, other_runs): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
        let (this, other) = (median(&this_runs)?, median(&other_runs)?);
        let ratios: Option<Vec<f64>> = pairs.iter().map(|(this, other)| divide(*this, *other)).collect();
        let least = ratios.iter().flatten().copied().reduce(f64::min);
        let most = ratios.iter().flatten().copied().reduce(f64::max);
        let (better_when, ratio) = (BetterWhen::of(figure), divide(this, other));
        let differs = pairs.len() > 1 && ratio.is_some_and(|ratio| (ratio - 1.0).abs() >= LEAST_DIFFERENCE);
        Some(Self {
            figure: figure.to_owned(),
            better_when,
            this,
            other,
            ratio,
            ratio_min: least,
            ratio_max: most,
            finding: if differs { find(better_when, least, most) } else { RoundFinding::Undecided },
            this_runs,
            other_runs,
        })
    }
}

fn find(better_when: BetterWhen, least: Option<f64>, most: Option<f64>) -> RoundFinding {
    let (more, less) = (least.is_some_and(|least| least > 1.0), most.is_some_and(|most| most < 1.0));
    match better_when {
        BetterWhen::More if more => RoundFinding::Better,
        BetterWhen::More if less => RoundFinding::Worse,
        BetterWhen::Less if less => RoundFinding::Better,
        BetterWhen::Less if more => RoundFinding::Worse,
        _ => RoundFinding::Undecided,
    }
}

fn divide(this: f64, other: f64) -> Option<f64> {
    (other != 0.0).then(|| this / other)
}

/// The middle one, or what lies between the two in the middle; none of none.
fn median(of: &[f64]) -> Option<f64> {
    let mut of = of.to_vec();
    of.sort_by(f64::total_cmp);
    let upper = *of.get(of.len() / 2)?;
    match of.len() % 2 {
        0 => of.get(of.len() / 2 - 1).map(|lower| (lower + upper) / 2.0),
        _ => Some(upper),
    }
}

/// One bench of both programs.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct ComparedBench {
    pub(super) bench: String,
    /// What both were asked for and said of it.
    pub(super) conditions: BTreeMap<String, String>,
    /// Conditions that differ: this program's and the other's.
    pub(super) different: BTreeMap<String, (Option<String>, Option<String>)>,
    pub(super) figures: Vec<ComparedFigure>,
    /// Figures that only this program printed, or both, but never in the same round.
    pub(super) only_this: Vec<String>,
    pub(super) only_other: Vec<String>,
}

/// What both printed in one round.
pub(super) struct RoundFigures {
    pub(super) this: Vec<BenchFigures>,
    pub(super) other: Vec<BenchFigures>,
}

/// Compares round by round, bench by bench.
pub(super) fn compare_rounds(rounds: &[RoundFigures]) -> Vec<ComparedBench> {
    let printed = rounds.iter().flat_map(|round| round.this.iter().chain(&round.other));
    let mut benches: Vec<&str> = Vec::new();
    for bench in printed.map(|printed| printed.bench.as_str()) {
        if !benches.contains(&bench) {
            benches.push(bench);
        }
    }
    benches.into_iter().map(|bench| compare_bench(bench, rounds)).collect()
}

fn find_bench<'p>(bench: &str, printed: &'p [BenchFigures]) -> Option<&'p BenchFigures> {
    printed.iter().find(|printed| printed.bench == bench)
}

fn compare_bench(bench: &str, rounds: &[RoundFigures]) -> ComparedBench {
    let nothing = BenchFigures::default();
    let of = |all| find_bench(bench, all).unwrap_or(&nothing);
    let pairs: Vec<_> = rounds.iter().map(|RoundFigures { this, other }| (of(this), of(other))).collect();
    let names: BTreeSet<&String> = pairs.iter().flat_map(|(a, b)| a.figures.keys().chain(b.figures.keys())).collect();
    let (mut figures, mut only_this, mut only_other) = (Vec::new(), Vec::new(), Vec::new());
    for name in names {
        let both = pairs.iter().filter_map(|(a, b)| Some((*a.figures.get(name)?, *b.figures.get(name)?)));
        match ComparedFigure::new(name, &both.collect::<Vec<_>>()) {
            Some(compared) => figures.push(compared),
            None if pairs.iter().any(|(this, _)| this.figures.contains_key(name)) => only_this.push(name.clone()),
            None => only_other.push(name.clone()),
        }
    }
    figures.sort_by_key(|figure| figure.better_when);
    let (mut conditions, mut different) = (BTreeMap::new(), BTreeMap::new());
    if let Some((this, other)) = pairs.first() {
        for name in this.conditions.keys().chain(other.conditions.keys()) {
            match (this.conditions.get(name), other.conditions.get(name)) {
                (Some(a), Some(b)) if a == b => drop(conditions.insert(name.clone(), a.clone())),
                (a, b) => drop(different.insert(name.clone(), (a.cloned(), b.cloned()))),
            }
        }
    }
    ComparedBench { bench: bench.to_owned(), conditions, different, figures, only_this, only_other }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn report(value: Value) -> BenchFigures {
        BenchFigures::read(value.as_object().unwrap()).unwrap()
    }

    fn round(this: Value, other: Value) -> RoundFigures {
        RoundFigures { this: vec![report(this)], other: vec![report(other)] }
    }

    #[test]
    fn a_median_is_the_middle_one_or_between_the_two() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 3.0, 2.0]), Some(2.5));
        assert_eq!(median(&[7.0]), Some(7.0));
        assert_eq!(median(&[]), None);
    }

    #[test]
    fn ratios_are_of_medians_and_their_spread_of_the_pairs() {
        let rate = |rate: f64| json!({"bench": "live", "events_per_second": rate, "seconds": 0});
        let rounds = [round(rate(40.0), rate(20.0)), round(rate(30.0), rate(10.0)), round(rate(50.0), rate(40.0))];
        let compared = &compare_rounds(&rounds)[0];
        let [rate, seconds] = &compared.figures[..] else { panic!("{compared:?}") };
        assert_eq!((rate.this, rate.other, rate.ratio), (40.0, 20.0, Some(2.0)));
        assert_eq!((rate.ratio_min, rate.ratio_max), (Some(1.25), Some(3.0)));
        assert_eq!((rate.better_when, rate.finding), (BetterWhen::More, RoundFinding::Better));
        assert_eq!(
            (rate.this_runs.as_slice(), rate.other_runs.as_slice()),
            (&[40., 30., 50.][..], &[20., 10., 40.][..])
        );
        // Nothing by nothing is no ratio.
        assert_eq!((seconds.this, seconds.ratio, seconds.ratio_min), (0.0, None, None));
        assert_eq!(seconds.finding, RoundFinding::Undecided);
    }

    #[test]
    fn better_is_what_the_unit_says_and_only_where_all_rounds_agree() {
        let took = |ms: f64| json!({"bench": "read", "by_id": {"count": 9, "p99_ms": ms}});
        let found = |pairs: &[(f64, f64)]| {
            let rounds: Vec<_> = pairs.iter().map(|(this, other)| round(took(*this), took(*other))).collect();
            let compared = compare_rounds(&rounds).remove(0).figures;
            assert_eq!(compared[0].figure, "by_id.p99_ms", "what says which is better stands first");
            assert_eq!(compared[1].finding, RoundFinding::Undecided);
            compared[0].finding
        };
        assert_eq!(found(&[(1.0, 2.0), (1.0, 1.5)]), RoundFinding::Better);
        assert_eq!(found(&[(2.0, 1.0), (1.1, 1.0)]), RoundFinding::Worse);
        assert_eq!(found(&[(2.0, 1.0), (1.0, 1.1)]), RoundFinding::Undecided);
        assert_eq!(found(&[(1.0, 2.0)]), RoundFinding::Undecided, "one round has no spread");
        assert_eq!(found(&[(1.04, 1.0), (1.03, 1.0)]), RoundFinding::Undecided, "a machine varies by as much");
    }

    #[test]
    fn every_figure_that_is_printed_has_its_direction() {
        let more = ["events_per_second", "http_requests_per_second", "reads_per_second", "entries_to_views_per_second"];
        let less = [
            "paced_latency.p50_ms",
            "find.max_ms",
            "5000_parties_read_ms",
            "20000_references.longest_wait_ms",
            "cpu_us_per_event.projector",
            "projector_us_per_event.fold",
            "seconds",
            "verify_seconds",
            "verify_split_seconds.compare",
            "peak_memory_mib",
            "memory_mib_by_quarter.2",
            "log_bytes_per_event",
            "http_bytes_per_view",
            "rows_per_event.read",
            "one_more_event_rows.written",
        ];
        let neither = [
            "cpu_percent.hub",
            "events_per_batch",
            "events_per_customer_and_batch",
            "verified_events",
            "http_clients",
            "batch",
            "by_id.count",
            "20000_references.strangers",
        ];
        let all = [(&more[..], BetterWhen::More), (&less[..], BetterWhen::Less), (&neither[..], BetterWhen::Neither)];
        for (figures, wanted) in all {
            for figure in figures {
                assert_eq!(BetterWhen::of(figure), wanted, "{figure}");
            }
        }
    }

    #[test]
    fn what_only_one_printed_and_conditions_that_differ_are_told() {
        let this = json!({"bench": "live", "events": 9, "engine": "embedded", "paced": "5/s", "a_ms": 1, "memory_mib": [1, 2]});
        let other = json!({"bench": "live", "events": 9, "engine": "embedded", "paced": "6/s", "a_ms": 2, "b_ms": 1});
        let mut rounds = vec![round(this, other)];
        rounds[0].other.push(report(json!({"bench": "read", "by_id": {"p50_ms": 1}})));
        let compared = compare_rounds(&rounds);
        let [live, read] = &compared[..] else { panic!("{compared:?}") };
        assert_eq!(live.figures.len(), 1);
        assert_eq!(
            (live.only_this.join(" "), live.only_other.join(" ")),
            ("memory_mib.1 memory_mib.2".into(), "b_ms".into())
        );
        assert_eq!(live.conditions.keys().collect::<Vec<_>>(), ["engine", "events"]);
        assert_eq!(live.different["paced"], (Some("5/s".into()), Some("6/s".into())));
        assert_eq!((read.figures.len(), read.only_other.join(" ")), (0, "by_id.p50_ms".into()));
    }

    #[test]
    fn what_is_no_report_is_not_read_as_one() {
        for value in
            [json!({}), json!({"bench": 7, "a": 1}), json!({"bench": "live"}), json!({"bench": "live", "events": 9})]
        {
            assert_eq!(BenchFigures::read(value.as_object().unwrap()), None, "{value}");
        }
    }
}
