# shellcheck shell=sh
. /session-lib.sh
. /http-session.sh
http_session server:80
finish
