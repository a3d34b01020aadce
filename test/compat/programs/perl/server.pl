use strict;
use warnings;
use IO::Socket::INET;

# 4 child processes accept from one listener, as in preforking servers. Each answers line by line.
my $listener = IO::Socket::INET->new(LocalPort => 7000, Listen => 64, ReuseAddr => 1) or die "listen: $!";
for (1 .. 4) {
  next if fork;
  while (my $client = $listener->accept) {
    $client->autoflush;
    while (my $line = <$client>) {
      if ($line eq "pid\n") { print $client "$$\n" }
      elsif ($line eq "ends\n") { print $client $client->peerhost, ' ', $client->sockhost, "\n" }
      else { print $client $line }
    }
    close $client;
  }
  exit;
}
1 while wait > 0;
