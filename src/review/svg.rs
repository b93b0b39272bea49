//! A picture as SVG, drawn by ourselves: for a page that may ask nobody for anything, and for whoever has no Graphviz.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::layout::{Layout, Sizes, layout};
use super::mermaid::class;
use super::picture::{Edge, Line, Node, Picture, word};
use crate::resolve::{Followed, TableDecision};

/// The style of a drawing: colours, letters, and what changes where it is dark.
pub(super) const STYLE: &str = include_str!("picture.css");

/// Letters of one width, as wide as any font's of that name.
const NAME: i64 = 8;
/// The same for the labels of edges.
const LABEL: i64 = 7;
/// Words are in letters of different widths: the widest font that a browser takes has this mean, in tenths.
const WORD_TENTHS: i64 = 76;
/// Between lines.
const LEADING: i64 = 17;
/// Around the lines of a node.
const PADDING: (i64, i64) = (18, 10);
/// Between two edges at a node's side.
const PORT: i64 = 15;

/// The drawing as a file of its own.
pub fn svg(picture: &Picture) -> String {
    drawing(picture, true)
}

/// The drawing within a page, which has the style.
pub(super) fn inline(picture: &Picture) -> String {
    drawing(picture, false)
}

fn drawing(picture: &Picture, alone: bool) -> String {
    let sizes = sizes(picture);
    let Layout { width, height, nodes, edges } = layout(picture, &sizes);
    let legend = legend(picture);
    let rows = legend.len() as i64;
    let legend_width = legend.iter().map(|(_, words)| 30 + wide(words, WORD_TENTHS)).max().unwrap_or(0) + 40;
    let (width, whole) = (width.max(legend_width), height + 12 + rows * LEADING + 8);
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"picture\" role=\"img\" viewBox=\"0 0 {width} {whole}\" \
         width=\"{width}\" height=\"{whole}\">\n<title>{}</title>\n",
        escaped(&picture.title)
    );
    if alone {
        let _ = writeln!(text, "<style>\n{STYLE}</style>");
        // Whoever shows the file may have a dark page around it, and letters are dark where it is light.
        let _ = writeln!(text, "<rect class=\"paper\" width=\"{width}\" height=\"{whole}\"/>");
    }
    for (edge, points) in picture.edges.iter().zip(&edges) {
        drawn_edge(&mut text, edge, points);
    }
    for ((node, (x, y)), (width, height)) in picture.nodes.iter().zip(&nodes).zip(&sizes.nodes) {
        drawn_node(&mut text, node, (*x, *y, *width, *height));
    }
    // Above the lines, so that none runs through a letter.
    for (edge, points) in picture.edges.iter().zip(&edges) {
        drawn_label(&mut text, edge, points);
    }
    for (row, (line, words)) in legend.iter().enumerate() {
        let y = height + 12 + row as i64 * LEADING;
        let (x, to) = (18, 42);
        let _ = match line {
            Some(line) => writeln!(text, "<path class=\"edge {line}\" d=\"M{x} {y}H{to}\"/>"),
            None => Ok(()),
        };
        let x = if line.is_some() { 50 } else { 18 };
        let _ = writeln!(text, "<text class=\"legend\" x=\"{x}\" y=\"{}\">{}</text>", y + 4, escaped(words));
    }
    text.push_str("</svg>\n");
    text
}

/// How wide a text is at most, where a letter is so many tenths wide.
fn wide(text: &str, tenths: i64) -> i64 {
    // Letters of Chinese, Japanese and Korean, and whatever a font may not have, are twice as wide.
    let units: i64 = text.chars().map(|c| if u32::from(c) >= 0x1100 { 2 } else { 1 }).sum();
    (units * tenths + 9) / 10
}

fn sizes(picture: &Picture) -> Sizes {
    let mut met = vec![(0, 0); picture.nodes.len()];
    for edge in &picture.edges {
        met[edge.from].0 += 1;
        met[edge.to].1 += 1;
    }
    let size = |(node, (out, into)): (&Node, &(i64, i64))| {
        let words = node.lines.iter().map(|line| wide(line, WORD_TENTHS)).max().unwrap_or(0);
        let width = wide(&node.title, NAME * 10).max(words) + 2 * PADDING.0;
        let lines = (1 + node.lines.len() as i64) * LEADING + 2 * PADDING.1;
        // Each label beside it needs a line; arrows that only arrive may stand closer.
        (width, lines.max(out * PORT + 8).max(into * 7))
    };
    Sizes {
        nodes: picture.nodes.iter().zip(&met).map(size).collect(),
        labels: picture.edges.iter().map(|edge| wide(&edge.label(), LABEL * 10)).collect(),
    }
}

