#!/bin/sh
mkdir -p /tmp/data
echo "$1" >/tmp/data/myid
cat >/tmp/zoo.cfg <<END
tickTime=500
initLimit=20
syncLimit=6
dataDir=/tmp/data
clientPort=2181
admin.enableServer=false
4lw.commands.whitelist=*
server.1=zk1:2888:3888
server.2=zk2:2888:3888
server.3=zk3:2888:3888
END
. /usr/share/zookeeper/bin/zkEnv.sh 2>/dev/null
# A connection to port 9999 kills this member's server.
java -Xmx256m -Dzookeeper.log.dir=/tmp -cp "/usr/share/java/zookeeper.jar:${CLASSPATH:-}:/usr/share/java/*" \
  org.apache.zookeeper.server.quorum.QuorumPeerMain /tmp/zoo.cfg &
server=$!
nc -l -p 9999 >/dev/null
kill -9 $server
sleep 1000
