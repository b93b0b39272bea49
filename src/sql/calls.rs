//! Which functions and operators does a script use by name?
//!
//! Words and nothing else: what stands in strings counts too, since the bodies of DO blocks do. So it may name too many,
//! which only matters where an object of that name could take the place of PostgreSQL's own.

use std::collections::BTreeSet;

/// What some SQL calls, as it is written there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calls {
    /// Names of functions, folded, with the schema where one is written.
    pub functions: BTreeSet<(Option<String>, String)>,
    /// Unbroken runs of the characters that operators are made of.
    operators: BTreeSet<String>,
}

impl Calls {
    /// Adds what a text calls.
    pub fn read(&mut self, sql: &str) {
        let mut rest = sql;
        let mut before: Option<String> = None;
        while let Some(first) = rest.chars().next() {
            if is_of_name(first) {
                let (word, behind) = split(rest, is_of_name);
                let schema = before.take();
                let behind = behind.strip_prefix('"').unwrap_or(behind);
                if let Some(next) = behind.strip_prefix('.') {
                    before = Some(word.to_lowercase());
                    rest = next.strip_prefix('"').unwrap_or(next);
                    continue;
                }
                if blanks(behind).starts_with('(') {
                    self.functions.insert((schema, word.to_lowercase()));
                }
                rest = behind;
            } else if is_of_operator(first) {
                let (run, behind) = split(rest, is_of_operator);
                self.operators.insert(run.to_owned());
                (before, rest) = (None, behind);
            } else {
                (before, rest) = (None, &rest[first.len_utf8()..]);
            }
        }
    }

    /// Whether a function is called by this name alone, so that the search path decides which one it is.
    pub fn by_bare_name(&self, function: &str) -> bool {
        self.functions.contains(&(None, function.to_lowercase()))
    }

    /// Whether an operator of this name may be used.
    pub fn operator(&self, name: &str) -> bool {
        // Words that are operators: `IN` and `IS DISTINCT FROM` are `=`, `LIKE` is `~~`.
        matches!(name, "=" | "<>" | "~~" | "!~~" | "~~*" | "!~~*" | "<=" | ">=" | "<" | ">")
            || self.operators.iter().any(|run| run.contains(name))
    }
}

fn is_of_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '$')
}

fn is_of_operator(c: char) -> bool {
    "+-*/<>=~!@#%^&|`?".contains(c)
}

fn split(text: &str, is: fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c: char| !is(c)).unwrap_or(text.len()))
}

/// What is left behind blanks and comments.
fn blanks(text: &str) -> &str {
    let mut rest = text.trim_start();
    loop {
        rest = if let Some(comment) = rest.strip_prefix("--") {
            comment.split_once('\n').map_or("", |(_, behind)| behind)
        } else if let Some(comment) = rest.strip_prefix("/*") {
            comment.split_once("*/").map_or("", |(_, behind)| behind)
        } else {
            return rest;
        }
        .trim_start();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(sql: &str) -> Calls {
        let mut calls = Calls::default();
        calls.read(sql);
        calls
    }

    #[test]
    fn a_function_is_a_word_in_front_of_a_parenthesis() {
        let calls =
            of("SELECT lower(x), \"upper\" (y), now /* so */ -- and\n (), Trim(z), 'a \" b', round(1), left || right");
        for name in ["lower", "upper", "now", "trim", "round"] {
            assert!(calls.by_bare_name(name), "{name}");
        }
        assert!(!calls.by_bare_name("left") && !calls.by_bare_name("x"));
    }

    #[test]
    fn a_function_that_is_called_with_its_schema_is_not_called_by_its_bare_name() {
        let calls = of("pg_catalog.lower(x) = public.\"round\"(y, 2) and a.b.c(1)");
        assert!(!calls.by_bare_name("lower") && !calls.by_bare_name("round"));
        assert!(calls.functions.contains(&(Some("public".into()), "round".into())));
        assert!(of("pg_catalog.lower(x) = lower(y)").by_bare_name("lower"));
    }

    #[test]
    fn operators_are_found_in_runs_and_behind_words() {
        let calls = of("a || b and c @>-1");
        assert!(calls.operator("||") && calls.operator("@>") && calls.operator("-") && calls.operator("="));
        assert!(!calls.operator("#>>"));
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[a-zü\"'$. (\\-/*=|\n]{0,40}") {
            of(&text);
        }
    }
}
