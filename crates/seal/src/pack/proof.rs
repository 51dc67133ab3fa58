//! C2SP `tlog-proof@v1`: index, path and checkpoint of one leaf, as a text.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::text_reader::{read_hash, read_number};
use crate::{SealError, TreeHash};

const FIRST: &str = "c2sp.org/tlog-proof@v1\n";

/// That a leaf stands at its place under a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InclusionProof {
    /// The leaf's place.
    pub(crate) index: u64,
    /// Siblings from the leaf up.
    pub(crate) path: Vec<TreeHash>,
    /// The checkpoint, verbatim.
    pub(crate) note: String,
}

impl InclusionProof {
    /// The text.
    pub(crate) fn text(&self) -> String {
        let path: String = self.path.iter().map(|hash| BASE64_STANDARD.encode(hash) + "\n").collect();
        format!("{FIRST}index {}\n{path}\n{}", self.index, self.note)
    }

    /// Reads the text; extra data, which nobody has signed, is passed over.
    ///
    /// # Errors
    /// It is not a proof.
    pub(crate) fn parse(text: &str) -> Result<Self, SealError> {
        let read = || {
            let (head, note) = text.strip_prefix(FIRST)?.split_once("\n\n")?;
            let mut lines = head.split('\n').peekable();
            lines.next_if(|line| line.starts_with("extra "));
            let index = read_number(lines.next()?.strip_prefix("index ")?)?;
            let path: Option<Vec<TreeHash>> = lines.map(read_hash).collect();
            Some(Self { index, path: path?, note: note.to_owned() })
        };
        read().ok_or_else(|| SealError::Note("expected a proof, which begins with c2sp.org/tlog-proof@v1".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_is_read_back() {
        for path in [vec![], vec![[1; 32], [2; 32]]] {
            let proof = InclusionProof { index: 41, path, note: "origin\n1\nroot\n\nsigned\n".to_owned() };
            assert_eq!(InclusionProof::parse(&proof.text()).unwrap(), proof);
            let extra = proof.text().replace("index", "extra AAAA\nindex");
            assert_eq!(InclusionProof::parse(&extra).unwrap(), proof);
        }
        for wrong in [
            "",
            "c2sp.org/tlog-proof@v1\n",
            "c2sp.org/tlog-proof@v1\nindex 07\n\nx",
            "c2sp.org/tlog-proof@v1\nindex 7\nzz\n\nx",
        ] {
            assert!(InclusionProof::parse(wrong).is_err(), "{wrong}");
        }
    }
}
