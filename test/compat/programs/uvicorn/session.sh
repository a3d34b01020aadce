# shellcheck shell=sh
. /session-lib.sh
. /http-session.sh
http_session server:8000
expect 'every worker takes part' 4 sh -c \
  'for i in 1 2 3 4 5 6; do seq 40 | xargs -P 10 -I N sh -c "echo \$(curl -s server:8000/pid)"; done | sort -u | wc -l'
finish
