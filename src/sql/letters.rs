//! Which characters belong to words, and how else may one be written?
//!
//! Everything is spelled out by code point, so that a regular expression means the same on every server: under the locale
//! `C` PostgreSQL knows the case of ASCII letters only, and no other letter at all (manual, 9.7.3.6). The code points are
//! those of Unicode, so the database has to be one in UTF-8.

/// Letters, digits and combining marks of the scripts that separate words. Han, kana, Hangul, Thai, Lao, Tibetan, Burmese
/// and Khmer are not among them: there a name has its neighbours right beside it.
const WORDS: &[(u32, u32)] = &[
    (0x30, 0x39),
    (0x41, 0x5a),
    (0x61, 0x7a),
    (0xaa, 0xaa),
    (0xb5, 0xb5),
    (0xba, 0xba),
    (0xc0, 0xd6),
    (0xd8, 0xf6),
    (0xf8, 0x2af),
    // Combining marks, Greek, Cyrillic, Armenian.
    (0x300, 0x37d),
    (0x388, 0x559),
    (0x560, 0x588),
    // Hebrew, Arabic, Syriac, and the scripts of India.
    (0x591, 0x5bd),
    (0x5c4, 0x5f2),
    (0x610, 0x61a),
    (0x620, 0x669),
    (0x66e, 0x6d3),
    (0x6d5, 0x6ff),
    (0x710, 0x963),
    (0x966, 0x96f),
    (0x971, 0xdff),
    // Georgian, Ethiopic.
    (0x10a0, 0x10ff),
    (0x1200, 0x135f),
    // More Latin and Greek.
    (0x1e00, 0x1fff),
];

/// White space: any of it, and any number of them, stands for a blank in a value.
const BLANKS: &[(u32, u32)] = &[
    (0x09, 0x0d),
    (0x20, 0x20),
    (0x85, 0x85),
    (0xa0, 0xa0),
    (0x2000, 0x200a),
    (0x2028, 0x2029),
    (0x202f, 0x202f),
    (0x205f, 0x205f),
    (0x3000, 0x3000),
];

/// Letters that have another case, as far as living languages write them. None of these ranges has a gap into which a later
/// version of Unicode could put a letter.
const CASED: &[(u32, u32)] = &[
    (0x41, 0x5a),
    (0x61, 0x7a),
    (0xb5, 0x17e),
    // Azerbaijani, Vietnamese, Pinyin, Romanian.
    (0x18f, 0x18f),
    (0x1a0, 0x1b0),
    (0x1cd, 0x1dc),
    (0x218, 0x21b),
    (0x259, 0x259),
    // Greek, Cyrillic, Armenian.
    (0x386, 0x3ce),
    (0x400, 0x45f),
    (0x490, 0x4ff),
    (0x531, 0x586),
    // Welsh, Vietnamese.
    (0x1e80, 0x1e85),
    (0x1e9e, 0x1e9e),
    (0x1ea0, 0x1ef9),
];

/// Characters that people type for each other.
const ALIKE: &[&str] = &["'\u{2018}\u{2019}\u{2bc}", "-\u{2010}\u{2011}"];

/// The entities of HTML 4 for characters that names are made of (HTML 4.01, 24), without those of other scripts.
const ENTITIES: &[(u32, &str)] = &[
    (34, "quot"),
    (38, "amp"),
    (39, "apos"),
    (60, "lt"),
    (62, "gt"),
    (160, "nbsp"),
    (338, "OElig"),
    (339, "oelig"),
    (352, "Scaron"),
    (353, "scaron"),
    (376, "Yuml"),
    (8216, "lsquo"),
    (8217, "rsquo"),
];

/// The entities for the code points from 161 to 255, in their order.
const LATIN_1: &str = "iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 \
    acute micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring AElig \
    Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave \
    Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml igrave \
    iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml yacute thorn yuml";

/// An ampersand that begins an entity, be it in JSON, be it escaped once more.
pub const AMPERSAND: &str = r"(?:&|\\+u0026)(?:amp;)*";

/// What of a text makes it worth looking for escapes in it.
pub const ESCAPES: &str = r"\\|&[#A-Za-z]";

/// Entities by code point and name.
pub fn entities() -> impl Iterator<Item = (u32, &'static str)> {
    ENTITIES.iter().copied().chain((161..).zip(LATIN_1.split(' ').filter(|name| !name.is_empty())))
}

/// Letters that differ by case only, and characters that are typed for each other: a word for each group.
pub fn alike() -> String {
    let all = CASED.iter().flat_map(|(first, last)| *first..=*last).filter_map(char::from_u32);
    let mut groups: Vec<(char, Vec<char>)> = Vec::new();
    for letter in all {
        let key = folded(letter);
        match groups.iter_mut().find(|(other, _)| *other == key) {
            Some((_, members)) => members.push(letter),
            None => groups.push((key, vec![letter])),
        }
    }
    let groups = groups.into_iter().map(|(_, members)| members).filter(|members| members.len() > 1);
    let groups = groups.map(String::from_iter);
    groups.chain(ALIKE.iter().map(|group| (*group).to_owned())).collect::<Vec<_>>().join(" ")
}

