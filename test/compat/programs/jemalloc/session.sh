# shellcheck shell=sh
. /session-lib.sh
listening cache 11211
listening web 8080
check 'jemalloc is loaded' sh -c 'grep -q jemalloc /proc/self/maps'
expect 'LD_PRELOAD reads as it was set' libjemalloc.so.2 sh -c 'echo "$LD_PRELOAD"'
check 'memcslap, 20 clients' memcslap --servers=cache --concurrency=20 --execute-number=50 --test=set
expect '200 requests, 20 at a time' 200 sh -c \
  'seq 200 | xargs -P 20 -I N curl -s -o /dev/null -w "%{http_code}\n" web:8080/pid | grep -c 200'
expect 'Python: 20 threads that resolve and connect' 20 python3 -c '
import socket, threading
good = []
def one():
    for _ in range(10):
        with socket.create_connection(("web", 8080), 5) as s:
            s.sendall(b"GET /pid HTTP/1.0\r\n\r\n"); assert s.recv(4096)
    good.append(1)
threads = [threading.Thread(target=one) for _ in range(20)]
[t.start() for t in threads]; [t.join() for t in threads]
print(len(good))'
expect 'exec with a cleared environment' 200 env -i /usr/bin/curl -s -o /dev/null -w '%{http_code}' http://web:8080/pid
expect 'Perl' 1 perl -MIO::Socket::INET -e 'print IO::Socket::INET->new("web:8080") ? 1 : 0'
finish
