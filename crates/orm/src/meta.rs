//! What `#[model]` knows about a model at run time: the input of schema creation, migrations and the compilers.

use crate::Dialect;
use crate::field_info::FieldInfo;
use crate::query::Expr;
use crate::validators::Invalid;
use crate::value::{Kind, Value};
use crate::{ColumnType, FieldType};

pub use crate::field_info::{AutoNow, Choice, ChoiceValue, Format, Generated, Within};
pub use crate::table_meta::{ConstraintMeta, ConstraintRule, Deferrable, IndexKind, IndexMeta};

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
    /// Indexes, beside those of single columns.
    pub indexes: &'static [IndexMeta],
    /// Constraints, beside those of single columns.
    pub constraints: &'static [ConstraintMeta],
    /// The columns by which a row is the latest.
    pub get_latest_by: &'static [(&'static str, bool)],
    /// What the table is for, as the database keeps it.
    pub comment: Option<&'static str>,
    /// Whether the table is ours to make and change.
    pub managed: bool,
    /// The rows that `objects()` starts from.
    pub default_filter: Option<fn() -> Expr>,
}

/// A column.
#[derive(Clone, Debug)]
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
    /// The smallest and the largest integer, where the column's type has room for more.
    pub range: Option<(i64, i64)>,
    /// The values that people choose from; of none, any.
    pub choices: &'static [Choice],
    /// What a text is.
    pub format: Option<Format>,
    /// Whether people may leave a text empty.
    pub blank: bool,
    /// Whether people may change it.
    pub editable: bool,
    /// What it is for, as the database keeps it.
    pub comment: Option<&'static str>,
    /// How its text is compared, by the database's name for that.
    pub collation: Option<&'static str>,
    /// What the database computes where no value is given.
    pub db_default: Option<fn() -> Expr>,
    /// What the database computes it of.
    pub generated: Option<Generated>,
    /// When it gets the present time by itself.
    pub auto_now: Option<AutoNow>,
    /// The date columns within whose day, month or year a value is unique.
    pub unique_within: &'static [(Within, &'static str)],
    /// Checks a value that people give.
    pub validators: Option<fn(&Value) -> Vec<Invalid>>,
    /// What people are told when a value is refused, by the code of the reason.
    pub error_messages: &'static [(&'static str, &'static str)],
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
    /// The column on `to`'s table that it is compared with. Of a many to many relation: its primary key, which the table between them points to.
    pub to_column: &'static str,
    /// Whether one row leads to many (the other side of a foreign key, or many to many).
    pub many: bool,
    /// Whether it is the other side of a relation that another field makes: it has no column, and no table, of its own.
    pub reverse: bool,
    /// Whether there may be no row on the other side: the join is an outer one.
    pub nullable: bool,
    /// What happens to a row when what it points to is deleted.
    pub on_delete: OnDelete,
    /// What the foreign key becomes by [`OnDelete::Set`].
    pub set: Option<fn() -> Value>,
    /// Of a many to many relation: the table between the two models.
    pub through: Option<fn() -> &'static ThroughMeta>,
}

/// The table between the two models of a many to many relation, seen from one of them.
#[derive(Debug)]
#[non_exhaustive]
pub struct ThroughMeta {
    /// Its model. One row of it joins one row of each side.
    pub model: fn() -> &'static ModelMeta,
    /// Whether the relation made it: its table comes and goes with the relation.
    pub automatic: bool,
    /// Whether the relation leads from a model to itself and means the same both ways: each pair has two rows.
    pub symmetrical: bool,
    /// From this side to the table between them.
    pub entry: &'static RelationMeta,
    /// From the table between them to the other side.
    pub exit: &'static RelationMeta,
    /// From the other side to the table between them.
    pub back: &'static RelationMeta,
    /// The same table, seen from the other side.
    pub reversed: &'static ThroughMeta,
}

/// What happens to a row when the row that it points to is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnDelete {
    /// It is deleted too.
    Cascade,
    /// The deletion is refused.
    Protect,
    /// The deletion is refused, unless the row goes by the same deletion.
    Restrict,
    /// Its foreign key becomes NULL.
    SetNull,
    /// Its foreign key becomes its default.
    SetDefault,
    /// Its foreign key becomes a value of the relation's own: [`RelationMeta::set`].
    Set,
    /// Nothing: the foreign key's own rule in the database says whether it may.
    DoNothing,
    /// The database deletes it too. It is not among what a deletion counts.
    DbCascade,
    /// The database makes its foreign key NULL.
    DbSetNull,
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

