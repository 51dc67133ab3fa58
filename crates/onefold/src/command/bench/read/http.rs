//! Views by id over HTTP, asked for by clients on the same cores, each on a connection that it keeps.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use http_body_util::{BodyExt, Empty};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::HOST;
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use onefold_console::{ConsoleOptions, console_pages};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::command::bench::rig::BenchRig;

pub(crate) const CLIENTS: u64 = 16;
const FOR: Duration = Duration::from_secs(10);

/// What the clients met.
#[derive(Default)]
pub(crate) struct HttpAnswers {
    /// How long each answer took.
    pub(crate) took: Vec<Duration>,
    /// From the first question to the last answer.
    pub(crate) within: Duration,
    pub(crate) bytes: usize,
}

/// Serves the hub on a free port of this machine, and asks it for views as fast as it answers.
pub(crate) async fn read_views(rig: &BenchRig) -> Result<HttpAnswers> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let (stop, stopped) = oneshot::channel::<()>();
    let until = async { drop(stopped.await) };
    let (service, options) = (rig.hub.service.clone(), rig.config().http.clone());
    let pages = console_pages(service.clone(), ConsoleOptions::default());
    let serves = tokio::spawn(async move {
        onefold_api::serve(listener, service, Arc::new(String::new), pages, &options, until).await
    });
    let began = Instant::now();
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        // Customers in no order, each client its own.
        let workload = rig.workload;
        let path = move |n: u64| format!("/v1/customers/{}", workload.customer_id(n * CLIENTS + client));
        clients.spawn(ask_views(address, path));
    }
    let mut all = HttpAnswers::default();
    while let Some(one) = clients.join_next().await {
        let one = one??;
        all.took.extend(one.took);
        all.bytes += one.bytes;
    }
    all.within = began.elapsed();
    drop(stop);
    serves.await??;
    Ok(all)
}

async fn ask_views(address: SocketAddr, path: impl Fn(u64) -> String) -> Result<HttpAnswers> {
    let (mut sender, connection) = handshake(TokioIo::new(TcpStream::connect(address).await?)).await?;
    // It ends with its sender.
    tokio::spawn(connection);
    let (mut all, began) = (HttpAnswers::default(), Instant::now());
    while began.elapsed() < FOR {
        let (asked, path) = (Instant::now(), path(all.took.len() as u64));
        all.bytes += get_view(&mut sender, address, path).await?;
        all.took.push(asked.elapsed());
    }
    Ok(all)
}

/// Bytes of one answer, read to its end.
async fn get_view(sender: &mut SendRequest<Empty<Bytes>>, address: SocketAddr, path: String) -> Result<usize> {
    let request = Request::get(path).header(HOST, address.to_string()).body(Empty::new())?;
    let answer = sender.send_request(request).await?;
    let status = answer.status();
    let body = answer.into_body().collect().await?.to_bytes();
    ensure!(status == StatusCode::OK, "{status}: {}", String::from_utf8_lossy(&body));
    Ok(body.len())
}
