//! What every page has: who asks in which language, the frame around it, and how it is answered.

use askama::Template;
use axum::extract::{FromRequestParts, Query};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH, LOCATION, VARY};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use jiff::Zoned;
use onefold_event::Day;
use onefold_service::{ClockTexts, ErrorCode, ReadClocks, Service, ServiceError};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::assets::{ICON, SCRIPT, STYLE};
use crate::language::{Language, LetterKeys, Theme};
use crate::shown::{PageClock, path_part};
use crate::state::ConsoleState;
use crate::words::Words;

/// A request for a page.
pub(crate) struct PageRequest {
    pub(crate) service: Service,
    pub(crate) clock: PageClock,
    /// The clocks of a page about the past; none: now.
    pub(crate) clocks: Option<ReadClocks>,
    theme: Theme,
    keys: LetterKeys,
    /// The day from which the page would be seen as of now.
    latest_day: Day,
    /// The path with its query, to come back to.
    address: String,
    path: String,
    headers: HeaderMap,
    query: AddressQuery,
}

/// What addresses of pages say; an empty field of a form says nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct AddressQuery {
    /// Words that are looked for.
    pub(crate) q: String,
    pub(crate) as_of: String,
    pub(crate) known_at: String,
    pub(crate) identity_at: String,
}

/// What stands around every page.
pub(crate) struct PageFrame {
    pub(crate) language: &'static str,
    pub(crate) theme: &'static str,
    pub(crate) words: &'static Words,
    pub(crate) style: &'static str,
    pub(crate) script: &'static str,
    pub(crate) icon: &'static str,
    /// Other languages, each with the address that switches to it.
    pub(crate) languages: Vec<(&'static str, &'static str, String)>,
    /// Themes in words, each with the address that switches to it, and whether it is the one shown.
    pub(crate) themes: Vec<(&'static str, String, bool)>,
    /// Whether letter keys act, in a word; and the choices as those of themes.
    pub(crate) keys_word: &'static str,
    pub(crate) keys: Vec<(&'static str, String, bool)>,
    pub(crate) asked: String,
    pub(crate) zone: String,
    /// The day from which ages are counted.
    pub(crate) today: String,
    /// The last day that a clock can be set to.
    pub(crate) latest_day: String,
    /// Of a page about the past, its clocks in words.
    pub(crate) past: Vec<(&'static str, String)>,
    /// Where the same page is as of now.
    pub(crate) path: String,
    /// What the fields for clocks hold.
    pub(crate) query: AddressQuery,
}

impl AddressQuery {
    /// What an address says; of a page that is always about now without its clocks.
    fn read(uri: &Uri) -> Result<Self, ServiceError> {
        let query = Query::<Self>::try_from_uri(uri);
        let Query(mut query) = query.map_err(|error| ServiceError::new(ErrorCode::Invalid, error.body_text()))?;
        let is_dated = ["/c/", "/s/"].iter().any(|dated| uri.path().starts_with(dated));
        for clock in [&mut query.as_of, &mut query.known_at, &mut query.identity_at] {
            // A plus sign in a query means a space, unless it is written %2B; an offset begins with one.
            *clock = if is_dated { clock.trim().replace(' ', "+") } else { String::new() };
        }
        Ok(query)
    }

    fn clock_texts(&self) -> ClockTexts<'_> {
        let [as_of, known_at, identity_at] = [&self.as_of, &self.known_at, &self.identity_at]
            .map(|text| Some(text.as_str()).filter(|text| !text.is_empty()));
        ClockTexts { as_of, known_at, identity_at }
    }

    /// Its clocks as a query to be put behind an address; empty where the page is about now.
    fn clock_query(&self) -> String {
        let named = [("as_of", &self.as_of), ("known_at", &self.known_at), ("identity_at", &self.identity_at)];
        let said = named.iter().filter(|(_, text)| !text.is_empty());
        let said = said.map(|(name, text)| format!("{name}={}", path_part(text))).collect::<Vec<_>>().join("&");
        if said.is_empty() { said } else { format!("?{said}") }
    }
}

impl FromRequestParts<ConsoleState> for PageRequest {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &ConsoleState) -> Result<Self, Self::Rejection> {
        let zone = state.service.zone().clone();
        let today = state.options.today.unwrap_or_else(|| Zoned::now().with_time_zone(zone.clone()).date());
        let (language, latest_day) = (Language::of_request(&parts.headers), Day::from(today));
        let mut request = Self {
            service: state.service.clone(),
            clock: PageClock { zone, today: latest_day, language, query: String::new() },
            clocks: None,
            theme: Theme::of_request(&parts.headers),
            keys: LetterKeys::of_request(&parts.headers),
            latest_day,
            address: parts.uri.path_and_query().map_or_else(String::new, ToString::to_string),
            path: parts.uri.path().to_owned(),
            headers: parts.headers.clone(),
            query: AddressQuery::default(),
        };
        match request.read_query(&parts.uri) {
            Ok(()) => Ok(request),
            Err(error) => Err(request.refuse(&error)),
        }
    }
}

impl PageRequest {
    pub(crate) fn words(&self) -> &'static Words {
        self.clock.language.words()
    }

