//! What a batch changes, written: one statement per table, rows in the order of their keys.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use onefold_event::party_id;
use onefold_fold::SubjectState;
use onefold_store::{
    DocumentRow, DocumentTotals, NumberRow, OwnerRow, PartyChange, RowChanges, StoreError, set_members,
};
use onefold_view::OpenItem;
use prost::Message;
use uuid::Uuid;

use crate::error::engine;
use crate::keys::{keep, short};
use crate::project::{OwnerSeen, PostgresProjectTx, SubjectSeen};
use crate::{history, publish, quarantine};

/// Rows per statement at most.
const ROWS: usize = 5000;

impl PostgresProjectTx {
    pub(crate) async fn write(&mut self, changes: RowChanges) -> Result<(), StoreError> {
        let named =
            changes.owners.iter().map(|(key, _)| key).chain(changes.documents_added.iter().map(|row| &row.owner));
        let named = named.chain(changes.open_added.iter().map(|item| &item.owner)).map(String::as_str);
        keep(&mut self.tx, named).await?;
        self.subjects_written(changes.subjects).await?;
        history::put(&mut self.tx, &changes.facts).await?;
        self.owners_written(changes.owners).await?;
        self.documents(include_str!("sql/documents_remove.sql"), changes.documents_removed).await?;
        self.documents(include_str!("sql/documents_add.sql"), changes.documents_added).await?;
        self.open_items(changes.open_removed, changes.open_added).await?;
        self.parties(changes.parties).await?;
        self.pairs(include_str!("sql/decisions_remove.sql"), changes.decisions_removed).await?;
        self.pairs(include_str!("sql/decisions_add.sql"), changes.decisions_added).await?;
        self.pairs(include_str!("sql/former_remove.sql"), changes.former_removed).await?;
        self.pairs(include_str!("sql/former_add.sql"), changes.former_added).await?;
        self.numbers(include_str!("sql/written_remove.sql"), changes.numbers_removed).await?;
        self.numbers(include_str!("sql/written_add.sql"), changes.numbers_added).await?;
        self.singles("DELETE FROM decided WHERE subject = ANY($1)", changes.undecided).await?;
        self.singles(include_str!("sql/decided_add.sql"), changes.decided).await?;
        self.singles(include_str!("sql/inbox_put.sql"), changes.inbox).await?;
        self.singles(include_str!("sql/marks_put.sql"), changes.marks).await?;
        publish::keep(&mut self.tx, &changes.notes).await?;
        quarantine::meet(&mut self.tx, changes.refused).await?;
        self.sums.bundles.merge(&changes.bundles_digest);
        self.sums.clusters.merge(&changes.clusters_digest);
        self.sums.ids.merge(&changes.ids_digest);
        Ok(())
    }

    async fn subjects_written(&mut self, mut rows: Vec<(String, Arc<SubjectState>)>) -> Result<(), StoreError> {
        rows.sort_by(|a, b| a.0.cmp(&b.0));
        let unseen: Vec<String> =
            rows.iter().map(|(key, _)| key).filter(|key| !self.subjects.contains_key(*key)).cloned().collect();
        if !unseen.is_empty() {
            onefold_store::ProjectTx::subjects(self, &unseen).await?;
        }
        let (mut old, mut new) = (Vec::new(), Vec::new());
        for (key, state) in rows {
            let now = SubjectSeen { exists: true, known: state.is_known(), conflicts: state.conflict_count() };
            let was = self.subjects.insert(key.clone(), now).unwrap_or_default();
            self.sums.subjects += i64::from(now.known) - i64::from(was.known);
            self.sums.conflicts += now.conflicts.cast_signed() - was.conflicts.cast_signed();
            if was.exists { &mut old } else { &mut new }.push((key, state.encode_to_vec()));
        }
        for (sql, rows) in
            [(include_str!("sql/subjects_update.sql"), old), (include_str!("sql/subjects_insert.sql"), new)]
        {
            for rows in rows.chunks(ROWS) {
                let (keys, states): (Vec<&str>, Vec<&[u8]>) =
                    rows.iter().map(|(key, state)| (key.as_str(), state.as_slice())).unzip();
                let done = sqlx::query(sql).bind(keys).bind(states).execute(&mut *self.tx).await.map_err(engine)?;
                all_written(done.rows_affected(), rows.len())?;
            }
        }
        Ok(())
    }

