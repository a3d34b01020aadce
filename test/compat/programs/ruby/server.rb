require 'socket'
require 'webrick'

# Starts an echo server for each kind of listener that Ruby has, and WEBrick.
Thread.new { Socket.tcp_server_loop(7001) { |client| Thread.new { IO.copy_stream(client, client); client.close } } }
Thread.new do
  server = TCPServer.new('0.0.0.0', 7002)
  loop { Thread.new(server.accept) { |client| client.puts([client.peeraddr(false)[3], client.addr(false)[3]].join(' ')); client.close } }
end
WEBrick::HTTPServer.new(Port: 8000, DocumentRoot: '/srv/www', AccessLog: [], Logger: WEBrick::Log.new(File::NULL)).start
