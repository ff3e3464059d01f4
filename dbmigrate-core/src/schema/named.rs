//! A collection of named objects, unique and ordered by name: the reason why generated files are deterministic.
//!
//! Copies share the objects, and all of them together: a schema is copied at no cost, and what two schemas share need
//! not be compared ([`NamedMap::unshared`]).

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::sql::Name;

/// Something that has a name of its own.
pub trait Named: Clone {
    /// Its name.
    fn name(&self) -> &Name;
}

/// Objects by name. Serialized as a list in the order of the names.
#[derive(Debug)]
pub struct NamedMap<T>(Arc<Vec<Arc<T>>>);

impl<T> Clone for NamedMap<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: Named> NamedMap<T> {
    /// Adds an object; the one that had the name before is returned.
    pub fn insert(&mut self, object: T) -> Option<T> {
        let object = Arc::new(object);
        let objects = Arc::make_mut(&mut self.0);
        // most are added in their order
        if objects.last().is_none_or(|last| last.name() < object.name()) {
            objects.push(object);
            return None;
        }
        match place(objects, object.name()) {
            Ok(at) => Some(Arc::unwrap_or_clone(std::mem::replace(&mut objects[at], object))),
            Err(at) => {
                objects.insert(at, object);
                None
            }
        }
    }

    /// The object of that name.
    pub fn get(&self, name: &Name) -> Option<&T> {
        place(&self.0, name).ok().map(|at| &*self.0[at])
    }

    /// The object of that name, to be changed; its name must stay.
    pub fn get_mut(&mut self, name: &Name) -> Option<&mut T> {
        let at = place(&self.0, name).ok()?;
        Some(Arc::make_mut(&mut Arc::make_mut(&mut self.0)[at]))
    }

    /// Takes the object of that name out.
    pub fn remove(&mut self, name: &Name) -> Option<T> {
        let at = place(&self.0, name).ok()?;
        Some(Arc::unwrap_or_clone(Arc::make_mut(&mut self.0).remove(at)))
    }

    /// Whether there is an object of that name.
    pub fn contains(&self, name: &Name) -> bool {
        place(&self.0, name).is_ok()
    }

