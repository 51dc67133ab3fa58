//! C2SP signed notes with Ed25519: a text, and who signed it.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};

use crate::SealError;

/// The kind of key and signature, as its first byte: Ed25519.
const ED25519: u8 = 1;
const PRIVATE: &str = "PRIVATE+KEY+";
/// Begins each line of a signature.
const DASH: &str = "\u{2014} ";
/// Most bytes of a note: a checkpoint has some hundred, each signature line about a hundred more.
const MOST_NOTE: usize = 64 << 10;

/// A name of a key: of letters that part nothing in a note or a key.
fn check_name(name: &str) -> Result<(), SealError> {
    if name.is_empty() || name.chars().any(|c| c.is_whitespace() || c.is_control() || c == '+') {
        return Err(SealError::Key(format!(
            "`{name}` cannot name a key: expected a name such as hub.example.com/onefold, without blanks and `+`"
        )));
    }
    Ok(())
}

/// First bytes of the hash of name, kind and public key: tells keys of one name apart.
fn key_id(name: &str, public: &[u8]) -> [u8; 4] {
    let hash = Sha256::new().chain_update(name).chain_update([b'\n', ED25519]).chain_update(public).finalize();
    let mut id = [0; 4];
    id.copy_from_slice(&hash[..4]);
    id
}

/// Name, id and the 32 bytes of a key as text, after whatever stood before the name.
fn read_key(text: &str, what: &str) -> Result<(String, [u8; 4], [u8; 32]), SealError> {
    let read = || {
        let mut parts = text.trim_end().splitn(3, '+');
        let (name, id, bytes) = (parts.next()?, parts.next()?, parts.next()?);
        let id: [u8; 4] = hex::decode(id).ok()?.try_into().ok()?;
        let bytes = BASE64_STANDARD.decode(bytes).ok()?;
        let (kind, key) = bytes.split_first()?;
        let key: [u8; 32] = key.try_into().ok()?;
        (*kind == ED25519).then_some((name.to_owned(), id, key))
    };
    // What stands there is not shown: it may be a private key in the wrong place.
    let (name, id, key) = read().ok_or_else(|| SealError::Key(format!("not {what}")))?;
    check_name(&name)?;
    Ok((name, id, key))
}

/// A public key with its name: whom one trusts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteKey {
    name: String,
    id: [u8; 4],
    key: VerifyingKey,
}

impl NoteKey {
    /// Reads `name+id+base64`, as Go's `golang.org/x/mod/sumdb/note` writes it.
    ///
    /// # Errors
    /// The text is another, or the id is not that of name and key.
    pub fn parse(text: &str) -> Result<Self, SealError> {
        if text.trim_start().starts_with(PRIVATE) {
            return Err(SealError::Key(
                "a private key where the public one is expected, which begins with its name".to_owned(),
            ));
        }
        let (name, id, key) =
            read_key(text, "a public key: expected NAME+ID+KEY, the line that `onefold audit key` prints")?;
        if key_id(&name, &key) != id {
            return Err(SealError::Key(format!(
                "the public key of `{name}` is damaged: its id is that of another key or name"
            )));
        }
        let key = VerifyingKey::from_bytes(&key)
            .map_err(|_| SealError::Key(format!("the public key of `{name}` is not a point of Ed25519")))?;
        Ok(Self { name, id, key })
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Name and id, for people.
    pub fn label(&self) -> String {
        format!("{}+{}", self.name, hex::encode(self.id))
    }

    /// The key as text, which [`NoteKey::parse`] reads.
    pub fn text(&self) -> String {
        let bytes = [&[ED25519], self.key.as_bytes().as_slice()].concat();
        format!("{}+{}", self.label(), BASE64_STANDARD.encode(bytes))
    }
}

/// A private key with its name.
pub struct NoteSigner {
    key: SigningKey,
    public: NoteKey,
}

impl std::fmt::Debug for NoteSigner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NoteSigner").field("public", &self.public).finish_non_exhaustive()
    }
}

impl NoteSigner {
    /// A key of this name from 32 random bytes.
    ///
    /// # Errors
    /// The name cannot name a key.
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<Self, SealError> {
        check_name(name)?;
        let key = SigningKey::from_bytes(seed);
        let public = key.verifying_key();
        let public = NoteKey { name: name.to_owned(), id: key_id(name, public.as_bytes()), key: public };
        Ok(Self { key, public })
    }

