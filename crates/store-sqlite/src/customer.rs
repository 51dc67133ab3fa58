//! The rows of one customer: its parties, and every owner key that it holds all of, or a part of where parts are counted.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use onefold_event::Subject;
use onefold_fold::{SubjectState, asserted};
use onefold_identity::{AtomHolder, IdentifierKey, IdentityRules, OwnerAtom, OwnerKey, Ownership};
use onefold_store::{CustomerRows, PartyBundles};
use onefold_view::{Bundle, OpenItem};
use prost::Message;
use rusqlite::{Connection, OptionalExtension, Result};

use crate::db::corrupt;
use crate::keys;
use crate::owned::{self, Item};
use crate::seal::{self, Place, opened};

/// Open items that a customer's rows hold at most.
const MOST_OPEN: usize = 1000;

/// Parties of the customer that holds this one, by number.
pub(crate) fn members(c: &Connection, party: i64) -> Result<BTreeSet<i64>> {
    let sql = "SELECT m.party, n.cluster FROM member n JOIN member m ON m.cluster = n.cluster WHERE n.party = ?1";
    let mut get = c.prepare_cached(sql)?;
    let mut rows = get.query([party])?;
    let (mut all, mut head) = (BTreeSet::new(), party);
    while let Some(row) = rows.next()? {
        all.insert(row.get(0)?);
        head = row.get(1)?;
    }
    // A customer bears the number of one of its parties, and the index leads to whom it was asked for.
    if all.is_empty() {
        check_alone(c, party)?;
        all.insert(party);
    } else if !all.contains(&party) || !all.contains(&head) {
        return Err(corrupt("members", format_args!("party number {party} is of a customer that does not hold it")));
    }
    Ok(all)
}

/// Looks at the rows beside the place of a party that has none: one whose party was damaged stands there, and the index does not
/// lead to it.
fn check_alone(c: &Connection, party: i64) -> Result<()> {
    for sql in [
        "SELECT party, cluster FROM member WHERE party < ?1 ORDER BY party DESC LIMIT 1",
        "SELECT party, cluster FROM member WHERE party > ?1 ORDER BY party LIMIT 1",
    ] {
        let beside = c.prepare_cached(sql)?.query_row([party], |r| Ok((r.get(0)?, r.get(1)?))).optional()?;
        let Some((beside, cluster)): Option<(i64, i64)> = beside else { continue };
        let indexed = "SELECT 1 FROM member INDEXED BY member_by_cluster WHERE cluster = ?1 AND party = ?2";
        if c.prepare_cached(indexed)?.query_row([cluster, beside], |_| Ok(())).optional()?.is_none() {
            return Err(corrupt("members", format_args!("party number {beside} is not in its index")));
        }
    }
    Ok(())
}

/// Parties that ever asserted an identifier, and those who hold it now.
pub(crate) fn holders(c: &Connection, identifier: i64, limit: u64) -> Result<(u64, Vec<i64>)> {
    let ever = c
        .prepare_cached("SELECT count(*) FROM holder WHERE identifier = ?1")?
        .query_row([identifier], |r| r.get::<_, i64>(0))?;
    let mut present = c.prepare_cached("SELECT party FROM holder WHERE identifier = ?1 AND present LIMIT ?2")?;
    let present = present
        .query_map((identifier, limit.min(i64::MAX.cast_unsigned()).cast_signed()), |r| r.get(0))?
        .collect::<Result<_>>()?;
    Ok((ever.cast_unsigned(), present))
}

/// The row of a subject by number.
pub(crate) fn state(c: &Connection, num: i64) -> Result<Option<SubjectState>> {
    let mut get = c.prepare_cached("SELECT key, state FROM subject WHERE num = ?1")?;
    let mut rows = get.query([num])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let (key, state) = (row.get_ref(0)?.as_str()?, row.get_ref(1)?.as_blob()?);
    let state = opened(Place::Subject(key), state)?;
    SubjectState::decode(state).map(Some).map_err(|e| corrupt(key, e))
}

/// A party's key, when it was first seen, and its own bundle.
fn owner(c: &Connection, num: i64) -> Result<Option<(String, Option<i64>, Bundle)>> {
    let mut get = c.prepare_cached("SELECT key, first_seen, bundle, digest FROM owner WHERE num = ?1")?;
    let mut rows = get.query([num])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let key: String = row.get(0)?;
    let first_seen = row.get(1)?;
    let (bundle, _) = seal::bundle(&key, first_seen, row.get_ref(2)?.as_blob()?, row.get_ref(3)?.as_blob()?)?;
    let bundle = Bundle::decode(bundle).map_err(|e| corrupt(&key, e))?;
    Ok(Some((key, first_seen, bundle)))
}

