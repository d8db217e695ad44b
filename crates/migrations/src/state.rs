//! What the models of a project look like at some point of its history: owned, comparable, and written down as Rust in the migrations' files.

use std::collections::BTreeMap;

use nuages_orm::Kind;
use nuages_orm::meta::OnDelete;

use crate::text::{rename_identifier, snake_case};
use crate::{Error, Result};

/// All models of a project, by their full names (`shop.Book`).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    models: BTreeMap<String, Model>,
}

impl State {
    /// No models.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The models with their full names, sorted by them.
    pub fn models(&self) -> impl Iterator<Item = (&str, &Model)> {
        self.models.iter().map(|(name, model)| (name.as_str(), model))
    }

    pub(crate) fn models_mut(&mut self) -> impl Iterator<Item = (&String, &mut Model)> {
        self.models.iter_mut()
    }

    /// A model by its full name.
    #[must_use]
    pub fn model(&self, full_name: &str) -> Option<&Model> {
        self.models.get(full_name)
    }

    pub(crate) fn known(&self, full_name: &str) -> Result<&Model> {
        self.models.get(full_name).ok_or_else(|| missing_model(full_name))
    }

    pub(crate) fn known_mut(&mut self, full_name: &str) -> Result<&mut Model> {
        self.models
            .get_mut(full_name)
            .ok_or_else(|| missing_model(full_name))
    }

    /// Adds a model under its full name. References without an app are to models of this one's.
    ///
    /// # Errors
    ///
    /// There is one of the name already.
    pub fn add(&mut self, app: &str, mut model: Model) -> Result<()> {
        let full_name = full(app, &model.name);
        for (_, field) in &mut model.fields {
            field.qualify(app);
        }
        if model.table.is_empty() {
            model.table = snake_case(&model.name);
        }
        if self.models.contains_key(&full_name) {
            return Err(Error::state(format!("there is a model {full_name} already")));
        }
        self.models.insert(full_name, model);
        Ok(())
    }

    pub(crate) fn remove(&mut self, full_name: &str) -> Result<Model> {
        self.models
            .remove(full_name)
            .ok_or_else(|| missing_model(full_name))
    }

    /// Gives a model another name, also where others refer to it.
    pub(crate) fn rename(&mut self, app: &str, old: &str, new: &str) -> Result<()> {
        let (old_full, new_full) = (full(app, old), full(app, new));
        let mut model = self.remove(&old_full)?;
        if model.table == snake_case(old) {
            model.table = snake_case(new);
        }
        new.clone_into(&mut model.name);
        self.models.insert(new_full.clone(), model);
        for model in self.models.values_mut() {
            for (_, field) in &mut model.fields {
                if let Some(reference) = &mut field.references
                    && reference.model == old_full
                {
                    reference.model.clone_from(&new_full);
                }
            }
        }
        Ok(())
    }

    /// The type of a field's column: a foreign key's is that of the field that it points to.
    pub(crate) fn resolved<'a>(&'a self, field: &'a Field) -> Result<&'a Field> {
        let mut field = field;
        // A chain of keys that are foreign keys themselves ends, unless it is a circle.
        for _ in 0..=self.models.len() {
            let Some(reference) = &field.references else {
                return Ok(field);
            };
            field = self.target(reference)?.1;
        }
        Err(Error::state(
            "foreign keys that are primary keys lead in a circle",
        ))
    }

    /// The field that a foreign key points to, and its model.
    pub(crate) fn target<'a>(&'a self, reference: &Reference) -> Result<(&'a str, &'a Field, &'a Model)> {
        let model = self.known(&reference.model)?;
        let name = match &reference.field {
            Some(name) => name.as_str(),
            None => match model.primary_key().as_slice() {
                [name] => *name,
                _ => {
                    return Err(Error::state(format!(
                        "{} has no primary key of one column that a foreign key could point to",
                        reference.model
                    )));
                }
            },
        };
        let (name, field) = model.known(name)?;
        Ok((name, field, model))
    }
}

fn missing_model(full_name: &str) -> Error {
    Error::state(format!(
        "there is no model {full_name} at this point of the history"
    ))
}

/// `shop.Book` from `shop` and `Book`; what has an app stays as it is.
pub(crate) fn full(app: &str, name: &str) -> String {
    if name.contains('.') {
        name.to_owned()
    } else {
        format!("{app}.{name}")
    }
}

