Check = fun(Name, Behaviour) ->
  case catch Behaviour() of
    true -> io:format("ok - ~s~n", [Name]);
    Other -> io:format("not ok - ~s~n# ~p~n", [Name, Other])
  end
end.
Check("ping", fun() -> net_adm:ping(one@one) =:= pong end).
Check("both know each other", fun() -> nodes() =:= [one@one] andalso rpc:call(one@one, erlang, nodes, []) =:= [client@client] end).
Check("call", fun() -> rpc:call(one@one, lists, seq, [1, 3]) =:= [1, 2, 3] end).
Check("1 MB message", fun() ->
  Binary = binary:copy(<<"x">>, 1 bsl 20),
  rpc:call(one@one, erlang, byte_size, [Binary]) =:= 1 bsl 20
end).
Check("1000 calls of 20 processes", fun() ->
  Self = self(),
  Pids = [spawn(fun() -> Self ! {self(), [rpc:call(one@one, erlang, '+', [I, 1]) || I <- lists:seq(1, 50)]} end) || _ <- lists:seq(1, 20)],
  lists:all(fun(Pid) -> receive {Pid, Answer} -> Answer =:= lists:seq(2, 51) after 10000 -> false end end, Pids)
end).
Check("a process there answers", fun() ->
  Pid = spawn(one@one, erlang, apply, [fun erlang:apply/2, [fun() -> receive {From, Text} -> From ! {self(), Text} end end, []]]),
  Pid ! {self(), hello}, receive {Pid, hello} -> true after 5000 -> Pid end
end).
Check("a link carries the exit", fun() ->
  process_flag(trap_exit, true),
  Pid = spawn_link(one@one, erlang, exit, [bang]), receive {'EXIT', Pid, bang} -> true after 5000 -> false end
end).
Check("a global name", fun() -> ok = global:sync(), yes =:= global:register_name(here, self()) andalso rpc:call(one@one, global, whereis_name, [here]) =:= self() end).
Check("the other's host name", fun() -> is_list(rpc:call(one@one, net_adm, localhost, [])) end).
Check("gen_tcp between the two", fun() ->
  {ok, Port} = rpc:call(one@one, erlang, apply, [fun() ->
    {ok, L} = gen_tcp:listen(0, [binary, {active, false}]), {ok, P} = inet:port(L),
    spawn(fun() -> ok = gen_tcp:controlling_process(L, self()) end),
    Own = self(), spawn(fun() -> {ok, L2} = gen_tcp:listen(7000, [binary, {active, false}, {reuseaddr, true}]), Own ! up,
      {ok, S} = gen_tcp:accept(L2), {ok, D} = gen_tcp:recv(S, 5), gen_tcp:send(S, D), gen_tcp:recv(S, 0) end),
    receive up -> {ok, P} after 5000 -> late end end, []]),
  {ok, S} = gen_tcp:connect("one", 7000, [binary, {active, false}], 5000), gen_tcp:send(S, "hello"),
  {ok, Back} = gen_tcp:recv(S, 5, 5000), gen_tcp:close(S), is_integer(Port) andalso Back =:= <<"hello">>
end).
Check("a closed port", fun() -> gen_tcp:connect("one", 1, [], 5000) =:= {error, econnrefused} end).
Check("an unknown name", fun() -> gen_tcp:connect("nobody.invalid", 1, [], 5000) =:= {error, nxdomain} end).
Check("a stopped node is noticed", fun() ->
  erlang:monitor_node(one@one, true), rpc:cast(one@one, init, stop, []),
  receive {nodedown, one@one} -> true after 10000 -> nodes() end
end).