/// The parties of a customer, each with its own bundle.
pub(crate) fn parties(c: &Connection, members: &BTreeSet<i64>) -> Result<PartyBundles> {
    let owners = members.iter().filter_map(|num| owner(c, *num).transpose());
    owners.map(|owner| owner.map(|(key, _, bundle)| (key, bundle))).collect()
}

/// All rows of the customer that holds a party.
pub(crate) fn rows(c: &Connection, party: i64, rules: &IdentityRules) -> Result<CustomerRows> {
    let mut customer = Customer {
        c,
        rules,
        parties: members(c, party)?,
        rows: CustomerRows::default(),
        atoms: Vec::new(),
        owners: Vec::new(),
    };
    for party in customer.parties.clone() {
        customer.party(party)?;
    }
    customer.sets()?;
    customer.decisions()?;
    customer.open_items()?;
    Ok(customer.rows)
}

struct Customer<'a> {
    c: &'a Connection,
    rules: &'a IdentityRules,
    parties: BTreeSet<i64>,
    rows: CustomerRows,
    /// Owner keys of one atom that it holds, by number.
    atoms: Vec<i64>,
    /// Owner keys whose bundles it has, by number.
    owners: Vec<i64>,
}

impl Customer<'_> {
    fn party(&mut self, num: i64) -> Result<()> {
        let Some((key, first_seen, bundle)) = owner(self.c, num)? else {
            return match self.parties.len() {
                1 => Ok(()),
                _ => Err(corrupt("members", format_args!("party number {num} has no row"))),
            };
        };
        self.atoms.push(num);
        self.owners.push(num);
        let subject: Option<Subject> = key.parse().ok();
        self.rows.parties.insert(key.clone(), first_seen.unwrap_or(i64::MAX));
        self.rows.bundles.insert(key, bundle);
        let state = state(self.c, num)?;
        if let Some(subject) = subject {
            for (value, _) in asserted(&subject, state.as_ref()).into_iter().filter(|(_, held)| *held) {
                self.identifier(value)?;
            }
        }
        Ok(())
    }

    fn identifier(&mut self, value: IdentifierKey) -> Result<()> {
        let key = OwnerAtom::identifier_key(&value);
        if self.rows.bundles.contains_key(&key) || self.rows.hubs.contains(&value) {
            return Ok(());
        }
        let Some(num) = keys::find(self.c, &key)? else { return Ok(()) };
        let (ever, present) = holders(self.c, num, self.rules.limit(value.kind()).saturating_add(1))?;
        if self.rules.is_hub(value.kind(), ever) {
            self.rows.hubs.insert(value);
            return Ok(());
        }
        if !present.iter().any(|party| self.parties.contains(party)) {
            return Err(corrupt(&key, "a party that says that it holds it is not among its holders"));
        }
        if present.iter().all(|party| self.parties.contains(party)) {
            self.atoms.push(num);
            self.bundle(num, &key)?;
        }
        Ok(())
    }

    fn bundle(&mut self, num: i64, key: &str) -> Result<()> {
        let mut get = self.c.prepare_cached("SELECT bundle, digest, first_seen FROM owner WHERE num = ?1")?;
        let mut rows = get.query([num])?;
        let Some(row) = rows.next()? else { return Ok(()) };
        let (bundle, _) = seal::bundle(key, row.get(2)?, row.get_ref(0)?.as_blob()?, row.get_ref(1)?.as_blob()?)?;
        let bundle = Bundle::decode(bundle).map_err(|e| corrupt(key, e))?;
        if !bundle.is_empty() {
            self.owners.push(num);
            self.rows.bundles.insert(key.to_owned(), bundle);
        }
        Ok(())
    }

    /// What several own together, as far as that is the customer, and what is counted once for each who owns a part.
    fn sets(&mut self) -> Result<()> {
        let mut of = self.c.prepare_cached(
            "SELECT s.owner, o.key FROM set_member s LEFT JOIN owner o ON o.num = s.owner WHERE s.atom = ?1",
        )?;
        let mut found: BTreeMap<i64, String> = BTreeMap::new();
        for atom in &self.atoms {
            for row in of.query_map([atom], |r| Ok((r.get(0)?, r.get(1)?)))? {
                let (num, key): (i64, Option<String>) = row?;
                let key = key.ok_or_else(|| corrupt("set members", format_args!("set number {num} has no row")))?;
                found.insert(num, key);
            }
        }
        let head = self.parties.first().copied().unwrap_or_default();
        for (num, key) in found {
            if whose(self.c, &key, self.rules)?.customers.contains(&head) {
                self.bundle(num, &key)?;
            }
        }
        Ok(())
    }

    fn decisions(&mut self) -> Result<()> {
        let sql = "SELECT s.num, s.key FROM decision d JOIN subject s ON s.num = d.decision WHERE d.party = ?1";
        let mut get = self.c.prepare_cached(sql)?;
        let mut decisions: BTreeMap<String, SubjectState> = BTreeMap::new();
        for party in &self.parties {
            let mut rows = get.query([party])?;
            while let Some(row) = rows.next()? {
                if let Some(state) = state(self.c, row.get(0)?)? {
                    decisions.insert(row.get(1)?, state);
                }
            }
        }
        for key in SubjectState::superseding(&decisions) {
            if let Some(num) = keys::find(self.c, &key)? {
                decisions.extend(state(self.c, num)?.map(|state| (key, state)));
            }
        }
        self.rows.decisions = SubjectState::decisions(&decisions);
        Ok(())
    }

    fn open_items(&mut self) -> Result<()> {
        let mut get = self.c.prepare_cached(
            "SELECT at, subject, item FROM owned WHERE owner = ?1 AND list = 1 ORDER BY at, subject LIMIT ?2",
        )?;
        let mut open = Vec::new();
        for num in &self.owners {
            if let Some(few) = owned::few(self.c, *num)? {
                for Item { item, .. } in few.items.iter().take(MOST_OPEN) {
                    open.push(OpenItem::decode(item.as_slice()).map_err(|e| corrupt("an open item", e))?);
                }
                continue;
            }
            let mut rows = get.query((num, MOST_OPEN.cast_signed()))?;
            let mut around = [(i64::MIN, i64::MIN); 2];
            while let Some(row) = rows.next()? {
                let (at, invoice) = (row.get(0)?, row.get(1)?);
                around = [if around[0].0 == i64::MIN { (at, invoice) } else { around[0] }, (at, invoice)];
                let place = Place::Item(*num, at, invoice);
                let item = opened(place, row.get_ref(2)?.as_blob()?)?;
                open.push(OpenItem::decode(item).map_err(|e| corrupt("an open item", e))?);
            }
            owned::check_around(self.c, *num, 1, around[0], around[1])?;
        }
        open.sort_by(|a, b| (a.due, &a.invoice).cmp(&(b.due, &b.invoice)));
        open.truncate(MOST_OPEN);
        self.rows.open = open;
        Ok(())
    }
}

