//! Rows by key, each with a place of its own, so that lists of rows are lists of numbers.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::ops::{Index, IndexMut, Range};

/// Where a row stands in its table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place(usize);

/// Rows in the order in which they came.
pub(crate) struct Table<K, R> {
    places: HashMap<K, Place>,
    rows: Vec<R>,
}

/// Places of rows that came one after the other.
#[derive(Clone)]
pub(crate) struct Places(Range<usize>);

impl Places {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Iterator for Places {
    type Item = Place;

    fn next(&mut self) -> Option<Place> {
        self.0.next().map(Place)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl<K: Borrow<str> + Eq + Hash, R> Table<K, R> {
    pub(crate) fn with_capacity(rows: usize) -> Self {
        Self { places: HashMap::with_capacity(rows), rows: Vec::with_capacity(rows) }
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(crate) fn place(&self, key: &str) -> Option<Place> {
        self.places.get(key).copied()
    }

    pub(crate) fn get(&self, key: &str) -> Option<&R> {
        self.place(key).map(|place| &self[place])
    }

    /// The place of a key; where it has none yet, `make` says key and row.
    pub(crate) fn get_or_insert(&mut self, key: &str, make: impl FnOnce() -> (K, R)) -> Place {
        if let Some(place) = self.place(key) {
            return place;
        }
        let (place, (key, row)) = (Place(self.rows.len()), make());
        self.places.insert(key, place);
        self.rows.push(row);
        place
    }

    pub(crate) fn places(&self) -> Places {
        self.places_from(0)
    }

    /// Places of the rows that came after the first so many.
    pub(crate) fn places_from(&self, first: usize) -> Places {
        Places(first..self.rows.len())
    }

    pub(crate) fn into_rows(self) -> Vec<R> {
        self.rows
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
