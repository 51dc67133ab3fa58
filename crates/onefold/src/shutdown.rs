//! Asked to stop: Ctrl-C, or SIGTERM.

use tokio::signal::unix::{SignalKind, signal};

/// Returns when the process is asked to stop.
pub(crate) async fn asked() {
    let terminate = async {
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => {
                terminate.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminate => {}
    }
}
