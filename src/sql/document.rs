//! Edits inside a JSON document, as one SQL expression over the document.
//!
//! Objects and arrays on the way of a path are taken apart and put together again, each once, so that the cost is linear in
//! the document. Whatever a document looks like, nothing here raises an error: `jsonb_set` and `#-` would, on scalars.
//! Functions for arguments of any type are named with their schema: one of the user's for just these types would be taken
//! instead (manual, 10.3).

mod missed;
mod odd;

pub(super) use missed::missed;

use super::bits::Bits;
use super::derived::Input;
use super::generate::generated;
use super::partial;
use super::writer::{Scene, Writer};
use crate::action::{Generator, OtherKeys};
use crate::pgtype::PgType;
use crate::resolve::{Branch, Leaf, Node};

/// How the functions of a type are called (manual, 9.16).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Dialect {
    /// Text: the order of keys, keys that stand twice and the spelling of numbers stay.
    Json,
    Jsonb,
}

impl Dialect {
    fn pick(self, json: &'static str, jsonb: &'static str) -> &'static str {
        match self {
            Dialect::Json => json,
            Dialect::Jsonb => jsonb,
        }
    }

    fn type_of(self) -> &'static str {
        self.pick("json_typeof(", "jsonb_typeof(")
    }

    fn made_of(self) -> &'static str {
        self.pick("pg_catalog.to_json(", "pg_catalog.to_jsonb(")
    }

    fn cast(self) -> &'static str {
        self.pick("::json", "::jsonb")
    }

    fn each(self) -> &'static str {
        self.pick("json_each(", "jsonb_each(")
    }

    fn elements(self) -> &'static str {
        self.pick("json_array_elements(", "jsonb_array_elements(")
    }

    /// A key as it stands in the document that is worked on.
    fn spelt(self, key: &str) -> String {
        match self {
            Dialect::Jsonb => key.to_owned(),
            Dialect::Json => key.replace('\u{1}', "\u{1}0001"),
        }
    }
}

/// What is written over a document: the scene, the column, and how documents of its type are handled.
#[derive(Clone, Copy)]
struct Pen<'a> {
    scene: &'a Scene<'a>,
    input: Input<'a>,
    dialect: Dialect,
}

/// The document with everything done to it that the tree says.
pub(super) fn document(scene: &Scene<'_>, w: &mut Writer, input: Input<'_>, root: &Branch) {
    let dialect = if *input.ty == PgType::Json { Dialect::Json } else { Dialect::Jsonb };
    let pen = Pen { scene, input, dialect };
    match dialect {
        Dialect::Jsonb => pen.branch(w, input.value, root, 0),
        Dialect::Json => odd::document(pen, w, root),
    }
}

