//! Random documents and random edits over the same few keys, so that they meet.

use super::json::utf16;
use super::model::{Edit, Edits, Step};
use crate::oracle::rng::Rng;

/// Keys as people have written them, and as nobody should.
const KEYS: &[&str] =
    &["a", "b", "c", "contacts", "odd key", "it's", "a.b", "$", "", "\"", "ä😀", "a\\b", "\u{1}", "[*]"];
/// Keys that no path can name, as JSON spells them: in `json` they may stand.
const ODD_KEYS: &[&str] = &["\\u0000", "a\\u0000", "\\ud800", "\\udc00\\ud800", "\\u0001"];
const TEXTS: &[&str] = &[
    "",
    "Anna",
    "é😀!",
    "tab\tand\nline",
    "quote\"",
    "back\\slash",
    "\\u0000",
    "12",
    "-7.5",
    " 12",
    "1e3",
    "\u{1}0000",
];
const ODD_TEXTS: &[&str] = &[
    "\\u0000",
    "Anna\\u0000",
    "\\ud83d",
    "\\ude00\\ud83d",
    "\\ud83d\\ud83d\\ude00",
    "\\\\\\u0000\\\\",
    "\\u0001\\u0000",
];
const NUMBERS: &[&str] =
    &["0", "-0.0", "42", "-19", "12.50", "1e3", "999999999999999999999999999999999999999999999999999999999999999999"];
/// In `jsonb`, a number has at most 131072 digits before the point.
const ODD_NUMBERS: &[&str] = &["1E400000", "-1e-400000", "2.50e+1"];

/// A document as text; `odd` has what only `json` takes.
pub fn document(rng: &mut Rng, odd: bool) -> String {
    let mut text = String::new();
    value(rng, &mut text, 0, odd);
    text
}

fn value(rng: &mut Rng, text: &mut String, depth: usize, odd: bool) {
    blank(rng, text);
    let shape = if depth == 0 { rng.below(8) } else { rng.below(12) };
    match shape {
        _ if depth > 5 => scalar(rng, text, odd),
        0..=4 => {
            text.push('{');
            for index in 0..rng.below(6) {
                text.push_str(if index > 0 { "," } else { "" });
                blank(rng, text);
                if odd && rng.chance(10) {
                    text.push_str(&format!("\"{}\"", pick(rng, ODD_KEYS)));
                } else {
                    let key = rng_key(rng);
                    string(rng, text, key);
                }
                blank(rng, text);
                text.push(':');
                value(rng, text, depth + 1, odd);
            }
            text.push('}');
        }
        5 | 6 => {
            text.push('[');
            for index in 0..rng.below(4) {
                text.push_str(if index > 0 { "," } else { "" });
                value(rng, text, depth + 1, odd);
            }
            text.push(']');
        }
        _ => scalar(rng, text, odd),
    }
    blank(rng, text);
}

