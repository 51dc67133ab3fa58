//! Webhooks at a steady pace: from when each is due until the customer's view has what it says.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{AUTHORIZATION, HOST};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use onefold_connect::{Hook, HookSecrets, Hooks, Intake, IntakeOptions};
use onefold_console::{ConsoleOptions, console_pages};
use onefold_mapping::Connector;
use onefold_stage::{Stage, StepProgress};
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::measure::{BenchReport, peak_memory_mib};
use super::rig::BenchRig;
use super::workload::customer_number;

/// Connections that post in turns, each the next as soon as it is due and its last was answered.
const SENDERS: u64 = 32;
const PACED: Duration = Duration::from_secs(20);
/// So long is waited for the last.
const LONGEST: Duration = Duration::from_secs(60);
const NAME: &str = "bench";
const SECRET: &str = "of this run alone";

const CONNECTOR: &str = "[connector]\nname = \"bench\"\nsource = \"desk\"\n[from]\nkind = \"http\"\n\
    verify = { scheme = \"bearer\", secret = { env = \"SECRET\" } }\n[read]\nformat = \"json\"\n[assume]\ntime = \"iso8601\"\n\
    [event.call]\ntype = \"sales.contact_made.v1\"\nsubject = \"call\"\nid = [\"call\"]\noccurred_at = \"at\"\n\
    refs.buyer = { from = \"erp_no\", source = \"erp\" }\nset.channel = \"channel\"\nset.topic = \"topic\"\n";

/// What was acknowledged: when it was due, how long the answer took, and where it stands in its topic.
struct PostedCall {
    due: Instant,
    answered: Duration,
    partition: u32,
    offset: u64,
}

/// When views had all that the topic holds below these offsets.
type ShownOffsets = (Instant, BTreeMap<u32, u64>);

pub(crate) async fn run(rig: &mut BenchRig) -> Result<BenchReport> {
    let mut report = rig.new_report("hooks");
    rig.record_customers().await?;
    let connector = Connector::parse("bench.toml", CONNECTOR, &|file| Err(format!("no file {file}")))
        .map_err(|problems| anyhow!("{problems:?}"))?;
    let secrets = HookSecrets::resolve(&connector, ".".as_ref(), &|_| Some(SECRET.to_owned()))?;
    let hook = Hook::of(&connector, secrets).context("a connector without a hook")?;
    let topic = connector.hook_topic().context("a connector without a topic")?;
    let (log, store) = (Arc::clone(&rig.hub.log), Arc::clone(&rig.hub.store));
    let hooks = Hooks::open(Arc::clone(&log), vec![hook], u32::try_from(rig.heads().await?.len())?).await?;
    let options = IntakeOptions { batch: rig.config().connect.batch };
    let intake = Intake::new(connector, rig.hub.door()?.clone(), log, Arc::clone(&store) as _, store as _, options);

    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let until = async { drop(stopped.await) };
    let (service, http) = (rig.hub.service.clone().taking_posts(hooks), rig.config().http.clone());
    let pages = console_pages(service.clone(), ConsoleOptions::default());
    let serves =
        tokio::spawn(
            async move { onefold_api::serve(listener, service, Arc::new(String::new), pages, &http, until).await },
        );

    let numbers = rig.take_numbers(PACED.as_secs() * rig.rate);
    let count = numbers.end - numbers.start;
    let cpu = rig.thread_times();
    let (to, shown) = mpsc::unbounded_channel();
    let (posted, (), history) = tokio::try_join!(
        post_calls(rig, numbers, address),
        map_posts(rig, intake, &topic, count, to),
        follow(rig, shown)
    )?;
    report.put_figure("cpu_us_per_post", rig.thread_times().per_event(&cpu, count));
    drop(stop);
    serves.await??;
    let kept = rig.hub.service.status().await?.quarantined;
    ensure!(kept == 0, "{kept} posts could not be mapped");
    let mut in_view = Vec::with_capacity(posted.len());
    for PostedCall { due, partition, offset, .. } in &posted {
        let has = |(_, below): &ShownOffsets| below.get(partition).is_some_and(|below| below > offset);
        let first = history.partition_point(|shown| !has(shown));
        let (at, _) = history.get(first).context("a post that was acknowledged is in no view")?;
        in_view.push(at.saturating_duration_since(*due));
    }
    report.put_figure("paced", format!("{}/s on {SENDERS} connections for {} s", rig.rate, PACED.as_secs()));
    report.put_spread("acknowledged", posted.iter().map(|post| post.answered).collect()).put_spread("in_view", in_view);
    report.put_figure("peak_memory_mib", peak_memory_mib());
    Ok(report)
}

