//! How often does what occur?

/// How often what occurs, in percent unless it says otherwise.
#[derive(Clone, Debug)]
pub struct Shape {
    /// The least and the greatest number of tables in the graph of foreign keys.
    pub tables: (usize, usize),
    /// The least and the greatest number of rows that are tried for each table.
    pub rows: (usize, usize),
    /// Names that need quotes.
    pub odd_names: usize,
    /// Tables outside `public`.
    pub second_schema: usize,
    /// Primary keys of several columns.
    pub composite_keys: usize,
    /// Unique keys beside the primary one.
    pub uniques: usize,
    /// Foreign keys to a unique key that isn't the primary one, where there is one.
    pub unique_targets: usize,
    /// Composite foreign keys that share a column with another foreign key.
    pub shared_columns: usize,
    /// A second foreign key between one pair of tables.
    pub parallel_keys: usize,
    /// The subject's table references itself.
    pub referrals: usize,
    /// Another table references itself.
    pub trees: usize,
    /// The subject's table references another table.
    pub subject_parents: usize,
    /// A table without foreign keys whose rows are found by `:subject`.
    pub loose_tables: usize,
    /// Columns that can be null.
    pub nullable: usize,
    /// Rules that delete, where a rule may.
    pub deletes: usize,
    /// Rules that cascade, where a rule may.
    pub cascades: usize,
    /// Conditions that read another table.
    pub subselects: usize,
    /// Direct paths that are accepted instead of followed.
    pub accepted_paths: usize,
    /// Policies with a guard.
    pub guards: usize,
    /// Policies with a report.
    pub reports: usize,
    /// A `where` of the subject that is false for the person.
    pub not_eligible: usize,
    /// Policies with a planted mistake.
    pub defects: usize,
    /// Schemas in which tables reference each other in a circle.
    pub circles: usize,
    /// Trees whose rows reference each other in a circle, or themselves.
    pub loops: usize,
    /// Cascades, where one may be, that go through trees and circles.
    pub recursive: usize,
    /// Tables with a virtual key, and those among them with a polymorphic one.
    pub virtual_keys: usize,
    pub polymorphic: usize,
    /// Parents with rules of their own, and those among them that must not be shared.
    pub parents: usize,
    pub refuse_shared: usize,
    /// The same where the parents' table references itself.
    pub parent_trees: usize,
    /// Runs about several persons.
    pub sets: usize,
    /// Policies about every row, and policies about somebody who has no row.
    pub every_row: usize,
    pub values: usize,
    /// Accepted paths with `expect: none`.
    pub expect_none: usize,
    /// References that are moved to a stand-in row.
    pub stand_ins: usize,
    /// Natural keys whose new value goes along with their references.
    pub propagated: usize,
    /// Columns whose new value is computed from the old one.
    pub computed: usize,
    /// Columns under a unique key that get a pseudonym, where all rows of a masked copy's table change alike.
    pub keyed: usize,
    /// Tables in partitions, and schemas with a table that inherits from another.
    pub partitioned: usize,
    pub heirs: usize,
}

impl Shape {
    /// Acyclic graphs, self references apart.
    pub fn acyclic() -> Self {
        Self {
            tables: (3, 7),
            rows: (3, 9),
            odd_names: 20,
            second_schema: 12,
            composite_keys: 25,
            uniques: 45,
            unique_targets: 35,
            shared_columns: 35,
            parallel_keys: 25,
            referrals: 40,
            trees: 20,
            subject_parents: 40,
            loose_tables: 20,
            nullable: 65,
            deletes: 35,
            cascades: 12,
            subselects: 12,
            accepted_paths: 8,
            guards: 45,
            reports: 45,
            not_eligible: 3,
            defects: 22,
            circles: 0,
            loops: 0,
            recursive: 0,
            virtual_keys: 0,
            polymorphic: 0,
            parents: 0,
            refuse_shared: 0,
            parent_trees: 0,
            sets: 0,
            every_row: 0,
            values: 0,
            expect_none: 0,
            stand_ins: 0,
            propagated: 0,
            computed: 0,
            keyed: 0,
            partitioned: 0,
            heirs: 0,
        }
    }

    /// Everything that the policy language knows.
    pub fn all() -> Self {
        Self {
            circles: 45,
            loops: 45,
            recursive: 85,
            cascades: 22,
            virtual_keys: 22,
            polymorphic: 45,
            parents: 60,
            refuse_shared: 25,
            parent_trees: 60,
            sets: 25,
            every_row: 10,
            values: 5,
            accepted_paths: 20,
            expect_none: 55,
            stand_ins: 22,
            propagated: 50,
            computed: 25,
            keyed: 75,
            partitioned: 15,
            heirs: 18,
            ..Self::acyclic()
        }
    }

    /// What efface plans so far.
    pub fn planned() -> Self {
        Self::all()
    }

    /// The classes that some hundred cases of this shape must have seen.
    pub fn classes(&self) -> Vec<&'static str> {
        let mut classes = vec![
            "changed a row",
            "deleted a row",
            "spanned three tables",
            "had two rules match a row",
            "had a condition that is unknown",
            "reached a row by two keys or more",
            "reached a row by a key of its own table",
            "reached a row by a composite key",
            "reached a row by a key to a unique key",
            "reached a row by columns in another order",
            "cascaded to a row that no rule names",
            "made a random value",
            "had a NULL that no random value took the place of",
            "read another table in a condition",
            "accepted a path by name",
            "were blocked",
            "were rolled back",
            "were not about an eligible subject",
            "had to be refused",
            "might be refused",
        ];
        for (knob, more) in [
            (self.circles, &["went through a circle of tables"] as &[&str]),
            (
                self.circles.min(self.recursive),
                &["deleted rows of two tables in a circle", "deleted rows of three tables in a circle"],
            ),
            (self.loops.min(self.recursive), &["deleted rows of one table in a circle"]),
            (self.recursive, &["cascaded down a tree"]),
            (
                self.virtual_keys,
                &[
                    "reached a row by a virtual key",
                    "reached a row by a virtual key with a condition",
                    "reached a row by a composite virtual key",
                ],
            ),
            (self.polymorphic, &["reached a row by a polymorphic key"]),
            (self.parents, &["deleted a parent", "changed a parent", "kept a shared parent"]),
            (self.refuse_shared, &["were stopped by the policy"]),
            (self.sets, &["were about several subjects"]),
            (self.every_row, &["were about every row"]),
            (self.values, &["were about a value"]),
            (self.expect_none, &["expected no row by a path, and found none"]),
            (self.stand_ins, &["named a stand-in row", "moved a row to a stand-in row"]),
            (self.propagated, &["propagated a value"]),
            (self.computed.min(self.keyed), crate::oracle::computed::CLASSES),
            (self.partitioned, &["changed a partitioned table", "changed a table in nested partitions"]),
            (self.heirs, &["changed a table that inherits", "read a table with those that inherit"]),
        ] {
            if knob > 0 {
                classes.extend(more);
            }
        }
        classes
    }
}
