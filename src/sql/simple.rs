//! How values are looked for in a database whose texts are no Unicode: fewer spellings, made here.
//!
//! The server folds and composes characters in UTF-8 only ([`super::pattern`]). Elsewhere a value is found in either case,
//! with any blanks, with escapes of JSON and by number in HTML; and a number with whatever stands between its digits.

use super::gone::DIGITS;
use crate::action::SHORT;

/// What a value is looked for by: a pattern and a sieve for texts as they are, and both for those with escapes.
#[derive(Clone, PartialEq, Eq)]
pub struct Spelled {
    /// The pattern.
    pub plain: String,
    /// The pattern where something is escaped.
    pub escaped: String,
    /// What goes before the pattern.
    pub sieve: String,
    /// What goes before the other.
    pub coarse: String,
}

/// Characters outside of ASCII that patterns of a value could hold, whatever the encoding.
pub fn characters(value: &str) -> impl Iterator<Item = char> + '_ {
    value.chars().filter(|c| !c.is_ascii()).flat_map(forms)
}

/// The ways to look for a value where texts can hold the characters that are `written`; none where it is too short.
pub fn spelled_simply(value: &str, short: bool, written: &dyn Fn(char) -> bool) -> Vec<Spelled> {
    let units: Vec<char> = value.split_whitespace().collect::<Vec<_>>().join(" ").chars().collect();
    let mut ways = Vec::new();
    if units.iter().any(|c| c.is_alphanumeric()) && (short || units.len() >= SHORT as usize) {
        let all = |form: &dyn Fn(char) -> String| units.iter().map(|c| form(*c)).collect::<String>();
        let ends = |at: Option<&char>| at.is_some_and(|c| c.is_alphanumeric());
        let before = if ends(units.last()) { "(?![[:alnum:]])" } else { "" };
        let behind = if ends(units.first()) { "(?<![[:alnum:]])" } else { "" };
        let behind_escapes = if behind.is_empty() { "" } else { r"(?:(?<![[:alnum:]])|\\[bfnrt]|\\u[0-9a-fA-F]{4}|;)" };
        let sieve = format!("%{}%", all(&|c| if literal(c) { c.to_ascii_lowercase().into() } else { "%".into() }));
        ways.push(Spelled {
            plain: format!("{behind}{}{before}", all(&|c| plain(c, written))),
            escaped: format!("{behind_escapes}{}{before}", all(&|c| escaped(c, written))),
            sieve: sieve.clone(),
            coarse: sieve,
        });
    }
    let digits: String = value.chars().filter(char::is_ascii_digit).collect();
    let number = digits.trim_start_matches('0');
    if number.len() >= DIGITS as usize && !value.chars().any(char::is_alphabetic) {
        let between = number.chars().map(String::from).collect::<Vec<_>>();
        let pattern = format!("(?<![0-9])0*{}(?![0-9])", between.join(r"[^0-9[:alpha:]]{0,3}"));
        let sieve = format!("%{}%", between.join("%"));
        ways.push(Spelled { plain: pattern.clone(), escaped: pattern, sieve: sieve.clone(), coarse: sieve });
    }
    ways
}

/// What no encoder escapes, and stands for itself in a pattern of LIKE.
fn literal(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | ',')
}

/// A character and its other cases.
fn forms(c: char) -> Vec<char> {
    let only = |mut all: std::vec::IntoIter<char>| match (all.next(), all.next()) {
        (Some(only), None) => Some(only),
        _ => None,
    };
    let cases = [
        only(c.to_lowercase().collect::<Vec<_>>().into_iter()),
        only(c.to_uppercase().collect::<Vec<_>>().into_iter()),
    ];
    let mut forms = vec![c];
    for case in cases.into_iter().flatten() {
        if !forms.contains(&case) {
            forms.push(case);
        }
    }
    forms
}

fn plain(c: char, written: &dyn Fn(char) -> bool) -> String {
    match c {
        ' ' => r"\s+".into(),
        c if c.is_ascii_alphabetic() => format!("[{}{}]", c.to_ascii_lowercase(), c.to_ascii_uppercase()),
        c if c.is_ascii_digit() => c.into(),
        c if c.is_ascii() => format!(r"\{c}"),
        c => {
            let forms: Vec<String> = forms(c).into_iter().filter(|form| written(*form)).map(String::from).collect();
            // Nothing stands behind the end.
            if forms.is_empty() { "$.".into() } else { format!("(?:{})", forms.join("|")) }
        }
    }
}

fn escaped(c: char, written: &dyn Fn(char) -> bool) -> String {
    match c {
        ' ' => r"(?:\s|\\+[nrtf]|\\+u00[aA]0|&nbsp;|&#0*160;)+".into(),
        c if literal(c) || matches!(c, '-' | '_') => plain(c, written),
        c => {
            let mut ways = vec![plain(c, written)];
            for form in forms(c) {
                let mut units = [0; 2];
                let units = form.encode_utf16(&mut units).iter();
                let json = units.map(|unit| format!(r"\\+u(?:{unit:04x}|{unit:04X})")).collect::<String>();
                let code = u32::from(form);
                ways.push(json);
                ways.push(format!("&(?:amp;)*#(?:0*{code}|[xX]0*(?:{code:x}|{code:X}));"));
            }
            let slashes = if c.is_ascii() { r"\\*" } else { "" };
            format!("{slashes}(?:{})", ways.join("|"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_that_the_encoding_lacks_is_looked_for_by_its_escapes_only() {
        let ways = spelled_simply("Büro 12", false, &|c| c != 'Ü');
        assert_eq!(ways.len(), 1);
        assert_eq!(ways[0].plain, r"(?<![[:alnum:]])[bB](?:ü)[rR][oO]\s+12(?![[:alnum:]])");
        assert!(ways[0].escaped.contains(r"\\+u(?:00dc|00DC)") && !ways[0].escaped.contains('Ü'));
        assert_eq!(ways[0].sieve, "%b%ro%12%");
        assert_eq!(spelled_simply("王小明欧", false, &|_| false)[0].plain, "(?<![[:alnum:]])$.$.$.$.(?![[:alnum:]])");
    }

    #[test]
    fn a_number_is_its_digits_and_what_is_short_is_nothing() {
        let ways = spelled_simply("+49 (30) 1234", false, &|_| true);
        assert_eq!((ways.len(), ways[1].sieve.as_str()), (2, "%4%9%3%0%1%2%3%4%"));
        assert!(
            spelled_simply("Li", false, &|_| true).is_empty() && spelled_simply("----", true, &|_| true).is_empty()
        );
        assert_eq!(spelled_simply("Li", true, &|_| true).len(), 1);
    }
}
