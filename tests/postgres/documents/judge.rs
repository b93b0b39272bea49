//! Is what stands in the database what the model wants?

use std::collections::{BTreeMap, BTreeSet};

use super::json::Json;
use super::model::{Edit, Edits, Wanted};
use super::{COLUMNS, Table};

/// Compares a table with what the model wants of it.
pub fn judge(table: &Table, edits: &Edits) -> Result<(), String> {
    let mut seen = Seen::default();
    for (row, (before, after)) in table.before.iter().zip(&table.after).enumerate() {
        for (column, (before, after)) in before.iter().zip(after).enumerate() {
            let (Some(before), Some(after)) = (before, after) else {
                if before.is_some() != after.is_some() {
                    return Err(format!("row {row}, {}: NULL came or went", COLUMNS[column].0));
                }
                continue;
            };
            let same = before.len() == after.len()
                && before.iter().zip(after).all(|pair| match pair {
                    (Some(before), Some(after)) => seen.fits(&edits.document(before, COLUMNS[column].2), after),
                    (before, after) => before == after,
                });
            if !same {
                let wanted: Vec<_> =
                    before.iter().flatten().map(|document| edits.document(document, COLUMNS[column].2)).collect();
                return Err(format!(
                    "row {row}, {}:\n{before:?}\nhas to become\n{wanted:?}\nand is\n{after:?}",
                    COLUMNS[column].0
                ));
            }
        }
    }
    Ok(())
}

/// Values that no model can know: random ones never repeat, pseudonyms are as equal as what they stand for.
#[derive(Default)]
struct Seen {
    random: BTreeSet<Vec<u16>>,
    pseudonyms: BTreeMap<Vec<u16>, Vec<u16>>,
    originals: BTreeMap<Vec<u16>, Vec<u16>>,
}

impl Seen {
    fn fits(&mut self, wanted: &Wanted, found: &Json) -> bool {
        let hexadecimal = |text: &[u16]| {
            text.len() == 32 && text.iter().all(|unit| b"0123456789abcdef".iter().any(|c| u16::from(*c) == *unit))
        };
        match (wanted, found) {
            (Wanted::Is(wanted), found) => wanted == found,
            (Wanted::Equals(wanted), Json::Number(found)) => wanted.parse::<f64>() == found.parse::<f64>(),
            (Wanted::Random, Json::Text(text)) => hexadecimal(text) && self.random.insert(text.clone()),
            (Wanted::RandomNumber, Json::Number(number)) => {
                number.parse().is_ok_and(|number: u8| (10..100).contains(&number))
            }
            (Wanted::PseudonymOf(original), Json::Text(text)) => {
                let stays = self.pseudonyms.entry(original.clone()).or_insert_with(|| text.clone()) == text;
                let apart = self.originals.entry(text.clone()).or_insert_with(|| original.clone()) == original;
                hexadecimal(text) && stays && apart
            }
            (Wanted::Array(wanted), Json::Array(found)) => {
                wanted.len() == found.len() && wanted.iter().zip(found).all(|(wanted, found)| self.fits(wanted, found))
            }
            (Wanted::Object(wanted), Json::Object(found)) => {
                wanted.len() == found.len()
                    && wanted
                        .iter()
                        .zip(found)
                        .all(|(wanted, found)| wanted.0 == found.0 && self.fits(&wanted.1, &found.1))
            }
            (
                Wanted::Equals(_)
                | Wanted::Random
                | Wanted::RandomNumber
                | Wanted::PseudonymOf(_)
                | Wanted::Array(_)
                | Wanted::Object(_),
                _,
            ) => false,
        }
    }
}

/// Another meaning of the edits would be noticed.
pub fn notices(tables: &[Table]) {
    type Fault = fn(&Edits) -> Edits;
    let faults: [(&str, Fault); 5] = [
        ("other keys the other way round", |edits| Edits { others_stay: !edits.others_stay, ..edits.clone() }),
        ("an edit left out", |edits| Edits { paths: edits.paths[1..].to_vec(), ..edits.clone() }),
        ("null for remove", |edits| with(edits, |edit| if *edit == Edit::Remove { Edit::Null } else { edit.clone() })),
        ("keep for a mask", |edits| with(edits, |edit| if *edit == Edit::Mask { Edit::Keep } else { edit.clone() })),
        ("random for a pseudonym", |edits| {
            with(edits, |edit| if *edit == Edit::Pseudonym { Edit::Random } else { edit.clone() })
        }),
    ];
    for (what, fault) in faults {
        let found = tables.iter().filter(|table| judge(table, &fault(&table.edits)).is_err()).count();
        assert!(found > 0, "not noticed: {what}");
    }
}

fn with(edits: &Edits, change: impl Fn(&Edit) -> Edit) -> Edits {
    let paths = edits.paths.iter().map(|(path, edit)| (path.clone(), change(edit))).collect();
    Edits { paths, others_stay: edits.others_stay }
}
