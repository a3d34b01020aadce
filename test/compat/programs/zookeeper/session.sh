# shellcheck shell=sh
. /session-lib.sh
word() { echo "$1" | nc -w 3 "$2" 2181; }
zk() {
  host=$1
  shift
  java -cp "/usr/share/java/zookeeper.jar:/usr/share/java/*" org.apache.zookeeper.ZooKeeperMain -server "$host:2181" "$@" 2>&1 | tail -n 1
}
for member in zk1 zk2 zk3; do await sh -c "echo ruok | nc -w 3 $member 2181 | grep -q imok"; done
for member in zk1 zk2 zk3; do await sh -c "echo srvr | nc -w 3 $member 2181 | grep -q Mode:"; done
echo "$(for member in zk1 zk2 zk3; do word srvr $member | sed -n 's/^Mode: //p'; done | sort | tr '\n' ' ')" >/tmp/modes
expect 'one leader, two followers' 'follower follower leader ' cat /tmp/modes
zk zk1 create /a first >/dev/null
expect 'written to one, read from two' first sh -c "$(command -v true) && java -cp '/usr/share/java/zookeeper.jar:/usr/share/java/*' org.apache.zookeeper.ZooKeeperMain -server zk2:2181 get /a 2>/dev/null | tail -n 1"
zk zk3 set /a second >/dev/null
expect 'written to three, read from one' second sh -c "java -cp '/usr/share/java/zookeeper.jar:/usr/share/java/*' org.apache.zookeeper.ZooKeeperMain -server zk1:2181 get /a 2>/dev/null | tail -n 1"
leader=zk3
for member in zk1 zk2; do word srvr $member | grep -q 'Mode: leader' && leader=$member; done
nc -w 1 $leader 9999 </dev/null
rest=$(echo zk1 zk2 zk3 | sed "s/$leader//")
for member in $rest; do await sh -c "echo srvr | nc -w 3 $member 2181 | grep -q Mode:"; done
echo "$(for member in $rest; do word srvr "$member" | sed -n 's/^Mode: //p'; done | sort | tr '\n' ' ')" >/tmp/modes
expect 'a new leader' 'follower leader ' cat /tmp/modes
set -- $rest
expect 'nothing is lost' second sh -c "java -cp '/usr/share/java/zookeeper.jar:/usr/share/java/*' org.apache.zookeeper.ZooKeeperMain -server $1:2181,$2:2181 get /a 2>/dev/null | tail -n 1"
finish
