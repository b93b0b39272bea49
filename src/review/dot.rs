//! A picture as DOT, the language of Graphviz.

use std::fmt::Write;

use super::mermaid::class;
use super::picture::{Line, Node, Picture};
use crate::resolve::{Followed, TableDecision};

/// The picture as a directed graph for `dot -Tsvg`.
pub fn dot(picture: &Picture) -> String {
    let mut text = String::from("digraph policy {\n");
    let _ = writeln!(text, "  tooltip={};", quoted(&[picture.title.as_str()]));
    text.push_str(
        "  rankdir=RL; nodesep=0.25; ranksep=0.9;\n  \
         node [fontname=\"Helvetica,Arial,sans-serif\", fontsize=11, margin=\"0.16,0.08\", shape=box, style=filled];\n  \
         edge [fontname=\"Helvetica,Arial,sans-serif\", fontsize=10, color=\"#4b5563\", arrowsize=0.7];\n",
    );
    for node in &picture.nodes {
        let lines: Vec<&str> = std::iter::once(&node.title).chain(&node.lines).map(String::as_str).collect();
        let subject = if node.subject { ", peripheries=2" } else { "" };
        let (id, label, look) = (&node.id, quoted(&lines), look(node.look));
        let tip = quoted(&[&node.tables.join(", ")]);
        let _ = writeln!(text, "  {id} [class={}, label={label}, tooltip={tip}, {look}{subject}];", class(node.look));
    }
    for edge in &picture.edges {
        let (Node { id: from, .. }, Node { id: to, .. }) = (&picture.nodes[edge.from], &picture.nodes[edge.to]);
        let line = match edge.line {
            Line::Solid => "",
            Line::Dashed => ", style=dashed",
            Line::Dotted => ", style=dotted",
        };
        let followed = match edge.followed {
            Followed::Yes => "",
            Followed::No => ", color=\"#c2410c\", fontcolor=\"#9a3412\", penwidth=2.5",
            Followed::Accepted | Followed::Aside => ", color=\"#9aa3af\", fontcolor=\"#4b5563\"",
        };
        let _ = writeln!(text, "  {from} -> {to} [label={}{line}{followed}];", quoted(&[&edge.label()]));
    }
    text.push_str("}\n");
    text
}

fn look(look: TableDecision) -> &'static str {
    match look {
        TableDecision::Undecided => "fillcolor=\"#fff0b8\", color=\"#c2410c\", penwidth=4, shape=component",
        TableDecision::Deleted => "fillcolor=\"#dfe3ea\", color=\"#2f3b4c\", penwidth=1.5, shape=octagon",
        TableDecision::Cascaded => {
            "fillcolor=\"#dfe3ea\", color=\"#2f3b4c\", penwidth=1.5, shape=octagon, style=\"filled,dashed\""
        }
        TableDecision::Changed => "fillcolor=\"#d6e9f8\", color=\"#0072b2\", penwidth=1.5, style=\"filled,rounded\"",
        TableDecision::Kept => "fillcolor=\"#ffffff\", color=\"#6b7280\"",
        TableDecision::Accepted => "fillcolor=\"#ffffff\", color=\"#6b7280\", style=\"filled,dotted\"",
    }
}

/// Lines as a quoted string: DOT knows escapes and, in labels, HTML's entities.
fn quoted(lines: &[&str]) -> String {
    let line = |line: &&str| line.replace('&', "&amp;").replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{}\"", lines.iter().map(line).collect::<Vec<_>>().join("\\n"))
}
