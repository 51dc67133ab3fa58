//! What becomes of events that are posted, of records that contradict, and of entries that are tried again.

use futures_util::{TryStreamExt, stream};
use onefold_connect::{NoEvent, PostAnswer, PostedEvent, RetryError, RetryOutcome, TriedEntry, again, take_posted};
use onefold_door::DoorVerdict;
use onefold_event::{Event, EventLimits, decode, encode};
use onefold_log::{LogRecord, StoredRecord};
use onefold_mapping::MappingOutcome;
use onefold_store::{Quarantine, QuarantineEntry};
use onefold_testkit::posted_invoice;
use serde_json::json;

use crate::hub::{Hub, invoices, parse, retry, table};

fn event(no: &str, total: &str) -> Event {
    PostedEvent::from(posted_invoice(no, total)).event(&Default::default()).unwrap()
}

#[tokio::test]
async fn one_bad_event_in_a_batch_does_not_stop_the_others() {
    let hub = Hub::open().await;
    let mut bad = posted_invoice("2", "1");
    bad["type"] = json!("finance.invoice_isued.v1");
    let body = format!("[{},\n{:#} , 7, {}]", posted_invoice("1", "1"), bad, posted_invoice("3", "1"));
    let body = PostedEvent::batch(body.as_bytes(), 100).unwrap();
    let answers = take_posted(body.clone(), &hub.door, &hub.store).await.unwrap();
    assert!(
        matches!(
            &answers[..],
            [
                PostAnswer::Judged(_, DoorVerdict::Accepted { .. }),
                PostAnswer::Quarantined(1, _),
                PostAnswer::Quarantined(2, _),
                PostAnswer::Judged(_, DoorVerdict::Accepted { .. })
            ]
        ),
        "{answers:?}"
    );
    let PostAnswer::Quarantined(_, NoEvent { problems, .. }) = &answers[1] else { unreachable!() };
    assert!(problems[0].found.contains("finance.invoice_issued.v1"), "{}", problems[0].found);
    let again = take_posted(body.clone(), &hub.door, &hub.store).await.unwrap();
    assert!(
        matches!(
            &again[..],
            [
                PostAnswer::Judged(_, DoorVerdict::Duplicate),
                PostAnswer::Quarantined(1, _),
                PostAnswer::Quarantined(2, _),
                PostAnswer::Judged(_, DoorVerdict::Duplicate)
            ]
        ),
        "{again:?}"
    );
    let entries = hub.quarantined().await;
    assert_eq!(
        entries.iter().map(|e| (e.connector.as_str(), e.tries)).collect::<Vec<_>>(),
        [("events", 2), ("events", 2)]
    );
    assert_eq!(entries[0].raw, format!("{bad:#}").into_bytes(), "byte for byte");
    // A contradiction is kept too, and a single event needs no list.
    let answers = take_posted(vec![posted_invoice("1", "2").into()], &hub.door, &hub.store).await.unwrap();
    assert!(matches!(&answers[..], [PostAnswer::Conflict { number: 3, sender_id, .. }] if !sender_id.is_empty()));
    assert_eq!(hub.quarantined().await[2].codes, "conflict");
    assert!(matches!(again_posted(&hub, 1).await, MappingOutcome::Quarantined(_)));
}

async fn again_posted(hub: &Hub, number: u64) -> MappingOutcome {
    again(&hub.store.get(number).await.unwrap().unwrap(), None).unwrap()
}

