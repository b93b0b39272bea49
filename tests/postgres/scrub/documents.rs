//! Documents with texts in them, and what scrubbing has to make of each: only whole strings and whole numbers change.

use super::naive::{Value, scrubbed};
use super::texts;
use crate::oracle::rng::Rng;

/// A document in pieces: what is between the strings, and the strings as they are written.
pub struct Document(Vec<Piece>);

enum Piece {
    /// As it stands.
    Other(String),
    /// As it stands.
    Number(String),
    /// As it is written between its quotes, what of that can be read, and whether that is all.
    Text { written: String, says: String, readable: bool },
}

impl Document {
    /// A document with some of the values in it.
    pub fn any(rng: &mut Rng, values: &[String], readable: bool) -> Self {
        let mut document = Self(Vec::new());
        document.node(rng, values, 0, readable);
        document
    }

    fn other(&mut self, text: &str) {
        self.0.push(Piece::Other(text.to_owned()));
    }

    fn node(&mut self, rng: &mut Rng, values: &[String], depth: usize, readable: bool) {
        let blanks = |rng: &mut Rng| (*rng.pick(&["", "", " ", "\n  "])).to_owned();
        match rng.below(if depth < 3 { 7 } else { 4 }) {
            0 => self.other(*rng.pick(&["null", "true", "false"]) as &str),
            1 => self.number(rng, values, readable),
            2 | 3 => self.text(rng, values, readable, ""),
            4 | 5 => {
                self.other("{");
                for entry in 0..rng.below(4) {
                    let before = blanks(rng);
                    self.other(if entry == 0 { &before } else { "," });
                    // Keys are told apart, so that none of a pair is lost.
                    self.text(rng, values, readable, &format!("{depth}.{entry} "));
                    self.other(if rng.chance(50) { ": " } else { ":" });
                    self.node(rng, values, depth + 1, readable);
                }
                self.other("}");
            }
            _ => {
                self.other("[");
                for entry in 0..rng.below(4) {
                    self.other(if entry == 0 { "" } else { ", " });
                    self.node(rng, values, depth + 1, readable);
                }
                self.other("]");
            }
        }
    }

    /// `jsonb` writes a number in its own way, so there it stands as that.
    fn number(&mut self, rng: &mut Rng, values: &[String], plain: bool) {
        let behind: &[&str] = if plain { &["", "", ".5", "0"] } else { &["", "", ".5", "e3", "0"] };
        let value = rng.pick(values).clone();
        let number = match value.bytes().all(|b| b.is_ascii_digit()) && !value.starts_with('0') {
            true => format!("{}{value}{}", rng.pick::<&str>(&["", "", "-", "1"]), rng.pick(behind)),
            false => (*rng.pick(&["0", "-1.50", "6.02e23", "1E-2", "12345678"])).to_owned(),
        };
        self.0.push(Piece::Number(number));
    }

    fn text(&mut self, rng: &mut Rng, values: &[String], readable: bool, prefix: &str) {
        let says = match rng.below(4) {
            0 => format!("{prefix}{}", rng.pick(values)),
            _ => format!("{prefix}{}", texts::text(rng, values)),
        };
        let mut written = String::new();
        let percent = *rng.pick(&[0, 0, 20, 100]);
        for c in says.chars() {
            let must = matches!(c, '"' | '\\') || c.is_control();
            match c {
                _ if must || (rng.chance(percent) && !c.is_ascii_alphanumeric()) => match c {
                    '"' | '\\' | '/' if rng.chance(90) => written.extend(['\\', c]),
                    '\n' if rng.chance(90) => written.push_str("\\n"),
                    '\t' if rng.chance(90) => written.push_str("\\t"),
                    c => {
                        c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| written.push_str(&format!("\\u{unit:04x}")))
                    }
                },
                c => written.push(c),
            }
        }
        let readable = readable || rng.chance(85);
        if !readable {
            written.push_str(rng.pick::<&str>(&["\\u0000", "\\ud83d", "\\uDE00"]));
        }
        self.0.push(Piece::Text { written, says, readable });
    }

    /// As it is written.
    pub fn written(&self) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Other(text) | Piece::Number(text) => text.clone(),
            Piece::Text { written, .. } => format!("\"{written}\""),
        };
        self.0.iter().map(piece).collect()
    }

    /// As it is written without the values. What can't be read as a whole goes as a whole.
    pub fn scrubbed(&self, values: &[Value], with: &str, escaped: bool) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Other(text) => text.clone(),
            Piece::Number(text) => match scrubbed(text, values, "", false).is_empty() {
                true => format!("\"{with}\""),
                false => text.clone(),
            },
            Piece::Text { written, says, readable } => match scrubbed(says, values, with, escaped) {
                new if new == *says => format!("\"{written}\""),
                new if *readable => quoted(&new),
                _ => quoted(with),
            },
        };
        self.0.iter().map(piece).collect()
    }
}

/// A string as the server writes it.
fn quoted(text: &str) -> String {
    let mut written = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => written.extend(['\\', c]),
            '\u{8}' => written.push_str("\\b"),
            '\u{c}' => written.push_str("\\f"),
            '\n' => written.push_str("\\n"),
            '\r' => written.push_str("\\r"),
            '\t' => written.push_str("\\t"),
            c if c < ' ' => written.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => written.push(c),
        }
    }
    written.push('"');
    written
}
