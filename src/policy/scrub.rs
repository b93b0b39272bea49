//! Whose values does the policy want to be looked for in a text, and what stands in their place afterwards?

use super::keys::{Fields, empty, shape};
use super::model::Via;
use super::name::{self, Position};
use super::scalar::{Reader, Whose};
use super::yaml::{Kind, Node};
use crate::action::{Scrub, ValuesOf};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::{Span, Spanned};

const HELP: &str = "write the column with its table: `scrub: [users.name, users.email]`";

/// Longer texts in a value's place are a slip.
const LONGEST: usize = 100;

impl Reader<'_> {
    /// `scrub: [users.name, users.email]`, with `with` and `short`.
    pub(super) fn scrub(
        &mut self,
        node: &Node,
        decision: Span,
        action: &Spanned<String>,
        fields: &Fields<'_>,
    ) -> Option<Spanned<Scrub>> {
        let mut values: Vec<Spanned<ValuesOf>> = Vec::new();
        let mut complete = true;
        for (item, owner) in self.one_or_many(node, action.span, "scrub")? {
            match self.values_of(item, owner) {
                Some(found) => match values.iter().find(|other| other.value == found.value) {
                    Some(first) => {
                        let found = Diagnostic::new(Code::DuplicateKey, "a column stands twice")
                            .at(found.span, "again here")
                            .label(first.span, "first here");
                        self.report.push(found.help("leave it out"));
                    }
                    None => values.push(found),
                },
                None => complete = false,
            }
        }
        let with = self.scrub_with(fields, action);
        let short = match fields.entry("short") {
            Some((key, value)) => self.is_true(value, key.span, "short"),
            None => Some(false),
        };
        let scrub = Scrub { values, with: with?, short: short? };
        complete.then_some(Spanned::new(scrub, decision))
    }

    /// One column, or the subject's value.
    fn values_of(&mut self, node: &Node, owner: Span) -> Option<Spanned<ValuesOf>> {
        let text = self.named(node, owner, "scrub")?;
        if text.value == ":subject" {
            return self.subject_values(text.span);
        }
        let parts = name::segments(&text.value);
        let [range] = &parts[..] else {
            let found = Diagnostic::new(Code::InvalidPath, "an arrow stands in `scrub`");
            self.report.push(found.at(text.span, "a column stands here, not a path").help(HELP));
            return None;
        };
        let start = self.start_of(&text.value, text.span);
        match name::reference(&text.value, range.clone(), Position::Scrubbed) {
            Ok((table, names)) => {
                let column = <[_; 1]>::try_from(names).ok();
                if let (Some(table), Some([column])) = (table, column) {
                    return Some(Spanned::new(ValuesOf::Column { table, column }, text.span));
                }
                let found = Diagnostic::new(Code::InvalidPath, "several columns stand as one in `scrub`");
                self.report.push(found.at(text.span, "one column stands here").help(HELP));
                None
            }
            Err(error) => {
                let found = self.name_error_at(&error, &text.value, start, text.span, "a column cannot be read");
                self.report.push(found.help(HELP));
                None
            }
        }
    }

    /// `:subject`, where the subject is a value itself.
    fn subject_values(&mut self, span: Span) -> Option<Spanned<ValuesOf>> {
        let (owner, what) = match self.whose {
            Whose::Unknown | Whose::Value(_) => return Some(Spanned::new(ValuesOf::Subject, span)),
            Whose::Rows => (None, "the subject is a row, and its key is no text about anybody"),
            Whose::EveryRow(owner) => (Some(owner), "there is no subject"),
        };
        let mut found = Diagnostic::new(Code::ConflictingKeys, "`:subject` stands in `scrub`").at(span, what);
        if let Some(owner) = owner {
            found = found.label(owner, "the policy is for every row");
        }
        self.report.push(found.note("only a subject that is a value can be looked for itself").help(HELP));
        None
    }

    /// The text that is put in a value's place: the same in plain text, in JSON and in HTML.
    fn scrub_with(&mut self, fields: &Fields<'_>, action: &Spanned<String>) -> Option<Spanned<String>> {
        let Some((key, node)) = fields.entry("with") else {
            let found = Diagnostic::new(Code::MissingKey, "`scrub` has no `with`");
            let found = found.at(action.span, "`with` is missing beside it");
            self.report.push(found.help("say what stands in a value's place: `with: \"[deleted]\"`"));
            return None;
        };
        let text = self.literal(node, key.span, "with")?;
        let special = |c: char| c.is_control() || matches!(c, '"' | '\\' | '&' | '<' | '>');
        let problem = match () {
            () if text.value.chars().any(special) => "a character that JSON or HTML would read otherwise",
            () if text.value.chars().count() > LONGEST => "more than a hundred characters",
            () => return Some(text),
        };
        let found = Diagnostic::new(Code::InvalidValue, "`with` is not a short text that stands anywhere as it is");
        let found = found.at(text.span, problem).note("the text may stand in JSON or HTML, where it must end nothing");
        self.report.push(found.help("write `with: \"[deleted]\"`"));
        None
    }

    /// A switch that is written or left out.
    fn is_true(&mut self, node: &Node, owner: Span, key: &str) -> Option<bool> {
        if node.word() == Some("true") {
            return Some(true);
        }
        let found = match &node.kind {
            Kind::Empty => empty(owner, &format!("`{key}`")),
            Kind::List(_) | Kind::Map(_) => shape(node, &format!("`{key}` is the word `true`")),
            Kind::Scalar(_) => Diagnostic::new(Code::InvalidValue, format!("`{key}` is not the word `true`"))
                .at(node.span, "it is written or left out"),
        };
        self.report.push(found.help(format!("write `{key}: true`, or leave it out")));
        None
    }

    /// `via` beside `scrub`, where no rule says how rows belong to anybody.
    pub(super) fn scrub_via(&mut self, fields: &Fields<'_>) -> Option<Option<Via>> {
        let (scrub, _) = fields.entry("scrub")?;
        let (key, node) = fields.entry("via")?;
        match self.whose {
            Whose::Unknown | Whose::EveryRow(_) => Some(self.via(node, key.span)),
            Whose::Rows | Whose::Value(_) => {
                let found = Diagnostic::new(Code::ConflictingKeys, "`via` stands beside `scrub`")
                    .at(key.span, "another way to say whose rows these are")
                    .label(scrub.span, "looks for the values of those whose rows these are by the rule");
                let help = "leave it out; in a policy for every row it says whose values are looked for";
                self.report.push(found.help(help));
                Some(None)
            }
        }
    }
}
