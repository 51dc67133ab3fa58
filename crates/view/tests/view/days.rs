//! What a source knows to the day is shown as that day and judged by its own calendar.

use onefold_event::v1::{CaseOpened, ContactMade, Delivered};

use crate::given::*;
use crate::hub::{Hub, subject};

/// A day of a source whose clocks are so far from UTC.
fn day(hub: &mut Hub, about: &str, at: &str, body: impl Into<onefold_event::Body>) {
    let event = hub.say(about, at, body);
    event.header.day = true;
    if event.header.subject.kind() != onefold_event::SubjectKind::Party {
        event.add_reference("buyer", subject("party:erp:A")).unwrap();
    }
}

fn customer() -> Hub {
    let mut hub = Hub::default();
    hub.say("party:erp:A", "2020-01-01", party("Anna", &[]));
    hub
}

#[test]
fn a_day_is_shown_as_itself_in_every_zone() {
    for offset in ["+08:00", "-08:00", "+00:00", "+13:00", "+14:00", "-11:00"] {
        let mut hub = customer();
        day(&mut hub, "order:erp:1", &format!("2026-01-01T00:00:00{offset}"), order("1"));
        day(&mut hub, "order:erp:2", &format!("2026-03-01T00:00:00{offset}"), order("1"));
        let view = serde_json::to_value(hub.fold().view("party:erp:A")).unwrap();
        assert_eq!(
            (&view["trade"]["first_at"], &view["trade"]["last_at"]),
            (&"2026-01-01".into(), &"2026-03-01".into()),
            "{offset}"
        );
        assert_eq!(
            (&view["latest"][0]["at"], &view["latest"][1]["at"]),
            (&"2026-03-01".into(), &"2026-01-01".into()),
            "{offset}"
        );
        assert_eq!(view["trade"]["mean_interval_days"], "59.0", "{offset}");
    }
}

#[test]
fn an_instant_is_shown_with_its_offset() {
    let mut hub = customer();
    let made = ContactMade { channel: "phone".into(), ..ContactMade::default() };
    let said = hub.say("contact:crm:1", "2026-03-01T23:30:00-08:00", made);
    said.add_reference("customer", subject("party:erp:A")).unwrap();
    let view = serde_json::to_value(hub.fold().view("party:erp:A")).unwrap();
    assert_eq!(view["contacts"]["last_at"], "2026-03-01T23:30:00-08:00");
    assert_eq!(
        (&view["latest"][0]["at"], &view["contacts"]["latest"][0]["at"]),
        (&view["contacts"]["last_at"], &view["contacts"]["last_at"])
    );
}

#[test]
fn what_arrives_on_the_evening_of_the_promised_day_is_on_time() {
    for (at, on_time) in [
        ("2026-03-05T23:30:00-08:00", 1),
        ("2026-03-06T00:30:00-08:00", 0),
        // In UTC still the fifth.
        ("2026-03-06T07:00:00+14:00", 0),
        ("2026-03-05T23:59:00Z", 1),
    ] {
        let mut hub = customer();
        day(&mut hub, "order:shop:1", "2026-03-01T00:00:00+08:00", order("1"));
        hub.say("delivery:wms:1", "2026-03-02", dispatched("2026-03-05", &["order:shop:1"]));
        hub.say("delivery:wms:1", at, Delivered::default());
        let shipments = hub.fold().view("party:erp:A").shipments;
        assert_eq!((shipments.on_time, shipments.promised), (on_time, 1), "{at}");
    }
}

#[test]
fn a_case_is_as_old_as_the_calendar_of_its_desk_says() {
    let mut hub = customer();
    let said = hub.say("case:desk:1", "2026-03-01T23:30:00-08:00", CaseOpened::default());
    said.add_reference("customer", subject("party:erp:A")).unwrap();
    let cases = hub.fold().view_at("party:erp:A", Some("2026-03-03")).cases;
    assert_eq!(
        (cases.open_cases[0].age_days, cases.open_cases[0].opened_at.to_string().as_str()),
        (Some(2), "2026-03-01T23:30:00-08:00")
    );
}

#[test]
fn days_to_pay_are_days_of_the_calendars() {
    for (issued, paid, days) in [
        // A day in Shanghai, and the next day in Los Angeles: 40 hours.
        ("2026-03-01T00:00:00+08:00", "2026-03-02T00:00:00-08:00", "1.0"),
        // A day, and noon of the same day by a bank elsewhere.
        ("2026-03-01T00:00:00-08:00", "2026-03-01T12:00:00+08:00", "0.0"),
    ] {
        let mut hub = customer();
        day(&mut hub, "invoice:erp:1", issued, invoice("100.00", "2026-03-31"));
        hub.say("payment:bank:1", paid, payment("100.00", &[("invoice:erp:1", "100.00")]));
        let receivable = hub.fold().view("party:erp:A").receivable;
        assert_eq!(receivable.mean_days_to_pay.as_deref(), Some(days), "{issued} {paid}");
    }
}
