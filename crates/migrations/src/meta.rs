//! The state of the models as they are compiled in.

use nuages_orm::meta::{ColumnMeta, ModelMeta};

use crate::migration::App;
use crate::state::{Field, Model, Reference, State, full};
use crate::text::snake_case;
use crate::{Error, Result};

/// The models of all apps.
pub(crate) fn models_state(apps: &[App]) -> Result<State> {
    let mut state = State::new();
    for app in apps {
        for meta in &app.models {
            state.add(app.name(), model(apps, app.name(), meta)?)?;
        }
    }
    Ok(state)
}

fn model(apps: &[App], app: &str, meta: &'static ModelMeta) -> Result<Model> {
    let mut model = Model::new(meta.name).table(meta.table);
    for column in meta.columns {
        model
            .fields
            .push((column.field.to_owned(), field(apps, app, meta, column)?));
    }
    let field_of = |column: &&str| {
        let found = meta.columns.iter().find(|candidate| candidate.column == *column);
        found.map_or(*column, |found| found.field).to_owned()
    };
    model.unique_together = meta
        .unique_together
        .iter()
        .map(|set| set.iter().map(field_of).collect())
        .collect();
    Ok(model)
}

fn field(apps: &[App], app: &str, meta: &ModelMeta, column: &ColumnMeta) -> Result<Field> {
    let mut field = Field::new(column.kind);
    field.null = column.nullable;
    field.primary_key = column.column == meta.primary_key;
    field.automatic = column.automatic;
    field.unique = column.unique;
    // A unique column has its index already.
    field.index = column.index && !column.unique;
    field.max_length = column.max_length;
    field.digits = column.digits;
    field.check = column.check.map(str::to_owned);
    if let Some(relation) = column.references {
        let target = (relation.to)();
        let of = apps.iter().find(|app| app.models.contains(&target)).ok_or_else(|| {
            Error::state(format!(
                "{app}.{}.{} points to {}, which is no model of an app here: add it to the models of its app",
                meta.name, column.field, target.name
            ))
        })?;
        let to_field = target.columns.iter().find(|candidate| {
            candidate.column == relation.to_column && relation.to_column != target.primary_key
        });
        field.references = Some(Reference {
            model: full(of.name(), target.name),
            field: to_field.map(|column| column.field.to_owned()),
            on_delete: relation.on_delete,
            constraint: true,
        });
        // What it points to says it.
        (field.kind, field.max_length, field.digits) = (nuages_orm::Kind::BigInt, None, None);
    }
    if field.column_name(column.field) != column.column {
        field.column = Some(column.column.to_owned());
    }
    Ok(field)
}

/// The default of a column that rows without a value get: one that is not computed anew each time.
pub(crate) fn default_of(meta: &ModelMeta, field: &str) -> Option<Default> {
    let column = meta.columns.iter().find(|column| column.field == field)?;
    let default = column.default?;
    let value = default();
    Some(if value == default() {
        Default::Constant(value)
    } else {
        Default::Computed(value)
    })
}

/// The default of a field, as code computes it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Default {
    /// The same each time.
    Constant(crate::Value),
    /// Another one each time, such as the moment or a random number.
    Computed(crate::Value),
}

/// Whether a table's name follows from the model's.
pub(crate) fn is_usual_table(model: &Model) -> bool {
    model.table == snake_case(&model.name)
}
