//! Finds the word that was probably meant.

/// The nearest of the known words, if one is near enough to be a slip of the finger.
pub(crate) fn nearest_word<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_lowercase();
    let score = |candidate: &str| {
        let candidate = candidate.to_lowercase();
        // Two letters changed places, or one is wrong: likely even in short words.
        let slip = lower.chars().count() > 2 && strsim::damerau_levenshtein(&lower, &candidate) == 1;
        strsim::jaro_winkler(&lower, &candidate).max(if slip { 0.85 } else { 0.0 })
    };
    let best = known.map(|k| (k, score(k))).filter(|(_, s)| *s >= 0.78).max_by(|a, b| a.1.total_cmp(&b.1))?;
    Some(best.0)
}

/// Asks after the nearest of the known words, for whoever refuses one that is not.
pub fn did_you_mean<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    nearest_word(word, known).map(|near| format!("did you mean `{near}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_word_and_nonsense_finds_none() {
        let known = ["issued_on", "due_on", "total", "单据编号"];
        assert_eq!(nearest_word("issue_date", known.into_iter()), Some("issued_on"));
        assert_eq!(nearest_word("单据编", known.into_iter()), Some("单据编号"));
        assert_eq!(nearest_word("zzz", known.into_iter()), None);
    }
}
