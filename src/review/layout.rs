//! Where does each node of a picture stand, and along which points does each edge run?
//!
//! Layers from left to right: what references stands to the right of what it references, as far as there are no circles.
//! Within a layer nodes are ordered by where their neighbours stand (the barycentre heuristic), and then moved towards them
//! as far as their order and distances allow. An edge over several layers has a place of its own in each, so that it runs
//! around nodes and not through them.
//!
//! Numbers are whole units of a drawing: nothing here depends on a processor's floating point.

use std::collections::VecDeque;

use super::picture::Picture;

/// How large a node is, and how wide the label of each edge.
pub(super) struct Sizes {
    /// Width and height of each node.
    pub nodes: Vec<(i64, i64)>,
    /// The width of each edge's label.
    pub labels: Vec<i64>,
}

/// A picture with its places.
#[derive(Debug, Default)]
pub(super) struct Layout {
    /// Of the whole drawing.
    pub width: i64,
    /// Of the whole drawing.
    pub height: i64,
    /// The left upper corner of each node.
    pub nodes: Vec<(i64, i64)>,
    /// The points of each edge, from the referencing node to the referenced one.
    pub edges: Vec<Vec<(i64, i64)>>,
}

/// Between two nodes of a layer, and around the drawing.
const GAP: i64 = 18;
/// Room for the curves of edges, beside the longest label between two layers.
const CURVE: i64 = 70;
/// Between two edges that run past a layer.
const LANE: i64 = 14;
/// How often the order of the layers is improved, there and back.
const ROUNDS: usize = 12;

/// Something with a place in a layer.
#[derive(Clone, Copy)]
enum Item {
    Node(usize),
    /// Where an edge runs past.
    Lane,
}

/// Finds a place for everything.
pub(super) fn layout(picture: &Picture, sizes: &Sizes) -> Layout {
    let ranks = ranks(picture);
    let mut items: Vec<Item> = (0..picture.nodes.len()).map(Item::Node).collect();
    let mut rank_of = ranks.clone();
    // Each edge as a chain of items, from the left one to the right one.
    let mut chains: Vec<Vec<usize>> = Vec::new();
    for edge in &picture.edges {
        let (left, right) = if ranks[edge.from] < ranks[edge.to] { (edge.from, edge.to) } else { (edge.to, edge.from) };
        let mut chain = vec![left];
        for rank in ranks[left] + 1..ranks[right] {
            chain.push(items.len());
            items.push(Item::Lane);
            rank_of.push(rank);
        }
        chain.push(right);
        chains.push(chain);
    }
    let mut layers: Vec<Vec<usize>> = vec![Vec::new(); rank_of.iter().max().map_or(0, |last| last + 1)];
    // The subject first: what hangs on it gathers around it.
    let mut order: Vec<usize> = (0..items.len()).collect();
    order.sort_by_key(|item| !picture.nodes.get(*item).is_some_and(|node| node.subject));
    order.into_iter().for_each(|item| layers[rank_of[item]].push(item));
    let mut left_of: Vec<Vec<usize>> = vec![Vec::new(); items.len()];
    let mut right_of: Vec<Vec<usize>> = vec![Vec::new(); items.len()];
    for chain in &chains {
        for pair in chain.windows(2) {
            right_of[pair[0]].push(pair[1]);
            left_of[pair[1]].push(pair[0]);
        }
    }
    untangled(&mut layers, &left_of, &right_of);
    let height = |item: usize| match items[item] {
        Item::Node(node) => sizes.nodes[node].1,
        Item::Lane => LANE,
    };
    let middles = middles(&layers, &left_of, &right_of, &height);
    placed(picture, sizes, &layers, &chains, &rank_of, &middles)
}

