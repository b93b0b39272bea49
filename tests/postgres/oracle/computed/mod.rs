//! What comes of a value that is computed from the old one?
//!
//! NULL stays NULL, and an array's elements are computed one by one. A value is known beforehand but for a moved day.

mod calendar;
mod elements;
mod pseudonym;

use std::collections::{BTreeMap, BTreeSet};

pub use self::calendar::day_number;
pub use self::elements::{each, read as elements};
pub use self::pseudonym::{Maker, Part, SECRET, maker, parts};
use super::law::{Form, Law};
use super::model::Cell;
use super::rules::{Coarser, Decision, Mask};
use super::world::{ColumnId, TableId, Type, Value, World};

/// What was seen of computed values, for the case mix.
pub const CLASSES: &[&str] = &[
    "masked a text",
    "masked a text but for some characters",
    "masked a short text as a whole",
    "masked an array's elements",
    "made a moment coarser",
    "made a number coarser",
    "moved a day or a moment",
    "made a pseudonym",
    "made equal pseudonyms of equal values in two columns",
    "made a pseudonym under a unique key",
    "propagated a pseudonym",
    "had a NULL of which nothing was computed",
];

/// What is refused of computed values, for the case mix.
pub const REFUSED: &[&str] = &[
    "refused a computed value that doesn't fit its column",
    "refused a pseudonym that is too long",
    "refused a mask under a unique key",
    "refused a coarser value under a unique key",
    "refused a pseudonym under a unique key",
];

/// The cell that a decision computes of a value; none where it computes nothing.
pub fn computed(world: &World, table: TableId, column: ColumnId, decision: &Decision, old: &Value) -> Option<Cell> {
    let ty = world.tables[table].columns[column].ty;
    let known = |change: &dyn Fn(&str) -> String| {
        Some(Cell::Known(match (old, ty) {
            (Value::Null, _) => Value::Null,
            (Value::Text(text), Type::Texts) => Value::Text(each(text, change)),
            (old, _) => super::law::read(world, table, column, &change(&old.text().unwrap_or_default())),
        }))
    };
    match decision {
        Decision::Mask(mask) => known(&|text| masked(text, mask)),
        Decision::Generalize(Coarser::Unit(unit)) => known(&|text| calendar::cut(text, unit)),
        Decision::Generalize(Coarser::Step(step)) => known(&|text| cut_number(text, step, ty)),
        Decision::Pseudonymize(random) => {
            let maker = maker(world, ty, random);
            known(&|text| maker.as_ref().map_or_else(String::new, |maker| maker.make(text, ty)))
        }
        Decision::ShiftDays(_) if old.is_null() => Some(Cell::Known(Value::Null)),
        Decision::ShiftDays(days) => {
            Some(Cell::Random(Law { form: Form::Moved { days: *days }, fits: usize::MAX, unique: false }))
        }
        Decision::Keep
        | Decision::Null
        | Decision::Default
        | Decision::Replace(_)
        | Decision::Sql(_)
        | Decision::Randomize(_)
        | Decision::Reassign(_)
        | Decision::Propagate(_)
        | Decision::Undecided => None,
    }
}

/// One character for each; one that isn't longer than what would stay is masked as a whole.
fn masked(text: &str, mask: &Mask) -> String {
    let count = text.chars().count();
    let stays = |place: usize| place < mask.first || count - place <= mask.last;
    let is_short = count <= mask.first + mask.last;
    text.chars().enumerate().map(|(place, c)| if stays(place) && !is_short { c } else { mask.with }).collect()
}

/// A number cut towards zero to a multiple of a step.
fn cut_number(text: &str, step: &str, ty: Type) -> String {
    let step = hundredths(step).unwrap_or(1).max(1);
    let cut = |number: i64| number - number % step;
    let number = hundredths(text).map_or(0, cut);
    match ty {
        Type::Numeric => {
            format!("{}{}.{:02}", if number < 0 { "-" } else { "" }, number.abs() / 100, number.abs() % 100)
        }
        _ => (number / 100).to_string(),
    }
}

