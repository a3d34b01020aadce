# shellcheck shell=sh
. /session-lib.sh
export ETCDCTL_API=3 ETCDCTL_ENDPOINTS=http://server:2379
await curl -sf http://server:2379/health
expect 'put' OK etcdctl put key value
expect 'get' value etcdctl get key --print-value-only
expect '100 keys' 100 sh -c 'seq 100 | xargs -P 4 -I N etcdctl put many/N N | grep -c OK'
expect 'a range' 100 sh -c 'etcdctl get --prefix many/ --keys-only | grep -c many'
expect 'a watch' 'PUT seen now ' sh -c '(timeout 3 etcdctl watch seen & sleep 1; etcdctl put seen now >/dev/null; wait) | tr "\n" " "'
check 'a lease' sh -c 'lease=$(etcdctl lease grant 60 | cut -d" " -f2) && etcdctl put --lease=$lease short 1 && etcdctl lease revoke $lease && [ -z "$(etcdctl get short)" ]'
expect 'a lock' held etcdctl lock name -- echo held
expect 'a transaction' SUCCESS sh -c 'printf "value(\"key\") = \"value\"\n\nput done yes\n\n\n" | etcdctl txn | head -n 1'
check 'compaction' etcdctl compaction 50
check 'status' etcdctl endpoint status
expect 'get over HTTP' '"value":"dmFsdWU="' sh -c 'curl -s http://server:2379/v3/kv/range -d "{\"key\": \"$(printf key | base64)\"}" | grep -o "\"value\":\"[^\"]*\""'
finish
