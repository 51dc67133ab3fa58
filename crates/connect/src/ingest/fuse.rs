//! The fuse: a file of another layout makes one entry, not ten million (`[read] stop_after`).

use std::collections::VecDeque;

use onefold_mapping::StopAfter;

/// Counts failures among the last records.
#[derive(Debug)]
pub(crate) struct Fuse {
    rule: Option<StopAfter>,
    last: VecDeque<bool>,
    failed: u64,
}

impl Fuse {
    pub(crate) fn new(rule: Option<StopAfter>) -> Self {
        Self { rule, last: VecDeque::new(), failed: 0 }
    }

    /// Notes one record; answers (failed, of) once more of the last records failed than is allowed. It need not see
    /// that many records: more failures than the share allows of them are too many already.
    pub(crate) fn note(&mut self, failed: bool) -> Option<(u64, u64)> {
        let rule = self.rule?;
        self.last.push_back(failed);
        self.failed += u64::from(failed);
        if self.last.len() as u64 > rule.of.max(1) && self.last.pop_front() == Some(true) {
            self.failed -= 1;
        }
        let allowed = rule.of.max(1) * u64::from(rule.percent) / 100;
        (failed && self.failed > allowed).then_some((self.failed, self.last.len() as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_blows_at_the_first_record_beyond_the_share_and_not_before() {
        let mut fuse = Fuse::new(Some(StopAfter { percent: 5, of: 100 }));
        for _ in 0..3 {
            for n in 0..100 {
                assert_eq!(fuse.note(n % 20 == 0), None);
            }
        }
        let blown = (0..100).find_map(|n| fuse.note(true).map(|_| n));
        // The first takes the place of one that failed a hundred records ago.
        assert_eq!(blown, Some(1));
        let mut fuse = Fuse::new(Some(StopAfter { percent: 5, of: 100 }));
        assert_eq!((0..100).find_map(|_| fuse.note(true)), Some((6, 6)));
        let mut none = Fuse::new(None);
        assert!((0..1_000).all(|_| none.note(true).is_none()));
    }
}
