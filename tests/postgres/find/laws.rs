//! The sieves let through whatever the regular expressions match; what is printed is what the JSON Schema says.

use efface::sql::{Given, spelled};
use serde_json::Value;
use tokio_postgres::types::{ToSql, Type};

use crate::harness::Db;

/// Held against the schema in the repository.
pub(super) fn is_valid(found: &Value) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/find.schema.json");
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).expect("the schema")).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a JSON Schema");
    let errors: Vec<String> = validator.iter_errors(found).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}");
}

/// A sequence of numbers that is the same each time; SEED is another one.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        usize::try_from(self.0 >> 33).expect("it fits") % below
    }

    fn of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.roll(words.len())]
    }
}

const PARTS: [&str; 40] = [
    "a", "A", "i", "I", "İ", "ı", "ss", "ß", "ẞ", "s", "ü", "Ü", "e\u{301}", "é", "k", "-", "‑", "'", "’", " ", "  ",
    "\t", "@", ".", ",", "_", "%", "\\", "&", "/", "\"", "1", "20", "007", "王", "김", "Ж", "ж", "x", "🙂",
];

fn value(dice: &mut Dice) -> String {
    let numbers = dice.roll(4) == 0;
    let length = 2 + dice.roll(6);
    let part = |dice: &mut Dice| {
        if numbers { dice.of(&["+4", "9", "03", "12", " ", "-", "/", "77"]) } else { dice.of(&PARTS) }
    };
    (0..length).map(|_| part(dice)).collect()
}

/// The value as somebody might have written it, in something else.
fn text(dice: &mut Dice, value: &str) -> String {
    let json = |c: char| {
        let mut units = [0; 2];
        c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")).collect::<String>()
    };
    let (slips, escapes) = (dice.roll(3) == 0, dice.roll(2) == 0);
    let mut said: String = dice.of(&["", "", "x ", "by ", "\\n", "&nbsp;", "王", "(", "a"]).to_owned();
    for c in value.chars() {
        match dice.roll(12) {
            0 => said.extend(c.to_uppercase()),
            1 => said.extend(c.to_lowercase()),
            2 if escapes && !c.is_ascii_alphanumeric() => said.push_str(&json(c)),
            3 if escapes && !c.is_ascii_alphanumeric() => said.push_str(&format!("&#{};", u32::from(c))),
            4 if escapes && !c.is_ascii_alphanumeric() => said.push_str(&format!("&amp;#x{:X};", u32::from(c))),
            5 if c.is_whitespace() => said.push_str(dice.of(&["\n", "\u{a0}", "&nbsp;", "\\n", "  "])),
            6 if c == 'ß' => said.push_str("ss"),
            7 if c == '\'' => said.push_str(dice.of(&["’", "&apos;", "\\'"])),
            8 if c.is_ascii_digit() => said.push_str(&format!("{c}{}", dice.of(&["", " ", "-", "/"]))),
            9 if slips => {}
            10 if matches!(c, 'i' | 'I') => said.push_str(dice.of(&["İ", "ı", "I\u{307}"])),
            _ => said.push(c),
        }
    }
    said + dice.of(&["", "", " x", "!", "\\n", "王", "b", "&#39;"])
}

