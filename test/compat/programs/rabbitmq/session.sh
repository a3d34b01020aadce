# shellcheck shell=sh
. /session-lib.sh
export HOME=/tmp
listening server 4369
await sh -c 'nc -z -w 3 server 5672'
timeout 40 python3 /client.py
ctl='erl -noshell -sname ctl@client -setcookie compat -eval'
expect 'the broker answers an Erlang call' true timeout 20 $ctl \
  'io:format("~p~n", [rpc:call(rabbit@server, rabbit, is_running, [])]), halt().'
expect 'an Erlang call lists the queues' 3 timeout 20 $ctl \
  'io:format("~p~n", [length(rpc:call(rabbit@server, rabbit_amqqueue, list_names, []))]), halt().'
finish
