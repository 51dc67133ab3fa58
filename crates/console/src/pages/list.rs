//! All documents of a customer, a page at a time, of all departments or of one section.

use askama::Template;
use axum::extract::{Path, Query};
use axum::response::Response;
use onefold_service::{CustomerReference, ListingOrder, Page, ServiceError};
use serde::Deserialize;

use super::customer::{DayLines, by_day};
use super::worth::SECTIONS;
use crate::page::{PageFrame, PageRequest};
use crate::shown::{DocumentLine, customer_path, path_part};

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
    let clocks = request.read_clocks()?;
    let kinds = SECTIONS.iter().find(|(section, _)| *section == asked.section).map(|(_, kinds)| *kinds);
    let is_shown = |subject: &str| {
        kinds.is_none_or(|kinds| subject.split_once(':').is_some_and(|(kind, _)| kinds.contains(&kind)))
    };
    let (mut rows, mut cursor, mut scanned) = (Vec::<DocumentLine>::new(), asked.cursor.clone(), 0);
    let next = loop {
        let wanted = PAGE - rows.len();
        let after = Some(cursor.as_str()).filter(|cursor| !cursor.is_empty());
        // As many as are missing: the cursor behind them is then the page's own.
        let Page { items, next } = match &clocks {
            None => request.service.documents(Some(&reference), ListingOrder::NewestFirst, after, wanted).await?,
            Some(clocks) => {
                let read =
                    request.service.past_documents(&reference, clocks, ListingOrder::NewestFirst, (after, wanted));
                read.await?.answer
            }
        };
        scanned += items.len();
        rows.extend(items.iter().filter(|one| is_shown(&one.subject)).map(|one| request.clock.document(one)));
        match next {
            Some(next) if rows.len() < PAGE && scanned < SCANNED => cursor = next,
            next => break next,
        }
    };
    let clock_query = request.clock_query();
    let to = |section: &str, cursor: &str| {
        let mut query = clock_query.clone();
        for (name, value) in [("section", section), ("cursor", cursor)].iter().filter(|(_, value)| !value.is_empty()) {
            query.push(if query.is_empty() { '?' } else { '&' });
            query.push_str(&format!("{name}={}", path_part(value)));
        }
        format!("timeline{query}")
    };
    let words = request.words();
    let titles = [words.orders, words.money, words.shipments, words.cases, words.contacts];
    let mut sections = vec![SectionLink { title: words.timeline, path: to("", ""), shown: kinds.is_none() }];
    sections.extend(SECTIONS.iter().zip(titles).map(|((section, _), title)| SectionLink {
        title,
        path: to(section, ""),
        shown: *section == asked.section,
    }));
    Ok(ListPage {
        frame: request.frame(),
        name: name_of(request, &reference).await?,
        customer: format!("{}{clock_query}", customer_path(id)),
        sections,
        days: by_day(rows.into_iter()),
        earlier: next.map(|next| to(&asked.section, &next)).unwrap_or_default(),
    })
}

/// The customer's name as it is now.
async fn name_of(request: &PageRequest, reference: &CustomerReference) -> Result<String, ServiceError> {
    let view = request.service.view(reference, None).await?;
    Ok(view.profile.get("name").map_or(request.words().name_unknown, |name| name.value.as_str()).to_owned())
}
