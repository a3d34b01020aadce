use strict;
use warnings;
use Errno qw(EINPROGRESS ECONNREFUSED);
use HTTP::Tiny;
use IO::Select;
use IO::Socket::INET;
use IO::Socket::IP;
use Socket qw(:all);
use Sys::Hostname;

$| = 1;
sub check {
  my ($name, $behaviour) = @_;
  my $good = eval { $behaviour->() };
  print $good ? "ok - $name\n" : "not ok - $name\n# " . ($@ || 'false') =~ s/\n/ /gr . "\n";
}
sub ask {
  my ($socket, $text) = @_;
  $socket->autoflush;
  print $socket "$text\n";
  my $line = <$socket>;
  chomp $line;
  return $line;
}
sub inet { IO::Socket::INET->new(PeerAddr => 'server', PeerPort => 7000, @_) or die "connect: $@" }

check 'IO::Socket::INET', sub { ask(inet(), 'hello') eq 'hello' };
check 'with a time limit', sub { ask(inet(Timeout => 3), 'hello') eq 'hello' };
check 'IO::Socket::IP', sub { ask(IO::Socket::IP->new(PeerHost => 'server', PeerService => 7000), 'hello') eq 'hello' };
check 'getaddrinfo and connect', sub {
  my ($error, @found) = getaddrinfo('server', '7000', { socktype => SOCK_STREAM, family => AF_INET });
  die $error if $error;
  socket(my $socket, $found[0]{family}, SOCK_STREAM, 0) or die;
  connect($socket, $found[0]{addr}) or die "connect: $!";
  syswrite $socket, "hello\n";
  my $back;
  sysread($socket, $back, 6) == 6 && $back eq "hello\n" && getpeername($socket) eq $found[0]{addr};
};
check 'gethostbyname', sub { length(gethostbyname('server') // '') == 4 };
check 'gethostbyname in list context, and back', sub {
  my ($name, undef, $type, $length, @addresses) = gethostbyname 'server';
  my $again = gethostbyaddr($addresses[0], AF_INET);
  $type == AF_INET && $length == 4 && defined $again;
};
check 'an unknown name', sub { !defined gethostbyname 'nobody.invalid' };
check 'a non-blocking connect and IO::Select', sub {
  my $socket = IO::Socket::INET->new(Proto => 'tcp') or die;
  $socket->blocking(0);
  my $done = connect($socket, pack_sockaddr_in(7000, inet_aton('server')));
  die "$!" unless $done || $! == EINPROGRESS;
  IO::Select->new($socket)->can_write(5) or die 'not writable';
  unpack('i', getsockopt($socket, SOL_SOCKET, SO_ERROR)) == 0;
};
check 'a closed port', sub {
  socket(my $socket, AF_INET, SOCK_STREAM, 0);
  !connect($socket, pack_sockaddr_in(1, inet_aton('server'))) && $! == ECONNREFUSED;
};
check 'addresses at both ends', sub {
  my ($own, $server) = map { inet_ntoa(scalar gethostbyname $_) } hostname, 'server';
  my $ends = ask(inet(), 'ends');
  $ends eq "$own $server" or die "$ends, not $own $server";
};
check 'every child takes part', sub {
  my @open = map { inet() } 1 .. 4;
  my %pids = map { ask($_, 'pid') => 1 } @open;
  keys %pids == 4;
};
check '200 connections one after another', sub {
  for (1 .. 200) { ask(inet(), $_) eq $_ or die }
  1;
};
check 'HTTP::Tiny', sub { HTTP::Tiny->new->get('http://web:8000/hello')->{content} eq "hello\n" };
check 'HTTP::Tiny, 1 MB', sub { length(HTTP::Tiny->new->get('http://web:8000/large')->{content}) == 1 << 20 };
check 'fork: the child uses the connection of its parent', sub {
  my $socket = inet();
  my $pid = fork // die;
  if (!$pid) { print $socket "from the child\n"; $socket->flush; POSIX::_exit(0) if require POSIX }
  waitpid $pid, 0;
  my $line = <$socket>;
  $line eq "from the child\n";
};
