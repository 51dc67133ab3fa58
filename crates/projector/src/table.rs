//! Rows by key, each with a place of its own, so that lists of rows are lists of numbers.

use std::borrow::Borrow;
use std::collections::hash_map::Entry;
use std::hash::Hash;
use std::ops::{Index, IndexMut};

use foldhash::{HashMap, HashMapExt};

/// Where a row stands in its table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place(usize);

/// Rows in the order in which they came.
pub(crate) struct Table<K, R> {
    places: HashMap<K, Place>,
    rows: Vec<R>,
}

impl<K: Borrow<str> + Eq + Hash, R> Table<K, R> {
    pub(crate) fn with_capacity(rows: usize) -> Self {
        Self { places: HashMap::with_capacity(rows), rows: Vec::with_capacity(rows) }
    }

    pub(crate) fn place(&self, key: &str) -> Option<Place> {
        self.places.get(key).copied()
    }

    pub(crate) fn get(&self, key: &str) -> Option<&R> {
        self.place(key).map(|place| &self[place])
    }

    /// Puts a row at a place of its own, where its key has none yet; answers that place.
    pub(crate) fn insert(&mut self, key: K, make: impl FnOnce() -> R) -> Option<Place> {
        let place = Place(self.rows.len());
        let Entry::Vacant(vacant) = self.places.entry(key) else { return None };
        vacant.insert(place);
        self.rows.push(make());
        Some(place)
    }

    pub(crate) fn places(&self) -> impl Iterator<Item = Place> + use<K, R> {
        (0..self.rows.len()).map(Place)
    }

    pub(crate) fn rows_mut(&mut self) -> impl Iterator<Item = &mut R> {
        self.rows.iter_mut()
    }
}

/// A place is given by the table that it is of, and rows are never taken out.
impl<K, R> Index<Place> for Table<K, R> {
    type Output = R;

    fn index(&self, place: Place) -> &R {
        &self.rows[place.0]
    }
}

impl<K, R> IndexMut<Place> for Table<K, R> {
    fn index_mut(&mut self, place: Place) -> &mut R {
        &mut self.rows[place.0]
    }
}
