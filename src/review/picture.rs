//! Which tables and keys does a picture of a policy show, and how does each look?
//!
//! A [`Picture`] is made from a survey and drawn by `mermaid`, `dot` and `svg`: nodes and edges with their words, no
//! coordinates and no syntax. Each decision has a colour, a shape and words of its own, so that none depends on colours
//! alone. Where a schema is larger than anybody reads, tables that nothing references and that look the same become one
//! node with all their names.

use std::collections::{BTreeMap, BTreeSet};

use super::words::{count, table};
use crate::catalog::{Basis, Catalog, ForeignKey, TableId};
use crate::ident::shown;
use crate::resolve::{Followed, Survey, Surveyed, TableDecision};

/// Tables, the keys between them, and what happens to each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// What it shows, in a sentence.
    pub title: String,
    /// In the order of their first table's name.
    pub nodes: Vec<Node>,
    /// From the referencing to the referenced, in the order of the nodes.
    pub edges: Vec<Edge>,
}

/// A table, or several that look the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// A word of letters, digits and `_`, unique in the picture, that no format reserves.
    pub id: String,
    /// What happens to the rows.
    pub look: TableDecision,
    /// Whether it is the subject's own table.
    pub subject: bool,
    /// The table's name; for several tables their number.
    pub title: String,
    /// What is said below it, line by line.
    pub lines: Vec<String>,
    /// The names of all tables that it stands for; at least one.
    pub tables: Vec<String>,
}

/// One or more keys between the same two nodes that look the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// The index of the referencing node.
    pub from: usize,
    /// The index of the referenced node.
    pub to: usize,
    /// The columns of each key.
    pub labels: Vec<String>,
    /// Who says that there is a reference.
    pub line: Line,
    /// What the policy makes of it.
    pub followed: Followed,
}

/// What the picture of a policy's tables shows, in a sentence.
pub fn picture_title(policy: &str) -> String {
    format!("tables of policy {} by what happens to their rows", shown(policy))
}

/// How an edge is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Line {
    /// The database declares the key.
    Solid,
    /// The policy does: a virtual key.
    Dashed,
    /// Nobody does: a path compares values.
    Dotted,
}

/// Whether tables are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fold {
    /// Every table is a node of its own.
    Never,
    /// Where there would be more nodes than that.
    Over(usize),
}

impl Fold {
    /// More nodes than that fit on no screen.
    pub const READABLE: Fold = Fold::Over(40);
}

/// The index of the node that is referenced, and how that looks.
type References = (usize, Line, Followed);

/// From so many on, tables that look the same are put together.
const SEVERAL: usize = 3;

/// So many names of tables that were put together are written out in the drawing; the others are in its source.
const NAMED: usize = 12;

impl Picture {
    /// The picture of a survey. `notes` are more lines for some tables: steps, estimates.
    pub fn new(
        title: impl Into<String>,
        survey: &Survey,
        catalog: &Catalog,
        notes: &BTreeMap<TableId, Vec<String>>,
        fold: Fold,
    ) -> Self {
        let tables: Vec<TableId> = survey.tables.keys().copied().collect();
        let at: BTreeMap<TableId, usize> = tables.iter().enumerate().map(|(index, table)| (*table, index)).collect();
        let mut used = BTreeSet::new();
        let mut nodes: Vec<Node> = survey
            .tables
            .iter()
            .map(|(id, surveyed)| {
                let name = table(catalog, *id);
                let subject = survey.subject == Some(*id);
                let mut lines = decided(*id, surveyed, subject, catalog);
                lines.extend(notes.get(id).into_iter().flatten().cloned());
                let id = id_of(&name, &mut used);
                Node { id, look: look(surveyed, subject), subject, title: name.clone(), lines, tables: vec![name] }
            })
            .collect();
        let mut edges: BTreeMap<(usize, usize, Line, Followed), Vec<String>> = BTreeMap::new();
        for (id, followed) in &survey.keys {
            let (Some(child), Some(parent)) = (catalog.child(*id), catalog.parent(*id)) else { continue };
            let (Some(from), Some(to)) = (at.get(&child), at.get(&parent)) else { continue };
            let key = catalog.key(*id);
            // What an undecided table references it by is as undecided.
            let undecided =
                survey.tables.get(&child).is_some_and(|it| it.decisions.contains(&TableDecision::Undecided));
            let followed = if undecided && *followed == Followed::Aside { Followed::No } else { *followed };
            if from == to {
                let by = if key.basis == Basis::Declared { "" } else { ", a virtual key" };
                nodes[*from].lines.push(format!("\u{21bb} {}{by}", columns(key)));
            } else {
                edges.entry((*from, *to, line(key), followed)).or_default().push(columns(key));
            }
        }
        let edges = edges.into_iter();
        let edges = edges.map(|((from, to, line, followed), labels)| Edge { from, to, labels, line, followed });
        let picture = Picture { title: title.into(), nodes, edges: edges.collect() };
        match fold {
            Fold::Over(most) if picture.nodes.len() > most => {
                let folded = picture.folded(true, &mut used);
                if folded.nodes.len() > most { folded.folded(false, &mut used) } else { folded }
            }
            Fold::Over(_) | Fold::Never => picture,
        }
    }