    /// Reads `PRIVATE+KEY+name+id+base64`.
    ///
    /// # Errors
    /// The text is another, or the id is not that of name and key.
    pub fn parse(text: &str) -> Result<Self, SealError> {
        let what = "a private key: expected PRIVATE+KEY+NAME+ID+KEY, as `onefold audit key` writes it";
        let rest = text.trim_start().strip_prefix(PRIVATE).ok_or_else(|| SealError::Key(format!("not {what}")))?;
        let (name, id, seed) = read_key(rest, what)?;
        let signer = Self::from_seed(&name, &seed)?;
        if signer.public.id != id {
            return Err(SealError::Key(format!(
                "the private key of `{name}` is damaged: its id is that of another key or name"
            )));
        }
        Ok(signer)
    }

    /// The key as text, which [`NoteSigner::parse`] reads: a secret.
    pub fn text(&self) -> String {
        let bytes = [&[ED25519], self.key.to_bytes().as_slice()].concat();
        format!("{PRIVATE}{}+{}", self.public.label(), BASE64_STANDARD.encode(bytes))
    }

    /// What others verify with.
    pub fn public(&self) -> &NoteKey {
        &self.public
    }

    /// Signs a text that ends with a newline: the whole note.
    pub fn sign(&self, text: &str) -> String {
        let signature = self.key.sign(text.as_bytes()).to_bytes();
        let bytes = [self.public.id.as_slice(), &signature].concat();
        format!("{text}\n{DASH}{} {}\n", self.public.name, BASE64_STANDARD.encode(bytes))
    }
}

/// A note as it was read; nobody has verified it yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SignedNote {
    text: String,
    /// Name, and id with signature.
    signatures: Vec<(String, Vec<u8>)>,
}

impl SignedNote {
    /// Takes a note apart.
    ///
    /// # Errors
    /// It is not one.
    pub(crate) fn parse(note: &str) -> Result<Self, SealError> {
        let wrong = |why: &str| SealError::Note(why.to_owned());
        if note.len() > MOST_NOTE {
            return Err(wrong("it is longer than 64 KiB"));
        }
        if note.chars().any(|c| c != '\n' && c.is_control()) {
            return Err(wrong("it holds control characters"));
        }
        let at = note.rfind("\n\n").ok_or_else(|| wrong("no blank line before signatures"))?;
        let (text, lines) = (&note[..=at], &note[at + 2..]);
        let lines = lines.strip_suffix('\n').ok_or_else(|| wrong("it is cut: the last line does not end"))?;
        let mut signatures = Vec::new();
        for line in lines.split('\n') {
            let (name, bytes) = line
                .strip_prefix(DASH)
                .and_then(|line| line.split_once(' '))
                .and_then(|(name, bytes)| Some((name, BASE64_STANDARD.decode(bytes).ok()?)))
                .filter(|(name, bytes)| check_name(name).is_ok() && bytes.len() > 4)
                .ok_or_else(|| wrong("a line of a signature is malformed"))?;
            signatures.push((name.to_owned(), bytes));
        }
        Ok(Self { text: text.to_owned(), signatures })
    }

    /// The text, once the key's own signature on it is valid. Signatures of others, witnesses among them, are passed over.
    ///
    /// # Errors
    /// None of the signatures is the key's, or one that says so is not valid.
    pub(crate) fn verify(&self, key: &NoteKey) -> Result<&str, SealError> {
        let of_key = |(name, bytes): &&(String, Vec<u8>)| *name == key.name && bytes.starts_with(&key.id);
        let signed = self.signatures.iter().filter(of_key).map(|(_, bytes)| {
            let signature = Signature::from_slice(bytes.get(4..).unwrap_or_default()).ok();
            signature.is_some_and(|signature| key.key.verify_strict(self.text.as_bytes(), &signature).is_ok())
        });
        let signed: Vec<bool> = signed.collect();
        if signed.is_empty() || signed.contains(&false) {
            let origin = self.text.lines().next().unwrap_or_default().to_owned();
            return Err(SealError::Signature { origin, key: key.label() });
        }
        Ok(&self.text)
    }
}

