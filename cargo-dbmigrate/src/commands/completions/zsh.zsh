#compdef cargo-dbmigrate
# Completion of cargo dbmigrate for zsh: source <(cargo-dbmigrate completions zsh)
# The completion of cargo calls a function of this name for `cargo dbmigrate`.

_cargo-dbmigrate() {
    local line value
    local -a open open_shown done done_shown
    while IFS= read -r line; do
        value=${line%%$'\t'*}
        if [[ $value == *[=:/] ]]; then
            open+=("$value") open_shown+=("${line/$'\t'/  -- }")
        else
            done+=("$value") done_shown+=("${line/$'\t'/  -- }")
        fi
    done < <(cargo-dbmigrate __complete zsh -- "${(@Q)words[1,CURRENT]}" 2>/dev/null)
    (( $#open )) && compadd -l -S '' -d open_shown -a open
    (( $#done )) && compadd -l -d done_shown -a done
    (( $#open + $#done ))
}

if [[ ${funcstack[1]} == _cargo-dbmigrate ]]; then
    _cargo-dbmigrate "$@"
elif (( $+functions[compdef] )); then
    compdef _cargo-dbmigrate cargo-dbmigrate
fi
