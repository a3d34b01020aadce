# shellcheck shell=sh
. /session-lib.sh
listening server 8080
listening echo 7
own=$(getent ahostsv4 "$(hostname)" | awk '{ print $1; exit }')
server=$(getent ahostsv4 server | awk '{ print $1; exit }')
expect 'GET' "$own $server" curl -s server:8080/ends
expect '-w local_ip remote_ip' "$own $server" curl -s -o /dev/null -w '%{local_ip} %{remote_ip}' server:8080/ends
expect 'the port that the server sees is the local one' 8080 curl -s -o /dev/null -w '%{remote_port}' server:8080/ends
expect '-Z, 50 transfers' 50 sh -c 'curl -s -Z --parallel-max 50 -w "%{http_code}\n" "server:8080/pid?[1-50]" | grep -c "200$"'
expect '-Z, one connection each' 50 sh -c 'curl -s -Z --parallel-immediate --parallel-max 50 -w "%{http_code}\n" "server:8080/pid?[1-50]" | grep -c "200$"'
expect '-4' 200 curl -4 -s -o /dev/null -w '%{http_code}' server:8080/pid
expect '--connect-timeout' 200 curl --connect-timeout 2 -s -o /dev/null -w '%{http_code}' server:8080/pid
expect '--interface' 200 curl --interface "$own" -s -o /dev/null -w '%{http_code}' server:8080/pid
expect '--local-port' 200 curl --local-port 40100-40110 -s -o /dev/null -w '%{http_code}' server:8080/pid
expect '--limit-rate' 200 curl --limit-rate 10M -s -o /dev/null -w '%{http_code}' server:8080/share/perl/5.36/unicore/Name.pl
expect '--connect-to' 200 curl --connect-to other:80:server:8080 -s -o /dev/null -w '%{http_code}' http://other/pid
expect 'telnet' hello sh -c '(echo hello; sleep 0.5) | curl -sN -m 2 telnet://echo:7'
expect 'a proxy that refuses the connection' 7 sh -c 'curl -s -x server:1 http://server:8080/; echo $?'
expect 'a refused connection' 7 sh -c 'curl -s server:1; echo $?'
expect 'an unknown name' 6 sh -c 'curl -s nobody.invalid; echo $?'
expect 'time limit while waiting for an answer' 28 sh -c 'curl -s -m 1 http://echo:7/ --http0.9 -o /dev/null; echo $?'
expect 'retries after a refusal' 7 sh -c 'curl -s --retry 2 --retry-delay 1 --retry-connrefused server:1; echo $?'
finish
