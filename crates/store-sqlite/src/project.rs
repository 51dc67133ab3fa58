//! The projector's transaction.

use std::sync::Arc;

use async_trait::async_trait;
use onefold_fold::{FactState, SubjectState};
use onefold_identity::OwnerAtom;
use onefold_store::{
    DocumentRow, FactsOf, NumberRow, OwnerRow, PartyChange, ProjectStore, ProjectTx, RowChanges, StoreError,
    set_members,
};
use onefold_view::{Bundle, Digest, DigestSum};
use prost::Message;
use rusqlite::Result;

use crate::db::{Tx, corrupt, engine};
use crate::keys::{number_place, text};
use crate::owned::{Change, Item};
use crate::publish::keep;
use crate::seal::{self, Place, opened};
use crate::{SqliteStore, history, owned, quarantine};

#[async_trait]
impl ProjectStore for SqliteStore {
    async fn positions(&self) -> Result<Vec<u64>, StoreError> {
        self.read(|c| {
            let mut all = c.prepare_cached("SELECT next FROM position ORDER BY partition")?;
            all.query_map([], |r| r.get::<_, i64>(0).map(i64::cast_unsigned))?.collect()
        })
        .await
    }

    async fn begin(&self, moves: &[(u32, u64, u64)]) -> Result<Box<dyn ProjectTx>, StoreError> {
        let tx = Tx::begin(self.writer().await?)?;
        for (partition, from, to) in moves {
            let fence = "UPDATE position SET next = ?3 WHERE partition = ?1 AND next = ?2";
            let moved = tx.writer.connection.prepare_cached(fence).map_err(engine)?;
            let moved = { moved }.execute((partition, from.cast_signed(), to.cast_signed())).map_err(engine)?;
            if moved == 0 {
                return Err(StoreError::Fenced { partition: *partition, expected: *from });
            }
        }
        Ok(Box::new(SqliteProjectTx(tx)))
    }
}

struct SqliteProjectTx(Tx);

#[async_trait]
impl ProjectTx for SqliteProjectTx {
    async fn subjects(&mut self, keys: &[String]) -> Result<Vec<Option<SubjectState>>, StoreError> {
        self.subjects_of(keys).map_err(engine)
    }

    async fn facts(&mut self, asked: &[FactsOf]) -> Result<Vec<Vec<FactState>>, StoreError> {
        self.facts_of(asked).map_err(engine)
    }

    async fn owners(&mut self, keys: &[String]) -> Result<Vec<Option<OwnerRow>>, StoreError> {
        self.owners_of(keys).map_err(engine)
    }

    async fn documents(&mut self, owner: &str) -> Result<Vec<String>, StoreError> {
        self.documents_of(owner).map_err(engine)
    }

    fn publishes(&self) -> bool {
        self.0.writer.publishes
    }

    async fn save(&mut self, changes: RowChanges) -> Result<(), StoreError> {
        self.write(&changes).map_err(engine)
    }

    async fn commit(self: Box<Self>) -> Result<(), StoreError> {
        fail::fail_point!("project.before_commit");
        self.0.commit()?;
        fail::fail_point!("project.after_commit");
        Ok(())
    }
}

impl SqliteProjectTx {
    fn subjects_of(&mut self, keys: &[String]) -> Result<Vec<Option<SubjectState>>> {
        let order = self.reading_order(keys)?;
        let mut get = self.0.writer.connection.prepare_cached("SELECT key, state FROM subject WHERE num = ?1")?;
        let mut states = vec![None; keys.len()];
        for (num, n) in order {
            let mut rows = get.query([num])?;
            if let (Some(row), Some(state)) = (rows.next()?, states.get_mut(n)) {
                let key = row.get_ref(0)?.as_str()?;
                let bytes = opened(Place::Subject(key), row.get_ref(1)?.as_blob()?)?;
                *state = Some(SubjectState::decode(bytes).map_err(|e| corrupt(key, e))?);
            }
        }
        Ok(states)
    }

    fn facts_of(&mut self, asked: &[FactsOf]) -> Result<Vec<Vec<FactState>>> {
        let keys: Vec<&str> = asked.iter().map(|of| of.subject.as_str()).collect();
        let numbers = self.0.writer.look_up(&keys)?;
        let facts = |(of, num): (&FactsOf, Option<i64>)| match num {
            Some(num) => history::further(&self.0.writer.connection, num, of),
            None => Ok(Vec::new()),
        };
        asked.iter().zip(numbers).map(facts).collect()
    }

