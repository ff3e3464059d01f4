//! Conditions for values that do not survive the conversion to another type.

use crate::schema::Column;
use crate::sql::expr::Affinity;

/// A condition for values that a STRICT table refuses in a column (sqlite.org/stricttables.html, section 2).
pub(super) fn refused_by_strict(name: &str, column: &Column) -> Option<String> {
    let text = |kind: &str| format!("(typeof({name}) = 'text' AND NOT ({name} = CAST({name} AS {kind})))");
    Some(match column.decl_type.canonical().as_str() {
        "int" | "integer" => format!(
            "typeof({name}) = 'blob' OR (typeof({name}) = 'real' AND {name} <> CAST({name} AS INTEGER)) OR {}",
            text("INTEGER")
        ),
        "real" => format!("typeof({name}) = 'blob' OR {}", text("REAL")),
        "text" => format!("typeof({name}) = 'blob'"),
        "blob" => format!("typeof({name}) NOT IN ('blob', 'null')"),
        _ => return None,
    })
}

/// A condition for values that become different ones by the conversion that an affinity brings about
/// (sqlite.org/datatype3.html, section 3). A comparison with a number applies numeric affinity to text, so that
/// `c = CAST(c AS NUMERIC)` holds for text that would be converted; it is lossless if it reads the same afterwards.
pub(super) fn changed_by_affinity(name: &str, affinity: Affinity) -> Option<String> {
    // the comparisons that come first are cheap, and false for nearly all rows: text sorts behind numbers, and a real
    // holds every integer up to 2^53
    let text = format!(
        "({name} >= '' AND typeof({name}) = 'text' AND {name} = CAST({name} AS NUMERIC) AND CAST(CAST({name} AS NUMERIC) AS TEXT) <> {name} COLLATE BINARY)"
    );
    Some(match affinity {
        Affinity::Integer | Affinity::Numeric => text,
        Affinity::Real => {
            format!(
                "{text} OR ({name} NOT BETWEEN -9007199254740992 AND 9007199254740992 AND typeof({name}) = 'integer' AND CAST(CAST({name} AS REAL) AS INTEGER) <> {name})"
            )
        }
        Affinity::Text => format!("(typeof({name}) = 'real' AND CAST(CAST({name} AS TEXT) AS REAL) <> {name})"),
        Affinity::Blob => return None,
    })
}
