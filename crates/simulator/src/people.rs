//! Who the customers are, and what each system knows of them.
//!
//! Every party shares with the customer's first ERP number either a strong identifier,
//! or a weak one and the very same name. Different customers share a phone only under
//! different names, or a switchboard that is too common to link anybody.

use crate::customer::{CustomerKind, PartyRecord, SimulatedCustomer, SourceSystem};
use crate::dice::SeededDice;
use crate::identifiers as id;
use crate::moment::LocalTime;
use crate::names::{self, CITIES, NameVariants};
use crate::numbers::NumberSeries;
use crate::settings::CompanySettings;

/// Customers from here to there, in the first branch, sit behind one switchboard.
pub(crate) const SWITCHBOARD_FROM: u32 = 20;
const SWITCHBOARD_TO: u32 = 46;
/// Below this many customers there is no such park.
const SWITCHBOARD_MIN: u32 = 60;

/// The customer whose complaint is told in full.
pub(crate) const COMPLAINANT: u32 = 0;
pub(crate) const COMPLAINANT_MIN: u32 = 10;
/// The customer known under the most numbers.
pub(crate) const MERGED: u32 = 1;

const HISTORY_DAYS: i64 = 1_826;

/// How a further party is tied to the first.
#[derive(Clone, Copy, PartialEq, Eq)]
enum PartyBond {
    ErpNumber,
    TaxNumber,
    Loyalty,
    Phone,
    Email,
    Account,
}

/// A 王伟 whose phone the desk once wrote down for another 王伟, who sits in the park: the two are one
/// customer until the desk corrects itself.
const NAMESAKE: u32 = 2;
const MISTAKEN: u32 = SWITCHBOARD_FROM;

/// Two people of one family name on one phone.
struct SharedFamily {
    western: bool,
    members: [NameVariants; 2],
    /// Index of the one whose phone it is.
    first: u32,
}

pub(crate) struct CustomerCensus<'a> {
    pub(crate) settings: &'a CompanySettings,
    pub(crate) numbers: &'a mut NumberSeries,
}

