//! What does a parsed fragment name, and does it only read?

use std::ops::ControlFlow;

use sqlparser::ast::{
    AccessExpr, BinaryOperator, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Ident as SqlIdent,
    Join, JoinConstraint, JoinOperator, ObjectName, Query, Select, SetExpr, TableFactor, Value, ValueWithSpan, Visitor,
};

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::Token;

use super::{ColumnRef, GateError, Parsed, RelationRef, Tokens};
use crate::ident::Ident;
use crate::source::Span;

/// Looks at every part of a fragment.
pub(super) struct Walk<'a> {
    tokens: &'a Tokens<'a>,
    parsed: Parsed,
    /// The queries around the current place.
    scopes: Vec<Scope>,
    /// Whether the fragment is itself a query: then aggregates are at home in it.
    is_query: bool,
    /// How many placeholders the tree has: as many as the text, or the two were read differently.
    placeholders: usize,
    /// Words that the tree keeps as expressions and that name no column: parameters of functions, fields of a row.
    not_columns: Vec<Span>,
}

/// The names of WITH queries that a query can see.
struct Scope {
    visible: Vec<Ident>,
    /// Those whose own query has still to come.
    coming: std::vec::IntoIter<Ident>,
}

/// What to do with a function over several rows.
const SUBSELECT: &str = "write a sub-select, as in `a in (select max(a) from …)`";
const CHANGES: &[Keyword] = &[Keyword::INSERT, Keyword::UPDATE, Keyword::DELETE, Keyword::MERGE];

type Flow = ControlFlow<GateError>;

impl<'a> Walk<'a> {
    pub(super) fn new(tokens: &'a Tokens<'a>, is_query: bool) -> Self {
        Walk {
            tokens,
            parsed: Parsed::default(),
            scopes: Vec::new(),
            is_query,
            placeholders: 0,
            not_columns: Vec::new(),
        }
    }

    pub(super) fn finish(mut self) -> Result<Parsed, GateError> {
        let subject = self.tokens.subject.clone();
        if self.placeholders != subject.len() {
            let at = subject.first().map_or(0, |span| span.start);
            let label = "a placeholder that is not read as one value";
            return Err(self.tokens.error(crate::diagnostic::Code::SqlNotUnderstood, at, super::NOT_UNDERSTOOD, label));
        }
        self.parsed.subject = subject;
        self.parsed.functions.sort();
        self.parsed.functions.dedup();
        // The tree is walked from the inside of a query to its outside: the text's order is a person's.
        self.parsed.relations.sort_by_key(|relation| relation.span);
        self.parsed.columns.sort_by_key(|column| column.span);
        Ok(self.parsed)
    }

    fn refuse(&self, at: Span, message: &str, label: &str, help: &str) -> Flow {
        ControlFlow::Break(self.tokens.not_allowed(at.start, message, label, help))
    }

    fn span(&self, span: sqlparser::tokenizer::Span) -> Span {
        Span::new(self.tokens.offset(span.start), self.tokens.offset(span.end))
    }

    fn parts(&self, name: &ObjectName) -> Option<(Vec<Ident>, Span)> {
        let idents: Option<Vec<&SqlIdent>> = name.0.iter().map(|part| part.as_ident()).collect();
        let idents = idents?;
        let span = Span::new(self.span(idents.first()?.span).start, self.span(idents.last()?.span).end);
        Some((idents.into_iter().map(folded).collect(), span))
    }

    fn relation(&mut self, name: &ObjectName, alias: Option<Ident>) -> Flow {
        let Some((mut parts, span)) = self.parts(name) else {
            return self.refuse(
                Span::default(),
                "a relation's name is made by a function",
                "not a name",
                "write its name",
            );
        };
        let Some(name) = parts.pop() else { return ControlFlow::Continue(()) };
        let schema = parts.pop();
        let is_with_query = schema.is_none() && self.scopes.iter().any(|scope| scope.visible.contains(&name));
        if !is_with_query {
            self.parsed.relations.push(RelationRef { schema, name, alias, span });
        }
        ControlFlow::Continue(())
    }

    fn column(&mut self, parts: &[SqlIdent]) {
        let [.., name] = parts else { return };
        if let ([ident], None) = (parts, name.quote_style)
            && WORDS.contains(&folded(ident).as_str())
        {
            self.parsed.functions.push(folded(ident).as_str().to_owned());
            return;
        }
        let before = |back: usize| parts.len().checked_sub(back).and_then(|index| parts.get(index)).map(folded);
        let (schema, qualifier) = (before(3), before(2));
        let span = Span::new(self.span(parts[0].span).start, self.span(name.span).end);
        if self.not_columns.contains(&span) {
            return;
        }
        let in_subquery = !self.scopes.is_empty();
        self.parsed.columns.push(ColumnRef { schema, qualifier, name: folded(name), span, in_subquery });
    }

