//! The profile: which value counts, what stands beside it, and the state of each identifier.

use crate::given::*;
use crate::hub::{Hub, subject};
use std::collections::BTreeSet;

use onefold_event::v1::{
    Address, Attribute, ContactMade, ContactPerson, IdentifierWithdrawn, OrderPlaced, PartyRecorded, Person,
};
use onefold_identity::{IdentityRules, ProfileRules};
use onefold_view::{ViewInput, assemble};

fn state(hub: &Hub, party: &str, key: &str) -> Option<&'static str> {
    let view = hub.fold().view(party);
    view.identifiers.iter().find(|i| i.key == key).map(|i| i.state)
}

#[test]
fn the_latest_value_counts_and_the_losing_ones_stand_beside_it() {
    let mut hub = Hub::default();
    let vat = id("lei", "529900T8BM49AURSDO55");
    let erp = PartyRecorded { industry: "tools".into(), ..party("Anna GmbH", std::slice::from_ref(&vat)) };
    hub.say("party:erp:1", "2026-01-01", erp);
    hub.say("party:crm:1", "2026-02-01", party("ANNA", &[vat]));
    let view = hub.fold().view("party:erp:1");
    let name = &view.profile["name"];
    assert_eq!((name.value.as_str(), name.source.as_str()), ("ANNA", "crm"));
    assert_eq!((name.others[0].value.as_str(), name.others[0].source.as_str()), ("Anna GmbH", "erp"));
    assert!(view.profile["industry"].others.is_empty());
    assert_eq!(view.parties, ["party:crm:1", "party:erp:1"]);
}

#[test]
fn what_a_later_record_leaves_out_stays() {
    let mut hub = Hub::default();
    let address =
        Address { line: "Am Markt 1".into(), city: "Bremen".into(), purpose: "billing".into(), ..Address::default() };
    hub.say("party:erp:1", "2026-01-01", PartyRecorded { addresses: vec![address], ..party("Anna", &[]) });
    hub.say("party:erp:1", "2026-02-01", PartyRecorded { language: "de".into(), ..PartyRecorded::default() });
    let profile = hub.fold().view("party:erp:1").profile;
    assert_eq!(profile["name"].value, "Anna");
    assert_eq!(profile["billing_address"].value, "Am Markt 1, Bremen");
    assert_eq!(profile["language"].value, "de");
}

#[test]
fn an_identifier_says_how_it_links() {
    let mut hub = Hub::default();
    let all = [
        id("lei", "529900T8BM49AURSDO55"),
        id("phone", "+8613800138000"),
        id("email", "no address"),
        id("wechat", "anna"),
    ];
    hub.say("party:erp:1", "2026-01-01", party("Anna", &all));
    assert_eq!(state(&hub, "party:erp:1", "lei:529900T8BM49AURSDO55"), Some("links"));
    assert_eq!(state(&hub, "party:erp:1", "phone:+8613800138000"), Some("weak"));
    assert_eq!(state(&hub, "party:erp:1", "email:no address"), Some("invalid"));
    assert_eq!(state(&hub, "party:erp:1", "wechat:anna"), Some("other"));
}

#[test]
fn a_correction_withdraws_what_was_said_until_it_is_said_again() {
    let (mut hub, phone) = (Hub::default(), id("phone", "+8613800138000"));
    let key = "phone:+8613800138000";
    hub.say("party:erp:1", "2026-01-01", party("Anna", std::slice::from_ref(&phone)));
    hub.say("party:erp:1", "2026-01-02", wrong(std::slice::from_ref(&phone)));
    assert_eq!(state(&hub, "party:erp:1", key), Some("withdrawn"));
    hub.say("party:erp:1", "2026-01-03", party("Anna", &[phone]));
    assert_eq!(state(&hub, "party:erp:1", key), Some("weak"));
}

