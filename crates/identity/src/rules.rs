//! Which values link, how strongly, and up to how many parties.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// Kinds that link alone, by default.
const STRONG: [&str; 7] = ["tax_number", "registration", "lei", "vat", "national_id", "loyalty", "number"];
/// Kinds that link parties of one name, by default.
const WEAK: [&str; 3] = ["phone", "email", "account"];
/// Kinds of which one customer has only one per issuer, by default.
const EXCLUSIVE: [&str; 2] = ["tax_number", IdentityRules::BORN_ON];

/// Parties from which on a customer is full, by default.
const FULL_FROM: u64 = 10_000;

/// How far a kind of value links.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LinkStrength {
    /// Links alone.
    Strong,
    /// Links parties of one name.
    Weak,
    /// Does not link.
    Neither,
}

/// The rules of identity that are configuration (B3 to B5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IdentityRules {
    /// Kinds that link alone.
    pub strong: BTreeSet<String>,
    /// Kinds that link parties of one name. A kind in both lists is strong.
    pub weak: BTreeSet<String>,
    /// Kinds of which a customer has only one per issuer; `born_on` is the date of birth.
    pub exclusive: BTreeSet<String>,
    /// From how many parties on a customer is full: values join nobody to it any more, decisions and merges at source do.
    pub full_from: u64,
    /// How many parties a value may link before it is a hub value, which links nobody.
    pub hub: HubLimits,
    /// Which of a customer's values counts, where its parties differ.
    pub profile: ProfileRules,
}

/// Which value of a field counts, where a customer's parties differ: by default what was said last.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProfileRules {
    /// Sources whose values count before those of all others, the first before the second.
    pub sources: Vec<String>,
    /// The same for single groups of fields, in the place of `sources`.
    pub groups: BTreeMap<String, Vec<String>>,
    /// A name in capitals alone counts only where no other is known.
    pub capitals_last: bool,
}

impl ProfileRules {
    /// Attributes, whatever they are called.
    pub const ATTRIBUTES: &str = "attributes";
    /// Groups of fields that are taken from one party together, as far as it has them; a field that is in none is one by itself.
    const GROUPS: [(&str, &[&str]); 3] = [
        ("address", &["address", "billing_address", "shipping_address", "home_address"]),
        ("organisation", &["kind", "region", "industry", "size"]),
        ("person", &["born_on", "language"]),
    ];
    /// Fields that are groups by themselves.
    const SINGLE: [&str; 3] = ["name", "customer_since", Self::ATTRIBUTES];

    /// The group of a field.
    pub fn group_of(field: &str) -> &str {
        Self::GROUPS.iter().find(|(_, fields)| fields.contains(&field)).map_or(field, |(group, _)| group)
    }

    /// The sources whose values of a group count before all others; none where the latest counts.
    pub fn sources_of(&self, group: &str) -> &[String] {
        self.groups.get(group).unwrap_or(&self.sources)
    }

    /// Groups of the configuration that there are not, with those that there are.
    pub fn unknown_groups(&self) -> Vec<String> {
        let known: Vec<&str> = Self::SINGLE.into_iter().chain(Self::GROUPS.map(|(group, _)| group)).collect();
        let unknown = self.groups.keys().filter(|group| !known.contains(&group.as_str()));
        unknown.map(|group| format!("`{group}` is no group of fields: expected one of {}", known.join(", "))).collect()
    }
}

/// How many parties may ever have asserted a value that links.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HubLimits {
    /// Of weak kinds.
    pub weak: u64,
    /// Of strong kinds.
    pub strong: u64,
    /// Of single kinds, before the others.
    pub kinds: BTreeMap<String, u64>,
}

impl Default for HubLimits {
    fn default() -> Self {
        Self { weak: 20, strong: 500, kinds: BTreeMap::new() }
    }
}

impl Default for IdentityRules {
    fn default() -> Self {
        let set = |kinds: &[&str]| kinds.iter().map(|kind| (*kind).to_owned()).collect();
        Self {
            strong: set(&STRONG),
            weak: set(&WEAK),
            exclusive: set(&EXCLUSIVE),
            full_from: FULL_FROM,
            hub: HubLimits::default(),
            profile: ProfileRules::default(),
        }
    }
}

impl IdentityRules {
    /// The date of birth, among the exclusive kinds.
    pub const BORN_ON: &str = "born_on";

    /// How far values of a kind link.
    pub fn strength(&self, kind: &str) -> LinkStrength {
        if self.strong.contains(kind) {
            LinkStrength::Strong
        } else if self.weak.contains(kind) {
            LinkStrength::Weak
        } else {
            LinkStrength::Neither
        }
    }

    /// Whether a value that so many parties *ever* asserted, withdrawn or not, links nobody. The count only grows, so this does not depend on order.
    pub fn is_hub(&self, kind: &str, ever: u64) -> bool {
        ever > self.holder_limit(kind)
    }

    /// Most parties that a value of this kind may link.
    pub fn holder_limit(&self, kind: &str) -> u64 {
        let limit = match self.strength(kind) {
            LinkStrength::Strong => self.hub.strong,
            LinkStrength::Weak => self.hub.weak,
            LinkStrength::Neither => return u64::MAX,
        };
        self.hub.kinds.get(kind).copied().unwrap_or(limit)
    }

    /// Whether a customer of so many parties is full, which is for a person to look at.
    pub fn is_full(&self, parties: usize) -> bool {
        parties as u64 >= self.full_from
    }

    /// Whether a value of this kind on a document can say whose it is: what links by default, and nothing else, since owner keys outlive configurations.
    pub fn can_own(kind: &str) -> bool {
        STRONG.contains(&kind) || WEAK.contains(&kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_a_hub_beyond_its_kinds_limit() {
        let mut rules = IdentityRules::default();
        assert!(!rules.is_hub("phone", 20) && rules.is_hub("phone", 21));
        assert!(!rules.is_hub("lei", 500) && rules.is_hub("lei", 501));
        assert!(!rules.is_hub("wechat", 1_000_000));
        rules.hub.kinds.insert("phone".into(), 2);
        assert!(rules.is_hub("phone", 3) && !rules.is_hub("email", 3));
    }

    #[test]
    fn the_defaults_are_the_rules() {
        let rules = IdentityRules::default();
        assert_eq!(rules.strength("tax_number"), LinkStrength::Strong);
        assert_eq!(rules.strength("phone"), LinkStrength::Weak);
        assert_eq!(rules.strength("wechat"), LinkStrength::Neither);
    }

    #[test]
    fn a_configuration_says_only_what_differs() {
        let rules: IdentityRules = toml::from_str("weak = ['phone']\n[hub]\nkinds = { phone = 5 }").unwrap();
        assert_eq!((rules.strength("email"), rules.strength("lei")), (LinkStrength::Neither, LinkStrength::Strong));
        assert!(rules.is_hub("phone", 6) && !rules.is_hub("lei", 500));
        assert!(toml::from_str::<IdentityRules>("week = ['phone']").is_err());
        assert!(toml::from_str::<IdentityRules>("[hub]\nweek = 5").is_err());
    }
}
