# SPDX-License-Identifier: AGPL-3.0-or-later
# bash completion for amana-server and amana-desk: commands and options are those that the program's own --help names.

_amana() {
  local program=${COMP_WORDS[0]} current=${COMP_WORDS[COMP_CWORD]} command='' i
  for ((i = 1; i < COMP_CWORD; ++i)); do
    [[ ${COMP_WORDS[i]} == -* ]] || { command=${COMP_WORDS[i]}; break; }
  done
  COMPREPLY=()
  if [[ -z $command && $current != -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$("$program" --help 2>/dev/null | sed -n '/^Subcommands:/,/^$/s/^  \([a-z-]\+\) .*/\1/p')" -- "$current")
  elif [[ $current == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$("$program" $command --help 2>/dev/null | grep -o -E '^  (-[a-z],)?--[a-z-]+' | sed 's/.*--/--/')" -- "$current")
  else
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
  fi
}
complete -o filenames -F _amana amana-server amana-desk