/// How many references away from the subject each node is at least; those that don't reach it are as far as can be.
fn distances(picture: &Picture) -> Vec<usize> {
    let mut onto: Vec<Vec<usize>> = vec![Vec::new(); picture.nodes.len()];
    picture.edges.iter().for_each(|edge| onto[edge.to].push(edge.from));
    let mut distances = vec![usize::MAX; picture.nodes.len()];
    let mut queue: VecDeque<usize> = (0..picture.nodes.len()).filter(|node| picture.nodes[*node].subject).collect();
    queue.iter().for_each(|node| distances[*node] = 0);
    while let Some(node) = queue.pop_front() {
        for child in &onto[node] {
            if distances[*child] == usize::MAX {
                distances[*child] = distances[node] + 1;
                queue.push_back(*child);
            }
        }
    }
    distances
}

/// The layer of each node: one more than the furthest that it references. An edge that leads away from the subject, or
/// that closes a circle all the same, is turned round.
fn ranks(picture: &Picture) -> Vec<usize> {
    let count = picture.nodes.len();
    let distances = distances(picture);
    let mut out: Vec<Vec<usize>> = vec![Vec::new(); count];
    for edge in &picture.edges {
        match distances[edge.from] < distances[edge.to] && distances[edge.to] < usize::MAX {
            true => out[edge.to].push(edge.from),
            false => out[edge.from].push(edge.to),
        }
    }
    // Depth first from the subject and then by name, with a stack of our own: a chain of tables may be long.
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by_key(|node| !picture.nodes[*node].subject);
    #[derive(Clone, Copy, PartialEq)]
    enum Seen {
        New,
        Open,
        Done,
    }
    let mut seen = vec![Seen::New; count];
    let mut ranks = vec![0; count];
    // References against the order, which push the referenced node to the right.
    let mut turned: Vec<(usize, usize)> = Vec::new();
    let mut done: Vec<usize> = Vec::new();
    for start in order {
        let mut stack = vec![(start, 0)];
        while let Some((node, next)) = stack.pop() {
            if next == 0 {
                if seen[node] != Seen::New {
                    continue;
                }
                seen[node] = Seen::Open;
            }
            match out[node].get(next) {
                Some(parent) => {
                    stack.push((node, next + 1));
                    match seen[*parent] {
                        Seen::New => stack.push((*parent, 0)),
                        Seen::Open => turned.push((node, *parent)),
                        Seen::Done => {}
                    }
                }
                None => {
                    seen[node] = Seen::Done;
                    done.push(node);
                }
            }
        }
    }
    // What is done earlier is referenced: ranks follow in that order, with the turned ones last.
    let mut turned_from: Vec<Vec<usize>> = vec![Vec::new(); count];
    turned.iter().for_each(|(node, parent)| turned_from[*parent].push(*node));
    for node in done {
        let parents = out[node].iter().filter(|parent| !turned.contains(&(node, **parent)));
        let children = turned_from[node].iter();
        ranks[node] = parents.chain(children).map(|other| ranks[*other] + 1).max().unwrap_or(0);
    }
    ranks
}

/// Orders each layer by where its neighbours are; keeps the order with the fewest crossings.
fn untangled(layers: &mut Vec<Vec<usize>>, left_of: &[Vec<usize>], right_of: &[Vec<usize>]) {
    let mut best = layers.clone();
    let mut fewest = crossings(layers, right_of, left_of.len());
    for round in 0..ROUNDS {
        let there = round % 2 == 0;
        let sweep: Vec<usize> =
            if there { (1..layers.len()).collect() } else { (0..layers.len()).rev().skip(1).collect() };
        for layer in sweep {
            let (beside, neighbours) = if there { (layer - 1, left_of) } else { (layer + 1, right_of) };
            let mut at = vec![None; left_of.len()];
            layers[beside].iter().enumerate().for_each(|(index, item)| at[*item] = Some(index as i64));
            let mut keyed: Vec<(i64, usize, usize)> = layers[layer]
                .iter()
                .enumerate()
                .map(|(index, item)| {
                    let places: Vec<i64> = neighbours[*item].iter().filter_map(|other| at[*other]).collect();
                    // In thousandths, and where it stood where it has no neighbour.
                    let mean = match places.len() as i64 {
                        0 => index as i64 * 1000,
                        many => places.iter().sum::<i64>() * 1000 / many,
                    };
                    (mean, index, *item)
                })
                .collect();
            keyed.sort();
            layers[layer] = keyed.into_iter().map(|(_, _, item)| item).collect();
        }
        let found = crossings(layers, right_of, left_of.len());
        if found < fewest {
            fewest = found;
            best = layers.clone();
        }
    }
    *layers = best;
}

