//! Currencies: every code that ISO 4217 has or ever had, and until when.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, date};

/// A currency of ISO 4217, in circulation or withdrawn.
///
/// Old documents keep their currency: a withdrawn code is read like any other, and [`Currency::end_date`] says from when on
/// it is suspicious. Codes that never were one are not made: see [`CurrencyError`] for what was probably meant.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

/// Why a text is not a currency, and what was probably meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a currency code of ISO 4217; {help}")]
pub struct CurrencyError {
    /// As it was written.
    pub text: String,
    /// What to write instead, such as ``did you mean `CNY`?``.
    pub help: String,
}

impl Currency {
    /// Of a code with three letters, in any case, with or without white space around.
    pub fn from_code(text: &str) -> Option<Self> {
        let letters: [u8; 3] = text.trim().as_bytes().try_into().ok()?;
        let found = Self(letters.map(|b| b.to_ascii_uppercase()));
        (found.find_withdrawn().is_some() || found.find_listed().is_some()).then_some(found)
    }

    /// The three letters.
    pub fn code(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Digits of the smallest unit; none for what has no such unit, such as gold.
    ///
    /// List three of ISO 4217 does not give them. Withdrawn currencies have two, but for those without a smaller unit in
    /// use and units of account.
    pub fn exponent(&self) -> Option<u16> {
        match self.code() {
            "XEU" | "XFO" | "XFU" | "XRE" => None,
            code if WHOLE.contains(&code) => Some(0),
            _ if self.find_withdrawn().is_some() => Some(2),
            _ => self.find_listed()?.exponent(),
        }
    }

    /// The sign that is written before or after amounts, such as `€`; the code where it has none of its own.
    pub fn symbol(&self) -> String {
        let sign = self.find_listed().map(|listed| listed.symbol().to_string());
        sign.filter(|sign| sign != "¤").unwrap_or_else(|| self.code().to_owned())
    }

    /// The last day of the month in which it was withdrawn; none for those of today.
    pub fn end_date(&self) -> Option<Date> {
        let (_, year, month) = self.find_withdrawn()?;
        Some(date(*year, *month, 1).last_of_month())
    }

    fn find_withdrawn(&self) -> Option<&'static (&'static str, i16, i8)> {
        let at = WITHDRAWN.binary_search_by(|(code, ..)| (*code).cmp(self.code())).ok()?;
        WITHDRAWN.get(at)
    }

    fn find_listed(&self) -> Option<iso_currency::Currency> {
        iso_currency::Currency::from_code(self.code())
    }
}

impl FromStr for Currency {
    type Err = CurrencyError;