fn drawn_node(text: &mut String, node: &Node, (x, y, width, height): (i64, i64, i64, i64)) {
    let subject = if node.subject { " subject" } else { "" };
    let _ = writeln!(text, "<g class=\"{}{subject}\" data-node=\"{}\">", class(node.look), escaped(&node.id));
    let _ = writeln!(text, "<title>{}</title>", escaped(&format!("{}: {}", node.tables.join(", "), word(node.look))));
    let mut ring = String::new();
    if node.subject {
        let (x, y, width, height) = (x + 4, y + 4, width - 8, height - 8);
        let round = if node.look == TableDecision::Changed { 10 } else { 0 };
        ring = format!(
            "<rect class=\"ring\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"{round}\"/>\n"
        );
    }
    let rectangle = |round: i64| {
        format!(
            "<rect class=\"shape\" data-shape=\"\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"{round}\"/>"
        )
    };
    let shape = match node.look {
        TableDecision::Deleted | TableDecision::Cascaded => {
            let (right, bottom, cut) = (x + width, y + height, 10);
            format!(
                "<path class=\"shape\" data-shape=\"\" d=\"M{} {y}H{}L{right} {}V{}L{} {bottom}H{}L{x} {}V{}Z\"/>",
                x + cut,
                right - cut,
                y + cut,
                bottom - cut,
                right - cut,
                x + cut,
                bottom - cut,
                y + cut
            )
        }
        TableDecision::Changed => rectangle(14),
        TableDecision::Kept | TableDecision::Accepted | TableDecision::Undecided => rectangle(0),
    };
    let _ = writeln!(text, "{shape}");
    text.push_str(&ring);
    let lines = (1 + node.lines.len() as i64) * LEADING;
    let mut baseline = y + (height - lines) / 2 + 13;
    let x = x + PADDING.0;
    let _ = writeln!(text, "<text class=\"name\" x=\"{x}\" y=\"{baseline}\">{}</text>", escaped(&node.title));
    for line in &node.lines {
        baseline += LEADING;
        let _ = writeln!(text, "<text x=\"{x}\" y=\"{baseline}\">{}</text>", escaped(line));
    }
    text.push_str("</g>\n");
}

fn edge_class(edge: &Edge) -> String {
    let line = match edge.line {
        Line::Solid => "",
        Line::Dashed => " dashed",
        Line::Dotted => " dotted",
    };
    format!("{}{line}", followed_class(edge.followed))
}

fn followed_class(followed: Followed) -> &'static str {
    match followed {
        Followed::Yes => "yes",
        Followed::No => "no",
        Followed::Accepted => "accepted",
        Followed::Aside => "aside",
    }
}

/// A curve from point to point that leaves and arrives level, and a head at its end.
fn drawn_edge(text: &mut String, edge: &Edge, points: &[(i64, i64)]) {
    let Some(((x, y), rest)) = points.split_first() else { return };
    let mut path = format!("M{x} {y}");
    let (mut from, mut level) = ((*x, *y), false);
    for to in rest {
        // Past a layer it runs straight.
        if level || from.1 == to.1 {
            let _ = write!(path, "L{} {}", to.0, to.1);
        } else {
            let middle = (from.0 + to.0) / 2;
            let _ = write!(path, "C{middle} {} {middle} {} {} {}", from.1, to.1, to.0, to.1);
        }
        level = !level && rest.len() > 1;
        from = *to;
    }
    let before = points.len().checked_sub(2).map_or(*x, |index| points[index].0);
    let back = if before > from.0 { 9 } else { -9 };
    let _ = writeln!(text, "<path class=\"edge {}\" d=\"{path}\"/>", edge_class(edge));
    let (x, y) = from;
    let _ = writeln!(
        text,
        "<path class=\"head {}\" d=\"M{x} {y}L{} {}V{}Z\"/>",
        followed_class(edge.followed),
        x + back,
        y - 4,
        y + 4
    );
}

/// The columns, beside the referencing node.
fn drawn_label(text: &mut String, edge: &Edge, points: &[(i64, i64)]) {
    let [(x, y), (next, _), ..] = points else { return };
    let (x, anchor) = if next < x { (x - 6, "end") } else { (x + 6, "start") };
    let _ = writeln!(
        text,
        "<text class=\"label {}\" x=\"{x}\" y=\"{}\" text-anchor=\"{anchor}\">{}</text>",
        followed_class(edge.followed),
        y - 4,
        escaped(&edge.label())
    );
}

/// What lines and words mean, as far as they occur.
fn legend(picture: &Picture) -> Vec<(Option<&'static str>, String)> {
    let looks: BTreeSet<TableDecision> = picture.nodes.iter().map(|node| node.look).collect();
    let looks: Vec<_> = looks.into_iter().map(word).collect();
    let mut legend = vec![(None, format!("tables: {}", looks.join(" · ")))];
    let has = |line: Line| picture.edges.iter().any(|edge| edge.line == line);
    let is = |followed: Followed| picture.edges.iter().any(|edge| edge.followed == followed);
    let lines = [
        (!picture.edges.is_empty(), "yes", "a foreign key, from what references to what is referenced"),
        (has(Line::Dashed), "yes dashed", "a virtual key: the policy declares it, the database doesn't"),
        (has(Line::Dotted), "yes dotted", "values that are compared, without a key"),
        (is(Followed::No), "no", "leads to the subject, and no rule follows it"),
        (
            is(Followed::Accepted) || is(Followed::Aside),
            "aside",
            "is not followed: it says nothing of whose the rows are, or somebody has accepted that",
        ),
    ];
    let occurring = lines.into_iter().filter(|(occurs, ..)| *occurs);
    legend.extend(occurring.map(|(_, class, words)| (Some(class), words.to_owned())));
    legend
}

/// A text in XML. What XML can't hold at all has been made visible where names become words.
pub(super) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            // No characters of XML, and none of HTML either.
            c if (u32::from(c) < 0x20 && !matches!(c, '\n' | '\t')) || matches!(c, '\u{fffe}' | '\u{ffff}') => {
                safe.push('\u{fffd}');
            }
            c => safe.push(c),
        }
    }
    safe
}
