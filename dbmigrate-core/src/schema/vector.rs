//! Columns of vectors, as libSQL stores them (docs.turso.tech/features/ai-and-embeddings).
//!
//! A vector is a blob: its numbers, and for every element but `F32` a byte at the end that says which element it is.
//! The column's type decides nothing when a value is stored, but an index of vectors takes only those that fit it.

use crate::sql::DeclType;

/// The vectors of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Vector {
    element: Element,
    /// How many numbers each has.
    pub dimensions: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Element {
    F64,
    F32,
    F16,
    Fb16,
    F8,
    F1Bit,
}

/// The declared types, with the function that makes such vectors.
const TYPES: [(&str, &str, Element); 6] = [
    ("F64_BLOB", "FLOAT64", Element::F64),
    ("F32_BLOB", "FLOAT32", Element::F32),
    ("F16_BLOB", "FLOAT16", Element::F16),
    ("FB16_BLOB", "FLOATB16", Element::Fb16),
    ("F8_BLOB", "FLOAT8", Element::F8),
    ("F1BIT_BLOB", "FLOAT1BIT", Element::F1Bit),
];

impl Vector {
    /// The vectors of a declared type such as `F32_BLOB(3)`.
    pub fn of(declared: &DeclType) -> Option<Self> {
        let upper = declared.as_str().to_ascii_uppercase();
        let (name, rest) = upper.split_once('(')?;
        let (_, _, element) = TYPES.into_iter().find(|(blob, float, _)| [*blob, *float].contains(&name.trim()))?;
        let dimensions = rest.trim().strip_suffix(')')?.trim().parse().ok()?;
        Some(Self { element, dimensions })
    }

    /// The function of SQL that makes such a vector of text.
    pub fn function(self) -> &'static str {
        match self.element {
            Element::F64 => "vector64",
            Element::F32 => "vector32",
            Element::F16 => "vector16",
            Element::Fb16 => "vectorb16",
            Element::F8 => "vector8",
            Element::F1Bit => "vector1bit",
        }
    }

    /// What they are, for messages.
    pub fn describe(self) -> String {
        let (name, ..) = TYPES[self.element as usize];
        format!("{} values of {}", self.dimensions, name.trim_end_matches("_BLOB"))
    }

    /// How many bytes they have, and the last of these.
    fn form(self) -> (usize, Vec<usize>) {
        let count = self.dimensions;
        match self.element {
            Element::F64 => (8 * count + 1, vec![2]),
            Element::F32 => (4 * count, Vec::new()),
            Element::F16 => (2 * count + 1, vec![5]),
            Element::Fb16 => (2 * count + 1, vec![6]),
            Element::F8 => {
                let padded = count.next_multiple_of(4);
                (padded + 11, vec![padded - count, 4])
            }
            Element::F1Bit => {
                // the length is odd, so that it is not taken for one of F32
                let bytes = count.div_ceil(8) + 2;
                let length = bytes + (bytes + 1) % 2;
                (length, vec![8 * (length - 1) - count, 3])
            }
        }
    }

    /// A condition for blobs that are no such vector.
    pub fn is_other_blob(self, name: &str) -> String {
        let (length, tail) = self.form();
        let bytes = tail.len();
        let tail = tail.iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
        let ends = if bytes == 0 { String::new() } else { format!(" OR substr({name}, -{bytes}) <> x'{tail}'") };
        format!("(typeof({name}) = 'blob' AND (length({name}) <> {length}{ends}))")
    }

    /// A condition for values that are no such vector. It holds for no NULL.
    pub fn is_none(self, name: &str) -> String {
        format!("typeof({name}) NOT IN ('blob', 'null') OR {}", self.is_other_blob(name))
    }

    /// A vector of zeros.
    pub fn zeros(self) -> String {
        let zeros = format!("rtrim(replace(hex(zeroblob({})), '00', '0,'), ',')", self.dimensions);
        format!("{}('[' || {zeros} || ']')", self.function())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_declared_type_says_what_its_vectors_are() {
        let of = |text: &str| Vector::of(&DeclType::new(text));
        assert_eq!(of("f32_blob( 4 )"), of("FLOAT32(4)"));
        assert_ne!(of("F32_BLOB(4)"), of("F32_BLOB(8)"));
        assert_ne!(of("F32_BLOB(4)"), of("F64_BLOB(4)"));
        for (at, (blob, float, element)) in TYPES.into_iter().enumerate() {
            assert_eq!(element as usize, at);
            assert_eq!(of(&format!("{blob}(3)")), Some(Vector { element, dimensions: 3 }));
            assert_eq!(of(&format!("{float}(3)")), Some(Vector { element, dimensions: 3 }));
        }
        for other in ["BLOB", "F32_BLOB", "FLOAT(3)", "F32_BLOB(x)", "VARCHAR(4)"] {
            assert_eq!(of(other), None, "{other}");
        }
        assert_eq!(of("F1BIT_BLOB(9)").map(Vector::describe).as_deref(), Some("9 values of F1BIT"));
    }
}
