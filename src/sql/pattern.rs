//! The regular expressions by which people's values are found in texts, as SQL.
//!
//! One query makes them on the server, which alone knows the values: each character becomes itself in either case, and for
//! texts with escapes in them also every way in which JSON and HTML escape it. A value begins and ends where a word does, if
//! its own first and last characters are of those that words are made of. Looking behind is only done by one character:
//! anything longer would have the server begin at the start of the text for each match (it keeps its place within one
//! search only).

use super::assert::Check;
use super::writer::{Scene, Writer};
use super::{letters, sieve};
use crate::action::SHORT;
use crate::pgtype::PgType;
use crate::plan::{Patterns, SourceRows};
use crate::resolve::{Owner, ValueSource};

/// Longer expressions would come near to what the server compiles.
pub const LONGEST: u32 = 100_000;
/// What a value has to have to be looked for: a letter or a digit of any script.
pub(super) const SAYING: &str = r"[0-9A-Za-z\u00aa\u00b5\u00ba\u00c0-\u02ff\u0370-\u1fff\u2c00-\u2fff\u3005\u3021-\ud7ff\uf900-\ufdff\ufe70-\uffdc\U00010000-\U0001efff\U00020000-\U0003ffff]";

/// What is known of letters, as tables or as the first parts of a question.
pub(super) struct Spelled {
    /// Whether a question has them as its first parts, which has no temporary tables.
    pub in_question: bool,
}