/// Whose an owner key is (rule C1): the least party number of each customer.
pub(crate) fn whose(c: &Connection, key: &str, rules: &IdentityRules) -> Result<Ownership<i64>> {
    let Some(owner) = OwnerKey::parse(key) else { return Ok(Ownership { customers: Vec::new(), whole: false }) };
    let mut held = HashMap::new();
    for atom in owner.leaves() {
        held.insert(atom, holder(c, atom, rules)?);
    }
    Ok(onefold_identity::whose(&owner, &|atom| held.get(atom).copied().unwrap_or(AtomHolder::Nobody)))
}

/// Who holds a party or an identifier: the least party number of the customer.
fn holder(c: &Connection, atom: &OwnerAtom, rules: &IdentityRules) -> Result<AtomHolder<i64>> {
    let Some(num) = keys::find(c, &atom.to_string())? else { return Ok(AtomHolder::Nobody) };
    let OwnerAtom::Identifier(value) = atom else { return head(c, num).map(AtomHolder::Customer) };
    let (ever, present) = holders(c, num, rules.limit(value.kind()).saturating_add(1))?;
    if rules.is_hub(value.kind(), ever) {
        return Ok(AtomHolder::Hub);
    }
    let heads: Vec<i64> = present.into_iter().map(|party| head(c, party)).collect::<Result<_>>()?;
    Ok(AtomHolder::by(heads))
}

fn head(c: &Connection, party: i64) -> Result<i64> {
    Ok(members(c, party)?.first().copied().unwrap_or(party))
}