    /// The same with tables that nothing references put together where they look the same; with `alike` only those that
    /// reference the same tables.
    fn folded(self, alike: bool, used: &mut BTreeSet<String>) -> Self {
        let referenced: BTreeSet<usize> = self.edges.iter().map(|edge| edge.to).collect();
        let mut groups: BTreeMap<(TableDecision, Vec<References>), Vec<usize>> = BTreeMap::new();
        for (index, node) in self.nodes.iter().enumerate() {
            if !node.subject && !referenced.contains(&index) {
                let out = self.edges.iter().filter(|edge| alike && edge.from == index);
                let out = out.map(|edge| (edge.to, edge.line, edge.followed)).collect();
                groups.entry((node.look, out)).or_default().push(index);
            }
        }
        groups.retain(|_, members| members.len() >= SEVERAL);
        let first_of: BTreeMap<usize, usize> =
            groups.values().flat_map(|members| members.iter().map(|member| (*member, members[0]))).collect();
        // The first of each group stands for all of it.
        let mut moved: BTreeMap<usize, usize> = BTreeMap::new();
        let mut nodes = Vec::new();
        for (index, node) in self.nodes.iter().enumerate() {
            match first_of.get(&index) {
                Some(first) if *first != index => {}
                Some(_) => {
                    moved.insert(index, nodes.len());
                    let members = first_of.iter().filter(|(_, first)| **first == index).map(|(member, _)| *member);
                    let tables = members.flat_map(|member| self.nodes[member].tables.clone());
                    nodes.push(together(node.look, tables.collect(), used));
                }
                None => {
                    moved.insert(index, nodes.len());
                    nodes.push(node.clone());
                }
            }
        }
        let place = |index: usize| moved.get(first_of.get(&index).unwrap_or(&index)).copied();
        let mut edges: BTreeMap<(usize, usize, Line, Followed), Vec<String>> = BTreeMap::new();
        for edge in self.edges {
            if let (Some(from), Some(to)) = (place(edge.from), place(edge.to)) {
                edges.entry((from, to, edge.line, edge.followed)).or_default().extend(edge.labels);
            }
        }
        let edges = edges.into_iter().map(|((from, to, line, followed), mut labels)| {
            labels.sort();
            labels.dedup();
            Edge { from, to, labels, line, followed }
        });
        Picture { title: self.title, nodes, edges: edges.collect() }
    }

    /// How many nodes have nobody's decision.
    pub fn undecided(&self) -> usize {
        let undecided = self.nodes.iter().filter(|node| node.look == TableDecision::Undecided);
        undecided.map(|node| node.tables.len()).sum()
    }
}

impl Edge {
    /// The columns, a few at most.
    pub fn label(&self) -> String {
        const MOST: usize = 3;
        let shown = if self.labels.len() > MOST { 1 } else { MOST };
        let mut label = self.labels.iter().take(shown).cloned().collect::<Vec<_>>().join("; ");
        if self.labels.len() > MOST {
            label.push_str(&format!("; {} more", self.labels.len() - shown));
        }
        match self.followed {
            Followed::Yes | Followed::Aside => label,
            Followed::No => format!("{label}: not followed"),
            Followed::Accepted => format!("{label}: accepted"),
        }
    }
}