/// The stage of the connector, until all is mapped; tells how far it is, and where the events ended then.
async fn map_posts(
    rig: &BenchRig,
    mut intake: Intake,
    topic: &str,
    count: u64,
    to: mpsc::UnboundedSender<(BTreeMap<u32, u64>, Vec<u64>)>,
) -> Result<()> {
    let (mut mapped, mut last) = (0, Instant::now());
    while mapped < count {
        match intake.step().await? {
            StepProgress::Worked(posts) => {
                (mapped, last) = (mapped + posts, Instant::now());
                to.send((rig.hub.store.intake(NAME, topic).await?, rig.heads().await?))?;
            }
            StepProgress::Idle => ensure!(last.elapsed() < LONGEST, "{mapped} of {count} posts came"),
        }
    }
    Ok(())
}

/// When views had what was mapped.
async fn follow(
    rig: &BenchRig,
    mut mapped: mpsc::UnboundedReceiver<(BTreeMap<u32, u64>, Vec<u64>)>,
) -> Result<Vec<ShownOffsets>> {
    let mut history = Vec::new();
    while let Some((below, heads)) = mapped.recv().await {
        rig.wait_for(&heads, 0).await?;
        history.push((Instant::now(), below));
    }
    Ok(history)
}

/// Posts calls at their pace, whether those before were answered or not, as far as there are connections.
async fn post_calls(rig: &BenchRig, numbers: Range<u64>, address: SocketAddr) -> Result<Vec<PostedCall>> {
    let (began, rate, workload) = (Instant::now(), rig.rate, rig.workload);
    let mut senders = JoinSet::new();
    for sender in 0..SENDERS {
        let own = numbers.clone().skip(sender as usize).step_by(SENDERS as usize);
        let first = numbers.start;
        senders.spawn(async move {
            let (mut client, connection) = handshake(TokioIo::new(TcpStream::connect(address).await?)).await?;
            // It ends with its sender.
            tokio::spawn(connection);
            let mut posted = Vec::new();
            for n in own {
                let due = began + Duration::from_secs_f64((n - first) as f64 / rate as f64);
                tokio::time::sleep_until(due.into()).await;
                let at = jiff::Timestamp::now().to_string();
                let buyer = customer_number(workload.any_customer(n));
                let call = json!({ "call": format!("T{n}"), "at": at, "erp_no": buyer, "channel": "phone", "topic": "delivery" });
                let (partition, offset) = post_call(&mut client, address, call.to_string()).await?;
                posted.push(PostedCall { due, answered: due.elapsed(), partition, offset });
            }
            anyhow::Ok(posted)
        });
    }
    let mut all = Vec::new();
    while let Some(posted) = senders.join_next().await {
        all.extend(posted??);
    }
    Ok(all)
}

/// Posts one; answers where it stands.
async fn post_call(client: &mut SendRequest<Full<Bytes>>, address: SocketAddr, body: String) -> Result<(u32, u64)> {
    let request = Request::post(format!("/v1/hooks/{NAME}"))
        .header(HOST, address.to_string())
        .header(AUTHORIZATION, format!("Bearer {SECRET}"))
        .body(Full::new(Bytes::from(body)))?;
    let answer = client.send_request(request).await?;
    let status = answer.status();
    let body = answer.into_body().collect().await?.to_bytes();
    ensure!(status == StatusCode::ACCEPTED, "{status}: {}", String::from_utf8_lossy(&body));
    let answer: serde_json::Value = serde_json::from_slice(&body)?;
    let place = answer.get("hub_id").and_then(|id| id.as_str()).context("an answer without its place")?;
    let mut parts = place.rsplit('/');
    let (offset, partition) = parts.next().zip(parts.next()).context("a place without an offset")?;
    Ok((partition.parse()?, offset.parse()?))
}
