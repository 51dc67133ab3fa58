//! `GET /settings?language=&theme=&keys=&back=`: keeps what a reader chose, and goes back to where that was.

use axum::extract::Query;
use axum::http::HeaderValue;
use axum::http::header::SET_COOKIE;
use axum::response::Response;
use serde::Deserialize;

use crate::language::{Language, LetterKeys, Theme};
use crate::page::see_other;

/// Seconds for which a browser keeps a choice: a year.
const KEPT: u32 = 365 * 24 * 60 * 60;

#[derive(Debug, Default, Deserialize)]
pub(crate) struct SettingsQuery {
    #[serde(default)]
    language: String,
    #[serde(default)]
    theme: String,
    #[serde(default)]
    keys: String,
    #[serde(default)]
    back: String,
}

pub(crate) async fn get_settings(Query(chosen): Query<SettingsQuery>) -> Response {
    let mut response = see_other(own_address(&chosen.back));
    let language = Language::from_tag(&chosen.language).map(|language| ("language", language.tag()));
    let theme = Theme::from_word(&chosen.theme).map(|theme| ("theme", theme.word()));
    let keys = LetterKeys::from_word(&chosen.keys).map(|keys| ("keys", keys.word()));
    for (name, value) in language.into_iter().chain(theme).chain(keys) {
        let cookie = format!("{name}={value}; Path=/; Max-Age={KEPT}; SameSite=Lax; HttpOnly");
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
    }
    response
}

/// An address of this hub; any other is none of ours to send somebody to.
fn own_address(back: &str) -> &str {
    // Browsers read a backslash as a slash, and leave tabs and line breaks out.
    let is_own = back.starts_with('/') && !back.starts_with("//") && !back.chars().any(|c| c == '\\' || c.is_control());
    if is_own { back } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::own_address;

    #[test]
    fn nobody_is_sent_away_from_the_hub() {
        assert_eq!(own_address("/c/1/?as_of=2026-01-01"), "/c/1/?as_of=2026-01-01");
        for other in ["", "https://example.com/", "//example.com/", "/\\example.com", "/\t/example.com", "javascript:0"]
        {
            assert_eq!(own_address(other), "/", "{other}");
        }
    }
}
