//! A picture as Mermaid, which GitHub and GitLab draw in a comment.
//!
//! Every character of a name that Mermaid, Markdown or HTML could read as something else is written as its number.

use std::fmt::Write;

use super::picture::{Edge, Line, Node, Picture};
use crate::resolve::{Followed, TableDecision};

/// Mermaid draws no more than 500 edges unless a site sets it otherwise; these it leaves out and says so.
const MOST_EDGES: usize = 480;

/// Colours of one lightness with dark letters, told apart by those who see no red or no green (Okabe and Ito's), and an
/// outline that differs besides; each class is a line.
const CLASSES: &str = "  classDef deleted fill:#dfe3ea,stroke:#2f3b4c,stroke-width:2px,color:#14181f
  classDef cascaded fill:#dfe3ea,stroke:#2f3b4c,stroke-width:2px,stroke-dasharray:6 3,color:#14181f
  classDef changed fill:#d6e9f8,stroke:#0072b2,stroke-width:2px,color:#14181f
  classDef kept fill:#ffffff,stroke:#6b7280,stroke-width:1px,color:#14181f
  classDef accepted fill:#ffffff,stroke:#6b7280,stroke-width:1px,stroke-dasharray:2 3,color:#14181f
  classDef undecided fill:#fff0b8,stroke:#c2410c,stroke-width:4px,color:#14181f
  classDef subject stroke-width:5px
";

/// The picture as a Mermaid flowchart: what references stands to the right of what it references.
pub fn mermaid(picture: &Picture) -> String {
    // Two hundred pixels, as by default, break most names in two.
    let mut text = format!(
        "%%{{init: {{\"flowchart\": {{\"wrappingWidth\": 360}}}}}}%%\nflowchart RL\n  accTitle: {}\n",
        plain(&picture.title)
    );
    for node in &picture.nodes {
        let _ = writeln!(text, "  {}", drawn(node));
        if node.tables.len() > 1 {
            for names in node.tables.chunks(8) {
                let names: Vec<_> = names.iter().map(|name| plain(name)).collect();
                let _ = writeln!(text, "  %% {}: {}", node.id, names.join(", "));
            }
        }
    }
    let edges: Vec<&Edge> = match picture.edges.len() > MOST_EDGES {
        false => picture.edges.iter().collect(),
        true => picture.edges.iter().filter(|edge| edge.followed != Followed::Aside).collect(),
    };
    let drawn: Vec<&Edge> = edges.into_iter().take(MOST_EDGES).collect();
    let mut styles = String::new();
    for (index, edge) in drawn.iter().enumerate() {
        let (from, to) = (&picture.nodes[edge.from].id, &picture.nodes[edge.to].id);
        let label = escaped(&edge.label());
        let _ = match edge.line {
            Line::Solid if edge.followed == Followed::No => writeln!(text, "  {from} ==>|\"{label}\"| {to}"),
            Line::Solid => writeln!(text, "  {from} -->|\"{label}\"| {to}"),
            Line::Dashed | Line::Dotted => writeln!(text, "  {from} -.->|\"{label}\"| {to}"),
        };
        let style = match edge.followed {
            Followed::Yes => continue,
            Followed::No => "stroke:#c2410c,stroke-width:3px",
            Followed::Accepted | Followed::Aside => "stroke:#9aa3af,stroke-width:1px",
        };
        let _ = writeln!(styles, "  linkStyle {index} {style}");
    }
    if drawn.len() < picture.edges.len() {
        let _ = writeln!(text, "  %% {} of {} references are drawn", drawn.len(), picture.edges.len());
    }
    text.push_str(CLASSES);
    text.push_str(&styles);
    text
}

/// A node in the shape of its decision.
fn drawn(node: &Node) -> String {
    let lines = std::iter::once(&node.title).chain(&node.lines).map(|line| escaped(line));
    // Not `<br/>`: where a label holds a tag, Mermaid reads the numbers first and Markdown afterwards, which would see
    // emphasis and code.
    let label = lines.collect::<Vec<_>>().join("\n");
    let (open, close) = match node.look {
        _ if node.subject => ("([", "])"),
        TableDecision::Undecided => ("[[", "]]"),
        TableDecision::Deleted | TableDecision::Cascaded => ("{{", "}}"),
        TableDecision::Changed => ("(", ")"),
        TableDecision::Kept | TableDecision::Accepted => ("[", "]"),
    };
    // Of two classes the later one has the last word.
    let subject = if node.subject { format!("\n  class {} subject", node.id) } else { String::new() };
    format!("{}{open}\"{label}\"{close}:::{}{subject}", node.id, class(node.look))
}

/// The name of a decision in drawings.
pub(super) fn class(look: TableDecision) -> &'static str {
    match look {
        TableDecision::Undecided => "undecided",
        TableDecision::Deleted => "deleted",
        TableDecision::Cascaded => "cascaded",
        TableDecision::Changed => "changed",
        TableDecision::Kept => "kept",
        TableDecision::Accepted => "accepted",
    }
}

/// A text within a label: letters, digits, signs beyond ASCII and what means nothing anywhere stay, all else is written as its number.
fn escaped(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let is_word = |at: Option<usize>| at.and_then(|at| chars.get(at)).is_some_and(|c| c.is_alphanumeric());
    let mut label = String::new();
    for (at, c) in chars.iter().enumerate() {
        let between_words = is_word(at.checked_sub(1)) && is_word(Some(at + 1));
        let plain = match c {
            // At the edge of a word it would begin emphasis; `1. ` and `- ` would begin a list.
            '_' | '.' | '-' => between_words,
            ' ' | ',' | '(' | ')' | ':' => true,
            // Syntax is ASCII.
            other => other.is_ascii_alphanumeric() || !other.is_ascii(),
        };
        let number = u32::from(*c);
        let _ = match c {
            _ if plain => write!(label, "{c}"),
            _ => write!(label, "#{number};"),
        };
    }
    label
}

/// A text where Mermaid knows no numbers: a title, a remark.
fn plain(text: &str) -> String {
    let keep = |c: char| if c.is_alphanumeric() || matches!(c, ' ' | '_' | '.' | ',' | '-') { c } else { '?' };
    text.chars().map(keep).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_mean_something_is_written_as_its_number() {
        assert_eq!(escaped("client_number"), "client_number");
        assert_eq!(escaped("_x_"), "#95;x#95;");
        assert_eq!(escaped("1. a"), "1#46; a");
        assert_eq!(escaped("a\"]<b>#`&;"), "a#34;#93;#60;b#62;#35;#96;#38;#59;");
    }
}
