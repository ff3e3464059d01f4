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
    delete_or_update_without_where,
    drop_column,
    drop_column_in_use,
    enum_value_removed,
    foreign_key_check_scans_all,
    foreign_key_without_index,
    index_on_large_table,
    long_write_transaction,
    new_unique_or_check_for_old_writers,
    not_null_without_default_for_old_writers,
    rename_column,
    rename_table,
    rewrites_for_reorder,
    rewrites_table,
    type_change,
    view_or_trigger_changed,
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
