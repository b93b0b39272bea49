//! The stable names of findings: one table, everything else derived from it.

/// Whether a finding stops the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing is planned or run.
    Error,
    /// The work goes on; `accept` silences it by code and place, with the reason.
    Warning,
}

macro_rules! codes {
    ($($group:literal { $($variant:ident = $name:literal, $severity:ident, $summary:literal;)* })*) => {
        /// The kind of a finding, with a stable kebab-case name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $($(#[doc = $summary] $variant,)*)*
        }

        impl Code {
            /// Every code, in the order of this table.
            pub const ALL: &'static [Code] = &[$($(Code::$variant,)*)*];

            /// The stable name, as printed and as `accept` takes it.
            pub fn name(self) -> &'static str {
                match self { $($(Code::$variant => $name,)*)* }
            }

            /// The severity of a finding of this kind, unless the finding says otherwise.
            pub fn severity(self) -> Severity {
                match self { $($(Code::$variant => Severity::$severity,)*)* }
            }

            /// One sentence about the kind.
            pub fn summary(self) -> &'static str {
                match self { $($(Code::$variant => $summary,)*)* }
            }

            /// What kinds like this one are about.
            pub fn group(self) -> &'static str {
                match self { $($(Code::$variant)|* => $group,)* }
            }

            /// A page about the kind, with policies that fail and pass. Without a page a code doesn't compile.
            pub(super) fn page(self) -> &'static str {
                match self { $($(Code::$variant => include_str!(concat!("explain/", $name, ".md")),)*)* }
            }

            /// The code of that name.
            pub fn from_name(name: &str) -> Option<Code> {
                Code::ALL.iter().copied().find(|code| code.name() == name)
            }
        }
    };
}

