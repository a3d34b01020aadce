# shellcheck shell=sh
. /session-lib.sh

listening server 6379
listening replica 6379
expect 'ping' PONG redis-cli -h server ping
expect 'set' OK redis-cli -h server set key value
expect 'get' value redis-cli -h server get key
expect '1 MB value' 1048576 sh -c 'head -c 1048576 /dev/zero | redis-cli -h server -x set large >/dev/null; redis-cli -h server strlen large'
expect 'pipe mode' 'errors: 0, replies: 1000' sh -c 'seq 1000 | sed "s/.*/INCR counter\r/" | redis-cli -h server --pipe | tail -n 1'
expect 'the keys that the pipe has set' 1000 redis-cli -h server get counter
expect 'Lua' 42 redis-cli -h server eval 'return redis.call("incrby", "lua", 42)' 0
expect 'a blocking pop is woken by a push' 'queue job ' sh -c \
  '(sleep 0.5; redis-cli -h server lpush queue job >/dev/null) & redis-cli -h server blpop queue 10 | tr "\n" " "; wait'
expect 'publish reaches a subscriber' 1 sh -c \
  'timeout 2 redis-cli -h server subscribe news >/dev/null & sleep 1; redis-cli -h server publish news hello; wait'
check 'redis-benchmark, 50 clients' redis-benchmark -h server -n 5000 -c 50 -t set,get,lpush -q
check 'redis-benchmark, 200 clients' redis-benchmark -h server -n 5000 -c 200 -t get -q
await sh -c 'redis-cli -h replica info replication | grep -q master_link_status:up'
expect 'one replica' 1 sh -c 'redis-cli -h server wait 1 5000'
await sh -c '[ "$(redis-cli -h replica get key)" = value ]'
expect 'the replica is read-only' 1 sh -c 'redis-cli -h replica set key other 2>&1 | grep -c READONLY'
expect 'the server shows the replica under its own address' "$(getent ahostsv4 replica | awk '{ print $1; exit }')" sh -c \
  'redis-cli -h server info replication | sed -n "s/^slave0:ip=\([^,]*\),.*/\1/p"'
expect 'the client list shows this client under its own address' 1 sh -c \
  'redis-cli -h server client list | grep -c "addr=$(getent ahostsv4 "$(hostname)" | cut -d" " -f1 | head -n 1):"'
expect 'promotion' OK redis-cli -h replica replicaof no one
expect 'role after promotion' master sh -c 'redis-cli -h replica role | head -n 1'
expect 'demotion of the old server' OK redis-cli -h server replicaof replica 6379
await sh -c 'redis-cli -h server info replication | grep -q master_link_status:up'
expect 'replication in the other direction' 'OK new' sh -c \
  'echo $(redis-cli -h replica set turned new) $(redis-cli -h replica wait 1 5000 >/dev/null; redis-cli -h server get turned)'
finish
