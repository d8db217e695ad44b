//! What an application's startup leaves for its requests.

use std::{
    any::{Any, TypeId},
    fmt,
    sync::Arc,
};

/// What an application's startup gives to each of its requests: one value of each type.
///
/// It is ASGI's lifespan state: a clone is a shallow copy. A request that inserts or removes a value changes its own
/// copy alone; the values themselves are shared. Most applications keep such things in fields of their own; the
/// state is for those that are made before they are started, and for layers around them.
///
/// # Examples
///
/// ```
/// use nuages_protocol::State;
///
/// struct Pool { size: usize }
///
/// let state = State::new().with(Pool { size: 4 });
/// let mut of_a_request = state.clone();
/// assert_eq!(of_a_request.get::<Pool>().unwrap().size, 4);
///
/// of_a_request.insert("seen by this request alone");
/// assert!(state.get::<&str>().is_none());
/// ```
#[derive(Clone, Default)]
pub struct State {
    // Few, so that a scan beats a hash; shared until one side writes. Empty costs nothing.
    values: Option<Arc<Vec<Value>>>,
}

#[derive(Clone)]
struct Value {
    key: TypeId,
    name: &'static str,
    value: Arc<dyn Any + Send + Sync>,
}

impl State {
    /// A state without a value.
    pub const fn new() -> Self {
        Self { values: None }
    }

    /// The state with one more value.
    #[must_use]
    pub fn with<T: Send + Sync + 'static>(mut self, value: T) -> Self {
        self.insert(value);
        self
    }

    /// Sets the value of this type; gives back the one that was there.
    pub fn insert<T: Send + Sync + 'static>(&mut self, value: T) -> Option<Arc<T>> {
        let key = TypeId::of::<T>();
        let values = Arc::make_mut(self.values.get_or_insert_default());
        let value = Value {
            key,
            name: std::any::type_name::<T>(),
            value: Arc::new(value),
        };
        let Some(old) = values.iter_mut().find(|value| value.key == key) else {
            values.push(value);
            return None;
        };
        std::mem::replace(old, value).value.downcast().ok()
    }

    /// The value of this type.
    pub fn get<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.find::<T>()?.value.downcast_ref()
    }

    /// The value of this type, to be kept longer than the state is.
    pub fn get_arc<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        Arc::clone(&self.find::<T>()?.value).downcast().ok()
    }

    /// Removes the value of this type from this copy.
    pub fn remove<T: Send + Sync + 'static>(&mut self) -> Option<Arc<T>> {
        let key = TypeId::of::<T>();
        let at = self.values.as_ref()?.iter().position(|value| value.key == key)?;
        let values = Arc::make_mut(self.values.as_mut()?);
        values.remove(at).value.downcast().ok()
    }

    /// Takes over the values of another; of two of a type, the other's.
    pub fn extend(&mut self, other: Self) {
        if self.is_empty() {
            *self = other;
        } else if !other.is_empty() {
            let values = Arc::make_mut(self.values.get_or_insert_default());
            for value in other.values() {
                values.retain(|old| old.key != value.key);
                values.push(value.clone());
            }
        }
    }

    /// Whether there is no value in it.
    pub fn is_empty(&self) -> bool {
        self.values().is_empty()
    }

    fn values(&self) -> &[Value] {
        self.values.as_ref().map_or(&[], |values| values.as_slice())
    }

    fn find<T: 'static>(&self) -> Option<&Value> {
        let key = TypeId::of::<T>();
        self.values().iter().find(|value| value.key == key)
    }
}

/// Whether both hold the very same values, shared between them: what a value equals is its own affair.
impl PartialEq for State {
    fn eq(&self, other: &Self) -> bool {
        let (ours, theirs) = (self.values(), other.values());
        let has = |value: &Value| {
            theirs
                .iter()
                .any(|other| other.key == value.key && Arc::ptr_eq(&other.value, &value.value))
        };
        ours.len() == theirs.len() && ours.iter().all(has)
    }
}

impl Eq for State {}

/// The types of the values.
impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.values().iter().map(|value| value.name);
        f.debug_set().entries(names).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clone_is_a_shallow_copy() {
        let state = State::new().with(1_u8).with("bonsoir".to_owned());
        let mut copy = state.clone();
        assert_eq!(copy, state);
        assert!(Arc::ptr_eq(
            &state.get_arc::<String>().unwrap(),
            &copy.get_arc::<String>().unwrap()
        ));
        assert_eq!(copy.insert(2_u8).as_deref(), Some(&1));
        assert_eq!(
            copy.remove::<String>().as_deref().map(String::as_str),
            Some("bonsoir")
        );
        assert_ne!(copy, state);
        assert_eq!((copy.get::<u8>(), copy.get::<String>()), (Some(&2), None));
        assert_eq!(state.get::<u8>(), Some(&1));
        assert_eq!(state.get::<String>().map(String::as_str), Some("bonsoir"));
    }

    #[test]
    fn the_other_state_wins() {
        let mut state = State::new().with(1_u8).with(1_u16);
        state.extend(State::new().with(2_u8).with(2_u32));
        assert_eq!(
            (state.get(), state.get(), state.get()),
            (Some(&2_u8), Some(&1_u16), Some(&2_u32))
        );
        state.extend(State::new());
        assert_eq!(state.get(), Some(&2_u8));
    }

    #[test]
    fn what_is_not_there_is_none() {
        let mut state = State::new();
        assert!(state.is_empty());
        assert!(
            state.get::<u8>().is_none() && state.get_arc::<u8>().is_none() && state.remove::<u8>().is_none()
        );
        state.insert(1_u8);
        assert!(!state.is_empty());
        state.remove::<u8>();
        assert!(state.is_empty());
    }
}
