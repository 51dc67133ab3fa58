//! The hub in memory answers as the hub does.

use onefold_event::{EmptyKeyRing, decode};
use onefold_log::EVENTS_TOPIC;
use onefold_model::{HubModel, LoggedEvent};
use onefold_testkit::{TestHub, hub_key};

/// A model of all that stands in a hub's log, whatever its partitions.
async fn model_of(hub: &TestHub) -> HubModel {
    let mut logged = Vec::new();
    for record in hub.records(EVENTS_TOPIC).await {
        let event = decode(&record.value).expect("an event of ours");
        logged.push(LoggedEvent::new(event, record.time, &hub_key(), &EmptyKeyRing).expect("an event in clear"));
    }
    HubModel::of(&logged, hub.rules())
}

/// Compares every customer's view, the money and whose it is.
pub(crate) async fn the_model_answers_as_the_hub_does(hub: &TestHub) {
    let (model, shown, status) = (model_of(hub).await, hub.shown().await, hub.status().await);
    assert_eq!(model.customers().len() as u64, status.counts.customers);
    for parties in model.customers() {
        let view = model.view(&parties[0], None).expect("a customer");
        let modelled = serde_json::to_value(&view).expect("a view");
        let live = shown.get(&view.id).unwrap_or_else(|| panic!("the hub has no customer {}", view.id));
        let live: serde_json::Value = serde_json::from_slice(live).expect("a view");
        assert_eq!(modelled, live, "{parties:?}");
    }
    let (money, documents) = model.unattributed();
    assert_eq!((&money, documents), (&status.unattributed.money, status.unattributed.documents));
    let all = status.counts.totals;
    assert_eq!(model.total(), (all.money, all.documents));
}