    fn owners_of(&mut self, keys: &[String]) -> Result<Vec<Option<OwnerRow>>> {
        let order = self.reading_order(keys)?;
        let get = "SELECT bundle, first_seen, digest, key FROM owner WHERE num = ?1";
        let mut get = self.0.writer.connection.prepare_cached(get)?;
        let mut owners = vec![None; keys.len()];
        for (num, n) in order {
            let mut rows = get.query([num])?;
            if let (Some(row), Some(owner)) = (rows.next()?, owners.get_mut(n)) {
                let key = row.get_ref(3)?.as_str()?;
                // What is damaged is not added to, which would hide it.
                let first_seen = row.get(1)?;
                let (bundle, digest) =
                    seal::bundle(key, first_seen, row.get_ref(0)?.as_blob()?, row.get_ref(2)?.as_blob()?)?;
                let bundle = Bundle::decode(bundle).map_err(|e| corrupt(key, e))?;
                let digest = digest.try_into().ok().map(Digest);
                *owner = Some(OwnerRow { bundle, first_seen, digest, ..OwnerRow::default() });
            }
        }
        Ok(owners)
    }

    /// Numbers of the keys that are known, with their places in the question, by number: rows of one page together.
    fn reading_order(&mut self, keys: &[String]) -> Result<Vec<(i64, usize)>> {
        let numbers = self.0.writer.look_up(keys)?;
        let mut order: Vec<(i64, usize)> =
            numbers.into_iter().zip(0..).filter_map(|(num, n)| Some((num?, n))).collect();
        order.sort_unstable();
        Ok(order)
    }

    fn documents_of(&mut self, owner: &str) -> Result<Vec<String>> {
        let writer = &mut self.0.writer;
        let Some(num) = writer.number(owner)? else { return Ok(Vec::new()) };
        if let Some(few) = owned::few(&writer.connection, num)? {
            return few
                .documents()
                .filter_map(|(_, document)| text(&writer.connection, document).transpose())
                .collect();
        }
        let sql = "SELECT s.key FROM owned d JOIN subject s ON s.num = d.subject WHERE d.owner = ?1 AND d.list = 0 ORDER BY d.at, d.subject";
        writer.connection.prepare_cached(sql)?.query_map([num], |r| r.get(0))?.collect()
    }

    fn write(&mut self, changes: &RowChanges) -> Result<()> {
        self.write_subjects(&changes.subjects)?;
        self.write_facts(&changes.facts)?;
        self.write_owners(changes)?;
        for party in &changes.parties {
            self.write_party(party)?;
        }
        self.pairs("DELETE FROM decision WHERE decision = ?1 AND party = ?2", &changes.decisions_removed)?;
        self.pairs("INSERT OR IGNORE INTO decision VALUES (?2, ?1)", &changes.decisions_added)?;
        self.pairs("DELETE FROM former WHERE key = ?1 AND subject = ?2", &changes.former_removed)?;
        self.pairs("INSERT OR IGNORE INTO former VALUES (?1, ?2)", &changes.former_added)?;
        self.numbers(
            "DELETE FROM written WHERE place = ?1 AND subject = ?2 AND prefix = ?3",
            &changes.numbers_removed,
        )?;
        self.numbers("INSERT OR REPLACE INTO written VALUES (?1, ?2, ?3)", &changes.numbers_added)?;
        self.singles("DELETE FROM decided WHERE subject = ?1", &changes.undecided)?;
        self.singles("INSERT OR IGNORE INTO decided VALUES (?1)", &changes.decided)?;
        self.singles("INSERT OR IGNORE INTO inbox VALUES (?1)", &changes.inbox)?;
        self.singles("INSERT OR IGNORE INTO mark VALUES (?1)", &changes.marks)?;
        keep(&self.0, &changes.notes)?;
        changes.refused.iter().try_for_each(|entry| quarantine::meet(&self.0.writer.connection, entry))?;
        add_digest(&self.0, "bundles", &changes.bundles_digest)?;
        add_digest(&self.0, "clusters", &changes.clusters_digest)?;
        add_digest(&self.0, "ids", &changes.ids_digest)
    }

