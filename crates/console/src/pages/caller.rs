//! `GET /call?from=+8613800138000`: what a telephone opens as it rings.

use axum::extract::Query;
use axum::response::Response;
use onefold_service::SearchHit;
use serde::Deserialize;

use super::search::show_hits;
use crate::page::{PageRequest, see_other};
use crate::shown::customer_path;

#[derive(Debug, Default, Deserialize)]
pub(crate) struct CallQuery {
    #[serde(default)]
    from: String,
}

/// One customer is opened; of several one is chosen; an unknown caller can be looked for otherwise.
pub(crate) async fn get_caller(request: PageRequest, Query(call): Query<CallQuery>) -> Response {
    // A plus sign in a query means a space, unless it is written %2B; a phone number begins with one.
    let from = call.from.trim();
    let phone = if call.from.starts_with(' ') { format!("+{from}") } else { from.to_owned() };
    let words = request.words();
    let unknown = || format!("{}: {phone}", words.unknown_caller);
    if phone.is_empty() {
        return see_other("/");
    }
    match request.service.holders(&format!("phone:{phone}")).await {
        Ok(holders) => match holders.as_slice() {
            [] => show_hits(&request, &[], &phone, unknown()),
            [one] => see_other(&customer_path(&one.id)),
            several => {
                let hit = |customer: &onefold_service::CustomerName| SearchHit {
                    id: customer.id.clone(),
                    name: customer.name.clone(),
                    parties: customer.parties.clone(),
                    ..SearchHit::default()
                };
                let hits: Vec<SearchHit> = several.iter().map(hit).collect();
                show_hits(&request, &hits, &phone, format!("{}: {phone}", words.several_customers))
            }
        },
        // A number that is none is a caller whom nobody knows.
        Err(error) if error.code == onefold_service::ErrorCode::Invalid => show_hits(&request, &[], &phone, unknown()),
        Err(error) => request.refuse(&error),
    }
}
