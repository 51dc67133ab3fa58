//! What every page has: who asks in which language, the frame around it, and how it is answered.

use askama::Template;
use axum::extract::FromRequestParts;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH, LOCATION, VARY};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use jiff::Zoned;
use onefold_event::Day;
use onefold_service::{ClockTexts, ReadClocks, Service, ServiceError};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::assets::{ICON, SCRIPT, STYLE};
use crate::language::{Language, Theme};
use crate::shown::{PageClock, customer_path};
use crate::state::ConsoleState;
use crate::words::Words;

/// A request for a page.
pub(crate) struct PageRequest {
    pub(crate) service: Service,
    pub(crate) clock: PageClock,
    pub(crate) theme: Theme,
    /// The path with its query, to come back to.
    address: String,
    path: String,
    headers: HeaderMap,
    /// The clocks that the address names.
    clocks: PageClocks,
    /// The words that are looked for.
    asked: String,
}

/// Clocks in an address; an empty field of a form is none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct PageClocks {
    #[serde(default)]
    pub(crate) as_of: String,
    #[serde(default)]
    pub(crate) known_at: String,
    #[serde(default)]
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
    pub(crate) asked: String,
    pub(crate) zone: String,
    pub(crate) today: String,
    /// Of a page about the past, its clocks in words.
    pub(crate) past: Vec<(&'static str, String)>,
    /// Where the same page is as of now.
    pub(crate) path: String,
    /// What the fields for clocks hold.
    pub(crate) clocks: PageClocks,
}

impl PageClocks {
    fn texts(&self) -> ClockTexts<'_> {
        let given = |text: &'_ String| !text.trim().is_empty();
        ClockTexts {
            as_of: Some(self.as_of.as_str()).filter(|_| given(&self.as_of)),
            known_at: Some(self.known_at.as_str()).filter(|_| given(&self.known_at)),
            identity_at: Some(self.identity_at.as_str()).filter(|_| given(&self.identity_at)),
        }
    }
}

impl FromRequestParts<ConsoleState> for PageRequest {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &ConsoleState) -> Result<Self, Self::Rejection> {
        let zone = state.service.zone().clone();
        let today = state.options.today.unwrap_or_else(|| Zoned::now().with_time_zone(zone.clone()).date());
        let language = Language::of_request(&parts.headers);
        let clocks = query_of(&parts.uri);
        #[derive(Default, Deserialize)]
        struct AskedWords {
            #[serde(default)]
            q: String,
        }
        let AskedWords { q: asked } = query_of(&parts.uri);
        Ok(Self {
            service: state.service.clone(),
            clock: PageClock { zone, today: Day::from(today), language },
            theme: Theme::of_request(&parts.headers),
            address: parts.uri.path_and_query().map_or_else(String::new, ToString::to_string),
            path: parts.uri.path().to_owned(),
            headers: parts.headers.clone(),
            clocks,
            asked,
        })
    }
}

/// What the query of an address says; what it says otherwise than expected counts as not said.
pub(crate) fn query_of<Q: Default + for<'de> Deserialize<'de>>(uri: &Uri) -> Q {
    axum::extract::Query::<Q>::try_from_uri(uri).map(|query| query.0).unwrap_or_default()
}

impl PageRequest {
    pub(crate) fn words(&self) -> &'static Words {
        self.clock.language.words()
    }

    pub(crate) fn asked(&self) -> &str {
        self.asked.trim()
    }

    /// The clocks of the page; none where it is about now.
    pub(crate) fn read_clocks(&self) -> Result<Option<ReadClocks>, ServiceError> {
        let texts = self.clocks.texts();
        texts.is_given().then(|| self.service.read_clocks(texts)).transpose()
    }

    /// The clocks as a query to be put behind an address; empty where the page is about now.
    pub(crate) fn clock_query(&self) -> String {
        let texts = self.clocks.texts();
        let named = [("as_of", texts.as_of), ("known_at", texts.known_at), ("identity_at", texts.identity_at)];
        let said =
            named.iter().filter_map(|(name, text)| Some(format!("{name}={}", crate::shown::path_part((*text)?))));
        let said = said.collect::<Vec<_>>().join("&");
        if said.is_empty() { said } else { format!("?{said}") }
    }

    pub(crate) fn frame(&self) -> PageFrame {
        let words = self.words();
        let back = crate::shown::path_part(&self.address);
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
        let texts = self.clocks.texts();
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
            asked: self.asked.clone(),
            zone: self.clock.zone.iana_name().unwrap_or("UTC").to_owned(),
            today: self.clock.today.to_string(),
            past: clocks.into_iter().filter_map(|(word, text)| Some((word, text?.to_owned()))).collect(),
            path: self.path.clone(),
            clocks: self.clocks.clone(),
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
            (customer_path(&customer.id), name.to_owned(), customer.parties.join(", "))
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
            Some(known) if status.is_success() && known.split(',').any(|one| one.trim() == tag) => {
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
