//! What every fuzz target is: a door, and the room that it may take.

mod doors;

use peak_alloc::PeakAlloc;

/// Counts what is allocated, on all threads.
#[global_allocator]
static ALLOCATED: PeakAlloc = PeakAlloc;

/// Bytes that a door may take beside its input's, and for each byte of it.
const ROOM: usize = 48 << 20;
const ROOM_PER_BYTE: usize = 4 << 10;

/// Brings bytes to a door. It may refuse them and take them in, and neither panic nor take more room than its bound.
pub fn bounded(name: &str, bytes: &[u8]) {
    let door = doors::DOORS.iter().find(|(door, _)| *door == name).expect("a target is called like its door").1;
    ALLOCATED.reset_peak_usage();
    let before = ALLOCATED.current_usage();
    door(bytes);
    let taken = ALLOCATED.peak_usage().saturating_sub(before);
    assert!(taken <= ROOM + ROOM_PER_BYTE * bytes.len(), "{taken} bytes of memory for {} of input", bytes.len());
}
