//! Phone numbers in E.164.

use phonenumber::metadata::{DATABASE, Descriptor, Descriptors};
use phonenumber::{PhoneNumber, country};

use crate::normalise::clean_text;
use crate::renumbered::present_numbers;

/// E.164, with `;ext=` where the number has an extension: a desk is not its switchboard. A number of a plan that was changed
/// since has its present form.
pub(crate) fn normalise_phone(text: &str, region: &str) -> Result<String, &'static str> {
    let text = clean_text(text);
    let text = text.strip_prefix("tel:").unwrap_or(&text);
    let region: Option<country::Id> = match region {
        "" => None,
        region => Some(region.to_ascii_uppercase().parse().map_err(|_| "its region is no ISO 3166 country")?),
    };
    if let Some((number, desk)) = marked_extension(text) {
        let number = plain_number(region, number)?;
        return if number.contains(';') { Err("two extensions") } else { Ok(format!("{number};ext={desk}")) };
    }
    let dashed = || dashed_extension(text).and_then(|(number, desk)| chinese_number(region, number, desk));
    // A service number's extension would pass for digits of its own.
    let all = digits_of(text);
    let mut service = ["", "86", "0086"].iter().filter_map(|code| all.strip_prefix(code));
    if service.any(|number| number.starts_with("400") || number.starts_with("800"))
        && let Some(found) = dashed().filter(|found| found.starts_with("+86400") || found.starts_with("+86800"))
    {
        return Ok(found);
    }
    plain_number(region, text).or_else(|problem| dashed().ok_or(problem))
}

/// Whether phones have a national form there: an ISO 3166 country such as `DE`.
pub fn is_phone_region(region: &str) -> bool {
    region.parse::<country::Id>().is_ok()
}

/// What people write before an extension. `x` and `#` stand behind digits only: letters may be digits of the number itself.
const MARKS: [&str; 15] =
    ["extension", "extn", "ext", "доб", "转", "轉", "分机号", "分机", "分機", "内线", "內線", "转接", "轉接", "x", "#"];

/// The number and its extension, where a mark says that it has one.
fn marked_extension(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_end_matches([')', '）', ' ']);
    let (mut number, desk) = trailing_digits(text)?;
    let mut marked = false;
    loop {
        number = number.trim_end_matches([' ', '.', ':', '：', '=', ',', '，', ';', '(', '（', '-']);
        let lower = number.to_lowercase();
        let same = lower.len() == number.len();
        let Some(mark) = MARKS.iter().filter(|mark| same && lower.ends_with(**mark)).max_by_key(|mark| mark.len())
        else {
            break;
        };
        let rest = number.get(..number.len() - mark.len())?;
        if matches!(*mark, "x" | "#") && !rest.trim_end().ends_with(|c: char| c.is_ascii_digit() || c == ')') {
            break;
        }
        (number, marked) = (rest, true);
    }
    (marked && digits_of(number).len() >= 5).then_some((number, desk))
}

/// The number and what stands behind its last dash, if that can be an extension.
fn dashed_extension(text: &str) -> Option<(&str, &str)> {
    let (number, desk) = trailing_digits(text)?;
    let number = number.strip_suffix(['-', '\u{2013}', '\u{2014}', '\u{2212}'])?;
    (desk.len() <= 6 && digits_of(number).len() >= 7).then_some((number, desk))
}

/// In China an extension may stand behind a dash alone; elsewhere that is how a number is grouped.
fn chinese_number(region: Option<country::Id>, number: &str, desk: &str) -> Option<String> {
    let number = plain_number(region, number).ok()?;
    number.starts_with("+86").then(|| format!("{number};ext={desk}"))
}

fn trailing_digits(text: &str) -> Option<(&str, &str)> {
    let number = text.trim_end_matches(|c: char| c.is_ascii_digit());
    let desk = text.get(number.len()..)?;
    (1..=20).contains(&desk.len()).then_some((number, desk))
}