    pub(crate) fn asked(&self) -> &str {
        self.query.q.trim()
    }

    /// A page about the past counts its ages from there.
    fn read_query(&mut self, uri: &Uri) -> Result<(), ServiceError> {
        self.query = AddressQuery::read(uri)?;
        let texts = self.query.clock_texts();
        self.clocks = texts.is_given().then(|| self.service.read_clocks(texts)).transpose()?;
        self.clock.query = self.query.clock_query();
        let day = self.clocks.as_ref().and_then(ReadClocks::business_day);
        self.clock.today = day.map_or(self.latest_day, Day);
        Ok(())
    }

    pub(crate) fn frame(&self) -> PageFrame {
        let words = self.words();
        let back = path_part(&self.address);
        let to = |name: &str, value: &str| format!("/settings?{name}={value}&back={back}");
        let languages = Language::ALL.into_iter().filter(|other| *other != self.clock.language);
        let themes = Theme::ALL.into_iter().map(|theme| {
            let word = match theme {
                Theme::System => words.theme_system,
                Theme::Light => words.theme_light,
                Theme::Dark => words.theme_dark,
            };
            (word, to("theme", theme.word()), theme == self.theme)
        });
        let keys = LetterKeys::ALL.into_iter().map(|keys| {
            let word = match keys {
                LetterKeys::On => words.keys_on,
                LetterKeys::Off => words.keys_off,
            };
            (word, to("keys", keys.word()), keys == self.keys)
        });
        let texts = self.query.clock_texts();
        let clocks =
            [(words.as_of, texts.as_of), (words.known_at, texts.known_at), (words.identity_at, texts.identity_at)];
        PageFrame {
            language: self.clock.language.tag(),
            theme: self.theme.word(),
            words,
            style: &STYLE.path,
            script: &SCRIPT.path,
            icon: &ICON.path,
            languages: languages.map(|other| (other.tag(), other.name(), to("language", other.tag()))).collect(),
            themes: themes.collect(),
            keys_word: self.keys.word(),
            keys: keys.collect(),
            asked: self.query.q.clone(),
            zone: self.clock.zone.iana_name().unwrap_or("UTC").to_owned(),
            today: self.clock.today.to_string(),
            past: clocks.into_iter().filter_map(|(word, text)| Some((word, text?.to_owned()))).collect(),
            latest_day: self.latest_day.to_string(),
            path: self.path.clone(),
            query: self.query.clone(),
        }
    }

    /// A page as an answer, or that it is still the one that the browser has.
    pub(crate) fn answer(&self, page: &impl Template) -> Response {
        self.answer_as(StatusCode::OK, page)
    }

    /// Why there is no such page, as a page.
    pub(crate) fn refuse(&self, error: &ServiceError) -> Response {
        let status = StatusCode::from_u16(error.code.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        if status.is_server_error() {
            tracing::error!(code = error.code.word(), %error, "a page could not be shown");
        }
        let customers = error.customers.iter().map(|customer| {
            let name = if customer.name.is_empty() { self.words().name_unknown } else { customer.name.as_str() };
            (self.clock.customer_path(&customer.id), name.to_owned(), customer.parties.join(", "))
        });
        let title = self.clock.language.problem_title(error.code);
        let detail = error.message.clone();
        let page =
            ProblemPage { frame: self.frame(), title, detail, code: error.code.word(), customers: customers.collect() };
        self.answer_as(status, &page)
    }

    fn answer_as(&self, status: StatusCode, page: &impl Template) -> Response {
        let html = match page.render() {
            Ok(html) => html,
            Err(error) => {
                tracing::error!(%error, "a page could not be written");
                return StatusCode::INTERNAL_SERVER_ERROR.into_response();
            }
        };
        // Of the bytes themselves, so that language, theme, clocks and the business day are part of it.
        let digest = hex::encode(Sha256::digest(&html));
        let tag = format!("\"{}\"", digest.get(..32).unwrap_or(&digest));
        let known = self.headers.get(IF_NONE_MATCH).and_then(|known| known.to_str().ok());
        let mut response = match known {
            Some(known)
                if status.is_success() && known.split(',').any(|one| one.trim().trim_start_matches("W/") == tag) =>
            {
                StatusCode::NOT_MODIFIED.into_response()
            }
            _ => (status, [(CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response(),
        };
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
        headers.insert(VARY, HeaderValue::from_static("cookie, accept-language"));
        if let (true, Ok(tag)) = (status.is_success(), HeaderValue::from_str(&tag)) {
            headers.insert(ETAG, tag);
        }
        response
    }
}

/// See the other address (RFC 9110, section 15.4.4).
pub(crate) fn see_other(address: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    if let Ok(address) = HeaderValue::from_str(address) {
        response.headers_mut().insert(LOCATION, address);
    }
    response
}

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage {
    frame: PageFrame,
    title: &'static str,
    detail: String,
    code: &'static str,
    customers: Vec<(String, String, String)>,
}
