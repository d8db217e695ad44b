//! Which models there are, and what points to which: gathered when the program is linked, so that a deletion finds what points to its rows.

use std::collections::HashMap;
use std::sync::OnceLock;

use crate::meta::{ColumnMeta, ModelMeta, OnDelete, RelationMeta};
use crate::{Error, Result, Value};

/// A model of the program. `#[model]` submits it.
#[derive(Debug)]
#[doc(hidden)]
pub struct Registered(pub fn() -> &'static ModelMeta);

inventory::collect!(Registered);

/// A foreign key that points to a model.
#[derive(Clone, Copy)]
pub(crate) struct Referrer {
    pub(crate) model: &'static ModelMeta,
    pub(crate) field: &'static str,
    pub(crate) column: &'static str,
    pub(crate) relation: &'static RelationMeta,
    meta: &'static ColumnMeta,
}

impl Referrer {
    /// What the foreign key becomes when what it points to is deleted.
    pub(crate) fn new_value(&self) -> Result<Value> {
        let value = match self.relation.on_delete {
            OnDelete::SetDefault => self.meta.default,
            OnDelete::Set => self.relation.set,
            _ => return Ok(Value::Null(self.meta.kind)),
        };
        value.map(|value| value()).ok_or_else(|| {
            Error::configuration(format!(
                "{}.{} has no value to be set to",
                self.model.name, self.field
            ))
        })
    }
}

/// The foreign keys that point to a model, of all models of the program and of the tables between them.
pub(crate) fn referrers(model: &'static ModelMeta) -> &'static [Referrer] {
    static REFERRERS: OnceLock<HashMap<usize, Vec<Referrer>>> = OnceLock::new();
    let all = REFERRERS.get_or_init(|| {
        let mut all: HashMap<usize, Vec<Referrer>> = HashMap::new();
        let registered = inventory::iter::<Registered>.into_iter().map(|model| (model.0)());
        for model in registered.flat_map(|model| std::iter::once(model).chain(model.through_models())) {
            for column in model.columns {
                let Some(relation) = column.references else {
                    continue;
                };
                all.entry(address((relation.to)())).or_default().push(Referrer {
                    model,
                    field: column.field,
                    column: column.column,
                    relation,
                    meta: column,
                });
            }
        }
        // The linker's order is nobody's.
        for referrers in all.values_mut() {
            referrers.sort_by_key(|referrer| (referrer.model.table, referrer.column));
        }
        all
    });
    all.get(&address(model)).map_or(&[], Vec::as_slice)
}

fn address(model: &'static ModelMeta) -> usize {
    std::ptr::from_ref(model).addr()
}
