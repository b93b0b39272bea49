//! How is a materialized view brought up to date?
//!
//! Under `tables`, with the view's name: `refresh: true` or `refresh: concurrently`, and nothing else.

use super::keys::{self, empty, shape};
use super::model::{Refresh, RefreshHow};
use super::scalar::Reader;
use super::yaml::{Kind, Map, Node};
use crate::diagnostic::{Code, Diagnostic};
use crate::ident::shown;
use crate::source::Spanned;

/// Whether a map under `tables` speaks of a materialized view.
pub(super) fn is_refresh(node: &Node) -> Option<&Map> {
    match &node.kind {
        Kind::Map(map) if map.entries.iter().any(|(key, _)| key.value == "refresh") => Some(map),
        Kind::Map(_) | Kind::Empty | Kind::Scalar(_) | Kind::List(_) => None,
    }
}

impl Reader<'_> {
    /// What stands under the name of a materialized view.
    pub fn refreshed(&mut self, node: &Node, map: &Map, view: &Spanned<String>) -> Option<Refresh> {
        // A rule's keys beside it mean that one thing is taken for another.
        let rule = map.entries.iter().find(|(key, _)| keys::RULE.keys.contains(&key.value.as_str()));
        if let Some((other, _)) = rule {
            let refresh = map.entries.iter().find(|(key, _)| key.value == "refresh").map(|(key, _)| key.span);
            let message = format!("`refresh` stands beside `{}`", other.value);
            let found = Diagnostic::new(Code::ConflictingKeys, message).at(other.span, "about rows of a table");
            let found = refresh.map_or(found.clone(), |span| found.label(span, "about a materialized view"));
            self.report.push(found.help("leave one of them out: rows of a materialized view can't be decided"));
            return None;
        }
        let fields = keys::fields(node, view.span, &keys::REFRESH, &mut self.report)?;
        let (key, value) = fields.entry("refresh")?;
        let how = match value.word() {
            Some("true") => RefreshHow::Plain,
            Some("concurrently") => RefreshHow::Concurrently,
            _ => {
                let found = match &value.kind {
                    Kind::Empty => empty(key.span, "`refresh`"),
                    Kind::List(_) | Kind::Map(_) => shape(value, "`refresh` is a word"),
                    Kind::Scalar(scalar) => {
                        let message = format!("`refresh` has no word `{}`", shown(&scalar.text));
                        Diagnostic::new(Code::InvalidValue, message).at(value.span, "not known here")
                    }
                };
                self.report.push(found.help("write true or concurrently, without quotes"));
                return None;
            }
        };
        let view = self.table_name(view)?;
        Some(Refresh { view, how: Spanned::new(how, value.span) })
    }
}
