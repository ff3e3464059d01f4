# Completion of cargo dbmigrate for Elvish: eval (cargo-dbmigrate completions elvish | slurp)

use str

fn cargo-dbmigrate-complete {|@words|
    try {
        cargo-dbmigrate __complete elvish -- $@words 2>/dev/null | each {|line|
            var parts = [(str:split "\t" $line)]
            var value = $parts[0]
            var suffix = ' '
            if (or (str:has-suffix $value '=') (str:has-suffix $value ':') (str:has-suffix $value '/')) {
                set suffix = ''
            }
            var display = $value
            if (> (count $parts) 1) {
                set display = $value'  '$parts[1]
            }
            edit:complex-candidate $value &display=$display &code-suffix=$suffix
        }
    } catch { }
}

set edit:completion:arg-completer[cargo-dbmigrate] = $cargo-dbmigrate-complete~

var cargo-dbmigrate-other = $nil
if (has-key $edit:completion:arg-completer cargo) {
    set cargo-dbmigrate-other = $edit:completion:arg-completer[cargo]
}
set edit:completion:arg-completer[cargo] = {|@words|
    if (and (> (count $words) 2) (eq $words[1] dbmigrate)) {
        cargo-dbmigrate-complete $@words
    } elif (not-eq $cargo-dbmigrate-other $nil) {
        $cargo-dbmigrate-other $@words
    }
}
