//! A query by names.

use std::ops::RangeBounds;

use super::argument::{Argument, coerce};
use super::lookup::Q;
use super::resolve::{Annotation, Scope, resolve};
use super::row::{DynamicRow, read};
use super::summary::Summary;
use crate::database::Database;
use crate::meta::ModelMeta;
use crate::model::Record;
use crate::query::{Expr, Function, Order, Select, SetOperator, Statement, Update};
use crate::queryset::{Core, QuerySet};
use crate::value::{Kind, Value};
use crate::{Error, Op, Result};

/// A query whose fields, lookups and aggregates are names: of a model that is only known at run time, or of a typed query that is handed on
/// ([`QuerySet::dynamic`]).
///
/// What takes names gives a `Result`, whose error lists the names that there are.
///
/// # Examples
///
/// ```
/// use nuages_orm::dynamic::{count, q, sum};
/// # use nuages_orm::prelude::*;
/// # #[model] struct Author { id: i64, name: String, #[relation(reverse = Book::author)] books: Many<Book> }
/// # #[model] struct Book { id: i64, title: String, stock: i32, #[relation(on_delete = Protect)] author: ForeignKey<Author> }
/// # fn main() -> nuages_orm::Result<()> {
/// # let db = Database::connect("sqlite::memory:").wait()?;
/// # nuages_orm::create_tables(&db, &[Author::meta(), Book::meta()]).wait()?;
/// # db.sync_scope(|| {
/// # let django = Author::create().name("Django Reinhardt").wait()?;
/// # for (title, stock) in [("Nuages", 3), ("Minor Swing", 0), ("Belleville", 1)] {
/// #     Book::create().title(title).stock(stock).author(&django).wait()?;
/// # }
///
/// let authors = Author::objects()
///     .dynamic()
///     .annotate("titles", count("books"))?
///     .annotate("stock", sum("books__stock").filter(("title__startswith", "N")))?
///     .filter(q("titles__gt", "2") & !q("name", "Boris Vian"))?
///     .values(["name", "titles", "stock"])?;
/// let row = authors.first().wait()?.unwrap();
/// assert_eq!(row.get("stock"), Some(&3_i64.into()));
/// # Ok(()) }) }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a query does nothing until one of its operations, such as `.all()`, is `.await`ed or `.wait()`ed for"]
pub struct DynamicQuery {
    core: Core,
    annotations: Vec<Annotation>,
    /// What each row holds, by name; `None` is the model's own columns, and the annotations.
    values: Option<Vec<Annotation>>,
}

impl<S: Record> QuerySet<S> {
    /// The query as one by names, for code that does not know the model. What is loaded with the records is left out.
    pub fn dynamic(self) -> DynamicQuery {
        DynamicQuery::over(self.into_core())
    }
}

impl DynamicQuery {
    /// All rows of a model.
    pub fn new(model: &'static ModelMeta) -> Self {
        Self::over(Core::new(model))
    }

    fn over(core: Core) -> Self {
        Self {
            core,
            annotations: Vec::new(),
            values: None,
        }
    }