/// Ends a line that was cut, so that the next note begins on one of its own; a signature that ends so is none.
pub const CUT_MARK: &str = " (cut)\n";

/// The whole notes that stand one after the other in a text, as a place outside keeps them; what is cut at its end is left out.
pub fn split_notes(text: &str) -> Vec<&str> {
    let (mut notes, mut begin, mut signed) = (Vec::new(), 0, false);
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let is_signature = line.starts_with(DASH);
        if signed && !is_signature {
            notes.push(&text[begin..at]);
            begin = at;
        }
        signed = is_signature && line.ends_with('\n') && !line.ends_with(CUT_MARK);
        at += line.len();
    }
    if signed {
        notes.push(&text[begin..at]);
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of Go's `golang.org/x/mod/sumdb/note`.
    const PRIVATE_KEY: &str = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    const PUBLIC_KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const TEXT: &str =
        "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
    const SIGNATURE: &str = "\u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

    #[test]
    fn a_note_is_signed_as_go_signs_it() {
        let signer = NoteSigner::parse(PRIVATE_KEY).unwrap();
        assert_eq!((signer.text().as_str(), signer.public().text().as_str()), (PRIVATE_KEY, PUBLIC_KEY));
        assert_eq!(signer.sign(TEXT), format!("{TEXT}\n{SIGNATURE}"));
    }

    #[test]
    fn a_note_is_verified_by_its_key_alone_whoever_else_signed_it() {
        let (key, note) = (NoteKey::parse(PUBLIC_KEY).unwrap(), format!("{TEXT}\n{SIGNATURE}"));
        let other = NoteSigner::from_seed("witness", &[3; 32]).unwrap();
        let witnessed = format!("{note}{}", other.sign(TEXT).rsplit("\n\n").next().unwrap());
        for note in [&note, &witnessed] {
            assert_eq!(SignedNote::parse(note).unwrap().verify(&key).unwrap(), TEXT);
        }
        let same_name = NoteSigner::from_seed("PeterNeumann", &[3; 32]).unwrap();
        for stranger in [other.public(), same_name.public()] {
            let error = SignedNote::parse(&note).unwrap().verify(stranger).unwrap_err();
            assert!(matches!(error, SealError::Signature { .. }), "{error}");
        }
    }

    #[test]
    fn a_note_with_any_bit_flipped_is_no_note_or_not_signed() {
        let (key, note) = (NoteKey::parse(PUBLIC_KEY).unwrap(), format!("{TEXT}\n{SIGNATURE}"));
        for at in 0..note.len() * 8 {
            let mut bytes = note.clone().into_bytes();
            bytes[at / 8] ^= 1 << (at % 8);
            let Ok(flipped) = String::from_utf8(bytes) else { continue };
            let text = SignedNote::parse(&flipped).and_then(|note| note.verify(&key).map(str::to_owned));
            assert!(text.is_err(), "bit {at}");
        }
    }

    #[test]
    fn keys_that_are_none_are_refused_and_not_shown() {
        for wrong in
            ["", "x", "a+b+c", PRIVATE_KEY, &PUBLIC_KEY.replace("c74f", "c74e"), &PUBLIC_KEY.replace("Peter", "Pet er")]
        {
            let error = NoteKey::parse(wrong).unwrap_err().to_string();
            assert!(!error.contains("AYEKFALV"), "{error}");
        }
        for wrong in ["", PUBLIC_KEY, &PRIVATE_KEY.replace("c74f", "c74e"), &PRIVATE_KEY[..60]] {
            let error = NoteSigner::parse(wrong).unwrap_err().to_string();
            assert!(!error.contains("AYEKFALV"), "{error}");
        }
    }

    #[test]
    fn notes_are_found_one_after_the_other_and_a_cut_one_is_none() {
        let signer = NoteSigner::parse(PRIVATE_KEY).unwrap();
        let notes = [signer.sign("a\n1\nx\n"), signer.sign("a\n2\ny\n")];
        let all = notes.concat();
        assert_eq!(split_notes(&all), notes);
        for cut in notes[0].len()..all.len() {
            if all.is_char_boundary(cut) {
                assert_eq!(split_notes(&all[..cut]), [&notes[0]], "{cut}");
            }
        }
        assert!(split_notes("").is_empty());
    }
}
