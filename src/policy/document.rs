//! What does the policy say about the values in a JSON document?
//!
//! Under `json` stand paths with an edit each, and beside it what happens to the keys that no path names. No path lies
//! within another: the outer one has decided already. Only below one that is kept, others may say more.

use std::collections::BTreeMap;

use super::decision::{What, unknown_word};
use super::keys::{self, Fields, empty, shape};
use super::yaml::{Kind, Node, Style};
use super::{json_path, place};
use crate::action::{Decision, Document, DocumentPath, Edit, Generalize, OtherKeys, PathStep, Randomize};
use crate::diagnostic::{Code, Diagnostic};
use crate::ident::shown;
use crate::policy::scalar::Reader;
use crate::source::{Span, Spanned};

const WORDS: &[&str] = &["keep", "remove", "null", "randomize", "pseudonymize"];

impl Reader<'_> {
    /// `json: { PATH: EDIT, … }` with `other_keys`.
    pub(super) fn document(&mut self, node: &Node, owner: Span, fields: &Fields<'_>) -> Option<Document> {
        let other_keys = match fields.entry("other_keys") {
            Some((key, value)) => self.other_keys(value, key.span),
            None => {
                let found = Diagnostic::new(Code::MissingKey, "`json` stands without `other_keys`")
                    .at(owner, "what happens to the keys that no path names?")
                    .help("write `other_keys: keep` or `other_keys: remove` beside it");
                self.report.push(found);
                None
            }
        };
        const HELP: &str = "write a path and what happens to its value: `\"$.phone\": remove`";
        if matches!(node.kind, Kind::Empty) {
            self.report.push(empty(owner, "`json`").help(HELP));
            return None;
        }
        let Kind::Map(map) = &node.kind else {
            self.report.push(shape(node, "`json` is a map of paths").help(HELP));
            return None;
        };
        if map.is_empty() {
            self.report.push(empty(node.span, "`json`").help(HELP));
            return None;
        }
        // Two spellings of one path are one path.
        let spelt = |text: &str| json_path::parse(text).map_or_else(|_| text.to_owned(), |path| path.to_string());
        let entries = keys::unique(map, spelt, &mut self.report);
        let whole = map.complete && entries.len() == map.entries.len();
        let read: Vec<_> =
            entries.iter().map(|(key, value)| Some((self.json_path(key), self.edit(value, key)))).collect();
        let edits = read.into_iter().flatten().map(|(path, edit)| Some((path?, edit?)));
        let edits: Vec<_> = edits.collect::<Option<_>>()?;
        let apart = self.lie_apart(&edits);
        let stays = edits.iter().all(|(_, edit)| matches!(edit.value, Edit::Keep { .. }));
        if let (true, Some(Spanned { value: OtherKeys::Keep, span })) = (stays, &other_keys) {
            let found = Diagnostic::new(Code::ConflictingKeys, "nothing happens to this document")
                .at(owner, "every path is kept")
                .label(*span, "and so is the rest");
            self.report.push(found.help("write `keep` for the column, or `other_keys: remove`"));
            return None;
        }
        (whole && apart).then_some(())?;
        Some(Document { edits, other_keys: other_keys? })
    }

    fn other_keys(&mut self, node: &Node, owner: Span) -> Option<Spanned<OtherKeys>> {
        const HELP: &str = "write `keep` or `remove`; name a key's path for anything else";
        let value = match (&node.kind, node.word()) {
            (_, Some("keep")) => OtherKeys::Keep,
            (_, Some("remove")) => OtherKeys::Remove,
            (Kind::Empty, _) => {
                self.report.push(empty(owner, "`other_keys`").help(HELP));
                return None;
            }
            (Kind::List(_) | Kind::Map(_), _) => {
                self.report.push(shape(node, "`other_keys` is a word").help(HELP));
                return None;
            }
            (Kind::Scalar(_), _) => {
                let found = Diagnostic::new(Code::InvalidValue, "`other_keys` is neither `keep` nor `remove`");
                self.report.push(found.at(node.span, "something else").help(HELP));
                return None;
            }
        };
        Some(Spanned::new(value, node.span))
    }

    fn json_path(&mut self, key: &Spanned<String>) -> Option<Spanned<DocumentPath>> {
        match json_path::parse(&key.value) {
            Ok(path) => Some(Spanned::new(path, key.span)),
            Err(error) => {
                let span = place::within(self.file, key, error.at);
                let found = Diagnostic::new(Code::InvalidPath, "a path into a document cannot be read");
                self.report.push(found.at(span, error.message).help(error.help));
                None
            }
        }
    }

    /// What happens to the value at a path.
    fn edit(&mut self, node: &Node, path: &Spanned<String>) -> Option<Spanned<Edit>> {
        let edit = match &node.kind {
            Kind::Empty => {
                let found = empty(path.span, &format!("what happens at `{}`", shown(&path.value)));
                self.report.push(found.help("write `null` to set it to JSON's null, or `remove`"));
                return None;
            }
            Kind::List(_) => {
                let found = shape(node, "an edit in a document is a word or a map");
                self.report.push(found.help("a text in brackets stands in quotes: `{ replace: \"[deleted]\" }`"));
                return None;
            }
            Kind::Scalar(scalar) => self.edit_word(&scalar.text, scalar.style == Style::Plain, node.span)?,
            Kind::Map(_) => {
                let fields = keys::fields(node, path.span, &keys::EDIT, &mut self.report)?;
                let decision = self.action(&fields, node, What::Edit)?;
                self.as_edit(decision, node.span)?
            }
        };
        Some(Spanned::new(edit, node.span))
    }

    fn edit_word(&mut self, text: &str, plain: bool, span: Span) -> Option<Edit> {
        match text {
            "keep" if plain => return Some(Edit::Keep { reason: None }),
            "remove" if plain => return Some(Edit::Remove),
            "null" if plain => return Some(Edit::Null),
            "randomize" if plain => return Some(Edit::Randomize(Randomize::default())),
            "pseudonymize" if plain => return Some(Edit::Pseudonymize(Randomize::default())),
            _ => {}
        }
        let found = match text {
            "delete" | "cascade" | "default" | "undecided" => {
                let message = format!("`{text}` stands in a document");
                let found = Diagnostic::new(Code::UnknownAction, message).at(span, "not known here");
                found.help("write `remove` for the key to go, or `null`")
            }
            text => unknown_word(text, plain, span, WORDS),
        };
        self.report.push(found);
        None
    }

    /// A column's action, for a value in a document.
    fn as_edit(&mut self, decision: Decision, span: Span) -> Option<Edit> {
        match decision {
            Decision::Keep { reason } => Some(Edit::Keep { reason }),
            Decision::Null => Some(Edit::Null),
            Decision::Replace(text) => Some(Edit::Replace(self.printable(text)?)),
            Decision::Randomize(mut random) => {
                let from = std::mem::take(&mut random.from).into_iter().map(|text| self.printable(text));
                random.from = from.collect::<Option<_>>()?;
                Some(Edit::Randomize(random))
            }
            Decision::Pseudonymize(random) => Some(Edit::Pseudonymize(random)),
            Decision::Mask(mask) => Some(Edit::Mask(mask)),
            Decision::Generalize(wish) => match wish.value {
                Generalize::Step(step) => Some(Edit::Generalize(Spanned::new(step, wish.span))),
                Generalize::Unit(_) => {
                    let found = Diagnostic::new(Code::InvalidValue, "a unit of time stands in a document")
                        .at(wish.span, "only numbers are cut here")
                        .note("JSON has no days and moments: they are texts of any spelling")
                        .help("use `{ mask: \"0\", keep_first: 4 }`, `remove` or `null`");
                    self.report.push(found);
                    None
                }
            },
            // The keys of these are not known in a document.
            Decision::Default
            | Decision::Sql(_)
            | Decision::ShiftDays(_)
            | Decision::Json(_)
            | Decision::Scrub(_)
            | Decision::ReassignTo(_)
            | Decision::Undecided => {
                let found = Diagnostic::new(Code::UnknownAction, "this action stands in a document");
                self.report.push(found.at(span, "not known here").help("decide the column as a whole"));
                None
            }
        }
    }

    /// A text without the control characters that nobody means.
    fn printable(&mut self, text: Spanned<String>) -> Option<Spanned<String>> {
        let control = |c: char| u32::from(c) < 0x20 && !matches!(c, '\t' | '\n' | '\r');
        if !text.value.contains(control) {
            return Some(text);
        }
        let found = Diagnostic::new(Code::InvalidValue, "a text for a document holds a control character");
        self.report.push(found.at(text.span, "nobody could see it").help("leave it out"));
        None
    }

    /// Whether no path lies within another that decides everything in it.
    fn lie_apart(&mut self, edits: &[(Spanned<DocumentPath>, Spanned<Edit>)]) -> bool {
        let by_steps: BTreeMap<&[PathStep], usize> =
            edits.iter().enumerate().map(|(index, (path, _))| (path.value.steps(), index)).collect();
        let mut apart = true;
        for (path, _) in edits {
            let steps = path.value.steps();
            let outer = (1..steps.len()).filter_map(|length| Some(&edits[*by_steps.get(&steps[..length])?]));
            let Some((above, edit)) = outer.into_iter().find(|(_, edit)| !matches!(edit.value, Edit::Keep { .. }))
            else {
                continue;
            };
            apart = false;
            let (inner, outer) =
                (shown(&path.value.to_string()).to_string(), shown(&above.value.to_string()).to_string());
            let what =
                if edit.value == Edit::Remove { "goes with everything in it" } else { "gets a new value as a whole" };
            let found =
                Diagnostic::new(Code::ConflictingKeys, format!("`{inner}` lies within `{outer}`, which {what}"))
                    .at(path.span, "nothing is left here to decide")
                    .label(above.span, "decides everything in it");
            self.report.push(found.help("leave one of them out, or `keep` the outer one"));
        }
        apart
    }
}
