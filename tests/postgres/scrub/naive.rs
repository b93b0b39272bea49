//! What scrubbing has to do, in the plainest way: at every place of a text, every reading of what stands there is compared
//! with every value. It knows the decisions of the language and nothing of how the server is asked.

use std::collections::BTreeSet;

/// The most searches of one text.
const SEARCHES: usize = 9;

/// Letters that scripts without blanks between words write; of these no word begins or ends.
fn is_unseparated(c: char) -> bool {
    let blocks =
        [0x0e00..=0x109f, 0x1100..=0x11ff, 0x1780..=0x17ff, 0x2e80..=0xd7ff, 0xf900..=0xfaff, 0x20000..=0x3ffff];
    blocks.iter().any(|block| block.contains(&u32::from(c)))
}

fn is_mark(c: char) -> bool {
    ('\u{300}'..='\u{36f}').contains(&c)
}

/// Whether a word goes on with a character.
fn is_of_word(c: char) -> bool {
    // A digit in a circle is no digit of a number.
    let number = c.is_numeric() && !c.is_ascii_digit() && u32::from(c) < 0x2b0;
    (c.is_alphanumeric() && !is_unseparated(c) && u32::from(c) < 0x2000 && (!number || matches!(c, 'ª' | 'º')))
        || is_mark(c)
}

fn is_blank(c: char) -> bool {
    c.is_whitespace()
}

/// What stands for all characters that are taken for each other.
fn folded(c: char) -> char {
    match c {
        'İ' | 'ı' | 'I' => 'i',
        'ẞ' => 'ß',
        '‘' | '’' | 'ʼ' => '\'',
        '‐' | '‑' => '-',
        'ς' => 'σ',
        'µ' => 'μ',
        c => {
            let mut lower = c.to_lowercase();
            match (lower.next(), lower.next()) {
                (Some(only), None) => only,
                _ => c,
            }
        }
    }
}

/// Characters that are one letter with its marks, apart.
const APART: &[(char, &str)] = &[
    ('é', "e\u{301}"),
    ('É', "E\u{301}"),
    ('ü', "u\u{308}"),
    ('Ü', "U\u{308}"),
    ('ç', "c\u{327}"),
    ('Ç', "C\u{327}"),
    ('й', "и\u{306}"),
    ('Й', "И\u{306}"),
    ('İ', "I\u{307}"),
    ('각', "\u{1100}\u{1161}\u{11a8}"),
];

pub fn apart(c: char) -> Option<&'static str> {
    APART.iter().find(|(composed, _)| *composed == c).map(|(_, parts)| *parts)
}

/// A text with its letters and their marks put together.
fn composed(text: &str) -> String {
    APART.iter().fold(text.to_owned(), |text, (letter, parts)| text.replace(parts, &letter.to_string()))
}

/// HTML's names that the tests write.
pub const NAMES: &[(char, &str)] = &[
    ('"', "quot"),
    ('&', "amp"),
    ('\'', "apos"),
    ('<', "lt"),
    ('>', "gt"),
    ('\u{a0}', "nbsp"),
    ('é', "eacute"),
    ('É', "Eacute"),
    ('ü', "uuml"),
    ('Ü', "Uuml"),
    ('ç', "ccedil"),
    ('Ç', "Ccedil"),
    ('ß', "szlig"),
    ('’', "rsquo"),
];

/// A text as the search sees it.
struct Text {
    chars: Vec<char>,
    /// Whether something in it looks like an escape; otherwise nothing is read as one.
    escaped: bool,
}

/// One character that stands at a place: what it is, and where it ends.
type Reading = (char, usize);

impl Text {
    fn new(text: &str, escaped: bool) -> Self {
        Self { chars: text.chars().collect(), escaped }
    }

    fn at(&self, at: usize) -> Option<char> {
        self.chars.get(at).copied()
    }

