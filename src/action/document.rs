//! What happens inside a JSON document: to the values at some paths, and to all keys that no path names.
//!
//! A [`DocumentPath`] names keys, and the elements of arrays, from the document's root on: `$.contacts[*].email`. It is a
//! JSONPath (RFC 9535) of which only these two steps are left, so that nobody has to guess what one matches.

use std::fmt;

use super::{Mask, Randomize};
use crate::source::Spanned;

/// `json`, as written: edits by path, and what happens to the other keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// In the order of the file, each path once, at least one. None lies within another, unless that one is kept.
    pub edits: Vec<(Spanned<DocumentPath>, Spanned<Edit>)>,
    /// What happens to keys and elements that no path names.
    pub other_keys: Spanned<OtherKeys>,
}

/// What happens to the keys that no path names, in every object on the way of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OtherKeys {
    /// They stay.
    Keep,
    /// They go, with everything in them.
    Remove,
}

/// What happens to the value at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// It stays, with everything in it that no longer path names; with a reason where it isn't obvious.
    Keep {
        /// Why.
        reason: Option<String>,
    },
    /// Its key goes, or the element.
    Remove,
    /// It becomes JSON's null.
    Null,
    /// It becomes this string.
    Replace(Spanned<String>),
    /// It becomes random; null stays null, as in all that follows.
    Randomize(Randomize),
    /// It becomes one that hangs on its text and on a secret; an object or array becomes null, as in all that follows.
    Pseudonymize(Randomize),
    /// Most characters of its text become the same one.
    Mask(Spanned<Mask>),
    /// A number, or a text that is one, is cut to a multiple of this decimal text; anything else becomes null.
    Generalize(Spanned<String>),
}

/// The way from a document's root to values in it: at least one step.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DocumentPath(Vec<PathStep>);

/// One step of a [`DocumentPath`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PathStep {
    /// Into the value of this key of an object.
    Key(String),
    /// Into each element of an array.
    Elements,
}

/// More steps than documents have levels that people have written. SQL nests as deep as the longest path.
pub const MAX_STEPS: usize = 32;

impl DocumentPath {
    /// A path of these steps; none where there is no step, or more than [`MAX_STEPS`].
    pub fn new(steps: Vec<PathStep>) -> Option<Self> {
        (1..=MAX_STEPS).contains(&steps.len()).then_some(Self(steps))
    }

    /// The steps, from the root on; at least one.
    pub fn steps(&self) -> &[PathStep] {
        &self.0
    }

    /// Whether another path leads through the values of this one, and further.
    pub fn is_above(&self, other: &Self) -> bool {
        self.0.len() < other.0.len() && other.0.starts_with(&self.0)
    }
}

/// As one would write it: `$.contacts[*]['odd key']`.
impl fmt::Display for DocumentPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("$")?;
        self.0.iter().try_for_each(|step| step.fmt(f))
    }
}

impl fmt::Display for PathStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PathStep::Elements => f.write_str("[*]"),
            PathStep::Key(key) if is_plain(key) => write!(f, ".{key}"),
            PathStep::Key(key) => {
                f.write_str("['")?;
                for c in key.chars() {
                    match c {
                        '\'' | '\\' => write!(f, "\\{c}")?,
                        c if c.is_control() => write!(f, "\\u{:04x}", u32::from(c))?,
                        c => write!(f, "{c}")?,
                    }
                }
                f.write_str("']")
            }
        }
    }
}

/// Whether a key stands behind a dot as it is: a word of letters, digits and underscores that begins with no digit.
/// RFC 9535 also lets signs and blanks beyond ASCII stand there, which nobody sees the end of.
pub fn is_plain(key: &str) -> bool {
    key.chars().all(is_word) && key.starts_with(|c| is_word(c) && !c.is_numeric())
}

/// Whether a character belongs to a word.
pub fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_printed_as_one_would_write_it() {
        let path = |steps: &[PathStep]| DocumentPath::new(steps.to_vec()).unwrap().to_string();
        let key = |key: &str| PathStep::Key(key.to_owned());
        assert_eq!(path(&[key("contacts"), PathStep::Elements, key("_Straße2")]), "$.contacts[*]._Straße2");
        assert_eq!(path(&[PathStep::Elements, key("it's \\ odd\n")]), "$[*]['it\\'s \\\\ odd\\u000a']");
        assert_eq!(path(&[key(""), key("2fa"), key("a-b")]), "$['']['2fa']['a-b']");
    }

    #[test]
    fn a_path_has_a_step_and_not_too_many() {
        assert_eq!(DocumentPath::new(Vec::new()), None);
        assert!(DocumentPath::new(vec![PathStep::Elements; MAX_STEPS]).is_some());
        assert_eq!(DocumentPath::new(vec![PathStep::Elements; MAX_STEPS + 1]), None);
    }
}
