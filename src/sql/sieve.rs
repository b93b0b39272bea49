//! What must stand in a text for a value to be found in it? Asked first, since a regular expression takes its time.
//!
//! A sieve is a pattern of LIKE, for texts in lower case under the collation `C`. It lets every text through in which the
//! value's regular expression matches, and of the others few: characters that can only be written as they are stand for
//! themselves, everything else is left open. There are two of each value: a coarse one, for texts in which JSON or HTML may
//! have escaped something, and a finer one for the others. No sieve holds an escape of LIKE.

use super::letters;
use super::writer::Writer;

/// Of the units of a value, in their order: what stands in both sieves (`plain_sieve`, `coarse_sieve`), for [`ends_open`].
pub(super) fn of_units(w: &mut Writer) {
    // A blank is at least one character. An i may have its dot as a mark of its own; two s be a sharp one.
    w.kw(",\n      string_agg(CASE WHEN plain IS NULL THEN '_%' WHEN letter ~ '^[0-9A-HJ-Za-hj-z]$' THEN lower(letter COLLATE \"C\")\n");
    w.kw("        WHEN plain LIKE '[%' AND length(plain) = 3 AND letter NOT IN ('%', '_', ");
    w.regex("\\").kw(") THEN letter WHEN plain LIKE '[%' THEN '_' ELSE '%' END, '' ORDER BY n) AS plain_sieve");
    // What encoders let stand: [`super::pattern`] knows no other way to write it either.
    w.kw(",\n      string_agg(CASE WHEN plain IS NULL THEN '_%' WHEN letter ~ '^[0-9A-HJ-Za-hj-z.,]$' THEN lower(letter COLLATE \"C\")\n");
    w.kw("        WHEN letter ~ '^[-_]$' THEN '_' ELSE '%' END, '' ORDER BY n) AS coarse_sieve");
}

/// A sieve with anything before and behind.
pub(super) fn ends_open(w: &mut Writer, sieve: &'static str) {
    w.kw("regexp_replace('%' || ").kw(sieve).kw(" || '%', '%+', '%', 'g')");
}

/// The sieve of a number, between whose digits anything may stand.
pub(super) fn of_digits(w: &mut Writer) {
    w.kw("'%' || regexp_replace(number, '(.)', ").regex(r"\1%").kw(", 'g')");
}

/// All cells of a row as one text in lower case, since to ask once is cheaper. A function takes a hundred arguments, and a
/// table has more columns.
pub(super) fn low(w: &mut Writer, cells: &[Writer]) {
    w.kw("lower(concat_ws(' ', ''");
    let one_by_one = cells.len() <= ARGUMENTS;
    for some in cells.chunks(ARGUMENTS) {
        w.kw(if one_by_one { "" } else { ", concat_ws(' ', ''" });
        for cell in some {
            w.kw(", ").sql(cell);
        }
        w.kw(if one_by_one { "" } else { ")" });
    }
    w.kw(") COLLATE \"C\")");
}

/// As many cells as one call has beside what stands between them.
const ARGUMENTS: usize = 98;

/// Whether some text gets through any of the sieves: `low` is the text in lower case, and the others are arrays.
pub(super) fn lets_through(w: &mut Writer, low: &'static str, plain: &'static str, coarse: &'static str) {
    w.kw("CASE WHEN strpos(").kw(low).kw(", ").regex("\\").kw(") > 0 OR strpos(").kw(low).kw(", '&') > 0 THEN ");
    w.kw(low).kw(" LIKE ANY (").kw(coarse).kw(") ELSE ").kw(low).kw(" LIKE ANY (").kw(plain).kw(") END");
}

/// Whether one value, of which `of` has the patterns and sieves, stands in `text`: by CASE, which keeps the order.
pub(super) fn stands(w: &mut Writer, text: &'static str, of: &'static str) {
    judged(w, text, of, [".sieve", ".coarse"], ["", ""]);
}

/// Whether any of some values does, of which `of` has one pattern and all sieves.
pub(super) fn any_stands(w: &mut Writer, text: &'static str, of: &'static str) {
    judged(w, text, of, [".sieves)", ".coarse)"], ["ANY (", "ANY ("]);
}

fn judged(w: &mut Writer, text: &'static str, of: &'static str, sieves: [&'static str; 2], any: [&'static str; 2]) {
    let form = |w: &mut Writer, n: usize, pattern: &'static str| {
        w.kw("CASE WHEN lower(").kw(text).kw(" COLLATE \"C\") LIKE ").kw(any[n]).kw(of).kw(sieves[n]).kw(" THEN ");
        w.kw(text).kw(" COLLATE \"C\" ~ ").kw(of).kw(pattern).kw(" ELSE false END");
    };
    w.kw("CASE WHEN ").kw(text).kw(" COLLATE \"C\" ~ ").regex(letters::ESCAPES).kw(" THEN ");
    form(w, 1, ".escaped");
    w.kw(" ELSE ");
    form(w, 0, ".plain");
    w.kw(" END");
}
