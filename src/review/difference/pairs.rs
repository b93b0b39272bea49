//! Which step of the plan now is which step of the plan before?
//!
//! Steps have no names of their own. Two are one if they are about one table and say the same of name and rows; else if they share
//! the rule's name; else if they share the rows; else in their order.

use std::collections::BTreeMap;

use crate::review::PlannedStep;

/// The steps on one table, side by side: those that went, that came, and that are on both sides.
pub(super) type Pair<'a> = (Option<&'a PlannedStep>, Option<&'a PlannedStep>);

/// The steps of both plans by table, each exactly once.
pub(super) fn by_table<'a>(old: &'a [PlannedStep], new: &'a [PlannedStep]) -> BTreeMap<&'a str, Vec<Pair<'a>>> {
    let mut tables: BTreeMap<&str, (Vec<&PlannedStep>, Vec<&PlannedStep>)> = BTreeMap::new();
    old.iter().for_each(|step| tables.entry(&step.table).or_default().0.push(step));
    new.iter().for_each(|step| tables.entry(&step.table).or_default().1.push(step));
    tables.into_iter().map(|(table, (old, new))| (table, paired(old, new))).collect()
}

fn paired<'a>(mut old: Vec<&'a PlannedStep>, new: Vec<&'a PlannedStep>) -> Vec<Pair<'a>> {
    let mut partners: Vec<Option<&PlannedStep>> = vec![None; new.len()];
    let alike: [fn(&PlannedStep, &PlannedStep) -> bool; 5] = [
        |a, b| a.name == b.name && a.scope == b.scope && a.action == b.action,
        |a, b| a.name.is_some() && a.name == b.name,
        |a, b| a.scope == b.scope,
        |a, b| a.action == b.action,
        |_, _| true,
    ];
    for alike in alike {
        for (partner, step) in partners.iter_mut().zip(&new).filter(|(partner, _)| partner.is_none()) {
            if let Some(at) = old.iter().position(|before| alike(before, step)) {
                *partner = Some(old.remove(at));
            }
        }
    }
    let both = partners.into_iter().zip(new).map(|(before, now)| (before, Some(now)));
    both.chain(old.into_iter().map(|gone| (Some(gone), None))).collect()
}
