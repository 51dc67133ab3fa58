//! Sets that are joined, named by their least member.

/// Members by number. Each member's set is named by its least member, so the result does not depend on the order of joining.
#[derive(Debug, Default)]
pub struct UnionFind(Vec<usize>);

impl UnionFind {
    /// So many members, each alone.
    pub fn new(len: usize) -> Self {
        Self((0..len).collect())
    }

    /// A further member, alone.
    pub fn push(&mut self) -> usize {
        self.0.push(self.0.len());
        self.0.len() - 1
    }

    /// The least member of a member's set.
    pub fn find(&mut self, mut at: usize) -> usize {
        while let Some(up) = self.0.get(at).copied().filter(|up| *up != at) {
            // Path halving: each step points a member at its grandparent, which keeps look-ups short without a second
            // pass.
            let above = self.0.get(up).copied().unwrap_or(up);
            if let Some(slot) = self.0.get_mut(at) {
                *slot = above;
            }
            at = up;
        }
        at
    }

    /// Makes the sets of two members one.
    pub fn union(&mut self, a: usize, b: usize) {
        let (a, b) = (self.find(a), self.find(b));
        if let Some(slot) = self.0.get_mut(a.max(b)) {
            *slot = a.min(b);
        }
    }
}
