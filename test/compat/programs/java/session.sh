# shellcheck shell=sh
. /session-lib.sh
listening server 7000
timeout 40 java -cp /usr/local/lib/java NioClient server 7000
finish