impl ModelMeta {
    /// The tables that its many to many relations made.
    pub fn through_models(&self) -> impl Iterator<Item = &'static ModelMeta> {
        let own = self.relations.iter().filter(|relation| !relation.reverse);
        own.filter_map(|relation| relation.through())
            .filter(|through| through.automatic)
            .map(|through| (through.model)())
    }

    /// The column of this name in the table.
    pub(crate) fn column(&self, name: &str) -> Option<&'static ColumnMeta> {
        self.columns.iter().find(|column| column.column == name)
    }
}

impl ThroughMeta {
    /// A table between two models, seen from one of them.
    #[must_use]
    pub const fn new(
        model: fn() -> &'static ModelMeta,
        entry: &'static RelationMeta,
        exit: &'static RelationMeta,
        back: &'static RelationMeta,
        reversed: &'static ThroughMeta,
    ) -> Self {
        Self {
            model,
            automatic: false,
            symmetrical: false,
            entry,
            exit,
            back,
            reversed,
        }
    }

    /// Whether the relation made it.
    #[must_use]
    pub const fn automatic(mut self, automatic: bool) -> Self {
        self.automatic = automatic;
        self
    }

    /// Whether it means the same both ways.
    #[must_use]
    pub const fn symmetrical(mut self, symmetrical: bool) -> Self {
        self.symmetrical = symmetrical;
        self
    }
}

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
            indexes: &[],
            constraints: &[],
            get_latest_by: &[],
            comment: None,
            managed: true,
            default_filter: None,
        }
    }

    /// With what `objects()` starts from.
    #[must_use]
    pub const fn default_filter(mut self, condition: fn() -> Expr) -> Self {
        self.default_filter = Some(condition);
        self
    }

    /// With indexes, beside those of single columns.
    #[must_use]
    pub const fn indexes(mut self, indexes: &'static [IndexMeta]) -> Self {
        self.indexes = indexes;
        self
    }

    /// With constraints, beside those of single columns.
    #[must_use]
    pub const fn constraints(mut self, constraints: &'static [ConstraintMeta]) -> Self {
        self.constraints = constraints;
        self
    }

    /// With the columns by which a row is the latest.
    #[must_use]
    pub const fn get_latest_by(mut self, columns: &'static [(&'static str, bool)]) -> Self {
        self.get_latest_by = columns;
        self
    }

    /// With what the table is for.
    #[must_use]
    pub const fn comment(mut self, comment: &'static str) -> Self {
        self.comment = Some(comment);
        self
    }

    /// Its table is somebody else's: it is neither made nor changed.
    #[must_use]
    pub const fn unmanaged(mut self) -> Self {
        self.managed = false;
        self
    }

    /// With these columns.
    #[must_use]
    pub const fn columns(mut self, columns: &'static [ColumnMeta]) -> Self {
        self.columns = columns;
        self
    }

    /// With this primary key, if that is not `id`.
    #[must_use]
    pub const fn primary_key(mut self, column: &'static str) -> Self {
        self.primary_key = column;
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
    /// The column whose type it has: of a foreign key the key that it points to, else it itself.
    #[must_use]
    pub fn typed_as(&self) -> &ColumnMeta {
        let target = self
            .references
            .and_then(|relation| (relation.to)().column(relation.to_column));
        // A key may be a foreign key itself.
        target.map_or(self, |target| target.typed_as())
    }

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
            range: None,
            choices: &[],
            format: None,
            blank: false,
            editable: true,
            comment: None,
            collation: None,
            db_default: None,
            generated: None,
            auto_now: None,
            unique_within: &[],
            validators: None,
            error_messages: &[],
        }
    }

    /// A column of a Rust type.
    #[must_use]
    pub const fn of<C: ColumnType>(field: &'static str, column: &'static str) -> Self {
        let FieldInfo {
            max_length,
            range,
            choices,
        } = <C::Base as FieldType>::INFO;
        let mut meta = Self::new(field, column, C::KIND).nullable(C::NULLABLE);
        meta.max_length = max_length;
        meta.range = range;
        meta.choices = choices;
        meta
    }

    /// With values to choose from.
    #[must_use]
    pub const fn choices(mut self, choices: &'static [Choice]) -> Self {
        self.choices = choices;
        self
    }

    /// A text of a kind; where the field says no length, it has that of the kind.
    #[must_use]
    pub const fn format(mut self, format: Format) -> Self {
        self.format = Some(format);
        if self.max_length.is_none() {
            self.max_length = Some(match format {
                Format::Slug => 50,
                Format::Email => 254,
                Format::Url => 200,
                Format::File | Format::Image | Format::FilePath => 100,
            });
        }
        self
    }

    /// People may leave it empty.
    #[must_use]
    pub const fn blank(mut self) -> Self {
        self.blank = true;
        self
    }

    /// People may not change it.
    #[must_use]
    pub const fn not_editable(mut self) -> Self {
        self.editable = false;
        self
    }

    /// With what it is for.
    #[must_use]
    pub const fn comment(mut self, comment: &'static str) -> Self {
        self.comment = Some(comment);
        self
    }

    /// Compared by a collation of the database.
    #[must_use]
    pub const fn collation(mut self, collation: &'static str) -> Self {
        self.collation = Some(collation);
        self
    }

    /// With what the database computes where no value is given.
    #[must_use]
    pub const fn db_default(mut self, expr: fn() -> Expr) -> Self {
        self.db_default = Some(expr);
        self
    }

    /// Computed by the database of the others of the row.
    #[must_use]
    pub const fn generated(mut self, generated: Generated) -> Self {
        self.generated = Some(generated);
        self
    }

    /// With the present time by itself.
    #[must_use]
    pub const fn auto_now(mut self, when: AutoNow) -> Self {
        self.auto_now = Some(when);
        self
    }

    /// Unique within the days, months or years of date columns.
    #[must_use]
    pub const fn unique_within(mut self, columns: &'static [(Within, &'static str)]) -> Self {
        self.unique_within = columns;
        self
    }

    /// With checks of what people give.
    #[must_use]
    pub const fn validators(mut self, validators: fn(&Value) -> Vec<Invalid>) -> Self {
        self.validators = Some(validators);
        self
    }

    /// With texts for people, by the code of the reason.
    #[must_use]
    pub const fn error_messages(mut self, messages: &'static [(&'static str, &'static str)]) -> Self {
        self.error_messages = messages;
        self
    }

    /// Whether the database alone makes its value.
    pub(crate) const fn is_made_by_database(&self) -> bool {
        self.automatic || self.generated.is_some()
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
            reverse: false,
            nullable: false,
            on_delete,
            set: None,
            through: None,
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
            reverse: true,
            nullable: true,
            on_delete: OnDelete::DoNothing,
            set: None,
            through: None,
        }
    }

    /// The other side of a one to one relation: it leads to one row, or to none.
    #[must_use]
    pub const fn reverse_one(
        name: &'static str,
        from: fn() -> &'static ModelMeta,
        to: fn() -> &'static ModelMeta,
        from_column: &'static str,
        to_column: &'static str,
    ) -> Self {
        let mut relation = Self::reverse(name, from, to, from_column, to_column);
        relation.many = false;
        relation
    }

    /// What the foreign key becomes by [`OnDelete::Set`].
    #[must_use]
    pub const fn set(mut self, value: fn() -> Value) -> Self {
        self.set = Some(value);
        self
    }

    /// It is the other side of a relation that another field makes.
    #[must_use]
    pub const fn reversed(mut self) -> Self {
        self.reverse = true;
        self
    }

    /// A many to many relation, seen from the side that makes it. The columns are the two primary keys.
    #[must_use]
    pub const fn many_to_many(
        name: &'static str,
        from: fn() -> &'static ModelMeta,
        to: fn() -> &'static ModelMeta,
        from_column: &'static str,
        to_column: &'static str,
        through: fn() -> &'static ThroughMeta,
    ) -> Self {
        let mut relation = Self::reverse(name, from, to, from_column, to_column);
        relation.reverse = false;
        relation.through = Some(through);
        relation
    }

    /// The table between the two models, if it is a many to many relation.
    #[must_use]
    pub fn through(&self) -> Option<&'static ThroughMeta> {
        self.through.map(|through| through())
    }

    /// The relations that a query joins to follow this one: two of them where there is a table in between.
    pub(crate) fn push_hops(&'static self, hops: &mut Vec<&'static RelationMeta>) {
        match self.through() {
            Some(through) => hops.extend([through.entry, through.exit]),
            None => hops.push(self),
        }
    }

    /// In a query of the other model: the column that names the row on this side.
    pub(crate) fn owner(&self) -> Expr {
        let (path, column) = match self.through() {
            Some(through) => ([through.back].as_slice().into(), through.entry.to_column),
            None => ([].into(), self.to_column),
        };
        Expr::Column { path, column }
    }

    /// There may be no row on the other side.
    #[must_use]
    pub const fn nullable(mut self) -> Self {
        self.nullable = true;
        self
    }
}

