//! From a database to models.

mod kind;
mod source;

use nuages_orm::meta::OnDelete;
use nuages_orm::{Dialect, constraint_name};

use crate::schema::{Check, Column, ForeignKey, Schema, Table};
use crate::state::{Constraint, Field, Index, Model, State};
use crate::text::{Token, snake_case, tokens};

/// Models of the tables that a database has.
#[derive(Clone, Debug)]
pub struct Inspected {
    app: String,
    models: Vec<(Model, Vec<String>)>,
}

/// Makes models of tables. Views and parts of other tables become models that are not managed.
///
/// Names follow those that nuages gives: a rule named otherwise keeps its name.
///
/// # Examples
///
/// ```
/// use nuages_migrations::{inspect, introspect};
/// use nuages_orm::{Database, raw};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let db = Database::connect("sqlite::memory:").wait()?;
/// raw("CREATE TABLE book (id integer PRIMARY KEY AUTOINCREMENT NOT NULL, title varchar(80) NOT NULL)").using(&db).execute().wait()?;
///
/// let models = inspect(&introspect(&db).wait()?, db.dialect());
/// assert!(models.source().contains("pub title: String"));
/// # Ok(())
/// # }
/// ```
#[must_use]
pub fn inspect(schema: &Schema, dialect: Dialect) -> Inspected {
    let names: Vec<(String, String)> = schema
        .tables
        .keys()
        .map(|table| (table.clone(), camel_case(table)))
        .collect();
    let name_of = |table: &str| {
        names
            .iter()
            .find(|(of, _)| of == table)
            .map(|(_, name)| name.clone())
    };
    let models = schema
        .tables
        .values()
        .map(|table| inspect_table(table, dialect, &name_of))
        .collect();
    Inspected {
        app: "inspected".to_owned(),
        models,
    }
}

impl Inspected {
    /// The models as Rust, with a comment for what a model can't say.
    #[must_use]
    pub fn source(&self) -> String {
        source::source(&self.models)
    }

    /// The models as a state, under the app's name `inspected`.
    ///
    /// # Errors
    ///
    /// Two tables have the same name, but for its letters' case.
    pub fn state(&self) -> crate::Result<State> {
        let mut state = State::new();
        for (model, _) in &self.models {
            state.add(&self.app, model.clone())?;
        }
        Ok(state)
    }
}

/// `order_line`: `OrderLine`.
fn camel_case(table: &str) -> String {
    let mut name = String::new();
    for word in table.split(|c: char| !c.is_alphanumeric()) {
        let mut chars = word.chars();
        if let Some(first) = chars.next() {
            name.extend(first.to_uppercase());
            name.push_str(chars.as_str());
        }
    }
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
        name.insert_str(0, "Table");
    }
    name
}

type NameOf<'a> = &'a dyn Fn(&str) -> Option<String>;

fn inspect_table(table: &Table, dialect: Dialect, name_of: NameOf<'_>) -> (Model, Vec<String>) {
    let mut notes = Vec::new();
    let name = name_of(&table.name).unwrap_or_else(|| camel_case(&table.name));
    let mut model = Model::new(name);
    model.table.clone_from(&table.name);
    model.comment.clone_from(&table.comment);
    model.managed = !table.read_only;
    let mut used = Used::default();
    for column in &table.columns {
        let (name, field) = inspect_column(table, column, dialect, name_of, &mut used, &mut notes);
        model.fields.push((name, field));
    }
    let field_of = |column: &String| {
        let found = model
            .fields
            .iter()
            .find(|(name, field)| field.column_name(name) == *column);
        found.map_or_else(|| column.clone(), |(name, _)| name.clone())
    };
    let mut together = Vec::new();
    let mut constraints = Vec::new();
    let mut indexes = Vec::new();
    for unique in table
        .uniques
        .iter()
        .filter(|unique| !used.names.contains(&unique.name))
    {
        let columns: Vec<&str> = unique.columns.iter().map(String::as_str).collect();
        let fields: Vec<String> = unique.columns.iter().map(field_of).collect();
        let usual = constraint_name(&table.name, &columns, "uniq");
        if (unique.name == usual || unique.name.is_empty())
            && !unique.deferrable
            && !unique.nulls_not_distinct
        {
            together.push(fields);
        } else {
            let mut constraint = Constraint::unique(&unique.name, fields);
            constraint.deferrable = unique.deferrable;
            constraint.nulls_distinct = !unique.nulls_not_distinct;
            constraints.push(constraint);
        }
    }
    for check in table
        .checks
        .iter()
        .filter(|check| !used.names.contains(&check.name))
    {
        if check.name.is_empty() {
            notes.push(format!("CHECK ({})", check.sql));
        } else {
            constraints.push(Constraint::check(&check.name, &check.sql));
        }
    }
    for index in table
        .indexes
        .iter()
        .filter(|index| !used.names.contains(&index.name))
    {
        if index.unique && index.parts.len() == index.columns.len() {
            let mut constraint = Constraint::unique(&index.name, index.columns.iter().map(field_of));
            constraint.condition.clone_from(&index.condition);
            constraints.push(constraint);
        } else {
            indexes.push(inspect_index(index, &field_of));
        }
    }
    // An index that MariaDB made for a foreign key comes with that.
    indexes.retain(|index| {
        dialect != Dialect::MariaDb || !table.foreign_keys.iter().any(|key| key.name == index.name)
    });
    model.unique_together = together;
    model.constraints = constraints;
    model.indexes = indexes;
    for key in table.foreign_keys.iter().filter(|key| key.columns.len() > 1) {
        notes.push(format!(
            "FOREIGN KEY ({}) REFERENCES {} ({})",
            key.columns.join(", "),
            key.table,
            key.to_columns.join(", ")
        ));
    }
    if model.primary_key().is_empty() && !table.read_only {
        notes.push("it has no primary key".to_owned());
    }
    (model, notes)
}

