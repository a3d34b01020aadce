# shellcheck shell=sh
. /session-lib.sh
listening server 2222 2223 2224 7000
umask 077
mkdir -p /tmp/home && cd /tmp/home || exit
socat -u TCP:server:2223 STDOUT >key
user=$(socat -u TCP:server:2224 STDOUT)
options='-o StrictHostKeyChecking=no -o UserKnownHostsFile=/tmp/home/known -o LogLevel=ERROR -o BatchMode=yes -i /tmp/home/key'
echo "exec ssh $options -p 2222 -l $user \"\$@\"" >ssh-server
# ssh takes its options before the host name, and the remote command after it.
ssh="sh /tmp/home/ssh-server server"
expect 'a command' hello $ssh echo hello
expect 'the exit code of a command' 42 sh -c "$ssh exit 42; echo \$?"
expect '1 MB to a command and back' 1048576 sh -c "$ssh cat </srv/www/large | wc -c"
expect 'SSH_CONNECTION has both addresses' \
  "$(getent ahostsv4 "$(hostname)" | awk '{ print $1; exit }') $(getent ahostsv4 server | awk '{ print $1; exit }')" \
  sh -c "$ssh 'echo \$SSH_CONNECTION' | cut -d' ' -f1,3"
check 'scp to the server' scp $options -P 2222 /srv/www/large "$user@server:/tmp/copy"
check 'scp from the server' scp $options -P 2222 "$user@server:/tmp/copy" /tmp/home/copy
check 'scp has copied the same bytes' cmp /srv/www/large /tmp/home/copy
expect 'sftp' /tmp/copy sh -c "echo 'ls /tmp/copy' | sftp -q $options -P 2222 $user@server | grep -v sftp | tr -d ' '"
$ssh -N -L 7100:localhost:7000 &
forward=$!
await nc -z localhost 7100
expect 'a local port forwarded' hello sh -c 'echo hello | socat -t 5 - TCP:localhost:7100'
kill $forward
socat TCP-LISTEN:7200,fork,reuseaddr EXEC:cat &
echo_server=$!
$ssh -N -R 7300:localhost:7200 &
forward=$!
await $ssh nc -z localhost 7300
expect 'a remote port forwarded' hello $ssh 'echo hello | socat -t 5 - TCP:localhost:7300'
kill $forward $echo_server
expect 'a SOCKS proxy' 1 sh -c "$ssh -f -D 7400 sleep 3; echo hello | socat -t 2 - SOCKS4:localhost:server:7000,socksport=7400 | grep -c hello"
$ssh -o ControlMaster=yes -o ControlPath=/tmp/home/mux -N &
master=$!
await test -S /tmp/home/mux
expect 'sessions over one connection' '1 2 3 ' sh -c \
  "for i in 1 2 3; do $ssh -o ControlPath=/tmp/home/mux echo \$i; done | tr '\n' ' '"
kill $master
expect '8 sessions at once' 8 sh -c "seq 8 | xargs -P 8 -I N $ssh echo N | sort -u | wc -l"
finish
