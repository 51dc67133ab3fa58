//! Who is one customer, case by case.

use std::collections::{BTreeMap, BTreeSet};

use onefold_event::Subject;
use onefold_identity::{
    AtSource, ExplanationStep, ForbiddenReason, IdentifierKey, IdentityRules, PartyClusters, PartyDecision, PartyFacts,
    PartyLink, cluster_parties, explain, find_components, normalise_name,
};

#[derive(Default)]
struct World {
    parties: BTreeMap<Subject, PartyFacts>,
    decisions: Vec<PartyDecision>,
    hubs: BTreeSet<IdentifierKey>,
}

fn subject(text: &str) -> Subject {
    text.parse().unwrap()
}

fn named(text: &str) -> BTreeSet<Subject> {
    text.split_whitespace().map(|n| subject(&format!("party:x:{n}"))).collect()
}

impl World {
    /// A party by its number, its name and its values; `born:` is a date of birth.
    fn party(&mut self, number: &str, name: &str, values: &str) -> &mut Self {
        let mut facts = PartyFacts::new(subject(&format!("party:x:{number}")));
        facts.names.extend(normalise_name(name));
        for value in values.split_whitespace() {
            match value.strip_prefix("born:") {
                Some(day) => drop(facts.born_on.insert(day.into())),
                None => drop(facts.identifiers.insert(value.parse().unwrap())),
            }
        }
        self.parties.insert(facts.key.clone(), facts);
        self
    }

    fn link(&mut self, n: u8, at: i64, parties: &str) -> &mut Self {
        let id = subject(&format!("decision:hub:{n}"));
        self.decisions.push(PartyDecision::Link {
            id,
            parties: named(parties),
            recorded_at: at,
            supersedes: BTreeSet::new(),
        });
        self
    }

    fn separate(&mut self, n: u8, at: i64, left: &str, right: &str) -> &mut Self {
        let id = subject(&format!("decision:hub:{n}"));
        self.decisions.push(PartyDecision::Separate {
            id,
            left: named(left),
            right: named(right),
            recorded_at: at,
            supersedes: BTreeSet::new(),
        });
        self
    }

    /// What the source says of two of its records, at a time.
    fn at_source(&mut self, number: &str, other: &str, at: i64, merged: bool) -> &mut Self {
        let said = AtSource { occurred_at: at, revision_order: Vec::new(), recorded_at: at, id: Vec::new(), merged };
        let facts = self.parties.get_mut(&subject(&format!("party:x:{number}"))).unwrap();
        facts.at_source.insert(subject(&format!("party:x:{other}")), said);
        self
    }

    /// The last decision replaces another.
    fn instead_of(&mut self, n: u8) -> &mut Self {
        if let Some(PartyDecision::Link { supersedes, .. } | PartyDecision::Separate { supersedes, .. }) =
            self.decisions.last_mut()
        {
            supersedes.insert(subject(&format!("decision:hub:{n}")));
        }
        self
    }

    fn hub(&mut self, value: &str) -> &mut Self {
        self.hubs.insert(value.parse().unwrap());
        self
    }

    fn clusters(&self) -> PartyClusters {
        cluster_parties(&self.parties, &self.decisions, &self.hubs, &IdentityRules::default())
    }

    /// The customers as a line: `a b | c`.
    fn customers(&self) -> String {
        let of = |set: &Vec<Subject>| set.iter().map(Subject::number).collect::<Vec<_>>().join(" ");
        self.clusters().sets.iter().map(of).collect::<Vec<_>>().join(" | ")
    }
}

#[test]
fn a_strong_value_links_alone() {
    let mut world = World::default();
    world.party("a", "Foo", "tax_number:CN:1").party("b", "Bar", "tax_number:CN:1").party("c", "", "tax_number:DE:1");
    assert_eq!(world.customers(), "a b | c");
}

#[test]
fn another_systems_number_links_alone() {
    let mut world = World::default();
    world.party("a", "Foo", "").party("b", "Bar", "number:x:a");
    assert_eq!(world.customers(), "a b");
}

#[test]
fn a_weak_value_links_parties_of_one_name() {
    let mut world = World::default();
    world.party("a", "John Smith", "phone:+1").party("b", "SMITH, John", "phone:+1").party(
        "c",
        "Jane Smith",
        "phone:+1",
    );
    assert_eq!(world.customers(), "a b | c");
}

