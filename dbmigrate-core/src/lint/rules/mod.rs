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
    affinity_surprise,
    autoincrement_not_needed,
    boolean_as_text,
    breaks_release,
    cascade_deletes,
    check_on_existing_rows,
    collation_makes_duplicates,
    constraint_taken_for_type,
    default_type_mismatch,
    delete_or_update_without_where,
    discard_values,
    double_quoted_string,
    drop_column,
    drop_column_in_use,
    drop_foreign_key,
    drop_table,
    duplicate_index,
    enum_value_removed,
    forbidden_types,
    foreign_key_check_scans_all,
    foreign_key_index,
    foreign_key_on_existing_rows,
    foreign_key_without_index,
    full_scan_appears,
    generated_column_fails,
    ignored_length,
    index_on_large_table,
    index_prefix_of_another,
    index_without_query,
    insert_or_replace_on_referenced_table,
    int_primary_key,
    integer_primary_key_desc,
    keep_missing,
    long_write_transaction,
    lossy_conversion,
    low_value_boolean_index,
    max_columns,
    names,
    needed_before_deploy,
    new_unique_or_check_for_old_writers,
    no_primary_key,
    non_constant_default,
    nondeterministic_in_check_or_index,
    not_null_without_default,
    not_null_without_default_for_old_writers,
    nullable_primary_key,
    reference_of_other_type,
    reference_to_missing,
    reference_to_non_unique,
    rename_column,
    rename_table,
    required_columns,
    reserved_word,
    rewrites_for_reorder,
    rewrites_table,
    set_null_on_not_null,
    strict,
    strict_on_existing_rows,
    temp_b_tree_appears,
    timestamp_without_convention,
    transaction_control_in_file,
    trigger_recursion,
    truncating_rebuild,
    type_change,
    unique_duplicates_primary_key,
    unique_on_existing_rows,
    unsupported_on_server,
    view_or_trigger_changed,
    view_select_star,
    without_rowid_wide,
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