fn pick(rng: &mut Rng, from: &[&'static str]) -> &'static str {
    from[rng.below(from.len())]
}

fn rng_key(rng: &mut Rng) -> &'static str {
    // Mostly few, so that paths find something.
    let most = if rng.chance(70) { 4 } else { KEYS.len() };
    KEYS[rng.below(most)]
}

fn scalar(rng: &mut Rng, text: &mut String, odd: bool) {
    match rng.below(8) {
        0 => text.push_str("null"),
        1 => text.push_str("true"),
        2 | 3 if odd && rng.chance(20) => text.push_str(pick(rng, ODD_NUMBERS)),
        2 | 3 => text.push_str(pick(rng, NUMBERS)),
        4 if odd => text.push_str(&format!("\"{}\"", pick(rng, ODD_TEXTS))),
        _ => {
            let value = pick(rng, TEXTS);
            string(rng, text, value);
        }
    }
}

/// A string, of which each character may be spelt as an escape.
fn string(rng: &mut Rng, text: &mut String, value: &str) {
    text.push('"');
    for c in value.chars() {
        let must = c < ' ' || c == '"' || c == '\\';
        match c {
            '"' | '\\' if rng.chance(70) => text.extend(['\\', c]),
            '\t' if rng.chance(50) => text.push_str("\\t"),
            '\n' if rng.chance(50) => text.push_str("\\n"),
            c if must || rng.chance(8) => {
                let upper = rng.chance(50);
                for unit in c.encode_utf16(&mut [0; 2]) {
                    text.push_str(&if upper { format!("\\u{unit:04X}") } else { format!("\\u{unit:04x}") });
                }
            }
            c => text.push(c),
        }
    }
    text.push('"');
}

fn blank(rng: &mut Rng, text: &mut String) {
    if rng.chance(10) {
        text.push_str(pick(rng, &[" ", "\n  ", "\t"]));
    }
}

/// Edits at a few paths of which none lies within another, save in what is kept.
pub fn edits(rng: &mut Rng) -> Edits {
    let others_stay = rng.chance(60);
    let mut paths: Vec<(Vec<Step>, Edit)> = Vec::new();
    // Many keys of one object are written in another way than a few.
    let wide = rng.chance(15);
    for _ in 0..if wide { 30 } else { rng.between(1, 7) } {
        let step = |rng: &mut Rng| if rng.chance(30) { Step::Elements } else { Step::Key(utf16(rng_key(rng))) };
        let path: Vec<Step> = (0..if wide { 1 } else { rng.between(1, 4) }).map(|_| step(rng)).collect();
        let edit = edit(rng);
        let within = |inner: &[Step], outer: &[Step], of: &Edit| {
            inner.starts_with(outer) && (*of != Edit::Keep || inner == outer)
        };
        if !paths.iter().any(|(other, of)| within(&path, other, of) || within(other, &path, &edit)) {
            paths.push((path, edit));
        }
    }
    if others_stay && paths.iter().all(|(_, edit)| *edit == Edit::Keep) {
        paths[0].1 = Edit::Remove;
        paths.truncate(1);
    }
    Edits { paths, others_stay }
}

fn edit(rng: &mut Rng) -> Edit {
    match rng.below(12) {
        0..=2 => Edit::Remove,
        3 => Edit::Null,
        4 | 5 => Edit::Keep,
        6 => Edit::Replace(pick(rng, &["[deleted]", "", "it's \"quoted\" \\ and é😀\n"])),
        7 => Edit::Random,
        8 => Edit::RandomNumber,
        9 => Edit::Pseudonym,
        10 => Edit::Mask,
        _ => Edit::Generalize,
    }
}

/// The decision about a column, in YAML on one line; some paths are spelt in another way than others.
pub fn yaml(rng: &mut Rng, edits: &Edits) -> String {
    let mut lines = Vec::new();
    for (path, edit) in &edits.paths {
        let mut text = String::from("$");
        for step in path {
            match step {
                Step::Elements => text.push_str("[*]"),
                Step::Key(key) => {
                    let key = String::from_utf16(key).expect("a key");
                    let plain = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphabetic());
                    let escaped = |quote: char| {
                        key.chars()
                            .map(|c| match c {
                                '\\' => "\\\\".to_owned(),
                                c if c == quote => format!("\\{c}"),
                                c if c < ' ' => format!("\\u{:04x}", u32::from(c)),
                                c => c.to_string(),
                            })
                            .collect::<String>()
                    };
                    match rng.below(3) {
                        0 if plain => text.push_str(&format!(".{key}")),
                        0 | 1 => text.push_str(&format!("['{}']", escaped('\''))),
                        _ => text.push_str(&format!(".\"{}\"", escaped('"'))),
                    }
                }
            }
        }
        let edit = match edit {
            Edit::Keep => "keep".to_owned(),
            Edit::Remove => "remove".to_owned(),
            Edit::Null => "null".to_owned(),
            Edit::Replace(text) => format!("{{ replace: {text:?} }}"),
            Edit::Random => "randomize".to_owned(),
            Edit::RandomNumber => "{ randomize: integer, min: 10, max: 99 }".to_owned(),
            Edit::Pseudonym => "pseudonymize".to_owned(),
            Edit::Mask => "{ mask: \"*\", keep_last: 2 }".to_owned(),
            Edit::Generalize => "{ generalize: 10 }".to_owned(),
        };
        lines.push(format!("'{}': {edit}", text.replace('\'', "''")));
    }
    let other = if edits.others_stay { "keep" } else { "remove" };
    format!("{{ json: {{ {} }}, other_keys: {other} }}", lines.join(", "))
}
