//! All rules, a folder each.

use super::Rule;

macro_rules! rules {
    ($($name:ident),* $(,)?) => {
        $(mod $name;)*

        /// All rules, sorted by name.
        pub static RULES: &[&Rule] = &[$(&$name::RULE),*];
    };
}

rules! {
    cascade_deletes,
    check_on_existing_rows,
    collation_makes_duplicates,
    delete_or_update_without_where,
    discard_values,
    drop_column,
    drop_table,
    foreign_key_on_existing_rows,
    foreign_key_without_index,
    generated_column_fails,
    insert_or_replace_on_referenced_table,
    keep_missing,
    lossy_conversion,
    non_constant_default,
    not_null_without_default,
    strict_on_existing_rows,
    truncating_rebuild,
    unique_on_existing_rows,
}

/// The rule of that name.
pub fn rule(name: &str) -> Option<&'static Rule> {
    RULES.binary_search_by(|rule| rule.name.cmp(name)).ok().map(|at| RULES[at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_sorted_and_have_no_name_of_a_group() {
        assert!(RULES.windows(2).all(|pair| pair[0].name < pair[1].name));
        for rule in RULES {
            assert!(rule.name.parse::<crate::lint::Group>().is_err(), "{}", rule.name);
            assert!(!rule.summary.ends_with('.') && !rule.summary.contains('\n'), "{}", rule.name);
        }
    }
}