impl CustomerCensus<'_> {
    fn is_parked(&self, index: u32) -> bool {
        self.settings.customers >= SWITCHBOARD_MIN && (SWITCHBOARD_FROM..SWITCHBOARD_TO).contains(&index)
    }

    /// The family of this customer, found from its index alone, since both members must know of it.
    fn family_of(&self, index: u32) -> Option<SharedFamily> {
        let first = index - index % 2;
        if first < 4 || first + 1 >= self.settings.customers || self.is_parked(first) {
            return None;
        }
        let mut dice = SeededDice::new(self.settings.seed, "family", first.into());
        if !dice.chance(60) {
            return None;
        }
        let western = dice.chance(150);
        let person = if western { names::western_person } else { names::chinese_person };
        let (one, family) = person(&mut dice, None, "");
        let (two, _) = person(&mut dice, Some(family), &one.full);
        Some(SharedFamily { western, members: [one, two], first })
    }

    pub(crate) fn next_customer(&mut self, index: u32) -> SimulatedCustomer {
        let seed = self.settings.seed;
        let mut dice = SeededDice::new(seed, "customer", index.into());
        let parked = self.is_parked(index);
        let special = index <= MERGED;
        let (mut kind, western) = match dice.between(0, 99) {
            0..=57 => (CustomerKind::Person, false),
            58..=80 => (CustomerKind::Organisation, false),
            81..=92 => (CustomerKind::Person, true),
            _ => (CustomerKind::Organisation, true),
        };
        let mut western = western && !parked && index > 2;
        let twin = index == NAMESAKE || parked && index < SWITCHBOARD_FROM + 2;
        match index {
            COMPLAINANT => kind = CustomerKind::Person,
            MERGED => kind = CustomerKind::Organisation,
            _ if twin => kind = CustomerKind::Person,
            _ if parked && index.is_multiple_of(3) => kind = CustomerKind::Organisation,
            _ => {}
        }
        let family = self.family_of(index);
        if let Some(family) = &family {
            kind = CustomerKind::Person;
            western = family.western;
        }
        let (mut named, city, industry) = make_name(index, kind, western, twin, &mut dice);
        let mobile = if western { id::german_mobile } else { id::chinese_mobile };
        let (phone, phone_shared) = match family {
            Some(family) => {
                let [one, two] = family.members;
                named = if index == family.first { one } else { two };
                (mobile(family.first.into(), seed), true)
            }
            None if parked => (id::SWITCHBOARD.to_owned(), true),
            None => (mobile(index.into(), seed), false),
        };
        let today = LocalTime::midnight(self.settings.today);
        let age = match index {
            COMPLAINANT => HISTORY_DAYS,
            MERGED => 1_500,
            _ => dice.between(20, HISTORY_DAYS),
        };
        let mut customer = SimulatedCustomer {
            index,
            kind,
            western,
            name: named.full,
            latin: named.latin,
            city,
            industry,
            since: today.plus_days(-age).at_time(9, dice.between(0, 59), dice.between(0, 59)),
            phone,
            phone_shared,
            account: id::virtual_iban(index.into()),
            parties: Vec::new(),
        };
        self.enter_records(&mut customer, parked, special, &mut dice);
        customer
    }

    /// Writes the customer into the systems that know it.
    fn enter_records(&mut self, customer: &mut SimulatedCustomer, parked: bool, special: bool, dice: &mut SeededDice) {
        let index = u64::from(customer.index);
        let tax_number = (customer.kind == CustomerKind::Organisation && !customer.western)
            .then(|| id::credit_code(index, CITIES[customer.city].2));
        let loyalty = (customer.kind == CustomerKind::Person && (parked || special || dice.chance(700)))
            .then(|| id::loyalty_number(index));
        let domain = *dice.pick(&["example.com", "example.net", "example.org"]);
        let email = (special || customer.western || dice.chance(600))
            .then(|| format!("{}{}@{domain}", names::mailbox_name(&customer.latin), customer.index));
        let has_account = special || dice.chance(500);
        let today = LocalTime::midnight(self.settings.today);
        let later_phone = match customer.western {
            true => None,
            false => Some(id::chinese_mobile_later(index, self.settings.seed)),
        };
        let moves = !special && !parked && customer.since.days_until(today) > 60 && dice.chance(60);
        let moved_to = later_phone.filter(|_| moves).map(|phone| {
            let days = dice.between(30, customer.since.days_until(today) - 5);
            (customer.since.plus_days(days).at_time(14, 30, 0), phone)
        });
        let first = PartyRecord {
            system: SourceSystem::Erp,
            number: self.numbers.erp_customer(),
            name: Some(customer.name.clone()),
            phone: Some(customer.phone.clone()),
            email,
            account: has_account.then(|| customer.account.clone()),
            tax_number,
            loyalty,
            erp_number: None,
            since: customer.since,
            moved_to,
            phone_disowned: None,
        };
        let nameless = !special && !customer.phone_shared && dice.chance(100);

        let mut others = Vec::new();
        if customer.index == MERGED || (first.tax_number.is_some() || first.loyalty.is_some()) && dice.chance(40) {
            others.push(SourceSystem::Erp);
        }
        for (system, share) in [(SourceSystem::Bank, 450), (SourceSystem::Wms, 400), (SourceSystem::Desk, 600)] {
            if special || dice.chance(share) || (system, customer.index) == (SourceSystem::Desk, MISTAKEN) && parked {
                others.push(system);
            }
        }
        customer.parties.push(first);
        for system in others {
            let mut party = self.add_party(customer, system, nameless, dice);
            if parked && (system, customer.index) == (SourceSystem::Desk, MISTAKEN) {
                party.name = Some(customer.name.clone());
                party.phone = Some(id::chinese_mobile(NAMESAKE.into(), self.settings.seed));
                party.phone_disowned = Some(party.since.plus_days(11));
            }
            customer.parties.push(party);
        }
    }

    /// A party of a known customer in another system, or once more in the ERP.
    fn add_party(
        &mut self,
        customer: &SimulatedCustomer,
        system: SourceSystem,
        nameless_kin: bool,
        dice: &mut SeededDice,
    ) -> PartyRecord {
        let first = &customer.parties[0];
        let same_latin = customer.latin == customer.name;
        let own_phone = !customer.phone_shared || customer.phone != id::SWITCHBOARD;
        let mut bonds = Vec::new();
        let tax = first.tax_number.is_some().then_some(PartyBond::TaxNumber);
        let loyalty = first.loyalty.is_some().then_some(PartyBond::Loyalty);
        let phone = own_phone.then_some(PartyBond::Phone);
        let email = first.email.is_some().then_some(PartyBond::Email);
        match system {
            // A second number for one customer: only the tax number or the card tells.
            SourceSystem::Erp => bonds.extend([tax, loyalty].into_iter().flatten()),
            SourceSystem::Bank => {
                bonds.push(PartyBond::ErpNumber);
                bonds.extend(tax);
                if same_latin && first.account.is_some() {
                    bonds.extend([PartyBond::Account, PartyBond::Account, PartyBond::Account]);
                }
            }
            SourceSystem::Wms => {
                bonds.push(PartyBond::ErpNumber);
                bonds.extend([phone, phone, loyalty].into_iter().flatten());
            }
            SourceSystem::Desk => {
                bonds.push(PartyBond::ErpNumber);
                bonds.extend([tax, loyalty, phone, phone, email].into_iter().flatten());
            }
        }
        let bond = *dice.pick(&bonds);
        let weak = matches!(bond, PartyBond::Phone | PartyBond::Email | PartyBond::Account);
        let nameless = nameless_kin && bond == PartyBond::Phone && system == SourceSystem::Desk;
        // Who has a nameless party on the phone has nobody misspelt on it: two names there would part it.
        let wrong = !weak && system != SourceSystem::Bank && (system == SourceSystem::Erp || dice.chance(250));
        let name = match system {
            _ if nameless => None,
            SourceSystem::Bank => Some(customer.latin.clone()),
            _ if wrong => Some(names::misspell_name(&customer.name, dice)),
            _ => Some(customer.name.clone()),
        };
        let tells_phone = bond == PartyBond::Phone
            || matches!(system, SourceSystem::Wms | SourceSystem::Desk)
                && (!wrong || !nameless_kin)
                && dice.chance(800)
            || system == SourceSystem::Desk && customer.phone == id::SWITCHBOARD;
        let number = match system {
            SourceSystem::Erp => self.numbers.erp_customer(),
            SourceSystem::Bank => self.numbers.payer(),
            SourceSystem::Wms => self.numbers.consignee(),
            SourceSystem::Desk => self.numbers.next_contact(),
        };
        let given = |wanted: PartyBond, value: &Option<String>| value.clone().filter(|_| bond == wanted);
        PartyRecord {
            system,
            number,
            name,
            phone: tells_phone.then(|| customer.phone.clone()),
            email: given(PartyBond::Email, &first.email),
            account: (system == SourceSystem::Bank).then(|| customer.account.clone()),
            tax_number: given(PartyBond::TaxNumber, &first.tax_number),
            loyalty: given(PartyBond::Loyalty, &first.loyalty),
            erp_number: (bond == PartyBond::ErpNumber).then(|| first.number.clone()),
            since: customer.since.plus_days(dice.between(0, 9)).at_time(10, dice.between(0, 59), dice.between(0, 59)),
            moved_to: None,
            phone_disowned: None,
        }
    }
}

fn make_name(
    index: u32,
    kind: CustomerKind,
    western: bool,
    twin: bool,
    dice: &mut SeededDice,
) -> (NameVariants, usize, &'static str) {
    let fixed = |full: &str, latin: &str| NameVariants { full: full.into(), latin: latin.into() };
    let city = dice.below(CITIES.len());
    match (kind, western) {
        _ if index == COMPLAINANT => (fixed("陈美玲", "Chen Meiling"), 0, ""),
        _ if index == MERGED => (fixed("沈阳华强板材有限公司", "Shenyang Huaqiang Panels Co., Ltd."), 0, "建材"),
        // Two of one name behind the switchboard, and one elsewhere: the phone must not make them one.
        _ if twin => (fixed("王伟", "Wang Wei"), city, ""),
        (CustomerKind::Person, false) => (names::chinese_person(dice, None, "").0, city, ""),
        (CustomerKind::Person, true) => (names::western_person(dice, None, "").0, city, ""),
        (CustomerKind::Organisation, false) => names::chinese_company(dice),
        (CustomerKind::Organisation, true) => (names::western_company(dice), city, "家具"),
    }
}
