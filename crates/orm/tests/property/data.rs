//! Random rows, kept in memory and written to a database.

use std::collections::{BTreeMap, HashMap};

use nuages_orm::meta::{ColumnMeta, ModelMeta, RelationMeta};
use nuages_orm::{Database, Kind, Result, Value, atomic, raw_trusted};
use rust_decimal::Decimal;

/// Numbers that look random, the same for the same seed (splitmix64).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Less than this.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(end.max(1)).unwrap()).unwrap()
    }

    pub(crate) fn chance(&mut self, one_in: usize) -> bool {
        self.below(one_in) == 0
    }

    pub(crate) fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

pub(crate) type Row = BTreeMap<&'static str, Value>;

/// What the database holds.
#[derive(Default)]
pub(crate) struct Data {
    tables: HashMap<&'static str, Vec<Row>>,
}

impl Data {
    /// Up to nine rows of each model.
    pub(crate) fn random(models: &[&'static ModelMeta], random: &mut Random) -> Self {
        let mut data = Self::default();
        for model in models {
            let rows = random.below(10);
            for id in 1..=rows {
                if let Some(row) = data.row(model, i64::try_from(id).unwrap(), random) {
                    data.tables.entry(model.name).or_default().push(row);
                }
            }
        }
        data
    }

    fn row(&self, model: &ModelMeta, id: i64, random: &mut Random) -> Option<Row> {
        let mut row = Row::new();
        for column in model.columns {
            let value = match column.references {
                _ if column.automatic => Value::BigInt(id),
                Some(relation) => {
                    // Rows made before, of the model itself too: no circle has to be written.
                    let targets = self.of((relation.to)());
                    match targets {
                        [] if column.nullable => Value::Null(column.kind),
                        [] => return None,
                        _ if column.nullable && random.chance(3) => Value::Null(column.kind),
                        targets => random.pick(targets)[relation.to_column].clone(),
                    }
                }
                None if column.nullable && random.chance(4) => Value::Null(column.kind),
                None => value(column, random),
            };
            row.insert(column.column, value);
        }
        Some(row)
    }

    pub(crate) fn of(&self, model: &ModelMeta) -> &[Row] {
        self.tables.get(model.name).map_or(&[], Vec::as_slice)
    }

    /// The rows that a relation leads to.
    pub(crate) fn follow(&self, row: &Row, relation: &RelationMeta) -> Vec<&Row> {
        let key = &row[relation.from_column];
        if key.is_null() {
            return Vec::new();
        }
        let targets = self.of((relation.to)()).iter();
        targets
            .filter(|target| target[relation.to_column] == *key)
            .collect()
    }

    /// Writes them in place of what is there.
    pub(crate) fn write(&self, db: &Database, models: &[&'static ModelMeta]) -> Result<()> {
        atomic(|| self.write_all(db, models)).using(db).wait()
    }

    fn write_all(&self, db: &Database, models: &[&'static ModelMeta]) -> Result<()> {
        let mut delete: Vec<_> = models.to_vec();
        delete.reverse();
        for model in delete {
            // Those that point to a row of the same table go after it.
            for _ in 0..if self.of(model).is_empty() { 1 } else { 2 } {
                let own = model
                    .columns
                    .iter()
                    .filter(|column| column.nullable && column.references.is_some());
                for column in own {
                    let sql = format!("UPDATE {} SET {} = NULL", model.table, column.column);
                    raw_trusted(sql).using(db).execute().wait()?;
                }
                raw_trusted(format!("DELETE FROM {}", model.table))
                    .using(db)
                    .execute()
                    .wait()?;
            }
        }
        for model in models {
            let names: Vec<_> = model.columns.iter().map(|column| column.column).collect();
            for row in self.of(model) {
                let places: Vec<_> = (1..=names.len()).map(|number| format!("${number}")).collect();
                let sql = format!(
                    "INSERT INTO {} ({}) VALUES ({})",
                    model.table,
                    names.join(", "),
                    places.join(", ")
                );
                let mut insert = raw_trusted(sql).using(db);
                for name in &names {
                    insert = insert.bind(row[name].clone());
                }
                insert.execute().wait()?;
            }
        }
        Ok(())
    }
}

/// A value out of few, so that rows have some in common.
pub(crate) fn value(column: &ColumnMeta, random: &mut Random) -> Value {
    let small = i16::try_from(random.below(5)).unwrap();
    match column.kind {
        Kind::Bool => (small % 2 == 0).into(),
        Kind::SmallInt => small.into(),
        Kind::Int => i32::from(small).into(),
        Kind::BigInt => i64::from(small).into(),
        Kind::Float => (f64::from(small) / 2.0).into(),
        Kind::Decimal => Decimal::new(i64::from(small) * 25, 2).into(),
        Kind::Date => jiff::civil::date(2020 + small, 1 + i8::try_from(small).unwrap(), 15).into(),
        Kind::Text => (*random.pick(&["a", "b", "ab", "abc", "Ab", "bA", "%", "c_"])).into(),
        kind => panic!("no values of {kind:?} are made"),
    }
}
