# Completion of cargo dbmigrate for bash: source <(cargo-dbmigrate completions bash)

_cargo_dbmigrate() {
    local line
    COMPREPLY=()
    while IFS= read -r line; do
        COMPREPLY+=("$line")
    done < <(cargo-dbmigrate __complete bash -- "$COMP_LINE" "$COMP_POINT" "$COMP_WORDBREAKS" 2>/dev/null)
    if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[=:/] ]]; then
        compopt -o nospace 2>/dev/null
    fi
    return 0
}

# The completion that cargo has besides.
_cargo_dbmigrate_other=

# Finds it, also where it is loaded when it is first needed.
_cargo_dbmigrate_find() {
    [[ $(complete -p cargo 2>/dev/null) =~ -F\ ([^ ]+) ]] || return 1
    [[ ${BASH_REMATCH[1]} != _cargo_with_dbmigrate ]] || return 1
    _cargo_dbmigrate_other=${BASH_REMATCH[1]}
}

_cargo_with_dbmigrate() {
    local at=1
    [[ ${COMP_WORDS[1]} == +* ]] && at=2
    # bash may have split `+toolchain` from what follows
    if [[ ${COMP_WORDS[at]} == dbmigrate && $COMP_CWORD -gt $at ]]; then
        _cargo_dbmigrate
        return
    fi
    if [[ -z $_cargo_dbmigrate_other ]]; then
        _cargo_dbmigrate_other=:
        complete -r cargo
        { declare -F _comp_load >/dev/null && _comp_load cargo; } 2>/dev/null ||
            { declare -F _completion_loader >/dev/null && _completion_loader cargo; } 2>/dev/null
        _cargo_dbmigrate_find
        complete -F _cargo_with_dbmigrate -o bashdefault -o default cargo
    fi
    "$_cargo_dbmigrate_other" "$@"
    [[ $COMP_CWORD -eq $at && dbmigrate == "${COMP_WORDS[at]}"* ]] && COMPREPLY+=(dbmigrate)
    return 0
}

_cargo_dbmigrate_find
complete -F _cargo_dbmigrate cargo-dbmigrate
complete -F _cargo_with_dbmigrate -o bashdefault -o default cargo