#[test]
fn a_correction_withdraws_what_a_superseded_revision_said() {
    let (mut hub, phone) = (Hub::default(), id("phone", "+8613800138000"));
    hub.revise("r", 1, "party:erp:1", "2026-01-01", party("Anna", std::slice::from_ref(&phone)));
    hub.revise("r", 2, "party:erp:1", "2026-01-01", party("Anna", &[]));
    assert_eq!(state(&hub, "party:erp:1", "phone:+8613800138000"), Some("weak"));
    hub.say("party:erp:1", "2026-01-02", wrong(&[phone]));
    assert_eq!(state(&hub, "party:erp:1", "phone:+8613800138000"), Some("withdrawn"));
}

#[test]
fn a_person_withdraws_for_ever_unless_it_is_undone() {
    let (mut hub, phone) = (Hub::default(), id("phone", "+8613800138000"));
    let decision =
        |undone| IdentifierWithdrawn { wrong: vec![phone.clone()], undone, ..IdentifierWithdrawn::default() };
    hub.say("party:erp:1", "2026-01-01", party("Anna", std::slice::from_ref(&phone)));
    hub.revise("d", 1, "party:erp:1", "2026-01-02", decision(false));
    hub.say("party:erp:1", "2026-01-03", party("Anna", std::slice::from_ref(&phone)));
    let key = "phone:+8613800138000";
    assert_eq!(state(&hub, "party:erp:1", key), Some("withdrawn"));
    let party = subject("party:erp:1");
    let fragment = &hub.fold().fragments[&party];
    assert!(fragment.asserted_identifiers(&party).iter().any(|(k, stands)| k.as_str() == key && !stands));
    hub.revise("d", 2, "party:erp:1", "2026-01-04", decision(true));
    assert_eq!(state(&hub, "party:erp:1", key), Some("weak"));
}

#[test]
fn names_of_superseded_revisions_are_kept_for_identity() {
    let mut hub = Hub::default();
    hub.revise("r", 1, "party:erp:1", "2026-01-01", party("Anna Meier", &[]));
    hub.revise("r", 2, "party:erp:1", "2026-01-01", party("Anna Schmidt", &[]));
    let party = subject("party:erp:1");
    let folded = hub.fold();
    assert_eq!(folded.fragments[&party].party_facts(&party).names.len(), 2);
    assert_eq!(folded.view("party:erp:1").profile["name"].value, "Anna Schmidt");
}

#[test]
fn an_attribute_is_what_was_said_last_under_its_name_and_one_without_a_text_takes_it_back() {
    let of = |name: &str, text: &str| Attribute { name: name.into(), text: text.into() };
    let says = |attributes: &[Attribute]| PartyRecorded { attributes: attributes.to_vec(), ..PartyRecorded::default() };
    let mut hub = Hub::default();
    let lei =
        PartyRecorded { attributes: vec![of("plan", "silver")], ..party("A", &[id("lei", "529900T8BM49AURSDO55")]) };
    hub.say("party:erp:1", "2026-01-01", lei.clone());
    hub.say("party:crm:1", "2026-01-02", lei);
    hub.say("party:crm:1", "2026-03-01", says(&[of("plan", "gold"), of("colour", "red")]));
    hub.say("party:crm:1", "2026-02-01", says(&[of("plan", "bronze"), of("colour", ""), of("size", "L")]));
    hub.say("party:crm:1", "2026-04-01", says(&[of("size", "")]));
    // A revision says all anew.
    hub.revise("r", 1, "party:crm:1", "2026-05-01", says(&[of("note", "old")]));
    hub.revise("r", 2, "party:crm:1", "2026-05-01", says(&[of("tier", "1")]));
    let view = hub.fold().view("party:erp:1");
    let told: Vec<_> = view.attributes.iter().map(|(name, value)| (name.as_str(), value.value.as_str())).collect();
    assert_eq!(told, [("colour", "red"), ("plan", "gold"), ("tier", "1")]);
    let others: Vec<_> = view.attributes["plan"].others.iter().map(|o| (o.value.as_str(), o.source.as_str())).collect();
    assert_eq!(others, [("silver", "erp")]);
    let json = serde_json::to_value(&view).unwrap();
    assert_eq!(json["attributes"]["plan"]["value"], "gold");
}

