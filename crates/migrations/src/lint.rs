//! What locks or breaks a running application, and the safe way.

use std::collections::BTreeSet;
use std::fmt;

use nuages_orm::Dialect;

use crate::Result;
use crate::operation::Operation;
use crate::project::{Node, Project, in_migration};
use crate::state::{Field, State, full};

/// Something in a migration that hurts while the application runs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Warning {
    /// The app.
    pub app: String,
    /// The migration.
    pub migration: String,
    /// The operation, in a few words.
    pub operation: String,
    /// What happens.
    pub problem: String,
    /// How to do it instead.
    pub instead: String,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {}: {}\n  problem: {}\n  instead: {}",
            self.app, self.migration, self.operation, self.problem, self.instead
        )
    }
}

impl Project {
    /// Warns of operations that lock tables, or break the release that still runs, on a database. Tables that a migration makes itself are nobody's yet.
    ///
    /// # Errors
    ///
    /// As [`history`](Self::history).
    pub fn lint(&self, dialect: Dialect) -> Result<Vec<Warning>> {
        let mut state = State::new();
        let mut warnings = Vec::new();
        for node in self.nodes(&BTreeSet::new())? {
            let mut linter = Linter {
                dialect,
                node,
                new: BTreeSet::new(),
                warnings: &mut warnings,
            };
            let operations = &node.migration.operations;
            let changes = operations.iter().any(Operation::is_schema_change);
            for operation in operations {
                let before = state.clone();
                operation
                    .apply(node.app, &mut state)
                    .map_err(|error| in_migration(&node, operation, error))?;
                linter.look(operation, &before, changes);
            }
        }
        Ok(warnings)
    }
}

struct Linter<'a> {
    dialect: Dialect,
    node: Node<'a>,
    /// Models that the migration makes.
    new: BTreeSet<String>,
    warnings: &'a mut Vec<Warning>,
}

const STOP_READING: &str = "take it out of the program and the state first (`SeparateDatabaseAndState` with the operation as its state), deploy, and drop it in the \
                            next release";

