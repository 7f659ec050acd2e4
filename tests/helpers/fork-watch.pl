# Tells of every process that is forked below the given ones, as "<parent> <child>" lines, and of "ready" first. The kernel's process
# connector (CONFIG_PROC_EVENTS) tells all forks of the machine to whoever may ask, which is root; what is not below is left out.
# A new thread is none. "lost" says that the kernel dropped some.
use strict;
use warnings;

my %below = map { $_ => 1 } @ARGV;
$| = 1;
# AF_NETLINK, SOCK_DGRAM, NETLINK_CONNECTOR; then the group of process events.
socket(my $events, 16, 2, 11) or die "no process connector: $!\n";
setsockopt($events, 1, 33, pack('l', 8 << 20)) or setsockopt($events, 1, 8, pack('l', 8 << 20));
bind($events, pack('S S L L', 16, 0, 0, 1)) or die "no process connector: $!\n";
# nlmsghdr, cn_msg and the operation: listen.
send($events, pack('L S S L L  L L L L S S  L', 40, 3, 0, 0, $$, 1, 1, 0, 0, 4, 0, 1), 0, pack('S S L L', 16, 0, 0, 0))
    or die "no process connector: $!\n";
print "ready\n";
while (1) {
    my $message = '';
    unless (defined recv($events, $message, 4096, 0)) {
        print "lost\n" if $!{ENOBUFS};
        next;
    }
    my ($what) = unpack 'L', substr($message, 36, 4);
    next unless $what == 1;
    my ($parent_thread, $parent, $child_thread, $child) = unpack 'L4', substr($message, 52, 16);
    next unless $child_thread == $child && $below{$parent};
    $below{$child} = 1;
    print "$parent $child\n";
}
