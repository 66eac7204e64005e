# Completes what the program itself says that it takes: its commands and options stand in --help.
_atlas_key_auditor() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} commands=() i help
  case $before in
    --config | --store | --export | --*-file) COMPREPLY=($(compgen -f -- "$word")); return ;;
    --format)
      [ "${COMP_WORDS[1]}" = report ] && help='html json' || help='text json junit sarif'
      COMPREPLY=($(compgen -W "$help" -- "$word")); return ;;
  esac
  for ((i = 1; i < COMP_CWORD; i++)); do
    [[ ${COMP_WORDS[i]} == -* || ${COMP_WORDS[i-1]} == --* ]] || commands+=("${COMP_WORDS[i]}")
  done
  help=$("${COMP_WORDS[0]}" "${commands[@]}" --help 2>/dev/null) || return
  COMPREPLY=($(compgen -W "$(awk '
    /^Subcommands:/ { commands = 1; next }
    /^[A-Z]/ { commands = 0 }
    commands && /^  [a-z]/ { print $1 }
    match($0, /--[a-z][a-z-]*/) && /^ +-/ { print substr($0, RSTART, RLENGTH) }' <<<"$help")" -- "$word"))
}
complete -o filenames -F _atlas_key_auditor atlas-key-auditor
