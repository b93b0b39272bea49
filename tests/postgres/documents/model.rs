//! What a policy's edits do to a document, said once more in the simplest way: for every value in it, all paths are looked
//! through. Nothing here is efface's but the meaning.

use super::json::{Json, utf16};

/// A step of a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    Key(Vec<u16>),
    Elements,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    Keep,
    Remove,
    Null,
    Replace(&'static str),
    /// 32 hexadecimal characters.
    Random,
    /// A whole number from 10 to 99.
    RandomNumber,
    Pseudonym,
    /// With `*`, but for the last two characters.
    Mask,
    /// To multiples of 10.
    Generalize,
}

#[derive(Clone, Debug)]
pub struct Edits {
    pub paths: Vec<(Vec<Step>, Edit)>,
    pub others_stay: bool,
}

/// What has to stand somewhere.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wanted {
    Is(Json),
    /// This number, however spelt: `0.0` in `jsonb` need not become the `0` that it equals.
    Equals(String),
    Random,
    RandomNumber,
    /// The same wherever this text was.
    PseudonymOf(Vec<u16>),
    Array(Vec<Wanted>),
    Object(Vec<(Vec<u16>, Wanted)>),
}

impl Edits {
    /// What becomes of a whole document, which is of type `json` or `jsonb`.
    pub fn document(&self, document: &Json, of_json: bool) -> Wanted {
        self.value(document, &mut Vec::new(), (self.others_stay, of_json)).unwrap_or(Wanted::Is(Json::Null))
    }

    /// Whether a path meets an array where it names a key, or an object where it means elements, and what is in there stays.
    pub fn misses(&self, document: &Json) -> bool {
        self.misses_at(document, &mut Vec::new(), self.others_stay)
    }

    fn misses_at(&self, value: &Json, at: &mut Vec<Step>, mut others_stay: bool) -> bool {
        let below = self.paths.iter().filter(|(path, _)| path.len() > at.len() && path.starts_with(at));
        let onward: Vec<(&Step, &Edit)> = below.map(|(path, edit)| (&path[at.len()], edit)).collect();
        if let Some((_, edit)) = self.paths.iter().find(|(path, _)| path == at) {
            others_stay = *edit == Edit::Keep;
        }
        let named = |keys: bool| onward.iter().filter(move |(step, _)| matches!(step, Step::Key(_)) == keys);
        let acts = |keys: bool| named(keys).any(|(_, edit)| **edit != Edit::Keep);
        let (below, other): (Vec<(Step, &Json)>, bool) = match value {
            Json::Object(pairs) => {
                let other = !pairs.is_empty() && acts(false) && named(true).count() == 0;
                (pairs.iter().map(|(key, value)| (Step::Key(key.clone()), value)).collect(), other)
            }
            Json::Array(items) => {
                let other = !items.is_empty() && acts(true) && named(false).count() == 0;
                (items.iter().map(|item| (Step::Elements, item)).collect(), other)
            }
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::Text(_) => (Vec::new(), false),
        };
        let inside = below.into_iter().any(|(step, value)| {
            at.push(step);
            let named = self.paths.iter().any(|(path, _)| path.starts_with(at));
            let missed = named && self.misses_at(value, at, others_stay);
            at.pop();
            missed
        });
        inside || (others_stay && other)
    }

    /// Whether the same edits once more change nothing.
    pub fn is_idempotent(&self) -> bool {
        !self.paths.iter().any(|(_, edit)| matches!(edit, Edit::Random | Edit::RandomNumber | Edit::Pseudonym))
    }

    /// What becomes of a value; none where it goes.
    fn value(&self, value: &Json, at: &mut Vec<Step>, (mut others_stay, of_json): (bool, bool)) -> Option<Wanted> {
        let exact = self.paths.iter().find(|(path, _)| path == at).map(|(_, edit)| edit);
        match exact {
            None => {}
            Some(Edit::Keep) => others_stay = true,
            Some(Edit::Remove) => return None,
            Some(edit) => return Some(changed(edit, value, of_json)),
        }
        let onward: Vec<&Step> = self
            .paths
            .iter()
            .filter(|(path, _)| path.starts_with(at))
            .filter_map(|(path, _)| path.get(at.len()))
            .collect();
        if onward.is_empty() {
            return (exact.is_some() || others_stay).then(|| Wanted::Is(value.clone()));
        }
        let mut below = |step: Step, value: &Json| {
            at.push(step);
            let wanted = self.value(value, at, (others_stay, of_json));
            at.pop();
            wanted
        };
        match value {
            Json::Object(pairs) if onward.iter().any(|step| matches!(step, Step::Key(_))) => {
                let pairs =
                    pairs.iter().filter_map(|(key, value)| Some((key.clone(), below(Step::Key(key.clone()), value)?)));
                Some(Wanted::Object(pairs.collect()))
            }
            Json::Array(items) if onward.contains(&&Step::Elements) => {
                Some(Wanted::Array(items.iter().filter_map(|item| below(Step::Elements, item)).collect()))
            }
            other => others_stay.then(|| Wanted::Is(other.clone())),
        }
    }
}

fn changed(edit: &Edit, value: &Json, of_json: bool) -> Wanted {
    let text = match value {
        Json::Null | Json::Array(_) | Json::Object(_) => None,
        Json::Bool(value) => Some(utf16(&value.to_string())),
        Json::Number(spelt) => Some(utf16(spelt)),
        // No text of PostgreSQL's holds these, so nothing can be made of it; U+0001 marks them in `json`.
        Json::Text(text) => Some(text.clone())
            .filter(|text| String::from_utf16(text).is_ok() && !text.contains(&0) && !(of_json && text.contains(&1))),
    };
    let null = Wanted::Is(Json::Null);
    match edit {
        Edit::Keep | Edit::Remove => unreachable!("decided before"),
        Edit::Null => null,
        Edit::Replace(text) => Wanted::Is(Json::Text(utf16(text))),
        Edit::Random if *value == Json::Null => null,
        Edit::Random => Wanted::Random,
        Edit::RandomNumber if *value == Json::Null => null,
        Edit::RandomNumber => Wanted::RandomNumber,
        Edit::Pseudonym => text.map_or(null, Wanted::PseudonymOf),
        Edit::Mask => text.map_or(null, |text| {
            let text = String::from_utf16(&text).expect("a text");
            let length = text.chars().count();
            let masked = |(at, c): (usize, char)| if length > 2 && at >= length - 2 { c } else { '*' };
            Wanted::Is(Json::Text(text.chars().enumerate().map(masked).collect::<String>().encode_utf16().collect()))
        }),
        Edit::Generalize => match value {
            Json::Number(spelt) => tens(spelt).map_or(null, Wanted::Equals),
            Json::Text(_) => text
                .and_then(|text| tens(&String::from_utf16(&text).expect("a text")))
                .map_or(null, |cut| Wanted::Is(Json::Text(utf16(&cut)))),
            Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_) => null,
        },
    }
}

/// A number cut to tens, towards zero: those that the generator writes.
fn tens(spelt: &str) -> Option<String> {
    let number: f64 = spelt.trim().parse().ok()?;
    let exponent = spelt.split(['e', 'E']).nth(1).map_or(0, |digits| digits.trim_start_matches(['-', '+']).len());
    if exponent > 2 || spelt.len() > 20 || spelt != spelt.trim() || number.abs() > 1e15 {
        return None;
    }
    let cut = (number / 10.0).trunc() as i64 * 10;
    Some(cut.to_string())
}