/// Several tables as one node.
fn together(look: TableDecision, tables: Vec<String>, used: &mut BTreeSet<String>) -> Node {
    let mut lines = vec![word(look).to_owned()];
    // Nobody decides what is not named.
    let most = if look == TableDecision::Undecided { 4 * NAMED } else { NAMED };
    let mut line = String::new();
    for (index, name) in tables.iter().take(most).enumerate() {
        let comma = if index + 1 < tables.len() { "," } else { "" };
        if !line.is_empty() && line.chars().count() + name.chars().count() > 38 {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&format!("{name}{comma}"));
    }
    lines.push(line);
    if tables.len() > most {
        lines.push(format!("and {} more", tables.len() - most));
    }
    let id = id_of(&format!("{} and more", tables[0]), used);
    Node { id, look, subject: false, title: count(tables.len() as u64, "table"), lines, tables }
}

/// The strongest of what happens to a table's rows.
fn look(surveyed: &Surveyed, subject: bool) -> TableDecision {
    match surveyed.decisions.first() {
        _ if !surveyed.undecided.is_empty() => TableDecision::Undecided,
        Some(decision) => *decision,
        None if subject => TableDecision::Kept,
        None => TableDecision::Undecided,
    }
}

/// A decision in a word or two.
pub(super) fn word(decision: TableDecision) -> &'static str {
    match decision {
        TableDecision::Undecided => "\u{26a0} NOT DECIDED",
        TableDecision::Deleted => "\u{2715} deleted",
        TableDecision::Cascaded => "\u{2715} deleted by cascade",
        TableDecision::Changed => "\u{270e} changed",
        TableDecision::Kept => "\u{2713} kept",
        TableDecision::Accepted => "\u{2013} left out, accepted",
    }
}

fn decided(id: TableId, surveyed: &Surveyed, subject: bool, catalog: &Catalog) -> Vec<String> {
    let mut lines = Vec::new();
    let words: Vec<String> = surveyed
        .decisions
        .iter()
        .map(|decision| match decision {
            TableDecision::Changed => {
                format!("{}: {}", word(*decision), count(surveyed.changed.len() as u64, "column"))
            }
            TableDecision::Undecided
            | TableDecision::Deleted
            | TableDecision::Cascaded
            | TableDecision::Kept
            | TableDecision::Accepted => word(*decision).to_owned(),
        })
        .collect();
    if subject {
        lines.push("\u{2605} the subject".to_owned());
    }
    match words.len() {
        0 if subject => lines.push("its own row stays".to_owned()),
        0 => lines.push(word(TableDecision::Undecided).to_owned()),
        1 => lines.extend(words),
        _ => {
            lines.extend(words);
            lines.push("by several rules".to_owned());
        }
    }
    if !surveyed.undecided.is_empty() {
        let table = catalog.table(id);
        let mut names: Vec<String> =
            surveyed.undecided.iter().take(4).map(|id| table.column_at(*id).name.bare().to_string()).collect();
        if surveyed.undecided.len() > names.len() {
            names.push("\u{2026}".into());
        }
        let columns = count(surveyed.undecided.len() as u64, "column");
        lines.push(format!("{}: {columns}", word(TableDecision::Undecided)));
        lines.push(names.join(", "));
    } else if surveyed.broken && !surveyed.decisions.contains(&TableDecision::Undecided) {
        lines.push("\u{26a0} with errors".to_owned());
    }
    lines
}

fn line(key: &ForeignKey) -> Line {
    match key.basis {
        Basis::Declared => Line::Solid,
        Basis::Virtual { .. } => Line::Dashed,
        Basis::Values => Line::Dotted,
    }
}

/// The columns by which a key references, as a path would name them.
fn columns(key: &ForeignKey) -> String {
    if key.basis == Basis::Values {
        return key.name.bare().to_string();
    }
    let columns: Vec<_> = key.child_columns().map(|column| column.bare().to_string()).collect();
    match &columns[..] {
        [only] => only.clone(),
        many => format!("({})", many.join(", ")),
    }
}

/// A word that stands for a name in the source of a drawing: readable, and never one that a format reserves.
fn id_of(name: &str, used: &mut BTreeSet<String>) -> String {
    let plain: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    let plain = format!("t_{plain}");
    let numbered = (2..).map(|number| format!("{plain}_{number}"));
    let id = std::iter::once(plain.clone()).chain(numbered).find(|id| !used.contains(id)).unwrap_or(plain);
    used.insert(id.clone());
    id
}