#[tokio::test]
async fn a_record_that_contradicts_an_earlier_one_is_in_quarantine_whole() {
    let hub = Hub::open().await;
    let connector = invoices("group_by = [\"no\"]");
    hub.ingest(&connector, "a.csv", table(&["1,K1,2026-03-09,1.00,a", "1,K1,2026-03-09,2.00,b"])).await;
    let rows = ["1,K1,2026-03-09,1.00,a", "1,K1,2026-03-09,2.50,b"];
    let report = hub.ingest(&connector, "b.csv", table(&rows)).await;
    assert_eq!((report.records, report.mapped, report.conflicts, report.quarantined), (1, 1, 1, 0));
    let entry = &hub.quarantined().await[0];
    assert_eq!((entry.raw.as_slice(), entry.codes.as_str()), (rows.join("\n").as_bytes(), "conflict"));
    assert!(report.problems["conflict"].examples[0].problem.found.ends_with("a.csv:2-3"));
    // Under another mapping it is reported and left.
    let newer = invoices("group_by = [\"no\"]\ncolumns = \"exact\"");
    let report = hub.ingest(&newer, "b.csv", table(&rows)).await;
    assert_eq!((report.older_mapping, report.conflicts, report.quarantined), (1, 0, 0));
    assert_eq!(hub.events().await.len(), 1);
    let tried = retry(entry, Some(&newer), &hub.door, &hub.store, "the mapping was corrected").await.unwrap();
    assert!(matches!(&tried, RetryOutcome::Again(problems) if problems[0].code == "older-mapping"), "{tried:?}");
}

#[tokio::test]
async fn a_retry_takes_in_what_passes_now_once_and_closes_the_entry() {
    let hub = Hub::open().await;
    let file = [
        "no,who,day,amount,note",
        "1,K1,09/03/2026,1.00,\"a",
        "b\"",
        "2,K2,2026-03-09,2.00,c",
        "1,K1,09/03/2026,2.00,d",
    ]
    .join("\r\n");
    hub.ingest(&invoices("group_by = [\"no\"]"), "a.csv", &file).await;
    let entry = hub.store.get(1).await.unwrap().unwrap();
    let same = retry(&entry, Some(&invoices("group_by = [\"no\"]")), &hub.door, &hub.store, "hope").await.unwrap();
    assert!(matches!(same, RetryOutcome::Again(_)));
    assert_eq!(hub.store.get(1).await.unwrap().unwrap().tries, 2);

    let text = invoices_with_dates();
    let corrected = parse(&text);
    assert!(matches!(again(&entry, Some(&corrected)), Ok(MappingOutcome::Mapped { .. })));
    let done = retry(&entry, Some(&corrected), &hub.door, &hub.store, "days first").await.unwrap();
    assert!(
        matches!(&done, RetryOutcome::Taken(verdicts) if matches!(verdicts[..], [DoorVerdict::Accepted { .. }])),
        "{done:?}"
    );
    let closed = hub.store.get(1).await.unwrap().unwrap();
    assert_eq!((closed.decision.as_str(), closed.why.as_str()), ("retried", "days first"));
    assert!(matches!(
        retry(&closed, Some(&corrected), &hub.door, &hub.store, "").await,
        Err(RetryError::Closed { .. })
    ));
    let report = hub.ingest(&corrected, "a.csv", &file).await;
    assert_eq!((report.accepted, report.duplicates), (0, 2));
    let events = hub.events().await;
    let at = events.iter().find(|(_, e)| e.header.subject.number() == "1").unwrap().1.header.locator.clone().unwrap();
    assert_eq!((at.first_line, at.last_line, at.resource.as_str()), (2, 5, "a.csv"));
    assert_eq!(&file.as_bytes()[at.offset as usize..][..2], b"1,");
}

fn invoices_with_dates() -> String {
    crate::hub::invoices_text("group_by = [\"no\"]")
        .replace("date = \"yyyy-MM-dd\"", "date = [\"yyyy-MM-dd\", \"dd/MM/yyyy\"]")
}

/// What became of each, in a letter: taken, skipped, again, or not tried.
fn told(tried: &[TriedEntry]) -> String {
    let letter = |tried: &TriedEntry| match &tried.outcome {
        Ok(RetryOutcome::Taken(_)) => 't',
        Ok(RetryOutcome::Skipped(_)) => 's',
        Ok(RetryOutcome::Again(_)) => 'a',
        Err(_) => 'n',
    };
    tried.iter().map(letter).collect()
}

