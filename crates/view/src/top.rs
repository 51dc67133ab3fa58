//! The first few of ordered rows, kept exact under change as long as what is kept decides it.

/// What stands in a list of the newest.
pub(crate) trait DatedRow: Clone {
    /// The later, then the greater, comes first.
    fn sort_key(&self) -> (i64, &str);
}

/// Puts `new` in the place of `old` in a list of the `keep` greatest rows, newest first. `total` is the number of rows
/// before the change, listed or not. Answers whether the list can no longer be known from what it holds.
pub(crate) fn replace_top<T: DatedRow>(
    list: &mut Vec<T>,
    keep: usize,
    total: i64,
    old: Option<&T>,
    new: Option<&T>,
) -> bool {
    // A list that held every row knows what follows when one of them goes; a full one does not.
    let whole = usize::try_from(total).is_ok_and(|total| total <= keep);
    let above = whole || new.is_some_and(|new| list.last().is_some_and(|floor| new.sort_key() >= floor.sort_key()));
    // By its key, not by its content: the row may say something else by now.
    let listed = old.and_then(|old| list.iter().position(|row| row.sort_key() == old.sort_key()));
    if let Some(at) = listed {
        list.remove(at);
    }
    let Some(new) = new else { return listed.is_some() && !whole };
    let known = above || listed.is_none();
    if above || !known {
        insert_top(list, keep, new);
    }
    !known
}

/// Inserts a row into a list of the `keep` greatest.
pub(crate) fn insert_top<T: DatedRow>(list: &mut Vec<T>, keep: usize, new: &T) {
    let at = list.partition_point(|row| row.sort_key() > new.sort_key());
    if at < keep {
        list.insert(at, new.clone());
        list.truncate(keep);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KEEP: usize = 3;

    impl DatedRow for u32 {
        fn sort_key(&self) -> (i64, &str) {
            (i64::from(*self), "")
        }
    }

    fn top(rows: &[u32]) -> Vec<u32> {
        let mut sorted = rows.to_vec();
        sorted.sort_by(|a, b| b.cmp(a));
        sorted.truncate(KEEP);
        sorted
    }

    proptest! {
        #[test]
        fn what_it_calls_known_is_right(rows in proptest::collection::btree_set(0u32..100, 0..8), new in proptest::option::of(100u32..200), pick in 0usize..8, shift in 0u32..200) {
            let mut rows: Vec<u32> = rows.into_iter().collect();
            let mut list = top(&rows);
            let total = i64::try_from(rows.len()).unwrap();
            let old = rows.get(pick).copied();
            // Distinct from all the others: they are even once doubled, this one is odd.
            let rows_doubled: Vec<u32> = rows.iter().map(|r| r * 2).collect();
            rows = rows_doubled;
            list.iter_mut().for_each(|r| *r *= 2);
            let old = old.map(|o| o * 2);
            let new = new.map(|_| shift * 2 + 1);
            let unknown = replace_top(&mut list, KEEP, total, old.as_ref(), new.as_ref());
            rows.retain(|r| Some(*r) != old);
            rows.extend(new);
            if !unknown {
                prop_assert_eq!(list, top(&rows));
            }
        }

        #[test]
        fn rows_only_added_are_always_known(rows in proptest::collection::btree_set(0u32..1000, 0..20)) {
            let mut list = Vec::new();
            let mut all = Vec::new();
            for (n, row) in rows.iter().map(|r| r * 7919 % 1009).enumerate() {
                prop_assert!(!replace_top(&mut list, KEEP, i64::try_from(n).unwrap(), None, Some(&row)));
                all.push(row);
                prop_assert_eq!(&list, &top(&all));
            }
        }
    }
}
