//! Does a path meet an array where it names a key, or an object where it means elements?
//!
//! `$.contacts.email` leaves an array of contacts as it is, and somebody's address with it. Nobody who wrote the path meant
//! that: a document of the other shape has to be decided too, by a path of its own. What is empty holds nothing, and where
//! unnamed keys go, it goes with them.

use super::super::derived::Input;
use super::super::writer::Writer;
use super::{Dialect, acts, alias, line, odd, part};
use crate::action::OtherKeys;
use crate::pgtype::PgType;
use crate::resolve::{Branch, Node};

/// A condition that is true for a value with such a document; none where no document could be one.
pub(in crate::sql) fn missed(input: Input<'_>, root: &Branch) -> Option<Writer> {
    let mut w = Writer::new();
    if let PgType::Array { of, .. } = input.ty {
        let mut element = Writer::new();
        element.kw("efface_each");
        let inner = missed(Input { ty: of, value: &element, ..input }, root)?;
        w.kw("EXISTS (SELECT FROM unnest(").sql(input.value).kw(") AS efface_each WHERE ").sql(&inner).kw(")");
        return Some(w);
    }
    if *input.ty == PgType::Json {
        let mut value = Writer::new();
        value.kw("efface_json.value");
        let inner = branch(Dialect::Json, &value, root, 0)?;
        w.kw("(SELECT ").sql(&inner).kw(" FROM (SELECT ").sql(&odd::put_aside(input.value));
        w.kw(" OFFSET 0) AS efface_json (value))");
        return Some(w);
    }
    branch(Dialect::Jsonb, input.value, root, 0)
}

fn branch(dialect: Dialect, value: &Writer, at: &Branch, depth: usize) -> Option<Writer> {
    let depth = depth + 1;
    let keys: Vec<_> = at.keys.iter().filter(|(_, node)| acts(node)).collect();
    let elements = at.elements.as_deref().filter(|node| acts(node));
    let below = |value: &Writer, node: &Node| match node {
        Node::Branch(inner) => branch(dialect, value, inner, depth),
        Node::Leaf(_) => None,
    };
    let (key, each) = (part(depth, "key"), part(depth, "value"));
    let in_keys: Vec<_> =
        keys.iter().filter_map(|(name, node)| Some((dialect.spelt(name), below(&each, node)?))).collect();
    let in_elements = elements.and_then(|node| below(&each, node));
    let mut cases: Vec<(&'static str, Writer)> = Vec::new();
    let mut w = Writer::new();
    // Something in it stays that no path leads to.
    let stays = |shape, empty| {
        let mut w = Writer::new();
        match dialect {
            Dialect::Jsonb => w.sql(value).kw(" <> ").text(empty),
            Dialect::Json => w.sql(value).kw("::text !~ ").text(r"^\s*[\[{]\s*[]}]\s*$"),
        };
        (shape, w)
    };
    let keeps = at.others == OtherKeys::Keep;
    if !in_keys.is_empty() {
        w.kw("EXISTS (SELECT FROM ").kw(dialect.each()).sql(value).kw(") AS ").sql(&alias(depth)).kw(" WHERE ");
        w.list(in_keys, " OR ", |w, (name, inner)| {
            w.sql(&key).kw(" = ").text(&name).kw(" AND ").sql(&inner);
        });
        w.kw(")");
        cases.push(("WHEN 'object' THEN ", w));
    } else if keeps && at.keys.is_empty() && elements.is_some() {
        cases.push(stays("WHEN 'object' THEN ", "{}"));
    }
    if let Some(inner) = in_elements {
        let mut w = Writer::new();
        w.kw("EXISTS (SELECT FROM ").kw(dialect.elements()).sql(value).kw(") AS ").sql(&alias(depth));
        w.kw(" (value) WHERE ").sql(&inner).kw(")");
        cases.push(("WHEN 'array' THEN ", w));
    } else if keeps && at.elements.is_none() && !keys.is_empty() {
        cases.push(stays("WHEN 'array' THEN ", "[]"));
    }
    if cases.is_empty() {
        return None;
    }
    let mut w = Writer::new();
    w.kw("CASE ").kw(dialect.type_of()).sql(value).kw(")");
    for (shape, case) in cases {
        line(&mut w, depth).kw(shape).sql(&case);
    }
    w.kw(" ELSE false END");
    Some(w)
}
