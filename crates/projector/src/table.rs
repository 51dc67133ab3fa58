//! Rows by key, each with a place of its own, so that lists of rows are lists of numbers.

use std::borrow::Borrow;
use std::collections::hash_map::Entry;
use std::hash::Hash;
use std::ops::{Index, IndexMut};

use foldhash::{HashMap, HashMapExt};

/// Where a row stands in its table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TablePlace(usize);

/// Rows in the order in which they came.
pub(crate) struct PlaceTable<K, R> {
    places: HashMap<K, TablePlace>,
    rows: Vec<R>,
}

impl<K: Borrow<str> + Eq + Hash, R> PlaceTable<K, R> {
    pub(crate) fn with_capacity(rows: usize) -> Self {
        Self { places: HashMap::with_capacity(rows), rows: Vec::with_capacity(rows) }
    }

    pub(crate) fn place_of(&self, key: &str) -> Option<TablePlace> {
        self.places.get(key).copied()
    }

    pub(crate) fn get(&self, key: &str) -> Option<&R> {
        self.place_of(key).map(|place| &self[place])
    }

    /// Puts a row at a place of its own, where its key has none yet; answers that place.
    pub(crate) fn get_or_insert(&mut self, key: K, make: impl FnOnce() -> R) -> Option<TablePlace> {
        let place = TablePlace(self.rows.len());
        let Entry::Vacant(vacant) = self.places.entry(key) else { return None };
        vacant.insert(place);
        self.rows.push(make());
        Some(place)
    }

    pub(crate) fn places(&self) -> impl Iterator<Item = TablePlace> + use<K, R> {
        (0..self.rows.len()).map(TablePlace)
    }

    pub(crate) fn rows_mut(&mut self) -> impl Iterator<Item = &mut R> {
        self.rows.iter_mut()
    }
}

/// A place is given by the table that it is of, and rows are never taken out.
impl<K, R> Index<TablePlace> for PlaceTable<K, R> {
    type Output = R;

    fn index(&self, place: TablePlace) -> &R {
        &self.rows[place.0]
    }
}

impl<K, R> IndexMut<TablePlace> for PlaceTable<K, R> {
    fn index_mut(&mut self, place: TablePlace) -> &mut R {
        &mut self.rows[place.0]
    }
}
