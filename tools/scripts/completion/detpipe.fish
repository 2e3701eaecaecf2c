# fish completion for detpipe: commands and options as the tool's own help lists them
complete -c detpipe -n __fish_use_subcommand -f -a "(detpipe --help 2> /dev/null | sed -n 's/^  \([a-z][a-z]*\) *\(.*\)/\1\t\2/p')"
complete -c detpipe -n 'not __fish_use_subcommand' \
    -a "(detpipe (commandline -opc)[2] --help 2> /dev/null | sed -n 's/^  \(--[a-z-]*\) .*/\1/p')"