    fn from_str(text: &str) -> Result<Self, CurrencyError> {
        Self::from_code(text).ok_or_else(|| {
            let word = text.trim().to_uppercase();
            let meant = MEANT.iter().find(|(written, _)| *written == word).map(|(_, code)| *code);
            let help = match meant {
                Some("GBX") => "amounts in pence are divided by 100 and say `GBP`".to_owned(),
                Some(code) => format!("did you mean `{code}`?"),
                None => "expected a code such as EUR or CNY".to_owned(),
            };
            CurrencyError { text: text.chars().take(60).collect(), help }
        })
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// Words that people and systems write in place of a code, with the code that they mean.
const MEANT: [(&str, &str); 26] = [
    ("RMB", "CNY"),
    ("CNH", "CNY"),
    ("YUAN", "CNY"),
    ("人民币", "CNY"),
    ("元", "CNY"),
    ("¥", "CNY` or `JPY"),
    ("￥", "CNY` or `JPY"),
    ("YEN", "JPY"),
    ("EURO", "EUR"),
    ("EUROS", "EUR"),
    ("€", "EUR"),
    ("$", "USD"),
    ("US$", "USD"),
    ("DOLLAR", "USD"),
    ("UKP", "GBP"),
    ("STG", "GBP"),
    ("£", "GBP"),
    ("GBX", "GBX"),
    ("GBPENCE", "GBX"),
    ("SFR", "CHF"),
    ("NTD", "TWD"),
    ("NT$", "TWD"),
    ("HK$", "HKD"),
    ("NIS", "ILS"),
    ("RS", "INR"),
    ("RM", "MYR"),
];

/// Withdrawn currencies without a smaller unit: minor units in the last edition of list one that had them.
const WHOLE: [&str; 12] = ["ADP", "BEF", "BYB", "BYR", "ESP", "GRD", "ITL", "LUF", "MGF", "PTE", "TPE", "TRL"];

/// Codes of list three that are not on list one, with year and month of withdrawal, the last where it has several and the
/// end where it gives a span. ISO 4217 list three, SIX Group as maintenance agency, published 2026-01-01.
#[rustfmt::skip]
const WITHDRAWN: [(&str, i16, i8); 129] = [
    ("ADP", 2003, 7), ("AFA", 2003, 1), ("ALK", 1989, 12), ("ANG", 2025, 3), ("AOK", 1991, 3), ("AON", 2000, 2),
    ("AOR", 2000, 2), ("ARA", 1992, 1), ("ARP", 1985, 7), ("ARY", 1990, 12), ("ATS", 2002, 3), ("AYM", 2005, 10),
    ("AZM", 2005, 12), ("BAD", 1998, 7), ("BEC", 1990, 3), ("BEF", 2002, 3), ("BEL", 1990, 3), ("BGJ", 1990, 12),
    ("BGK", 1990, 12), ("BGL", 2003, 11), ("BGN", 2026, 1), ("BOP", 1987, 2), ("BRB", 1986, 3), ("BRC", 1989, 2),
    ("BRE", 1993, 3), ("BRN", 1990, 3), ("BRR", 1994, 7), ("BUK", 1990, 2), ("BYB", 2001, 1), ("BYR", 2017, 1),
    ("CHC", 2004, 11), ("CSD", 2006, 10), ("CSJ", 1990, 12), ("CSK", 1993, 3), ("CUC", 2021, 6), ("CYP", 2008, 1),
    ("DDM", 1990, 9), ("DEM", 2002, 3), ("ECS", 2000, 9), ("ECV", 2000, 9), ("EEK", 2011, 1), ("ESA", 1981, 12),
    ("ESB", 1994, 12), ("ESP", 2002, 3), ("FIM", 2002, 3), ("FRF", 2002, 3), ("GEK", 1995, 10), ("GHC", 2008, 1),
    ("GHP", 2007, 6), ("GNE", 1989, 12), ("GNS", 1986, 2), ("GQE", 1986, 6), ("GRD", 2002, 3), ("GWE", 1981, 12),
    ("GWP", 1997, 5), ("HRD", 1995, 1), ("HRK", 2023, 1), ("IEP", 2002, 3), ("ILP", 1981, 12), ("ILR", 1990, 12),
    ("ISJ", 1990, 12), ("ITL", 2002, 3), ("LAJ", 1979, 12), ("LSM", 1985, 5), ("LTL", 2014, 12), ("LTT", 1993, 7),
    ("LUC", 1990, 3), ("LUF", 2002, 3), ("LUL", 1990, 3), ("LVL", 2014, 1), ("LVR", 1994, 12), ("MGF", 2004, 12),
    ("MLF", 1984, 11), ("MRO", 2017, 12), ("MTL", 2008, 1), ("MTP", 1983, 6), ("MVQ", 1989, 12), ("MXP", 1993, 1),
    ("MZE", 1981, 12), ("MZM", 2006, 6), ("NIC", 1990, 10), ("NLG", 2002, 3), ("PEH", 1990, 12), ("PEI", 1991, 7),
    ("PES", 1986, 2), ("PLZ", 1997, 1), ("PTE", 2002, 3), ("RHD", 1981, 12), ("ROK", 1990, 12), ("ROL", 2005, 6),
    ("RUR", 2004, 1), ("SDD", 2007, 7), ("SDP", 1998, 6), ("SIT", 2007, 1), ("SKK", 2009, 1), ("SLL", 2023, 12),
    ("SRG", 2003, 12), ("STD", 2017, 12), ("SUR", 1990, 12), ("TJR", 2001, 4), ("TMM", 2009, 1), ("TPE", 2002, 11),
    ("TRL", 2005, 12), ("UAK", 1996, 9), ("UGS", 1987, 5), ("UGW", 1990, 12), ("USS", 2014, 3), ("UYN", 1989, 12),
    ("UYP", 1993, 3), ("VEB", 2008, 1), ("VEF", 2018, 8), ("VNC", 1990, 12), ("XEU", 1999, 1), ("XFO", 2006, 10),
    ("XFU", 2013, 11), ("XRE", 1999, 11), ("YDD", 1991, 9), ("YUD", 1990, 1), ("YUM", 2003, 7), ("YUN", 1995, 11),
    ("ZAL", 1995, 3), ("ZMK", 2012, 12), ("ZRN", 1999, 6), ("ZRZ", 1994, 2), ("ZWC", 1989, 12), ("ZWD", 2008, 8),
    ("ZWL", 2024, 9), ("ZWN", 2006, 9), ("ZWR", 2009, 6),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_that_ever_was_is_read_in_any_case() {
        for (code, ..) in WITHDRAWN {
            assert_eq!(Currency::from_code(code).unwrap().code(), code);
        }
        for text in ["eur", " EUR ", "Eur"] {
            assert_eq!(Currency::from_code(text).unwrap().code(), "EUR", "{text}");
        }
    }

    #[test]
    fn a_withdrawn_currency_has_its_end_and_one_of_today_has_none() {
        let ended = |code: &str| Currency::from_code(code).map(|currency| currency.end_date());
        assert_eq!(ended("ANG"), Some(Some(date(2025, 3, 31))));
        assert_eq!(ended("LTL"), Some(Some(date(2014, 12, 31))));
        assert_eq!(ended("BYR"), Some(Some(date(2017, 1, 31))));
        assert_eq!(ended("dem"), Some(Some(date(2002, 3, 31))));
        assert_eq!(ended("FRF"), Some(Some(date(2002, 3, 31))));
        for code in ["EUR", "cny", "XCG", "BYN", "VES", "CHW", "XXX", "XAU"] {
            assert_eq!(ended(code), Some(None), "{code}");
        }
        for code in ["RMB", "ZZZ", "", "EURO", "€", "É1"] {
            assert_eq!(ended(code), None, "{code}");
        }
    }

    #[test]
    fn what_never_was_a_code_says_what_was_probably_meant() {
        let help = |text: &str| text.parse::<Currency>().unwrap_err().to_string();
        assert_eq!(help("RMB"), "`RMB` is not a currency code of ISO 4217; did you mean `CNY`?");
        assert_eq!(help("rmb "), "`rmb ` is not a currency code of ISO 4217; did you mean `CNY`?");
        assert_eq!(
            help("GBX"),
            "`GBX` is not a currency code of ISO 4217; amounts in pence are divided by 100 and say `GBP`"
        );
        assert_eq!(help("ZZZ"), "`ZZZ` is not a currency code of ISO 4217; expected a code such as EUR or CNY");
        for (word, code) in MEANT.iter().filter(|(_, code)| code.len() == 3 && *code != "GBX") {
            assert!(Currency::from_code(word).is_none() && Currency::from_code(code).is_some(), "{word}");
        }
    }

    #[test]
    fn the_list_of_withdrawn_codes_is_in_order_and_has_what_the_library_calls_superseded() {
        assert!(WITHDRAWN.is_sorted_by(|a, b| a.0 < b.0));
        for code in ["BGN", "CUC", "HRK", "SLL", "ZWL"] {
            assert!(Currency::from_code(code).unwrap().end_date().is_some(), "{code}");
        }
        assert!(WHOLE.iter().all(|code| Currency::from_code(code).unwrap().exponent() == Some(0)));
    }

    #[test]
    fn smallest_units_and_signs_are_those_of_the_currency() {
        let of = |code: &str| Currency::from_code(code).map(|c| (c.exponent(), c.symbol())).unwrap();
        assert_eq!(of("JPY").0, Some(0));
        assert_eq!(of("KWD").0, Some(3));
        assert_eq!(of("DEM"), (Some(2), "DEM".to_owned()));
        assert_eq!(of("ITL").0, Some(0));
        assert_eq!(of("XAU").0, None);
        assert_eq!(of("EUR").1, "€");
    }
}
