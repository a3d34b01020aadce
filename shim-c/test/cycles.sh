#!/bin/sh
# Checks the monitor's modules: cycles.sh <folder of sources> <object files>.
# Fails on a cycle of includes or of symbols, and where one file uses a function that its file's own header does not declare.
set -eu
sources=$1
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

# acyclic <what> <list of pairs "user used">: tsort names the members of each cycle.
acyclic() {
  if ! tsort "$2" >/dev/null 2>"$work/cycle"; then
    echo "cycle of $1: $(sed -n 's/^tsort: \([^: ]*\)$/\1/p' "$work/cycle" | paste -sd ' ' -)"
    failed=1
  fi
}

# A .c file and its header are one module.
(
  cd "$sources"
  grep -H '^#include "' -- *.c *.h | sed -n 's/^\([^:]*\)\.[ch]:#include "\([^./]*\)\.h".*/\1 \2/p'
) | awk '$1 != $2' | sort -u >"$work/includes"
acyclic includes "$work/includes"

for object; do
  nm "$object" | awk -v module="$(basename "$object" .o)" '{ print module, $(NF - 1), $NF }'
done >"$work/symbols"
awk '
  NR == FNR { if ($2 ~ /^[TDBRVW]$/) module[$3] = $1; next }
  $2 == "U" && $3 in module { print $1, module[$3], $3 }
' "$work/symbols" "$work/symbols" >"$work/uses"
cut -d ' ' -f 1,2 "$work/uses" >"$work/pairs"
acyclic symbols "$work/pairs"

# errno.c belongs to monitor.h; the public calls of libc are declared by libc's own headers.
while read -r user module symbol; do
  [ "$module" = errno ] && header=monitor || header=$module
  [ ! -e "$sources/$header.h" ] || ! grep -qE "\b$symbol\(" "$sources/$header.h" || continue
  grep -q "^SYMBOL($symbol," "$sources/symbols.def" && continue
  echo "$user.c uses $symbol() of $module.c, which $header.h does not declare"
  failed=1
done <"$work/uses"

[ -s "$work/includes" ] && [ -s "$work/uses" ] || { echo "no modules found"; exit 1; }
exit $failed