impl Pen<'_> {
    /// An object or array, whichever it is; `depth` is how far inside the document it stands.
    fn branch(&self, w: &mut Writer, value: &Writer, branch: &Branch, depth: usize) {
        let depth = depth + 1;
        if !self.is_written(branch) {
            w.sql(value);
            return;
        }
        w.kw("CASE ").kw(self.dialect.type_of()).sql(value).kw(")");
        let few = self.dialect == Dialect::Jsonb && branch.others == OtherKeys::Keep;
        if few && branch.keys.iter().filter(|(_, node)| self.changes(node)).count() <= FEW {
            if branch.keys.iter().any(|(_, node)| acts(node)) {
                line(w, depth).kw("WHEN 'object' THEN ");
                self.single_keys(w, value, branch, depth);
            }
        } else if !branch.keys.is_empty() {
            line(w, depth).kw("WHEN 'object' THEN (");
            self.object(w, value, branch, depth);
            w.kw(")");
        }
        if let Some(elements) = &branch.elements {
            line(w, depth).kw("WHEN 'array' THEN (");
            self.array(w, value, branch, elements, depth);
            w.kw(")");
        }
        line(w, depth).kw("ELSE ");
        match branch.others {
            OtherKeys::Keep => w.sql(value),
            // Only the root can have another shape here. It has no key that could go; NULL stays NULL.
            OtherKeys::Remove => {
                w.kw("CASE WHEN ").sql(value).kw(" IS NOT NULL THEN 'null'").kw(self.dialect.cast()).kw(" END")
            }
        };
        w.kw(" END");
    }

    /// Whether anything has to be written for a branch. In `json` even one in which nothing happens is laid out anew, so
    /// that it can be compared with one in which something does.
    fn is_written(&self, branch: &Branch) -> bool {
        let acts = branch.edits().iter().any(|(_, leaf)| leaf.acts());
        acts || branch.others == OtherKeys::Remove || self.dialect == Dialect::Json
    }

    /// Whether a value that stays may be another one.
    fn changes(&self, node: &Node) -> bool {
        match node {
            Node::Branch(branch) => self.is_written(branch),
            Node::Leaf(leaf) => !matches!(leaf, Leaf::Keep | Leaf::Remove),
        }
    }

    /// A `jsonb` object in which a few keys change or go: several times as fast as taking it apart. A key that isn't there
    /// is not made, and NULL for a value would make the whole object NULL.
    fn single_keys(&self, w: &mut Writer, value: &Writer, branch: &Branch, depth: usize) {
        let changed: Vec<_> = branch.keys.iter().filter(|(_, node)| self.changes(node)).collect();
        for _ in &changed {
            w.kw("jsonb_set(");
        }
        w.sql(value);
        let gone: Vec<_> = branch.keys.iter().filter(|(_, node)| *node == Node::Leaf(Leaf::Remove)).collect();
        if !gone.is_empty() {
            w.kw(" - ARRAY[").list(gone, ", ", |w, (name, _)| literal(w, name)).kw("]");
        }
        for (name, node) in changed {
            let mut old = Writer::new();
            old.kw("(").sql(value).kw(" -> ").text(name).kw(")");
            let always = matches!(node, Node::Leaf(Leaf::Null | Leaf::Text(_)));
            line(w.kw(","), depth + 1).kw("ARRAY[").text(name).kw("], ").kw(if always { "" } else { "coalesce(" });
            self.node(w, &old, node, depth + 1);
            w.kw(if always { ", false)" } else { ", 'null'), false)" });
        }
    }

    fn object(&self, w: &mut Writer, value: &Writer, branch: &Branch, depth: usize) {
        let (key, each) = (part(depth, "key"), part(depth, "value"));
        w.kw("SELECT coalesce(")
            .kw(self.dialect.pick("pg_catalog.json_object_agg(", "pg_catalog.jsonb_object_agg("))
            .sql(&key)
            .kw(", ");
        let changed: Vec<_> = branch.keys.iter().filter(|(_, node)| self.changes(node)).collect();
        if changed.is_empty() {
            w.sql(&each);
        } else {
            w.kw("CASE ").sql(&key);
            for (name, node) in changed {
                line(w, depth + 1).kw("WHEN ").text(&self.dialect.spelt(name)).kw(" THEN ");
                self.node(w, &each, node, depth + 1);
            }
            line(w, depth + 1).kw("ELSE ").sql(&each).kw(" END");
        }
        w.kw("), '{}')");
        line(w, depth).kw("FROM ").kw(self.dialect.each()).sql(value).kw(") AS ");
        w.sql(&alias(depth));
        let named = |keep: &dyn Fn(&Node) -> bool| {
            let names = branch.keys.iter().filter(|(_, node)| keep(node));
            names.map(|(name, _)| self.dialect.spelt(name)).collect::<Vec<_>>()
        };
        match branch.others {
            OtherKeys::Keep => {
                let gone = named(&|node| *node == Node::Leaf(Leaf::Remove));
                if !gone.is_empty() {
                    line(w, depth).kw("WHERE ").sql(&key).kw(" NOT IN (").list(gone, ", ", literal).kw(")");
                }
            }
            OtherKeys::Remove => {
                let stay = named(&|node| *node != Node::Leaf(Leaf::Remove) && shapes(node).is_none());
                line(w, depth).kw("WHERE ");
                if !stay.is_empty() {
                    w.sql(&key).kw(" IN (").list(&stay, ", ", literal).kw(")");
                }
                let shaped = branch.keys.iter().filter_map(|(name, node)| Some((name, shapes(node)?)));
                let shaped: Vec<_> = shaped.collect();
                w.kw(if stay.is_empty() && shaped.is_empty() { "false" } else { "" });
                w.kw(if stay.is_empty() || shaped.is_empty() { "" } else { " OR " });
                w.list(shaped, " OR ", |w, (name, shapes)| {
                    w.sql(&key).kw(" = ").text(&self.dialect.spelt(name)).kw(" AND ");
                    self.has_shape(w, &each, shapes);
                });
            }
        }
    }

    fn array(&self, w: &mut Writer, value: &Writer, branch: &Branch, elements: &Node, depth: usize) {
        if *elements == Node::Leaf(Leaf::Remove) {
            w.kw("'[]'");
            return;
        }
        let each = part(depth, "value");
        w.kw("SELECT coalesce(").kw(self.dialect.pick("pg_catalog.json_agg(", "pg_catalog.jsonb_agg("));
        self.node(w, &each, elements, depth);
        w.kw(" ORDER BY ").sql(&part(depth, "n")).kw("), '[]')");
        line(w, depth).kw("FROM ").kw(self.dialect.elements()).sql(value);
        w.kw(") WITH ORDINALITY AS ").sql(&alias(depth)).kw(" (value, n)");
        if let (OtherKeys::Remove, Some(shapes)) = (branch.others, shapes(elements)) {
            line(w, depth).kw("WHERE ");
            self.has_shape(w, &each, shapes);
        }
    }

    fn has_shape(&self, w: &mut Writer, value: &Writer, shapes: &'static str) {
        w.kw(self.dialect.type_of()).sql(value).kw(") ").kw(shapes);
    }

    fn node(&self, w: &mut Writer, value: &Writer, node: &Node, depth: usize) {
        match node {
            Node::Branch(branch) => self.branch(w, value, branch, depth),
            Node::Leaf(leaf) => self.leaf(w, value, leaf),
        }
    }

    /// What becomes of a value. SQL's NULL becomes the document's null when it is put together.
    fn leaf(&self, w: &mut Writer, value: &Writer, leaf: &Leaf) {
        match leaf {
            // What goes has been left out before.
            Leaf::Keep | Leaf::Remove => {
                w.sql(value);
            }
            Leaf::Null => {
                w.kw("'null'").kw(self.dialect.cast());
            }
            Leaf::Text(text) => {
                w.text(&serde_json::Value::from(text.as_str()).to_string()).kw(self.dialect.cast());
            }
            Leaf::Random(generator) => {
                w.kw("CASE ").kw(self.dialect.type_of()).sql(value).kw(") WHEN 'null' THEN ").sql(value).kw(" ELSE ");
                w.kw(self.dialect.made_of()).kw("CAST(");
                generated(w, generator, value, &Bits::Random);
                w.kw(" AS ").kw(type_of(generator)).kw(")) END");
            }
            Leaf::Pseudonym(generator) => {
                let text = text_of(value);
                self.single(w, value, &text);
                w.kw(self.dialect.made_of()).kw("CAST(");
                self.scene.pseudonym(w, Input { value: &text, ty: &TEXT, ..self.input }, generator);
                w.kw(" AS ").kw(type_of(generator)).kw(")) END");
            }
            Leaf::Mask(mask) => {
                let text = text_of(value);
                self.single(w, value, &text);
                w.kw(self.dialect.made_of());
                partial::mask(w, &text, &TEXT, mask);
                w.kw(") END");
            }
            Leaf::Multiple(step) => self.multiple(w, value, step),
        }
    }

    /// The beginning of a CASE for values that have a text.
    fn single(&self, w: &mut Writer, value: &Writer, text: &Writer) {
        w.kw("CASE WHEN ").kw(self.dialect.type_of()).sql(value).kw(") IN ('string', 'number', 'boolean')");
        if self.dialect == Dialect::Json {
            // What stands behind U+0001 is no part of a text.
            w.kw(" AND strpos(").sql(text).kw(", E'\\x01') = 0");
        }
        w.kw(" THEN ");
    }

    /// A number, be it in a text, cut to a multiple; of a size that `numeric` certainly has.
    fn multiple(&self, w: &mut Writer, value: &Writer, step: &str) {
        const NUMBER: &str = r"^-?[0-9]{1,60}(\.[0-9]{1,60})?([eE][+-]?[0-9]{1,2})?$";
        let text = text_of(value);
        let mut cut = Writer::new();
        cut.kw("trim_scale(")
            .sql(&text)
            .kw("::numeric - mod(")
            .sql(&text)
            .kw("::numeric, ")
            .text(step)
            .kw("::numeric))");
        w.kw("CASE WHEN ").sql(&text).kw(" ~ ").text(NUMBER).kw(" THEN CASE ").kw(self.dialect.type_of()).sql(value);
        w.kw(") WHEN 'number' THEN ").kw(self.dialect.made_of()).sql(&cut).kw(") WHEN 'string' THEN ");
        w.kw(self.dialect.made_of()).sql(&cut).kw("::text) END END");
    }
}

