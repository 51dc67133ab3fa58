#![doc = include_str!("../README.md")]

mod clock;
mod door;
mod error;
mod forecast;
mod judge;
mod recent;
mod verdict;

pub use clock::{DoorClock, system_time};
pub use door::{Door, DoorOptions};
pub use error::DoorError;
pub use forecast::{DoorForecast, EventForecast, SamplePlace};
pub use verdict::{DoorVerdict, EarlierCopy};