    /// The objects in the order of their names.
    pub fn iter(&self) -> Iter<'_, T> {
        Iter(self.0.iter())
    }

    /// The objects in the order of their names, to be changed; their names must stay.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        Arc::make_mut(&mut self.0).iter_mut().map(Arc::make_mut)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The same objects, of which those of some names are replaced by others, whose names may be others, or left out. The
    /// rest is shared.
    pub(crate) fn changed<'n>(
        &self,
        names: impl IntoIterator<Item = &'n Name>,
        change: impl Fn(&T) -> Changed<T>,
    ) -> Self {
        let places: BTreeSet<usize> = names.into_iter().filter_map(|name| place(&self.0, name).ok()).collect();
        let mut objects = Vec::clone(&self.0);
        let mut are_sorted = true;
        // from the last one on, so that what is left out moves none that is still to come
        for at in places.into_iter().rev() {
            match change(&self.0[at]) {
                Changed::Stays => {}
                Changed::Becomes(other) => {
                    are_sorted &= other.name() == self.0[at].name();
                    objects[at] = Arc::new(other);
                }
                Changed::Goes => drop(objects.remove(at)),
            }
        }
        if are_sorted { Self(Arc::new(objects)) } else { Self::of(objects) }
    }

    /// Objects in any order, most of which another collection has too, and as neighbours.
    pub(crate) fn of_shared(objects: Vec<Arc<T>>, other: &Self) -> Self {
        let mut hint = 0;
        let mut last: Option<(&Arc<T>, bool)> = None;
        for object in &objects {
            // behind the last one, or behind one that is another now
            let is_it = |at: &usize| other.0.get(*at).is_some_and(|one| Arc::ptr_eq(one, object));
            let found = [hint, hint + 1].into_iter().find(is_it);
            let are_neighbours = |was_found: bool| was_found && found.is_some();
            if last.is_some_and(|(last, was_found)| !are_neighbours(was_found) && last.name() >= object.name()) {
                return Self::of(objects);
            }
            hint = match found.map_or_else(|| place(&other.0, object.name()), Ok) {
                Ok(at) => at + 1,
                Err(at) => at,
            };
            last = Some((object, found.is_some()));
        }
        Self(Arc::new(objects))
    }

    /// The objects of these names, as far as there are any.
    pub(crate) fn only<'n>(&self, names: impl IntoIterator<Item = &'n Name>) -> Self {
        let found = names.into_iter().filter_map(|name| place(&self.0, name).ok());
        Self::of(found.map(|at| Arc::clone(&self.0[at])).collect())
    }

    /// The same objects, of which those are shared with another collection that are the same there.
    pub(super) fn sharing(&self, other: &Self, is_same: impl Fn(&T, &T) -> bool) -> Self {
        let shared = self.0.iter().map(|object| match place(&other.0, object.name()) {
            Ok(at) if is_same(object, &other.0[at]) => Arc::clone(&other.0[at]),
            _ => Arc::clone(object),
        });
        Self::of(shared.collect())
    }

    /// What only one of two collections has, or both have under one name without sharing it, in the order of the names.
    /// What is left out is the same in both.
    pub fn unshared<'a>(&'a self, other: &'a Self) -> Vec<(Option<&'a T>, Option<&'a T>)> {
        let mut found = Vec::new();
        if Arc::ptr_eq(&self.0, &other.0) {
            return found;
        }
        let (mut ours, mut theirs) = (&self.0[..], &other.0[..]);
        loop {
            match (ours, theirs) {
                ([], []) => return found,
                ([one, rest @ ..], []) => {
                    found.push((Some(&**one), None));
                    ours = rest;
                }
                ([], [other, rest @ ..]) => {
                    found.push((None, Some(&**other)));
                    theirs = rest;
                }
                ([one, our_rest @ ..], [other, their_rest @ ..]) => {
                    if Arc::ptr_eq(one, other) {
                        (ours, theirs) = (our_rest, their_rest);
                        continue;
                    }
                    match one.name().cmp(other.name()) {
                        Ordering::Less => {
                            found.push((Some(&**one), None));
                            ours = our_rest;
                        }
                        Ordering::Greater => {
                            found.push((None, Some(&**other)));
                            theirs = their_rest;
                        }
                        Ordering::Equal => {
                            found.push((Some(&**one), Some(&**other)));
                            (ours, theirs) = (our_rest, their_rest);
                        }
                    }
                }
            }
        }
    }

    /// Objects in any order; of two with one name the later one stays.
    fn of(mut objects: Vec<Arc<T>>) -> Self {
        // most are in their order already
        if objects.is_sorted_by(|one, other| one.name() < other.name()) {
            return Self(Arc::new(objects));
        }
        objects.reverse();
        objects.sort_by(|one, other| one.name().cmp(other.name()));
        objects.dedup_by(|one, other| one.name() == other.name());
        Self(Arc::new(objects))
    }
}

/// What becomes of an object.
pub(crate) enum Changed<T> {
    /// It stays as it is.
    Stays,
    /// It becomes another one.
    Becomes(T),
    /// It is left out.
    Goes,
}

/// Where an object of that name is, or would be.
fn place<T: Named>(objects: &[Arc<T>], name: &Name) -> Result<usize, usize> {
    objects.binary_search_by(|object| object.name().cmp(name))
}

impl<T> NamedMap<T> {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T> Default for NamedMap<T> {
    fn default() -> Self {
        Self(Arc::new(Vec::new()))
    }
}

impl<T: Named> FromIterator<T> for NamedMap<T> {
    fn from_iter<I: IntoIterator<Item = T>>(objects: I) -> Self {
        Self::of(objects.into_iter().map(Arc::new).collect())
    }
}

/// The objects in the order of their names.
#[derive(Debug)]
pub struct Iter<'a, T>(std::slice::Iter<'a, Arc<T>>);

impl<T> Clone for Iter<'_, T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<'a, T> Iterator for Iter<'a, T> {
    type Item = &'a T;

    fn next(&mut self) -> Option<&'a T> {
        self.0.next().map(|object| &**object)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl<T> DoubleEndedIterator for Iter<'_, T> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.0.next_back().map(|object| &**object)
    }
}

impl<T> ExactSizeIterator for Iter<'_, T> {}

