//! A tree with all of its complete subtrees at hand: each path costs some hashes, however large the tree is.

use crate::tree::{TreeHash, hash_children};

/// The roots of all complete subtrees: level 0 is the leaves, each level has half as many as the one below.
#[derive(Debug, Clone)]
pub struct TreeLevels(Vec<Vec<TreeHash>>);

impl TreeLevels {
    /// Hashes each node once.
    pub fn new(leaves: Vec<TreeHash>) -> Self {
        let mut levels = vec![leaves];
        while let Some(below) = levels.last().filter(|level| level.len() > 1) {
            let level = below.chunks_exact(2).map(|pair| hash_children(&pair[0], &pair[1])).collect();
            levels.push(level);
        }
        Self(levels)
    }

    /// The leaf hashes.
    pub fn leaves(&self) -> &[TreeHash] {
        self.0.first().map_or(&[], Vec::as_slice)
    }

    /// The siblings from a leaf up to the root, as RFC 6962 has them; none where there is no such leaf.
    pub fn path(&self, index: usize) -> Option<Vec<TreeHash>> {
        let (mut start, mut length, mut path) = (0, self.leaves().len(), Vec::new());
        if index >= length {
            return None;
        }
        while length > 1 {
            let left = 1 << (usize::BITS - 1 - (length - 1).leading_zeros());
            if index < start + left {
                path.push(self.range_root(start + left, length - left)?);
                length = left;
            } else {
                path.push(self.range_root(start, left)?);
                (start, length) = (start + left, length - left);
            }
        }
        path.reverse();
        Some(path)
    }

    /// The root over so many leaves (at least one) from one on, where a tree of the same shape begins.
    fn range_root(&self, start: usize, length: usize) -> Option<TreeHash> {
        let (mut at, mut rest, mut roots) = (start, length, Vec::new());
        while rest > 0 {
            let level = rest.ilog2() as usize;
            roots.push(*self.0.get(level)?.get(at >> level)?);
            (at, rest) = (at + (1 << level), rest - (1 << level));
        }
        roots.into_iter().rev().reduce(|right, left| hash_children(&left, &right))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leaf_that_is_not_there_has_no_path() {
        for size in [0, 1, 2, 7, 64] {
            assert_eq!(TreeLevels::new(vec![[1; 32]; size]).path(size), None);
        }
        assert_eq!(TreeLevels::new(vec![[1; 32]]).path(0), Some(Vec::new()), "whoever is alone is the root");
    }
}