    async fn owners_written(&mut self, mut rows: Vec<(String, Arc<OwnerRow>)>) -> Result<(), StoreError> {
        rows.sort_by(|a, b| a.0.cmp(&b.0));
        let unseen: Vec<String> =
            rows.iter().map(|(key, _)| key).filter(|key| !self.owners.contains_key(*key)).cloned().collect();
        if !unseen.is_empty() {
            onefold_store::ProjectTx::owners(self, &unseen).await?;
        }
        let (mut old, mut new) = (Vec::new(), Vec::new());
        let (mut members, mut members_gone) = (Vec::new(), Vec::new());
        for (key, row) in rows {
            let totals = DocumentTotals { documents: row.bundle.document_count(), money: row.bundle.money_totals() };
            self.sums.totals.documents += totals.documents;
            self.sums.totals.money.add(&totals.money);
            let filled = !row.encoded.is_empty();
            let now = OwnerSeen { exists: true, filled, named: row.first_seen.is_some(), totals };
            let was = self.owners.insert(key.clone(), now).unwrap_or_default();
            self.sums.totals.documents -= was.totals.documents;
            self.sums.totals.money.subtract(&was.totals.money);
            self.sums.parties += i64::from(row.first_seen.is_some()) - i64::from(was.named);
            // A set of nothing has no members: whether it ever had something depends on the order of events.
            if was.filled != filled {
                let members = if filled { &mut members } else { &mut members_gone };
                members.extend(set_members(&key).into_iter().map(|atom| (atom, short(&key).into_owned())));
            }
            if was.exists { &mut old } else { &mut new }.push((key, row));
        }
        for (sql, rows) in [(include_str!("sql/owners_update.sql"), old), (include_str!("sql/owners_insert.sql"), new)]
        {
            for rows in rows.chunks(ROWS) {
                self.owner_rows(sql, rows).await?;
            }
        }
        self.pairs(include_str!("sql/set_members_remove.sql"), members_gone).await?;
        self.pairs(include_str!("sql/set_members_add.sql"), members).await
    }

    async fn owner_rows(&mut self, sql: &'static str, rows: &[(String, Arc<OwnerRow>)]) -> Result<(), StoreError> {
        let keys: Vec<Cow<'_, str>> = rows.iter().map(|(key, _)| short(key)).collect();
        let seen: Vec<Option<i64>> = rows.iter().map(|(_, row)| row.first_seen).collect();
        let id = |(key, row): &(String, Arc<OwnerRow>)| row.first_seen.map(|_| party_id(key));
        let ids: Vec<Option<Uuid>> = rows.iter().map(id).collect();
        let digest = |row: &OwnerRow| row.digest.as_ref().map_or_else(Vec::new, |digest| digest.0.to_vec());
        let digests: Vec<Vec<u8>> = rows.iter().map(|(_, row)| digest(row)).collect();
        let bundles: Vec<&[u8]> = rows.iter().map(|(_, row)| row.encoded.as_slice()).collect();
        let write = sqlx::query(sql).bind(keys).bind(seen).bind(ids).bind(digests).bind(bundles);
        let done = write.execute(&mut *self.tx).await.map_err(engine)?;
        all_written(done.rows_affected(), rows.len())
    }

    /// Open items that end and are not begun again go; the others are written where they were.
    async fn open_items(&mut self, removed: Vec<OpenItem>, added: Vec<OpenItem>) -> Result<(), StoreError> {
        let place = |item: &OpenItem| (short(&item.owner).into_owned(), item.due, item.invoice.clone());
        let added: BTreeMap<_, _> = added.iter().map(|item| (place(item), item.encode_to_vec())).collect();
        let gone: BTreeSet<_> = removed.iter().map(place).filter(|place| !added.contains_key(place)).collect();
        let gone: Vec<_> = gone.into_iter().collect();
        for gone in gone.chunks(ROWS) {
            let owners: Vec<&str> = gone.iter().map(|(owner, ..)| owner.as_str()).collect();
            let due: Vec<i64> = gone.iter().map(|(_, due, _)| *due).collect();
            let invoices: Vec<&str> = gone.iter().map(|(.., invoice)| invoice.as_str()).collect();
            let remove = sqlx::query(include_str!("sql/open_items_remove.sql")).bind(owners).bind(due).bind(invoices);
            remove.execute(&mut *self.tx).await.map_err(engine)?;
        }
        let added: Vec<_> = added.into_iter().collect();
        for added in added.chunks(ROWS) {
            let owners: Vec<&str> = added.iter().map(|((owner, ..), _)| owner.as_str()).collect();
            let due: Vec<i64> = added.iter().map(|((_, due, _), _)| *due).collect();
            let invoices: Vec<&str> = added.iter().map(|((.., invoice), _)| invoice.as_str()).collect();
            let items: Vec<&[u8]> = added.iter().map(|(_, item)| item.as_slice()).collect();
            let put = sqlx::query(include_str!("sql/open_items_put.sql"));
            let put = put.bind(owners).bind(due).bind(invoices).bind(items);
            put.execute(&mut *self.tx).await.map_err(engine)?;
        }
        Ok(())
    }