    /// The model.
    #[must_use]
    pub fn model(&self) -> &'static ModelMeta {
        self.core.select.model
    }

    fn scope(&self) -> Scope<'_> {
        Scope {
            model: self.model(),
            annotations: &self.annotations,
        }
    }

    /// Only rows for which the condition holds: a pair, a list of pairs, or what [`q`](super::q) makes.
    ///
    /// Conditions on one to-many relation are about one row where they are given at once, and may be met by several where they are not, as in Django.
    ///
    /// # Errors
    ///
    /// A name or a lookup that is not there, or a value that the field can't be compared with.
    pub fn filter(mut self, condition: impl Into<Q>) -> Result<Self> {
        let test = condition.into().test(&self.scope())?;
        self.core.filter(test);
        Ok(self)
    }

    /// Only rows for which the condition does not hold; a row where a NULL makes it unknown is among them.
    ///
    /// # Errors
    ///
    /// As [`filter`](Self::filter).
    pub fn exclude(mut self, condition: impl Into<Q>) -> Result<Self> {
        let test = condition.into().test(&self.scope())?.not();
        self.core.filter(test);
        Ok(self)
    }

    /// In this order: names, with a `-` before those of which the largest goes first. `?` is no order, another one each time.
    ///
    /// # Errors
    ///
    /// A name that is not there, or leads to many rows.
    pub fn order_by<'n>(mut self, names: impl IntoIterator<Item = &'n str>) -> Result<Self> {
        let mut order = Vec::new();
        for name in names {
            let (descending, field) = match name.strip_prefix('-') {
                Some(field) => (true, field),
                None => (false, name),
            };
            let expr = match field {
                "?" => Expr::Function(Function::Random, Vec::new()),
                field => resolve(&self.scope(), field)?.value(field)?.0,
            };
            order.push(Order::by(expr, descending));
        }
        self.core.order_by(|out| *out = order);
        Ok(self)
    }

    /// What each row holds, instead of the model's own columns.
    ///
    /// # Errors
    ///
    /// A name that is not there, or leads to many rows.
    pub fn values<'n>(mut self, names: impl IntoIterator<Item = &'n str>) -> Result<Self> {
        let values = names.into_iter().map(|name| {
            let (expr, kind) = resolve(&self.scope(), name)?.value(name)?;
            Ok(Annotation {
                name: name.to_owned(),
                expr,
                kind,
            })
        });
        self.values = Some(values.collect::<Result<_>>()?);
        Ok(self)
    }

    /// Aggregates over what each row leads to, under a name that can be filtered and ordered by.
    ///
    /// # Errors
    ///
    /// A name that is not there, a field that is not behind a to-many relation, or a name that the model has already.
    pub fn annotate(mut self, name: impl Into<String>, summary: Summary) -> Result<Self> {
        let name = name.into();
        let model = self.model();
        let taken = |known: &str| known == name;
        if model
            .columns
            .iter()
            .any(|column| taken(column.field) || taken(column.column))
            || model.relations.iter().any(|relation| taken(relation.name))
            || name.contains("__")
        {
            return Err(Error::configuration(format!(
                "`{name}` can't be the name of an annotation: {} has a field of that name, or it holds `__`",
                model.name
            )));
        }
        let (expr, kind) = summary.over_related(model)?;
        self.annotations.retain(|annotation| annotation.name != name);
        self.annotations.push(Annotation { name, expr, kind });
        Ok(self)
    }

    /// One row for each set of values of these fields, with aggregates over the rows that have them.
    ///
    /// # Errors
    ///
    /// A name that is not there, or leads to many rows.
    pub fn group_by<'n>(
        self,
        names: impl IntoIterator<Item = &'n str>,
        summaries: impl IntoIterator<Item = (&'n str, Summary)>,
    ) -> Result<Self> {
        let mut query = self.values(names)?;
        let mut values = query.values.take().unwrap_or_default();
        query.core.select.group_by = values.iter().map(|value| value.expr.clone()).collect();
        for (name, summary) in summaries {
            let (expr, kind) = summary.over_rows(&query.scope())?;
            values.push(Annotation {
                name: name.to_owned(),
                expr,
                kind,
            });
        }
        query.annotations.clone_from(&values);
        query.values = Some(values);
        Ok(query)
    }

    /// Equal rows only once.
    pub fn distinct(mut self) -> Self {
        self.core.select.distinct = true;
        self
    }

    /// In the opposite of the query's order (else of the model's, else by primary key).
    pub fn reverse(mut self) -> Self {
        self.core.reverse();
        self
    }

    /// Only the rows at these positions.
    pub fn slice(mut self, range: impl RangeBounds<u64>) -> Self {
        self.core.slice(range);
        self
    }

    /// The records of this query and of another one of the same model, each once.
    pub fn union(self, other: Self) -> Self {
        self.combined(SetOperator::Union, other)
    }

    /// The records of this query and then those of another one of the same model.
    pub fn union_all(self, other: Self) -> Self {
        self.combined(SetOperator::UnionAll, other)
    }

    /// The records that are in this query and in another one of the same model.
    pub fn intersection(self, other: Self) -> Self {
        self.combined(SetOperator::Intersection, other)
    }

    /// The records that are in this query and not in another one of the same model.
    pub fn difference(self, other: Self) -> Self {
        self.combined(SetOperator::Difference, other)
    }

    fn combined(mut self, operator: SetOperator, other: Self) -> Self {
        if self.model() != other.model() {
            self.core
                .misuse("queries of two models can't be put together by names; do it with typed `values`");
        }
        self.core.combine(operator, other.core);
        self
    }

    /// Runs on this database, whatever the context says.
    pub fn using(mut self, database: &Database) -> Self {
        self.core.using(database);
        self
    }

    /// The rows.
    ///
    /// # Errors
    ///
    /// Those of every query.
    #[track_caller]
    pub fn all(self) -> Op<'static, Vec<DynamicRow>> {
        Op::leaf("DynamicQuery::all", async move {
            let (mut core, values) = self.into_parts();
            if core.select.group_by.is_empty() && !core.select.distinct {
                core.default_order();
            }
            fetch(core, values).await
        })
    }

    /// The first row in the query's order (else the model's, else by primary key), if there is one.
    ///
    /// # Errors
    ///
    /// Those of every query.
    #[track_caller]
    pub fn first(self) -> Op<'static, Option<DynamicRow>> {
        Op::leaf("DynamicQuery::first", async move {
            let (mut core, values) = self.into_parts();
            if !core.select.distinct {
                core.some_order();
            }
            core.slice(..1);
            Ok(fetch(core, values).await?.pop())
        })
    }

    /// The one row with this primary key, which may be text.
    ///
    /// # Errors
    ///
    /// [`is_not_found`](Error::is_not_found) if there is none, and those of every query.
    #[track_caller]
    pub fn get(self, key: impl Into<Argument>) -> Op<'static, DynamicRow> {
        let key = key.into();
        Op::leaf("DynamicQuery::get", async move {
            let model = self.model();
            let row = self.filter(("pk", key))?.into_first().await?;
            row.ok_or_else(|| Error::not_found(model.name))
        })
    }

    async fn into_first(self) -> Result<Option<DynamicRow>> {
        let (mut core, values) = self.into_parts();
        core.slice(..1);
        Ok(fetch(core, values).await?.pop())
    }

    /// How many rows there are.
    ///
    /// # Errors
    ///
    /// Those of every query.
    #[track_caller]
    pub fn count(self) -> Op<'static, u64> {
        Op::leaf("DynamicQuery::count", async move {
            let plain = self.values.is_none();
            let (mut core, values) = self.into_parts();
            if plain {
                core.as_rows();
            } else {
                let model = core.select.model;
                let mut rows = std::mem::replace(&mut core.select, Select::from(model));
                if !rows.is_sliced() {
                    rows.order.clear();
                }
                rows.columns = values.into_iter().map(|value| value.expr).collect();
                core.select = Select::over_outputs(rows);
            }
            let count = Expr::Aggregate {
                function: crate::query::Aggregate::Count,
                expr: None,
                distinct: false,
                filter: None,
            };
            let counted = core.fetch(vec![count], |reader| reader.next::<i64>()).await?;
            Ok(counted
                .first()
                .map_or(0, |count| u64::try_from(*count).unwrap_or(0)))
        })
    }

    /// Whether there is a row.
    ///
    /// # Errors
    ///
    /// Those of every query.
    #[track_caller]
    pub fn exists(self) -> Op<'static, bool> {
        Op::leaf("DynamicQuery::exists", async move {
            Ok(self.slice(..1).into_first().await?.is_some())
        })
    }

    /// One row of aggregates over all rows.
    ///
    /// # Errors
    ///
    /// A name that is not there, and those of every query.
    #[track_caller]
    pub fn aggregate<'n>(
        self,
        summaries: impl IntoIterator<Item = (&'n str, Summary)>,
    ) -> Op<'static, DynamicRow> {
        let mut core = self.core.clone();
        core.as_rows();
        let scope = Scope {
            model: core.select.model,
            annotations: &[],
        };
        let values: Result<Vec<Annotation>> = summaries
            .into_iter()
            .map(|(name, summary)| {
                let (expr, kind) = summary.over_rows(&scope)?;
                Ok(Annotation {
                    name: name.to_owned(),
                    expr,
                    kind,
                })
            })
            .collect();
        Op::leaf("DynamicQuery::aggregate", async move {
            let row = fetch(core, values?).await?.pop();
            row.ok_or_else(|| Error::not_found(self.model().name))
        })
    }

    /// Sets fields of all rows of the query in one statement; gives how many rows those are.
    ///
    /// # Errors
    ///
    /// A name that is no field of the model's own, and those of every statement.
    #[track_caller]
    pub fn update<'n, A: Into<Argument>>(
        self,
        fields: impl IntoIterator<Item = (&'n str, A)>,
    ) -> Op<'static, u64> {
        let model = self.model();
        let set: Result<Vec<_>> = fields
            .into_iter()
            .map(|(name, argument)| {
                let found = model
                    .columns
                    .iter()
                    .find(|column| column.field == name || column.column == name);
                let Some(column) = found else {
                    let names: Vec<_> = model.columns.iter().map(|column| column.field).collect();
                    return Err(Error::configuration(format!(
                        "{} has no field `{name}` to set; there are: {}",
                        model.name,
                        names.join(", ")
                    )));
                };
                let value = coerce(argument.into().one(name)?, column.kind, name)?;
                Ok((column.column, Expr::Value(value)))
            })
            .collect();
        Op::leaf("DynamicQuery::update", async move {
            let set = set?;
            self.core
                .execute(|model, filter| Statement::Update(Update { model, set, filter }))
                .await
        })
    }

    /// The query, and what each of its rows holds.
    fn into_parts(self) -> (Core, Vec<Annotation>) {
        let model = self.model();
        let values = self.values.unwrap_or_else(|| {
            let own = model.columns.iter().map(|column| Annotation {
                name: column.column.to_owned(),
                expr: crate::query::own(column.column),
                kind: column.kind,
            });
            own.chain(self.annotations).collect()
        });
        (self.core, values)
    }
}

async fn fetch(core: Core, values: Vec<Annotation>) -> Result<Vec<DynamicRow>> {
    let (mut names, mut columns) = (Vec::new(), Vec::new());
    let mut kinds: Vec<Kind> = Vec::new();
    for value in values {
        names.push(value.name);
        columns.push(value.expr);
        kinds.push(value.kind);
    }
    let names: std::sync::Arc<[String]> = names.into();
    let decode = move |reader: &mut crate::model::Reader<'_>| {
        let row = reader.row();
        let values = kinds
            .iter()
            .enumerate()
            .map(|(index, kind)| read(row, index, *kind));
        Ok(DynamicRow {
            names: names.clone(),
            values: values.collect::<Result<Vec<Value>>>()?,
        })
    };
    core.fetch(columns, decode).await
}
