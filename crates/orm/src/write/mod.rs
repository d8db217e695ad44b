//! What changes rows: `create()`, `get_or_create()`, `save()`, `update` and their like.

mod bulk;
mod create;
mod get_or_create;
mod save;
mod update;

pub use self::bulk::{BulkCreate, BulkIgnore};
pub use self::create::{
    ColumnGiven, ColumnMissing, CreateMode, Creating, Creation, Give, Given, NewRow, default_value,
};
pub use self::get_or_create::{GettingOrCreating, LooksUp, UpdatingOrCreating};
pub use self::save::Save;
pub use self::update::{Assign, Assignment, Assignments, Columns, Fits, Points};

pub(crate) use self::bulk::bulk_update;
pub(crate) use self::create::{Values, with_defaults};