/// How many pairs of edges cross between neighbouring layers.
fn crossings(layers: &[Vec<usize>], right_of: &[Vec<usize>], items: usize) -> usize {
    let mut at = vec![0; items];
    layers.iter().for_each(|layer| layer.iter().enumerate().for_each(|(index, item)| at[*item] = index));
    let mut crossings = 0;
    for layer in layers {
        let mut ends: Vec<(usize, usize)> =
            layer.iter().flat_map(|item| right_of[*item].iter().map(|to| (at[*item], at[*to]))).collect();
        ends.sort();
        // Inversions of the right ends, counted by their ranks seen so far.
        let most = ends.iter().map(|(_, to)| to + 1).max().unwrap_or(0);
        let mut tree = vec![0_usize; most + 1];
        for (seen, (_, to)) in ends.iter().enumerate() {
            let mut smaller_or_equal = 0;
            let mut index = to + 1;
            while index > 0 {
                smaller_or_equal += tree[index];
                index -= index & index.wrapping_neg();
            }
            crossings += seen - smaller_or_equal;
            let mut index = to + 1;
            while index <= most {
                tree[index] += 1;
                index += index & index.wrapping_neg();
            }
        }
    }
    crossings
}

/// The height at which each item stands, by its middle.
fn middles(
    layers: &[Vec<usize>],
    left_of: &[Vec<usize>],
    right_of: &[Vec<usize>],
    height: &impl Fn(usize) -> i64,
) -> Vec<i64> {
    let mut middles = vec![0; left_of.len()];
    for layer in layers {
        let mut at = 0;
        for item in layer {
            middles[*item] = at + height(*item) / 2;
            at += height(*item) + GAP;
        }
    }
    for round in 0..2 * ROUNDS {
        let there = round % 2 == 0;
        let order: Vec<usize> = if there { (0..layers.len()).collect() } else { (0..layers.len()).rev().collect() };
        for layer in order {
            let layer = &layers[layer];
            let wanted: Vec<i64> = layer
                .iter()
                .map(|item| {
                    // One side at a time first; in the end both together.
                    let sides: Vec<&usize> = match round {
                        round if round + 4 >= 2 * ROUNDS => left_of[*item].iter().chain(&right_of[*item]).collect(),
                        _ if there => left_of[*item].iter().collect(),
                        _ => right_of[*item].iter().collect(),
                    };
                    match sides.len() as i64 {
                        0 => middles[*item],
                        many => sides.iter().map(|other| middles[**other]).sum::<i64>() / many,
                    }
                })
                .collect();
            for (item, middle) in layer.iter().zip(apart(layer, &wanted, height)) {
                middles[*item] = middle;
            }
        }
    }
    let top = (0..middles.len()).map(|item| middles[item] - height(item) / 2).min().unwrap_or(0);
    middles.iter_mut().for_each(|middle| *middle += GAP - top);
    middles
}

/// The places nearest to the wanted ones at which the items of a layer keep their order and their distances: where some
/// would collide they stand together around the mean of what they want (pool adjacent violators).
fn apart(layer: &[usize], wanted: &[i64], height: &impl Fn(usize) -> i64) -> Vec<i64> {
    let mut offsets = Vec::with_capacity(layer.len());
    let mut offset = 0;
    for (index, item) in layer.iter().enumerate() {
        if index > 0 {
            offset += (height(layer[index - 1]) + height(*item)) / 2 + GAP;
        }
        offsets.push(offset);
    }
    // Blocks of neighbours: the sum of what they want, and how many they are.
    let mut blocks: Vec<(i64, i64)> = Vec::new();
    for (index, wanted) in wanted.iter().enumerate() {
        let mut block = (wanted - offsets[index], 1);
        while let Some(before) = blocks.last().filter(|before| before.0 * block.1 > block.0 * before.1) {
            block = (block.0 + before.0, block.1 + before.1);
            blocks.pop();
        }
        blocks.push(block);
    }
    let places = blocks.iter().flat_map(|(sum, many)| std::iter::repeat_n(sum.div_euclid(*many), *many as usize));
    places.zip(&offsets).map(|(place, offset)| place + offset).collect()
}