#[test]
fn one_without_a_name_is_linked_while_all_others_share_one() {
    let mut world = World::default();
    world
        .party("a", "王伟", "phone:+1")
        .party("b", "王伟", "phone:+1")
        .party("n", "", "phone:+1")
        .party("m", "", "phone:+1");
    assert_eq!(world.customers(), "a b m n");
    world.party("c", "李娜", "phone:+1");
    assert_eq!(world.customers(), "a b | c | m | n");
}

#[test]
fn parties_without_any_name_are_not_linked_by_a_weak_value() {
    let mut world = World::default();
    world.party("a", "", "phone:+1").party("b", "", "phone:+1");
    assert_eq!(world.customers(), "a | b");
}

#[test]
fn a_name_ever_asserted_links() {
    let mut world = World::default();
    world.party("a", "Anna Berg", "email:a@b.c").party("b", "Anna Holm", "email:a@b.c");
    assert_eq!(world.customers(), "a | b");
    world.parties.get_mut(&subject("party:x:b")).unwrap().names.extend(normalise_name("Anna Berg"));
    assert_eq!(world.customers(), "a b");
}

#[test]
fn an_unknown_kind_links_nobody() {
    let mut world = World::default();
    world.party("a", "Foo", "wechat:1").party("b", "Foo", "wechat:1");
    assert_eq!(world.customers(), "a | b");
}

#[test]
fn a_hub_crossed_parts_all_at_once() {
    let rules = IdentityRules::default();
    let mut world = World::default();
    for n in 10..30 {
        world.party(&n.to_string(), "Foo", "phone:+1");
    }
    assert!(!rules.is_hub("phone", 20));
    assert_eq!(world.clusters().sets.len(), 1);
    world.party("30", "Foo", "phone:+1");
    assert!(rules.is_hub("phone", 21));
    world.hub("phone:+1");
    assert_eq!(world.clusters().sets.len(), 21);
}

#[test]
fn never_same_holds_over_a_chain_of_three() {
    let mut world = World::default();
    world.party("a", "Foo", "tax_number:CN:1").party("b", "Foo", "tax_number:CN:1 lei:2").party("c", "Foo", "lei:2");
    assert_eq!(world.customers(), "a b c");
    // The group of the LEI comes before that of the tax number.
    world.separate(1, 1, "a", "c");
    assert_eq!(world.customers(), "a | b c");
}

#[test]
fn a_separation_forbids_each_cross_pair() {
    let mut world = World::default();
    for n in ["a", "b", "c", "d"] {
        world.party(n, "Foo", "tax_number:CN:1");
    }
    world.separate(1, 1, "a b", "c d");
    assert_eq!(world.customers(), "a b | c d");
}

#[test]
fn merged_then_separated_then_undone_is_as_before() {
    let mut world = World::default();
    world.party("a", "Foo", "phone:+1").party("b", "Foo", "phone:+1").party("c", "Bar", "").party("d", "Bar", "");
    let before = world.clusters();
    world.link(1, 1, "a c");
    assert_eq!(world.customers(), "a b c | d");
    world.separate(2, 2, "a b", "c").instead_of(1);
    assert_eq!(world.clusters(), before);
    world.decisions.pop();
    assert_eq!(world.customers(), "a b c | d");
    world.decisions.pop();
    assert_eq!(world.clusters(), before);
}

#[test]
fn of_two_decisions_on_a_pair_the_later_holds() {
    let mut world = World::default();
    world.party("a", "", "").party("b", "", "");
    world.separate(2, 7, "a", "b").link(1, 8, "a b");
    assert_eq!(world.customers(), "a b");
    world.separate(3, 8, "a", "b");
    assert_eq!(world.customers(), "a | b");
    assert_eq!(world.clusters().unhonoured, []);
}

#[test]
fn a_decision_superseded_does_not_hold_though_it_is_later() {
    let mut world = World::default();
    world.party("a", "", "").party("b", "", "");
    world.link(1, 9, "a b").separate(2, 3, "a", "b").instead_of(1);
    assert_eq!(world.customers(), "a | b");
}