#[test]
fn more_attributes_than_a_bundle_has_room_for_are_counted() {
    let mut hub = Hub::default();
    for event in 0..3 {
        let attributes = (0..60).map(|n| Attribute { name: format!("a{event}{n:02}"), text: "x".repeat(300) });
        let said = PartyRecorded { attributes: attributes.collect(), ..party("A", &[]) };
        hub.say("party:erp:1", "2026-01-01", said);
    }
    let view = hub.fold().view("party:erp:1");
    assert_eq!(view.attributes.len() + view.more_attributes as usize, 180);
    let bytes: usize = view.attributes.iter().map(|(name, value)| name.len() + value.value.len() + 3).sum();
    assert!((5 << 10..=6 << 10).contains(&bytes), "{bytes}");
}

#[test]
fn who_speaks_for_an_organisation_is_told_by_name_and_found_and_links_nobody() {
    let person = |name: &str, function: &str, phone: &str| ContactPerson {
        name: name.into(),
        function: function.into(),
        phone: phone.into(),
        email: "buying@example.com".into(),
    };
    let mut hub = Hub::default();
    let first = PartyRecorded { contacts: vec![person("Ana Trujillo", "Owner", "(5) 555-4729")], ..party("A", &[]) };
    let later = PartyRecorded { contacts: vec![person("Ana Trujillo", "Sales", "(5) 555-3932")], ..party("A", &[]) };
    let other = PartyRecorded { contacts: vec![person("Hanna Moos", "", "(5) 555-3932")], ..party("A", &[]) };
    hub.say("party:erp:1", "2026-01-01", first);
    hub.say("party:erp:1", "2026-02-01", later);
    hub.say("party:erp:2", "2026-02-01", other);
    let folded = hub.fold();
    let view = folded.view("party:erp:1");
    let persons: Vec<_> = view.contact_persons.iter().map(|p| (p.name.as_str(), p.function.as_str())).collect();
    assert_eq!((persons, view.parties.len()), (vec![("Ana Trujillo", "Sales")], 1), "a shared phone joins nobody");
    let words = folded.bundles["party:erp:1"].search_words();
    for word in ["Ana Trujillo", "(5) 555-3932", "55553932", "buying@example.com"] {
        assert!(words.contains(word), "{word}: {words:?}");
    }
}

/// The profile of the one customer that holds this identifier, under rules of its own.
fn profile_under(hub: &Hub, party: &str, rules: ProfileRules) -> Vec<(String, String, String)> {
    let folded = hub.fold();
    let rules = IdentityRules { profile: rules, ..IdentityRules::default() };
    let view = assemble(&ViewInput {
        id: "",
        parties: &[subject(party)],
        bundles: &folded.bundles_of(party),
        hubs: &BTreeSet::new(),
        decisions: &[],
        rules: &rules,
        open_items: &[],
        today: None,
        tallies: None,
    });
    let told = view.profile.into_iter().chain(view.attributes);
    told.map(|(field, value)| (field, value.value, value.source)).collect()
}

