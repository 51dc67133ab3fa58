//! Every derived row as it stands in the file, in terms of keys.

use async_trait::async_trait;
use onefold_event::party_id;
use onefold_identity::Owner;
use onefold_store::{StoreError, Table, TableRow, VerifyStore};
use onefold_view::DigestSum;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Result, Row};

use crate::SqliteStore;
use crate::keys::{find, hash};
use crate::project::digest;

#[async_trait]
impl VerifyStore for SqliteStore {
    async fn scan(&self, table: Table, each: &mut (dyn for<'a> FnMut(TableRow) + Send)) -> Result<(), StoreError> {
        // Rows go over a bounded channel, so that a table is never in memory as a whole.
        let (to, mut from) = tokio::sync::mpsc::channel::<Vec<TableRow>>(4);
        let scan = self.read(move |c| scan(c, table, &to));
        let drain = async {
            while let Some(rows) = from.recv().await {
                rows.into_iter().for_each(&mut *each);
            }
        };
        tokio::join!(scan, drain).0
    }

    async fn kept(&self) -> Result<(Vec<u64>, DigestSum, DigestSum), StoreError> {
        self.read(|c| {
            let mut all = c.prepare_cached("SELECT next FROM position ORDER BY partition")?;
            let positions =
                all.query_map([], |r| r.get::<_, i64>(0).map(i64::cast_unsigned))?.collect::<Result<_>>()?;
            let mut sum = digest(c, "bundles")?;
            sum.merge(&digest(c, "clusters")?);
            Ok((positions, sum, digest(c, "ids")?))
        })
        .await
    }
}

/// Numbers in a row are resolved through the rows that hold their texts; one that has none is shown as it is.
fn sql(table: Table) -> &'static str {
    match table {
        Table::Subjects => "SELECT key, state FROM subject WHERE length(state) > 0",
        Table::Owners => "SELECT key, bundle, digest, first_seen FROM owner WHERE length(bundle) > 0 OR length(digest) > 0 OR first_seen IS NOT NULL",
        Table::Documents => {
            "SELECT coalesce(o.key, '#' || d.owner), coalesce(s.key, '#' || d.subject) FROM document d
             LEFT JOIN owner o ON o.num = d.owner LEFT JOIN subject s ON s.num = d.subject"
        }
        Table::OpenItems => {
            "SELECT coalesce(o.key, '#' || i.owner), coalesce(s.key, '#' || i.subject), i.due, i.item FROM open_item i
             LEFT JOIN owner o ON o.num = i.owner LEFT JOIN subject s ON s.num = i.subject"
        }
        Table::Holders => {
            "SELECT coalesce(p.key, '#' || h.party), coalesce(i.key, '#' || h.identifier), h.present FROM holder h
             LEFT JOIN owner p ON p.num = h.party LEFT JOIN owner i ON i.num = h.identifier"
        }
        Table::Decisions => {
            "SELECT coalesce(p.key, '#' || d.party), coalesce(s.key, '#' || d.decision) FROM decision d
             LEFT JOIN owner p ON p.num = d.party LEFT JOIN subject s ON s.num = d.decision"
        }
        Table::Members => {
            "SELECT coalesce(p.key, '#' || m.party), coalesce(h.key, '#' || m.cluster) FROM member m
             LEFT JOIN owner p ON p.num = m.party LEFT JOIN owner h ON h.num = m.cluster"
        }
        Table::Search => "SELECT coalesce(o.key, '#' || s.party), s.text FROM search s LEFT JOIN owner o ON o.num = s.party",
        // Number, key, whether it has a row of its own to be found, and which: empty for a number that no text has.
        Table::Keys => {
            "SELECT num, key, length(state) > 0, 'subject' FROM subject
             UNION ALL SELECT num, key, length(bundle) > 0 OR length(digest) > 0 OR first_seen IS NOT NULL, 'owner' FROM owner
             UNION ALL SELECT num, '#' || num, 0, '' FROM key k
              WHERE NOT EXISTS (SELECT 1 FROM subject WHERE num = k.num) AND NOT EXISTS (SELECT 1 FROM owner WHERE num = k.num)"
        }
        // Member, set, whether that has a bundle, and the member's number.
        Table::SetMembers => {
            "SELECT a.key, coalesce(o.key, '#' || m.owner), coalesce(length(o.bundle) > 0, 0), m.atom FROM set_member m
             LEFT JOIN owner a ON a.num = m.atom LEFT JOIN owner o ON o.num = m.owner"
        }
    }
}

fn scan(c: &Connection, table: Table, to: &tokio::sync::mpsc::Sender<Vec<TableRow>>) -> Result<()> {
    let mut all = c.prepare(sql(table))?;
    let columns = all.column_count();
    let mut rows = all.query([])?;
    let mut chunk = Vec::with_capacity(1000);
    while let Some(row) = rows.next()? {
        match table {
            Table::Keys => chunk.extend(key_row(c, row)?),
            Table::SetMembers => chunk.extend(member_row(row)?),
            _ => chunk.push(table_row(row, columns)?),
        }
        if chunk.len() >= 1000 && to.blocking_send(std::mem::take(&mut chunk)).is_err() {
            return Ok(());
        }
    }
    // A receiver that is gone has what it wanted.
    let _gone = to.blocking_send(chunk);
    Ok(())
}

/// A key that leads to its row; what does not lead there is shown as such, unless the row is one that is expected.
fn key_row(c: &Connection, row: &Row<'_>) -> Result<Option<TableRow>> {
    let (num, key): (i64, String) = (row.get(0)?, row.get(1)?);
    let (expected, of): (bool, String) = (row.get(2)?, row.get(3)?);
    let mut direct = c.prepare_cached("SELECT num FROM key WHERE hash = ?1")?;
    let first: Option<i64> = direct.query_row([hash(party_id(&key))], |r| r.get(0)).optional()?;
    let found = !of.is_empty() && (first == Some(num) || find(c, &key)? == Some(num));
    Ok(match (expected, found) {
        (true, true) => Some(TableRow::new(&key, &[of.as_bytes()])),
        (true, false) | (false, true) => None,
        (false, false) => Some(TableRow::new(&key, &[b"leads nowhere"])),
    })
}

/// A member of a set that has a bundle, or one that its set does not name.
fn member_row(row: &Row<'_>) -> Result<Option<TableRow>> {
    let (atom, set): (Option<String>, String) = (row.get(0)?, row.get(1)?);
    let (used, num): (bool, i64) = (row.get(2)?, row.get(3)?);
    let atom = atom.unwrap_or_else(|| format!("#{num}"));
    let belongs = || Owner::parse(&set).is_some_and(|owner| owner.atoms().any(|of| of.to_string() == atom));
    Ok((used || !belongs()).then(|| TableRow::new(&atom, &[set.as_bytes()])))
}

fn table_row(row: &Row<'_>, columns: usize) -> Result<TableRow> {
    let mut rest: Vec<Vec<u8>> = Vec::with_capacity(columns);
    for n in 1..columns {
        rest.push(match row.get_ref(n)? {
            ValueRef::Null => Vec::new(),
            ValueRef::Integer(i) => i.to_be_bytes().to_vec(),
            ValueRef::Real(f) => f.to_be_bytes().to_vec(),
            ValueRef::Text(b) | ValueRef::Blob(b) => b.to_vec(),
        });
    }
    let rest: Vec<&[u8]> = rest.iter().map(Vec::as_slice).collect();
    Ok(TableRow::new(row.get_ref(0)?.as_str()?, &rest))
}
