#!/bin/sh
# stack-depth.sh <bytes> <call graphs of the compiler>: computes the most stack that an intercepted call uses,
# including all functions of the monitor that it calls. Fails if this is more than <bytes>, or if a function
# may call itself.
limit=$1
shift
awk -v limit="$limit" '
  function text(line, field) {
    sub(".*" field ": \"", "", line)
    sub("\".*", "", line)
    return line
  }
  # A static function is known by its file as well, a global one by its name alone.
  /^node:/ && / bytes \(/ {
    name = text($0, "title")
    bytes[name] = $0
    sub(/ bytes \(.*/, "", bytes[name])
    sub(/.*\\n/, "", bytes[name])
  }
  /^edge:/ { calls[text($0, "sourcename")] = calls[text($0, "sourcename")] "\n" text($0, "targetname") }
  function depth(name,    callee, callees, count, i, below, deepest) {
    if (!(name in bytes)) return 0
    if (name in known) return known[name]
    if (name in open) { print name " may call itself"; failed = 1; return 0 }
    open[name] = 1
    count = split(calls[name], callees, "\n")
    for (i = 1; i <= count; i++) {
      below = depth(callees[i])
      # 8 bytes for the return address.
      if (callees[i] in bytes && below + 8 > deepest) { deepest = below + 8; way[name] = callees[i] }
    }
    delete open[name]
    return known[name] = bytes[name] + deepest
  }
  END {
    for (name in bytes) if (depth(name) > worst) { worst = depth(name); at = name }
    if (worst == 0) { print "no call graph"; exit 1 }
    if (worst > limit) {
      failed = 1
      print "more than " limit " bytes of stack:"
      for (name = at; name; name = way[name]) print "  " name " (" bytes[name] " of " depth(name) ")"
    }
    exit failed
  }
' "$@"
