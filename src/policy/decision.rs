//! What does the policy say about one column?
//!
//! A word, or a map with exactly one action and that action's options.

use super::keys::{self, Fields, empty, shape};
use super::model::ColumnRule;
use super::rules::present;
use super::scalar::{Reader, Sql};
use super::yaml::{Kind, Node, Style};
use crate::action::{Decision, OtherColumns, Randomize, random};
use crate::diagnostic::{Code, Diagnostic};
use crate::ident::{Ident, shown};
use crate::source::{Span, Spanned};

const WORDS: &[&str] = &["keep", "null", "default", "randomize", "undecided"];

/// What PostgreSQL reads as another moment at every call, or as no moment at all.
const DATE_WORDS: &[&str] = &[
    "now",
    "now()",
    "today",
    "tomorrow",
    "yesterday",
    "infinity",
    "-infinity",
    "+infinity",
    "epoch",
    "allballs",
    "current_date",
    "current_time",
    "current_timestamp",
    "localtime",
    "localtimestamp",
];

/// What is no reason: a switch that was meant.
const NO_REASONS: &[&str] = &["true", "false", "yes", "no", "on", "off"];

impl Reader<'_> {
    /// What happens to one column: its name and what stands behind it.
    pub fn column_rule(&mut self, node: &Node, name: &Spanned<String>) -> Option<ColumnRule> {
        let column = Spanned::new(Ident::new(name.value.as_str()), name.span);
        if !matches!(node.kind, Kind::Map(_)) {
            let decision = self.word(node, name)?;
            return Some(ColumnRule { column, decision, propagate: None });
        }
        let fields = keys::fields(node, name.span, &keys::DECISION, &mut self.report)?;
        let propagate = fields.entry("propagate").map(|(key, value)| self.propagate(value, key.span, &fields));
        let decision = Spanned::new(self.action(&fields, node)?, node.span);
        Some(ColumnRule { column, decision, propagate: present(propagate)? })
    }

    /// A decision that is one word.
    fn word(&mut self, node: &Node, column: &Spanned<String>) -> Option<Spanned<Decision>> {
        match &node.kind {
            Kind::Empty => {
                let found = empty(column.span, &format!("column `{}`", shown(&column.value)));
                self.report.push(found.help("write `null` to set it to NULL"));
                None
            }
            Kind::List(_) | Kind::Map(_) => {
                let found = shape(node, "a column's decision is a word or a map");
                self.report.push(found.help("a text in brackets stands in quotes: `{ replace: \"[deleted]\" }`"));
                None
            }
            Kind::Scalar(scalar) => {
                let plain = scalar.style == Style::Plain;
                let decision = match scalar.text.as_str() {
                    "keep" if plain => Decision::Keep { reason: None },
                    "null" if plain => Decision::Null,
                    "default" if plain => Decision::Default,
                    "randomize" if plain => Decision::Randomize(Randomize::default()),
                    "undecided" if plain => Decision::Undecided,
                    text => {
                        self.report.push(unknown_word(text, plain, node.span, WORDS));
                        return None;
                    }
                };
                Some(Spanned::new(decision, node.span))
            }
        }
    }

    /// `propagate: true`, beside an action that gives the value a new one; the place of its key.
    fn propagate(&mut self, node: &Node, owner: Span, fields: &Fields<'_>) -> Option<Span> {
        if let Some((keep, _)) = fields.entry("keep") {
            let found = Diagnostic::new(Code::ConflictingKeys, "`propagate` stands beside `keep`")
                .at(owner, "nothing has to follow")
                .label(keep.span, "the value stays as it is");
            self.report.push(found.help("leave it out"));
            return None;
        }
        if node.word() == Some("true") {
            return Some(owner);
        }
        let found = match &node.kind {
            Kind::Empty => empty(owner, "`propagate`"),
            Kind::List(_) | Kind::Map(_) => shape(node, "`propagate` is the word `true`"),
            Kind::Scalar(_) => Diagnostic::new(Code::InvalidValue, "`propagate` is not the word `true`")
                .at(node.span, "it is written or left out"),
        };
        self.report.push(found.help("write `propagate: true`, or leave it out"));
        None
    }

    fn action(&mut self, fields: &Fields<'_>, node: &Node) -> Option<Decision> {
        let actions: Vec<_> =
            fields.entries.iter().copied().filter(|(key, _)| keys::ACTIONS.contains(&key.value.as_str())).collect();
        let [(action, value)] = actions[..] else {
            if let [(first, _), (second, _), ..] = actions[..] {
                let found = Diagnostic::new(Code::ConflictingKeys, "a column's decision has more than one action");
                let found = found.at(second.span, "a second action").label(first.span, "the first");
                self.report.push(found.help("leave one of them out"));
            } else if let Some((option, _)) = fields.entries.first() {
                let found = Diagnostic::new(Code::MissingKey, "a column's decision has no action");
                let mut found = found.at(option.span, "this is only an option");
                if fields.entry("propagate").is_some() {
                    found = found.note("what references a row can follow to a new value, but not to NULL or a default");
                }
                self.report.push(found.help(format!("actions: {}", keys::list(keys::ACTIONS))));
            } else if matches!(&node.kind, Kind::Map(map) if map.is_empty()) {
                self.report.push(empty(node.span, "a column's decision").help("write `null` to set it to NULL"));
            }
            return None;
        };
        if action.value != "randomize" {
            let options =
                fields.entries.iter().filter(|(key, _)| key.value != action.value && key.value != "propagate");
            for (option, _) in options {
                let message = format!("`{}` is an option of `randomize`, not of `{}`", option.value, action.value);
                let found =
                    Diagnostic::new(Code::ConflictingKeys, message).at(option.span, "stands beside another action");
                self.report.push(found.label(action.span, "the action").help(format!("leave `{}` out", option.value)));
            }
        }
        match action.value.as_str() {
            "keep" => Some(Decision::Keep { reason: Some(self.reason(value, action.span)?.value) }),
            "replace" => {
                let literal = self.literal(value, action.span, "replace")?;
                if DATE_WORDS.contains(&literal.value.trim().to_lowercase().as_str()) {
                    let found = Diagnostic::new(Code::InvalidValue, "a moment stands for a literal")
                        .at(literal.span, "the server would read this as something that moves")
                        .help("write `sql: now()` for the moment of the change");
                    self.report
                        .push(found.help(format!("or the text itself as SQL:\nsql: |\n  '{}'", shown(&literal.value))));
                    return None;
                }
                Some(Decision::Replace(literal))
            }
            "reassign_to" => Some(Decision::ReassignTo(self.literal(value, action.span, "reassign_to")?)),
            "sql" => Some(Decision::Sql(self.sql(value, action.span, "sql", Sql::Expression)?.0)),
            _ => self.randomize(value, action.span, fields),
        }
    }

    /// Why something stays.
    pub fn reason(&mut self, node: &Node, owner: Span) -> Option<Spanned<String>> {
        if let Some(word) = node.word()
            && NO_REASONS.contains(&word.to_lowercase().as_str())
        {
            let found = Diagnostic::new(Code::MissingReason, "`keep` takes the reason, not a switch");
            self.report.push(found.at(node.span, "this is no reason").help("say why: `keep: seven years, tax law`"));
            return None;
        }
        self.text(node, owner, "keep")
    }

    fn randomize(&mut self, node: &Node, owner: Span, fields: &Fields<'_>) -> Option<Decision> {
        let names: Vec<&str> = random::Kind::ALL.iter().map(|kind| kind.name()).collect();
        let word = match &node.kind {
            Kind::Empty => {
                let found = empty(owner, "`randomize`");
                self.report.push(found.help("write the word `randomize` alone for a value by the column's type"));
                return None;
            }
            Kind::Scalar(scalar) => scalar.text.as_str(),
            Kind::List(_) | Kind::Map(_) => {
                let found = shape(node, "`randomize` takes the name of a kind");
                self.report.push(found.help(format!("kinds: {}", keys::list(&names))));
                return None;
            }
        };
        let Some(kind) = random::Kind::from_name(word) else {
            let found =
                Diagnostic::new(Code::UnknownAction, format!("no kind of random value named `{}`", shown(word)));
            let help = match keys::nearest(word, names.iter().copied()) {
                Some(near) => format!("a kind named `{near}` exists"),
                None => format!("kinds: {}", keys::list(&names)),
            };
            self.report.push(found.at(node.span, "not known").help(help));
            return None;
        };
        let mut random = Randomize { kind: Some(Spanned::new(kind, node.span)), ..Randomize::default() };
        for (option, value) in fields.entries.iter().copied().filter(|(key, _)| key.value != "randomize") {
            let name = option.value.as_str();
            if keys::ACTIONS.contains(&name) || name == "propagate" {
                continue;
            }
            if !options(kind).contains(&name) {
                let found = Diagnostic::new(
                    Code::ConflictingKeys,
                    format!("`randomize: {}` has no option `{name}`", kind.name()),
                );
                let found = found.at(option.span, "an option of other kinds").label(node.span, "the kind");
                let known = options(kind);
                let help = match known {
                    [] => format!("leave `{name}` out"),
                    _ => format!("its options: {}", keys::list(known)),
                };
                self.report.push(found.help(help));
                continue;
            }
            match name {
                "domain" => {
                    random.domain = self.checked(value, option, "a domain such as `deleted.invalid`", is_domain)
                }
                "format" => {
                    let what = "a picture with at least one `#` for a digit, in quotes: `\"+## ###\"`";
                    random.format = self.checked(value, option, what, |text| text.contains('#'));
                }
                "min" => random.min = self.bound(value, option, kind),
                "max" => random.max = self.bound(value, option, kind),
                "length" => {
                    let length = self.number(value, option.span, name, 1);
                    let fits = |length: &u64| u32::try_from(*length).ok().filter(|length| *length <= random::LONGEST);
                    random.length =
                        length.as_ref().and_then(|length| Some(Spanned::new(fits(&length.value)?, length.span)));
                    if let (Some(length), None) = (length, &random.length) {
                        let found = Diagnostic::new(Code::InvalidValue, "`length` is more than anybody reads");
                        let found = found.at(length.span, "too long");
                        self.report.push(found.help(format!("{} are the most", random::LONGEST)));
                    }
                }
                _ => random.from = self.choices(value, option),
            }
        }
        self.bounds_in_order(&random, kind);
        Some(Decision::Randomize(random))
    }

    fn checked(
        &mut self,
        node: &Node,
        option: &Spanned<String>,
        what: &str,
        fits: impl Fn(&str) -> bool,
    ) -> Option<Spanned<String>> {
        let literal = self.literal(node, option.span, &option.value)?;
        if fits(&literal.value) {
            return Some(literal);
        }
        let found = Diagnostic::new(Code::InvalidValue, format!("`{}` is {what}", option.value));
        self.report.push(found.at(literal.span, "this is something else").help(format!("write {what}")));
        None
    }

    fn bound(&mut self, node: &Node, option: &Spanned<String>, kind: random::Kind) -> Option<Spanned<String>> {
        match kind {
            random::Kind::Integer => self.checked(node, option, "a whole number", |text| text.parse::<i64>().is_ok()),
            random::Kind::Number => self.checked(node, option, "a number such as `12.50`", is_decimal),
            random::Kind::Date => self.checked(node, option, "a day such as `1980-12-31`", is_date),
            _ => self.checked(node, option, "a moment such as `1980-12-31 23:59:59`", is_timestamp),
        }
    }

    fn bounds_in_order(&mut self, random: &Randomize, kind: random::Kind) {
        let (Some(min), Some(max)) = (&random.min, &random.max) else { return };
        let turned = match kind {
            random::Kind::Integer => min.value.parse::<i64>().ok() > max.value.parse::<i64>().ok(),
            random::Kind::Number => min.value.parse::<f64>().ok() > max.value.parse::<f64>().ok(),
            // ISO 8601 texts are in order as their moments are; `T` and a blank mean the same.
            _ => min.value.replace('T', " ") > max.value.replace('T', " "),
        };
        if turned {
            let found = Diagnostic::new(Code::InvalidValue, "`min` is greater than `max`").at(min.span, "greater");
            self.report.push(found.label(max.span, "than this").help("write the lesser one as `min`"));
        }
    }

    fn choices(&mut self, node: &Node, option: &Spanned<String>) -> Vec<Spanned<String>> {
        match &node.kind {
            Kind::List(items) if !items.is_empty() => {
                items.iter().filter_map(|item| self.literal(item, item.span, "from")).collect()
            }
            Kind::Empty | Kind::Scalar(_) | Kind::List(_) | Kind::Map(_) => {
                let found = Diagnostic::new(Code::WrongShape, "`from` is a list of at least one value");
                self.report.push(found.at(option.span, "this is something else").help("write `from: [a, b]`"));
                Vec::new()
            }
        }
    }

    /// What happens to the columns that have no name in a rule.
    pub fn other_columns(&mut self, node: &Node, owner: Span) -> Option<Spanned<OtherColumns>> {
        let value = match &node.kind {
            Kind::Empty => {
                let found = empty(owner, "`other_columns`").help("write `null` to set them to NULL");
                self.report.push(found);
                return None;
            }
            Kind::List(_) | Kind::Map(_) => {
                let found = shape(node, "`other_columns` is a word");
                self.report
                    .push(found.help("`keep`, `null`, `default` or `randomize`; name a column for anything else"));
                return None;
            }
            Kind::Scalar(scalar) => match (scalar.text.as_str(), scalar.style) {
                ("keep", Style::Plain) => OtherColumns::Keep,
                ("null", Style::Plain) => OtherColumns::Null,
                ("default", Style::Plain) => OtherColumns::Default,
                ("randomize", Style::Plain) => OtherColumns::Randomize,
                (text, style) => {
                    let words = &["keep", "null", "default", "randomize"];
                    self.report.push(unknown_word(text, style == Style::Plain, node.span, words));
                    return None;
                }
            },
        };
        Some(Spanned::new(value, node.span))
    }
}

