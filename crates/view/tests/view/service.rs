//! Shipments, returns, cases and contacts.

use crate::given::*;
use crate::hub::{Hub, subject};
use onefold_event::v1::{
    ActionCompleted, ActionRequested, CaseClosed, CaseNoted, CaseOpened, CaseReopened, CaseResolved, ContactMade,
    Damaged, Delivered, DeliveryFailed, GoodsReturned, SatisfactionRated, Scanned,
};

fn refer(event: &mut onefold_event::Event, role: &str, to: &str) {
    event.add_reference(role, subject(to)).unwrap();
}

fn ordered() -> Hub {
    let mut hub = Hub::default();
    hub.say("party:erp:A", "2026-01-01", party("Anna", &[]));
    refer(hub.say("order:shop:1", "2026-03-01", order("1")), "buyer", "party:erp:A");
    hub
}

#[test]
fn a_delivery_with_a_track_is_one_shipment_and_keeps_its_promise_by_it() {
    let mut hub = ordered();
    let sent = hub.say("delivery:wms:1", "2026-03-02", dispatched("2026-03-05", &["order:shop:1"]));
    refer(sent, "tracking", "track:sf:9");
    let named = hub.fold();
    let shipments = |day| named.view_at("party:erp:A", Some(day)).shipments;
    assert_eq!((shipments("2026-03-05").open, shipments("2026-03-05").late), (1, Some(0)));
    assert_eq!(shipments("2026-03-06").late, Some(1));
    assert_eq!((named.view("party:erp:A").shipments.late, named.view("party:erp:A").documents), (None, 2));

    hub.say("track:sf:9", "2026-03-03T10:00:00Z", Scanned::default());
    hub.say("track:sf:9", "2026-03-04T10:00:00Z", DeliveryFailed::default());
    let failed = hub.fold().view_at("party:erp:A", Some("2026-03-06")).shipments;
    assert_eq!((failed.open, failed.failed, failed.late), (0, 1, Some(1)));

    hub.say("track:sf:9", "2026-03-05T23:59:00Z", Delivered::default());
    hub.say("track:sf:9", "2026-03-06T09:00:00Z", Damaged::default());
    hub.say("track:sf:9", "2026-03-06T10:00:00Z", Scanned::default());
    let view = hub.fold().view_at("party:erp:A", Some("2026-03-06"));
    let arrived = &view.shipments;
    assert_eq!((arrived.open, arrived.failed, arrived.delivered, arrived.damaged, arrived.late), (0, 0, 1, 1, Some(0)));
    assert_eq!((arrived.on_time, arrived.promised, arrived.on_time_share.as_deref()), (1, 1, Some("1.000")));
    assert_eq!(view.documents, 3);
}

#[test]
fn a_delivery_without_a_track_is_a_shipment_itself_and_can_be_late() {
    let mut hub = ordered();
    hub.say("delivery:wms:1", "2026-03-02", dispatched("2026-03-05", &["order:shop:1"]));
    hub.say("delivery:wms:1", "2026-03-06T00:00:00Z", Delivered::default());
    let shipments = hub.fold().view("party:erp:A").shipments;
    assert_eq!((shipments.delivered, shipments.on_time, shipments.promised), (1, 0, 1));
    assert_eq!(shipments.on_time_share.as_deref(), Some("0.000"));
}

#[test]
fn a_return_follows_its_order() {
    let mut hub = ordered();
    let back = GoodsReturned { condition: "opened".into(), reason: "leaks".into(), ..GoodsReturned::default() };
    refer(hub.say("return:wms:1", "2026-03-09", back), "order", "order:shop:1");
    let view = hub.fold().view("party:erp:A");
    assert_eq!((view.trade.returns, view.latest[0].label.as_str()), (1, "opened: leaks"));
}

#[test]
fn a_case_is_told_in_full() {
    let mut hub = ordered();
    let opened = CaseOpened {
        title: "Leaking package".into(),
        words: "It drips.".into(),
        severity: "high".into(),
        with: "Li".into(),
        ..CaseOpened::default()
    };
    let case = "case:desk:7";
    refer(hub.say(case, "2026-03-05", opened), "order", "order:shop:1");
    let asked = |action: &str, department: &str| ActionRequested {
        action: action.into(),
        department: department.into(),
        what: "free replacement".into(),
        due_on: "2026-03-07".into(),
    };
    hub.say(case, "2026-03-05T10:00:00Z", asked("1", "finance"));
    hub.say(case, "2026-03-05T11:00:00Z", asked("2", "warehouse"));
    hub.say(case, "2026-03-05T12:00:00Z", ActionCompleted { action: "1".into(), result: "released".into() });
    hub.say(case, "2026-03-05T13:00:00Z", CaseNoted { with: "Wang".into(), ..CaseNoted::default() });
    let cases = hub.fold().view_at("party:erp:A", Some("2026-03-08")).cases;
    assert_eq!((cases.total, cases.open, cases.actions_pending), (1, 1, 1));
    let open = &cases.open_cases[0];
    assert_eq!((open.with.as_str(), open.title.as_str(), open.age_days), ("Wang", "Leaking package", Some(3)));
    assert_eq!((open.actions.len(), open.actions[0].department.as_str()), (1, "warehouse"));
    assert_eq!(open.actions[0].due_on.as_deref(), Some("2026-03-07"));

    hub.say(case, "2026-03-06", ActionCompleted { action: "2".into(), ..ActionCompleted::default() });
    hub.say(case, "2026-03-07", CaseResolved::default());
    hub.say(case, "2026-03-08", CaseReopened::default());
    assert_eq!(hub.fold().view("party:erp:A").cases.open, 1);
    hub.say(case, "2026-03-09", CaseClosed::default());
    hub.say(case, "2026-03-10", SatisfactionRated { score: 4, ..SatisfactionRated::default() });
    let other = hub.say("case:desk:8", "2026-03-09", CaseOpened::default());
    refer(other, "customer", "party:erp:A");
    hub.say("case:desk:8", "2026-03-10", SatisfactionRated { score: 9, of: 10, ..SatisfactionRated::default() });
    let cases = hub.fold().view("party:erp:A").cases;
    assert_eq!((cases.total, cases.open, cases.closed, cases.reopened, cases.actions_pending), (2, 1, 1, 1, 0));
    let satisfaction = cases.satisfaction.unwrap();
    assert_eq!((satisfaction.rated, satisfaction.mean_of_5.as_str()), (2, "4.25"));
}

#[test]
fn contacts_are_counted_by_direction_and_channel() {
    let mut hub = ordered();
    for (n, (channel, direction)) in [("phone", "in"), ("phone", "out"), ("fax", "in")].into_iter().enumerate() {
        let made = ContactMade {
            channel: channel.into(),
            direction: direction.into(),
            topic: "price".into(),
            ..Default::default()
        };
        let at = format!("2026-03-0{}", n + 1);
        refer(hub.say(&format!("contact:crm:{n}"), &at, made), "customer", "party:erp:A");
    }
    let contacts = hub.fold().view("party:erp:A").contacts;
    assert_eq!((contacts.total, contacts.incoming, contacts.outgoing), (3, 2, 1));
    assert_eq!((contacts.by_channel["phone"], contacts.by_channel["other"]), (2, 1));
    assert_eq!(contacts.last_at.map(|at| at.to_string()).as_deref(), Some("2026-03-03"));
    assert_eq!(contacts.latest[0].label, "fax, in, price");
}
