//! Validation in the program: what `full_clean()` does with a row before it is written.

use rust_decimal::Decimal;

use crate::database::{self, Database};
use crate::error::FieldError;
use crate::field_type::{ColumnType, FieldType, Primitive};
use crate::located::binary;
use crate::meta::{ChoiceValue, ColumnMeta, ConstraintMeta, ConstraintRule, Format, ModelMeta, Within};
use crate::query::{Expr, Function, Operator, Part, Path, Select, Statement};
use crate::validators::{self, Invalid};
use crate::{Error, Result, Value};

/// A row's columns and values, in the order of the model.
type Values = [(&'static ColumnMeta, Value)];

type Validator<'v, T> = &'v dyn Fn(&T) -> Result<(), Invalid>;

/// Runs the validators of a field on its value.
#[doc(hidden)]
pub fn validated<C: ColumnType>(value: &Value, validators: &[Validator<'_, C::Base>]) -> Vec<Invalid> {
    let Some(stored) = <C::Base as FieldType>::Stored::from_value(value) else {
        return Vec::new();
    };
    match C::Base::from_stored(stored) {
        Ok(base) => validators
            .iter()
            .filter_map(|validator| validator(&base).err())
            .collect(),
        Err(problem) => vec![Invalid::new("invalid", problem.to_string())],
    }
}

/// Checks the fields, and then the rules of the table by queries. `key` is that of the row, where there is one already.
pub(crate) async fn full_clean(
    model: &'static ModelMeta,
    values: Vec<(&'static str, Value)>,
    key: Option<Value>,
    using: Option<Database>,
) -> Result<()> {
    let values: Vec<(&'static ColumnMeta, Value)> = model
        .columns
        .iter()
        .filter_map(|column| {
            let value = values.iter().find(|(name, _)| *name == column.column)?;
            Some((column, value.1.clone()))
        })
        .collect();
    let mut errors = Vec::new();
    for (column, value) in &values {
        if !column.is_made_by_database() && column.column != model.primary_key {
            field(column, value, &mut errors);
        }
    }
    let row = Row {
        model,
        values: &values,
        key,
        using,
    };
    row.rules(&mut errors).await?;
    if errors.is_empty() {
        return Ok(());
    }
    Err(Error::validation(errors))
}

/// The error of a field, with the text that the field has for it.
fn refuse(column: &ColumnMeta, code: &'static str, message: impl Into<String>) -> FieldError {
    let own = column.error_messages.iter().find(|(of, _)| *of == code);
    FieldError {
        field: Some(column.field),
        code,
        message: own.map_or_else(|| message.into(), |(_, message)| (*message).to_owned()),
    }
}

fn field(column: &ColumnMeta, value: &Value, errors: &mut Vec<FieldError>) {
    let mut refused = |code, message: String| errors.push(refuse(column, code, message));
    match value {
        Value::Default(_) => return,
        Value::Null(_) => {
            if !column.nullable {
                refused("null", "This field cannot be null.".to_owned());
            }
            return;
        }
        Value::Text(text) if text.is_empty() => {
            if !column.blank {
                refused("blank", "This field cannot be blank.".to_owned());
            }
            return;
        }
        Value::Unfit(_, problem) => return refused("invalid", problem.clone()),
        _ => {}
    }
    if !column.choices.is_empty() && !column.choices.iter().any(|choice| is(choice.value, value)) {
        refused("choice", format!("{} is not a valid choice.", shown(value)));
    }
    if let (Value::Text(text), Some(most)) = (value, column.max_length) {
        let length = text.chars().count();
        if length > usize::try_from(most).unwrap_or(usize::MAX) {
            let message = format!("Ensure this value has at most {most} characters (it has {length}).");
            refused("max_length", message);
        }
    }
    if let (Some(number), Some((smallest, largest))) = (whole(value), column.range)
        && !(Decimal::from(smallest)..=Decimal::from(largest)).contains(&number)
    {
        refused(
            "range",
            format!("Ensure this value is from {smallest} to {largest}."),
        );
    }
    if let (Value::Decimal(number), Some((digits, places))) = (value, column.digits) {
        let number = number.normalize();
        let whole = number.trunc().mantissa().unsigned_abs();
        let before = if whole == 0 { 0 } else { whole.ilog10() + 1 };
        if number.scale() > places || before > digits.saturating_sub(places) {
            refused(
                "digits",
                format!(
                    "Ensure that there are no more than {digits} digits, {places} of them decimal places."
                ),
            );
        }
    }
    let format = match (value, column.format) {
        (Value::Text(text), Some(Format::Slug)) => validators::slug(text),
        (Value::Text(text), Some(Format::Email)) => validators::email(text),
        (Value::Text(text), Some(Format::Url)) => validators::url(text),
        _ => Ok(()),
    };
    let own = column
        .validators
        .map(|validators| validators(value))
        .unwrap_or_default();
    for Invalid { code, message } in format.err().into_iter().chain(own) {
        errors.push(refuse(column, code, message));
    }
}

fn is(choice: ChoiceValue, value: &Value) -> bool {
    match (choice, value) {
        (ChoiceValue::Text(choice), Value::Text(text)) => choice == text,
        (ChoiceValue::Int(choice), value) => whole(value) == Some(choice.into()),
        _ => false,
    }
}

fn whole(value: &Value) -> Option<Decimal> {
    match value {
        Value::SmallInt(number) => Some((*number).into()),
        Value::Int(number) => Some((*number).into()),
        Value::BigInt(number) => Some((*number).into()),
        Value::Decimal(number) => Some(*number),
        _ => None,
    }
}

fn shown(value: &Value) -> String {
    match (value, whole(value)) {
        (Value::Text(text), _) => format!("\u{201c}{text}\u{201d}"),
        (_, Some(number)) => number.to_string(),
        _ => "It".to_owned(),
    }
}

/// A row to hold against the rules of its table.
struct Row<'a> {
    model: &'static ModelMeta,
    values: &'a Values,
    key: Option<Value>,
    using: Option<Database>,
}

impl Row<'_> {
    async fn rules(&self, errors: &mut Vec<FieldError>) -> Result<()> {
        let own = self.model.columns.iter().filter(|column| column.unique);
        let alone = own.map(|column| vec![column.column]);
        let together = self.model.unique_together.iter().map(|columns| columns.to_vec());
        for columns in alone.chain(together) {
            if let Some(equal) = self.equal(&columns, true)
                && self.taken(equal).await?
            {
                errors.push(self.not_unique(&columns));
            }
        }
        for (column, value) in self.values {
            for (within, date) in column.unique_within {
                if let Some(same) = self.within(column, value, *within, date)
                    && self.taken(same).await?
                {
                    let message = format!("This field must be unique for the {} of {date}.", name(*within));
                    errors.push(refuse(column, "unique_within", message));
                }
            }
        }
        for constraint in self.model.constraints {
            if let Some(error) = self.constraint(constraint).await? {
                errors.push(error);
            }
        }
        Ok(())
    }

    fn value(&self, column: &str) -> Option<&Value> {
        self.values
            .iter()
            .find(|(meta, _)| meta.column == column)
            .map(|(_, value)| value)
    }

    /// That the columns have the row's values; nothing, where one has none that could be taken.
    fn equal(&self, columns: &[&'static str], nulls_distinct: bool) -> Option<Expr> {
        let mut all = Vec::new();
        for name in columns {
            match self.value(name)? {
                Value::Default(_) | Value::Unfit(..) => return None,
                value if value.is_null() && nulls_distinct => return None,
                value => all.push(binary(column(name), Operator::Eq, Expr::Value(value.clone()))),
            }
        }
        Some(Expr::And(all))
    }

    fn within(&self, of: &ColumnMeta, value: &Value, within: Within, date: &'static str) -> Option<Expr> {
        let day = self.value(date).filter(|day| !day.is_null())?;
        if value.is_null() || matches!(value, Value::Default(_)) || matches!(day, Value::Default(_)) {
            return None;
        }
        let parts: &[Part] = match within {
            Within::Date => &[Part::Year, Part::Month, Part::Day],
            Within::Month => &[Part::Month],
            Within::Year => &[Part::Year],
        };
        let mut all = vec![binary(
            column(of.column),
            Operator::Eq,
            Expr::Value(value.clone()),
        )];
        for part in parts {
            let extract = |expr| Expr::Function(Function::Extract(*part), vec![expr]);
            let theirs = extract(column(date));
            all.push(binary(theirs, Operator::Eq, extract(Expr::Value(day.clone()))));
        }
        Some(Expr::And(all))
    }

    /// Whether another row is like this.
    async fn taken(&self, like: Expr) -> Result<bool> {
        let mut all = vec![like];
        if let Some(key) = &self.key {
            all.push(binary(
                column(self.model.primary_key),
                Operator::Ne,
                Expr::Value(key.clone()),
            ));
        }
        let mut select = Select::from(self.model);
        select.columns = vec![Expr::Value(Value::Int(1))];
        select.filter = Some(Expr::And(all));
        select.limit = Some(1);
        let statement = Statement::Select(select);
        let found = database::fetch(self.using.clone(), statement, |row| row.int(0)).await?;
        Ok(!found.is_empty())
    }

    fn not_unique(&self, columns: &[&'static str]) -> FieldError {
        let metas: Vec<_> = columns
            .iter()
            .filter_map(|name| self.model.columns.iter().find(|column| column.column == *name))
            .collect();
        let fields: Vec<_> = metas.iter().map(|column| column.field).collect();
        let message = format!(
            "{} with this {} already exists.",
            self.model.name,
            fields.join(" and ")
        );
        match metas.as_slice() {
            [one] => refuse(one, "unique", message),
            _ => FieldError {
                field: None,
                code: "unique",
                message,
            },
        }
    }

    /// The expression with the row's values in place of its columns.
    fn substituted(&self, mut expr: Expr) -> Expr {
        expr.replace_columns(&|path: &Path, column: &'static str| {
            let value = path.is_empty().then(|| self.value(column)).flatten()?;
            Some(Expr::Value(match value {
                Value::Default(kind) => Value::Null(*kind),
                value => value.clone(),
            }))
        });
        expr
    }

    async fn constraint(&self, constraint: &ConstraintMeta) -> Result<Option<FieldError>> {
        let told = |error: FieldError| match constraint.message {
            Some(message) => FieldError {
                message: message.to_owned(),
                ..error
            },
            None => error,
        };
        let name = || crate::schema::rule_name(self.model, constraint);
        if let ConstraintRule::Check(condition) = constraint.rule {
            let condition = self.substituted(condition());
            let holds = database::holds(self.using.clone(), self.model, &[condition]).await?;
            return Ok((holds.first() == Some(&false)).then(|| {
                told(FieldError {
                    field: None,
                    code: "check",
                    message: format!("Constraint \u{201c}{}\u{201d} is violated.", name()),
                })
            }));
        }
        let (like, columns) = match constraint.rule {
            ConstraintRule::Unique(columns) => match self.equal(columns, constraint.nulls_distinct) {
                Some(equal) => (equal, columns),
                None => return Ok(None),
            },
            ConstraintRule::UniqueExpressions(expressions) => {
                let equal = expressions().into_iter().map(|part| {
                    let own = self.substituted(part.expr.clone());
                    binary(part.expr, Operator::Eq, own)
                });
                (Expr::And(equal.collect()), &[][..])
            }
            // What its operators mean, only the database knows.
            ConstraintRule::Check(_) | ConstraintRule::Exclude(..) => return Ok(None),
        };
        let mut like = vec![like];
        if let Some(condition) = constraint.condition {
            let own = self.substituted(condition());
            if database::holds(self.using.clone(), self.model, &[own])
                .await?
                .first()
                != Some(&true)
            {
                return Ok(None);
            }
            like.push(condition());
        }
        if !self.taken(Expr::And(like)).await? {
            return Ok(None);
        }
        let error = if columns.is_empty() {
            FieldError {
                field: None,
                code: "unique",
                message: format!("Constraint \u{201c}{}\u{201d} is violated.", name()),
            }
        } else {
            self.not_unique(columns)
        };
        Ok(Some(told(error)))
    }
}

fn column(column: &'static str) -> Expr {
    Expr::Column {
        path: [].into(),
        column,
    }
}

fn name(within: Within) -> &'static str {
    match within {
        Within::Date => "date",
        Within::Month => "month",
        Within::Year => "year",
    }
}