/// A word that is no decision about columns.
fn unknown_word(text: &str, plain: bool, span: Span, words: &[&str]) -> Diagnostic {
    let null = matches!(text, "~" | "null" | "Null" | "NULL" | "");
    if null {
        return Diagnostic::new(Code::EmptyValue, "a null is not written out")
            .at(span, if plain { "YAML has several nulls" } else { "in quotes this is a text" })
            .help("write `null` to set it to NULL");
    }
    if words.contains(&text) {
        return Diagnostic::new(Code::InvalidValue, format!("`{text}` stands in quotes"))
            .at(span, "in quotes this is a text, not a decision")
            .help(format!("write {text} without quotes"))
            .help(format!("or, for the text itself, `{{ replace: \"{text}\" }}`"));
    }
    let found =
        Diagnostic::new(Code::UnknownAction, format!("no decision named `{}`", shown(text))).at(span, "not known");
    if matches!(text, "delete" | "cascade") {
        return found.help("rows are deleted by `rows:` of the rule, not column by column");
    }
    if super::keys::DECISION.later.contains(&text) {
        return super::keys::later(span, text);
    }
    match keys::nearest(text, words.iter().copied()) {
        Some(near) => found.help(format!("a decision named `{near}` exists")),
        None => found.help(format!("for this text itself, write `{{ replace: {} }}`", quoted(text))),
    }
}

