//! Phone numbers in E.164.

use phonenumber::metadata::{DATABASE, Descriptor, Descriptors};
use phonenumber::{PhoneNumber, country};

use crate::normalise::clean;

/// E.164, with `;ext=` where the number has an extension: a desk is not its switchboard.
pub(crate) fn normalise(text: &str, region: &str) -> Result<String, &'static str> {
    // RFC 3966 as the library reads extensions.
    let text = clean(text).replace(";ext=", " ext. ");
    let text = text.strip_prefix("tel:").unwrap_or(&text);
    let region: Option<country::Id> = match region {
        "" => None,
        region => Some(region.to_ascii_uppercase().parse().map_err(|_| "its region is no ISO 3166 country")?),
    };
    read(region, text).or_else(|problem| {
        // `00` is the way abroad in most places; and a national number may only begin like its country's code.
        let abroad = text.strip_prefix("00").map(str::to_owned);
        let own = region.and_then(|region| {
            let code = DATABASE.by_id(region.as_ref())?.country_code().to_string();
            Some(digits(text)).filter(|digits| digits.starts_with(&code)).map(|digits| format!("{code}{digits}"))
        });
        let others = abroad.into_iter().chain(own);
        others.filter_map(|number| read(None, &format!("+{number}")).ok()).next().ok_or(problem)
    })
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

fn read(region: Option<country::Id>, text: &str) -> Result<String, &'static str> {
    let number = match phonenumber::parse(region, text) {
        Ok(number) => number,
        Err(_) if region.is_none() && !text.starts_with('+') => return Err("without a country code or a region"),
        Err(_) => return Err("no phone number"),
    };
    if !is_given_out(&number) {
        return Err("no such number is given out");
    }
    let e164 = format!("+{}{}", number.code().value(), number.national());
    let extension = number.extension().map(|extension| digits(extension.as_ref())).unwrap_or_default();
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

type Kind = fn(&Descriptors) -> Option<&Descriptor>;

/// Kinds of number that a country gives out.
const KINDS: [Kind; 10] = [
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
        fn so_it_is_for_mobiles(country in 0usize..6, national in 0u64..1_000_000_000) {
            let (code, first) = [("86", 13u64), ("49", 15), ("44", 7), ("33", 6), ("39", 3), ("1", 2)][country];
            if let Ok(number) = phonenumber::parse(None, format!("+{code}{first}{national:09}")) {
                prop_assert_eq!(is_given_out(&number), phonenumber::is_valid(&number));
            }
        }
    }
}