    fn function(&mut self, function: &Function) -> Flow {
        let Some((parts, span)) = self.parts(&function.name) else { return ControlFlow::Continue(()) };
        let name = parts.iter().map(Ident::as_str).collect::<Vec<_>>().join(".");
        if self.scopes.is_empty() && !self.is_query {
            if function.over.is_some() {
                return self.refuse(
                    span,
                    "a window function stands over single rows",
                    "it needs a sub-select around it",
                    SUBSELECT,
                );
            }
            if is_aggregate(function, parts.last().map_or("", Ident::as_str)) {
                return self.refuse(
                    span,
                    "an aggregate stands over single rows",
                    "it needs a sub-select around it",
                    SUBSELECT,
                );
            }
        }
        // The subject itself, and where names are looked up, are settings of the transaction.
        if parts.last().is_some_and(|last| last.as_str() == "set_config") {
            return self.refuse(
                span,
                "`set_config` would change what the run itself has set",
                "a condition asks, and changes nothing",
                "leave it out; `current_setting` reads a setting",
            );
        }
        self.parsed.functions.push(name);
        ControlFlow::Continue(())
    }

    /// An expression that is only a word, and names no column where it stands.
    fn no_column(&mut self, word: &Expr) {
        if let Expr::Identifier(ident) = word {
            self.not_columns.push(self.span(ident.span));
        }
    }

    /// What a query may be made of: no row may be changed, locked or stored by it.
    fn body(&self, body: &SetExpr) -> Flow {
        let mut todo = vec![body];
        while let Some(body) = todo.pop() {
            match body {
                // A query in parentheses is visited on its own.
                SetExpr::Select(_) | SetExpr::Query(_) | SetExpr::Values(_) => {}
                SetExpr::SetOperation { left, right, .. } => todo.extend([&**left, &**right]),
                SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) => {
                    let message = "a query changes rows";
                    return self.refuse(
                        self.word(CHANGES),
                        message,
                        "only what a step does may change rows",
                        "write a SELECT, and the change as a rule under `tables:`",
                    );
                }
                SetExpr::Table(_) => {
                    return self.refuse(
                        self.word(&[Keyword::TABLE]),
                        "a TABLE command stands for a query",
                        "efface reads SELECT only",
                        "write `select * from …`",
                    );
                }
            }
        }
        ControlFlow::Continue(())
    }

    /// The first of these words in the text: the tree keeps no place of its own for them.
    fn word(&self, words: &[Keyword]) -> Span {
        let found = self.tokens.tokens.iter().find(|token| match &token.token {
            Token::Word(word) => words.contains(&word.keyword),
            _ => false,
        });
        found.map_or(Span::default(), |token| self.tokens.span(token))
    }
}

