# shellcheck shell=sh
. /session-lib.sh
listening server 11211
expect 'set and get' 'STORED VALUE key 0 5 value END ' sh -c \
  'printf "set key 0 0 5\r\nvalue\r\nget key\r\nquit\r\n" | nc server 11211 | tr -d "\r" | tr "\n" " "'
echo content >/tmp/file
check 'memccp' memccp --servers=server /tmp/file
expect 'memccat' content memccat --servers=server file
check 'memcexist' memcexist --servers=server file
check 'memcrm' memcrm --servers=server file
check 'memcrm has removed the key' sh -c '! memcexist --servers=server file'
check 'memcping' memcping --servers=server
check 'binary protocol' sh -c 'memccp --binary --servers=server /tmp/file && memccat --binary --servers=server file'
check 'memcslap, 20 clients' memcslap --servers=server --concurrency=20 --execute-number=50 --test=set
check 'memcslap, 20 clients, non-blocking' memcslap --servers=server --concurrency=20 --execute-number=50 --test=get --non-blocking --tcp-nodelay
expect '500 connections at once' 500 python3 -c '
import socket
open = [socket.create_connection(("server", 11211), 10) for _ in range(500)]
for s in open: s.sendall(b"version\r\n")
print(sum(s.recv(100).startswith(b"VERSION") for s in open))'
expect '4 threads' 4 sh -c 'printf "stats\r\nquit\r\n" | nc server 11211 | tr -d "\r" | sed -n "s/STAT threads //p"'
finish
