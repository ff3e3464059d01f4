//! A collection of named objects, unique and ordered by name: the reason why generated files are deterministic.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::sql::Name;

/// Something that has a name of its own.
pub trait Named {
    /// Its name.
    fn name(&self) -> &Name;
}

/// Objects by name. Serialized as a list in the order of the names.
#[derive(Debug, Clone)]
pub struct NamedMap<T>(BTreeMap<Name, T>);

impl<T: Named> NamedMap<T> {
    /// Adds an object; the one that had the name before is returned.
    pub fn insert(&mut self, object: T) -> Option<T> {
        self.0.insert(object.name().clone(), object)
    }

    /// The object of that name.
    pub fn get(&self, name: &Name) -> Option<&T> {
        self.0.get(name)
    }

    /// The object of that name, to be changed; its name must stay.
    pub fn get_mut(&mut self, name: &Name) -> Option<&mut T> {
        self.0.get_mut(name)
    }

    /// Takes the object of that name out.
    pub fn remove(&mut self, name: &Name) -> Option<T> {
        self.0.remove(name)
    }

    /// Whether there is an object of that name.
    pub fn contains(&self, name: &Name) -> bool {
        self.0.contains_key(name)
    }

    /// The objects in the order of their names.
    pub fn iter(&self) -> std::collections::btree_map::Values<'_, Name, T> {
        self.0.values()
    }

    /// The objects in the order of their names, to be changed; their names must stay.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.0.values_mut()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

impl<T> NamedMap<T> {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T> Default for NamedMap<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T: Named> FromIterator<T> for NamedMap<T> {
    fn from_iter<I: IntoIterator<Item = T>>(objects: I) -> Self {
        Self(objects.into_iter().map(|object| (object.name().clone(), object)).collect())
    }
}

impl<T> IntoIterator for NamedMap<T> {
    type Item = T;
    type IntoIter = std::collections::btree_map::IntoValues<Name, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_values()
    }
}

impl<'a, T: Named> IntoIterator for &'a NamedMap<T> {
    type Item = &'a T;
    type IntoIter = std::collections::btree_map::Values<'a, Name, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<T: Serialize> Serialize for NamedMap<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.values())
    }
}

impl<'de, T: Named + Deserialize<'de>> Deserialize<'de> for NamedMap<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut map = Self::default();
        for object in Vec::<T>::deserialize(deserializer)? {
            if let Some(twice) = map.insert(object) {
                return Err(serde::de::Error::custom(format!("`{}` is declared twice", twice.name())));
            }
        }
        Ok(map)
    }
}
