//! All documents of a customer, a page at a time, of all departments or of one section.

use askama::Template;
use axum::extract::{Path, Query};
use axum::response::Response;
use onefold_service::{CustomerReference, ErrorCode, ListingOrder, Page, ServiceError};
use serde::Deserialize;

use super::customer::{DayLines, by_day};
use super::worth::SECTIONS;
use crate::page::{PageFrame, PageRequest};
use crate::shown::{DocumentLine, path_part};

/// Documents on a page.
const PAGE: usize = 50;
/// Documents that are looked through at most for a page of one section: then the page says where it goes on.
const SCANNED: usize = 500;

#[derive(Debug, Default, Deserialize)]
pub(crate) struct ListQuery {
    #[serde(default)]
    section: String,
    #[serde(default)]
    cursor: String,
}

/// A link to a section, and whether it is the one shown.
struct SectionLink {
    title: &'static str,
    path: String,
    shown: bool,
}

#[derive(Template)]
#[template(path = "list.html")]
struct ListPage {
    frame: PageFrame,
    name: String,
    customer: String,
    sections: Vec<SectionLink>,
    days: Vec<DayLines>,
    /// Where older ones are; empty: these were the last.
    earlier: String,
}

pub(crate) async fn get_timeline(
    request: PageRequest,
    Path(id): Path<String>,
    Query(asked): Query<ListQuery>,
) -> Response {
    match list_page(&request, &id, &asked).await {
        Ok(page) => request.answer(&page),
        Err(error) => request.refuse(&error),
    }
}

async fn list_page(request: &PageRequest, id: &str, asked: &ListQuery) -> Result<ListPage, ServiceError> {
    let reference = request.service.read_reference(id).await?;
    let section = SECTIONS.iter().find(|(section, _)| *section == asked.section);
    if section.is_none() && !asked.section.is_empty() {
        let known: Vec<&str> = SECTIONS.iter().map(|(section, _)| *section).collect();
        let message = format!("section: `{}` is not a section: expected one of {}", asked.section, known.join(", "));
        return Err(ServiceError::new(ErrorCode::Invalid, message));
    }
    let is_shown = |subject: &str| {
        section.is_none_or(|(_, kinds)| subject.split_once(':').is_some_and(|(kind, _)| kinds.contains(&kind)))
    };
    let (name, Page { items, next }) = read_list(request, &reference, &asked.cursor, is_shown).await?;
    let name = if name.is_empty() { request.words().name_unknown.to_owned() } else { name };
    let rows: Vec<DocumentLine> = items.iter().map(|one| request.clock.document(one)).collect();
    let to = |section: &str, cursor: &str| {
        let mut query = request.clock.query.clone();
        for (name, value) in [("section", section), ("cursor", cursor)].iter().filter(|(_, value)| !value.is_empty()) {
            query.push(if query.is_empty() { '?' } else { '&' });
            query.push_str(&format!("{name}={}", path_part(value)));
        }
        format!("timeline{query}")
    };
    let words = request.words();
    let titles = [words.orders, words.money, words.shipments, words.cases, words.contacts];
    let mut sections = vec![SectionLink { title: words.timeline, path: to("", ""), shown: section.is_none() }];
    sections.extend(SECTIONS.iter().zip(titles).map(|((section, _), title)| SectionLink {
        title,
        path: to(section, ""),
        shown: *section == asked.section,
    }));
    Ok(ListPage {
        frame: request.frame(),
        name,
        customer: request.clock.customer_path(id),
        sections,
        days: by_day(rows.into_iter()),
        earlier: next.map(|next| to(&asked.section, &next)).unwrap_or_default(),
    })
}

/// The customer's name, and its documents that are shown, those after a cursor; empty: the latest.
async fn read_list(
    request: &PageRequest,
    reference: &CustomerReference,
    cursor: &str,
    is_shown: impl Fn(&str) -> bool + Send,
) -> Result<(String, Page), ServiceError> {
    let after = |cursor: &str| Some(cursor.to_owned()).filter(|cursor| !cursor.is_empty());
    if let Some(clocks) = &request.clocks {
        let found = request.service.past_find(&reference.to_string(), clocks).await?.answer.hits;
        let name = found.into_iter().next().map(|hit| hit.name).unwrap_or_default();
        let (cursor, order) = (after(cursor), ListingOrder::NewestFirst);
        let page =
            request.service.past_documents(reference, clocks, order, (cursor.as_deref(), PAGE), is_shown).await?;
        return Ok((name, page.answer));
    }
    let name = request.service.customer_name(reference).await?.name;
    let (mut shown, mut cursor, mut scanned) = (Vec::new(), after(cursor), 0);
    loop {
        // As many as are missing: the cursor behind them is then the page's own.
        let wanted = PAGE - shown.len();
        let order = ListingOrder::NewestFirst;
        let Page { items, next } = request.service.documents(Some(reference), order, cursor.as_deref(), wanted).await?;
        scanned += items.len();
        shown.extend(items.into_iter().filter(|one| is_shown(&one.subject)));
        match next {
            Some(next) if shown.len() < PAGE && scanned < SCANNED => cursor = Some(next),
            next => return Ok((name, Page { items: shown, next })),
        }
    }
}