/// One model: a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    pub(crate) name: String,
    /// Empty where it follows from the name.
    pub(crate) table: String,
    pub(crate) fields: Vec<(String, Field)>,
    pub(crate) unique_together: Vec<Vec<String>>,
    pub(crate) indexes: Vec<Index>,
    pub(crate) constraints: Vec<Constraint>,
    pub(crate) comment: Option<String>,
    pub(crate) managed: bool,
}

impl Model {
    /// A model without fields, whose table is named after it (`OrderLine`: `order_line`).
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            table: String::new(),
            fields: Vec::new(),
            unique_together: Vec::new(),
            indexes: Vec::new(),
            constraints: Vec::new(),
            comment: None,
            managed: true,
        }
    }

    /// The name of the table.
    pub fn table(mut self, table: impl Into<String>) -> Self {
        self.table = table.into();
        self
    }

    /// With one more field.
    pub fn field(mut self, name: impl Into<String>, field: Field) -> Self {
        self.fields.push((name.into(), field));
        self
    }

    /// With a set of fields that are unique together.
    pub fn unique_together<F: Into<String>>(mut self, fields: impl IntoIterator<Item = F>) -> Self {
        self.unique_together
            .push(fields.into_iter().map(Into::into).collect());
        self
    }

    /// With an index.
    pub fn index(mut self, index: Index) -> Self {
        self.indexes.push(index);
        self
    }

    /// With a constraint.
    pub fn constraint(mut self, constraint: Constraint) -> Self {
        self.constraints.push(constraint);
        self
    }

    /// With a comment in the database. SQLite keeps none.
    pub fn comment(mut self, comment: impl Into<String>) -> Self {
        self.comment = Some(comment.into());
        self
    }

    /// Its table is somebody else's: migrations leave it alone.
    pub fn unmanaged(mut self) -> Self {
        self.managed = false;
        self
    }

    /// Its name, without the app.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name of its table.
    #[must_use]
    pub fn table_name(&self) -> &str {
        &self.table
    }

    /// Its fields with their names, in their order.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &Field)> {
        self.fields.iter().map(|(name, field)| (name.as_str(), field))
    }

    /// A field by its name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Field> {
        self.fields
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, field)| field)
    }

    pub(crate) fn known(&self, name: &str) -> Result<(&str, &Field)> {
        let found = self.fields.iter().find(|(n, _)| n == name);
        found
            .map(|(name, field)| (name.as_str(), field))
            .ok_or_else(|| self.missing(name))
    }

    pub(crate) fn known_mut(&mut self, name: &str) -> Result<&mut (String, Field)> {
        let missing = self.missing(name);
        self.fields.iter_mut().find(|(n, _)| n == name).ok_or(missing)
    }

    fn missing(&self, field: &str) -> Error {
        Error::state(format!(
            "{} has no field {field} at this point of the history",
            self.name
        ))
    }

    /// The names of the fields that are the primary key.
    pub(crate) fn primary_key(&self) -> Vec<&str> {
        let keys = self.fields.iter().filter(|(_, field)| field.primary_key);
        keys.map(|(name, _)| name.as_str()).collect()
    }

    /// The column of a field; a name that is no field's is a column's already.
    pub(crate) fn column_of(&self, name: &str) -> String {
        self.get(name)
            .map_or_else(|| name.to_owned(), |field| field.column_name(name))
    }

    /// A field gets another name: in sets, indexes and conditions too.
    pub(crate) fn rename_field(&mut self, old: &str, new: &str) -> Result<()> {
        if self.get(new).is_some() {
            return Err(Error::state(format!("{} has a field {new} already", self.name)));
        }
        let old_column = self.column_of(old);
        let entry = self.known_mut(old)?;
        new.clone_into(&mut entry.0);
        let new_column = self.column_of(new);
        let rename = |names: &mut Vec<String>| {
            for name in names {
                if name == old {
                    new.clone_into(name);
                } else if name.strip_prefix('-') == Some(old) {
                    *name = format!("-{new}");
                }
            }
        };
        self.unique_together.iter_mut().for_each(rename);
        for (_, field) in &mut self.fields {
            for sql in field.check.iter_mut().chain(&mut field.generated) {
                *sql = rename_identifier(sql, &old_column, &new_column);
            }
        }
        for index in &mut self.indexes {
            rename(&mut index.fields);
            rename(&mut index.include);
            for sql in index.expressions.iter_mut().chain(&mut index.condition) {
                *sql = rename_identifier(sql, &old_column, &new_column);
            }
        }
        for constraint in &mut self.constraints {
            rename(&mut constraint.fields);
            for sql in constraint.check.iter_mut().chain(&mut constraint.condition) {
                *sql = rename_identifier(sql, &old_column, &new_column);
            }
        }
        Ok(())
    }
}

