//! What do the edits of a document mean, taken together?
//!
//! The paths become a tree: one branch for each object or array that a path leads through, one leaf for each value that an
//! edit decides. Whoever walks a document walks the tree beside it, once.

use super::model::{Derived, NewValue};
use super::{derived, generator, words};
use crate::action::{Decision, Document, DocumentPath, Edit, Generator, Kind, Mask, OtherKeys, PathStep};
use crate::catalog::{Catalog, Column, Table};
use crate::diagnostic::Report;
use crate::ident::shown;
use crate::pgtype::PgType;
use crate::source::{Span, Spanned};

/// An object or an array on the way of a path, the document itself included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branch {
    /// What happens to its keys and elements that no path names, and to a value of a shape that no path leads into.
    pub others: OtherKeys,
    /// Where it is an object, the keys that a path names, sorted.
    pub keys: Vec<(String, Node)>,
    /// Where it is an array, what happens to each element, if a path says so.
    pub elements: Option<Box<Node>>,
}

/// What happens to a value in a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// Paths lead through it.
    Branch(Branch),
    /// An edit decides it.
    Leaf(Leaf),
}

/// An edit that fits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leaf {
    /// It stays.
    Keep,
    /// Its key goes, or the element.
    Remove,
    /// It becomes null.
    Null,
    /// It becomes this string.
    Text(String),
    /// It becomes random, unless it is null.
    Random(Generator),
    /// It becomes what the generator makes of a keyed digest of its text, unless it is null.
    Pseudonym(Generator),
    /// Its text is masked.
    Mask(Mask),
    /// A number is cut to a multiple of this decimal text.
    Multiple(String),
}

impl Leaf {
    /// Whether doing it once more changes nothing.
    fn is_idempotent(&self) -> bool {
        match self {
            Leaf::Keep | Leaf::Remove | Leaf::Null | Leaf::Text(_) | Leaf::Mask(_) | Leaf::Multiple(_) => true,
            Leaf::Random(_) | Leaf::Pseudonym(_) => false,
        }
    }

    /// Whether anything happens.
    pub fn acts(&self) -> bool {
        *self != Leaf::Keep
    }
}

impl Branch {
    fn new(others: OtherKeys) -> Self {
        Self { others, keys: Vec::new(), elements: None }
    }

    /// What is below it, each with the step that leads there: the keys, sorted, then the elements.
    fn children(&self) -> impl Iterator<Item = (PathStep, &Node)> {
        let keys = self.keys.iter().map(|(key, node)| (PathStep::Key(key.clone()), node));
        keys.chain(self.elements.iter().map(|node| (PathStep::Elements, node.as_ref())))
    }

    /// The edits below it, each with its whole path from here on.
    pub fn edits(&self) -> Vec<(Vec<PathStep>, &Leaf)> {
        let mut edits = Vec::new();
        for (step, node) in self.children() {
            match node {
                Node::Leaf(leaf) => edits.push((vec![step], leaf)),
                Node::Branch(branch) => {
                    // A kept value in which others are decided is a branch of another kind than the one around it.
                    edits.extend((branch.others != self.others).then(|| (vec![step.clone()], &Leaf::Keep)));
                    let below = branch.edits().into_iter();
                    edits.extend(below.map(|(steps, leaf)| ([vec![step.clone()], steps].concat(), leaf)));
                }
            }
        }
        edits
    }

    /// Whether doing it all once more changes nothing.
    pub fn is_idempotent(&self) -> bool {
        self.edits().iter().all(|(_, leaf)| leaf.is_idempotent())
    }

    /// Whether a secret is needed.
    pub fn is_keyed(&self) -> bool {
        self.edits().iter().any(|(_, leaf)| matches!(leaf, Leaf::Pseudonym(_)))
    }

    fn insert(&mut self, steps: &[PathStep], leaf: Leaf) {
        let [step, rest @ ..] = steps else { return };
        let others = self.others;
        let place = match step {
            PathStep::Elements => &mut **self.elements.get_or_insert_with(|| Box::new(untouched(others))),
            PathStep::Key(key) => {
                let at = self.keys.binary_search_by(|(other, _)| other.cmp(key)).unwrap_or_else(|at| {
                    self.keys.insert(at, (key.clone(), untouched(others)));
                    at
                });
                &mut self.keys[at].1
            }
        };
        match place {
            _ if rest.is_empty() => *place = Node::Leaf(leaf),
            Node::Branch(branch) => branch.insert(rest, leaf),
            // The reader lets a path lead on from a value only where that stays.
            Node::Leaf(_) => {
                let mut branch = Branch::new(OtherKeys::Keep);
                branch.insert(rest, leaf);
                *place = Node::Branch(branch);
            }
        }
    }
}

