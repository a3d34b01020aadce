# shellcheck shell=sh
. /session-lib.sh
listening server 1883
pub='mosquitto_pub -h server'
sub='mosquitto_sub -h server -W 5'
check 'publish' $pub -t a -m hello
check 'a retained message' $pub -t kept -r -m old
expect 'is there for later ones' old $sub -t kept -C 1
expect 'a message reaches a subscriber' hello sh -c "$sub -t news -C 1 & sleep 0.5; $pub -t news -m hello; wait"
expect 'quality of service 2' hello sh -c "$sub -q 2 -t exact -C 1 & sleep 0.5; $pub -q 2 -t exact -m hello; wait"
expect 'a wildcard' '1 2 ' sh -c "($sub -t 'many/#' -C 2 & sleep 0.5; $pub -t many/a -m 1; $pub -t many/b/c -m 2; wait) | tr '\n' ' '"
expect '1 MB' 1048576 sh -c "($sub -t large -C 1 -N & sleep 0.5; $pub -t large -f /srv/www/large; wait) | wc -c"
expect 'a will after a client that dies' bye sh -c \
  "$sub -t will -C 1 & sleep 0.3; timeout -s KILL 1 $sub -t x --will-topic will --will-payload bye; wait"
expect '50 clients' 50 sh -c "($sub -t crowd -C 50 & sleep 0.5; seq 50 | xargs -P 25 -I N $pub -t crowd -m N; wait) | sort -u | wc -l"
finish
