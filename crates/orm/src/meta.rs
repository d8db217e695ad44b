//! What `#[model]` knows about a model at run time: the input of schema creation, migrations and the compilers.

use crate::Dialect;
use crate::value::{Kind, Value};

/// A model: its table, columns and relations. Always a `static`, so that pointers to it compare.
#[derive(Debug)]
#[non_exhaustive]
pub struct ModelMeta {
    /// The name of the struct.
    pub name: &'static str,
    /// The name of the table.
    pub table: &'static str,
    /// The columns, in the order of the struct's fields.
    pub columns: &'static [ColumnMeta],
    /// Foreign keys and their other sides.
    pub relations: &'static [&'static RelationMeta],
    /// The primary key's column.
    pub primary_key: &'static str,
    /// The order of a query that names none: columns, and whether each descends.
    pub ordering: &'static [(&'static str, bool)],
    /// Sets of columns that are unique together.
    pub unique_together: &'static [&'static [&'static str]],
}

/// A column.
#[derive(Debug)]
#[non_exhaustive]
pub struct ColumnMeta {
    /// The field's name in the struct (`author` for a foreign key).
    pub field: &'static str,
    /// The column's name in the table (`author_id` for a foreign key).
    pub column: &'static str,
    /// Its type.
    pub kind: Kind,
    /// Whether it may be NULL.
    pub nullable: bool,
    /// Whether the database makes its value (an automatic key).
    pub automatic: bool,
    /// Whether no two rows may have the same value.
    pub unique: bool,
    /// Whether it has an index of its own.
    pub index: bool,
    /// The longest text allowed, in characters.
    pub max_length: Option<u32>,
    /// For decimals: digits in all, and digits after the point.
    pub digits: Option<(u32, u32)>,
    /// The value where none is given.
    pub default: Option<fn() -> Value>,
    /// A CHECK condition, in SQL, written by the model's author.
    pub check: Option<&'static str>,
    /// For a foreign key: where it points.
    pub references: Option<&'static RelationMeta>,
}

/// A relation, seen from one of its sides.
#[derive(Debug)]
#[non_exhaustive]
pub struct RelationMeta {
    /// The field's name (`author`, or `books` on the other side).
    pub name: &'static str,
    /// The model that has the field.
    pub from: fn() -> &'static ModelMeta,
    /// The model that it leads to.
    pub to: fn() -> &'static ModelMeta,
    /// The column on `from`'s table that is compared.
    pub from_column: &'static str,
    /// The column on `to`'s table that it is compared with.
    pub to_column: &'static str,
    /// Whether one row leads to many (the other side of a foreign key).
    pub many: bool,
    /// Whether there may be no row on the other side: the join is an outer one.
    pub nullable: bool,
    /// What happens to a row when what it points to is deleted.
    pub on_delete: OnDelete,
}

/// What happens to a row when the row that it points to is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnDelete {
    /// It is deleted too.
    Cascade,
    /// The deletion is refused.
    Protect,
    /// Its foreign key becomes NULL.
    SetNull,
}

/// A `static` is only equal to itself.
impl PartialEq for ModelMeta {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for ModelMeta {}

/// A `static` is only equal to itself.
impl PartialEq for RelationMeta {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for RelationMeta {}

// The constructors are `const`, so that `#[model]` can build statics of these non-exhaustive structs in other crates.

impl ModelMeta {
    /// A model without columns, whose primary key is `id`.
    #[must_use]
    pub const fn new(name: &'static str, table: &'static str) -> Self {
        Self {
            name,
            table,
            columns: &[],
            relations: &[],
            primary_key: "id",
            ordering: &[],
            unique_together: &[],
        }
    }

    /// With these columns.
    #[must_use]
    pub const fn columns(mut self, columns: &'static [ColumnMeta]) -> Self {
        self.columns = columns;
        self
    }

    /// With these relations.
    #[must_use]
    pub const fn relations(mut self, relations: &'static [&'static RelationMeta]) -> Self {
        self.relations = relations;
        self
    }

    /// With this order of a query that names none.
    #[must_use]
    pub const fn ordering(mut self, ordering: &'static [(&'static str, bool)]) -> Self {
        self.ordering = ordering;
        self
    }

    /// With these sets of columns unique together.
    #[must_use]
    pub const fn unique_together(mut self, sets: &'static [&'static [&'static str]]) -> Self {
        self.unique_together = sets;
        self
    }
}

impl ColumnMeta {
    /// A plain column that may not be NULL.
    #[must_use]
    pub const fn new(field: &'static str, column: &'static str, kind: Kind) -> Self {
        Self {
            field,
            column,
            kind,
            nullable: false,
            automatic: false,
            unique: false,
            index: false,
            max_length: None,
            digits: None,
            default: None,
            check: None,
            references: None,
        }
    }

    /// Whether it may be NULL.
    #[must_use]
    pub const fn nullable(mut self, nullable: bool) -> Self {
        self.nullable = nullable;
        self
    }

    /// The database makes its value.
    #[must_use]
    pub const fn automatic(mut self) -> Self {
        self.automatic = true;
        self
    }

    /// No two rows have the same value.
    #[must_use]
    pub const fn unique(mut self) -> Self {
        self.unique = true;
        self
    }

    /// With an index of its own.
    #[must_use]
    pub const fn index(mut self) -> Self {
        self.index = true;
        self
    }

    /// Text of so many characters at most.
    #[must_use]
    pub const fn max_length(mut self, characters: u32) -> Self {
        self.max_length = Some(characters);
        self
    }

    /// A decimal with so many digits in all, and so many after the point.
    #[must_use]
    pub const fn digits(mut self, all: u32, after_the_point: u32) -> Self {
        self.digits = Some((all, after_the_point));
        self
    }

    /// With a value where none is given.
    #[must_use]
    pub const fn default(mut self, value: fn() -> Value) -> Self {
        self.default = Some(value);
        self
    }

    /// With a CHECK condition.
    #[must_use]
    pub const fn check(mut self, condition: &'static str) -> Self {
        self.check = Some(condition);
        self
    }

    /// Its type in CREATE TABLE.
    #[must_use]
    pub fn sql_type(&self, dialect: Dialect) -> String {
        crate::compiler::syntax(dialect).column_type(self)
    }

    /// A foreign key.
    #[must_use]
    pub const fn references(mut self, relation: &'static RelationMeta) -> Self {
        self.references = Some(relation);
        self
    }
}

impl RelationMeta {
    /// A foreign key from one model to another.
    #[must_use]
    pub const fn foreign_key(
        name: &'static str,
        from: fn() -> &'static ModelMeta,
        to: fn() -> &'static ModelMeta,
        from_column: &'static str,
        to_column: &'static str,
        on_delete: OnDelete,
    ) -> Self {
        Self {
            name,
            from,
            to,
            from_column,
            to_column,
            many: false,
            nullable: false,
            on_delete,
        }
    }

    /// The other side of a foreign key: its `to_column` is the foreign key's column.
    #[must_use]
    pub const fn reverse(
        name: &'static str,
        from: fn() -> &'static ModelMeta,
        to: fn() -> &'static ModelMeta,
        from_column: &'static str,
        to_column: &'static str,
    ) -> Self {
        Self {
            name,
            from,
            to,
            from_column,
            to_column,
            many: true,
            nullable: true,
            on_delete: OnDelete::Protect,
        }
    }

    /// There may be no row on the other side.
    #[must_use]
    pub const fn nullable(mut self) -> Self {
        self.nullable = true;
        self
    }
}
