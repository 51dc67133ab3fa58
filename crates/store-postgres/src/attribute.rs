//! Whose owner keys are: the customer that holds all of it, else nobody's (rule C1). Many keys at once.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use onefold_identity::{AtomHolder, IdentifierKey, IdentityRules, OwnerAtom, OwnerKey, Ownership};
use onefold_store::StoreError;
use sqlx::PgConnection;

use crate::error::engine;

/// Holders of a value that are looked at where no limit says how many link.
const MOST_HOLDERS: u64 = 100_000;

/// Who holds an identifier value now, and whether so many ever did that it links nobody.
#[derive(Debug, Clone, Default)]
pub(crate) struct Standing {
    pub(crate) hub: bool,
    /// Cut off at the number that was asked for.
    pub(crate) present: Vec<String>,
}

/// Standings of values, each with at most so many holders; of values that nobody ever asserted there is none.
pub(crate) async fn standings(
    c: &mut PgConnection,
    values: &BTreeMap<IdentifierKey, u64>,
    rules: &IdentityRules,
) -> Result<BTreeMap<IdentifierKey, Standing>, StoreError> {
    if values.is_empty() {
        return Ok(BTreeMap::new());
    }
    // A kind without a limit needs no count.
    let limit = |kind: &str| Some(rules.limit(kind)).filter(|limit| *limit < MOST_HOLDERS).unwrap_or(0);
    let keys: Vec<String> = values.keys().map(ToString::to_string).collect();
    let limits: Vec<i64> = values.keys().map(|v| limit(v.kind()).cast_signed() + 1).collect();
    let most: Vec<i64> = values.values().map(|most| (*most).min(MOST_HOLDERS).cast_signed()).collect();
    let sql = include_str!("sql/standings.sql");
    let rows = sqlx::query_as::<_, (String, i64, Vec<String>)>(sql).bind(keys).bind(limits).bind(most);
    let rows = rows.fetch_all(c).await.map_err(engine)?;
    let standing = |(value, ever, present): (String, i64, Vec<String>)| {
        let value: IdentifierKey = value.parse().ok()?;
        (ever > 0).then(|| {
            let hub = rules.is_hub(value.kind(), ever.cast_unsigned());
            (value, Standing { hub, present })
        })
    };
    Ok(rows.into_iter().filter_map(standing).collect())
}

/// Heads of the customers that hold parties; a party alone is its own.
pub(crate) async fn heads(c: &mut PgConnection, parties: &[String]) -> Result<HashMap<String, String>, StoreError> {
    let sql = "SELECT party, cluster FROM member WHERE party = ANY($1)";
    let members = sqlx::query_as::<_, (String, String)>(sql).bind(parties).fetch_all(c).await.map_err(engine)?;
    let mut heads: HashMap<String, String> = parties.iter().map(|party| (party.clone(), party.clone())).collect();
    heads.extend(members);
    Ok(heads)
}

/// Whose owner keys are, by the heads of the customers.
pub(crate) async fn whose(
    c: &mut PgConnection,
    keys: impl IntoIterator<Item = &String>,
    rules: &IdentityRules,
) -> Result<BTreeMap<String, Ownership<String>>, StoreError> {
    let owner = |key: &String| Some((key.clone(), OwnerKey::parse(key)?));
    let owners: Vec<(String, OwnerKey)> = keys.into_iter().filter_map(owner).collect();
    let (mut parties, mut values) = (BTreeSet::new(), BTreeMap::new());
    for atom in owners.iter().flat_map(|(_, owner)| owner.leaves()) {
        match atom {
            OwnerAtom::Identifier(value) => {
                values.insert(value.clone(), rules.limit(value.kind()).saturating_add(1));
            }
            party => drop(parties.insert(party.to_string())),
        }
    }
    let standings = standings(c, &values, rules).await?;
    parties.extend(standings.values().filter(|s| !s.hub).flat_map(|s| s.present.iter().cloned()));
    let heads = heads(c, &parties.into_iter().collect::<Vec<_>>()).await?;
    let head = |party: &String| heads.get(party).cloned();
    let holder = |atom: &OwnerAtom| match atom {
        OwnerAtom::Identifier(value) => match standings.get(value) {
            None => AtomHolder::Nobody,
            Some(standing) if standing.hub => AtomHolder::Hub,
            Some(standing) => AtomHolder::by(standing.present.iter().filter_map(head)),
        },
        party => head(&party.to_string()).map_or(AtomHolder::Nobody, AtomHolder::Customer),
    };
    Ok(owners.iter().map(|(key, owner)| (key.clone(), onefold_identity::whose(owner, &holder))).collect())
}
