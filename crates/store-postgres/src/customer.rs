//! The rows of customers: their parties, and every owner key that each holds all of, or a part of where parts are counted. Many customers at once.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use onefold_fold::SubjectState;
use onefold_identity::{IdentifierKey, IdentityRules, OwnerAtom};
use onefold_store::{CustomerRows, PartyBundles, StoreError};
use onefold_view::{Bundle, OpenItem};
use prost::Message;
use sqlx::{PgConnection, Row};

use crate::attribute::{standings, whose};
use crate::error::{corrupt, engine};
use crate::keys::{Long, shorts};
use crate::sums::bytes;

/// Open items that a customer's rows hold at most.
const MOST_OPEN: usize = 1000;

/// A customer in the making.
#[derive(Default)]
struct Making {
    rows: CustomerRows,
    /// Owner keys of one atom that it holds.
    atoms: Vec<String>,
}

/// All rows of the customers that hold these parties, each once, by the key of its head. Within one snapshot.
pub(crate) async fn customers(
    c: &mut PgConnection,
    asked: &[String],
    rules: &IdentityRules,
) -> Result<Vec<CustomerRows>, StoreError> {
    let mut all = begin(c, asked).await?;
    decisions(c, &mut all).await?;
    identifiers(c, &mut all, rules).await?;
    sets(c, &mut all, rules).await?;
    open_items(c, &mut all).await?;
    Ok(all.into_values().map(|making| making.rows).collect())
}

/// Parties of the customers that hold these, with the head of each.
pub(crate) async fn members(c: &mut PgConnection, asked: &[String]) -> Result<Vec<(String, String)>, StoreError> {
    sqlx::query_as(include_str!("sql/members.sql")).bind(asked).fetch_all(c).await.map_err(engine)
}

/// The parties of the customers that hold these, each customer once. One statement.
pub(crate) async fn parties(c: &mut PgConnection, asked: &[String]) -> Result<Vec<PartyBundles>, StoreError> {
    Ok(begin(c, asked).await?.into_values().map(|making| making.rows.bundles).collect())
}

async fn begin(c: &mut PgConnection, asked: &[String]) -> Result<BTreeMap<String, Making>, StoreError> {
    let rows = sqlx::query(include_str!("sql/parties.sql")).bind(asked).fetch_all(c).await.map_err(engine)?;
    let mut all: BTreeMap<String, Making> = BTreeMap::new();
    for row in &rows {
        let (head, key): (String, String) = (column(row, "head")?, column(row, "key")?);
        let bundle = Bundle::decode(bytes(row, "bundle")?).map_err(|e| corrupt(&key, e))?;
        let making = all.entry(head).or_default();
        making.atoms.push(key.clone());
        making.rows.parties.insert(key.clone(), column(row, "first_seen")?);
        making.rows.bundles.insert(key, bundle);
    }
    Ok(all)
}

/// Decisions that name the customers' parties, and those that supersede them.
async fn decisions(c: &mut PgConnection, all: &mut BTreeMap<String, Making>) -> Result<(), StoreError> {
    let parties: Vec<&String> = all.values().flat_map(|making| making.rows.parties.keys()).collect();
    let sql =
        "SELECT d.party, s.key, s.state FROM decision d JOIN subject s ON s.key = d.decision WHERE d.party = ANY($1)";
    let named = sqlx::query_as::<_, (String, String, Vec<u8>)>(sql).bind(parties).fetch_all(&mut *c);
    let mut of: HashMap<String, BTreeSet<String>> = HashMap::new();
    let mut states: BTreeMap<String, SubjectState> = BTreeMap::new();
    for (party, key, state) in named.await.map_err(engine)? {
        let state = SubjectState::decode(state.as_slice()).map_err(|e| corrupt(&key, e))?;
        states.insert(key.clone(), state);
        of.entry(party).or_default().insert(key);
    }
    let above: Vec<String> = SubjectState::superseding(&states).into_iter().collect();
    if !above.is_empty() {
        let sql = "SELECT key, state FROM subject WHERE key = ANY($1)";
        let above = sqlx::query_as::<_, (String, Vec<u8>)>(sql).bind(above).fetch_all(&mut *c);
        for (key, state) in above.await.map_err(engine)? {
            let state = SubjectState::decode(state.as_slice()).map_err(|e| corrupt(&key, e))?;
            states.insert(key, state);
        }
    }
    for making in all.values_mut() {
        let named = making.rows.parties.keys().filter_map(|party| of.get(party)).flatten();
        let mut mine: BTreeMap<String, SubjectState> =
            named.filter_map(|key| Some((key.clone(), states.get(key)?.clone()))).collect();
        let above = SubjectState::superseding(&mine);
        mine.extend(above.into_iter().filter_map(|key| Some((key.clone(), states.get(&key)?.clone()))));
        making.rows.decisions = SubjectState::decisions(&mine);
    }
    Ok(())
}

