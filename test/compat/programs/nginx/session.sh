# shellcheck shell=sh
. /session-lib.sh

listening server 8080 8081 8082
await curl -sf proxy:8080/hello.html
expect 'a file' '<h1>hello</h1>' curl -s server:8080/hello.html
expect 'a missing file' 404 curl -s -o /dev/null -w '%{http_code}' server:8080/absent
expect 'a dual-stack listener' '<h1>hello</h1>' curl -s server:8082/hello.html
expect 'keep-alive: 3 requests on 1 connection' '1 0 0 ' sh -c \
  'curl -s -o /dev/null -o /dev/null -o /dev/null -w "%{num_connects} " server:8080/pid server:8080/pid server:8080/pid'
expect 'sendfile of a large file' "$(sha256sum </usr/share/perl/5.36/unicore/Name.pl)" sh -c \
  'curl -s server:8080/share/perl/5.36/unicore/Name.pl | sha256sum'
expect 'the server sees the address of the client' "$(getent ahostsv4 "$(hostname)" | awk '{ print $1; exit }')" sh -c \
  'curl -s server:8080/ends | cut -d" " -f1'
expect 'the server sees its own address' "$(getent ahostsv4 server | awk '{ print $1; exit }')" sh -c \
  'curl -s server:8080/ends | cut -d" " -f2'
expect '200 requests, 20 at a time' 200 sh -c \
  'seq 200 | xargs -P 20 -I N curl -s -o /dev/null -w "%{http_code}\n" server:8080/hello.html | grep -c 200'
check 'every worker takes part (reuseport)' sh -c \
  '[ "$(seq 100 | xargs -P 10 -I N sh -c "echo \$(curl -s server:8081/)" | sort -u | wc -l)" = 4 ]'
expect 'a Unix socket inside the server' inner curl -s server:8080/unix
expect 'through the proxy' '<h1>hello</h1>' curl -s proxy:8080/hello.html
expect '200 requests through the proxy' 200 sh -c \
  'seq 200 | xargs -P 20 -I N curl -s -o /dev/null -w "%{http_code}\n" proxy:8080/hello.html | grep -c 200'
expect 'the next upstream after one that refuses' '<h1>hello</h1>' curl -s proxy:8080/next/hello.html
expect 'an upstream that refuses' 502 curl -s -o /dev/null -w '%{http_code}' proxy:8080/closed/
expect 'a closed port' 7 sh -c 'curl -s server:1; echo $?'
expect 'an unknown name' 6 sh -c 'curl -s nobody.invalid; echo $?'
finish