impl<T: Named> IntoIterator for NamedMap<T> {
    type Item = T;
    type IntoIter = std::iter::Map<std::vec::IntoIter<Arc<T>>, fn(Arc<T>) -> T>;

    fn into_iter(self) -> Self::IntoIter {
        Arc::unwrap_or_clone(self.0).into_iter().map(Arc::unwrap_or_clone)
    }
}

impl<'a, T: Named> IntoIterator for &'a NamedMap<T> {
    type Item = &'a T;
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<T: Serialize> Serialize for NamedMap<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|object| &**object))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Table;

    fn names(map: &NamedMap<Table>) -> Vec<&str> {
        map.iter().map(|table| table.name.as_str()).collect()
    }

    #[test]
    fn objects_are_ordered_by_name_and_the_later_of_two_stays() {
        let mut map: NamedMap<Table> = ["b", "A", "c", "B"].into_iter().map(Table::new).collect();
        assert_eq!(names(&map), ["A", "B", "c"]);
        assert!(map.insert(Table::new("bb")).is_none() && map.insert(Table::new("a")).is_some());
        assert_eq!(names(&map), ["a", "B", "bb", "c"]);
        assert!(map.remove(&"BB".into()).is_some() && map.get(&"bb".into()).is_none() && map.contains(&"C".into()));
        assert_eq!(map.into_iter().map(|table| table.name.to_string()).collect::<Vec<_>>(), ["a", "B", "c"]);
    }

    #[test]
    fn objects_that_another_collection_has_too_are_in_their_order_again() {
        let map: NamedMap<Table> = ["a", "b", "c", "d"].into_iter().map(Table::new).collect();
        let object = |name: &str| {
            let at = map.0.iter().position(|table| table.name == *name);
            at.map_or_else(|| Arc::new(Table::new(name)), |at| Arc::clone(&map.0[at]))
        };
        for (of, wanted) in [
            ("a b c d", "a b c d"),
            ("a c d", "a c d"),
            ("d", "d"),
            ("a b bb c d e", "a b bb c d e"),
            ("b a c d", "a b c d"),
            ("d c b a", "a b c d"),
            ("a x b c d", "a b c d x"),
            ("0 a d b", "0 a b d"),
            ("a a b", "a b"),
            ("x b c", "b c x"),
        ] {
            let objects: Vec<_> = of.split(' ').map(object).collect();
            assert_eq!(names(&NamedMap::of_shared(objects, &map)).join(" "), wanted, "{of}");
        }
    }

    #[test]
    fn some_are_replaced_or_left_out_by_their_names() {
        let map: NamedMap<Table> = ["a", "b", "c", "d"].into_iter().map(Table::new).collect();
        let all = ["d", "b", "A", "x"].map(Name::from);
        let changed = map.changed(&all, |table| match table.name.as_str() {
            "a" => Changed::Becomes(Table::new("z")),
            "b" => Changed::Goes,
            _ => Changed::Stays,
        });
        assert_eq!(names(&changed), ["c", "d", "z"]);
        assert_eq!(names(&map.changed(&all[1..2], |_| Changed::Becomes(Table::new("B")))), ["a", "B", "c", "d"]);
        assert_eq!(names(&map), ["a", "b", "c", "d"]);
    }

    #[test]
    fn a_copy_that_is_changed_leaves_the_original_and_shares_the_rest() {
        let map: NamedMap<Table> = ["a", "b", "c"].into_iter().map(Table::new).collect();
        let mut copy = map.clone();
        assert!(map.unshared(&copy).is_empty());
        copy.get_mut(&"b".into()).expect("it is there").strict = true;
        copy.remove(&"a".into());
        copy.insert(Table::new("d"));
        assert!(!map.get(&"b".into()).expect("it is there").strict);
        let name = |table: Option<&Table>| table.map(|table| table.name.to_string());
        let found: Vec<_> = map.unshared(&copy).into_iter().map(|(one, other)| (name(one), name(other))).collect();
        let (a, b, d) = (Some("a".to_owned()), Some("b".to_owned()), Some("d".to_owned()));
        assert_eq!(found, [(a, None), (b.clone(), b), (None, d)]);
    }
}