/// The same for letters that differ by case only. The Turkish i's are one for us, whoever writes them.
fn folded(letter: char) -> char {
    let only = |mut letters: std::vec::IntoIter<char>, else_: char| match (letters.next(), letters.next()) {
        (Some(only), None) => only,
        _ => else_,
    };
    match letter {
        'İ' => 'i',
        'ẞ' => 'ß',
        letter => {
            let upper = only(letter.to_uppercase().collect::<Vec<_>>().into_iter(), letter);
            only(upper.to_lowercase().collect::<Vec<_>>().into_iter(), upper)
        }
    }
}

/// The characters of words, for a bracket expression.
pub fn words() -> String {
    bracket(WORDS)
}

/// White space, for a bracket expression.
pub fn blanks() -> String {
    bracket(BLANKS)
}

/// White space in any of its forms, as a regular expression.
pub fn any_blanks() -> String {
    format!(
        r"(?:[{}]|\\+(?:[nrtf]|u(?:00[aA]0|000[9a-dA-D]))|{AMPERSAND}(?:nbsp|#(?:0*(?:9|10|13|160)|[xX]0*(?:9|[aA]|[dD]|[aA]0)));)+",
        blanks(),
    )
}

/// What a JSON escape looks like behind which a word begins: that of white space, and of any character from a block without
/// letters of words.
pub fn escaped_blank() -> String {
    let any = any_digit(&(0..16).collect::<Vec<_>>());
    r"\\+(?:[bfnrt]|u(?:00[0-9aAbB]X|0[eEfF]XX|1[014-9a-dA-D]XX|[2-9a-fA-F]XXX))".replace('X', &any)
}

/// What an escape looks like before which a word goes on: that of a character of a word, in JSON or HTML. Those of ASCII are
/// never escaped; HTML's numbers are not told apart within the blocks of letters.
pub fn escaped_letter() -> String {
    let names =
        "(?:[A-Za-z](?:grave|acute|circ|tilde|uml|ring|cedil|slash|caron)|(?:AE|ae|OE|oe|sz)lig|ETH|eth|THORN|thorn)";
    let decimal = "(?:19[2-9]|[2-9][0-9][0-9]|[12][0-9][0-9][0-9]|3[0-5][0-9][0-9])";
    let hexadecimal = "(?:[c-fC-F][0-9a-fA-F]|[1-9a-dA-D][0-9a-fA-F]{2})";
    format!(r"\\+u{}|{AMPERSAND}(?:{names}|#(?:0*{decimal}|[xX]0*{hexadecimal}));", numerals(&escaped_words(), 4))
}

/// The code points of words outside of ASCII.
fn escaped_words() -> Vec<(u32, u32)> {
    WORDS.iter().copied().filter(|(first, _)| *first > 0x7f).collect()
}

fn bracket(ranges: &[(u32, u32)]) -> String {
    let one = |code: u32| match char::from_u32(code) {
        Some(plain) if plain.is_ascii_alphanumeric() => plain.to_string(),
        _ => format!("\\u{code:04x}"),
    };
    let range = |(first, last): &(u32, u32)| match first == last {
        true => one(*first),
        false => format!("{}-{}", one(*first), one(*last)),
    };
    ranges.iter().map(range).collect()
}

/// Numbers in some ranges with so many hexadecimal digits, as a regular expression: digit by digit, and what may follow
/// alike is written once.
fn numerals(ranges: &[(u32, u32)], width: u32) -> String {
    let size = 16u32.pow(width - 1);
    let mut parts: Vec<(Vec<u32>, String)> = Vec::new();
    for digit in 0..16 {
        let (first, last) = (digit * size, digit * size + size - 1);
        let clip = |(a, b): &(u32, u32)| ((*a).max(first), (*b).min(last));
        let below: Vec<_> =
            ranges.iter().map(clip).filter(|(a, b)| a <= b).map(|(a, b)| (a - first, b - first)).collect();
        let rest = match &below[..] {
            [] => continue,
            _ if width == 1 => String::new(),
            _ => numerals(&below, width - 1),
        };
        match parts.iter_mut().find(|(_, other)| *other == rest) {
            Some((digits, _)) => digits.push(digit),
            None => parts.push((vec![digit], rest)),
        }
    }
    let one = |(digits, rest): &(Vec<u32>, String)| format!("{}{rest}", any_digit(digits));
    match &parts[..] {
        [only] => one(only),
        many => format!("(?:{})", many.iter().map(one).collect::<Vec<_>>().join("|")),
    }
}

/// Any of some hexadecimal digits.
fn any_digit(digits: &[u32]) -> String {
    let mut text = String::new();
    for run in digits.chunk_by(|a, b| a + 1 == *b && *b != 10) {
        for letter in [false, true] {
            let write = |digit: u32| {
                let c = char::from_digit(digit, 16).unwrap_or('0');
                if letter { c.to_ascii_uppercase() } else { c }
            };
            match run {
                [] => {}
                _ if letter && run[0] < 10 => {}
                [only] => text.push(write(*only)),
                [a, b] => text.extend([write(*a), write(*b)]),
                [first, .., last] => text.extend([write(*first), '-', write(*last)]),
            }
        }
    }
    if text.chars().count() == 1 { text } else { format!("[{text}]") }
}
