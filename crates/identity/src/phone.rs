//! Phone numbers in E.164.

use phonenumber::country;
use phonenumber::metadata::DATABASE;

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
    if !phonenumber::is_valid(&number) {
        return Err("no such number is given out");
    }
    let e164 = format!("+{}{}", number.code().value(), number.national());
    let extension = number.extension().map(|extension| digits(extension.as_ref())).unwrap_or_default();
    Ok(if extension.is_empty() { e164 } else { format!("{e164};ext={extension}") })
}
