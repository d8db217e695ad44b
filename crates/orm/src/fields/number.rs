//! Numbers that are stored in a wider type.

use rust_decimal::Decimal;

use crate::Value;
use crate::error::BoxError;
use crate::field_info::FieldInfo;
use crate::field_type::FieldType;

macro_rules! narrower {
    ($($type:ident as $stored:ident;)*) => {$(
        #[diagnostic::do_not_recommend]
        impl FieldType for $type {
            type Stored = $stored;

            const INFO: FieldInfo = FieldInfo::new().range($type::MIN as i64, $type::MAX as i64);

            fn to_stored(&self) -> $stored {
                (*self).into()
            }

            fn from_stored(stored: $stored) -> Result<Self, BoxError> {
                Self::try_from(stored)
                    .map_err(|_| format!("{stored} does not fit into {}", stringify!($type)).into())
            }
        }
    )*};
}

narrower! {
    i8 as i16;
    u8 as i16;
    u16 as i32;
    u32 as i64;
}

/// Databases have 63 bits for it. What is larger can't be written; compared, it is larger than what is there.
#[diagnostic::do_not_recommend]
impl FieldType for u64 {
    type Stored = i64;

    const INFO: FieldInfo = FieldInfo::new().range(0, i64::MAX);

    fn to_stored(&self) -> i64 {
        i64::try_from(*self).unwrap_or(i64::MAX)
    }

    fn from_stored(stored: i64) -> Result<Self, BoxError> {
        Self::try_from(stored).map_err(|_| format!("{stored} does not fit into u64").into())
    }

    fn to_bound(&self) -> Value {
        match i64::try_from(*self) {
            Ok(value) => Value::BigInt(value),
            Err(_) => Value::Decimal(Decimal::from(*self)),
        }
    }
}

#[diagnostic::do_not_recommend]
impl FieldType for f32 {
    type Stored = f64;

    fn to_stored(&self) -> f64 {
        (*self).into()
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "it was one; what was computed is rounded"
    )]
    fn from_stored(stored: f64) -> Result<Self, BoxError> {
        Ok(stored as Self)
    }
}