#[test]
fn a_same_that_cannot_be_honoured_is_reported() {
    let mut world = World::default();
    world.party("a", "", "").party("b", "", "").party("c", "", "");
    world.link(1, 1, "a b").separate(2, 2, "a", "c").link(3, 3, "b c");
    assert_eq!(world.customers(), "a b | c");
    let [same] = world.clusters().unhonoured.try_into().unwrap();
    assert_eq!(same.link, PartyLink::Decision(subject("decision:hub:3")));
    assert_eq!((same.left.number(), same.right.number()), ("b", "c"));
    assert_eq!((same.because.left.number(), same.because.right.number()), ("a", "c"));
    assert_eq!(same.because.reason, ForbiddenReason::Decision(subject("decision:hub:2")));
}

#[test]
fn two_tax_numbers_of_one_country_keep_parties_apart() {
    let mut world = World::default();
    world.party("a", "Foo", "tax_number:CN:1 phone:+1").party("b", "Foo", "tax_number:CN:2 phone:+1").party(
        "c",
        "Foo",
        "tax_number:DE:3 phone:+1",
    );
    // `c` has none of China: it joins the first.
    assert_eq!(world.customers(), "a c | b");
    world.party("b", "Foo", "tax_number:CN:2 tax_number:CN:1 phone:+1");
    assert_eq!(world.customers(), "a b c");
}

#[test]
fn two_dates_of_birth_keep_parties_apart() {
    let mut world = World::default();
    world
        .party("a", "王伟", "phone:+1 born:1980-01-01")
        .party("b", "王伟", "phone:+1 born:2005-06-07")
        .party("c", "王伟", "phone:+1");
    assert_eq!(world.customers(), "a c | b");
}

#[test]
fn what_keeps_apart_yields_to_a_decision_pair_by_pair() {
    let mut world = World::default();
    world.party("a", "Foo", "tax_number:CN:1").party("b", "Foo", "tax_number:CN:2");
    world.party("a2", "Foo", "tax_number:CN:1").party("b2", "Foo", "tax_number:CN:2");
    assert_eq!(world.customers(), "a a2 | b b2");
    // Nobody said that a2 is b: with a it would be, so it stays by itself.
    world.link(1, 1, "a b");
    assert_eq!(world.customers(), "a b | a2 | b2");
    // Whoever joins two customers names all their parties.
    world.link(2, 2, "a a2 b b2");
    assert_eq!(world.customers(), "a a2 b b2");
    assert_eq!(world.clusters().unhonoured, []);
}

#[test]
fn two_decisions_do_not_make_a_third_pair_one_against_its_exclusive_values() {
    let mut world = World::default();
    world.party("a", "Foo", "tax_number:CN:1").party("b", "Foo", "").party("c", "Foo", "tax_number:CN:3");
    world.link(1, 1, "a b").link(2, 2, "b c");
    assert_eq!(world.customers(), "a b | c");
    let [same] = world.clusters().unhonoured.try_into().unwrap();
    assert_eq!(same.link, PartyLink::Decision(subject("decision:hub:2")));
    assert_eq!((same.because.left.number(), same.because.right.number()), ("a", "c"));
    assert_eq!(same.because.reason, ForbiddenReason::Exclusive("tax_number:CN".into()));
    world.link(3, 3, "a c");
    assert_eq!(world.customers(), "a b c");
}

#[test]
fn a_merge_at_source_links_until_the_source_takes_it_back() {
    let mut world = World::default();
    world.party("a", "Foo", "").party("b", "Bar", "").party("c", "Baz", "");
    world.at_source("a", "b", 1, true).at_source("b", "c", 1, true);
    assert_eq!(world.customers(), "a b c");
    world.at_source("a", "b", 2, false);
    assert_eq!(world.customers(), "a | b c");
    // Of facts about one pair the latest decides, whichever of both records it is about.
    world.at_source("b", "a", 3, true);
    assert_eq!(world.customers(), "a b c");
    world.at_source("b", "a", 1, true);
    assert_eq!(world.customers(), "a | b c");
}

