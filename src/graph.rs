//! Which things lie on circles together?

use petgraph::algo::kosaraju_scc;
use petgraph::graph::DiGraph;

/// The things 0 to `count`, those on common circles together, each group sorted, and each behind the groups from which
/// edges lead to it. The same edges in the same order give the same groups in the same order.
pub(crate) fn components(count: usize, edges: impl IntoIterator<Item = (usize, usize)>) -> Vec<Vec<usize>> {
    let mut graph = DiGraph::<(), (), usize>::default();
    for _ in 0..count {
        graph.add_node(());
    }
    for (from, to) in edges {
        graph.add_edge(from.into(), to.into(), ());
    }
    let mut groups: Vec<Vec<usize>> = kosaraju_scc(&graph)
        .into_iter()
        .map(|group| {
            let mut group: Vec<usize> = group.into_iter().map(|node| node.index()).collect();
            group.sort_unstable();
            group
        })
        .collect();
    groups.reverse();
    groups
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn circles_stay_together_and_edges_lead_onwards() {
        assert_eq!(components(5, [(0, 1), (1, 2), (2, 1), (2, 3), (4, 4)]), [vec![0], vec![1, 2], vec![3], vec![4]]);
    }

    proptest! {
        #[test]
        fn no_edge_leads_back_to_an_earlier_group(count in 1usize..9, raw in prop::collection::vec((0usize..9, 0usize..9), 0..20)) {
            let edges: Vec<_> = raw.into_iter().map(|(a, b)| (a % count, b % count)).collect();
            let groups = components(count, edges.iter().copied());
            let place = |thing: usize| groups.iter().position(|group| group.contains(&thing));
            prop_assert_eq!(groups.iter().map(Vec::len).sum::<usize>(), count);
            for (from, to) in edges {
                prop_assert!(place(from) <= place(to));
            }
        }
    }
}