fn placed(
    picture: &Picture,
    sizes: &Sizes,
    layers: &[Vec<usize>],
    chains: &[Vec<usize>],
    rank_of: &[usize],
    middles: &[i64],
) -> Layout {
    let is_node = |item: usize| item < picture.nodes.len();
    let widths: Vec<i64> = layers
        .iter()
        .map(|layer| layer.iter().filter(|item| is_node(**item)).map(|item| sizes.nodes[*item].0).max().unwrap_or(0))
        .collect();
    // A label stands beside the referencing node, on the side of what it references.
    let mut room = vec![0; layers.len()];
    for (edge, label) in picture.edges.iter().zip(&sizes.labels) {
        let (from, to) = (rank_of[edge.from], rank_of[edge.to]);
        let gap = if from > to { from } else { from + 1 };
        room[gap] = room[gap].max(*label);
    }
    let mut lefts = Vec::with_capacity(layers.len());
    let mut x = GAP;
    for (rank, width) in widths.iter().enumerate() {
        if rank > 0 {
            x += room[rank] + CURVE;
        }
        lefts.push(x);
        x += width;
    }
    let nodes: Vec<(i64, i64)> =
        (0..picture.nodes.len()).map(|node| (lefts[rank_of[node]], middles[node] - sizes.nodes[node].1 / 2)).collect();
    // Where edges meet a node: spread over its side, in the order of where they come from.
    let port = |node: usize, edge: usize, right: bool| -> i64 {
        let end = |chain: &[usize]| if right { chain.first().copied() } else { chain.last().copied() };
        let next = |chain: &[usize]| if right { chain.get(1).copied() } else { chain.iter().rev().nth(1).copied() };
        let mut met: Vec<(i64, usize)> = chains
            .iter()
            .enumerate()
            .filter(|(_, chain)| end(chain) == Some(node))
            .map(|(index, chain)| (next(chain).map_or(0, |item| middles[item]), index))
            .collect();
        met.sort();
        let place = met.iter().position(|(_, index)| *index == edge).unwrap_or(0) as i64;
        let (_, top) = nodes[node];
        let height = sizes.nodes[node].1;
        top + height * (2 * place + 1) / (2 * met.len().max(1) as i64)
    };
    let mut edges = Vec::with_capacity(chains.len());
    for (index, (edge, chain)) in picture.edges.iter().zip(chains).enumerate() {
        let (Some(left), Some(right)) = (chain.first().copied(), chain.last().copied()) else { continue };
        let mut points = vec![(lefts[rank_of[left]] + sizes.nodes[left].0, port(left, index, true))];
        for lane in &chain[1..chain.len() - 1] {
            let from = lefts[rank_of[*lane]];
            points.push((from, middles[*lane]));
            points.push((from + widths[rank_of[*lane]], middles[*lane]));
        }
        points.push((lefts[rank_of[right]], port(right, index, false)));
        if edge.from == right {
            points.reverse();
        }
        edges.push(points);
    }
    let bottom = nodes.iter().zip(&sizes.nodes).map(|((_, top), (_, height))| top + height);
    let lanes = edges.iter().flatten().map(|(_, y)| *y);
    Layout { width: x + GAP, height: bottom.chain(lanes).max().unwrap_or(0) + GAP, nodes, edges }
}

