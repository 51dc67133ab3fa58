//! Search: a name is being said on the phone.

use askama::Template;
use axum::response::Response;
use onefold_service::{CustomerReference, SearchHit, ServiceError};

use crate::page::{PageFrame, PageRequest, see_other};
use crate::shown::DocumentLine;

/// Hits on a page.
pub(super) const MOST: usize = 30;
/// Hits while somebody types.
const TYPED: usize = 8;

/// Somebody or something that was found.
pub(super) struct HitLine {
    pub(super) path: String,
    pub(super) name: String,
    /// The first part of its id; empty: nobody's.
    pub(super) short_id: String,
    /// By what people of one name are told apart.
    pub(super) told_by: String,
    /// The document by whose number it was found.
    pub(super) document: Option<DocumentLine>,
    /// Its last document.
    pub(super) last: Option<DocumentLine>,
}

#[derive(Template)]
#[template(path = "search.html")]
struct SearchPage {
    frame: PageFrame,
    hits: Vec<HitLine>,
    /// What is said below them.
    summary: String,
    /// What is said above them, such as who calls.
    heading: String,
}

/// The list below the field while somebody types.
#[derive(Template)]
#[template(path = "hits.html")]
struct HitList {
    hits: Vec<HitLine>,
    summary: String,
}

pub(crate) async fn get_search(request: PageRequest) -> Response {
    let asked = request.asked().to_owned();
    if asked.is_empty() {
        return request.answer(&SearchPage {
            frame: request.frame(),
            hits: Vec::new(),
            summary: String::new(),
            heading: String::new(),
        });
    }
    match search(&request, &asked).await {
        Ok(response) => response,
        Err(error) => request.refuse(&error),
    }
}

async fn search(request: &PageRequest, asked: &str) -> Result<Response, ServiceError> {
    if let Ok(reference) = asked.parse::<CustomerReference>() {
        // Any words with a colon between them read as an identifier: it is one where somebody holds it.
        let is_known = match &reference {
            CustomerReference::Identifier(_) => !request.service.holders(asked).await?.is_empty(),
            CustomerReference::Id(_) | CustomerReference::Subject(_) => true,
        };
        if is_known {
            return Ok(see_other(&reference_path(request, &reference)));
        }
    }
    let found = request.service.find(asked, MOST).await?;
    Ok(match found.as_slice() {
        [one] => see_other(&hit_path(request, one)),
        _ => show_hits(request, &found, asked, String::new()),
    })
}

pub(crate) async fn get_hits(request: PageRequest) -> Response {
    let asked = request.asked();
    if asked.is_empty() {
        return request.answer(&HitList { hits: Vec::new(), summary: String::new() });
    }
    match request.service.find(asked, TYPED).await {
        Ok(found) => {
            let hits: Vec<HitLine> = found.iter().map(|hit| hit_line(&request, hit)).collect();
            let summary = summary_of(&request, asked, hits.len(), TYPED);
            request.answer(&HitList { hits, summary })
        }
        Err(error) => request.refuse(&error),
    }
}

/// A page with what was found under these words.
pub(super) fn show_hits(request: &PageRequest, found: &[SearchHit], asked: &str, heading: String) -> Response {
    let hits: Vec<HitLine> = found.iter().map(|hit| hit_line(request, hit)).collect();
    let summary = summary_of(request, asked, hits.len(), MOST);
    request.answer(&SearchPage { frame: request.frame(), hits, summary, heading })
}

fn summary_of(request: &PageRequest, asked: &str, hits: usize, most: usize) -> String {
    let language = request.clock.language;
    if hits == 0 { language.no_hit(asked) } else { language.hits(hits, most) }
}

/// Where a reference is shown.
fn reference_path(request: &PageRequest, reference: &CustomerReference) -> String {
    match reference.document() {
        Some(document) => request.clock.document_path(document.as_str()),
        None => request.clock.customer_path(&reference.to_string()),
    }
}

fn hit_path(request: &PageRequest, hit: &SearchHit) -> String {
    match &hit.document {
        Some(document) => request.clock.document_path(&document.subject),
        None => request.clock.customer_path(&hit.id),
    }
}

fn hit_line(request: &PageRequest, hit: &SearchHit) -> HitLine {
    let words = request.words();
    let name = match (hit.id.is_empty(), hit.name.is_empty()) {
        (true, _) => words.nobody,
        (_, true) => words.name_unknown,
        _ => hit.name.as_str(),
    };
    let told = hit.reached_by.iter().chain([&hit.address]).filter(|told| !told.is_empty());
    let shown = |document| request.clock.document(document);
    HitLine {
        path: hit_path(request, hit),
        name: name.to_owned(),
        short_id: hit.id.get(..8).unwrap_or(&hit.id).to_owned(),
        told_by: told.cloned().collect::<Vec<_>>().join(" · "),
        last: hit.last.as_ref().filter(|_| hit.document.is_none()).map(shown),
        document: hit.document.as_ref().map(shown),
    }
}