#[tokio::test]
async fn entries_that_are_tried_together_fare_as_each_would_alone() {
    let hub = Hub::open().await;
    let rows = [
        "1,K1,09/03/2026,1.00,a",
        "2,K2,never,2.00,good days to come",
        "3,K3,10/03/2026,3.00,c",
        "4,K4,10/03/2026,4.00,contradicts what was taken in since",
        "5,K5,11/03/2026,5.00,as it was taken in since",
        "6,K6,11/03/2026,6.00,closed meanwhile",
    ];
    hub.ingest(&invoices("group_by = [\"no\"]"), "a.csv", table(&rows)).await;
    let corrected = parse(&invoices_with_dates());
    hub.ingest(
        &corrected,
        "b.csv",
        table(&["4,K4,2026-03-10,4.50,b", "5,K5,2026-03-11,5.00,as it was taken in since"]),
    )
    .await;
    let mut entries = hub.quarantined().await;
    assert_eq!(entries.len(), rows.len());
    entries[5].decision = "discarded".to_owned();
    let pages = [Ok(entries[..4].to_vec()), Ok(Vec::new()), Ok(entries[4..].to_vec())];
    let tried = onefold_connect::retry(stream::iter(pages), Some(&corrected), &hub.door, &hub.store, "days first");
    let pages: Vec<Vec<TriedEntry>> = tried.try_collect().await.unwrap();
    assert_eq!(pages.iter().map(|page| told(page)).collect::<Vec<_>>(), ["tata", "", "tn"]);
    let numbers: Vec<u64> = pages.iter().flatten().map(|tried| tried.number).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6]);

    let stay = hub.quarantined().await;
    let kept: Vec<_> = stay.iter().map(|entry| (entry.number, entry.codes.as_str(), entry.tries)).collect();
    assert_eq!(kept, [(2, "R0420", 2), (4, "conflict", 2), (6, "R0420", 1)]);
    for number in [1, 3, 5] {
        let closed = hub.store.get(number).await.unwrap().unwrap();
        assert_eq!((closed.decision.as_str(), closed.why.as_str()), ("retried", "days first"));
    }
    assert_eq!(hub.events().await.len(), 4, "two that were known before, two that were taken in now");
}

#[tokio::test]
async fn an_entry_one_of_whose_events_is_more_than_an_event_may_be_stays_whole() {
    let wide = Hub::open().await;
    let call = "[event.call]\npart = \"call\"\ntype = \"sales.contact_made.v1\"\nsubject = \"no\"\nid = [\"no\"]\n\
                occurred_at = { from = \"day\", at = \"00:00\" }\n[event.call.refs]\nbuyer = \"who\"\n[event.call.set]\ntopic = \"note\"\n";
    let text = format!("{}\n{call}", crate::hub::invoices_text("group_by = [\"no\"]"));
    let long = format!("1,K1,2026-03-09,1.00,{}", "x".repeat(3_000));
    let rows = [&long, "2,K2,2026-03-09,1.00,b"];
    wide.ingest(&parse(&text.replace("yyyy-MM-dd", "dd.MM.yyyy")), "a.csv", table(&rows)).await;
    let narrow = Hub::within(EventLimits { event_bytes: 2_000, ..EventLimits::default() }).await;
    narrow.store.put(wide.quarantined().await).await.unwrap();
    let pages = stream::iter([Ok(narrow.quarantined().await)]);
    let mended = parse(&text);
    let tried = onefold_connect::retry(pages, Some(&mended), &narrow.door, &narrow.store, "mended");
    let pages: Vec<Vec<TriedEntry>> = tried.try_collect().await.unwrap();
    assert_eq!(told(&pages[0]), "at", "{:?}", pages[0]);
    let stay = narrow.quarantined().await;
    assert_eq!(stay.iter().map(|entry| entry.codes.as_str()).collect::<Vec<_>>(), ["R0436"]);
    assert_eq!(narrow.subjects().await, ["contact:t:2", "invoice:t:2"]);
}

#[tokio::test]
async fn what_is_not_a_whole_record_is_not_tried() {
    let hub = Hub::open().await;
    let long = format!("9,K9,2026-03-09,1.00,{}", "x".repeat(5_000));
    let connector = invoices("limits = { record_bytes = 1000 }");
    hub.ingest(&connector, "a.csv", table(&[&long])).await;
    hub.ingest(&connector, "b.csv", "no,who\n1,K1\n").await;
    let entries = hub.quarantined().await;
    assert!(matches!(again(&entries[0], Some(&connector)), Err(RetryError::Cut { kept: 1_000, .. })));
    assert!(matches!(again(&entries[1], Some(&connector)), Err(RetryError::Part { .. })));
    assert!(matches!(again(&entries[1], None), Err(RetryError::Connector { .. })));
}

