#compdef amana-server amana-desk
# SPDX-License-Identifier: AGPL-3.0-or-later
# zsh completion: commands and options are those that the program's own --help names.

local command
local -a found
local -i i
command=
for ((i = 2; i < CURRENT; ++i)); do
  [[ $words[i] == -* ]] || { command=$words[i]; break }
done
if [[ -z $command && $words[CURRENT] != -* ]]; then
  found=(${(f)"$($words[1] --help 2>/dev/null | sed -n '/^Subcommands:/,/^$/s/^  \([a-z-]*\)  *\(.*\)/\1:\2/p')"})
  _describe command found
elif [[ $words[CURRENT] == -* ]]; then
  found=(${(f)"$($words[1] $command --help 2>/dev/null | grep -o -E '^  (-[a-z],)?--[a-z-]+' | sed 's/.*--/--/')"})
  _describe option found
else
  _files
fi