#[test]
fn a_merge_at_source_comes_after_decisions_and_before_strong_values() {
    let mut world = World::default();
    world.party("a", "", "lei:1").party("b", "", "").party("c", "", "lei:1");
    // b may be with either of a and c, not with both: the source says a.
    world.at_source("b", "a", 1, true).separate(1, 1, "b", "c");
    assert_eq!(world.customers(), "a b | c");
    // A person says c.
    world.separate(2, 2, "a", "c").instead_of(1).link(3, 3, "b c");
    assert_eq!(world.customers(), "a | b c");
    let [same] = world.clusters().unhonoured.try_into().unwrap();
    assert_eq!(same.link.to_string(), "party:x:b merged into party:x:a at source");
}

#[test]
fn never_same_beats_a_merge_at_source_which_is_reported() {
    let mut world = World::default();
    world.party("a", "", "").party("b", "", "");
    world.at_source("a", "b", 9, true).separate(1, 1, "a", "b");
    assert_eq!(world.customers(), "a | b");
    let [same] = world.clusters().unhonoured.try_into().unwrap();
    assert_eq!(same.link, PartyLink::AtSource { absorbed: subject("party:x:a"), into: subject("party:x:b") });
    assert_eq!(same.because.reason, ForbiddenReason::Decision(subject("decision:hub:1")));
}

#[test]
fn components_are_as_if_nothing_were_forbidden() {
    let mut world = World::default();
    world
        .party("a", "Foo", "tax_number:CN:1 phone:+1")
        .party("b", "Foo", "tax_number:CN:2 phone:+1")
        .party("c", "Bar", "phone:+1");
    world.separate(1, 1, "a", "b");
    let found = find_components(&world.parties, &world.decisions, &world.hubs, &IdentityRules::default());
    assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1]);
}

/// Why a party is one customer with `party:x:a`.
fn explained(world: &World, to: &str) -> Option<Vec<ExplanationStep>> {
    let rules = IdentityRules::default();
    explain(&world.parties, &world.decisions, &world.hubs, &rules, &subject("party:x:a"), &subject(to))
}

#[test]
fn a_chain_is_explained() {
    let mut world = World::default();
    world
        .party("a", "Foo", "tax_number:CN:1")
        .party("b", "Foo", "tax_number:CN:1 phone:+1")
        .party("c", "Foo", "phone:+1")
        .party("d", "", "");
    world.link(1, 1, "c d");
    let chain: Vec<_> = explained(&world, "party:x:d")
        .unwrap()
        .iter()
        .map(|step| format!("{} {}", step.to.number(), step.link))
        .collect();
    assert_eq!(chain, ["b tax_number:CN:1", "c phone:+1 and the name foo", "d decision:hub:1"]);
    assert_eq!(explained(&world, "party:x:a"), Some(Vec::new()));
    assert_eq!(explained(&world, "party:x:nobody"), None);
    assert!(
        matches!(explained(&world, "party:x:b").unwrap().as_slice(), [step] if matches!(step.link, PartyLink::Strong(_)))
    );
    world.at_source("a", "b", 1, true);
    assert_eq!(
        explained(&world, "party:x:b").unwrap()[0].link.to_string(),
        "party:x:a merged into party:x:b at source"
    );
}

#[test]
fn a_decision_that_names_somebody_unknown_links_the_others() {
    let mut world = World::default();
    world.party("a", "", "").party("b", "", "").link(1, 1, "a b ghost");
    assert_eq!(world.customers(), "a b");
}

#[test]
fn two_spellings_of_one_name_are_one_customer() {
    for (one, other) in [
        ("ΓΕΩΡΓΙΟΣ", "Γεώργιος"),
        ("AYŞE YILDIZ", "Ayşe Yıldız"),
        ("LUKASZ WALESA", "Łukasz Wałęsa"),
        ("Müller", "Mueller"),
        ("Müller", "Muller"),
    ] {
        let mut world = World::default();
        world.party("a", one, "email:a@b.c").party("b", other, "email:a@b.c");
        assert_eq!(world.customers(), "a b", "{one} {other}");
        world.party("c", "", "email:a@b.c");
        assert_eq!(world.customers(), "a b c", "{one} {other}");
    }
    let mut world = World::default();
    world.party("a", "Xue Wang", "email:a@b.c").party("b", "Xu Wang", "email:a@b.c");
    assert_eq!(world.customers(), "a | b");
}