impl Visitor for Walk<'_> {
    type Break = GateError;

    fn pre_visit_query(&mut self, query: &Query) -> Flow {
        if !(self.is_query && self.scopes.is_empty()) {
            self.parsed.has_subquery = true;
        }
        if !query.locks.is_empty() {
            return self.refuse(
                self.word(&[Keyword::FOR]),
                "a query locks rows",
                "efface takes the locks that the plan names",
                "leave `for …` out",
            );
        }
        self.body(&query.body)?;
        let (recursive, names) = match &query.with {
            Some(with) => (with.recursive, with.cte_tables.iter().map(|cte| folded(&cte.alias.name)).collect()),
            None => (false, Vec::new()),
        };
        // A WITH query sees those in front of it; under RECURSIVE also itself and those behind it.
        let visible = if recursive { names.clone() } else { Vec::new() };
        self.scopes.push(Scope { visible, coming: names.into_iter() });
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &Query) -> Flow {
        self.scopes.pop();
        // WITH queries are visited first and in order, so the next name is that of the query that just ended.
        if let Some(around) = self.scopes.last_mut()
            && let Some(name) = around.coming.next()
        {
            around.visible.push(name);
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &Select) -> Flow {
        if select.into.is_some() {
            return self.refuse(
                self.word(&[Keyword::INTO]),
                "a query stores its rows",
                "SELECT INTO would make a table",
                "leave `into …` out",
            );
        }
        for join in select.from.iter().flat_map(|from| &from.joins) {
            for name in using(join) {
                let idents: Vec<SqlIdent> = name.0.iter().filter_map(|part| part.as_ident().cloned()).collect();
                self.column(&idents);
            }
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> Flow {
        match factor {
            TableFactor::Table { name, alias, args: None, .. } => {
                self.relation(name, alias.as_ref().map(|alias| folded(&alias.name)))
            }
            TableFactor::Table { name, .. } | TableFactor::Function { name, .. } => {
                if let Some((parts, _)) = self.parts(name) {
                    self.parsed.functions.push(parts.iter().map(Ident::as_str).collect::<Vec<_>>().join("."));
                }
                ControlFlow::Continue(())
            }
            _ => ControlFlow::Continue(()),
        }
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> Flow {
        match expr {
            Expr::Identifier(ident) => self.column(std::slice::from_ref(ident)),
            Expr::CompoundIdentifier(parts) => self.column(parts),
            Expr::Function(function) => {
                if let FunctionArguments::List(list) = &function.args {
                    for arg in &list.args {
                        match arg {
                            FunctionArg::ExprNamed { name, .. } => self.no_column(name),
                            // `name := value`, the older way to name a parameter.
                            FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::BinaryOp {
                                left,
                                op: BinaryOperator::Assignment,
                                ..
                            })) => self.no_column(left),
                            FunctionArg::Named { .. } | FunctionArg::Unnamed(_) => {}
                        }
                    }
                }
                self.function(function)?;
            }
            Expr::CompoundFieldAccess { access_chain, .. } => {
                for access in access_chain {
                    if let AccessExpr::Dot(field) = access {
                        self.no_column(field);
                    }
                }
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_value(&mut self, value: &ValueWithSpan) -> Flow {
        if let Value::Placeholder(name) = &value.value {
            if name != ":subject" {
                let span = self.span(value.span);
                return self.refuse(
                    span,
                    "a parameter stands in SQL",
                    "nothing would fill it",
                    "write the value itself",
                );
            }
            self.placeholders += 1;
        }
        ControlFlow::Continue(())
    }
}

/// A name as the server folds it: only ASCII, and nothing in quotes.
fn folded(ident: &SqlIdent) -> Ident {
    match ident.quote_style {
        Some(_) => Ident::new(ident.value.as_str()),
        None => Ident::new(ident.value.to_ascii_lowercase()),
    }
}

fn using(join: &Join) -> &[ObjectName] {
    match &join.join_operator {
        JoinOperator::Join(constraint)
        | JoinOperator::Inner(constraint)
        | JoinOperator::Left(constraint)
        | JoinOperator::LeftOuter(constraint)
        | JoinOperator::Right(constraint)
        | JoinOperator::RightOuter(constraint)
        | JoinOperator::FullOuter(constraint) => match constraint {
            JoinConstraint::Using(names) => names,
            JoinConstraint::On(_) | JoinConstraint::Natural | JoinConstraint::None => &[],
        },
        // The other joins are not PostgreSQL's.
        _ => &[],
    }
}

/// Words that call a function without parentheses and that the parser takes for names (manual, section 9.27).
const WORDS: &[&str] = &["current_role", "current_schema", "current_catalog", "session_user", "system_user"];

/// Whether a call is an aggregate by its form, or by its name where the form doesn't show it.
fn is_aggregate(function: &Function, name: &str) -> bool {
    let by_form = match &function.args {
        FunctionArguments::List(list) => {
            let star = |arg: &FunctionArg| matches!(arg, FunctionArg::Unnamed(FunctionArgExpr::Wildcard));
            list.duplicate_treatment.is_some() || !list.clauses.is_empty() || list.args.iter().any(star)
        }
        FunctionArguments::None | FunctionArguments::Subquery(_) => false,
    };
    by_form || function.filter.is_some() || !function.within_group.is_empty() || AGGREGATES.contains(&name)
}

/// The aggregates of PostgreSQL (manual, section 9.21) that are called like any function.
const AGGREGATES: &[&str] = &[
    "any_value",
    "array_agg",
    "avg",
    "bit_and",
    "bit_or",
    "bit_xor",
    "bool_and",
    "bool_or",
    "corr",
    "count",
    "covar_pop",
    "covar_samp",
    "every",
    "grouping",
    "json_agg",
    "json_agg_strict",
    "json_object_agg",
    "json_object_agg_strict",
    "json_object_agg_unique",
    "jsonb_agg",
    "jsonb_agg_strict",
    "jsonb_object_agg",
    "jsonb_object_agg_strict",
    "max",
    "min",
    "range_agg",
    "range_intersect_agg",
    "regr_avgx",
    "regr_avgy",
    "regr_count",
    "regr_intercept",
    "regr_r2",
    "regr_slope",
    "regr_sxx",
    "regr_sxy",
    "regr_syy",
    "stddev",
    "stddev_pop",
    "stddev_samp",
    "string_agg",
    "sum",
    "var_pop",
    "var_samp",
    "variance",
    "xmlagg",
];
