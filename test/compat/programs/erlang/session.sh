# shellcheck shell=sh
. /session-lib.sh
listening one 4369
# A node registers its name only if epmd already runs.
await sh -c 'erl -noshell -eval "io:format(\"~p~n\", [net_adm:names(\"one\")]), halt()." | grep -q "\"one\""'
expect 'epmd of the other host names its node' 1 sh -c 'erl -noshell -eval "io:format(\"~p~n\", [net_adm:names(\"one\")]), halt()." | grep -c "\"one\""'
timeout 40 erl -noshell -sname client@client -setcookie compat -eval \
  '{ok, _} = file:eval("/session.erl"), halt().'
finish