impl Spelled {
    /// How texts are read, the same for all values: one row of regular expressions and their parts, which letters differ by
    /// case only, and how HTML calls them. Each with what it is called and made of.
    pub fn spelling(&self) -> Vec<(&'static str, Writer)> {
        let words = letters::words();
        let mut rules = Writer::new();
        let parts: [(&'static str, String); 10] = [
            ("word", format!("[{words}]")),
            ("blank", format!("[{}]+", letters::blanks())),
            ("any_blank", letters::any_blanks()),
            ("ampersand", letters::AMPERSAND.to_owned()),
            ("behind", format!("(?<![{words}])")),
            ("before", format!("(?![{words}])")),
            // What stands before the value and belongs to no word is put back by what takes the value's place.
            ("behind_escapes", format!("(?:(?<![{words}])|({}))", letters::escaped_blank())),
            ("before_escapes", format!("(?![{words}])(?!{})", letters::escaped_letter())),
            // An e-mail address goes on where another word would end.
            ("address_behind", "(?<![._%+-])".to_owned()),
            ("address_before", format!(r"(?!-|\.[{words}])")),
        ];
        rules.kw("SELECT\n  ").list(parts, ",\n  ", |w, (name, part)| {
            w.regex(&part).kw("::text AS ").kw(name);
        });
        let mut alike = Writer::new();
        alike
            .kw("SELECT substr(letters, n, 1) AS letter, letters\nFROM unnest(string_to_array(")
            .text(&letters::alike());
        alike.kw(", ' ')) AS letters, generate_series(1, length(letters)) AS n");
        let mut entities = Writer::new();
        let pairs: Vec<String> = letters::entities().map(|(code, name)| format!("{code} {name}")).collect();
        entities.kw("SELECT chr(split_part(pair, ' ', 1)::integer) AS sign, split_part(pair, ' ', 2) AS name\n");
        entities.kw("FROM unnest(string_to_array(").text(&pairs.join(",")).kw(", ',')) AS pair");
        vec![("efface_spelling", rules), ("efface_alike", alike), ("efface_entities", entities)]
    }

    /// A table of these, by name.
    fn table_of(&self, w: &mut Writer, name: &'static str) {
        w.kw(if self.in_question { "" } else { "pg_temp." }).kw(name);
    }

    /// The patterns for the values of some queries, which call them `value`: one for each person, whose key is that many
    /// columns, `key1` and so on; for all of them together where there are none. Values that are a part of `with`, which
    /// takes their place, are left out.
    pub fn patterns_in(&self, w: &mut Writer, keys: usize, sources: &[Writer], with: &str) {
        self.patterns_with(w, keys, sources, with, false);
    }

    /// The same, and where it is wanted beside each pattern its [`sieve`]s: `sieves` for plain texts, `coarse` for those
    /// with escapes, both arrays.
    pub fn patterns_with(&self, w: &mut Writer, keys: usize, sources: &[Writer], with: &str, sieves: bool) {
        let several = keys > 0;
        let key_list = |w: &mut Writer| {
            w.list(1..=keys, ", ", |w, n| {
                w.kw("key").number(n as i128);
            });
        };
        let keys = |w: &mut Writer| {
            key_list(w);
            w.kw(if several { ", " } else { "" });
        };
        w.kw("WITH source AS (\n  ").list(sources, "\n  UNION ALL\n  ", |w, source| {
            w.sql(source);
        });
        w.kw("\n), whole AS (\n  SELECT DISTINCT ");
        keys(w);
        w.kw("btrim(regexp_replace(normalize(value COLLATE \"C\"), blank, ' ', 'g')) AS value\n  FROM source, ");
        self.table_of(w, "efface_spelling");
        w.kw("\n), unit AS (\n  SELECT ");
        keys(w);
        w.kw("value, n, CASE WHEN cut[1] ~ '^([Ss]{2}|[ßẞ])$' THEN 'ß' ELSE cut[1] END AS letter\n");
        w.kw("  FROM whole, regexp_matches(value, '[Ss]{2}|.', 'g') WITH ORDINALITY AS cuts (cut, n)\n");
        w.kw("  WHERE value ~ ").regex(SAYING).kw("\n), letter AS (\n");
        self.letters(w);
        w.kw("), sought AS (\n  SELECT ");
        keys(w);
        w.kw("value, value ~ ('^' || word || '|@') AS begins, value ~ (word || '$|@') AS ends");
        if sieves {
            w.kw(",\n    ");
            sieve::ends_open(w, "plain_sieve");
            w.kw(" AS plain_sieve, ");
            sieve::ends_open(w, "coarse_sieve");
            w.kw(" AS coarse_sieve");
        }
        for form in ["plain", "escaped"] {
            w.kw(",\n    CASE WHEN value ~ '@' THEN address_behind ELSE '' END || units.").kw(form);
            w.kw(" || CASE WHEN value ~ '@' THEN address_before ELSE '' END AS ").kw(form);
        }
        w.kw("\n  FROM (\n    SELECT ");
        keys(w);
        w.kw("value, string_agg(coalesce(plain, blank), '' ORDER BY n) AS plain, string_agg(coalesce(escaped, any_blank), '' ORDER BY n) AS escaped");
        if sieves {
            sieve::of_units(w);
        }
        w.kw("\n");
        w.kw("    FROM unit LEFT JOIN letter USING (letter), ");
        self.table_of(w, "efface_spelling");
        w.kw("\n    GROUP BY ");
        keys(w);
        w.kw("value\n  ) AS units, ");
        self.table_of(w, "efface_spelling");
        w.kw("\n)\nSELECT ");
        keys(w);
        w.kw("\n");
        for (form, behind, before, comma) in
            [("plain", "behind", "before", ",\n"), ("escaped", "behind_escapes", "before_escapes", "\n")]
        {
            // Values that begin with no word come first: where one of these and another end alike, nothing is put back.
            w.kw("  concat_ws('|', '(?:' || ").kw(form).kw("_ends || ')' || ").kw(before).kw(", ").kw(form);
            w.kw("_none,\n    ").kw(behind).kw(" || '(?:' || NULLIF(concat_ws('|', '(?:' || ").kw(form);
            w.kw("_both || ')' || ").kw(before).kw(", ").kw(form).kw("_begins), '') || ')') AS ").kw(form).kw(comma);
        }
        w.kw(if sieves { "  , sieves, coarse\nFROM " } else { "FROM " });
        self.table_of(w, "efface_spelling");
        w.kw(", (\n  SELECT ");
        keys(w);
        let groups = [
            ("_both", "begins AND ends"),
            ("_begins", "begins AND NOT ends"),
            ("_ends", "ends AND NOT begins"),
            ("_none", "NOT begins AND NOT ends"),
        ];
        let aggregates =
            ["plain", "escaped"].into_iter().flat_map(|form| groups.map(|(name, which)| (form, name, which)));
        w.list(aggregates, ",", |w, (form, name, which)| {
            w.kw("\n    string_agg(")
                .kw(form)
                .kw(", '|' ORDER BY value) FILTER (WHERE ")
                .kw(which)
                .kw(") AS ")
                .kw(form)
                .kw(name);
        });
        if sieves {
            w.kw(",\n    array_agg(plain_sieve ORDER BY value) AS sieves, array_agg(coarse_sieve ORDER BY value) AS coarse");
        }
        w.kw("\n  FROM sought");
        self.not_in_the_new_text(w, with);
        if several {
            w.kw("\n  GROUP BY ");
            key_list(w);
        } else {
            w.kw("\n  HAVING count(*) > 0");
        }
        w.kw("\n) AS whole");
    }

    /// A value that stands in the text which takes its place would be found for ever.
    fn not_in_the_new_text(&self, w: &mut Writer, with: &str) {
        if !with.chars().any(char::is_alphanumeric) {
            return;
        }
        let twice = with.repeat(2);
        w.kw(", ");
        self.table_of(w, "efface_spelling");
        w.kw("\n  WHERE CASE WHEN strpos(lower(").text(&twice).kw("), lower(value)) > 0 THEN ").text(&twice);
        w.kw(" !~ (behind || '(?:' || plain || ')' || before) ELSE true END");
    }

    /// How each letter that occurs may be written: `plain` as it is, in either case, and apart from its marks; `escaped` in
    /// the ways of JSON and HTML too.
    fn letters(&self, w: &mut Writer) {
        let bracket = |w: &mut Writer| {
            w.kw("'[' || string_agg(regexp_replace(c, ")
                .regex(r"[]\[\\^-]")
                .kw(", ")
                .regex(r"\\\&")
                .kw("), '') || ']'");
        };
        // Encoders let these stand.
        w.kw("  SELECT letter, plain, CASE WHEN letter ~ '^[-0-9A-Za-z.,_]$' THEN plain ELSE\n");
        // A quote, a slash and a backslash may have any number of backslashes in front.
        w.kw("    CASE WHEN letter IN ('\"', '''', '/', ").regex("\\").kw(") THEN ").regex(r"\\*").kw(" ELSE '' END\n");
        w.kw("    || '(?:' || concat_ws('|', plain, ").regex(r"\\+u(?:").kw(" || json || ')',\n");
        w.kw("      ampersand || '(?:' || names || '#(?:0*(?:' || decimal || ')|[xX]0*(?:' || hexadecimal || ')));', escaped_apart) || ')'\n");
        w.kw("    END AS escaped\n  FROM (\n    SELECT letter, CASE WHEN letter = 'ß' OR count(apart) > 0 THEN '(?:' || CASE letter WHEN 'ß' THEN '[Ss]{2}|' ELSE '' END\n");
        w.kw("        || concat_ws('|', ");
        bracket(w);
        w.kw(", string_agg(regexp_replace(apart, '.', ").regex(r"[\&]").kw(", 'g'), '|')) || ')'\n      ELSE ");
        bracket(w);
        w.kw(" END AS plain,\n      string_agg(CASE WHEN low IS NULL THEN high || '|' || upper(high)\n");
        w.kw("        ELSE '(?:' || high || '|' || upper(high) || ")
            .regex(r")\\+u(?:")
            .kw(" || low || '|' || upper(low) || ')' END, '|') AS json,\n");
        w.kw("      string_agg(ascii(c)::text, '|') AS decimal,");
        w.kw(" string_agg(to_hex(ascii(c)) || '|' || upper(to_hex(ascii(c))), '|') AS hexadecimal,\n");
        w.kw("      coalesce(string_agg(name || '|', ''), '') AS names, string_agg(escaped_apart, '|') AS escaped_apart\n");
        w.kw("    FROM (SELECT DISTINCT letter FROM unit WHERE letter <> ' ') AS own LEFT JOIN ");
        self.table_of(w, "efface_alike");
        w.kw(" USING (letter)\n    CROSS JOIN LATERAL regexp_split_to_table(coalesce(letters, letter), '') AS c\n");
        // JSON writes a character outside of the first plane as two halves (RFC 8259, 7).
        w.kw("    CROSS JOIN LATERAL (\n      SELECT NULLIF(normalize(c, NFD), c), lpad(to_hex(CASE WHEN ascii(c) < 65536 THEN ascii(c) ELSE 55232 + ascii(c) / 1024 END), 4, '0'),\n");
        w.kw("        CASE WHEN ascii(c) >= 65536 THEN to_hex(56320 + ascii(c) % 1024) END\n    ) AS form (apart, high, low)\n");
        w.kw("    CROSS JOIN LATERAL (\n      SELECT string_agg(CASE WHEN ascii(mark) < 128 THEN '[' || mark || ']' ELSE '(?:' || mark || ");
        w.regex(r"|\\+u(?:").kw(" || lpad(to_hex(ascii(mark)), 4, '0') || '|' || lpad(upper(to_hex(ascii(mark))), 4, '0')\n        || ')|' || ampersand");
        w.kw(" || '#(?:0*' || ascii(mark) || '|[xX]0*(?:' || to_hex(ascii(mark)) || '|' || upper(to_hex(ascii(mark))) || '));)' END, '' ORDER BY n)\n");
        w.kw("      FROM regexp_split_to_table(apart, '') WITH ORDINALITY AS marks (mark, n), ");
        self.table_of(w, "efface_spelling");
        w.kw("\n    ) AS marked (escaped_apart)\n    LEFT JOIN ");
        self.table_of(w, "efface_entities");
        w.kw(" ON sign = c\n    GROUP BY letter\n  ) AS forms, ");
        self.table_of(w, "efface_spelling");
        w.kw("\n");
    }
}

impl Scene<'_> {
    /// Where this script or question keeps what it knows of letters.
    fn spelled(&self) -> Spelled {
        Spelled { in_question: self.anyone }
    }