    /// Rows with their numbers: known ones by number, so that those of one page are written together; then the new ones,
    /// in the order in which they came.
    fn in_page_order<'a, T>(&mut self, rows: &'a [(String, T)]) -> Result<Vec<(i64, &'a (String, T))>> {
        let mut order = Vec::with_capacity(rows.len());
        for row in rows {
            order.push((self.0.writer.number_or_new(&row.0)?.0, row));
        }
        order.sort_by_key(|(num, _)| *num);
        Ok(order)
    }

    fn write_subjects(&mut self, rows: &[(String, Arc<SubjectState>)]) -> Result<()> {
        let order = self.in_page_order(rows)?;
        let c = &self.0.writer.connection;
        let mut change = c.prepare_cached("UPDATE subject SET state = ?2 WHERE num = ?1")?;
        let mut put = c.prepare_cached("INSERT INTO subject VALUES (?1, ?2, ?3)")?;
        let mut put_number = c.prepare_cached("INSERT INTO number VALUES (?1, ?2)")?;
        let mut bytes = Vec::new();
        for (num, (key, state)) in order {
            bytes.clear();
            state.encode_raw(&mut bytes);
            seal::seal(Place::Subject(key), &mut bytes);
            if change.execute((num, &bytes))? == 0 {
                put.execute((num, key, &bytes))?;
                if let Some(place) = number_place(key) {
                    put_number.execute((place, num))?;
                }
            }
        }
        Ok(())
    }

    fn write_facts(&mut self, facts: &[(String, FactState)]) -> Result<()> {
        let mut order = Vec::with_capacity(facts.len());
        for (subject, fact) in facts {
            order.push((self.0.writer.number_or_new(subject)?.0, fact.row_id(), fact));
        }
        order.sort_unstable_by_key(|(num, id, _)| (*num, *id));
        let mut put = self.0.writer.connection.prepare_cached("INSERT OR REPLACE INTO fact VALUES (?1, ?2, ?3)")?;
        order.into_iter().try_for_each(|(num, id, fact)| {
            let mut state = fact.encode_to_vec();
            seal::seal(Place::Fact(num, &id), &mut state);
            put.execute((num, id, state)).map(drop)
        })
    }

    /// Owners' rows, each with what stands under its key where that is in its row.
    fn write_owners(&mut self, changes: &RowChanges) -> Result<()> {
        let order = self.in_page_order(&changes.owners)?;
        let owned = self.owned(changes)?;
        let mut owned = owned::changed(&self.0.writer.connection, self.0.writer.few, owned)?.into_iter().peekable();
        let mut sets = Vec::new();
        {
            let c = &self.0.writer.connection;
            let mut put = c.prepare_cached("INSERT OR REPLACE INTO owner VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?;
            let put_bundle = "INSERT INTO owner VALUES (?1, ?2, ?3, ?4, ?5, x'')
                ON CONFLICT DO UPDATE SET first_seen = ?3, bundle = ?4, digest = ?5";
            let mut put_bundle = c.prepare_cached(put_bundle)?;
            for (num, (key, row)) in order {
                while let Some(few) = owned.next_if(|(owner, _)| *owner < num) {
                    owned::put(c, few)?;
                }
                let digest = row.digest.as_ref().map_or(&[][..], |d| d.0.as_slice());
                let digest = seal::digests(key, row.first_seen, &row.encoded, digest);
                match owned.next_if(|(owner, _)| *owner == num) {
                    Some((_, few)) => put.execute((num, key, row.first_seen, &row.encoded, digest, few))?,
                    None => put_bundle.execute((num, key, row.first_seen, &row.encoded, digest))?,
                };
                // Whether the row is new says nothing: an index may have named the set before anything was its.
                sets.extend(set_members(key).into_iter().map(|atom| (num, atom, row.encoded.is_empty())));
            }
            owned.try_for_each(|few| owned::put(c, few))?;
        }
        for (num, atom, empty) in sets {
            // A set of nothing has no members: whether it ever had something depends on the order of events.
            let (gone, put) = (
                "DELETE FROM set_member WHERE atom = ?1 AND owner = ?2",
                "INSERT OR IGNORE INTO set_member VALUES (?1, ?2)",
            );
            let atom = self.0.writer.owner_number(&atom)?;
            let sql = if empty { gone } else { put };
            self.0.writer.connection.prepare_cached(sql)?.execute([atom, num])?;
        }
        Ok(())
    }

    /// What is done to the lists of owners, by their numbers.
    fn owned(&mut self, changes: &RowChanges) -> Result<Vec<(i64, Change)>> {
        let RowChanges { documents_removed, documents_added, open_removed, open_added, .. } = changes;
        let most = documents_removed.len() + documents_added.len() + open_removed.len() + open_added.len();
        let mut owned = Vec::with_capacity(most);
        let writer = &mut self.0.writer;
        let mut document = |row: &DocumentRow, change: fn(i64, i64) -> Change| -> Result<()> {
            let change = change(row.place.at, writer.owner_number(&row.place.subject)?);
            owned.push((writer.owner_number(&row.owner)?, change));
            Ok(())
        };
        documents_removed.iter().try_for_each(|row| document(row, Change::Removed))?;
        documents_added.iter().try_for_each(|row| document(row, Change::Added))?;
        for item in open_removed {
            let change = Change::Closed(item.due, writer.owner_number(&item.invoice)?);
            owned.push((writer.owner_number(&item.owner)?, change));
        }
        for item in open_added {
            let invoice = writer.owner_number(&item.invoice)?;
            let change = Change::Opened(Item { due: item.due, invoice, item: item.encode_to_vec() });
            owned.push((writer.owner_number(&item.owner)?, change));
        }
        Ok(owned)
    }

    /// Rows of numbers that stand on documents.
    fn numbers(&mut self, sql: &str, rows: &[NumberRow]) -> Result<()> {
        for NumberRow { place, prefix, subject } in rows {
            let subject = self.0.writer.owner_number(subject)?;
            self.0.writer.connection.prepare_cached(sql)?.execute((place, subject, prefix))?;
        }
        Ok(())
    }

    /// Rows whose two columns are the numbers of an owner key and a subject.
    fn pairs(&mut self, sql: &str, pairs: &[(String, String)]) -> Result<()> {
        let mut numbers = Vec::with_capacity(pairs.len());
        for (left, right) in pairs {
            numbers.push((self.0.writer.owner_number(left)?, self.0.writer.owner_number(right)?));
        }
        numbers.sort_unstable();
        let mut statement = self.0.writer.connection.prepare_cached(sql)?;
        numbers.into_iter().try_for_each(|(left, right)| statement.execute([left, right]).map(drop))
    }

    fn write_party(&mut self, change: &PartyChange) -> Result<()> {
        let party = self.0.writer.owner_number(&change.party)?;
        for value in &change.gone {
            let identifier = self.0.writer.owner_number(&OwnerAtom::identifier_key(value))?;
            let wake = "INSERT OR IGNORE INTO inbox SELECT party FROM holder WHERE identifier = ?1";
            self.0.writer.connection.prepare_cached(wake)?.execute([identifier])?;
            let gone = "DELETE FROM holder WHERE identifier = ?1 AND party = ?2";
            self.0.writer.connection.prepare_cached(gone)?.execute([identifier, party])?;
        }
        for (value, present) in &change.asserted {
            let identifier = self.0.writer.owner_number(&OwnerAtom::identifier_key(value))?;
            let put =
                "INSERT INTO holder VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET present = ?3 WHERE present <> ?3";
            self.0.writer.connection.prepare_cached(put)?.execute((identifier, party, present))?;
        }
        Ok(())
    }

    /// Rows whose one column is the number of a key.
    fn singles<'a>(&mut self, sql: &str, keys: impl IntoIterator<Item = &'a String>) -> Result<()> {
        let mut numbers = Vec::new();
        for key in keys {
            numbers.push(self.0.writer.owner_number(key)?);
        }
        numbers.sort_unstable();
        let mut statement = self.0.writer.connection.prepare_cached(sql)?;
        numbers.into_iter().try_for_each(|num| statement.execute([num]).map(drop))
    }
}