    /// Whether these characters stand there; where they end.
    fn literal(&self, at: usize, word: &str) -> Option<usize> {
        let mut at = at;
        for c in word.chars() {
            if self.at(at)? != c {
                return None;
            }
            at += 1;
        }
        Some(at)
    }

    /// Behind one backslash or more.
    fn behind_backslashes(&self, at: usize) -> Option<usize> {
        let count = self.chars.get(at..)?.iter().take_while(|c| **c == '\\').count();
        (count > 0).then_some(at + count)
    }

    /// `\u00e9`: the number, and where it ends.
    fn json_number(&self, at: usize) -> Option<(u32, usize)> {
        let at = self.literal(self.behind_backslashes(at)?, "u")?;
        let digits: String = self.chars.get(at..at + 4)?.iter().collect();
        Some((u32::from_str_radix(&digits, 16).ok()?, at + 4))
    }

    /// A character in JSON's escape.
    fn json(&self, at: usize) -> Option<Reading> {
        let (code, end) = self.json_number(at)?;
        if let Some(c) = char::from_u32(code) {
            return Some((c, end));
        }
        let (low, end) = self.json_number(end)?;
        let both = char::decode_utf16([code as u16, low as u16]).next()?;
        Some((both.ok()?, end))
    }

    /// What stands between an ampersand, however it is written, and a semicolon: an ampersand may be escaped itself, and then
    /// there are several ways to read on.
    fn entities(&self, at: usize) -> Vec<(String, usize)> {
        let behind = match self.at(at) {
            Some('&') => Some(at + 1),
            _ => self.json_number(at).filter(|(code, _)| *code == 0x26).map(|(_, end)| end),
        };
        let mut found = Vec::new();
        let Some(mut at) = behind else { return found };
        loop {
            let length = self.chars[at..].iter().take_while(|c| c.is_ascii_alphanumeric() || **c == '#').count();
            if self.at(at + length) == Some(';') {
                found.push((self.chars[at..at + length].iter().collect(), at + length + 1));
            }
            match self.literal(at, "amp;") {
                Some(next) => at = next,
                None => return found,
            }
        }
    }

    /// The number of an entity, and whether it is written in hexadecimal.
    fn number_of(entity: &str) -> Option<(u32, bool)> {
        let number = entity.strip_prefix('#')?;
        let (digits, hexadecimal) = match number.strip_prefix(['x', 'X']) {
            Some(digits) => (digits, true),
            None => (number, false),
        };
        let digits = digits.trim_start_matches('0');
        let code = u32::from_str_radix(digits, if hexadecimal { 16 } else { 10 }).ok()?;
        Some((code, hexadecimal))
    }

    /// A character in HTML's escape.
    fn html(&self, at: usize) -> Vec<Reading> {
        let read = |(entity, end): (String, usize)| {
            let named = NAMES.iter().find(|(_, name)| *name == entity).map(|(c, _)| *c);
            Some((named.or_else(|| char::from_u32(Self::number_of(&entity)?.0))?, end))
        };
        self.entities(at).into_iter().filter_map(read).collect()
    }

    /// Every reading of what stands at a place.
    fn readings(&self, at: usize) -> Vec<Reading> {
        let mut found: Vec<Reading> = self.at(at).map(|c| (c, at + 1)).into_iter().collect();
        if self.escaped {
            found.extend(self.json(at));
            found.extend(self.html(at));
        }
        found
    }