    async fn parties(&mut self, parties: Vec<PartyChange>) -> Result<(), StoreError> {
        let (mut gone, mut held) = (Vec::new(), BTreeMap::new());
        for change in parties {
            gone.extend(change.gone.iter().map(|value| (value.to_string(), change.party.clone())));
            for (value, present) in change.asserted {
                held.insert((value.to_string(), change.party.clone()), present);
            }
        }
        if !gone.is_empty() {
            if !self.alone {
                // Whoever asserts the same value in a transaction that goes on beside this one could not be woken.
                return Err(StoreError::Conflict);
            }
            let values: Vec<&str> = gone.iter().map(|(value, _)| value.as_str()).collect();
            sqlx::query(include_str!("sql/inbox_wake.sql"))
                .bind(values)
                .execute(&mut *self.tx)
                .await
                .map_err(engine)?;
            self.pairs(include_str!("sql/holders_remove.sql"), gone).await?;
        }
        let held: Vec<_> = held.into_iter().collect();
        for held in held.chunks(ROWS) {
            let values: Vec<&str> = held.iter().map(|((value, _), _)| value.as_str()).collect();
            let parties: Vec<&str> = held.iter().map(|((_, party), _)| party.as_str()).collect();
            let present: Vec<bool> = held.iter().map(|(_, present)| *present).collect();
            let put = sqlx::query(include_str!("sql/holders_put.sql")).bind(values).bind(parties).bind(present);
            put.execute(&mut *self.tx).await.map_err(engine)?;
        }
        Ok(())
    }

    async fn documents(&mut self, sql: &'static str, mut rows: Vec<DocumentRow>) -> Result<(), StoreError> {
        rows.sort_unstable_by(|a, b| (&a.owner, &a.place).cmp(&(&b.owner, &b.place)));
        for rows in rows.chunks(ROWS) {
            let owners: Vec<Cow<'_, str>> = rows.iter().map(|row| short(&row.owner)).collect();
            let times: Vec<i64> = rows.iter().map(|row| row.place.at).collect();
            let subjects: Vec<&str> = rows.iter().map(|row| row.place.subject.as_str()).collect();
            let write = sqlx::query(sql).bind(owners).bind(times).bind(subjects);
            write.execute(&mut *self.tx).await.map_err(engine)?;
        }
        Ok(())
    }

    /// Rows of numbers that stand on documents.
    async fn numbers(&mut self, sql: &'static str, mut rows: Vec<NumberRow>) -> Result<(), StoreError> {
        rows.sort_unstable();
        for rows in rows.chunks(ROWS) {
            let places: Vec<i64> = rows.iter().map(|row| row.place).collect();
            let prefixes: Vec<&str> = rows.iter().map(|row| row.prefix.as_str()).collect();
            let subjects: Vec<&str> = rows.iter().map(|row| row.subject.as_str()).collect();
            let write = sqlx::query(sql).bind(places).bind(prefixes).bind(subjects);
            write.execute(&mut *self.tx).await.map_err(engine)?;
        }
        Ok(())
    }

    /// Rows of two keys.
    async fn pairs(&mut self, sql: &'static str, mut pairs: Vec<(String, String)>) -> Result<(), StoreError> {
        pairs.sort_unstable();
        for pairs in pairs.chunks(ROWS) {
            let (left, right): (Vec<&str>, Vec<&str>) = pairs.iter().map(|(a, b)| (a.as_str(), b.as_str())).unzip();
            sqlx::query(sql).bind(left).bind(right).execute(&mut *self.tx).await.map_err(engine)?;
        }
        Ok(())
    }

    /// Rows of one key.
    async fn singles(&mut self, sql: &'static str, keys: impl IntoIterator<Item = String>) -> Result<(), StoreError> {
        let mut keys: Vec<String> = keys.into_iter().collect();
        if keys.is_empty() {
            return Ok(());
        }
        keys.sort_unstable();
        sqlx::query(sql).bind(keys).execute(&mut *self.tx).await.map_err(engine)?;
        Ok(())
    }
}

/// A row that was not there when it was looked for and is now was made by another transaction: its like must be done again.
fn all_written(written: u64, rows: usize) -> Result<(), StoreError> {
    if written == rows as u64 { Ok(()) } else { Err(StoreError::Conflict) }
}