fn digits_of(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// A number without an extension that we know.
fn plain_number(region: Option<country::Id>, text: &str) -> Result<String, &'static str> {
    // A plus begins a number of the whole world: no region has a say in it, and no prefix of its own for long distance.
    if text.trim_start().starts_with(['+', '\u{ff0b}']) {
        return parse_number(None, text);
    }
    parse_number(region, text).or_else(|problem| {
        // `00` is the way abroad in most places; and a national number may only begin like its country's code.
        let abroad = text.strip_prefix("00").map(str::to_owned);
        let own = region.and_then(|region| {
            let code = DATABASE.by_id(region.as_ref())?.country_code().to_string();
            Some(digits_of(text)).filter(|digits| digits.starts_with(&code)).map(|digits| format!("{code}{digits}"))
        });
        let others = abroad.into_iter().chain(own);
        others.filter_map(|number| parse_number(None, &format!("+{number}")).ok()).next().ok_or(problem)
    })
}

fn parse_number(region: Option<country::Id>, text: &str) -> Result<String, &'static str> {
    let number = match phonenumber::parse(region, text) {
        Ok(number) => number,
        Err(_) if region.is_none() && !text.starts_with('+') => return Err("without a country code or a region"),
        Err(_) => return Err("no phone number"),
    };
    let (code, national) = (number.code().value(), number.national().to_string());
    let e164 = |national: &str| format!("+{code}{national}");
    let today = present_numbers(code, &national).into_iter().find_map(|national| {
        let number = phonenumber::parse(None, e164(&national)).ok().filter(is_given_out)?;
        Some(e164(&number.national().to_string()))
    });
    let e164 = match today {
        Some(today) => today,
        None if is_given_out(&number) => e164(&national),
        None => return Err("no such number is given out"),
    };
    let extension = number.extension().map(|extension| digits_of(extension.as_ref())).unwrap_or_default();
    Ok(if extension.is_empty() { e164 } else { format!("{e164};ext={extension}") })
}

/// The library's own question, the likely kinds first where a code is of one country: it asks for all kinds in turn, and
/// each is a search under a lock that all threads share.
fn is_given_out(number: &PhoneNumber) -> bool {
    let one = DATABASE.region(&number.code().value()).filter(|regions| matches!(regions[..], [one] if one != WORLD));
    let Some(country) = one.and_then(|regions| DATABASE.by_id(*regions.first()?)) else {
        return phonenumber::is_valid(number);
    };
    let (national, all) = (number.national().to_string(), country.descriptors());
    all.general().is_match(&national)
        && KINDS.iter().filter_map(|kind| kind(all)).any(|descriptor| descriptor.is_match(&national))
}

/// What codes of no country stand under, all of them.
const WORLD: &str = "001";

type NumberKind = fn(&Descriptors) -> Option<&Descriptor>;