    /// Where a letter of a value may end that begins at a place.
    fn letter(&self, letter: char, at: usize) -> BTreeSet<usize> {
        let is_it = |c: char| folded(c) == folded(letter);
        let bare = letter.is_ascii_alphanumeric() || "-.,_".contains(letter);
        let mut ends = BTreeSet::new();
        let mut starts = vec![at];
        if self.escaped && "\"'/\\".contains(letter) {
            let count = self.chars[at.min(self.chars.len())..].iter().take_while(|c| **c == '\\').count();
            starts = (at..=at + count).collect();
        }
        for start in starts {
            let plain = self.at(start).filter(|c| is_it(*c)).map(|_| start + 1);
            ends.extend(plain);
            if !bare {
                ends.extend(self.readings(start).into_iter().filter(|(c, _)| is_it(*c)).map(|(_, end)| end));
            }
            if folded(letter) == 'ß' {
                let s = |at: usize| self.at(at).is_some_and(|c| matches!(c, 's' | 'S'));
                ends.extend((s(start) && s(start + 1)).then_some(start + 2));
            }
        }
        // With its marks apart.
        for (_, parts) in APART.iter().filter(|(composed, _)| is_it(*composed)) {
            let mut here = BTreeSet::from([at]);
            for part in parts.chars() {
                let next = |at: &usize| -> Vec<usize> {
                    match part.is_ascii() || bare {
                        true => self.at(*at).filter(|c| *c == part).map(|_| at + 1).into_iter().collect(),
                        false => {
                            self.readings(*at).into_iter().filter(|(c, _)| *c == part).map(|(_, end)| end).collect()
                        }
                    }
                };
                here = here.iter().flat_map(next).collect();
            }
            ends.extend(here);
        }
        ends
    }

    /// Where white space may end that begins at a place: any of it, as much as there is.
    fn blanks(&self, at: usize) -> BTreeSet<usize> {
        let one = |at: usize| -> Vec<usize> {
            let mut ends: Vec<usize> = self.at(at).filter(|c| is_blank(*c)).map(|_| at + 1).into_iter().collect();
            if self.escaped {
                let escaped = ['\u{a0}', '\t', '\n', '\r'];
                let by_json = |c: char| escaped.contains(&c) || matches!(c, '\u{b}' | '\u{c}');
                ends.extend(self.json(at).filter(|(c, _)| by_json(*c)).map(|(_, end)| end));
                ends.extend(self.html(at).into_iter().filter(|(c, _)| escaped.contains(c)).map(|(_, end)| end));
                let behind = self.behind_backslashes(at);
                ends.extend(behind.filter(|at| self.at(*at).is_some_and(|c| "nrtf".contains(c))).map(|at| at + 1));
            }
            ends
        };
        let mut all = BTreeSet::new();
        let mut open = one(at);
        while let Some(end) = open.pop() {
            if all.insert(end) {
                open.extend(one(end));
            }
        }
        all
    }

    /// Where a value may end that begins at a place, whatever stands around it.
    fn value(&self, value: &Value, at: usize) -> BTreeSet<usize> {
        let mut here = BTreeSet::from([at]);
        for unit in &value.units {
            here = match unit {
                ' ' => here.iter().flat_map(|at| self.blanks(*at)).collect(),
                letter => here.iter().flat_map(|at| self.letter(*letter, *at)).collect(),
            };
        }
        if value.ends {
            here.retain(|end| !self.goes_on(*end));
        }
        if value.is_address {
            let dot = |end: usize| self.at(end) == Some('.') && self.at(end + 1).is_some_and(is_of_word);
            here.retain(|end| self.at(*end) != Some('-') && !dot(*end));
        }
        here
    }

    /// Whether a word goes on at a place, be it with an escape.
    fn goes_on(&self, at: usize) -> bool {
        if self.at(at).is_some_and(is_of_word) {
            return true;
        }
        if !self.escaped {
            return false;
        }
        let by_json = self.json_number(at).and_then(|(code, _)| char::from_u32(code));
        if by_json.is_some_and(|c| !c.is_ascii() && is_of_word(c)) {
            return true;
        }
        self.entities(at).into_iter().any(|(entity, _)| {
            let letters = ["grave", "acute", "circ", "tilde", "uml", "ring", "cedil", "slash", "caron", "lig"];
            let named = letters.iter().any(|name| entity.len() > name.len() && entity.ends_with(name));
            let numbered = Self::number_of(&entity).is_some_and(|(code, hexadecimal)| match hexadecimal {
                true => (0xc0..=0xdff).contains(&code),
                false => (192..=3599).contains(&code),
            });
            named || numbered
        })
    }

