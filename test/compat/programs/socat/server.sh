#!/bin/sh
# Starts a server for each case of session.sh: programs, Unix sockets, a dual-stack listener, one-way and forwarded
# connections.
socat TCP-LISTEN:7001,fork,reuseaddr,backlog=64 EXEC:cat &
# shellcheck disable=SC2016 # socat sets them
socat TCP-LISTEN:7002,fork,reuseaddr SYSTEM:'echo $SOCAT_PEERADDR $SOCAT_SOCKADDR' &
socat UNIX-LISTEN:/tmp/inner.sock,fork EXEC:cat &
socat TCP-LISTEN:7003,fork,reuseaddr UNIX-CONNECT:/tmp/inner.sock &
socat TCP6-LISTEN:7004,fork,reuseaddr,ipv6only=0 EXEC:cat &
socat -u TCP-LISTEN:7005,fork,reuseaddr SYSTEM:'wc -c >/tmp/received' &
socat TCP-LISTEN:7006,fork,reuseaddr SYSTEM:'cat /tmp/received' &
socat TCP-LISTEN:7007,fork,reuseaddr TCP:localhost:7001 &
wait
