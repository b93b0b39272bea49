//! What is known of one value in a document that edits go through?

use super::{Apart, Known};
use crate::action::OtherKeys;
use crate::resolve::document::{Branch, Leaf, Node};

/// The value that keys lead to, from the document's root on; `as_text` where it is read as a text, of which JSON's null has
/// none.
pub(super) fn value(root: &Branch, keys: &[String], as_text: bool) -> Known {
    let mut branch = root;
    for key in keys {
        match branch.keys.iter().find(|(name, _)| name == key).map(|(_, node)| node) {
            Some(Node::Branch(inner)) => branch = inner,
            Some(Node::Leaf(Leaf::Keep)) => return Known::SAME,
            Some(Node::Leaf(Leaf::Remove)) => return Known::NULL,
            Some(Node::Leaf(Leaf::Null)) if as_text => return Known::NULL,
            // What isn't there, or is null, stays so.
            Some(Node::Leaf(Leaf::Random(generator))) if as_text && generator.is_unique() => {
                return Known { apart: Apart::OrNull, ..Known::NOTHING };
            }
            Some(Node::Leaf(
                Leaf::Null | Leaf::Text(_) | Leaf::Random(_) | Leaf::Pseudonym(_) | Leaf::Mask(_) | Leaf::Multiple(_),
            )) => return Known::NOTHING,
            None => {
                return match branch.others {
                    OtherKeys::Keep => Known::SAME,
                    OtherKeys::Remove => Known::NULL,
                };
            }
        }
    }
    Known::NOTHING
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::Generator;

    #[test]
    fn a_value_stays_or_goes_by_the_nearest_path_above_it() {
        let leaf = |leaf| Node::Leaf(leaf);
        let inner = Branch { others: OtherKeys::Remove, keys: vec![("x".into(), leaf(Leaf::Keep))], elements: None };
        let root = Branch {
            others: OtherKeys::Keep,
            keys: vec![
                ("a".into(), leaf(Leaf::Remove)),
                ("b".into(), Node::Branch(inner)),
                ("n".into(), leaf(Leaf::Null)),
                ("r".into(), leaf(Leaf::Random(Generator::Hex { length: 32 }))),
                ("s".into(), leaf(Leaf::Random(Generator::Hex { length: 8 }))),
                ("t".into(), leaf(Leaf::Text("x".into()))),
            ],
            elements: None,
        };
        let known = |keys: &[&str], as_text| {
            let keys: Vec<_> = keys.iter().map(|key| (*key).to_owned()).collect();
            value(&root, &keys, as_text)
        };
        assert!(known(&["other"], true).same && known(&["b", "x", "y"], true).same);
        assert!(known(&["a"], true).null && known(&["a", "below"], true).null && known(&["b", "y"], true).null);
        assert!(known(&["n"], true).null && known(&["n"], false) == Known::NOTHING);
        assert!(known(&["r"], true).is_distinct(false) && !known(&["r"], true).is_distinct(true));
        for keys in [&["s"][..], &["t"], &["b"]] {
            assert_eq!(known(keys, true), Known::NOTHING, "{keys:?}");
        }
    }
}
