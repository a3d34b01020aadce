# shellcheck shell=sh
. /session-lib.sh
mode() { echo srvr | nc -w 3 "$1" 2181 | sed -n 's/^Mode: //p'; }
modes() { for member; do mode "$member"; done | sort | tr '\n' ' '; }
cat >/tmp/zk <<'END'
exec java -cp '/usr/share/java/zookeeper.jar:/usr/share/java/*' org.apache.zookeeper.ZooKeeperMain -server "$@" 2>/dev/null
END

listening zk1 2181
listening zk2 2181
listening zk3 2181
await_modes() { # MODES MEMBER...: until the members have these; `seen` is what they had last
  wanted=$1
  shift
  for _ in $(seq 100); do
    seen=$(modes "$@")
    [ "$seen" = "$wanted" ] && return
    sleep 0.2
  done
}
await_modes 'follower follower leader ' zk1 zk2 zk3
expect 'one leader, two followers' 'follower follower leader ' echo "$seen"
sh /tmp/zk zk1:2181 create /a first >/dev/null
expect 'written to one, read from two' first sh -c 'sh /tmp/zk zk2:2181 get /a | tail -n 1'
sh /tmp/zk zk3:2181 set /a second >/dev/null
expect 'written to three, read from one' second sh -c 'sh /tmp/zk zk1:2181 get /a | tail -n 1'
expect '200 nodes, from 4 clients' 200 sh -c \
  'for c in 1 2 3 4; do seq -f "create /many$c-%g x" 50 | sh /tmp/zk "zk$((c % 3 + 1)):2181" >/dev/null & done; wait; sh /tmp/zk zk2:2181 ls / | grep -o "many[0-9]*-" | wc -l'
leader=zk3
for member in zk1 zk2; do [ "$(mode $member)" = leader ] && leader=$member; done
nc -w 1 $leader 9999 </dev/null
rest=$(echo zk1 zk2 zk3 | sed "s/$leader//")
# shellcheck disable=SC2086 # two names
set -- $rest
await_modes 'follower leader ' "$@"
expect 'a new leader' 'follower leader ' echo "$seen"
expect 'nothing is lost' second sh -c "sh /tmp/zk $1:2181,$2:2181 get /a | tail -n 1"
finish
