//! Whether a text can be a key: spreadsheets and floats damage the numbers that name records.

use crate::ValueFault;

/// Digits that a spreadsheet keeps of a number; the rest it writes as zeros (IEEE 754 binary64, shown by Excel to 15).
const SPREADSHEET_DIGITS: usize = 15;

/// What a text is as a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyState {
    /// Nothing speaks against it.
    Whole,
    /// It may be what a spreadsheet left of another number; a source may also number its records so.
    Doubtful(&'static str),
    /// A whole number that went through a float: others were made equal to it, or it was made unequal to itself.
    Damaged(&'static str),
}

/// Judges the text of a key. `number` says that the source itself wrote it as a number (JSON), so that `1E5` is no code.
pub fn judge_key(text: &str, number: bool) -> KeyState {
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if let Some((mantissa, exponent)) = text.split_once(['e', 'E']) {
        let (whole, fraction) = mantissa.split_once(['.', ',']).unwrap_or((mantissa, ""));
        let signed = exponent.starts_with('+');
        let scientific = digits(whole)
            && (fraction.is_empty() || digits(fraction))
            && digits(exponent.strip_prefix('+').unwrap_or(exponent));
        return match (scientific, number || signed || !fraction.is_empty()) {
            (false, _) => KeyState::Whole,
            (true, true) => KeyState::Damaged("a whole number in scientific notation, of which digits are lost"),
            (true, false) if whole.len() == 1 => {
                KeyState::Doubtful("it reads as a number in scientific notation, as spreadsheets shorten them")
            }
            (true, false) => KeyState::Whole,
        };
    }
    if let Some((whole, fraction)) = text.split_once('.') {
        return match digits(whole) && digits(fraction) && fraction.bytes().all(|b| b == b'0') {
            true if fraction.len() == 1 => KeyState::Damaged("a whole number written as a float"),
            true => KeyState::Doubtful("it reads as an amount, or as a whole number that was given decimals"),
            false => KeyState::Whole,
        };
    }
    let zeros = text.get(SPREADSHEET_DIGITS..).is_some_and(|rest| rest.bytes().all(|b| b == b'0'));
    match digits(text) && text.len() > SPREADSHEET_DIGITS && zeros {
        true => KeyState::Doubtful("a spreadsheet keeps 15 digits and writes zeros for the rest"),
        false => KeyState::Whole,
    }
}

/// Refuses a key that is damaged: it makes records one which are several, or several which are one. `number` as for
/// [`judge_key`].
///
/// # Errors
/// A whole number that a spreadsheet or a float has damaged (R0432).
pub fn check_key(text: &str, number: bool) -> Result<(), ValueFault> {
    let KeyState::Damaged(why) = judge_key(text, number) else { return Ok(()) };
    let fault = ValueFault::new("R0432", "a spreadsheet or a float has damaged this key")
        .instead(text, format!("the number as the source has it; this is {why}"));
    Err(fault.help("export the column as text, so that every digit is there"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn floats_and_scientific_notation_are_no_keys() {
        for text in ["2.4952E+19", "2.4952e19", "1E+05", "1.0", "489434.0", "-7.0", "2,4952E+19", "1e+20"] {
            assert!(matches!(judge_key(text, false), KeyState::Damaged(_)), "{text}");
        }
        assert!(matches!(judge_key("1E5", true), KeyState::Damaged(_)));
        assert!(matches!(judge_key("1E5", false), KeyState::Doubtful(_)));
        for text in ["6222021234567890000", "489434.00"] {
            assert!(matches!(judge_key(text, false), KeyState::Doubtful(_)), "{text}");
        }
        for text in [
            "",
            "INV-1",
            "12E3",
            "E5",
            "1.10",
            "3.0.0",
            "0012",
            "24952000000000000017",
            "622202123456789",
            "5.",
            "1e-5",
        ] {
            assert_eq!(judge_key(text, false), KeyState::Whole, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_whole_number_that_went_through_a_float_is_caught_unless_it_came_out_whole(n in 0_u64..=u64::MAX) {
            let float = n as f64;
            for text in [format!("{float:?}"), format!("{float:e}"), format!("{float:.1}")] {
                prop_assert_eq!(judge_key(&text, true) == KeyState::Whole, text.parse::<u64>().is_ok(), "{}", text);
            }
            prop_assert!(!matches!(judge_key(&n.to_string(), true), KeyState::Damaged(_)));
        }
    }
}
