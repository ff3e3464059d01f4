//! Where structs say what they declare: found by name, as there may be thousands of structs, and as many questions.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::rc::Rc;

use dbmigrate_core::schema::validate::Place;
use dbmigrate_core::sql::Name;
use proc_macro2::Span;

use super::tree::SourceFile;

/// What each struct says, with the file that it is in.
pub(super) type OfStructs = Vec<(Rc<SourceFile>, Vec<(Place, Span)>)>;

/// The places of all structs, shared by copies.
#[derive(Debug, Clone, Default)]
pub(super) struct Places(Rc<Known>);

#[derive(Debug, Default)]
struct Known {
    structs: OfStructs,
    /// The structs that say something of an object, in their order: made when one is looked for.
    of_objects: OnceCell<HashMap<Name, Vec<usize>>>,
}

impl Places {
    /// All that structs say.
    pub(super) fn of(structs: OfStructs) -> Self {
        Self(Rc::new(Known { structs, of_objects: OnceCell::new() }))
    }

    /// Where a place is declared first.
    pub(super) fn find(&self, wanted: &Place) -> Option<(&SourceFile, Span)> {
        let structs = self.0.of_objects().get(wanted.object())?.iter().map(|at| &self.0.structs[*at]);
        let mut all = structs.flat_map(|(file, places)| places.iter().map(move |place| (file, place)));
        all.find(|(_, (known, _))| known == wanted).map(|(file, (_, span))| (&**file, *span))
    }

    /// All of them, in the order of the structs.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&SourceFile, &Place, Span)> {
        let structs = self.0.structs.iter();
        structs.flat_map(|(file, places)| places.iter().map(move |(place, span)| (&**file, place, *span)))
    }
}

impl Known {
    fn of_objects(&self) -> &HashMap<Name, Vec<usize>> {
        self.of_objects.get_or_init(|| {
            let mut found: HashMap<Name, Vec<usize>> = HashMap::with_capacity(self.structs.len());
            for (at, (_, places)) in self.structs.iter().enumerate() {
                let mut last = None;
                for name in places.iter().map(|(place, _)| place.object()) {
                    // nearly all that a struct says is of one table
                    if last != Some(name) {
                        found.entry(name.clone()).or_default().push(at);
                    }
                    last = Some(name);
                }
            }
            found
        })
    }
}