/// One field: a column.
///
/// Defaults are not part of it: they are computed in the program, and the database knows none but a [`db_default`](Self::db_default).
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct Field {
    pub(crate) kind: Kind,
    pub(crate) null: bool,
    pub(crate) primary_key: bool,
    pub(crate) automatic: bool,
    pub(crate) unique: bool,
    pub(crate) index: bool,
    pub(crate) max_length: Option<u32>,
    pub(crate) digits: Option<(u32, u32)>,
    pub(crate) check: Option<String>,
    /// Where it does not follow from the field's name.
    pub(crate) column: Option<String>,
    pub(crate) references: Option<Reference>,
    pub(crate) db_default: Option<String>,
    pub(crate) generated: Option<String>,
    pub(crate) stored: bool,
    pub(crate) comment: Option<String>,
    pub(crate) collation: Option<String>,
}

/// Where a foreign key points.
#[derive(Clone, Debug, PartialEq)]
pub struct Reference {
    /// The full name of the model, once the field is in a [`State`].
    pub(crate) model: String,
    /// Where it is not the primary key.
    pub(crate) field: Option<String>,
    pub(crate) on_delete: OnDelete,
    pub(crate) constraint: bool,
}

impl Field {
    /// A field that may not be NULL.
    pub const fn new(kind: Kind) -> Self {
        Self {
            kind,
            null: false,
            primary_key: false,
            automatic: false,
            unique: false,
            index: false,
            max_length: None,
            digits: None,
            check: None,
            column: None,
            references: None,
            db_default: None,
            generated: None,
            stored: false,
            comment: None,
            collation: None,
        }
    }

    /// The usual primary key: an integer of 64 bits that the database counts up.
    pub const fn key() -> Self {
        let mut field = Self::new(Kind::BigInt);
        field.primary_key = true;
        field.automatic = true;
        field
    }

    /// A foreign key, which has an index. A model without an app is one of the same app.
    pub fn foreign_key(model: impl Into<String>, on_delete: OnDelete) -> Self {
        let mut field = Self::new(Kind::BigInt);
        field.index = true;
        field.references = Some(Reference {
            model: model.into(),
            field: None,
            on_delete,
            constraint: true,
        });
        field
    }

    /// For a foreign key: it points to this field, and not to the primary key.
    pub fn to_field(mut self, field: impl Into<String>) -> Self {
        if let Some(reference) = &mut self.references {
            reference.field = Some(field.into());
        }
        self
    }

    /// For a foreign key: the database does not check it.
    pub fn unconstrained(mut self) -> Self {
        if let Some(reference) = &mut self.references {
            reference.constraint = false;
        }
        self
    }

    /// It may be NULL.
    pub const fn null(mut self) -> Self {
        self.null = true;
        self
    }

    /// It is the primary key, or a part of it.
    pub const fn primary_key(mut self) -> Self {
        self.primary_key = true;
        self
    }

    /// The database makes its value.
    pub const fn automatic(mut self) -> Self {
        self.automatic = true;
        self
    }

    /// No two rows have the same value. The rule has an index, so that it needs no other.
    pub const fn unique(mut self) -> Self {
        self.unique = true;
        self
    }

    /// With an index.
    pub const fn index(mut self) -> Self {
        self.index = true;
        self
    }

    /// Without an index, as foreign keys have one.
    pub const fn no_index(mut self) -> Self {
        self.index = false;
        self
    }

    /// Text of so many characters at most.
    pub const fn max_length(mut self, characters: u32) -> Self {
        self.max_length = Some(characters);
        self
    }

    /// A decimal with so many digits in all, and so many after the point.
    pub const fn digits(mut self, all: u32, after_the_point: u32) -> Self {
        self.digits = Some((all, after_the_point));
        self
    }

    /// With a CHECK condition, in SQL.
    pub fn check(mut self, condition: impl Into<String>) -> Self {
        self.check = Some(condition.into());
        self
    }

    /// The name of its column, where that is not the field's (for a foreign key: with `_id`).
    pub fn column(mut self, column: impl Into<String>) -> Self {
        self.column = Some(column.into());
        self
    }

    /// With a default that the database knows, in SQL.
    pub fn db_default(mut self, sql: impl Into<String>) -> Self {
        self.db_default = Some(sql.into());
        self
    }

    /// The database computes it from others, in SQL; stored, or each time that it is read.
    pub fn generated(mut self, sql: impl Into<String>, stored: bool) -> Self {
        self.generated = Some(sql.into());
        self.stored = stored;
        self
    }