codes! {
    "reading the file" {
        InvalidYaml = "invalid-yaml", Error, "the file is not YAML, or uses a feature that a policy must not use";
        UnknownKey = "unknown-key", Error, "a key that the policy language does not know at this place";
        DuplicateKey = "duplicate-key", Error, "a key stands twice in one map";
        MissingKey = "missing-key", Error, "a key that must be there is missing";
        NotInThisVersion = "not-in-this-version", Error, "a key or word that another version of efface knows";
        UnsupportedVersion = "unsupported-version", Error, "the policy's version is not the integer 1";
        EmptyValue = "empty-value", Error, "a value is missing, or a null that is not written out";
        WrongShape = "wrong-shape", Error, "a value of another shape stands here: a list for a word, a word for a map";
        InvalidValue = "invalid-value", Error, "a word or number that is not possible here";
        ConflictingKeys = "conflicting-keys", Error, "keys that exclude each other stand in one map";
        UnknownAction = "unknown-action", Error, "a decision that does not exist";
        MissingReason = "missing-reason", Error, "rows are kept without a reason";
        RuleOrder = "rule-order", Error, "a rule that can never match, or rows of a path that no rule is left for";
        SqlComment = "sql-comment", Error, "an SQL comment stands in a scalar whose lines YAML folds";
        SqlCutShort = "sql-cut-short", Error, "a YAML comment cuts an SQL expression or a literal short";
        SqlQuoting = "sql-quoting", Error, "SQL stands in a YAML form that is easily misread";
        SqlNotUnderstood = "sql-not-understood", Error, "an SQL fragment that efface's parser does not understand";
        SqlNotAllowed = "sql-not-allowed", Error, "an SQL fragment with something that a policy must not contain";
        SqlRefused = "sql-refused", Error, "the server refuses an SQL fragment";
        InvalidPath = "invalid-path", Error, "a path or table name that cannot be read";
    }
    "names" {
        UnknownTable = "unknown-table", Error, "no table of that name";
        UnknownColumn = "unknown-column", Error, "no column of that name in the table";
        UnsupportedTable = "unsupported-table", Error, "the object exists but cannot be changed by a policy";
        UnreadableTable = "unreadable-table", Error, "the role may not read the table";
        NeedsPrimaryKey = "needs-primary-key", Error, "the plan has to remember rows of a table that has no primary key";
        InvalidSubject = "invalid-subject", Error, "the subject's table or key cannot identify a person";
    }
    "what belongs to the subject" {
        UnknownPath = "unknown-path", Error, "a path names no foreign key";
        PathRequired = "path-required", Error, "the path to the subject has to be written out";
        PathOutsidePolicy = "path-outside-policy", Error, "a path leads through a table that the policy does not decide";
        PathNotFollowed = "path-not-followed", Error, "a foreign key leads to the subject and no rule follows it";
        UnsupportedKey = "unsupported-key", Error, "a foreign key of a kind that efface does not follow is in reach";
        PartitionWithoutKey = "partition-without-key", Warning, "partitions of a table lack a foreign key that others have";
        UndecidedTable = "undecided-table", Error, "a table leads to the subject and the policy does not mention it";
        UndecidedColumn = "undecided-column", Error, "a column of a rule is not decided";
        LooksLikeReference = "looks-like-reference", Warning, "a column looks like a reference to rows that the policy reaches, and is none";
        OtherColumnsKept = "other-columns-kept", Warning, "text columns are kept without being named";
    }
    "what columns take" {
        NotNull = "not-null", Error, "a column that cannot be null would become null";
        WrongType = "wrong-type", Error, "a value does not fit the column's type";
        TooLong = "too-long", Error, "a value is longer than the column";
        NotInEnum = "not-in-enum", Error, "a value is not a label of the enum";
        GoneButKept = "gone-but-kept", Error, "values must be gone afterwards that no rule takes away";
        PathMisses = "path-misses", Error, "a path into documents leads past values of another shape";
        CheckConstraint = "check-constraint", Error, "a value would break a CHECK or domain constraint";
        BrokenAlready = "broken-already", Warning, "rows break a CHECK that is NOT VALID, so that no change of them is taken";
        GeneratedColumn = "generated-column", Error, "a column whose value the database makes";
        NoDefault = "no-default", Error, "the column has no default";
        ReferencedColumn = "referenced-column", Error, "a column that other rows reference would change";
        NothingToPropagate = "nothing-to-propagate", Warning, "no key references a column whose new value would be propagated";
        BrokenReference = "broken-reference", Error, "a foreign key column would point at nothing";
        PartitionKey = "partition-key", Error, "rows would move to another partition";
        NotUnique = "not-unique", Error, "a column under a unique index would get equal values";
        ExclusionConstraint = "exclusion-constraint", Error, "a column under an exclusion constraint would change";
    }
    "rows that go, and triggers" {
        Orphans = "orphans", Error, "deleted rows are referenced and no rule settles the references";
        CascadeConflict = "cascade-conflict", Error, "a cascade reaches a table whose own rules keep rows";
        VirtualForeignKey = "virtual-foreign-key", Error, "a virtual foreign key that could not be one";
        KeyCycle = "key-cycle", Error, "tables reference each other in a circle";
        ChangedByRule = "changed-by-rule", Error, "a rewrite rule of the table would replace our statements";
        TriggerOutOfReach = "trigger-out-of-reach", Error, "rows that a trigger may write could not be found again";
        TriggerInTheWay = "trigger-in-the-way", Error, "a trigger may write rows that the statement which fires it changes too";
        TriggerBeyondPolicy = "trigger-beyond-policy", Warning, "a trigger that fires mentions a table that no rule decides, or can't be read";
    }
    "what the database keeps elsewhere" {
        StaleMaterializedView = "stale-materialized-view", Warning, "a materialized view keeps old values until it is refreshed";
        NothingToRefresh = "nothing-to-refresh", Warning, "a materialized view reads nothing that the policy changes";
        CannotRefresh = "cannot-refresh", Error, "a materialized view cannot be refreshed as the policy asks";
        NoReplicaIdentity = "no-replica-identity", Error, "a published table has no replica identity, so the server refuses the change";
    }
    "the server" {
        Unverified = "unverified", Warning, "something that only a server can answer";
        MissingPrivilege = "missing-privilege", Error, "the role lacks a privilege that the plan needs";
        UnindexedForeignKey = "unindexed-foreign-key", Warning, "a foreign key without an index makes the plan slow";
        UnenforcedForeignKey = "unenforced-foreign-key", Warning, "a foreign key is declared, and nothing checks it";
        UnmatchedAcceptance = "unmatched-acceptance", Warning, "an `accept` that matches no finding";
        RowLevelSecurity = "row-level-security", Error, "row-level security hides rows from the role, or from a function that a step calls";
        SearchPathOpen = "search-path-open", Error, "others may create objects in a schema in which names are looked up";
        SearchPathShadows = "search-path-shadows", Error, "an object of the search path could be called in place of PostgreSQL's own";
        SearchPathDiffers = "search-path-differs", Warning, "triggers would look names up in other schemas than otherwise";
        LongLockTimeout = "long-lock-timeout", Warning, "a lock_timeout above the server's deadlock_timeout";
    }
}

impl Code {
    /// Whether `accept` may settle a finding of this kind: warnings, and paths that nobody has to follow.
    pub fn is_acceptable(self) -> bool {
        self.severity() == Severity::Warning || self == Code::PathNotFollowed
    }
}
