//! Values that people may have, and texts in which these may stand: whole or cut, in every spelling, between all kinds of
//! neighbours.

use super::naive::{NAMES, apart};
use crate::oracle::rng::Rng;

/// Values that a careless search would trip over.
const VALUES: &[&str] = &[
    "Anna Berg",
    "Berg",
    "Bergmann",
    "ann@example.org",
    "jo.ann@example.org",
    "_ann@example.org",
    "René",
    "REN\u{c9}E d'Été",
    "Groß",
    "STRAUSS",
    "Kadir",
    "ıldız",
    "Σωκράτης",
    "Жанна",
    "Андрей",
    "محمد علي",
    "山田太郎",
    "สมชาย",
    "각하나라",
    "😀Anna",
    "(Ann)",
    "a.*b+c?",
    "[a-z]{3}",
    "^Ann$|x",
    "back\\slash",
    "O'Brien",
    "D\u{2019}Arcy",
    "say \"hi\"",
    "<b>Ann</b>",
    "Tom & Jerry",
    "Ann\u{a0}Lee",
    "two  blanks",
    "Anna-Lena",
    "Ann_Lee",
    "+49 170 123",
    "12345678",
    "nora",
    "u00e9x",
    "amp;x",
    "e\u{301}tude",
    "Ann!",
    "!Ann",
    "Dr. B.",
];

const LETTERS: &[char] = &[
    'a', 'n', 'A', 'N', 'b', 'e', 'r', 's', 'S', 'u', 'i', 'I', 'é', 'É', 'ü', 'ç', 'ß', 'İ', 'ı', 'ж', 'Ж', 'й', 'م',
    'σ', '山', 'ส', '각', '1', '9', ' ', '\u{a0}', '\t', '\n', '.', '-', '_', '@', '+', '\'', '’', '"', '\\', '/', '&',
    '<', '>', ';', '#', '(', ')', '[', ']', '{', '}', '*', '^', '$', '?', '|', '!', '😀', ',', ':',
];

/// What may stand beside a value.
const NEIGHBOURS: &[&str] = &[
    "",
    "",
    "",
    " ",
    " ",
    "\n",
    ",",
    ".",
    ". ",
    "-",
    "_",
    "'",
    "\"",
    "(",
    ")",
    "<p>",
    "</p>",
    "a",
    "N",
    "é",
    "ж",
    "山",
    "ส",
    "7",
    "\u{301}",
    "@",
    ".x",
    "-x",
    "+",
    "%",
    "\\n",
    "\\\\n",
    "\\t",
    "\\\"",
    "\\u00e9",
    "\\u00E9",
    "\\u0436",
    "\\u060c",
    "\\u0645",
    "\\u5c71",
    "\\ud83d\\ude00",
    "\\u2019",
    "\\u00a0",
    "\\u0020",
    "&eacute;",
    "&Eacute;",
    "&nbsp;",
    "&lt;",
    "&amp;",
    "&amp;eacute;",
    "\\u0026eacute;",
    "&#233;",
    "&#xE9;",
    "&#8217;",
    "&#1578;",
    "&#x436;",
    "&",
    ";",
    "😀",
    "\\",
    "\\\\",
    "[deleted]",
    "n",
    "u",
    "\\u",
    "\\u00",
    "&#",
    "x;",
];

/// A value: one of the hostile ones, or any characters.
pub fn value(rng: &mut Rng) -> String {
    if rng.chance(70) {
        return (*rng.pick(VALUES)).to_owned();
    }
    let length = rng.between(4, 9);
    (0..length).map(|_| *rng.pick(LETTERS)).collect()
}

