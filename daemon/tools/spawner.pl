#!/usr/bin/perl
# Runs programs for the daemon. A fork stands still until the pages of its process are copied: the daemon has many, this process few.
#
# On standard input, orders of the daemon, each a line and the bytes that it announces:
#   run <id> <bytes>     NUL-terminated fields: cwd or nothing, `pipe` or nothing, the path of a log or nothing, argc, argv...,
#                        NAME=VALUE.... Without a pipe the program reads nothing; with a log it writes there and not to the daemon
#   in <id> <bytes>      what it reads next; none: no more comes
#   ask <id>             TERM to its group
#   cut <id>             the same, and what is left of the group is killed when the program has ended; what it writes is dropped
#   kill <id>            KILL to its group
#   settle <id>          what holds the pipes of a program that has left is not waited for
# On standard output, replies:
#   pid <id> <pid>                it runs
#   out|err <id> <bytes>          and these bytes
#   left <id>                     it has ended, and something else still holds its pipes
#   end <id> exit <code> | end <id> signal <number> | end <id> error <start|cwd|log> <errno>
#
# It ends when the daemon does, by whatever end, and leaves alone what runs then. No user text shows in its argv or environment.
use strict;
use warnings;
no warnings 'exec';
use Errno qw(EAGAIN EINTR);
use Fcntl qw(F_GETFL F_SETFL O_APPEND O_CREAT O_NONBLOCK O_WRONLY);

my @shielded = qw(HUP INT QUIT TERM PIPE ALRM USR1 USR2 TSTP TTIN TTOU);
my $chunk_bytes = 1 << 16;
# Programs are read no further while so much waits for the daemon: this process stays small.
my $reply_bytes = 1 << 18;
my ($shortest, $longest) = (0.001, 0.25);
my $setsid = number_of_setsid();
my (%runs, $child_ended);
my ($orders, $replies, $environment) = ('', '', "\0");
# Nothing is held by its working directory, yet programs may be wanted where the daemon was started.
my $home;
close_inherited();
opendir($home, '.') or opendir($home, '/');
chdir '/';
open(my $nothing, '<', '/dev/null') or die "cannot open /dev/null: $!\n";
# Exec gives a program the usual dispositions of what is handled, but not of what is ignored.
$SIG{$_} = sub { } for @shielded;
$SIG{CHLD} = sub { $child_ended = 1 };
no_waiting($_) for \*STDIN, \*STDOUT;

# Perl runs a handler only between its operations, so that a signal just before select does not end it: hence no endless wait while a
# program runs.
my $pause = $shortest;
for (;;) {
    look_for_ends() if $child_ended;
    write_replies() if $replies ne '';
    my ($reads, $writes) = wanted();
    my $ready = select $reads, $writes, undef, (%runs ? $pause : undef);
    $pause = $ready ? $shortest : $pause * 2 < $longest ? $pause * 2 : $longest;
    next if $ready <= 0;
    read_orders() if vec $reads, 0, 1;
    for my $run (values %runs) {
        feed($run) if is_in($writes, $run->{in});
        for my $name (qw(out err)) { pass_on($run, $name) if is_in($reads, $run->{$name}) }
    }
}

sub wanted {
    my ($reads, $writes) = ('', '');
    vec($reads, 0, 1) = 1;
    vec($writes, 1, 1) = 1 if $replies ne '';
    my $has_room = length $replies < $reply_bytes;
    for my $run (values %runs) {
        vec($writes, fileno $run->{in}, 1) = 1 if $run->{in} && $run->{input} ne '';
        for my $name (qw(out err)) { vec($reads, fileno $run->{$name}, 1) = 1 if $has_room && $run->{$name} }
    }
    return ($reads, $writes);
}

sub is_in { return $_[1] && vec $_[0], fileno $_[1], 1 }