#[test]
fn sources_count_in_the_order_that_the_rules_say_and_a_group_is_taken_from_one_party_as_far_as_it_has_it() {
    let address =
        |city: &str, purpose: &str| Address { city: city.into(), purpose: purpose.into(), ..Address::default() };
    let lei = [id("lei", "529900T8BM49AURSDO55")];
    let plan = |text: &str| vec![Attribute { name: "plan".into(), text: text.into() }];
    let mut hub = Hub::default();
    let erp = PartyRecorded { addresses: vec![address("Kiel", ""), address("Bonn", "billing")], ..party("Anna", &lei) };
    hub.say("party:erp:1", "2026-01-01", PartyRecorded { attributes: plan("silver"), ..erp });
    let crm =
        PartyRecorded { addresses: vec![address("Ulm", ""), address("Jena", "shipping")], ..party("ANNA GMBH", &lei) };
    hub.say("party:crm:1", "2026-02-01", PartyRecorded { attributes: plan("gold"), ..crm });
    let shop = PartyRecorded { addresses: vec![address("Rom", "billing")], ..party("A. GmbH", &lei) };
    hub.say("party:shop:1", "2026-01-15", shop);
    let told = |rules: ProfileRules| -> Vec<String> {
        let all = profile_under(&hub, "party:erp:1", rules).into_iter();
        all.map(|(field, value, source)| format!("{field} {value} {source}")).collect()
    };
    let latest = [
        "address Ulm crm",
        "billing_address Rom shop",
        "name ANNA GMBH crm",
        "shipping_address Jena crm",
        "plan gold crm",
    ];
    assert_eq!(told(ProfileRules::default()), latest);
    let sources = |all: &[&str]| all.iter().map(|source| (*source).to_owned()).collect::<Vec<_>>();
    let first = [
        "address Kiel erp",
        "billing_address Bonn erp",
        "name Anna erp",
        "shipping_address Jena crm",
        "plan silver erp",
    ];
    assert_eq!(told(ProfileRules { sources: sources(&["erp"]), ..ProfileRules::default() }), first);
    let groups = [("address", sources(&["shop", "erp"])), ("attributes", sources(&["erp"]))];
    let groups = groups.into_iter().map(|(group, sources)| (group.to_owned(), sources)).collect();
    let by_group = [
        "address Kiel erp",
        "billing_address Rom shop",
        "name A. GmbH shop",
        "shipping_address Jena crm",
        "plan silver erp",
    ];
    assert_eq!(told(ProfileRules { groups, capitals_last: true, ..ProfileRules::default() }), by_group);
}

#[test]
fn a_name_in_capitals_counts_where_no_other_is_known() {
    let rules = || ProfileRules { capitals_last: true, ..ProfileRules::default() };
    let lei = [id("lei", "529900T8BM49AURSDO55")];
    let mut hub = Hub::default();
    // An attribute of that name is no name of a party.
    let called = |text: &str| vec![Attribute { name: "name".into(), text: text.into() }];
    hub.say("party:crm:1", "2026-02-01", PartyRecorded { attributes: called("GOLD"), ..party("ANNA GMBH", &lei) });
    assert_eq!(profile_under(&hub, "party:crm:1", rules())[0].1, "ANNA GMBH");
    hub.say("party:erp:1", "2026-01-01", PartyRecorded { attributes: called("silver"), ..party("安娜公司", &lei) });
    assert_eq!(profile_under(&hub, "party:crm:1", rules())[1].1, "GOLD", "the latest");
    assert_eq!(profile_under(&hub, "party:crm:1", rules())[0].1, "安娜公司");
    assert_eq!(profile_under(&hub, "party:crm:1", ProfileRules::default())[0].1, "ANNA GMBH");
}

#[test]
fn a_guest_is_found_by_whatever_stood_on_its_orders_and_owns_nothing_by_it() {
    let mut hub = Hub::default();
    let buyer = |name: &str| Some(Person { name: name.into(), ..Person::default() });
    let identifiers = vec![id("email", "wang@example.com"), id("phone", "+8613800138000")];
    hub.say("order:shop:1", "2026-01-01", OrderPlaced { identifiers, buyer: buyer("王伟"), ..order("5") });
    let phone = vec![id("phone", "+8613800138000")];
    hub.say("contact:shop:1", "2026-01-02", ContactMade { identifiers: phone, ..ContactMade::default() });
    let folded = hub.fold();
    let guest = "party:shop:guest:email:wang@example.com";
    let view = folded.view(guest);
    let states: Vec<_> = view.identifiers.iter().map(|one| (one.key.as_str(), one.state)).collect();
    assert!(states.contains(&("phone:+8613800138000", "beside")), "{states:?}");
    assert!(states.contains(&("email:wang@example.com", "weak")), "{states:?}");
    assert_eq!((view.profile["name"].value.as_str(), view.contacts.total), ("王伟", 0), "the call is nobody's");
    let words = folded.bundles[guest].search_words();
    for word in ["王伟", "wang@example.com", "+8613800138000"] {
        assert!(words.contains(word), "{word}: {words:?}");
    }
}
