# shellcheck shell=sh
. /session-lib.sh
listening server 1883
pub='mosquitto_pub -h server'
sub='mosquitto_sub -h server -W 5'
check 'publish' $pub -t a -m hello
check 'a retained message' $pub -t kept -r -m old
expect 'a later subscriber gets the retained message' old $sub -t kept -C 1
# subscribed COUNT TOPIC COMMAND [OPTION...]: subscribes, runs the command, and prints the messages that arrive. The
# command runs when the retained message has arrived, which shows that both subscriptions are made.
cat >/tmp/subscribed <<'END'
count=$(($1 + 1)) topic=$2 command=$3
shift 3
out=$(mktemp)
mosquitto_sub -h server -W 15 -C $count -t "$topic" -t kept "$@" >"$out" &
until [ -s "$out" ] || ! kill -0 $!; do sleep 0.05; done
sh -c "$command"
wait
tail -c +4 "$out"
END
subscribed='sh /tmp/subscribed'
expect 'a message reaches a subscriber' hello sh -c "$subscribed 1 news '$pub -t news -m hello' | tail -n 1"
expect 'quality of service 2' hello sh -c "$subscribed 1 exact '$pub -q 2 -t exact -m hello' -q 2 | tail -n 1"
expect 'a wildcard' '1 2' sh -c "$subscribed 2 'many/#' '$pub -t many/a -m 1; $pub -t many/b/c -m 2' | xargs"
expect '1 MB' 1048576 sh -c "$subscribed 1 large '$pub -t large -f /srv/www/large' -N | wc -c"
expect 'a will after a client that dies' bye sh -c \
  "$subscribed 1 will 'timeout -s KILL 1 mosquitto_sub -h server -t x --will-topic will --will-payload bye' | tail -n 1"
expect '50 clients' 50 sh -c "$subscribed 50 crowd 'seq 50 | xargs -P 25 -I N $pub -t crowd -m N' | grep . | sort -u | wc -l"
finish