/// A text in which some of the values stand, or nearly.
pub fn text(rng: &mut Rng, values: &[String]) -> String {
    let mut text = String::new();
    // Most texts know one way of escaping, as real ones do.
    let style = Style { escapes: rng.below(4), percent: *rng.pick(&[0, 15, 60, 100]) };
    for _ in 0..rng.between(1, 4) {
        if rng.chance(30) {
            let length = rng.below(6);
            text.extend((0..length).map(|_| *rng.pick(LETTERS)));
        }
        text.push_str(neighbour(rng));
        let mut value = rng.pick(values).clone();
        if rng.chance(15) {
            let cut = rng.below(value.chars().count());
            value = value.chars().enumerate().filter(|(index, _)| *index != cut).map(|(_, c)| c).collect();
        }
        spell(rng, &value, &style, &mut text);
        text.push_str(neighbour(rng));
    }
    text
}

struct Style {
    escapes: usize,
    percent: usize,
}

/// A value as somebody might write it.
fn spell(rng: &mut Rng, value: &str, style: &Style, text: &mut String) {
    let case = rng.below(4);
    let backslashes = "\\".repeat(*rng.pick(&[1, 1, 1, 2, 4]));
    for c in value.chars() {
        let c = match (case, c) {
            (_, '\'') if rng.chance(30) => '’',
            (_, '-') if rng.chance(30) => '\u{2011}',
            (_, ' ') if rng.chance(20) => *rng.pick(&['\n', '\u{a0}', ' ']),
            (1, c) if rng.chance(50) => single(c.to_uppercase(), c),
            (2, c) => single(c.to_uppercase(), c),
            (3, c) => single(c.to_lowercase(), c),
            (_, c) => c,
        };
        if rng.chance(10)
            && let Some(parts) = apart(c)
        {
            text.push_str(parts);
            continue;
        }
        // Encoders let these stand, nearly always.
        let bare = c.is_ascii_alphanumeric() || "-.,_ ".contains(c);
        if !rng.chance(if bare { style.percent / 20 } else { style.percent }) {
            if style.escapes == 1 && matches!(c, '"' | '\\') {
                text.push_str(&backslashes);
            }
            text.push(c);
            continue;
        }
        match style.escapes {
            1 => json(rng, c, &backslashes, text),
            2 => html(rng, c, text),
            3 if rng.chance(50) => json(rng, c, &backslashes, text),
            3 => html(rng, c, text),
            _ => text.push(c),
        }
        if c == ' ' && rng.chance(20) {
            text.push(' ');
        }
    }
}

fn single(mut cased: impl Iterator<Item = char>, otherwise: char) -> char {
    match (cased.next(), cased.next()) {
        (Some(only), None) => only,
        _ => otherwise,
    }
}

fn json(rng: &mut Rng, c: char, backslashes: &str, text: &mut String) {
    let short = match c {
        '"' | '/' | '\\' | '\'' => Some(c),
        '\n' => Some('n'),
        '\t' => Some('t'),
        _ => None,
    };
    if let Some(short) = short.filter(|_| rng.chance(70)) {
        text.push_str(backslashes);
        text.push(short);
        return;
    }
    for unit in c.encode_utf16(&mut [0; 2]) {
        let digits = if rng.chance(50) { format!("{unit:04x}") } else { format!("{unit:04X}") };
        text.push_str(&format!("{backslashes}u{digits}"));
    }
}

fn html(rng: &mut Rng, c: char, text: &mut String) {
    text.push_str(rng.pick::<&str>(&["&", "&", "&", "&amp;", "&amp;amp;", "\\u0026"]));
    let code = u32::from(c);
    let zeros = "0".repeat(*rng.pick(&[0, 0, 1, 3]));
    match NAMES.iter().find(|(named, _)| *named == c).filter(|_| rng.chance(60)) {
        Some((_, name)) => text.push_str(name),
        None if rng.chance(50) => text.push_str(&format!("#{zeros}{code}")),
        None if rng.chance(50) => text.push_str(&format!("#x{zeros}{code:x}")),
        None => text.push_str(&format!("#X{zeros}{code:X}")),
    }
    text.push(';');
}

fn neighbour(rng: &mut Rng) -> &'static str {
    let neighbour: &&'static str = rng.pick(NEIGHBOURS);
    neighbour
}
