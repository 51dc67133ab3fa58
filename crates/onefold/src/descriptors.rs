//! Descriptors that the system lets this process have: each connection takes one.

use onefold_api::HttpOptions;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What files and servers take, and a reserve.
const OTHERS: u64 = 128;

/// Takes as many as the system gives; where those are too few for the connections that are allowed, fewer are.
pub(crate) fn fit_options(http: &HttpOptions) -> HttpOptions {
    let mut limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    if limit.current != limit.maximum && setrlimit(Resource::Nofile, raised).is_ok() {
        limit = raised;
    }
    let most = limit.current.unwrap_or(u64::MAX).saturating_sub(OTHERS).saturating_sub(http.spare_connections as u64);
    let most = usize::try_from(most).unwrap_or(usize::MAX).max(1);
    if http.connections > most {
        tracing::warn!(
            wanted = http.connections,
            most,
            "the system gives this process too few descriptors for http.connections: raise `ulimit -n`, or LimitNOFILE of its service"
        );
    }
    HttpOptions { connections: http.connections.min(most), ..http.clone() }
}