#[tokio::test]
async fn a_record_that_stands_in_the_log_is_not_taken_in_anew_and_is_settled_once_the_views_show_it() {
    let hub = Hub::open().await;
    let poison = [vec![0xFF; 9], encode(&event("1", "1"))];
    for (offset, value) in (0u64..).zip(poison) {
        let record = LogRecord::new("invoice:erp:1", value, 1_780_000_000_000_000);
        let stored = StoredRecord { partition: 2, offset, record };
        // What this program takes for an event was none to an older one.
        let error = decode(&[0xFF; 9]).unwrap_err();
        hub.store.put(vec![QuarantineEntry::refused("events", &stored, &error)]).await.unwrap();
    }
    let entries = hub.quarantined().await;
    let tried = async |n: usize| retry(&entries[n], None, &hub.door, &hub.store, "by hand").await;
    let told = tried(0).await.unwrap_err();
    assert!(matches!(told, RetryError::Refused { .. }) && told.to_string().contains("events/2/0"), "{told}");
    assert!(matches!(tried(1).await, Err(RetryError::Unfolded { .. })));
    assert_eq!(hub.events().await.len(), 0);
    hub.door.accept(vec![event("1", "1")]).await.unwrap();
    hub.project().await;
    assert!(matches!(tried(1).await, Ok(RetryOutcome::Skipped(_))));
    assert_eq!(hub.store.get(2).await.unwrap().unwrap().decision, "retried");
    assert_eq!((hub.events().await.len(), hub.store.open().await.unwrap()), (1, 1));
}

#[tokio::test]
async fn what_stands_in_quarantine_beside_the_bytes_is_what_it_has_always_been() {
    let hub = Hub::open().await;
    let connector = invoices("charset = [\"utf-8\", \"utf-16\"]");
    let bad = "7,K7,2026-02-30,1.00,é";
    hub.ingest(&connector, "a.csv", table(&[bad])).await;
    hub.ingest(&invoices("charset = \"gb18030\""), "b.csv", "\u{feff}no,who\r\n1,K1\r\n").await;
    take_posted(PostedEvent::batch(b"[7]", 1).unwrap(), &hub.door, &hub.store).await.unwrap();
    let mapping = hex::encode(connector.digest());
    let entries = hub.quarantined().await;
    let [record, file, posted] = &entries[..] else { panic!("{entries:?}") };

    let start = |entry: &QuarantineEntry| entry.sha256[..16].to_owned();
    let offset = crate::hub::HEADING.len() + 1;
    assert_eq!(record.key, format!("invoices/a.csv/{offset}/{}", start(record)));
    assert_eq!((record.first_line, record.last_line, record.raw.as_slice()), (2, 2, bad.as_bytes()));
    let heading: Vec<&str> = crate::hub::HEADING.split(',').collect();
    let expected = json!({
        "mapping": mapping, "charset": "UTF-8", "delimiter": ",", "heading": heading, "rows": [[2, 2, offset, bad.len()]],
    });
    assert_eq!(record.context, expected);

    assert_eq!(file.key, format!("invoices/b.csv/file/R0301/{}", start(file)));
    assert_eq!((file.first_line, file.last_line, file.raw.as_slice()), (1, 1, "\u{feff}no,who".as_bytes()));
    let keys: Vec<&str> = file.context.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!((keys, &file.context["charset"]), (vec!["charset", "mapping"], &json!("UTF-8")));

    assert_eq!((posted.key.as_str(), posted.resource.as_str()), (&*format!("events/{}", posted.sha256), "/v1/events"));
    assert_eq!((posted.first_line, posted.last_line, posted.raw.as_slice(), posted.length), (0, 0, &b"7"[..], 1));
    assert_eq!(posted.context, json!({ "mapping": "0000000000000000", "charset": "UTF-8", "rows": [[0, 0, 0, 1]] }));
}
