//! A real export: a UK wholesaler's invoice lines of one year.

use std::path::Path;

use onefold_connect::{Input, rehearse};
use onefold_event::{Body, EmptyKeyRing};
use onefold_mapping::Connector;

use crate::hub::Hub;

const DATA: &str = "../../../shared/data/uci-online-retail-2009-10/invoices.csv.gz";
const CONNECTOR: &str = "../../deploy/connectors/uci-online-retail.toml";

fn data() -> Option<Input> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(DATA);
    if path.exists() {
        return Some(Input::File(path));
    }
    assert!(std::env::var("CI").is_err(), "{DATA} is absent, and CI=true");
    eprintln!("skipped: {DATA} is absent");
    None
}

fn connector() -> Connector {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(CONNECTOR)).unwrap();
    Connector::parse(CONNECTOR, &text, &|name| Err(name.to_owned())).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_year_of_invoice_lines_gives_the_published_figures_and_nothing_twice() {
    let Some(input) = data() else { return };
    let inputs = [input];
    let rehearsed = rehearse(&connector(), &inputs, Default::default(), &|_| {}).await.unwrap();
    assert_eq!(
        (rehearsed.lines, rehearsed.records, rehearsed.mapped, rehearsed.events),
        (525_461, 28_816, 28_816, 28_816)
    );
    assert_eq!((rehearsed.quarantined, rehearsed.skipped, rehearsed.accepted), (0, 0, 0));

    let mut hub = Hub::open().await;
    let first = hub.ingest_all(&connector(), &inputs).await;
    assert_eq!((first.accepted, first.duplicates, first.quarantined), (28_816, 0, 0));
    let kinds =
        hub.events().await.into_iter().fold([0; 3], |[invoices, credits, adjustments], (_, event)| {
            match event.read(&EmptyKeyRing).unwrap().body {
                Body::InvoiceIssued(_) => [invoices + 1, credits, adjustments],
                Body::CreditNoteIssued(_) => [invoices, credits + 1, adjustments],
                _ => [invoices, credits, adjustments + 1],
            }
        });
    assert_eq!(kinds, [24_221, 4_592, 3]);
    hub.project().await;
    hub.reopen_door().await;
    let second = hub.ingest_all(&connector(), &inputs).await;
    assert_eq!((second.accepted, second.duplicates, second.conflicts), (0, 28_816, 0));
}
