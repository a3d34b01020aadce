#!/bin/sh
# Checks the monitor's modules, each of which is a .c file and its header: cycles.sh <folder of sources>
# <object files>. Fails if includes or symbols form a cycle, and if a function is used outside its file
# without being declared in the header with the file's name.
set -eu
sources=$1
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

# acyclic <what> <list of pairs "user used">: tsort names the members of each cycle.
acyclic() {
  tsort "$2" >/dev/null 2>"$work/cycle" && return
  echo "cycle of $1: $(sed -n 's/^tsort: \([^: ]*\)$/\1/p' "$work/cycle" | paste -sd ' ' -)"
  failed=1
}

(cd "$sources" && grep -H '^#include "' -- *.c *.h) |
  sed -n 's/^\([^:]*\)\.[ch]:#include "\([^./]*\)\.h".*/\1 \2/p' | awk '$1 != $2' | sort -u >"$work/includes"
acyclic includes "$work/includes"

# Lines "<module> <kind> <symbol>", then "<user> <module> <symbol>".
nm -A "$@" | sed -n 's|^\(.*/\)*\([^/]*\)\.o:.* \([A-Za-z]\) \([^ ]*\)$|\2 \3 \4|p' >"$work/symbols"
awk '
  NR == FNR { if ($2 ~ /^[TDBRVW]$/) module[$3] = $1; next }
  $2 == "U" && $3 in module { print $1, module[$3], $3 }
' "$work/symbols" "$work/symbols" >"$work/uses"
cut -d ' ' -f 1,2 "$work/uses" >"$work/pairs"
acyclic symbols "$work/pairs"

# monitor.h declares the functions of errno.c, and libc's headers those that symbols.def lists.
(cd "$sources" && grep -oE '\w+\(' -- *.h | sed 's/^\(.*\)\.h:\(.*\)($/\1 \2/') >"$work/declared"
sed -n 's/^SYMBOL(\([^,]*\),.*/any \1/p' "$sources/symbols.def" >>"$work/declared"
awk '
  NR == FNR { declared[$1 " " $2]; next }
  { header = $2 == "errno" ? "monitor" : $2 }
  (header " " $3) in declared || ("any " $3) in declared { next }
  { print $1 ".c uses " $3 "() of " $2 ".c, which " header ".h does not declare"; bad = 1 }
  END { exit bad }
' "$work/declared" "$work/uses" || failed=1

[ -s "$work/includes" ] && [ -s "$work/uses" ] || { echo "no modules found"; exit 1; }
exit $failed
