//! What does the printed definition of an index or an exclusion constraint consist of?

/// Its parts, as the server prints them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Definition<'a> {
    pub elements: Vec<Element<'a>>,
    /// Which rows are in it, one condition that all of these make; empty where all rows are.
    pub predicate: &'a str,
}

/// What is compared.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Element<'a> {
    /// A column or an expression.
    pub expression: &'a str,
    /// Whether equality is the type's own, and nobody's operator class.
    pub usual: bool,
    /// Of an exclusion constraint: the operator that may not hold between two rows.
    pub operator: Option<&'a str>,
}

impl<'a> Definition<'a> {
    /// Nothing where it isn't understood.
    pub fn read(text: &'a str) -> Option<Self> {
        let (_, behind) = split_at_word(text, " USING ")?;
        let (method, behind) = behind.split_once(' ')?;
        let (elements, behind) = parenthesized(behind)?;
        let predicate = match split_at_word(behind, " WHERE ") {
            // Behind an exclusion's there may be more, and then it stands in parentheses.
            Some((_, predicate)) => match parenthesized(predicate) {
                Some((inner, rest)) if rest.starts_with(" DEFERRABLE") => inner,
                _ => predicate,
            },
            None => "",
        };
        let mut elements: Vec<_> = split(elements).into_iter().map(Element::read).collect();
        // Temporal keys (18) call ranges equal that overlap.
        let by_equality = matches!(method, "btree" | "hash");
        elements.iter_mut().filter(|element| element.operator.is_none()).for_each(|element| {
            element.usual &= by_equality;
        });
        Some(Self { elements, predicate })
    }
}

impl<'a> Element<'a> {
    fn read(text: &'a str) -> Self {
        let (text, operator) = match split_at_word(text, " WITH ") {
            Some((text, operator)) => (text, Some(operator)),
            None => (text, None),
        };
        let end = split_at_word(text, " ").map_or(text.len(), |(expression, _)| expression.len());
        let (expression, options) = text.split_at(end);
        let mut words = options.split_whitespace();
        let mut usual = true;
        while let Some(word) = words.next() {
            match word {
                "ASC" | "DESC" | "NULLS" | "FIRST" | "LAST" => {}
                "COLLATE" => drop(words.next()),
                // Those of pg_catalog stand without their schema.
                class => usual &= class.ends_with("_ops") && !class.contains(['.', '"']),
            }
        }
        Self { expression, usual, operator }
    }
}

/// Each character outside of quotes with its depth in parentheses, which is that of their inside for both of them.
fn outside(text: &str) -> impl Iterator<Item = (usize, char, usize)> + '_ {
    let (mut depth, mut quote) = (0_usize, None);
    text.char_indices().filter_map(move |(at, c)| {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '(' | '[') => {
                depth += 1;
                return Some((at, c, depth));
            }
            (None, ')' | ']') => {
                depth = depth.saturating_sub(1);
                return Some((at, c, depth + 1));
            }
            (None, _) => return Some((at, c, depth)),
        }
        None
    })
}

/// The text before and behind a word that stands outside of quotes and parentheses.
pub(super) fn split_at_word<'a>(text: &'a str, word: &str) -> Option<(&'a str, &'a str)> {
    let (at, ..) = outside(text).find(|(at, _, depth)| *depth == 0 && text[*at..].starts_with(word))?;
    Some((&text[..at], &text[at + word.len()..]))
}

/// The inside of the parentheses that a text begins with, and what stands behind them.
pub(super) fn parenthesized(text: &str) -> Option<(&str, &str)> {
    let inner = text.strip_prefix('(')?;
    let (end, ..) = outside(text).skip(1).find(|(_, c, depth)| *c == ')' && *depth == 1)?;
    Some((&inner[..end - 1], &text[end + 1..]))
}

/// Parts with commas between them.
fn split(text: &str) -> Vec<&str> {
    let commas: Vec<_> = outside(text).filter(|(_, c, depth)| *c == ',' && *depth == 0).map(|(at, ..)| at).collect();
    let mut start = 0;
    let mut parts = Vec::new();
    for end in commas.into_iter().chain([text.len()]) {
        parts.push(text[start..end].trim());
        start = end + 1;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An element's expression, whether it is compared as usual, and its operator.
    type Told<'a> = (&'a str, bool, Option<&'a str>);

    fn read(text: &str) -> (Vec<Told<'_>>, &str) {
        let found = Definition::read(text).expect("a definition");
        let elements = found.elements.iter().map(|element| (element.expression, element.usual, element.operator));
        (elements.collect(), found.predicate)
    }

    #[test]
    fn an_index_is_read_whatever_it_is_called() {
        assert_eq!(
            read(
                "CREATE UNIQUE INDEX \"on USING btree (x) WHERE y\" ON public.x USING btree (email COLLATE \"C\" DESC NULLS LAST, \
                 last varchar_pattern_ops, mail public.loose_ops, lower((a)::text), ((b || ', '::text))) INCLUDE (u) \
                 NULLS NOT DISTINCT WITH (fillfactor='70') WHERE (active AND (email <> ' WHERE '::text))"
            ),
            (
                vec![
                    ("email", true, None),
                    ("last", true, None),
                    ("mail", false, None),
                    ("lower((a)::text)", true, None),
                    ("((b || ', '::text))", true, None)
                ],
                "(active AND (email <> ' WHERE '::text))"
            )
        );
        assert_eq!(read("CREATE UNIQUE INDEX i ON ONLY public.t USING btree (\"a, b\")").0, [("\"a, b\"", true, None)]);
        assert_eq!(read("CREATE UNIQUE INDEX i ON public.t USING gist (id, valid)").0[0], ("id", false, None));
    }

    #[test]
    fn an_exclusion_is_read_with_its_operators() {
        assert_eq!(
            read(
                "EXCLUDE USING gist (id WITH =, tsrange(s, e) WITH &&, note COLLATE \"C\" WITH OPERATOR(public.~~~)) \
                 WHERE ((active AND (s IS NOT NULL))) DEFERRABLE INITIALLY DEFERRED"
            ),
            (
                vec![
                    ("id", true, Some("=")),
                    ("tsrange(s, e)", true, Some("&&")),
                    ("note", true, Some("OPERATOR(public.~~~)"))
                ],
                "(active AND (s IS NOT NULL))"
            )
        );
    }

    #[test]
    fn what_is_no_definition_is_not_read() {
        for text in
            ["", "CREATE UNIQUE INDEX i", "x USING btree", "x USING btree a", "x USING btree (a", "é USING é (é"]
        {
            assert_eq!(Definition::read(text), None, "{text}");
        }
    }
}
