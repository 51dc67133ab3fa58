//! How the house reads, in figures: what a change may make better and not worse.
//!
//! `cargo test --test house figures -- --nocapture` prints them. They are counted from the text of `src`, inline tests left out.

use std::collections::BTreeMap;

use crate::tree::{files, read};

/// The most that each figure may be; lower it when the figure has become lower. Types and functions are in thousandths.
const ONE_WORD_TYPES: usize = 165;
const ONE_WORD_FUNCTIONS: usize = 429;
const SHARED_PUBLIC_NAMES: usize = 0;
const SHARED_NAMES: usize = 12;
/// The least `//` comments for a thousand lines of code.
const COMMENTS: usize = 11;

/// What is counted.
#[derive(Default)]
struct Figures {
    lines: usize,
    code: usize,
    comments: usize,
    docs: usize,
    /// Declarations of each type name, and how many of them are public to other crates.
    types: BTreeMap<String, (usize, usize)>,
    functions: Vec<String>,
}

impl Figures {
    fn count(text: &str) -> Self {
        let mut figures = Self::default();
        for line in text.lines() {
            figures.lines += 1;
            match line.trim_start() {
                "" => {}
                line if line.starts_with("///") || line.starts_with("//!") => figures.docs += 1,
                line if line.starts_with("//") => figures.comments += 1,
                line => {
                    figures.code += 1;
                    figures.declaration(line);
                }
            }
        }
        figures
    }

    fn declaration(&mut self, line: &str) {
        let (public, rest) = match line.strip_prefix("pub") {
            Some(rest) if rest.starts_with('(') => (false, rest.split_once(") ").map_or("", |(_, rest)| rest)),
            Some(rest) => (rest.starts_with(' '), rest.trim_start()),
            None => (false, line),
        };
        let mut words = rest.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).filter(|word| !word.is_empty());
        let mut word = words.next();
        while matches!(word, Some("const" | "async" | "unsafe")) {
            word = words.next();
        }
        match (word, words.next()) {
            (Some("struct" | "enum" | "trait" | "type"), Some(name)) => {
                let declared = self.types.entry(name.to_owned()).or_default();
                declared.0 += 1;
                declared.1 += usize::from(public);
            }
            (Some("fn"), Some(name)) => self.functions.push(name.to_owned()),
            _ => {}
        }
    }

    fn add(&mut self, other: Self) {
        self.lines += other.lines;
        self.code += other.code;
        self.comments += other.comments;
        self.docs += other.docs;
        self.functions.extend(other.functions);
        for (name, (all, public)) in other.types {
            let declared = self.types.entry(name).or_default();
            (declared.0, declared.1) = (declared.0 + all, declared.1 + public);
        }
    }

    /// Thousandths of type declarations whose name is one word.
    fn one_word_types(&self) -> usize {
        let is_one_word = |name: &str| name.chars().filter(char::is_ascii_uppercase).count() <= 1;
        let all: usize = self.types.values().map(|declared| declared.0).sum();
        let one: usize = self.types.iter().filter(|(name, _)| is_one_word(name)).map(|(_, declared)| declared.0).sum();
        one * 1_000 / all.max(1)
    }

    fn one_word_functions(&self) -> usize {
        let one = self.functions.iter().filter(|name| !name.contains('_')).count();
        one * 1_000 / self.functions.len().max(1)
    }

    /// Names of types that are declared more than once: all, and those public more than once.
    fn shared(&self) -> (usize, Vec<&str>) {
        let public = self.types.iter().filter(|(_, declared)| declared.1 > 1).map(|(name, _)| name.as_str());
        (self.types.values().filter(|declared| declared.0 > 1).count(), public.collect())
    }
}

/// The text without its inline tests, which stand at the end.
fn without_tests(text: &str) -> &str {
    text.find("\n#[cfg(test)]\nmod ").map_or(text, |at| &text[..at])
}

#[test]
fn the_house_reads_no_worse_than_before() {
    let mut all = Figures::default();
    for path in files("crates", ".rs").iter().filter(|path| path.to_string_lossy().contains("/src/")) {
        all.add(Figures::count(without_tests(&read(path))));
    }
    let (shared, public) = all.shared();
    let comments = all.comments * 1_000 / all.code.max(1);
    let tenths = |thousandths: usize| format!("{}.{}", thousandths / 10, thousandths % 10);
    eprintln!("lines of source, tests left out       {:>7}", all.lines);
    eprintln!("  of them code, comments, docs        {:>7} {} {}", all.code, all.comments, all.docs);
    eprintln!("types with a one-word name, %         {:>7}", tenths(all.one_word_types()));
    eprintln!("functions with a one-word name, %     {:>7}", tenths(all.one_word_functions()));
    eprintln!("type names declared more than once    {shared:>7}");
    eprintln!("  of them public more than once       {:>7} {}", public.len(), public.join(", "));
    eprintln!("// comments in 100 lines of code      {:>7}", tenths(comments));
    let worse = [
        ("types with a one-word name", all.one_word_types(), ONE_WORD_TYPES),
        ("functions with a one-word name", all.one_word_functions(), ONE_WORD_FUNCTIONS),
        ("public type names declared more than once", public.len(), SHARED_PUBLIC_NAMES),
        ("type names declared more than once", shared, SHARED_NAMES),
    ];
    for (what, now, most) in worse {
        assert!(now <= most, "{what}: {now}, at most {most}: find a name that nobody else has, of two words");
    }
    assert!(
        comments >= COMMENTS,
        "{comments} comments in 1,000 lines of code, at least {COMMENTS}: say why where a reader stops"
    );
}

#[test]
fn declarations_are_found_in_the_text() {
    let text = "pub struct Two {\n    a: u8,\n}\npub(crate) enum OneTwo {}\n// why\n/// doc\npub async fn do_it() {}\nfn go() {}\ntype Two = u8;\n\n#[cfg(test)]\nmod tests {\n    fn more() {}\n}\n";
    let figures = Figures::count(without_tests(text));
    assert_eq!(figures.types["Two"], (2, 1));
    assert_eq!(figures.types["OneTwo"], (1, 0));
    assert_eq!(figures.functions, ["do_it", "go"]);
    assert_eq!((figures.comments, figures.docs), (1, 1));
    assert_eq!((figures.one_word_types(), figures.one_word_functions()), (666, 500));
}
