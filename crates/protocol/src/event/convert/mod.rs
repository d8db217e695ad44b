//! Scopes and events as the dictionaries that ASGI describes, to be sent to other processes or written down.

mod fields;
mod received;
mod scope;
mod sent;
mod tls;

#[cfg(feature = "serde")]
mod encoding {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};

    use crate::event::{ReceiveEvent, Scope, SendEvent, Value};

    impl Serialize for Scope {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            self.to_value().serialize(serializer)
        }
    }

    impl Serialize for ReceiveEvent {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            self.to_value().serialize(serializer)
        }
    }

    impl Serialize for SendEvent {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            self.to_value().map_err(ser::Error::custom)?.serialize(serializer)
        }
    }

    impl<'de> Deserialize<'de> for Scope {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            Self::from_value(Value::deserialize(deserializer)?).map_err(de::Error::custom)
        }
    }

    impl<'de> Deserialize<'de> for ReceiveEvent {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            Self::from_value(Value::deserialize(deserializer)?).map_err(de::Error::custom)
        }
    }

    impl<'de> Deserialize<'de> for SendEvent {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            Self::from_value(Value::deserialize(deserializer)?).map_err(de::Error::custom)
        }
    }
}
