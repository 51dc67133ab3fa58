//! `onefold run`: serves until it is asked to stop.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, bail};
use onefold_api::{HttpOptions, MetricsRender};
use onefold_console::{ConsoleOptions, console_pages};
use tokio::net::TcpListener;

use crate::args::{Globals, RunArgs};
use crate::hub::RunningHub;
use crate::{descriptors, shutdown, telemetry};

pub(crate) async fn run(args: RunArgs, globals: Globals) -> Result<ExitCode> {
    // First what may be refused: nothing is begun for a port that is taken.
    let listener = bind_listener(args.listen.unwrap_or(globals.settings.http.listen)).await?;
    let roles = if args.role.is_empty() { globals.settings.hub.roles.clone() } else { args.role };
    // Before the stages begin, so that nothing that they tell is missed.
    let render = telemetry::install_metrics()?;
    let hub = RunningHub::serve(&globals, &roles).await?;
    let (place, hooks) = (hub.place.clone(), hub.hooks.clone());
    let pages = ConsoleOptions { today: globals.today };
    serve_hub(listener, hub, render, pages, &globals.settings.http, &|address| {
        eprintln!("serving {place} on http://{address}; open it in a browser to look at customers; Ctrl-C stops");
        for (name, is_verified) in &hooks {
            let whose = if *is_verified { "" } else { ", from this machine alone, since it verifies nothing" };
            eprintln!("takes webhooks at http://{address}/v1/hooks/{name}{whose}");
        }
    })
    .await
}

/// Serves a hub until it is asked to stop, then lets everything under way finish, within its bound. `said` tells people where.
pub(crate) async fn serve_hub(
    listener: TcpListener,
    hub: RunningHub,
    render: MetricsRender,
    pages: ConsoleOptions,
    http: &HttpOptions,
    said: &(dyn Fn(SocketAddr) + Sync),
) -> Result<ExitCode> {
    let http = &descriptors::fit_options(http);
    let pages = console_pages(hub.service.clone(), pages);
    let (address, asked) = (listener.local_addr()?, shutdown::shutdown_requested());
    let served = match asked {
        Ok(stop) => {
            // Whoever reads it may ask to stop at once, and is heard by now.
            said(address);
            onefold_api::serve(listener, hub.service.clone(), render, pages, http, stop).await.map_err(Into::into)
        }
        Err(error) => Err(error),
    };
    eprintln!("stopping");
    let bound = Duration::from_millis(http.drain_ms);
    let closed = tokio::time::timeout(bound, hub.close()).await;
    closed.unwrap_or_else(|_| {
        bail!(
            "the stages did not come to the end of their step within {} ms and are broken off: nothing that was acknowledged is \
             lost, and views go on from their position",
            bound.as_millis()
        )
    })?;
    served?;
    Ok(ExitCode::SUCCESS)
}

/// The listener, or why there is none.
pub(crate) async fn bind_listener(address: SocketAddr) -> Result<TcpListener> {
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
