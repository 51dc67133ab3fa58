//! What a reader chose: in which language and theme pages are shown, and whether letters act as keys.

use axum::http::HeaderMap;
use axum::http::header::{ACCEPT_LANGUAGE, COOKIE};

/// A language that all pages are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    English,
    Chinese,
}

/// Light, dark, or as the reader's system has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Theme {
    System,
    Light,
    Dark,
}

/// Whether letters act as keys on a page: who speaks to a browser, or has letters sent to it, switches them off (WCAG 2.1.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LetterKeys {
    On,
    Off,
}

impl Language {
    pub(crate) const ALL: [Self; 2] = [Self::English, Self::Chinese];

    /// Its tag (BCP 47).
    pub(crate) fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Chinese => "zh-CN",
        }
    }

    /// What it is called by those who read it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::Chinese => "中文",
        }
    }

    pub(crate) fn from_tag(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.tag() == tag)
    }

    /// As the reader chose, else as the browser asks, else English.
    pub(crate) fn of_request(headers: &HeaderMap) -> Self {
        if let Some(chosen) = cookie(headers, "language").and_then(|tag| Self::from_tag(&tag)) {
            return chosen;
        }
        let asked = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        // Browsers name the most wanted first; weights would only tell what the order tells.
        let first = asked.split(',').map(str::trim).find(|tag| tag.starts_with("zh") || tag.starts_with("en"));
        if first.is_some_and(|tag| tag.starts_with("zh")) { Self::Chinese } else { Self::English }
    }
}

impl Theme {
    pub(crate) const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    /// Its word in a cookie and on the page.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    pub(crate) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.word() == word)
    }

    pub(crate) fn of_request(headers: &HeaderMap) -> Self {
        cookie(headers, "theme").and_then(|word| Self::from_word(&word)).unwrap_or(Self::System)
    }
}

impl LetterKeys {
    pub(crate) const ALL: [Self; 2] = [Self::On, Self::Off];

    /// Its word in a cookie and on the page.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::On => "on",
            Self::Off => "off",
        }
    }

    pub(crate) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|keys| keys.word() == word)
    }

    pub(crate) fn of_request(headers: &HeaderMap) -> Self {
        cookie(headers, "keys").and_then(|word| Self::from_word(&word)).unwrap_or(Self::On)
    }
}

fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let all = headers.get_all(COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let mut pairs = all.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value.to_owned())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn asked(cookie: &'static str, language: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, HeaderValue::from_static(cookie));
        headers.insert(ACCEPT_LANGUAGE, HeaderValue::from_static(language));
        headers
    }

    #[test]
    fn what_the_reader_chose_goes_before_what_the_browser_asks() {
        for (cookie, accepted, shown) in [
            ("", "de, zh-CN;q=0.8, en;q=0.5", Language::Chinese),
            ("", "en-GB,zh;q=0.9", Language::English),
            ("", "fr", Language::English),
            ("theme=dark; language=zh-CN", "en", Language::Chinese),
            ("language=tlh", "zh", Language::Chinese),
        ] {
            assert_eq!(Language::of_request(&asked(cookie, accepted)), shown, "{cookie} {accepted}");
        }
        assert_eq!(Theme::of_request(&asked("theme=dark; language=en", "")), Theme::Dark);
        assert_eq!(Theme::of_request(&asked("theme=pink", "")), Theme::System);
    }
}
