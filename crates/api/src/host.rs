//! Only those who call this machine by a name of its own are answered: a page in somebody's browser that has pointed its
//! own name at 127.0.0.1 is not. Until there is access control this is what stands between the two.

use std::net::IpAddr;

use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::HOST;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::problem::ProblemDetails;

pub(crate) async fn is_our_own(request: Request, next: Next) -> Response {
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    match host.filter(|host| !is_loopback(host)) {
        None => next.run(request).await,
        Some(other) => {
            let detail = format!("this machine is not called `{other}`: use 127.0.0.1 or localhost");
            ProblemDetails::of_http(StatusCode::MISDIRECTED_REQUEST, detail).into_response()
        }
    }
}

fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_this_machine_are_told_from_others() {
        for own in ["localhost", "LocalHost:7878", "127.0.0.1", "127.0.0.1:80", "[::1]", "[::1]:7878", "127.8.8.8"] {
            assert!(is_loopback(own), "{own}");
        }
        for other in ["", "evil.example", "evil.example:7878", "localhost.evil.example", "10.0.0.1", "[2001:db8::1]:1"]
        {
            assert!(!is_loopback(other), "{other}");
        }
    }
}
