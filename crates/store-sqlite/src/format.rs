//! The format of the file: an older one is brought to the present one where it is written to, a newer one is refused.

use onefold_store::{StoreError, SubjectState};
use prost::Message;
use rusqlite::{Connection, Result};

use crate::db::{corrupt, engine};

/// Every step from one format to the next; a step that was released never changes. The first format is 1.
const STEPS: [fn(&Connection) -> Result<()>; 2] = [members_of_bundles, decided];
/// Format of the tables.
pub(crate) const FORMAT: u32 = STEPS.len() as u32 + 1;

/// The format of a file; none where it holds no read model.
pub(crate) fn of(connection: &Connection) -> Result<Option<u32>, StoreError> {
    let exists = "SELECT count(*) FROM sqlite_schema WHERE name = 'meta'";
    let exists: u32 = connection.query_row(exists, [], |r| r.get(0)).map_err(engine)?;
    if exists == 0 {
        return Ok(None);
    }
    connection.query_row("SELECT value FROM meta WHERE name = 'format'", [], |r| r.get(0)).map(Some).map_err(engine)
}

/// Refuses a file that this program could misread.
pub(crate) fn check(connection: &Connection) -> Result<u32, StoreError> {
    match of(connection)? {
        Some(found) if found > FORMAT => Err(StoreError::TooNew { found, known: FORMAT }),
        Some(found) => Ok(found),
        None => Err(StoreError::Corrupt("the file holds no read model".to_owned())),
    }
}

/// Takes the steps that are missing, all or none.
pub(crate) fn upgrade(connection: &Connection) -> Result<(), StoreError> {
    let found = check(connection)?;
    if found == FORMAT {
        return Ok(());
    }
    tracing::info!(from = found, to = FORMAT, "the read model is brought to the format of this program");
    connection.execute_batch("BEGIN IMMEDIATE").map_err(engine)?;
    let steps = || {
        (1u32..).zip(STEPS).filter(|(from, _)| *from >= found).try_for_each(|(_, step)| step(connection))?;
        connection.execute("UPDATE meta SET value = ?1 WHERE name = 'format'", [FORMAT])?;
        connection.execute_batch("COMMIT")
    };
    let done = steps();
    if done.is_err() {
        connection.execute_batch("ROLLBACK").map_err(engine)?;
    }
    done.map_err(engine)
}

/// Members are kept of sets that have a bundle; once they stayed when it became empty.
fn members_of_bundles(c: &Connection) -> Result<()> {
    let gone = "DELETE FROM set_member WHERE NOT EXISTS
        (SELECT 1 FROM owner WHERE num = set_member.owner AND length(bundle) > 0)";
    c.execute(gone, []).map(drop)
}

/// Subjects about which decisions stand have an index.
fn decided(c: &Connection) -> Result<()> {
    c.execute_batch("CREATE TABLE decided (subject INTEGER PRIMARY KEY)")?;
    let mut put = c.prepare("INSERT INTO decided VALUES (?1)")?;
    subjects(c, |num, state| if state.is_decided() { put.execute([num]).map(drop) } else { Ok(()) })
}

/// Every subject once.
fn subjects(c: &Connection, mut each: impl FnMut(i64, SubjectState) -> Result<()>) -> Result<()> {
    let mut all = c.prepare("SELECT num, state FROM subject")?;
    let mut rows = all.query([])?;
    while let Some(row) = rows.next()? {
        let state = SubjectState::decode(row.get_ref(1)?.as_blob()?).map_err(|e| corrupt("a subject", e))?;
        each(row.get(0)?, state)?;
    }
    Ok(())
}