/// How many pairs of a value and a text were judged, how many match, and how many a sieve stops; none that matches.
fn judged(values: &[String], texts: &[(usize, String)]) -> (i64, i64, i64) {
    let number = |n: usize| i32::try_from(n).expect("it fits");
    let numbers: Vec<i32> = (0..values.len()).map(number).collect();
    let (of, texts): (Vec<i32>, Vec<&str>) = texts.iter().map(|(n, text)| (number(*n), text.as_str())).unzip();
    let db = Db::new();
    let given: [(&(dyn ToSql + Sync), Type); 2] = [(&numbers, Type::INT4_ARRAY), (&values, Type::TEXT_ARRAY)];
    let client = &db.connection().client;
    let rows = db.block_on(client.query_typed(spelled(Given::Parameters, true).as_str(), &given)).expect("patterns");
    let column = |n: usize| -> Vec<String> { rows.iter().map(|row| row.get(n)).collect() };
    let no: Vec<i32> = rows.iter().map(|row| row.get(0)).collect();
    let (plain, escaped, sieve, coarse) = (column(1), column(2), column(3), column(4));
    // A number has two sieves, either of which may let a text through. All texts are held against their own value, and some
    // against others.
    let question = "
        with given as (select no, plain, escaped, array_agg(sieve) as sieves, array_agg(coarse) as coarses
          from unnest($1::int[], $2::text[], $3::text[], $4::text[], $5::text[]) as g (no, plain, escaped, sieve, coarse) group by 1, 2, 3),
        said as (select no, text from unnest($6::int[], $7::text[]) as s (no, text)
          union all select (no * 7 + 3) % $8, text from unnest($6::int[], $7::text[]) as s (no, text)
          union all select no, normalize(text, NFD) from unnest($6::int[], $7::text[]) as s (no, text)),
        judged as (select text, no, sieves, coarses, text ~ E'\\\\\\\\|&[#A-Za-z]' as has_escapes,
            case when text ~ E'\\\\\\\\|&[#A-Za-z]' then text collate \"C\" ~ escaped else text collate \"C\" ~ plain end as matches,
            lower(text collate \"C\") like any (sieves) as fine, lower(text collate \"C\") like any (coarses) as rough
          from said join given using (no))
        select count(*), count(*) filter (where matches), count(*) filter (where not (case when has_escapes then rough else fine end)),
          count(*) filter (where matches and not (case when has_escapes then rough else fine end)),
          count(*) filter (where fine and not rough),
          min(text || ' | ' || sieves::text || coarses::text) filter (where matches and not (case when has_escapes then rough else fine end))
        from judged";
    let parameters: [(&(dyn ToSql + Sync), Type); 8] = [
        (&no, Type::INT4_ARRAY),
        (&plain, Type::TEXT_ARRAY),
        (&escaped, Type::TEXT_ARRAY),
        (&sieve, Type::TEXT_ARRAY),
        (&coarse, Type::TEXT_ARRAY),
        (&of, Type::INT4_ARRAY),
        (&texts, Type::TEXT_ARRAY),
        (&number(values.len()), Type::INT4),
    ];
    let rows = db.block_on(client.query_typed(question, &parameters)).expect("an answer");
    let count = |n: usize| rows[0].get::<_, i64>(n);
    let (all, matches, stopped, missed) = (count(0), count(1), count(2), count(3));
    #[allow(clippy::print_stdout, reason = "the counts belong to the run's record")]
    let () = println!("sieves: {all} pairs, {matches} match, {stopped} are stopped, {missed} missed");
    assert_eq!(missed, 0, "missed: {:?}", rows[0].get::<_, Option<String>>(5));
    assert_eq!(count(4), 0, "a fine sieve lets through what the coarse one stops");
    (all, matches, stopped)
}

#[test]
fn what_a_regular_expression_matches_goes_through_its_sieve() {
    let seed = std::env::var("SEED").ok().map_or(20_261_128, |seed| seed.parse().expect("SEED is a number"));
    let mut dice = Dice(seed);
    let values: Vec<String> = (0..700).map(|_| value(&mut dice)).collect();
    let pairs = values.iter().enumerate();
    let texts: Vec<(usize, String)> =
        pairs.flat_map(|(n, value)| vec![(n, value); 12]).map(|(n, value)| (n, text(&mut dice, value))).collect();
    let (all, matches, stopped) = judged(&values, &texts);
    assert!(all > 15_000 && matches > 3_000 && stopped > 5_000, "{all} {matches} {stopped}");
}

#[test]
fn every_letter_in_every_form_goes_through_its_sieve() {
    let ranges = [
        0x21..0x250,
        0x386..0x590,
        0x5d0..0x5eb,
        0x1e00..0x1f00,
        0x2010..0x2020,
        0x4e00..0x4e20,
        0xac00..0xac20,
        0x1f600..0x1f610,
    ];
    let letters: Vec<char> =
        ranges.into_iter().flatten().filter_map(char::from_u32).filter(|c| !c.is_control()).collect();
    let values: Vec<String> = letters.iter().map(|c| format!("Ab{c}cd")).collect();
    let mut texts = Vec::new();
    for (n, c) in letters.iter().enumerate() {
        let cases = [c.to_string(), c.to_uppercase().collect(), c.to_lowercase().collect()];
        let alike = letters
            .iter()
            .filter(|other| other.to_lowercase().eq(c.to_lowercase()) || other.to_uppercase().eq(c.to_uppercase()));
        let said: std::collections::BTreeSet<String> = cases.into_iter().chain(alike.map(char::to_string)).collect();
        for form in said {
            let code = form.chars().map(u32::from).collect::<Vec<_>>();
            let json: String = form.encode_utf16().map(|unit| format!("\\u{unit:04X}")).collect();
            let html: String = code.iter().map(|code| format!("&#{code};")).collect();
            texts.extend(
                [format!("aB{form}Cd"), format!("x ab{json}cd\\n"), format!("<b>ab{html}cd</b>")].map(|text| (n, text)),
            );
        }
    }
    let (all, matches, _) = judged(&values, &texts);
    assert!(usize::try_from(matches).expect("it fits") > 3 * letters.len(), "{all} {matches}");
}