/// The rules that fields say themselves.
#[derive(Default)]
struct Used {
    names: Vec<String>,
}

fn inspect_column(
    table: &Table,
    column: &Column,
    dialect: Dialect,
    name_of: NameOf<'_>,
    used: &mut Used,
    notes: &mut Vec<String>,
) -> (String, Field) {
    let own = |columns: &[String]| columns == [column.name.clone()];
    let named = |suffix: &str| constraint_name(&table.name, &[&column.name], suffix);
    let key = table.foreign_keys.iter().find(|key| own(&key.columns));
    let target = key.and_then(|key| name_of(&key.table));
    let is_key = own(&table.primary_key);
    let found = kind::found(dialect, column, is_key, &table.checks);
    if found.guessed {
        notes.push(format!("{} is {}: read as text", column.name, column.sql_type));
    }
    let mut field = match (key, target) {
        (Some(key), Some(target)) => foreign_key(key, target),
        _ => {
            let mut field = Field::new(found.kind);
            (field.max_length, field.digits) = (found.max_length, found.digits);
            field
        }
    };
    used.names.extend(found.implied);
    field.null = column.null && !is_key;
    field.primary_key = table.primary_key.contains(&column.name);
    field.automatic = column.automatic;
    field.generated = column.generated.as_ref().map(|(sql, _)| sql.clone());
    field.stored = column.generated.as_ref().is_some_and(|(_, stored)| *stored);
    field.db_default.clone_from(&column.default);
    field.comment.clone_from(&column.comment);
    field.collation.clone_from(&column.collation);
    let plain = |name: &str, usual: &str| name == usual || name.is_empty();
    for unique in table.uniques.iter().filter(|unique| own(&unique.columns)) {
        if plain(&unique.name, &named("uniq")) && !unique.deferrable && !unique.nulls_not_distinct {
            field.unique = true;
            used.names.push(unique.name.clone());
        }
    }
    for index in &table.indexes {
        let is_plain = own(&index.columns)
            && index.parts.len() == 1
            && !index.unique
            && index.method.is_none()
            && index.condition.is_none()
            && !index.parts[0].contains(' ');
        if is_plain && index.name == named("idx") {
            field.index = true;
            used.names.push(index.name.clone());
        }
    }
    for check in table.checks.iter().filter(|check| check.name == named("check")) {
        field.check = Some(check.sql.clone());
        used.names.push(check.name.clone());
    }
    let base = match (&field.references, column.name.strip_suffix("_id")) {
        (Some(_), Some(base)) if !base.is_empty() => base,
        _ => &column.name,
    };
    let name = field_name(base);
    if field.column_name(&name) != column.name {
        field.column = Some(column.name.clone());
    }
    (name, field)
}

fn foreign_key(key: &ForeignKey, target: String) -> Field {
    let on_delete = match key.on_delete.as_str() {
        "CASCADE" => OnDelete::Cascade,
        "SET NULL" => OnDelete::SetNull,
        "RESTRICT" => OnDelete::Protect,
        // Django deletes by itself, and tells the database nothing.
        _ => OnDelete::DoNothing,
    };
    let mut field = Field::foreign_key(target, on_delete);
    // Whether it has one is seen from the table's indexes.
    field.index = false;
    if let ([to], Some(reference)) = (key.to_columns.as_slice(), &mut field.references)
        && to != "id"
    {
        reference.field = Some(field_name(to));
    }
    field
}

fn inspect_index(index: &crate::schema::Index, field_of: &dyn Fn(&String) -> String) -> Index {
    let mut fields = Vec::new();
    let mut expressions = Vec::new();
    let mut classes = Vec::new();
    for part in &index.parts {
        let words = tokens(part);
        let words: Vec<&Token<'_>> = words
            .iter()
            .filter(|token| !matches!(token, Token::Space(_)))
            .collect();
        let column = words
            .first()
            .and_then(|token| token.name())
            .filter(|name| index.columns.contains(name));
        match column {
            Some(column) => {
                let descending = words.iter().any(|token| token.is("DESC"));
                let sign = if descending { "-" } else { "" };
                fields.push(format!("{sign}{}", field_of(&column)));
                let class = words.get(1).filter(|token| !token.is("DESC") && !token.is("ASC"));
                classes.extend(class.map(|token| token.text().to_owned()));
            }
            None => {
                let inner = part.strip_prefix('(').and_then(|part| part.strip_suffix(')'));
                expressions.push(inner.unwrap_or(part).to_owned());
            }
        }
    }
    let mut inspected = Index::new(&index.name, fields);
    inspected.expressions = expressions;
    inspected.operator_classes = classes;
    inspected.condition.clone_from(&index.condition);
    inspected.method.clone_from(&index.method);
    inspected.include = index.include.iter().map(field_of).collect();
    inspected
}

/// A name that Rust takes for a field.
fn field_name(column: &str) -> String {
    let mut name: String = snake_case(column)
        .chars()
        .map(|c| if c.is_alphanumeric() { c } else { '_' })
        .collect();
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
        name.insert_str(0, "field_");
    }
    if matches!(name.as_str(), "self" | "super" | "crate" | "wait" | "using") {
        name.push('_');
    }
    name
}

/// Whether a condition says that a column is JSON, as nuages and Django write it.
fn is_json_check(check: &Check, column: &str) -> bool {
    let text = check.sql.to_lowercase().replace(['"', '(', ')', ' '], "");
    let column = column.to_lowercase();
    text == format!("json_valid{column}") || text == format!("json_valid{column}or{column}isnull")
}