/// Identifiers all of whose holders are the customer's.
async fn identifiers(
    c: &mut PgConnection,
    all: &mut BTreeMap<String, Making>,
    rules: &IdentityRules,
) -> Result<(), StoreError> {
    let parties: Vec<&String> = all.values().flat_map(|making| &making.atoms).collect();
    let sql = "SELECT party, identifier FROM holder WHERE party = ANY($1) AND present";
    let held = sqlx::query_as::<_, (String, String)>(sql).bind(parties).fetch_all(&mut *c).await.map_err(engine)?;
    let mut values: HashMap<String, Vec<IdentifierKey>> = HashMap::new();
    for (party, value) in held {
        values.entry(party).or_default().extend(value.parse().ok());
    }
    // A holder more than the customer has parties is somebody else.
    let mut most: BTreeMap<IdentifierKey, u64> = BTreeMap::new();
    for making in all.values() {
        for value in making.atoms.iter().filter_map(|party| values.get(party)).flatten() {
            let known = most.entry(value.clone()).or_default();
            *known = (*known).max(making.rows.parties.len() as u64 + 1);
        }
    }
    let standings = standings(c, &most, rules).await?;
    for making in all.values_mut() {
        let mine: BTreeSet<&IdentifierKey> =
            making.rows.parties.keys().filter_map(|party| values.get(party)).flatten().collect();
        for value in mine {
            let Some(standing) = standings.get(value) else { continue };
            if standing.hub {
                making.rows.hubs.insert(value.clone());
            } else if standing.present.iter().all(|party| making.rows.parties.contains_key(party)) {
                making.atoms.push(OwnerAtom::identifier_key(value));
            }
        }
    }
    Ok(())
}

/// Bundles of what is held beside the parties: identifiers, what several own together, as far as that is the customer, and what
/// is counted once for each who owns a part.
async fn sets(
    c: &mut PgConnection,
    all: &mut BTreeMap<String, Making>,
    rules: &IdentityRules,
) -> Result<(), StoreError> {
    let atoms: Vec<&String> = all.values().flat_map(|making| &making.atoms).collect();
    let sql = "SELECT DISTINCT owner FROM set_member WHERE atom = ANY($1)";
    let sets = sqlx::query_scalar::<_, String>(sql).bind(atoms).fetch_all(&mut *c).await.map_err(engine)?;
    let long = Long::of(c, sets.iter().map(String::as_str)).await?;
    let sets: Vec<String> = sets.iter().map(|set| long.text(set).to_owned()).collect();
    let held = whose(c, &sets, rules).await?.into_iter().map(|(key, whose)| (key, whose.customers));
    let mut whose: HashMap<String, Vec<String>> = held.collect();
    whose.values_mut().for_each(|heads| heads.retain(|head| all.contains_key(head)));
    whose.retain(|_, heads| !heads.is_empty());
    for (head, making) in all.iter() {
        let identifiers = making.atoms.iter().filter(|atom| !making.rows.bundles.contains_key(*atom));
        whose.extend(identifiers.map(|atom| (atom.clone(), vec![head.clone()])));
    }
    if whose.is_empty() {
        return Ok(());
    }
    let keys: Vec<&String> = whose.keys().collect();
    let sql = "SELECT key, bundle FROM owner WHERE key = ANY($1) AND length(bundle) > 0";
    for row in sqlx::query(sql).bind(shorts(&keys)).fetch_all(c).await.map_err(engine)? {
        let key = long.text(column(&row, "key")?).to_owned();
        let bundle = Bundle::decode(bytes(&row, "bundle")?).map_err(|e| corrupt(&key, e))?;
        for head in whose.get(&key).into_iter().flatten().filter(|_| !bundle.is_empty()) {
            if let Some(making) = all.get_mut(head) {
                making.rows.bundles.insert(key.clone(), bundle.clone());
            }
        }
    }
    Ok(())
}

async fn open_items(c: &mut PgConnection, all: &mut BTreeMap<String, Making>) -> Result<(), StoreError> {
    let owners: Vec<&String> = all.values().flat_map(|making| making.rows.bundles.keys()).collect();
    let sql = include_str!("sql/open_items.sql");
    let stored = shorts(&owners);
    let long: HashMap<&str, &String> = stored.iter().map(|stored| &**stored).zip(owners.iter().copied()).collect();
    let items = sqlx::query_as::<_, (String, Vec<u8>)>(sql).bind(&stored).bind(MOST_OPEN.cast_signed() as i64);
    let mut found: HashMap<String, Vec<OpenItem>> = HashMap::new();
    for (owner, item) in items.fetch_all(c).await.map_err(engine)? {
        let item = OpenItem::decode(item.as_slice()).map_err(|e| corrupt(&owner, e))?;
        let owner = long.get(owner.as_str()).map_or(owner.as_str(), |owner| owner.as_str());
        found.entry(owner.to_owned()).or_default().push(item);
    }
    for making in all.values_mut() {
        let mut open: Vec<OpenItem> =
            making.rows.bundles.keys().filter_map(|owner| found.get(owner)).flatten().cloned().collect();
        open.sort_by(|a, b| (a.due, &a.invoice).cmp(&(b.due, &b.invoice)));
        open.truncate(MOST_OPEN);
        making.rows.open = open;
    }
    Ok(())
}

fn column<'r, T>(row: &'r sqlx::postgres::PgRow, name: &str) -> Result<T, StoreError>
where
    T: sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
{
    row.try_get(name).map_err(engine)
}