/// The table between two models, as a `fn` that gives it seen from the first of them.
#[macro_export]
#[doc(hidden)]
macro_rules! __through {
    (
        automatic $name:literal $table:literal, symmetrical $symmetrical:literal,
        $field:literal, $from:ty: $source:literal $source_column:literal, $to:ty: $target:literal $target_column:literal
    ) => {{
        static MODEL: $crate::meta::ModelMeta = $crate::meta::ModelMeta::new($name, $table)
            .columns(&[
                $crate::meta::ColumnMeta::new("id", "id", $crate::Kind::BigInt).automatic(),
                $crate::meta::ColumnMeta::new(
                    $source,
                    $source_column,
                    <<$from as $crate::Model>::Key as $crate::ColumnType>::KIND,
                )
                .references(&SOURCE)
                .index(),
                $crate::meta::ColumnMeta::new(
                    $target,
                    $target_column,
                    <<$to as $crate::Model>::Key as $crate::ColumnType>::KIND,
                )
                .references(&TARGET)
                .index(),
            ])
            .relations(&[&SOURCE, &TARGET])
            .unique_together(&[&[$source_column, $target_column]]);
        $crate::__through!(
            @statics || &MODEL, true, $symmetrical, $field, $from: $source $source_column, $to: $target $target_column
        );
        || &THROUGH
    }};
    (
        own $model:ty, symmetrical $symmetrical:literal,
        $field:literal, $from:ty: $source:literal $source_column:expr, $to:ty: $target:literal $target_column:expr
    ) => {{
        $crate::__through!(
            @statics <$model as $crate::Model>::meta, false, $symmetrical, $field,
            $from: $source $source_column, $to: $target $target_column
        );
        || &THROUGH
    }};
    (
        @statics $model:expr, $automatic:literal, $symmetrical:literal,
        $field:literal, $from:ty: $source:literal $source_column:expr, $to:ty: $target:literal $target_column:expr
    ) => {
        static SOURCE: $crate::meta::RelationMeta = $crate::meta::RelationMeta::foreign_key(
            $source,
            $model,
            <$from as $crate::Model>::meta,
            $source_column,
            <$from as $crate::Model>::PRIMARY_KEY,
            $crate::meta::OnDelete::Cascade,
        );
        static TARGET: $crate::meta::RelationMeta = $crate::meta::RelationMeta::foreign_key(
            $target,
            $model,
            <$to as $crate::Model>::meta,
            $target_column,
            <$to as $crate::Model>::PRIMARY_KEY,
            $crate::meta::OnDelete::Cascade,
        );
        static ENTRY: $crate::meta::RelationMeta = $crate::meta::RelationMeta::reverse(
            $field,
            <$from as $crate::Model>::meta,
            $model,
            <$from as $crate::Model>::PRIMARY_KEY,
            $source_column,
        );
        static BACK: $crate::meta::RelationMeta = $crate::meta::RelationMeta::reverse(
            $field,
            <$to as $crate::Model>::meta,
            $model,
            <$to as $crate::Model>::PRIMARY_KEY,
            $target_column,
        );
        static THROUGH: $crate::meta::ThroughMeta =
            $crate::meta::ThroughMeta::new($model, &ENTRY, &TARGET, &BACK, &REVERSED)
                .automatic($automatic)
                .symmetrical($symmetrical);
        static REVERSED: $crate::meta::ThroughMeta =
            $crate::meta::ThroughMeta::new($model, &BACK, &SOURCE, &ENTRY, &THROUGH)
                .automatic($automatic)
                .symmetrical($symmetrical);
    };
}