impl Linter<'_> {
    fn warn(&mut self, operation: &Operation, problem: impl Into<String>, instead: impl Into<String>) {
        self.warnings.push(Warning {
            app: self.node.app.to_owned(),
            migration: self.node.migration.name().to_owned(),
            operation: operation.describe(),
            problem: problem.into(),
            instead: instead.into(),
        });
    }

    fn is_new(&self, model: &str) -> bool {
        self.new.contains(&full(self.node.app, model))
    }

    fn is(&self, dialect: Dialect) -> bool {
        self.dialect == dialect
    }

    fn look(&mut self, operation: &Operation, before: &State, changes: bool) {
        match operation {
            Operation::CreateModel(create) => {
                self.new.insert(full(self.node.app, &create.model.name));
            }
            Operation::RenameModel(rename) if !self.is_new(&rename.old) => self.warn(
                operation,
                "the release that still runs does not find its table any more",
                "keep the table's name: `#[model(table = \"..\")]` with the old one makes the rename one of the program alone",
            ),
            Operation::AlterModelTable(alter) if !self.is_new(&alter.model) => self.warn(
                operation,
                "the release that still runs does not find its table any more",
                "keep the table's name, or rename it while nothing runs",
            ),
            Operation::DeleteModel(_) => self.warn(
                operation,
                "the release that still runs reads and writes the table, and its rows are gone for good",
                STOP_READING,
            ),
            Operation::RemoveField(remove) if !self.is_new(&remove.model) => self.warn(
                operation,
                "the release that still runs names the column in every query of the model, and its values are gone for good",
                STOP_READING,
            ),
            Operation::RenameField(rename) if !self.is_new(&rename.model) => {
                let model = before.model(&full(self.node.app, &rename.model));
                let has_own_column = model
                    .and_then(|model| model.get(&rename.old))
                    .is_some_and(|field| field.column.is_some());
                if !has_own_column {
                    self.warn(
                        operation,
                        "the release that still runs does not find its column any more",
                        "keep the column's name, or add a new field, write both, copy the old values, read the new one, and remove the old one: a release each",
                    );
                }
            }
            Operation::AddField(add) if !self.is_new(&add.model) => self.added(operation, &add.field),
            Operation::AlterField(alter) if !self.is_new(&alter.model) => {
                let old = before
                    .model(&full(self.node.app, &alter.model))
                    .and_then(|model| model.get(&alter.name));
                if let Some(old) = old {
                    self.altered(operation, old, &alter.field);
                }
            }
            Operation::AddIndex(add)
                if !self.is_new(&add.model) && self.is(Dialect::Postgres) && !add.concurrently =>
            {
                self.warn(
                        operation,
                        "nobody can write to the table while the index is made",
                        "`AddIndex::new(..).concurrently()` in a migration of its own that is `.not_atomic()`",
                    );
            }
            Operation::RemoveIndex(remove)
                if !self.is_new(&remove.model) && self.is(Dialect::Postgres) && !remove.concurrently =>
            {
                self.warn(
                        operation,
                        "it waits for everybody who uses the table, and everybody else waits for it",
                        "`RemoveIndex::new(..).concurrently()` in a migration of its own that is `.not_atomic()`",
                    );
            }
            Operation::AddConstraint(add) if !self.is_new(&add.model) => self.constraint(operation, add),
            Operation::AlterUniqueTogether(alter) if !self.is_new(&alter.model) && !alter.sets.is_empty() => {
                self.unique(operation);
            }
            Operation::RunSql(sql) => {
                if sql.backward.is_none() {
                    self.irreversible(operation);
                }
                self.mixed(operation, changes);
            }
            Operation::RunRust(code) => {
                if code.backward.is_none() {
                    self.irreversible(operation);
                }
                self.mixed(operation, changes);
            }
            _ => {}
        }
        self.concurrently(operation);
    }

    fn added(&mut self, operation: &Operation, field: &Field) {
        let computed = field.db_default.is_some() || field.generated.is_some() || field.automatic;
        if !field.null && !computed {
            self.warn(
                operation,
                "the release that still runs inserts rows without the column, which may not be NULL",
                "give it a default that the database knows, or add it as one that may be NULL, deploy, fill it, and forbid NULL in the next release",
            );
        }
        if field
            .references
            .as_ref()
            .is_some_and(|reference| reference.constraint)
            && self.is(Dialect::Postgres)
        {
            self.warn(
                operation,
                "both tables are locked against writes while the foreign key is added and checked",
                "add the field `.unconstrained()` first, and its constraint as NOT VALID with a `RunSql`; then `ValidateConstraint` in another migration",
            );
        }
        if field.unique && self.is(Dialect::Postgres) {
            self.unique(operation);
        }
        if self.is(Dialect::Sqlite) && !field.null {
            self.warn(operation, REBUILT, REBUILT_INSTEAD);
        }
    }

    fn altered(&mut self, operation: &Operation, old: &Field, new: &Field) {
        let lengthened = old.kind == new.kind
            && old.digits == new.digits
            && match (old.max_length, new.max_length) {
                (Some(old), Some(new)) => new >= old,
                (_, None) => true,
                (None, Some(_)) => false,
            };
        if !lengthened && !self.is(Dialect::Sqlite) {
            self.warn(
                operation,
                "the whole table is written anew, and nobody can use it until that is done",
                "add a new field of the new type, write both, copy the old values in batches, read the new one, and remove the old one: a release each",
            );
        }
        if old.null && !new.null {
            if self.is(Dialect::Postgres) {
                self.warn(
                    operation,
                    "the whole table is read under a lock that keeps out everybody; and the release that still runs writes NULL",
                    "`AddConstraint` with `Constraint::check(name, \"column IS NOT NULL\")` and `.not_valid()`, then `ValidateConstraint` in another migration, \
                     then this, which needs not read the table any more",
                );
            } else {
                self.warn(
                    operation,
                    "the release that still runs writes NULL",
                    "deploy a release that doesn't, first",
                );
            }
        }
        if !old.unique && new.unique {
            self.unique(operation);
        }
        if self.is(Dialect::Sqlite) {
            self.warn(operation, REBUILT, REBUILT_INSTEAD);
        }
    }

    fn unique(&mut self, operation: &Operation) {
        if self.is(Dialect::Postgres) {
            self.warn(
                operation,
                "nobody can write to the table while the index of the rule is made, and it fails where two rows are the same",
                "make the unique index by a `RunSql` with CREATE UNIQUE INDEX CONCURRENTLY in a migration that is `.not_atomic()`, then the rule of it \
                 with ADD CONSTRAINT .. UNIQUE USING INDEX",
            );
        }
    }

    fn constraint(&mut self, operation: &Operation, add: &crate::AddConstraint) {
        if add.constraint.check.is_none() {
            return self.unique(operation);
        }
        if self.is(Dialect::Postgres) && !add.not_valid {
            self.warn(
                operation,
                "the whole table is read under a lock that keeps out everybody",
                "`AddConstraint::new(..).not_valid()`, and `ValidateConstraint` in another migration",
            );
        }
    }

    fn irreversible(&mut self, operation: &Operation) {
        self.warn(
            operation,
            "it can't be taken back",
            "say how, by `.reverse(..)`, or that nothing is to be done, by `.reverse_nothing()`",
        );
    }

    fn mixed(&mut self, operation: &Operation, changes: bool) {
        if changes && self.node.migration.atomic && !self.is(Dialect::MariaDb) {
            self.warn(
                operation,
                "the locks that the changes of tables take are held while it runs",
                "put it into a migration of its own",
            );
        }
    }

    /// What PostgreSQL refuses.
    fn concurrently(&mut self, operation: &Operation) {
        let concurrent = match operation {
            Operation::AddIndex(add) => add.concurrently,
            Operation::RemoveIndex(remove) => remove.concurrently,
            _ => false,
        };
        if concurrent && self.node.migration.atomic && self.is(Dialect::Postgres) {
            self.warn(
                operation,
                "PostgreSQL refuses CONCURRENTLY inside a transaction",
                "make the migration `.not_atomic()`",
            );
        }
    }
}

const REBUILT: &str = "the table is copied, and nobody can write until that is done";
const REBUILT_INSTEAD: &str = "a field that may be NULL and has no rule is added without copying; for a large table, plan a time when nobody writes";
