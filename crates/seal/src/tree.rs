//! Merkle trees as RFC 6962 hashes them.
//!
//! Written here, since no kept crate holds this with notes and checkpoints: `rs_merkle` builds another tree, `tlog_tiles` has
//! stopped, and `ct-merkle` (MIT, kept) holds all leaves of a tree in memory or asks for each node of it, where a sealer has a
//! frontier of 64 hashes at most. The published vectors of RFC 6962 judge it below.

use sha2::{Digest, Sha256};

/// A SHA-256 hash: of a leaf, a node or a tree.
pub type TreeHash = [u8; 32];

/// The hash of a leaf: SHA-256 of 0x00 and its bytes.
pub fn hash_leaf(input: &[u8]) -> TreeHash {
    Sha256::new().chain_update([0]).chain_update(input).finalize().into()
}

/// The hash of a node: SHA-256 of 0x01 and the hashes of both of its children.
pub(crate) fn hash_children(left: &TreeHash, right: &TreeHash) -> TreeHash {
    // One call over one block and a bit: three updates cost a fifth more.
    let mut input = [1; 65];
    input[1..33].copy_from_slice(left);
    input[33..].copy_from_slice(right);
    Sha256::digest(input).into()
}

/// A tree that is only ever appended to, as the roots of its complete subtrees: at most 64 hashes, however large it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TreeFrontier {
    size: u64,
    /// From the largest subtree to the smallest; one for each bit that is set in the size.
    roots: Vec<TreeHash>,
}

impl TreeFrontier {
    /// Appends a leaf by its hash.
    pub fn push(&mut self, leaf: TreeHash) {
        let mut root = leaf;
        // Each 1 at the end of the size is a subtree as large as the one in hand.
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.roots.pop() {
                root = hash_children(&left, &root);
            }
        }
        self.roots.push(root);
        self.size += 1;
    }

    /// Number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The tree's root; of no leaves, the hash of nothing.
    pub fn root(&self) -> TreeHash {
        let mut roots = self.roots.iter().rev().copied();
        match roots.next() {
            None => Sha256::digest([]).into(),
            Some(last) => roots.fold(last, |right, left| hash_children(&left, &right)),
        }
    }
}

/// The root of a tree of these leaf hashes.
pub(crate) fn root_hash(leaves: &[TreeHash]) -> TreeHash {
    let mut frontier = TreeFrontier::default();
    leaves.iter().for_each(|leaf| frontier.push(*leaf));
    frontier.root()
}

/// Whether a leaf of this hash stands at this place of the tree of that size and root: RFC 9162, 2.1.3.2.
pub(crate) fn is_included(leaf: &TreeHash, index: u64, size: u64, path: &[TreeHash], root: &TreeHash) -> bool {
    if index >= size {
        return false;
    }
    let (mut node, mut last, mut hash) = (index, size - 1, *leaf);
    for sibling in path {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            hash = hash_children(sibling, &hash);
            // A right edge that has no sibling here goes up until it has one.
            while node & 1 == 0 && node != 0 {
                (node, last) = (node >> 1, last >> 1);
            }
        } else {
            hash = hash_children(&hash, sibling);
        }
        (node, last) = (node >> 1, last >> 1);
    }
    last == 0 && hash == *root
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TreeLevels;

    /// Leaves and roots of the trees of 1 to 8 of them, as Certificate Transparency publishes them.
    const LEAVES: [&str; 8] =
        ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
    const ROOTS: [&str; 8] = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    fn published() -> Vec<TreeHash> {
        LEAVES.iter().map(|leaf| hash_leaf(&hex::decode(leaf).unwrap())).collect()
    }

    #[test]
    fn a_published_path_is_made() {
        let path: Vec<String> = TreeLevels::new(published()).path(5).unwrap().iter().map(hex::encode).collect();
        assert_eq!(
            path,
            [
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ]
        );
    }

    #[test]
    fn roots_are_those_of_certificate_transparency() {
        let leaves = published();
        for (n, root) in (1..).zip(ROOTS) {
            assert_eq!(hex::encode(root_hash(&leaves[..n])), root, "{n} leaves");
        }
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(hex::encode(root_hash(&[])), empty);
    }

    #[test]
    fn each_leaf_is_where_it_is_and_nowhere_else() {
        let leaves: Vec<TreeHash> = (0u8..70).map(|n| hash_leaf(&[n])).collect();
        for size in 1..=leaves.len() {
            let (held, root) = (&leaves[..size], root_hash(&leaves[..size]));
            let levels = TreeLevels::new(held.to_vec());
            for (index, leaf) in held.iter().enumerate() {
                let path = levels.path(index).unwrap();
                for other in 0..size + 2 {
                    let is_there = is_included(leaf, other as u64, size as u64, &path, &root);
                    assert_eq!(is_there, other == index, "{index} as {other} of {size}");
                }
                assert!(!is_included(&[7; 32], index as u64, size as u64, &path, &root));
                if let Some((_, shorter)) = path.split_last() {
                    assert!(!is_included(leaf, index as u64, size as u64, shorter, &root));
                }
                let longer = [path.as_slice(), &[root]].concat();
                assert!(!is_included(leaf, index as u64, size as u64, &longer, &root));
            }
        }
    }
}