    /// [`Spelled::spelling`].
    pub fn spelling(&self) -> Vec<(&'static str, Writer)> {
        self.spelled().spelling()
    }

    /// [`Spelled::patterns_in`].
    pub fn patterns_in(&self, w: &mut Writer, keys: usize, sources: &[Writer], with: &str) {
        self.spelled().patterns_in(w, keys, sources, with);
    }

    /// [`Spelled::patterns_with`].
    pub fn patterns_with(&self, w: &mut Writer, keys: usize, sources: &[Writer], with: &str, sieves: bool) {
        self.spelled().patterns_with(w, keys, sources, with, sieves);
    }

    /// The patterns of each person as a query: `plain` for texts without escapes, `escaped` for those with some.
    pub fn patterns(&self, w: &mut Writer, patterns: &Patterns) {
        let owner = patterns.values.owner.as_ref();
        let source = |source: &SourceRows| {
            let mut w = Writer::new();
            self.source(&mut w, owner, source);
            w
        };
        let sources: Vec<_> = patterns.sources.iter().map(source).collect();
        self.patterns_in(w, owner.map_or(0, |owner| owner.key.len()), &sources, &patterns.with);
    }

    /// The values of a source, each with the key of the person whose it is.
    fn source(&self, w: &mut Writer, owner: Option<&Owner>, rows: &SourceRows) {
        let ValueSource::Column { table: id, column, ways } = &rows.source else {
            w.kw("SELECT unnest(current_setting('efface.key1')::text[]) AS value");
            return;
        };
        let table = self.catalog.table(*id);
        let value = |w: &mut Writer| {
            let several = matches!(table.column_at(*column).ty, PgType::Array { .. });
            w.kw(if several { "unnest(" } else { "" }).column(table, *column).kw(if several { ")" } else { "" });
            w.kw("::text AS value");
        };
        let Some(owner) = owner else {
            w.kw("SELECT ");
            value(w);
            w.kw(" FROM ").rows_of(self.catalog, &table.name).kw(" WHERE ").sql(&self.rows(*id, &rows.rows));
            return;
        };
        w.list(ways, "\n  UNION ALL\n  ", |w, way| {
            if way.0.is_empty() {
                w.kw("SELECT ").list(owner.key.iter().enumerate(), ", ", |w, (n, column)| {
                    w.column(table, *column).kw(" AS key").number(n as i128 + 1);
                });
                w.kw(", ");
                value(w);
                w.kw(" FROM ").rows_of(self.catalog, &table.name).kw(" WHERE ").sql(&self.rows(*id, &rows.rows));
                return;
            }
            let mut own = Writer::new();
            value(&mut own);
            let way = self.way_of_source(way, owner, own, &self.rows(*id, &rows.rows));
            w.kw("SELECT ").list(way.key.iter().enumerate(), ", ", |w, (n, key)| {
                w.sql(key).kw(" AS key").number(n as i128 + 1);
            });
            w.kw(", value FROM ").sql(&way.from());
            w.kw(if way.conditions.is_empty() { "" } else { " WHERE " }).sql(&way.conditions());
        });
    }