/// Adds to a digest that is kept.
pub(crate) fn add_digest(tx: &Tx, name: &str, delta: &DigestSum) -> Result<()> {
    if *delta == DigestSum::default() {
        return Ok(());
    }
    let connection = &tx.writer.connection;
    let mut sum = digest(connection, name)?;
    sum.merge(delta);
    let put = "INSERT INTO digest VALUES (?1, ?2) ON CONFLICT DO UPDATE SET sum = ?2";
    connection.prepare_cached(put)?.execute((name, sealed_digest(name, &sum)))?;
    Ok(())
}

/// As a digest is kept.
pub(crate) fn sealed_digest(name: &str, sum: &DigestSum) -> Vec<u8> {
    let mut kept = sum.to_bytes().to_vec();
    seal::seal(Place::Digest(name), &mut kept);
    kept
}

/// A digest that is kept; zero before anything was added.
pub(crate) fn digest(connection: &rusqlite::Connection, name: &str) -> Result<DigestSum> {
    let mut get = connection.prepare_cached("SELECT sum FROM digest WHERE name = ?1")?;
    let mut rows = get.query([name])?;
    let Some(row) = rows.next()? else { return Ok(DigestSum::default()) };
    let kept = opened(Place::Digest(name), row.get_ref(0)?.as_blob()?)?;
    let kept = kept.try_into().map_err(|_| corrupt("a digest", "it is not of 32 bytes"))?;
    Ok(DigestSum::from_bytes(kept))
}
