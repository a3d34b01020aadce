require 'net/http'
require 'resolv'
require 'socket'

$stdout.sync = true
def check(name)
  puts yield ? "ok - #{name}" : "not ok - #{name}"
rescue StandardError => e
  puts "not ok - #{name}", "# #{e.class}: #{e.message.tr("\n", ' ')}"
end

def echoes(socket)
  socket.write('hello')
  socket.read(5) == 'hello'
ensure
  socket.close
end

check('TCPSocket') { echoes(TCPSocket.new('server', 7001)) }
check('Socket.tcp') { echoes(Socket.tcp('server', 7001)) }
check('Socket.tcp with a time limit') { echoes(Socket.tcp('server', 7001, connect_timeout: 3)) }
check('connect_nonblock') do
  socket = Socket.new(:INET, :STREAM)
  address = Socket.pack_sockaddr_in(7001, Addrinfo.getaddrinfo('server', 7001, :INET).first.ip_address)
  begin
    socket.connect_nonblock(address)
  rescue IO::WaitWritable
    socket.wait_writable(5) or raise 'late'
    begin
      socket.connect_nonblock(address)
    rescue Errno::EISCONN
      # This error is expected.
    end
  end
  echoes(socket)
end
check('Addrinfo') { Addrinfo.tcp('server', 7001).connect { |socket| socket.remote_address.ip_port == 7001 } }
check('Net::HTTP') { Net::HTTP.get(URI('http://server:8000/hello')) == "hello\n" }
check('Net::HTTP, kept alive') do
  Net::HTTP.start('server', 8000) { |http| Array.new(5) { http.get('/hello').body }.uniq == ["hello\n"] }
end
check('10 threads of 10 requests') do
  Array.new(10) { Thread.new { Array.new(10) { Net::HTTP.get(URI('http://server:8000/hello')) } } }
       .flat_map(&:value).all?("hello\n")
end
check('addresses at both ends') do
  remote, local = TCPSocket.new('server', 7002).read.split
  own, server = [Socket.gethostname, 'server'].map { |name| Addrinfo.getaddrinfo(name, nil, :INET).first.ip_address }
  [remote, local] == [own, server] or raise "#{remote} #{local}, not #{own} #{server}"
end
check('ip_address_list has the own address') do
  own = Addrinfo.getaddrinfo(Socket.gethostname, nil, :INET).first.ip_address
  Socket.ip_address_list.any? { |address| address.ip_address == own }
end
check('a closed port') do
  TCPSocket.new('server', 1)
rescue Errno::ECONNREFUSED
  true
end
check('an unknown name') do
  TCPSocket.new('nobody.invalid', 1)
rescue SocketError
  true
end
check('half-close') do
  socket = TCPSocket.new('server', 7001)
  socket.write('bye')
  socket.close_write
  socket.read == 'bye'
end
check('Resolv') { Resolv.getaddress('server') == Addrinfo.getaddrinfo('server', nil, :INET).first.ip_address }
