//! JSON documents as Rust types.

use std::fmt::Debug;
use std::ops::{Deref, DerefMut};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::BoxError;
use crate::field_type::FieldType;
use crate::{Kind, Value};

/// A column that holds a Rust type as JSON, by serde. For JSON of any shape, a column can be a `serde_json::Value`.
///
/// # Examples
///
/// ```
/// # use nuages_orm::prelude::*;
/// use nuages_orm::Json;
///
/// #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
/// struct Tuning { strings: Vec<String>, capo: Option<u8> }
///
/// #[model]
/// struct Guitar { id: i64, tuning: Json<Tuning> }
///
/// # fn main() -> nuages_orm::Result<()> {
/// # let db = Database::connect("sqlite::memory:").wait()?;
/// # nuages_orm::create_tables(&db, &[Guitar::meta()]).wait()?;
/// # db.sync_scope(|| {
/// let open_g = Tuning { strings: "DGDGBD".chars().map(String::from).collect(), capo: None };
/// Guitar::create().tuning(Json(open_g)).wait()?;
/// assert_eq!(Guitar::objects().all().wait()?[0].tuning.strings[1], "G");
/// # Ok(()) }) }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Json<T>(pub T);

impl<T> Deref for Json<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Json<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T> From<T> for Json<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<T> FieldType for Json<T>
where
    T: Serialize + DeserializeOwned + Clone + Debug + PartialEq + Send + Sync + 'static,
{
    type Stored = serde_json::Value;

    /// What serde refuses is null here; writing it is an error nevertheless.
    fn to_stored(&self) -> serde_json::Value {
        serde_json::to_value(&self.0).unwrap_or_default()
    }

    fn from_stored(stored: serde_json::Value) -> Result<Self, BoxError> {
        Ok(Self(serde_json::from_value(stored)?))
    }

    fn to_bound(&self) -> Value {
        match serde_json::to_value(&self.0) {
            Ok(value) => Value::Json(value),
            Err(error) => Value::Unfit(Kind::Json, error.to_string()),
        }
    }
}
