//! What the face answers from.

use std::sync::Arc;

use onefold_service::Service;

use crate::HttpOptions;
use crate::turns::TurnLimits;

/// What the face answers from, and within which bounds.
#[derive(Clone)]
pub(crate) struct FaceState {
    pub(crate) service: Service,
    pub(crate) turns: Arc<TurnLimits>,
    pub(crate) options: Arc<HttpOptions>,
}