    /// Whether a word may begin at a place.
    fn may_begin(&self, at: usize) -> bool {
        at == 0 || !is_of_word(self.chars[at - 1])
    }

    /// Where an escape ends that begins at a place and behind which a word begins.
    fn behind_escape(&self, at: usize) -> Option<usize> {
        if !self.escaped {
            return None;
        }
        let behind = self.behind_backslashes(at)?;
        if self.at(behind).is_some_and(|c| "bfnrt".contains(c)) {
            return Some(behind + 1);
        }
        let (code, end) = self.json_number(at)?;
        let without_letters = matches!(code, 0..=0xbf | 0xe00..=0x11ff | 0x1400..=0x1dff | 0x2000..=0xffff);
        without_letters.then_some(end)
    }

    fn address_begins(&self, at: usize) -> bool {
        at == 0 || !"._%+-".contains(self.chars[at - 1])
    }

    /// The longest value that is found at a place: what is put back, and where it ends.
    fn found(&self, values: &[Value], at: usize) -> Option<(usize, usize)> {
        let mut best: Option<(usize, usize)> = None;
        for value in values {
            let mut begin = |start: usize| {
                if value.is_address && !self.address_begins(start) {
                    return;
                }
                let Some(end) = self.value(value, start).into_iter().max() else { return };
                // Of two that end alike the one is taken that puts nothing back.
                if best.is_none_or(|(other, longest)| end > longest || (end == longest && start < other)) {
                    best = Some((start, end));
                }
            };
            if !value.begins || self.may_begin(at) {
                begin(at);
            }
            if value.begins
                && let Some(start) = self.behind_escape(at)
            {
                begin(start);
            }
        }
        best
    }
}

/// A value as it is searched for.
pub struct Value {
    units: Vec<char>,
    begins: bool,
    ends: bool,
    is_address: bool,
}

impl Value {
    /// None where nothing is to be found.
    pub fn new(text: &str) -> Option<Self> {
        let text = composed(text);
        let words: Vec<&str> = text.split(is_blank).filter(|word| !word.is_empty()).collect();
        let text = words.join(" ");
        if !text.chars().any(|c| c.is_alphanumeric()) {
            return None;
        }
        let is_address = text.contains('@');
        let begins = is_address || text.chars().next().is_some_and(is_of_word);
        let ends = is_address || text.chars().last().is_some_and(is_of_word);
        let mut units = Vec::new();
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            let is_s = |c: &char| matches!(c, 's' | 'S');
            match c {
                's' | 'S' if chars.peek().is_some_and(is_s) => {
                    chars.next();
                    units.push('ß');
                }
                'ẞ' => units.push('ß'),
                c => units.push(c),
            }
        }
        Some(Self { units, begins, ends, is_address })
    }
}

/// Whether a text is searched for escapes too.
pub fn has_escapes(text: &str) -> bool {
    let chars: Vec<char> = text.chars().collect();
    let entity = |pair: &[char]| pair[0] == '&' && (pair[1] == '#' || pair[1].is_ascii_alphabetic());
    chars.contains(&'\\') || chars.windows(2).any(entity)
}

/// A text without the values.
pub fn scrubbed(text: &str, values: &[Value], with: &str, escaped: bool) -> String {
    let mut text = text.to_owned();
    for _ in 0..SEARCHES {
        let next = once(&Text::new(&text, escaped), values, with);
        if next == text {
            break;
        }
        text = next;
    }
    text
}

fn once(text: &Text, values: &[Value], with: &str) -> String {
    let mut new = String::new();
    let mut at = 0;
    while at < text.chars.len() {
        match text.found(values, at) {
            Some((start, end)) => {
                new.extend(&text.chars[at..start]);
                new.push_str(with);
                at = end;
            }
            None => {
                new.push(text.chars[at]);
                at += 1;
            }
        }
    }
    new
}
