//! Asked to stop: Ctrl-C, or SIGTERM. Asked once more, the process ends where it stands.

use anyhow::{Context, Result};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

/// Begins to listen; what it answers is done when the process is asked to stop. Whoever asks a second time does not want to
/// wait: the process ends with 128 and the signal's number, as shells have it. A thread of its own listens, so that it hears
/// whatever everybody else is busy with.
///
/// # Errors
/// There can be no such thread.
pub(crate) fn shutdown_requested() -> Result<impl Future<Output = ()> + Send + 'static> {
    let told = "signals cannot be listened for";
    let (tell, heard) = oneshot::channel();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context(told)?;
    let (interrupt, terminate) = {
        let _runtime = runtime.enter();
        (signal(SignalKind::interrupt()).context(told)?, signal(SignalKind::terminate()).context(told)?)
    };
    let listen = move || runtime.block_on(listen_signals(interrupt, terminate, tell));
    std::thread::Builder::new().name("signals".to_owned()).spawn(listen).context(told)?;
    Ok(async {
        // A listener that is gone has heard nothing.
        if heard.await.is_err() {
            std::future::pending().await
        }
    })
}

async fn listen_signals(mut interrupt: Signal, mut terminate: Signal, tell: oneshot::Sender<()>) {
    let mut next = async || {
        tokio::select! {
            _ = interrupt.recv() => SignalKind::interrupt(),
            _ = terminate.recv() => SignalKind::terminate(),
        }
    };
    next().await;
    // Whoever served may be gone already.
    let _ = tell.send(());
    let again = next().await.as_raw_value();
    eprintln!("asked to stop a second time: ended at once; what was acknowledged is in the log");
    std::process::exit(128 + again);
}