/// A decimal number in hundredths; none where it is finer.
pub fn hundredths(text: &str) -> Option<i64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = format!("{:0<2}", part.trim_end_matches('0'));
    let number: i64 = whole.trim_start_matches('-').parse().ok()?;
    let number = (digits.len() == 2).then(|| number * 100 + digits.parse::<i64>().unwrap_or(0))?;
    Some(if text.starts_with('-') { -number } else { number })
}

impl Coarser {
    /// Whether values of a type can be made coarser so.
    pub fn fits(&self, ty: Type) -> bool {
        match (self, ty) {
            (Coarser::Unit(unit), Type::Date) => !matches!(*unit, "day" | "hour" | "minute"),
            (Coarser::Unit(_), Type::Timestamp) => true,
            (Coarser::Step(step), Type::Integer | Type::Bigint) => hundredths(step).is_some_and(|it| it % 100 == 0),
            (Coarser::Step(step), Type::Numeric) => hundredths(step).is_some(),
            (_, _) => false,
        }
    }
}

/// Values and what became of them, with the columns in which they stood.
pub type Pseudonyms = BTreeMap<(Value, Cell), BTreeSet<(TableId, ColumnId)>>;

/// Counts what a decision has made of a value.
pub fn note(
    world: &World,
    (table, column): (TableId, ColumnId),
    decision: &Decision,
    (old, new): (&Value, &Cell),
    (seen, pseudonyms): (&mut BTreeSet<&'static str>, &mut Pseudonyms),
) {
    let it = &world.tables[table];
    let is_text = it.columns[column].ty != Type::Texts;
    let is_other = *new != Cell::Known(old.clone());
    let length = old.text().map_or(0, |text| text.chars().count());
    let mut classes: Vec<(&'static str, bool)> = match decision {
        Decision::Mask(mask) => {
            let kept = mask.first + mask.last;
            vec![
                ("masked a text", is_text && is_other),
                ("masked a text but for some characters", is_text && is_other && (1..length).contains(&kept)),
                ("masked a short text as a whole", is_text && is_other && kept >= length),
                ("masked an array's elements", !is_text && is_other),
            ]
        }
        Decision::Generalize(Coarser::Unit(_)) => vec![("made a moment coarser", is_other)],
        Decision::Generalize(Coarser::Step(_)) => vec![("made a number coarser", is_other)],
        Decision::ShiftDays(_) => vec![("moved a day or a moment", is_other)],
        Decision::Pseudonymize(_) => {
            let columns = pseudonyms.entry((old.clone(), new.clone())).or_default();
            columns.insert((table, column));
            let is_equal = is_other && columns.len() > 1;
            let is_unique = it.uniques.iter().any(|unique| unique.contains(&column));
            vec![
                ("made a pseudonym", is_other),
                ("made equal pseudonyms of equal values in two columns", is_equal),
                ("made a pseudonym under a unique key", is_other && is_unique),
            ]
        }
        Decision::Propagate(inner) if matches!(**inner, Decision::Pseudonymize(_)) => {
            vec![("propagated a pseudonym", is_other)]
        }
        _ => return,
    };
    classes.push(("had a NULL of which nothing was computed", old.is_null()));
    seen.extend(classes.into_iter().filter(|(_, is_seen)| *is_seen).map(|(class, _)| class));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_computed_is_what_a_person_would_write() {
        let mask = |first, last| Mask { with: '*', first, last };
        assert_eq!(masked("Zoë Ann", &mask(0, 0)), "*******");
        assert_eq!(masked("Zoë Ann", &mask(2, 3)), "Zo**Ann");
        assert_eq!(masked("Ann", &mask(1, 2)), "***");
        assert_eq!(masked("", &mask(0, 2)), "");
        assert_eq!(each("{ann,NULL,\"a b\",\"\"}", &|text| masked(text, &mask(0, 1))), "{**n,NULL,**b,\"\"}");
        for (number, step, expected) in
            [("17", "10", "10.00"), ("-17.30", "0.25", "-17.25"), ("-0.10", "10", "0.00"), ("99.99", "0.5", "99.50")]
        {
            assert_eq!(cut_number(number, step, Type::Numeric), expected);
        }
        assert_eq!((hundredths("0.255"), hundredths("1.50")), (None, Some(150)));
    }
}