/// Kinds of number that a country gives out.
const KINDS: [NumberKind; 10] = [
    Descriptors::mobile,
    Descriptors::fixed_line,
    Descriptors::voip,
    Descriptors::toll_free,
    Descriptors::shared_cost,
    Descriptors::premium_rate,
    Descriptors::personal_number,
    Descriptors::uan,
    Descriptors::voicemail,
    Descriptors::pager,
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 3000, ..ProptestConfig::default() })]

        #[test]
        fn what_is_given_out_is_what_the_library_says(code in prop_oneof![1u16..=999, Just(800), Just(979), Just(882)], national in 1u64..100_000_000_000, digits in 4u32..=11) {
            let text = format!("+{code}{}", national % 10u64.pow(digits));
            if let Ok(number) = phonenumber::parse(None, &text) {
                prop_assert_eq!(is_given_out(&number), phonenumber::is_valid(&number), "{}", text);
            }
        }

        #[test]
        fn an_extension_is_one_however_it_is_marked(desk in 0u32..100_000, mark in 0..MARKS.len(), dots in "[ .:]{0,2}") {
            let said = |text: String| normalise_phone(&text, "CN");
            let form = Ok(format!("+861065529988;ext={desk}"));
            prop_assert_eq!(said(format!("010-6552 9988 {}{dots}{desk}", MARKS[mark])), form.clone());
            // With one digit more the whole is a number that may be given out.
            prop_assert!(desk < 10 || said(format!("(010)65529988-{desk}")) == form, "{desk}");
        }

        #[test]
        fn so_it_is_for_mobiles(country in 0usize..6, national in 0u64..1_000_000_000) {
            let (code, first) = [("86", 13u64), ("49", 15), ("44", 7), ("33", 6), ("39", 3), ("1", 2)][country];
            if let Ok(number) = phonenumber::parse(None, format!("+{code}{first}{national:09}")) {
                prop_assert_eq!(is_given_out(&number), phonenumber::is_valid(&number));
            }
        }
    }

    #[test]
    fn numbers_of_plans_that_were_changed_are_one_with_their_present_form() {
        for (region, present, others) in [
            ("MX", "+522221234567", ["+52 1 222 123 4567", "044 222 123 4567", "1 222 123 4567", "01 222 123 4567"]),
            ("BR", "+5511981234567", ["+55 11 8123-4567", "(11) 8123-4567", "011 8123-4567", "+55 11 98123-4567"]),
            (
                "AR",
                "+5491123456789",
                ["+54 11 15 2345 6789", "011 15-2345-6789", "+54 9 11 15 2345 6789", "+54 9 11 2345-6789"],
            ),
            ("CI", "+2250709123456", ["+225 09 12 34 56", "09123456", "0709123456", "00225 09123456"]),
            ("CI", "+2252720212223", ["+225 20 21 22 23", "20212223", "2720212223", "00225 20212223"]),
            ("BJ", "+2290197123456", ["+229 97 12 34 56", "97123456", "0197123456", "00229 97123456"]),
            ("VN", "+84381234567", ["+84 168 123 4567", "0168 1234567", "038 1234567", "0084 1681234567"]),
        ] {
            for text in others {
                assert_eq!(normalise_phone(text, region).as_deref(), Ok(present), "{text}");
            }
        }
        // Not renumbered: trunked radio, a line, and a line that looks like a mobile without its 9.
        for text in ["+551178123456", "+551123456789", "+541123456789", "+522001234567"] {
            assert_eq!(normalise_phone(text, "").as_deref(), Ok(text));
        }
    }

    #[test]
    fn a_number_with_a_plus_is_the_same_in_every_region() {
        for (text, form) in [
            ("+39 06 698 12345", "+390669812345"),
            ("+225 07 07 01 02 03", "+2250707010203"),
            ("＋36 1 234 5678", "+3612345678"),
            ("+86 138 0013 8000", "+8613800138000"),
        ] {
            for region in ["", "DE", "CN", "US", "GB", "CI"] {
                assert_eq!(normalise_phone(text, region).as_deref(), Ok(form), "{text} in {region}");
            }
        }
        assert!(normalise_phone("+49171234567", "US").is_err());
    }

    #[test]
    fn chinese_extensions_are_read_in_all_usual_spellings() {
        for text in [
            "010-65529988转8001",
            "010-65529988 转 8001",
            "010-65529988轉8001",
            "010-65529988转分机8001",
            "010-65529988分机8001",
            "010-65529988 分机号：8001",
            "010-65529988（内线8001）",
            "010-65529988-8001",
            "010-65529988 ext. 8001",
            "010-65529988x8001",
            "010-65529988＃8001",
            "+86 10 6552 9988 EXT:8001",
            "+86-10-65529988-8001",
            "+861065529988;ext=8001",
        ] {
            assert_eq!(normalise_phone(text, "CN").as_deref(), Ok("+861065529988;ext=8001"), "{text}");
        }
        assert_eq!(normalise_phone("400-810-8888-1", "CN").as_deref(), Ok("+864008108888;ext=1"));
        assert_eq!(normalise_phone("400-810-8888转1", "CN").as_deref(), Ok("+864008108888;ext=1"));
        assert_eq!(normalise_phone("13800138000-1234", "CN").as_deref(), Ok("+8613800138000;ext=1234"));
        // Elsewhere a dash groups digits.
        assert_eq!(normalise_phone("+49 89 1234-56", "").as_deref(), Ok("+4989123456"));
    }
}
