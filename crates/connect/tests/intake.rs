//! Topics of intake, read by stages over a real log and a real store.

#[path = "faults/hub.rs"]
#[allow(dead_code)]
mod hub;

use std::sync::Arc;

use hub::{Hub, gzip, invoices_text, parse, retry};
use onefold_connect::{Input, Intake, IntakeOptions, RetryOutcome, SendError, send};
use onefold_door::DoorVerdict;
use onefold_log::{Log, LogError, LogRecord};
use onefold_mapping::Connector;
use onefold_stage::{Stage, StageError, StepProgress};
use onefold_store::{IntakeStore, StoreError};

const TOPIC: &str = "intake.finance";

/// Invoices that come in messages; `read` are further lines of `[read]`.
fn of_topic(read: &str) -> Connector {
    let topics = "kind = [\"file\", \"kafka\"]\ntopics = [\"intake.finance\"]";
    parse(&invoices_text(read).replace("kind = \"file\"", topics))
}

/// Calls, each a JSON value over as many lines as it likes.
fn calls(format: &str) -> Connector {
    parse(&format!(
        r##"
[connector]
name = "calls"
source = "t"
[from]
kind = "kafka"
topics = ["intake.finance"]
[read]
format = "{format}"
records = "calls"
[assume]
time = "iso8601"
[event.call]
type = "sales.contact_made.v1"
subject = "no"
id = ["no"]
occurred_at = "at"
"##
    ))
}

fn stage(hub: &Hub, connector: &Connector, batch: usize) -> Intake {
    let store = Arc::new(hub.store.clone());
    let log = Arc::clone(&hub.log) as Arc<dyn Log>;
    Intake::new(connector.clone(), hub.door.clone(), log, store.clone(), store, IntakeOptions { batch })
}

/// Puts messages into one partition, each with the connector that it names.
async fn put(hub: &Hub, messages: &[(&str, Option<&str>)]) {
    hub.log.topic(TOPIC, 3).await.unwrap();
    let record = |(value, connector): &(&str, Option<&str>)| {
        let mut record = LogRecord::new("a", value.as_bytes().to_vec(), 1);
        record.headers.extend(connector.map(|name| ("onefold_connector".to_owned(), name.as_bytes().to_vec().into())));
        (1, record)
    };
    hub.log.append(TOPIC, messages.iter().map(record).collect()).await.unwrap();
}

/// Steps until nothing is left; answers how many messages were read.
async fn drain(stage: &mut Intake) -> u64 {
    let mut read = 0;
    loop {
        match stage.step().await.unwrap() {
            StepProgress::Worked(messages) => read += messages,
            StepProgress::Idle => return read,
        }
    }
}

