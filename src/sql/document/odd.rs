//! How does a document of type `json` go through functions that don't take all of it?
//!
//! As text it may hold what no text of PostgreSQL's can: U+0000, and halves of characters. The functions that take objects
//! apart raise an error there. So the digits of these escapes are put behind U+0001, where they are harmless, and come
//! back in the end; those of U+0001 itself are treated the same, to be told apart.

use super::super::writer::Writer;
use super::Pen;
use crate::action::OtherKeys;
use crate::resolve::{Branch, Leaf, Node};

/// What may have to be put aside: rarely anything, and looking for it exactly takes its time.
const SUSPECT: &str = r"\\u(000[01]|d[89a-f])";
/// Exactly that, where no `\\` is left, so that each `\u` is an escape.
const ODD: &str = r"\\u(000[01]|d[89ab]..(?!\\ud[c-f]))|(?<!\\ud[89ab]..)\\u(d[c-f]..)";

/// A document with everything done to it that the tree says. One in which nothing changes stays as it is, byte for byte;
/// another one is laid out anew.
pub(super) fn document(pen: Pen<'_>, w: &mut Writer, root: &Branch) {
    let (mut old, mut new, mut value) = (Writer::new(), Writer::new(), Writer::new());
    old.kw("efface_json.old");
    new.kw("efface_json.new");
    value.kw("efface_json.value");
    w.kw("(\n      SELECT CASE WHEN ").sql(&new).kw("::text = efface_json.same::text THEN ").sql(&old);
    w.kw("\n        WHEN ").sql(&new).kw("::text !~ ").text(r"\\u0001").kw(" THEN ").sql(&new).kw("\n        ELSE ");
    w.sql(&put_back(&new)).kw(" END\n      FROM (SELECT ").sql(&old).kw(", ");
    pen.branch(w, &value, root, 3);
    w.kw(" AS new,\n        ");
    pen.branch(w, &value, &unchanged(root), 3);
    w.kw(" AS same\n        FROM (SELECT ")
        .sql(&old)
        .kw(", ")
        .sql(&put_aside(&old))
        .kw(" AS value\n          FROM (SELECT ");
    w.sql(pen.input.value).kw(" AS old) AS efface_json OFFSET 0) AS efface_json OFFSET 0) AS efface_json)");
}

/// A document that every function takes.
pub(super) fn put_aside(document: &Writer) -> Writer {
    let mut w = Writer::new();
    w.kw("CASE WHEN ").sql(document).kw("::text !~* ").text(SUSPECT).kw(" THEN ").sql(document);
    w.kw("\n          ELSE regexp_replace(replace(").sql(document).kw("::text, ").text(r"\\").kw(", ").text(r"\u005c");
    w.kw("), ").text(ODD).kw(", ").text(r"\\u0001\1\2").kw(", 'gi')::json END");
    w
}

/// The same, with what was put aside.
fn put_back(document: &Writer) -> Writer {
    let mut w = Writer::new();
    w.kw("replace(regexp_replace(replace(").sql(document).kw("::text, ").text(r"\\").kw(", ").text(r"\u005c");
    w.kw("), ").text(r"\\u0001(....)").kw(", ").text(r"\\u\1").kw(", 'g'), ").text(r"\u005c").kw(", ").text(r"\\");
    w.kw(")::json");
    w
}

/// The tree that takes everything apart and puts it together again in the same way, and does nothing else.
fn unchanged(branch: &Branch) -> Branch {
    let below = |node: &Node| match node {
        Node::Branch(branch) => Node::Branch(unchanged(branch)),
        Node::Leaf(_) => Node::Leaf(Leaf::Keep),
    };
    Branch {
        others: OtherKeys::Keep,
        keys: branch.keys.iter().map(|(key, node)| (key.clone(), below(node))).collect(),
        elements: branch.elements.as_ref().map(|node| Box::new(below(node))),
    }
}