#[cfg(test)]
mod tests {
    use super::super::picture::{Edge, Line, Node};
    use super::*;
    use crate::resolve::{Followed, TableDecision};
    use proptest::prelude::*;

    fn picture(count: usize, edges: &[(usize, usize)]) -> Picture {
        let node = |index: usize| Node {
            id: format!("t{index}"),
            look: TableDecision::Kept,
            subject: index == 0,
            title: String::new(),
            lines: Vec::new(),
            tables: vec![String::new()],
        };
        let edge = |(from, to): &(usize, usize)| Edge {
            from: *from,
            to: *to,
            labels: Vec::new(),
            line: Line::Solid,
            followed: Followed::Yes,
        };
        Picture { title: String::new(), nodes: (0..count).map(node).collect(), edges: edges.iter().map(edge).collect() }
    }

    proptest! {
        #[test]
        fn no_node_lies_on_another_and_no_edge_runs_through_one(
            count in 1_usize..14,
            pairs in prop::collection::vec((0_usize..14, 0_usize..14), 0..30),
            heights in prop::collection::vec(20_i64..90, 14),
        ) {
            let mut edges: Vec<_> = pairs.into_iter().map(|(a, b)| (a % count, b % count)).filter(|(a, b)| a != b).collect();
            edges.sort();
            edges.dedup();
            let picture = picture(count, &edges);
            let nodes: Vec<(i64, i64)> = (0..count).map(|node| (100 + node as i64, heights[node])).collect();
            let sizes = Sizes { nodes: nodes.clone(), labels: vec![40; edges.len()] };
            let layout = layout(&picture, &sizes);
            let boxes: Vec<_> = layout.nodes.iter().zip(&nodes).map(|((x, y), (w, h))| (*x, *y, x + w, y + h)).collect();
            for (index, a) in boxes.iter().enumerate() {
                prop_assert!(a.0 >= 0 && a.1 >= 0 && a.2 <= layout.width && a.3 <= layout.height);
                for b in &boxes[index + 1..] {
                    prop_assert!(a.2 <= b.0 || b.2 <= a.0 || a.3 <= b.1 || b.3 <= a.1, "{:?} on {:?}", a, b);
                }
            }
            prop_assert_eq!(layout.edges.len(), edges.len());
            for (points, (from, to)) in layout.edges.iter().zip(&edges) {
                let at = |node: usize, (x, y): (i64, i64)| {
                    let b = boxes[node];
                    (x == b.0 || x == b.2) && b.1 <= y && y <= b.3
                };
                prop_assert!(at(*from, points[0]) && at(*to, points[points.len() - 1]), "{:?}", points);
                // Between the two curves an edge runs straight past a layer.
                for lane in points[1..points.len() - 1].chunks(2) {
                    for b in &boxes {
                        prop_assert!(lane[1].0 <= b.0 || b.2 <= lane[0].0 || lane[0].1 <= b.1 || b.3 <= lane[0].1);
                    }
                }
            }
        }
    }

    #[test]
    fn what_references_stands_to_the_right_also_beside_a_circle() {
        let layout = layout(
            &picture(4, &[(1, 0), (2, 1), (1, 2), (3, 2)]),
            &Sizes { nodes: vec![(10, 10); 4], labels: vec![0; 4] },
        );
        let x: Vec<i64> = layout.nodes.iter().map(|(x, _)| *x).collect();
        assert!(x[0] < x[1] && x[1] < x[2] && x[2] < x[3], "{x:?}");
    }

    #[test]
    fn a_chain_of_three_thousand_tables_needs_no_deep_stack() {
        let edges: Vec<_> = (1..3_000).map(|node| (node, node - 1)).collect();
        let sizes = Sizes { nodes: vec![(10, 10); 3_000], labels: vec![0; edges.len()] };
        assert_eq!(ranks(&picture(3_000, &edges)).last(), Some(&2_999));
        assert!(
            layout(&picture(40, &edges[..39]), &Sizes { nodes: sizes.nodes[..40].to_vec(), labels: vec![0; 39] }).width
                > 0
        );
    }
}