/// The type of what a generator makes for a document: JSON has numbers and truth, and strings for all else.
fn type_of(generator: &Generator) -> &'static str {
    match generator {
        Generator::Number { .. } => "numeric",
        Generator::Date { .. } => "date",
        Generator::Timestamp { .. } => "timestamp",
        Generator::Boolean => "boolean",
        Generator::Email { .. }
        | Generator::Name
        | Generator::FirstName
        | Generator::LastName
        | Generator::Hex { .. }
        | Generator::Digits { .. }
        | Generator::Uuid { .. }
        | Generator::Choice { .. }
        | Generator::Inet { .. }
        | Generator::Bytes { .. }
        | Generator::BitString { .. }
        | Generator::Composed { .. }
        | Generator::Each { .. }
        | Generator::Fields { .. } => "text",
    }
}

/// So many keys of an object are changed one by one; each time the whole object is copied.
const FEW: usize = 8;

const TEXT: PgType = PgType::Text { limit: None };

/// The text of a single value, without quotes and escapes.
fn text_of(value: &Writer) -> Writer {
    let mut w = Writer::new();
    w.kw("(").sql(value).kw(" #>> '{}')");
    w
}

/// The name of a document's parts at a depth: inner ones stand in statements of their own, where outer names can be seen.
fn alias(depth: usize) -> Writer {
    let mut w = Writer::new();
    w.kw("e").number(depth as i128);
    w
}

fn part(depth: usize, what: &'static str) -> Writer {
    let mut w = alias(depth);
    w.kw(".").kw(what);
    w
}

fn literal(w: &mut Writer, text: impl AsRef<str>) {
    w.text(text.as_ref());
}

fn line(w: &mut Writer, depth: usize) -> &mut Writer {
    w.kw("\n    ").printed(&"  ".repeat(depth))
}

/// Whether anything happens to a value.
fn acts(node: &Node) -> bool {
    match node {
        Node::Branch(branch) => branch.edits().iter().any(|(_, leaf)| leaf.acts()),
        Node::Leaf(leaf) => leaf.acts(),
    }
}

/// Of which shapes a value has to be, or it goes because no path leads there; none where any will do.
fn shapes(node: &Node) -> Option<&'static str> {
    match node {
        Node::Branch(Branch { others: OtherKeys::Remove, keys, elements }) => {
            Some(match (keys.is_empty(), elements.is_some()) {
                (false, true) => "IN ('object', 'array')",
                (true, _) => "= 'array'",
                (false, false) => "= 'object'",
            })
        }
        Node::Branch(Branch { others: OtherKeys::Keep, .. }) | Node::Leaf(_) => None,
    }
}
