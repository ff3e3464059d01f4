//! A hash of a piece of SQL that white space and case do not change, for constants: types and conditions of Rust types
//! are compared with the migrations while the compiler evaluates them, and it takes its time for every step.

/// The hash of what is not there.
pub const NOTHING: u64 = 0;

/// The hash of a text in which more than white space and case may make no difference (quoted names, comments,
/// parentheses around the whole): it passes for every other one.
pub const ANY: u64 = u64::MAX;

/// The hash of what cannot be told, because a derive has errors: it passes for every other one, and for [`NOTHING`].
pub const UNKNOWN: u64 = u64::MAX - 1;

/// FNV-1a (datatracker.ietf.org/doc/html/draft-eastlake-fnv) of the text without white space and in lower case, as far as
/// it is not in quotes.
pub const fn hash(sql: &str) -> u64 {
    let bytes = sql.as_bytes();
    let mut hash = 0xcbf2_9ce4_8422_2325;
    let mut is_quoted = false;
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        at += 1;
        if byte == b'\'' {
            is_quoted = !is_quoted;
        } else if !is_quoted {
            if byte.is_ascii_whitespace() {
                continue;
            }
            let next = if at < bytes.len() { bytes[at] } else { 0 };
            let first = at == 1;
            if matches!(byte, b'"' | b'`' | b'[')
                || matches!((byte, next), (b'-', b'-') | (b'/', b'*') | (b'=' | b'!', b'='))
                || (first && byte == b'(')
            {
                return ANY;
            }
        }
        let byte = if is_quoted { byte } else { byte.to_ascii_lowercase() };
        // widening, and not `From`, which constants cannot call
        hash = (hash ^ byte as u64).wrapping_mul(0x0000_0100_0000_01b3);
    }
    match hash {
        NOTHING | ANY | UNKNOWN => 1,
        hash => hash,
    }
}

/// Whether two texts with these hashes are the same, as far as one can tell.
pub const fn same(left: u64, right: u64) -> bool {
    left == right || left == ANY || right == ANY
}

#[cfg(all(test, feature = "model"))]
mod tests {
    use super::*;
    use crate::sql::{DeclType, Expr};

    #[test]
    fn white_space_and_case_do_not_matter_outside_of_quotes() {
        assert_eq!(hash("VARCHAR( 10 )"), hash("varchar(10)"));
        assert_eq!(hash("{} IN ('a b')"), hash("{}in('a b')"));
        assert_ne!(hash("{} IN ('a b')"), hash("{} IN ('ab')"));
        assert_ne!(hash("{} IN ('A')"), hash("{} IN ('a')"));
        assert_ne!(hash("TEXT"), hash("INTEGER"));
    }

    #[test]
    fn what_is_equal_has_never_two_hashes() {
        for (left, right) in [
            ("a = 1", "(A=1)"),
            ("\"a\" = 1", "a == 1"),
            ("a <> 1 -- so", "a != 1"),
            ("a /* b */ > 0", "a > 0"),
            ("[a]>0", "`A` > 0"),
        ] {
            assert_eq!(Expr::new(left), Expr::new(right));
            assert!(same(hash(left), hash(right)), "{left} | {right}");
        }
        assert_eq!(DeclType::new("double  precision"), DeclType::new("DOUBLE PRECISION"));
        assert!(same(hash("double  precision"), hash("DOUBLE PRECISION")));
    }
}
