//! The style, the script and the icon: files of the program, each at an address that changes with its content.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use sha2::{Digest as _, Sha256};

/// A file of the program.
pub(crate) struct StaticAsset {
    /// Where it stands: its name holds the beginning of its digest, so that a browser may keep it for ever.
    pub(crate) path: String,
    content_type: &'static str,
    content: &'static str,
}

/// The style of all pages.
pub(crate) static STYLE: LazyLock<StaticAsset> = LazyLock::new(|| {
    StaticAsset::new("console", "css", "text/css; charset=utf-8", include_str!("../assets/console.css"))
});
/// The script of all pages, without which each of them does all that it does.
pub(crate) static SCRIPT: LazyLock<StaticAsset> = LazyLock::new(|| {
    StaticAsset::new("console", "js", "text/javascript; charset=utf-8", include_str!("../assets/console.js"))
});
/// What stands beside the title of a tab.
pub(crate) static ICON: LazyLock<StaticAsset> =
    LazyLock::new(|| StaticAsset::new("icon", "svg", "image/svg+xml", include_str!("../assets/icon.svg")));

impl StaticAsset {
    fn new(name: &str, extension: &str, content_type: &'static str, content: &'static str) -> Self {
        let digest = hex::encode(Sha256::digest(content));
        let path = format!("/a/{name}.{}.{extension}", digest.get(..12).unwrap_or(&digest));
        Self { path, content_type, content }
    }
}

pub(crate) async fn get_asset(Path(name): Path<String>) -> Response {
    let asked = format!("/a/{name}");
    let Some(asset) = [&*STYLE, &*SCRIPT, &*ICON].into_iter().find(|asset| asset.path == asked) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let mut response = asset.content.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(asset.content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_every_page_brings_stays_within_its_budget() {
        assert!(STYLE.content.len() <= 26_000, "the style has {} bytes", STYLE.content.len());
        assert!(SCRIPT.content.len() <= 14_000, "the script has {} bytes", SCRIPT.content.len());
        assert!(ICON.content.len() <= 1_000);
    }
}