const HEADING: &str = "no,who,day,amount,note";

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_a_small_document_with_as_many_records_as_it_holds() {
    let hub = Hub::open().await;
    let connector = of_topic("group_by = [\"no\"]");
    let two = format!("{HEADING}\n1,K1,2026-03-09,1.00,a\n2,K1,2026-02-30,5.00,b\n1,K1,2026-03-09,2.00,c\n");
    let messages = [
        (two.as_str(), None),
        (&format!("{HEADING}\n3,K1,2026-03-09,9.00,x"), Some("invoices")),
        ("{\"for\": \"others\"}", Some("payments")),
        ("", None),
        (HEADING, None),
        (&format!("{HEADING}\n4,K1,2026-03-09,9.00,draft\n"), None),
    ];
    put(&hub, &messages).await;
    let mut stage = stage(&hub, &connector, 4);
    assert_eq!(drain(&mut stage).await, 6);
    assert_eq!(hub.subjects().await, ["invoice:t:1", "invoice:t:3"]);
    let at = hub.events().await[0].1.header.locator.clone().unwrap();
    assert_eq!((at.resource.as_str(), at.first_line, at.last_line), ("intake.finance/1/0", 2, 4));
    let kept = hub.quarantined().await;
    assert_eq!(kept.len(), 1);
    assert_eq!((kept[0].resource.as_str(), kept[0].first_line), ("intake.finance/1/0", 3));
    assert_eq!(kept[0].raw, b"2,K1,2026-02-30,5.00,b");
    assert_eq!(hub.store.intake("invoices", TOPIC).await.unwrap(), [(1, 6)].into());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_json_value_may_stand_over_many_lines_and_hold_many_records() {
    for (format, body) in [
        ("json", "{\n \"calls\": [\n  {\"no\": \"1\", \"at\": \"2026-03-09T08:00:00Z\"},\n  {\"no\": \"2\"}]\n}\n"),
        (
            "ndjson",
            "{\"calls\": [{\"no\": \"1\", \"at\": \"2026-03-09T08:00:00Z\"}]}\n{\"calls\": [{\"no\": \"2\"}]}\n",
        ),
    ] {
        let hub = Hub::open().await;
        put(&hub, &[(body, None), ("{\"calls\": [", None)]).await;
        drain(&mut stage(&hub, &calls(format), 100)).await;
        assert_eq!(hub.subjects().await, ["contact:t:1"], "{format}");
        let kept = hub.quarantined().await;
        assert_eq!(kept.len(), 2, "{format}");
        assert_eq!((kept[1].codes.as_str(), kept[1].raw.as_slice()), ("R0306", &b"{\"calls\": ["[..]), "{format}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_cut_off_is_kept_whole_and_taken_whole_or_not() {
    let hub = Hub::open().await;
    let connector = of_topic("");
    let text = format!("{HEADING}\n1,K1,2026-03-09,1.00,a\n2,K1,2026-03-09,5.00,b\n");
    let packed = gzip(text.as_bytes());
    hub.log.topic(TOPIC, 3).await.unwrap();
    let value = |bytes: &[u8]| (0, LogRecord::new("a", bytes.to_vec(), 1));
    let other = text.replace("day", "date");
    hub.log
        .append(TOPIC, vec![value(&packed[..packed.len() - 9]), value(&packed), value(other.as_bytes())])
        .await
        .unwrap();
    drain(&mut stage(&hub, &connector, 100)).await;
    assert_eq!(hub.subjects().await, ["invoice:t:1", "invoice:t:2"]);
    let kept = hub.quarantined().await;
    assert_eq!(kept.iter().map(|e| e.codes.as_str()).collect::<Vec<_>>(), ["R0309", "R0201"]);
    assert_eq!(kept[1].raw, other.as_bytes());

    let store = &hub.store;
    let again = retry(&kept[1], Some(&connector), &hub.door, store, "again").await.unwrap();
    assert!(matches!(again, RetryOutcome::Again(_)), "{again:?}");
    let renamed = parse(&invoices_text("").replace("\"day\"", "\"date\""));
    let taken = retry(&kept[1], Some(&renamed), &hub.door, store, "renamed").await.unwrap();
    // The same records as in the message that was whole.
    assert_eq!(taken, RetryOutcome::Taken(vec![DoorVerdict::Duplicate; 2]));
    assert!(matches!(
        retry(&kept[0], Some(&connector), &hub.door, store, "cut").await.unwrap(),
        RetryOutcome::Again(_)
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_that_read_the_same_the_second_is_told_and_nothing_is_there_twice() {
    let hub = Hub::open().await;
    let connector = of_topic("");
    let bad = format!("{HEADING}\n1,K1,2026-03-09,1.00,a\n2,K1,2026-02-30,5.00,b\n");
    put(&hub, &[(&bad, None)]).await;
    let (mut one, mut two) = (stage(&hub, &connector, 100), stage(&hub, &connector, 100));
    assert_eq!(one.step().await.unwrap(), StepProgress::Worked(1));
    // As if the first had died before its position moved.
    hub.store.move_intake("invoices", TOPIC, &[(1, 1, 0)]).await.unwrap();
    assert_eq!(two.step().await.unwrap(), StepProgress::Worked(1));
    put(&hub, &[(&bad.replace("1,K1", "3,K1"), None)]).await;
    assert_eq!(one.step().await.unwrap(), StepProgress::Worked(1));
    let fenced = two.step().await.err();
    let known =
        |error: &StageError| matches!(error, StageError::Store(StoreError::Fenced { partition: 1, expected: 1 }));
    assert!(fenced.as_ref().is_some_and(known), "{fenced:?}");
    assert_eq!(drain(&mut two).await, 0);
    assert_eq!(hub.subjects().await, ["invoice:t:1", "invoice:t:3"]);
    assert_eq!(hub.quarantined().await.len(), 2);
    let tries: Vec<u64> = hub.quarantined().await.iter().map(|entry| entry.tries).collect();
    assert_eq!(tries, [2, 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_ends_before_what_was_read_is_told_of() {
    let hub = Hub::open().await;
    let connector = of_topic("");
    hub.store.move_intake("invoices", TOPIC, &[(2, 0, 9)]).await.unwrap();
    let told = stage(&hub, &connector, 100).step().await.err();
    let anew =
        |error: &StageError| matches!(error, StageError::Log(LogError::Corrupt(told)) if told.contains("made anew"));
    assert!(told.as_ref().is_some_and(anew), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_is_taken_in_as_the_file_is() {
    for read in ["", "group_by = [\"no\"]", "group_by = [\"no\"]\ncharset = \"windows-1252\"\nheader = 2"] {
        let (files, topics) = (Hub::open().await, Hub::open().await);
        let connector = of_topic(read);
        let above = if read.contains("header") { "a title\n" } else { "" };
        let text = format!(
            "{above}{HEADING}\n1,\"K\n1\",2026-03-09,1.00,a\n2,K1,2026-02-30,5.00,b\n1,\"K\n1\",2026-03-09,2.00,c\n9,K1,2026-03-09\n"
        );
        files.ingest(&connector, "a.csv.gz", gzip(text.as_bytes())).await;
        let input = [Input::File(topics.write("a.csv", &text))];
        let sent = send(&connector, &input, topics.log.as_ref(), TOPIC, 3, &|_| {}).await.unwrap();
        assert!(sent.left_out.is_empty() && sent.messages >= 3, "{sent:?}");
        drain(&mut stage(&topics, &connector, 2)).await;
        assert_eq!(files.subjects().await, topics.subjects().await, "{read}");
        let raw = async |hub: &Hub| {
            let mut raw: Vec<_> = hub.quarantined().await.into_iter().map(|e| (e.raw, e.codes)).collect();
            raw.sort();
            raw
        };
        assert_eq!(raw(&files).await, raw(&topics).await, "{read}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_told_from_its_neighbours_is_not_sent() {
    let hub = Hub::open().await;
    let connector = of_topic("group_by = [\"no\"]");
    let text = format!("{HEADING}\n1,K1,2026-03-09,1.00,a\n2,K1,2026-03-09,\"5.00,b\n1,K1,2026-03-09,2.00,c\n");
    let input = [Input::File(hub.write("a.csv", &text))];
    let sent = send(&connector, &input, hub.log.as_ref(), TOPIC, 3, &|_| {}).await.unwrap();
    let left: Vec<_> = sent.left_out.iter().map(|left| (left.first_line, left.problems[0].code.as_ref())).collect();
    assert_eq!(left, [(2, "R0308")]);
    let wrong = [Input::File(hub.write("b.csv", "other,heading\n1,2\n"))];
    let refused = send(&connector, &wrong, hub.log.as_ref(), TOPIC, 3, &|_| {}).await;
    assert!(matches!(refused, Err(SendError::Refused { .. })), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn merged_cells_travel_with_their_document_and_what_another_document_says_does_not() {
    let hub = Hub::open().await;
    let connector = of_topic("group_by = [\"no\"]\nfill_down = [\"no\", \"who\", \"day\"]");
    let text = format!("{HEADING}\n1,K1,2026-03-09,1.00,a\n,,,2.00,b\n2,K2,2026-03-09,5.00,c\n");
    let input = [Input::File(hub.write("a.csv", &text))];
    let sent = send(&connector, &input, hub.log.as_ref(), TOPIC, 3, &|_| {}).await.unwrap();
    assert_eq!((sent.messages, sent.left_out.len()), (2, 0));
    let other = of_topic("group_by = [\"no\"]\nfill_down = [\"who\"]");
    let text = format!("{HEADING}\n3,K1,2026-03-09,1.00,a\n4,,2026-03-09,2.00,b\n");
    let input = [Input::File(hub.write("b.csv", &text))];
    let sent = send(&other, &input, hub.log.as_ref(), TOPIC, 3, &|_| {}).await.unwrap();
    assert_eq!((sent.messages, sent.left_out[0].problems[0].code.as_ref()), (1, "R0319"));
    assert_eq!(drain(&mut stage(&hub, &connector, 10)).await, 3);
    assert_eq!(hub.subjects().await, ["invoice:t:1", "invoice:t:2", "invoice:t:3"]);
}