    /// Texts are Unicode.
    pub fn encoding_check(&self) -> Option<Check> {
        if self.plan.patterns.is_empty() && self.plan.gone.is_none() {
            return None;
        }
        let mut count = Writer::new();
        count.kw("SELECT CASE WHEN getdatabaseencoding() = 'UTF8' THEN 0 ELSE 1 END");
        Some(Check {
            name: "the database's encoding".into(),
            message: "`scrub` and `gone` know the characters of UTF-8 only: do without them here".into(),
            count,
        })
    }

    /// No value is so short that it stands in texts by chance, and no pattern longer than the server can use.
    pub fn value_checks(&self) -> Vec<Check> {
        let mut checks = Vec::new();
        let mut known = Vec::new();
        for patterns in self.plan.patterns.iter().filter(|patterns| !patterns.values.short) {
            let owner = patterns.values.owner.as_ref();
            for source in &patterns.sources {
                if !known.contains(&(owner, source)) {
                    known.push((owner, source));
                    checks.push(self.short_check(owner, source));
                }
            }
        }
        checks.extend((0..self.plan.patterns.len()).map(|index| self.length_check(index)));
        checks
    }

    fn short_check(&self, owner: Option<&Owner>, source: &SourceRows) -> Check {
        let mut count = Writer::new();
        count.kw("SELECT count(*) FROM (");
        self.source(&mut count, owner, source);
        count
            .kw(") AS source WHERE length(btrim(normalize(value))) < ")
            .number(SHORT)
            .kw(" AND value ~ ")
            .regex(SAYING);
        let message = format!(
            "values to `scrub` have fewer than {SHORT} characters, and would be found where nobody is meant: leave the column \
             out, or write `short: true`"
        );
        Check { name: self.source_name(&source.source), message, count }
    }

    fn length_check(&self, index: usize) -> Check {
        let patterns = &self.plan.patterns[index];
        let mut count = Writer::new();
        count.kw("SELECT count(*) FROM pg_temp.efface_patterns_").number(index as i128 + 1);
        count.kw(" WHERE length(escaped) > ").number(LONGEST);
        let names: Vec<_> = patterns.sources.iter().map(|source| self.source_name(&source.source)).collect();
        let message = match patterns.values.owner {
            Some(_) => "people have values that are too long, or too many, to be looked for: name columns with names",
            None => "the people of this run have too many values to be looked for at once: erase fewer in one run",
        };
        Check { name: names.join(", "), message: message.into(), count }
    }

    fn source_name(&self, source: &ValueSource) -> String {
        match source {
            ValueSource::Column { table, column, .. } => self.catalog.spelled(*table, *column),
            ValueSource::Subject => ":subject".to_owned(),
        }
    }
}
