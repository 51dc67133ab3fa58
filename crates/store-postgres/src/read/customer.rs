//! Rows of customers' parties.

use std::collections::BTreeMap;

use onefold_store::{CustomerParties, PartyBundle, PartyBundles, StoreError};
use onefold_view::Bundle;
use prost::Message;
use sqlx::{PgConnection, Row};

use crate::error::{corrupt, engine};
use crate::sums::bytes;

/// Parties of the customers that hold these, with the head of each.
pub(crate) async fn members(c: &mut PgConnection, asked: &[String]) -> Result<Vec<(String, String)>, StoreError> {
    sqlx::query_as(include_str!("../sql/members.sql")).bind(asked).fetch_all(c).await.map_err(engine)
}

/// The parties of the customers that hold these, each customer once. One statement.
pub(crate) async fn customers(c: &mut PgConnection, asked: &[String]) -> Result<Vec<CustomerParties>, StoreError> {
    let rows = sqlx::query(include_str!("../sql/parties.sql")).bind(asked).fetch_all(c).await.map_err(engine)?;
    let mut all: BTreeMap<String, CustomerParties> = BTreeMap::new();
    for row in &rows {
        let (head, key): (String, String) = (row.try_get("head").map_err(engine)?, row.try_get("key").map_err(engine)?);
        let bundle = Bundle::decode(bytes(row, "bundle")?).map_err(|e| corrupt(&key, e))?;
        let party = PartyBundle { first_seen: row.try_get("first_seen").map_err(engine)?, bundle };
        let customer =
            all.entry(head).or_insert_with_key(|head| CustomerParties { head: head.clone(), ..Default::default() });
        customer.parties.insert(key, party);
    }
    Ok(all.into_values().collect())
}

/// The same as what the assembler reads.
pub(crate) async fn parties(c: &mut PgConnection, asked: &[String]) -> Result<Vec<PartyBundles>, StoreError> {
    let bundles =
        |customer: CustomerParties| customer.parties.into_iter().map(|(key, party)| (key, party.bundle)).collect();
    Ok(customers(c, asked).await?.into_iter().map(bundles).collect())
}

/// Heads of the customers that hold parties, in the order asked; a party alone is its own.
pub(crate) async fn heads(c: &mut PgConnection, parties: &[String]) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT COALESCE(m.cluster, asked.party)
               FROM unnest($1::text[]) WITH ORDINALITY AS asked (party, place)
               LEFT JOIN member m ON m.party = asked.party
               ORDER BY asked.place";
    sqlx::query_scalar(sql).bind(parties).fetch_all(c).await.map_err(engine)
}
