//! Where replayed events are written.

use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, StdoutLock, Write};
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::args::ReplayForm;

/// A file, or standard output.
enum OutputPlace {
    File(BufWriter<File>),
    Standard(BufWriter<StdoutLock<'static>>),
}

/// Writes events, one a line or in batches.
pub(super) struct ReplayTarget {
    place: OutputPlace,
    form: ReplayForm,
    batch: usize,
    waiting: Vec<Value>,
}

impl ReplayTarget {
    /// Opens it. A file that goes on has what was written beyond the cursor cut off; one that begins is made.
    pub(super) fn open(path: Option<&Path>, written: Option<u64>, (form, batch): (ReplayForm, usize)) -> Result<Self> {
        let place = match path {
            None => OutputPlace::Standard(BufWriter::new(io::stdout().lock())),
            Some(path) => OutputPlace::File(BufWriter::with_capacity(1 << 20, open_file(path, written)?)),
        };
        Ok(Self { place, form, batch, waiting: Vec::new() })
    }

    /// Writes an event, or has it wait until its batch is full.
    pub(super) fn put(&mut self, event: Value) -> Result<()> {
        if self.form == ReplayForm::Batch {
            self.waiting.push(event);
            return if self.waiting.len() >= self.batch { self.put_batch() } else { Ok(()) };
        }
        self.put_line(&event)
    }

    fn put_batch(&mut self) -> Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let batch = Value::Array(std::mem::take(&mut self.waiting));
        self.put_line(&batch)
    }

    fn put_line(&mut self, value: &Value) -> Result<()> {
        let to: &mut dyn Write = match &mut self.place {
            OutputPlace::File(file) => file,
            OutputPlace::Standard(out) => out,
        };
        serde_json::to_writer(&mut *to, value).map_err(io::Error::from)?;
        to.write_all(b"\n")?;
        Ok(())
    }

    /// Everything that was put is out.
    pub(super) fn flush(&mut self) -> Result<()> {
        self.put_batch()?;
        match &mut self.place {
            OutputPlace::File(file) => file.flush()?,
            OutputPlace::Standard(out) => out.flush()?,
        }
        Ok(())
    }

    /// The same durably; gives how many bytes the file has.
    pub(super) fn make_durable(&mut self) -> Result<u64> {
        self.flush()?;
        let OutputPlace::File(file) = &mut self.place else { return Ok(0) };
        file.get_ref().sync_data()?;
        Ok(file.stream_position()?)
    }
}

fn open_file(path: &Path, written: Option<u64>) -> Result<File> {
    let unwritable = || format!("{} cannot be written", path.display());
    let Some(written) = written.filter(|written| *written > 0) else {
        return File::create(path).with_context(unwritable);
    };
    let mut file = File::options().write(true).open(path).with_context(unwritable)?;
    let length = file.metadata().with_context(unwritable)?.len();
    if length < written {
        bail!(
            "{} has {length} bytes, and the cursor says that {written} were written: put it back, or begin again with \
             another cursor",
            path.display()
        );
    }
    file.set_len(written).with_context(unwritable)?;
    file.seek(SeekFrom::End(0)).with_context(unwritable)?;
    Ok(file)
}
