# shellcheck shell=sh
. /session-lib.sh
address() { getent ahostsv4 "$1" | awk '{ print $1; exit }'; }

for node in one two three; do listening $node 6379 16379; done
check 'create' redis-cli --cluster create "$(address one):6379" "$(address two):6379" "$(address three):6379" --cluster-yes
for node in one two three; do await sh -c "redis-cli -h $node cluster info | grep -q cluster_state:ok"; done
check 'redis-cli --cluster check' redis-cli --cluster check "$(address two):6379"
for node in one two three; do
  expect "$node knows 3 nodes" 3 sh -c "redis-cli -h $node cluster nodes | grep -c connected"
done
expect '100 keys, with redirections' 100 sh -c 'for i in $(seq 100); do redis-cli -c -h one set key$i $i; done | grep -c OK'
expect 'read from another node' '1 50 100 ' sh -c 'for i in 1 50 100; do redis-cli -c -h two get key$i; done | tr "\n" " "'
check 'every node has keys' sh -c 'for n in one two three; do [ "$(redis-cli -h $n dbsize)" -gt 10 ] || exit 1; done'
expect 'a redirection names an address of the cluster' 1 sh -c \
  'for n in one two three; do redis-cli -h $n get key1; done 2>&1 | grep MOVED | cut -d" " -f3 | sort -u | wc -l'
check 'rebalance' redis-cli --cluster rebalance "$(address one):6379" --cluster-use-empty-masters
check 'move 10 slots' redis-cli --cluster reshard "$(address one):6379" --cluster-from "$(redis-cli -h one cluster myid)" \
  --cluster-to "$(redis-cli -h two cluster myid)" --cluster-slots 10 --cluster-yes
check 'redis-benchmark in cluster mode' redis-benchmark --cluster -h one -n 3000 -c 20 -t set,get -q
redis-cli -h three shutdown nosave
await sh -c 'redis-cli -h one cluster nodes | grep -q fail'
expect 'the cluster is down without a third of its slots' fail sh -c \
  'sleep 1; redis-cli -h one cluster info | sed -n "s/cluster_state:\([a-z]*\).*/\1/p"'
finish
