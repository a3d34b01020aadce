#!/bin/sh
# Runs real servers under the monitor. Each is reached at three addresses: by the kernel, as `direct`, and by
# signal connections. The test supervisor runs this script. Programs that are not installed are skipped.
work=$(mktemp -d)
server=
trap 'stop; rm -rf "$work"' EXIT
failed=0

stop() {
  [ -z "$server" ] || { kill "$server" && wait "$server"; } 2>/dev/null
  server=
}

note() {
  echo "  $1: $2"
  [ "$2" = ok ] || failed=1
}

has() { for program; do command -v "$program" >/dev/null || { echo "  no $program here"; return 1; }; done; }

# try <name> <command...>: repeats the command until it succeeds, for at most 3 s.
try() {
  name=$1
  shift
  for _ in $(seq 30); do
    "$@" >"$work/out" 2>&1 && { note "$name" ok; return; }
    sleep 0.1
  done
  tail -n 1 "$work/out"
  note "$name" failed
}

# 20 transfers, 4 at a time, each on a new connection. The file must arrive complete.
fetch() {
  seq 20 | xargs -P 4 -I% curl -sSf --max-time 5 -o "$work/got-%" "http://$1:$2/file" || return 1
  for i in $(seq 20); do cmp "$work/www/file" "$work/got-$i" || return 1; done
}

fetch_all() {
  for address in 127.0.0.1 198.18.0.1 self-node 198.18.0.2 198.18.0.3 198.18.0.20; do
    try "$1 at $address" fetch "$address" "$2"
  done
  stop
}

mkdir "$work/www"
head -c 1000000 /dev/urandom >"$work/www/file"

if has curl python3; then
  python3 -m http.server --directory "$work/www" 8001 >"$work/log" 2>&1 &
  server=$!
  fetch_all python 8001
fi

if has curl nginx; then
  cat >"$work/nginx.conf" <<END
daemon off; user root; worker_processes 2; pid $work/pid; error_log $work/error.log;
events { worker_connections 64; multi_accept on; }
http {
  access_log $work/access.log; client_body_temp_path $work/b; proxy_temp_path $work/p; fastcgi_temp_path $work/f; uwsgi_temp_path $work/u; scgi_temp_path $work/s;
  server { listen 198.18.0.1:8002; listen 127.0.0.1:8002; root $work/www; }
  server { listen 8003 so_keepalive=on; listen [::]:8004 ipv6only=off; root $work/www; location /file { proxy_pass http://198.18.0.1:8002; } }
}
END
  nginx -c "$work/nginx.conf" 2>"$work/nginx.log" &
  server=$!
  for address in 198.18.0.1 198.18.0.20; do try "nginx bound to its address at $address" fetch "$address" 8002; done
  for address in 198.18.0.1 198.18.0.20; do try "nginx dual-stack at $address" fetch "$address" 8004; done
  fetch_all "nginx proxy" 8003
  grep -q '^198.18.0.20 ' "$work/access.log" && note "nginx logs the overlay address" ok || note "nginx logs the overlay address" failed
fi

redis() { redis-cli -h "$1" -p 8005 set key value | grep -q OK && redis-cli -h "$1" -p 8005 get key | grep -q value; }
if has redis-server redis-cli; then
  redis-server --port 8005 --bind 198.18.0.1 127.0.0.1 --protected-mode no --save '' --dir "$work" >"$work/redis.log" 2>&1 &
  server=$!
  for address in 198.18.0.1 self-node 198.18.0.20; do try "redis at $address" redis "$address"; done
  try "redis-benchmark" redis-benchmark -h 198.18.0.20 -p 8005 -n 2000 -c 20 -t set,get -q
  redis-cli -h 198.18.0.20 -p 8005 client list | grep -q 'addr=198.18.0.20:\|addr=198.18.0.3:' && note "redis sees overlay addresses" ok || note "redis sees overlay addresses" failed
  stop
fi

if has curl node; then
  cat >"$work/server.mjs" <<END
import { createServer } from 'node:http';
import { createReadStream } from 'node:fs';
createServer((request, response) => createReadStream('$work/www/file').pipe(response)).listen(8006);
END
  node "$work/server.mjs" &
  server=$!
  fetch_all node 8006
fi

exit $failed
