//! `onefold run`: serves until it is asked to stop.

use std::net::SocketAddr;
use std::process::ExitCode;

use anyhow::{Result, bail};
use onefold_api::Render;
use tokio::net::TcpListener;

use crate::args::{Globals, RunArgs};
use crate::hub::Hub;
use crate::{shutdown, telemetry};

pub(crate) async fn run(args: RunArgs, globals: Globals) -> Result<ExitCode> {
    // First what may be refused: nothing is begun for a port that is taken.
    let listener = listen(args.listen.unwrap_or(globals.settings.http.listen)).await?;
    let roles = if args.role.is_empty() { globals.settings.hub.roles.clone() } else { args.role };
    // Before the stages begin, so that nothing that they tell is missed.
    let render = telemetry::metrics()?;
    let hub = Hub::serve(&globals, &roles).await?;
    eprintln!("serving {} on http://{}; Ctrl-C stops", hub.place, listener.local_addr()?);
    serve(listener, hub, render).await
}

/// Serves a hub until it is asked to stop, then lets everything under way finish.
pub(crate) async fn serve(listener: TcpListener, hub: Hub, render: Render) -> Result<ExitCode> {
    let served = onefold_api::serve(listener, hub.service.clone(), render, shutdown::asked()).await;
    eprintln!("stopping");
    hub.close().await?;
    served?;
    Ok(ExitCode::SUCCESS)
}

/// The listener, or why there is none.
pub(crate) async fn listen(address: SocketAddr) -> Result<TcpListener> {
    if !address.ip().is_loopback() {
        bail!(
            "--listen {address} is refused: anybody who reaches it could read and write everything, since there is no access control yet; use 127.0.0.1"
        );
    }
    match TcpListener::bind(address).await {
        Ok(listener) => Ok(listener),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
            bail!("port {} is in use: stop who has it, or name another with --listen 127.0.0.1:PORT", address.port())
        }
        Err(error) => bail!("{address} cannot be listened on: {error}"),
    }
}
