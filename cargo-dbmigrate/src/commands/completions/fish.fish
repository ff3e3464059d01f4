# Completion of cargo dbmigrate for fish, to be put into ~/.config/fish/completions/cargo-dbmigrate.fish

function __cargo_dbmigrate_complete
    set -l before (commandline -opc)
    set -l current (commandline -ct)
    cargo-dbmigrate __complete fish -- $before "$current" 2>/dev/null
end

function __cargo_dbmigrate_is_meant
    set -l words (commandline -opc)
    string match -q -- '+*' "$words[2]"; and set -e words[2]
    test "$words[2]" = dbmigrate
end

complete -c cargo-dbmigrate -f -k -a '(__cargo_dbmigrate_complete)'
complete -c cargo -n __cargo_dbmigrate_is_meant -f -k -a '(__cargo_dbmigrate_complete)'
complete -c cargo -n __fish_use_subcommand -f -a dbmigrate -d 'Safe schema migrations for libSQL'