/// A text as a YAML scalar in quotes.
fn quoted(text: &str) -> String {
    format!("\"{}\"", shown(text).to_string().replace('"', "\\\""))
}

/// The options that a kind of random value takes.
pub(super) fn options(kind: random::Kind) -> &'static [&'static str] {
    use random::Kind;
    match kind {
        Kind::Email => &["domain"],
        Kind::Digits => &["format"],
        Kind::Integer | Kind::Number | Kind::Date | Kind::Timestamp => &["min", "max"],
        Kind::Text | Kind::Token | Kind::Bytes => &["length"],
        Kind::Choice => &["from"],
        Kind::Name | Kind::FirstName | Kind::LastName | Kind::Phone | Kind::Uuid | Kind::Boolean | Kind::Inet => &[],
    }
}

fn is_domain(text: &str) -> bool {
    let label = |part: &str| {
        let edge = part.starts_with('-') || part.ends_with('-');
        !part.is_empty() && part.len() <= 63 && !edge && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    text.len() <= 253 && text.split('.').all(label)
}

fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    [whole, part].iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
}

fn is_date(text: &str) -> bool {
    let number = |part: &str, digits: usize| {
        (part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit()))
            .then(|| part.parse::<u32>().ok())
            .flatten()
    };
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next(), parts.next(), parts.next());
    let (Some(year), Some(month), Some(day), None) = (year, month, day, parts.next()) else { return false };
    let (Some(year), Some(month), Some(day)) = (number(year, 4), number(month, 2), number(day, 2)) else {
        return false;
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return false,
    };
    year > 0 && (1..=days).contains(&day)
}

fn is_timestamp(text: &str) -> bool {
    let Some((date, time)) = text.split_once([' ', 'T']) else { return is_date(text) };
    let parts: Vec<&str> = time.split(':').collect();
    let below = |part: &str, limit: u8| {
        part.len() == 2
            && part.bytes().all(|byte| byte.is_ascii_digit())
            && part.parse().is_ok_and(|number: u8| number < limit)
    };
    let clock = match parts[..] {
        [hour, minute] => below(hour, 24) && below(minute, 60),
        [hour, minute, second] => below(hour, 24) && below(minute, 60) && below(second, 60),
        _ => false,
    };
    is_date(date) && clock
}