fn untouched(others: OtherKeys) -> Node {
    Node::Branch(Branch::new(others))
}

/// The new value of a column, or why it can't be had.
pub(super) fn resolve(
    catalog: &Catalog,
    table: &Table,
    column: &Column,
    document: &Document,
    span: Span,
    report: &mut Report,
) -> Option<NewValue> {
    if !matches!(column.ty.element(), PgType::Json | PgType::Jsonb) {
        report.push(words::document_misfit(table, column, span));
        return None;
    }
    let leaves = (document.edits.iter()).map(|(path, edit)| (path, leaf(catalog, table, column, edit, report)));
    // All of them, so that every finding is told.
    let leaves: Vec<_> = leaves.collect();
    let leaves = leaves.into_iter().map(|(path, leaf)| Some((&path.value, leaf?)));
    let mut leaves: Vec<(&DocumentPath, Leaf)> = leaves.collect::<Option<_>>()?;
    // What is kept comes before what is decided within it.
    leaves.sort_by_key(|(path, _)| path.steps().len());
    let mut root = Branch::new(document.other_keys.value);
    leaves.into_iter().for_each(|(path, leaf)| root.insert(path.steps(), leaf));
    Some(NewValue::Derived(Derived::Document(root)))
}

fn leaf(catalog: &Catalog, table: &Table, column: &Column, edit: &Spanned<Edit>, report: &mut Report) -> Option<Leaf> {
    let of_type = |ty: PgType| Column { ty, domains: Vec::new(), ..column.clone() };
    match &edit.value {
        Edit::Keep { .. } => Some(Leaf::Keep),
        Edit::Remove => Some(Leaf::Remove),
        Edit::Null => Some(Leaf::Null),
        Edit::Replace(text) => Some(Leaf::Text(text.value.clone())),
        Edit::Randomize(wish) => {
            let value = of_type(json_type(wish.kind.as_ref().map(|kind| kind.value)));
            generator::resolve(catalog, table, &value, wish, edit.span, report).map(Leaf::Random)
        }
        Edit::Pseudonymize(wish) => {
            let value = of_type(json_type(wish.kind.as_ref().map(|kind| kind.value)));
            derived::pseudonym(catalog, table, &value, wish, edit.span, report).map(Leaf::Pseudonym)
        }
        Edit::Mask(mask) => Some(Leaf::Mask(mask.value.clone())),
        Edit::Generalize(step) => Some(Leaf::Multiple(step.value.clone())),
    }
}

/// The type of a column such as values of a kind would be in, outside of a document. JSON has no days and no addresses:
/// they become strings there.
fn json_type(kind: Option<Kind>) -> PgType {
    match kind {
        Some(Kind::Integer) => PgType::BigInt,
        Some(Kind::Number) => PgType::Numeric { precision: None, scale: None },
        Some(Kind::Date) => PgType::Date,
        Some(Kind::Timestamp) => PgType::Timestamp,
        Some(Kind::Boolean) => PgType::Boolean,
        Some(
            Kind::Email
            | Kind::Name
            | Kind::FirstName
            | Kind::LastName
            | Kind::Phone
            | Kind::Text
            | Kind::Token
            | Kind::Digits
            | Kind::Uuid
            | Kind::Choice
            | Kind::Inet
            | Kind::Bytes,
        )
        | None => PgType::Text { limit: None },
    }
}

/// Why values in a document stay, where the policy says so.
pub(super) fn reasons(decision: &Decision) -> impl Iterator<Item = String> {
    let edits = if let Decision::Json(document) = decision { document.edits.as_slice() } else { &[] };
    edits.iter().filter_map(|(path, edit)| {
        let Edit::Keep { reason: Some(reason) } = &edit.value else { return None };
        Some(format!("{}: {reason}", shown(&path.value.to_string())))
    })
}
