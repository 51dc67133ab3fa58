//! `GET /call?from=+8613800138000`: what a telephone opens as it rings.

use axum::extract::Query;
use axum::response::Response;
use onefold_service::{CustomerName, ErrorCode, SearchHit, ServiceError};
use serde::Deserialize;

use super::search::{MOST, show_hits};
use crate::page::{PageRequest, see_other};

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
    if phone.is_empty() {
        return see_other("/");
    }
    match show_caller(&request, &phone).await {
        Ok(response) => response,
        Err(error) => request.refuse(&error),
    }
}

async fn show_caller(request: &PageRequest, phone: &str) -> Result<Response, ServiceError> {
    let words = request.words();
    let found = match request.service.holders(&format!("phone:{phone}")).await {
        Ok(holders) => holders.into_iter().map(as_hit).collect(),
        // A national number, as most exchanges send it, or none at all: it is read as if somebody said it.
        Err(error) if error.code == ErrorCode::Invalid && phone.chars().any(char::is_alphanumeric) => {
            request.service.find(phone, MOST).await?
        }
        Err(error) if error.code == ErrorCode::Invalid => Vec::new(),
        Err(error) => return Err(error),
    };
    Ok(match found.as_slice() {
        [] => show_hits(request, &[], phone, format!("{}: {phone}", words.unknown_caller)),
        [one] if !one.id.is_empty() => see_other(&request.clock.customer_path(&one.id)),
        several => show_hits(request, several, phone, format!("{}: {phone}", words.several_customers)),
    })
}

fn as_hit(customer: CustomerName) -> SearchHit {
    let CustomerName { id, name, parties } = customer;
    SearchHit { id, name, parties, ..SearchHit::default() }
}