sub read_orders {
    my $read = sysread STDIN, $orders, $chunk_bytes, length $orders;
    return if !defined $read && ($! == EAGAIN || $! == EINTR);
    exit 0 unless $read;
    for (;;) {
        my $line_end = index $orders, "\n";
        return if $line_end < 0;
        my ($verb, $id, $size) = split / /, substr $orders, 0, $line_end;
        return if length $orders < $line_end + 1 + ($size // 0);
        substr $orders, 0, $line_end + 1, '';
        obey($verb, $runs{$id}, $id, substr $orders, 0, $size // 0, '');
    }
}

# A run that has ended meanwhile needs nothing any more.
sub obey {
    my ($verb, $run, $id) = @_;
    return start($id, $_[3]) if $verb eq 'run';
    return unless $run;
    if ($verb eq 'in') { take_input($run, $_[3]) }
    elsif ($verb eq 'settle') { settle($run) }
    elsif ($verb eq 'kill') { signal_group($run, 'KILL') }
    else {
        signal_group($run, 'TERM');
        return unless $verb eq 'cut';
        $run->{cut} = 1;
        signal_group($run, 'KILL') if $run->{left};
    }
}

# Only while its leader is not buried: until then no other process has the number.
sub signal_group {
    my ($run, $signal) = @_;
    kill $signal, -$run->{pid} unless defined $run->{status};
}

sub start {
    my ($id, $fields) = @_;
    my ($cwd, $has_input, $log, $argc, @rest) = split /\0/, $fields, -1;
    pop @rest;
    my @argv = splice @rest, 0, $argc;
    my %run = (id => $id, input => '');
    my (%theirs, $told, $tell);
    my $has_pipes = pipe($told, $tell) && (!$has_input || pipe $theirs{in}, $run{in});
    for my $name ($log eq '' ? qw(out err) : ()) { $has_pipes &&= pipe $run{$name}, $theirs{$name} }
    set_environment(@rest);
    my $pid = $has_pipes ? fork : undef;
    return reply("end $id error start " . ($! + 0) . "\n") unless defined $pid;
    become($tell, $cwd, $log, \%theirs, \@argv) if $pid == 0;
    close $tell;
    # The pipe closes by itself when exec succeeds; what comes through it is why it did not. From then on the program has its usual
    # dispositions, and no signal is lost on it.
    my ($failure, $read) = ('');
    do { $read = sysread $told, $failure, 64, length $failure } until defined $read && !$read;
    if ($failure ne '') {
        1 until waitpid($pid, 0) == $pid;
        return reply("end $id error $failure\n");
    }
    no_waiting($_) for grep { defined } @run{qw(in out err)};
    $runs{$id} = { %run, pid => $pid };
    reply("pid $id $pid\n");
}

# Here and not in the child: each page that a child writes to is copied. Mostly it is that of the program before.
sub set_environment {
    my $wanted = join "\0", @_;
    return if $wanted eq $environment;
    $environment = $wanted;
    %ENV = ();
    for my $pair (@_) {
        my ($name, $value) = split /=/, $pair, 2;
        $ENV{$name} = $value;
    }
}

# In the child. All other descriptors close at exec.
sub become {
    my ($tell, $cwd, $log, $theirs, $argv) = @_;
    defined $setsid && syscall($setsid) >= 0 or setpgrp 0, 0;
    chdir($cwd ne '' ? $cwd : $home) or fail($tell, 'cwd');
    if ($log ne '') {
        # A step may have put a pipe there: opening that must fail, not wait for a reader.
        sysopen(my $file, $log, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK, 0600) or fail($tell, 'log');
        $theirs->{$_} = $file for qw(out err);
    }
    open STDIN, '<&', $theirs->{in} // $nothing or fail($tell, 'start');
    open STDOUT, '>&', $theirs->{out} or fail($tell, 'start');
    open STDERR, '>&', $theirs->{err} or fail($tell, 'start');
    exec { $argv->[0] } @$argv or fail($tell, 'start');
}

sub fail {
    my ($tell, $about) = @_;
    syswrite $tell, "$about " . ($! + 0);
    kill 'KILL', $$;
}

sub take_input {
    my ($run) = @_;
    return unless $run->{in};
    $run->{input} .= $_[1];
    $run->{is_whole} = 1 if $_[1] eq '';
    feed($run);
}

sub feed {
    my ($run) = @_;
    my $written = $run->{input} eq '' ? 0 : syswrite $run->{in}, $run->{input}, $chunk_bytes;
    return if !defined $written && ($! == EAGAIN || $! == EINTR);
    substr $run->{input}, 0, $written, '' if $written;
    # A program may end without reading all of it.
    close delete $run->{in} if !defined $written || ($run->{is_whole} && $run->{input} eq '');
}

sub pass_on {
    my ($run, $name) = @_;
    my $bytes;
    my $read = sysread $run->{$name}, $bytes, $chunk_bytes;
    return if !defined $read && ($! == EAGAIN || $! == EINTR);
    if ($read) { return $run->{cut} || reply("$name $run->{id} $read\n", $bytes) }
    close delete $run->{$name};
    finish($run) if $run->{left};
}

sub look_for_ends {
    $child_ended = 0;
    for my $run (grep { !$_->{left} && has_ended($_) } values %runs) {
        $run->{left} = 1;
        close delete $run->{in} if $run->{in};
        signal_group($run, 'KILL') if $run->{cut};
        finish($run);
        # A pipe holds no more than the first of these reads takes.
        for my $name (qw(out err)) { $run->{$name} && pass_on($run, $name) for 1 .. 2 }
        reply("left $run->{id}\n") if $run->{out} || $run->{err};
    }
}

# Without burying it.
sub has_ended {
    my ($run) = @_;
    # The machine may hide what runs as another user, as sudo does.
    open(my $in, '<:raw', "/proc/$run->{pid}/stat") or return is_buried($run);
    local $/;
    # The name stands in parentheses and may hold any character. A program whose first thread has ended looks dead while others run.
    return (<$in> // '') =~ /\A.*\) [ZX](?: \S+){16} (\d+)/s && $1 < 2;
}

sub is_buried {
    my ($run) = @_;
    $run->{status} = $? if !defined $run->{status} && waitpid($run->{pid}, 1) == $run->{pid};    # 1: WNOHANG
    return defined $run->{status};
}

sub settle {
    my ($run) = @_;
    for my $name (grep { $run->{$_} } qw(out err)) {
        pass_on($run, $name);
        close delete $run->{$name} if $run->{$name};
    }
    finish($run);
}

sub finish {
    my ($run) = @_;
    return if $run->{out} || $run->{err} || !is_buried($run);
    my $status = $run->{status};
    reply("end $run->{id} " . ($status & 127 ? 'signal ' . ($status & 127) : 'exit ' . ($status >> 8)) . "\n");
    delete $runs{ $run->{id} };
}

sub reply { $replies .= $_ for @_ }

sub write_replies {
    my $written = syswrite STDOUT, $replies;
    exit 0 unless defined $written || $! == EAGAIN || $! == EINTR;
    substr $replies, 0, $written, '' if $written;
}

sub no_waiting {
    my ($handle) = @_;
    fcntl $handle, F_SETFL, O_NONBLOCK | fcntl $handle, F_GETFL, 0;
}

# Whoever started the daemon may have left something open, and programs would have it too.
sub close_inherited {
    opendir(my $dir, '/proc/self/fd') or return;
    my @inherited = grep { /\A\d+\z/ && $_ > 2 } readdir $dir;
    closedir $dir;
    for my $number (@inherited) {
        open(my $handle, '<&=', $number) or next;
        close $handle;
    }
}

# Of the machine that this perl was built for; elsewhere a group has to do.
sub number_of_setsid {
    open(my $self, '<:raw', '/proc/self/exe') or return;
    read($self, my $header, 20) == 20 or return;
    return { 62 => 112, 183 => 157, 243 => 157 }->{ unpack 'x18 v', $header };
}
