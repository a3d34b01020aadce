# shellcheck shell=sh
. /session-lib.sh
. /http-session.sh
listening server 7001 7002
http_session server:8000
timeout 40 ruby /client.rb
finish
