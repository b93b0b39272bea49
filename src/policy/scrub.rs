//! Whose values does the policy want to be looked for: to be replaced in a text, or because they must be gone?

use super::keys::{self, Fields, empty, shape};
use super::model::{Gone, Via};
use super::name::{self, Position};
use super::scalar::{Reader, Whose};
use super::yaml::{Kind, Node};
use crate::action::{Scrub, ValuesOf};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::{Span, Spanned};

/// How columns with values are written below a key.
fn help(key: &str) -> String {
    format!("write the column with its table: `{key}: [users.name, users.email]`")
}

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
            match self.values_of(item, owner, "scrub") {
                Some(found) if self.is_first(&found, values.iter()) => values.push(found),
                Some(_) => {}
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

    /// `gone: [users.name, { column: users.email, anywhere: error }]`.
    pub(super) fn gone(&mut self, node: &Node, owner: Span) -> Vec<Gone> {
        let mut gone: Vec<Gone> = Vec::new();
        for (item, owner) in self.one_or_many(node, owner, "gone").unwrap_or_default() {
            let found = match &item.kind {
                Kind::Map(_) => self.gone_with_options(item),
                Kind::Scalar(_) | Kind::Empty | Kind::List(_) => {
                    self.values_of(item, owner, "gone").map(|values| Gone { values, anywhere: false })
                }
            };
            let Some(found) = found else { continue };
            if self.is_first(&found.values, gone.iter().map(|other| &other.values)) {
                gone.push(found);
            }
        }
        gone
    }

    fn gone_with_options(&mut self, node: &Node) -> Option<Gone> {
        let fields = keys::fields(node, node.span, &keys::GONE, &mut self.report)?;
        let column = fields.require("column", &keys::GONE, &mut self.report);
        let values = column.and_then(|column| self.values_of(column, fields.span, "gone"));
        let anywhere = match fields.entry("anywhere") {
            None => Some(false),
            Some((_, value)) if value.word() == Some("error") => Some(true),
            Some((key, value)) => {
                let found = match &value.kind {
                    Kind::Empty => empty(key.span, "`anywhere`"),
                    Kind::List(_) | Kind::Map(_) => shape(value, "`anywhere` is the word `error`"),
                    Kind::Scalar(_) => Diagnostic::new(Code::InvalidValue, "`anywhere` is not the word `error`")
                        .at(value.span, "it is written or left out"),
                };
                let help = "write `anywhere: error` where other people's rows must not hold the values either, or leave it out";
                self.report.push(found.help(help));
                None
            }
        };
        Some(Gone { values: values?, anywhere: anywhere? })
    }

    /// Whether a column stands here for the first time.
    fn is_first<'v>(
        &mut self,
        found: &Spanned<ValuesOf>,
        mut known: impl Iterator<Item = &'v Spanned<ValuesOf>>,
    ) -> bool {
        let first = known.find(|other| other.value == found.value);
        if let Some(first) = first {
            let found = Diagnostic::new(Code::DuplicateKey, "a column stands twice")
                .at(found.span, "again here")
                .label(first.span, "first here");
            self.report.push(found.help("leave it out"));
        }
        first.is_none()
    }

    /// One column, or the subject's value.
    fn values_of(&mut self, node: &Node, owner: Span, key: &str) -> Option<Spanned<ValuesOf>> {
        let text = self.named(node, owner, key)?;
        if text.value == ":subject" {
            return self.subject_values(text.span, key);
        }
        let parts = name::segments(&text.value);
        let [range] = &parts[..] else {
            let found = Diagnostic::new(Code::InvalidPath, format!("an arrow stands in `{key}`"));
            self.report.push(found.at(text.span, "a column stands here, not a path").help(help(key)));
            return None;
        };
        let start = self.start_of(&text.value, text.span);
        match name::reference(&text.value, range.clone(), Position::Scrubbed) {
            Ok((table, names)) => {
                let column = <[_; 1]>::try_from(names).ok();
                if let (Some(table), Some([column])) = (table, column) {
                    return Some(Spanned::new(ValuesOf::Column { table, column }, text.span));
                }
                let found = Diagnostic::new(Code::InvalidPath, format!("several columns stand as one in `{key}`"));
                self.report.push(found.at(text.span, "one column stands here").help(help(key)));
                None
            }
            Err(error) => {
                let found = self.name_error_at(&error, &text.value, start, text.span, "a column cannot be read");
                self.report.push(found.help(help(key)));
                None
            }
        }
    }

    /// `:subject`, where the subject is a value itself.
    fn subject_values(&mut self, span: Span, key: &str) -> Option<Spanned<ValuesOf>> {
        let (owner, what) = match self.whose {
            Whose::Unknown | Whose::Value(_) => return Some(Spanned::new(ValuesOf::Subject, span)),
            Whose::Rows => (None, "the subject is a row, and its key is no text about anybody"),
            Whose::EveryRow(owner) => (Some(owner), "there is no subject"),
        };
        let mut found = Diagnostic::new(Code::ConflictingKeys, format!("`:subject` stands in `{key}`")).at(span, what);
        if let Some(owner) = owner {
            found = found.label(owner, "the policy is for every row");
        }
        self.report.push(found.note("only a subject that is a value can be looked for itself").help(help(key)));
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