    /// With a comment in the database. SQLite keeps none.
    pub fn comment(mut self, comment: impl Into<String>) -> Self {
        self.comment = Some(comment.into());
        self
    }

    /// Compared and sorted by these rules.
    pub fn collation(mut self, collation: impl Into<String>) -> Self {
        self.collation = Some(collation.into());
        self
    }

    /// Its type. A foreign key's is what it points to.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Whether it may be NULL.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.null
    }

    /// The full name of the model that it points to.
    #[must_use]
    pub fn target(&self) -> Option<&str> {
        self.references.as_ref().map(|reference| reference.model.as_str())
    }

    pub(crate) fn qualify(&mut self, app: &str) {
        if let Some(reference) = &mut self.references {
            reference.model = full(app, &reference.model);
        }
    }

    /// The column of a field of this name.
    pub(crate) fn column_name(&self, name: &str) -> String {
        match &self.column {
            Some(column) => column.clone(),
            None if self.references.is_some() => format!("{name}_id"),
            None => name.to_owned(),
        }
    }
}

/// An index of several columns, of expressions, or with a name of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Index {
    pub(crate) name: String,
    /// Fields; one with a `-` before it is in descending order.
    pub(crate) fields: Vec<String>,
    pub(crate) expressions: Vec<String>,
    pub(crate) condition: Option<String>,
    pub(crate) include: Vec<String>,
    pub(crate) method: Option<String>,
    pub(crate) operator_classes: Vec<String>,
}

impl Index {
    /// An index of these fields, under this name.
    pub fn new<F: Into<String>>(name: impl Into<String>, fields: impl IntoIterator<Item = F>) -> Self {
        Self {
            name: name.into(),
            fields: fields.into_iter().map(Into::into).collect(),
            expressions: Vec::new(),
            condition: None,
            include: Vec::new(),
            method: None,
            operator_classes: Vec::new(),
        }
    }

    /// With an expression, in SQL, after the fields. MariaDB has none.
    pub fn expression(mut self, sql: impl Into<String>) -> Self {
        self.expressions.push(sql.into());
        self
    }

    /// Only of the rows that meet a condition, in SQL. MariaDB has none.
    pub fn condition(mut self, sql: impl Into<String>) -> Self {
        self.condition = Some(sql.into());
        self
    }

    /// With more columns in the index. PostgreSQL's.
    pub fn include<F: Into<String>>(mut self, fields: impl IntoIterator<Item = F>) -> Self {
        self.include = fields.into_iter().map(Into::into).collect();
        self
    }

    /// Of this kind: `gin`, `gist`, `brin`, `hash`. PostgreSQL's.
    pub fn method(mut self, method: impl Into<String>) -> Self {
        self.method = Some(method.into());
        self
    }

    /// With these operator classes, one for each field. PostgreSQL's.
    pub fn operator_classes<C: Into<String>>(mut self, classes: impl IntoIterator<Item = C>) -> Self {
        self.operator_classes = classes.into_iter().map(Into::into).collect();
        self
    }
}

/// A rule of a table with a name of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Constraint {
    pub(crate) name: String,
    /// For a unique rule.
    pub(crate) fields: Vec<String>,
    pub(crate) condition: Option<String>,
    pub(crate) deferrable: bool,
    pub(crate) nulls_distinct: bool,
    /// For a check.
    pub(crate) check: Option<String>,
}

impl Constraint {
    /// A condition that each row meets, in SQL.
    pub fn check(name: impl Into<String>, condition: impl Into<String>) -> Self {
        Self {
            check: Some(condition.into()),
            ..Self::unique(name, Vec::<String>::new())
        }
    }

    /// Fields that are unique together.
    pub fn unique<F: Into<String>>(name: impl Into<String>, fields: impl IntoIterator<Item = F>) -> Self {
        Self {
            name: name.into(),
            fields: fields.into_iter().map(Into::into).collect(),
            condition: None,
            deferrable: false,
            nulls_distinct: true,
            check: None,
        }
    }

    /// Only among the rows that meet a condition, in SQL. MariaDB has none.
    pub fn condition(mut self, sql: impl Into<String>) -> Self {
        self.condition = Some(sql.into());
        self
    }

    /// Checked when the transaction ends. PostgreSQL's.
    pub fn deferrable(mut self) -> Self {
        self.deferrable = true;
        self
    }

    /// Two NULLs are the same. PostgreSQL's.
    pub fn nulls_not_distinct(mut self) -> Self {
        self.nulls_distinct = false;
        self
    }
}
