# shellcheck shell=sh
. /session-lib.sh
listening server 7001 7002 7003 7004 7007
for port in 7001 7003 7004 7007; do expect "echo at $port" hello sh -c "echo hello | socat -t 5 - TCP:server:$port"; done
expect 'both ends know their addresses' \
  "$(getent ahostsv4 "$(hostname)" | awk '{ print $1; exit }') $(getent ahostsv4 server | awk '{ print $1; exit }')" \
  socat -t 5 - TCP:server:7002
check '1 MB to the server' sh -c 'head -c 1048576 /dev/zero | socat -u - TCP:server:7005'
expect 'the server has received 1 MB' 1048576 sh -c 'sleep 0.5; socat -t 5 - TCP:server:7006 </dev/null'
expect '1 MB there and back' 1048576 sh -c 'head -c 1048576 /dev/zero | socat -t 10 - TCP:server:7001 | wc -c'
expect '40 connections at once' 40 sh -c 'seq 40 | xargs -P 40 -I N sh -c "echo N | socat -t 5 - TCP:server:7001" | sort -n | uniq | wc -l'
expect 'time limit of a connect' hello sh -c 'echo hello | socat -t 5 - TCP:server:7001,connect-timeout=3'
expect 'source port' hello sh -c 'echo hello | socat -t 5 - TCP:server:7001,sourceport=40000,reuseaddr'
check 'a closed port is refused' sh -c 'socat - TCP:server:1 </dev/null 2>&1 | grep -q "Connection refused"'
check 'an unknown name' sh -c 'socat - TCP:nobody.invalid:1 </dev/null 2>&1 | grep -q "not known"'
socat TCP-LISTEN:7100,fork,reuseaddr TCP:server:7001 &
proxy=$!
await nc -z localhost 7100
expect 'a proxy on the client' hello sh -c 'echo hello | socat -t 5 - TCP:localhost:7100'
kill $proxy
finish
