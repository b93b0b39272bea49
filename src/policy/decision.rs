//! What does the policy say about one column?
//!
//! A word, or a map with exactly one action and that action's options.

use super::keys::{self, Fields, empty, shape};
use super::model::ColumnRule;
use super::rules::present;
use super::scalar::{Reader, Sql};
use super::yaml::{Kind, Node, Style};
use crate::action::{Decision, OtherColumns, Randomize};
use crate::diagnostic::{Code, Diagnostic};
use crate::ident::{Ident, shown};
use crate::source::{Span, Spanned};

const WORDS: &[&str] = &["keep", "null", "default", "randomize", "pseudonymize", "undecided"];

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

/// What an action is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// A column's value.
    Column,
    /// A value in a document.
    Edit,
}

impl What {
    fn name(self) -> &'static str {
        match self {
            What::Column => keys::DECISION.name,
            What::Edit => keys::EDIT.name,
        }
    }
}

impl Reader<'_> {
    /// What happens to one column: its name and what stands behind it.
    pub fn column_rule(&mut self, node: &Node, name: &Spanned<String>) -> Option<ColumnRule> {
        let column = Spanned::new(Ident::new(name.value.as_str()), name.span);
        if !matches!(node.kind, Kind::Map(_)) {
            let decision = self.word(node, name)?;
            return Some(ColumnRule { column, decision, propagate: None, via: None });
        }
        let fields = keys::fields(node, name.span, &keys::DECISION, &mut self.report)?;
        let propagate = fields.entry("propagate").map(|(key, value)| self.propagate(value, key.span, &fields));
        let via = self.scrub_via(&fields);
        let decision = Spanned::new(self.action(&fields, node, What::Column)?, node.span);
        Some(ColumnRule { column, decision, propagate: present(propagate)?, via: present(via)? })
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
                    "pseudonymize" if plain => Decision::Pseudonymize(Randomize::default()),
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
        if let Some((scrub, _)) = fields.entry("scrub") {
            let found = Diagnostic::new(Code::ConflictingKeys, "`propagate` stands beside `scrub`")
                .at(owner, "nothing can follow")
                .label(scrub.span, "a text with names in it is no key");
            self.report.push(found.help("leave it out"));
            return None;
        }
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

    /// The action of a map, with its options.
    pub(super) fn action(&mut self, fields: &Fields<'_>, node: &Node, what: What) -> Option<Decision> {
        let is_action = |key: &&str| keys::ACTIONS.contains(key);
        let actions: Vec<_> =
            fields.entries.iter().copied().filter(|(key, _)| is_action(&key.value.as_str())).collect();
        let [(action, value)] = actions[..] else {
            if let [(first, _), (second, _), ..] = actions[..] {
                let found = Diagnostic::new(Code::ConflictingKeys, format!("{} has more than one action", what.name()));
                let found = found.at(second.span, "a second action").label(first.span, "the first");
                self.report.push(found.help("leave one of them out"));
            } else if let Some((option, _)) = fields.entries.first() {
                let found = Diagnostic::new(Code::MissingKey, format!("{} has no action", what.name()));
                let mut found = found.at(option.span, "this is only an option");
                if fields.entry("propagate").is_some() {
                    found = found.note("what references a row can follow to a new value, but not to NULL or a default");
                }
                let known = match what {
                    What::Column => keys::list(keys::ACTIONS),
                    What::Edit => keys::list(&keys::EDIT.keys.iter().copied().filter(is_action).collect::<Vec<_>>()),
                };
                self.report.push(found.help(format!("actions: {known}")));
            } else if matches!(&node.kind, Kind::Map(map) if map.is_empty()) {
                self.report.push(empty(node.span, what.name()).help("write `null` to set it to NULL"));
            }
            return None;
        };
        // The kind of a random value says which options it has.
        if let Some(own) = options_of(&action.value) {
            let others = fields.entries.iter().filter(|(key, _)| key.value != action.value && key.value != "propagate");
            for (option, _) in others.filter(|(key, _)| !own.contains(&key.value.as_str())) {
                let owners: Vec<&str> = owners_of(&option.value);
                let message =
                    format!("`{}` is an option of {}, not of `{}`", option.value, owners.join(" and "), action.value);
                let found =
                    Diagnostic::new(Code::ConflictingKeys, message).at(option.span, "stands beside another action");
                self.report.push(found.label(action.span, "the action").help(format!("leave `{}` out", option.value)));
            }
        }
        match action.value.as_str() {
            "keep" => Some(Decision::Keep { reason: Some(self.reason(value, action.span)?.value) }),
            "replace" => {
                let literal = self.literal(value, action.span, "replace")?;
                if what == What::Column && DATE_WORDS.contains(&literal.value.trim().to_lowercase().as_str()) {
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
            "pseudonymize" => Some(Decision::Pseudonymize(self.random(value, action, fields)?)),
            "mask" => Some(Decision::Mask(self.mask(value, action.span, fields)?)),
            "generalize" => Some(Decision::Generalize(self.generalize(value, action.span)?)),
            "json" => Some(Decision::Json(self.document(value, action.span, fields)?)),
            "shift_days" => Some(Decision::ShiftDays(self.shift_days(value, action.span)?)),
            "scrub" => Some(Decision::Scrub(self.scrub(value, node.span, action, fields)?)),
            _ => Some(Decision::Randomize(self.random(value, action, fields)?)),
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

/// The options that may stand beside an action; none where its value says which.
fn options_of(action: &str) -> Option<&'static [&'static str]> {
    match action {
        "randomize" | "pseudonymize" => None,
        "mask" => Some(&["keep_first", "keep_last"]),
        "json" => Some(&["other_keys"]),
        "scrub" => Some(&["with", "short", "via"]),
        _ => Some(&[]),
    }
}

/// The actions to which an option belongs, in backticks.
fn owners_of(option: &str) -> Vec<&'static str> {
    match option {
        "keep_first" | "keep_last" => vec!["`mask`"],
        "other_keys" => vec!["`json`"],
        "with" | "short" | "via" => vec!["`scrub`"],
        _ => vec!["`randomize`", "`pseudonymize`"],
    }
}

/// A word that is no decision about columns.
pub(super) fn unknown_word(text: &str, plain: bool, span: Span, words: &[&str]) -> Diagnostic {
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
