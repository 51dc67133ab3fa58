//! What stands around the records of a document, for mappings that read it.

use std::io::BufRead;
use std::sync::Arc;

use onefold_event::Problem;
use onefold_mapping::PathStep;
use serde_json::Value;

use crate::fault;
use crate::json::document::{PathEnd, descend, is_parted, leave};
use crate::json::scan::{JsonScanner, ScanStop, ScannedBytes};

/// Most bytes of it: it is held in memory, and kept beside each record in quarantine.
const MOST_BYTES: usize = 1 << 20;

/// A document without its records.
#[derive(Debug)]
pub(crate) struct RecordSurroundings {
    /// Up to the first record.
    pub(crate) before: Vec<u8>,
    /// From the last one's end on.
    pub(crate) after: Vec<u8>,
    /// Both, with an empty list between, or null where the one record is an object.
    pub(crate) body: Arc<Value>,
}

impl RecordSurroundings {
    /// Reads the first document, of which only this is held. None where the path leads to no records.
    pub(crate) fn read(reader: impl BufRead, steps: &[PathStep]) -> Result<Option<Self>, ScanStop> {
        let mut scanner = JsonScanner::new(reader, 0);
        let (mut before, mut after) = (ScannedBytes::within(MOST_BYTES), ScannedBytes::within(MOST_BYTES));
        let (mut nowhere, mut open) = (ScannedBytes::nowhere(), Vec::new());
        match scanner.peek(&mut nowhere)? {
            Some(begins) if is_parted(steps, begins) => {}
            _ => return Ok(None),
        }
        let between: &[u8] = match descend(&mut scanner, steps, &mut open, &mut before)? {
            PathEnd::List => {
                let mut begun = false;
                while scanner.peek_within(&mut nowhere)? != b']' {
                    if begun {
                        scanner.expect(b',', &mut nowhere)?;
                    }
                    scanner.value(&mut nowhere)?;
                    begun = true;
                }
                b""
            }
            PathEnd::Object => {
                scanner.value(&mut nowhere)?;
                b"null"
            }
            PathEnd::Value | PathEnd::Nothing => return Ok(None),
        };
        leave(&mut scanner, &mut open, &mut after)?;
        if before.is_cut() || after.is_cut() {
            return Err(ScanStop::Bad(Box::new(fault::much_around(MOST_BYTES))));
        }
        let body = serde_json::from_slice(&[&before.raw, between, &after.raw].concat());
        let body = body.map_err(|error| ScanStop::Bad(Box::<Problem>::new(fault::no_record(&error, 1))))?;
        Ok(Some(Self { before: before.raw, after: after.raw, body: Arc::new(body) }))
    }
}
