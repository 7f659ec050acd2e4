#!/usr/bin/perl
# Runs one step and writes down how it ended. Argv is only the path of a spec file, so no user text or secret shows in a process list.
#
#   <id>.spec  NUL-terminated fields: cwd, stdin, stdout, argc, argv..., then NAME=VALUE...; read once, and emptied. stdin and stdout
#              are paths of files, or empty for what the wrapper has itself
#   <id>.pid   "<wrapper pid> <child pid> <start of the wrapper> <start of the child>[ <scope>]\n", written by the child just before it
#              runs its program: nothing runs that is not told of, whoever kills the wrapper. A start, in ticks since the boot, tells
#              the process from a later one of the same number; a scope is the control group that holds this step and nothing else
#   <id>.exit  "exit 7", "signal 15" or "error <text>", written last of all; in a terminal a mark follows there for the log. The first two
#              with " alone" behind them when nothing that the step started lives on
#
# The wrapper outlives Ctrl-C, a closed terminal and a killed daemon. No module is loaded, since every step begins with this: strict and
# warnings alone cost two thirds of what perl itself does. The tests compile it with both.

# Numbers that are the same on every Unix.
my ($ENOENT, $EINTR, $WNOHANG) = (2, 4, 1);
my @shielded = qw(HUP INT QUIT TERM PIPE ALRM USR1 USR2 TSTP TTIN TTOU);
my ($spec) = @ARGV;
die "usage: run-step.pl <spec file>\n" unless defined $spec && $spec =~ /\.spec\z/;
(my $base = $spec) =~ s/\.spec\z//;
my $in_terminal = -t STDIN;
$SIG{$_} = 'IGNORE' for @shielded;
$SIG{CHLD} = 'DEFAULT';
my $has_orphans = adopt_orphans();

my ($cwd, $stdin, $stdout, $argv, $env) = read_spec();
set_environment(@$env);
chdir $cwd or finish("error cannot enter '$cwd': $!");
run_child(@$argv);

sub read_spec {
    # Whoever renames it has it. The same file tells the end, so that there is none to be made then.
    my $taken = "$base.exit.tmp";
    rename $spec, $taken or ($! == $ENOENT ? leave() : finish("error cannot take the step's spec: $!"));
    my $in;
    unless (open $in, '+<:raw', $taken) {
        my $problem = "error cannot read the step's spec: $!";
        unlink $taken;
        finish($problem);
    }
    local $/;
    my $text = <$in>;
    truncate $in, 0;
    close $in;
    my @fields = split /\0/, $text // '', -1;
    pop @fields;
    my ($dir, $in_path, $out_path, $argc, @rest) = @fields;
    finish('error the spec is damaged') unless defined $argc && $argc =~ /\A[1-9][0-9]*\z/ && @rest >= $argc;
    my @args = splice @rest, 0, $argc;
    return ($dir, $in_path, $out_path, \@args, \@rest);
}

# Somebody took the spec before: a wrapper that a former daemon had begun, and which is late, or a daemon that wants this no more. Either
# tells how the step ends. The first is given time to say that it runs, since whoever began this one sees it end.
sub leave {
    for (1 .. 200) {
        last if -e "$base.pid" || -e "$base.exit";
        select undef, undef, undef, 0.01;
    }
    exit 0;
}

# What tmux set for its pane stays, since a program there needs it; nothing else is inherited.
sub set_environment {
    my %kept;
    if ($in_terminal) {
        for my $name (qw(TERM TMUX TMUX_PANE)) { $kept{$name} = $ENV{$name} if defined $ENV{$name} }
    }
    %ENV = ();
    for my $pair (@_) {
        my ($name, $value) = split /=/, $pair, 2;
        $ENV{$name} = $value;
    }
    $ENV{$_} = $kept{$_} for keys %kept;
}

# In a terminal the child shares the foreground group: Ctrl-C reaches it and Ctrl-Z cannot stop it for good, its group being an
# orphaned one. Elsewhere it leads a group of its own, so that killing the group spares the wrapper.
sub run_child {
    my @args = @_;
    # tmux shows the name of the group's leader, which is this process, as what runs in the pane.
    $0 = substr($args[0] =~ m{([^/\s]+)[^/]*\z} ? $1 : 'step', 0, 60) . ' [step wrapper]' if $in_terminal;
    pipe(my $reader, my $writer) or finish("error cannot make a pipe: $!");
    # The kernel tells only the leader of the session that the terminal was closed: it is passed on, once.
    my ($pid, $hung_up);
    my $pass_on = sub { $SIG{HUP} = 'IGNORE'; kill 'HUP', $pid, -$$ };
    $SIG{HUP} = sub { $hung_up = 1; $pass_on->() if $pid } if $in_terminal;
    my $me = "$$";
    my $began = start_of($$);
    $pid = fork();
    finish("error cannot fork: $!") unless defined $pid;
    $pass_on->() if $hung_up && $pid;
    if ($pid == 0) {
        setpgrp(0, 0) unless $in_terminal;
        $SIG{$_} = 'DEFAULT' for @shielded;
        # A terminal that was closed while its hangup was still shielded off is a hangup all the same.
        kill 'HUP', $$ if $in_terminal && !-t STDIN;
        my $problem = redirect();
        if ($problem eq '') {
            # Its dispositions are the usual ones by now: no signal to the pid that is told here is lost.
            write_whole('pid', "$me $$ $began " . start_of($$) . scope() . "\n");
            exec { $args[0] } @args;
        }
        syswrite $writer, $problem || "error cannot run '$args[0]': $!";
        kill 'KILL', $$;
    }
    close $writer;
    # The pipe closes by itself when exec succeeds; what comes through it is why exec failed.
    my $failure = '';
    for (;;) {
        my $count = sysread $reader, $failure, 4096, length $failure;
        last if defined $count ? $count == 0 : $! != $EINTR;
    }
    unlink "$base.pid" if $failure ne '';
    # Orphans that came to us are buried meanwhile.
    for (;;) {
        my $ended = waitpid(-1, 0);
        last if $ended == $pid;
        finish("error lost the child: $!") if $ended < 0 && $! != $EINTR;
    }
    my $status = $?;
    # What the step left running is our child by now, if anything is.
    my $left;
    1 while ($left = waitpid(-1, $WNOHANG)) > 0;
    finish($failure) if $failure ne '';
    my $how = $status & 127 ? 'signal ' . ($status & 127) : 'exit ' . ($status >> 8);
    finish($left < 0 && $has_orphans ? "$how alone" : $how);
}

# What the step starts and leaves without a parent becomes our child and not init's, however it hides: so it is found and ended with the
# step. The number of prctl is that of the machine this perl was built for; elsewhere the mark in the environment has to do. True: they come.
sub adopt_orphans {
    open(my $self, '<:raw', '/proc/self/exe') or return;
    read($self, my $header, 20) == 20 or return;
    my $prctl = { 62 => 157, 183 => 167 }->{ unpack 'x18 v', $header };
    return defined $prctl && syscall($prctl, 36, 1, 0, 0, 0) == 0;
}

sub start_of {
    my ($pid) = @_;
    open(my $in, '<:raw', "/proc/$pid/stat") or return 0;
    my $text = <$in> // '';
    # The name stands in parentheses and may hold any character.
    $text =~ s/\A.*\) //s;
    return (split / /, $text)[19] // 0;
}

# Only what was started for this step alone: any other control group is shared with somebody.
sub scope {
    open(my $in, '<:raw', '/proc/self/cgroup') or return '';
    while (my $line = <$in>) { return " $1" if $line =~ m{\A0::((?:/\S*)?/coppice\.slice/[^/\s]+\.scope)\n\z} }
    return '';
}

# Perl opens a standard handle anew on its own descriptor, so the program finds the files as 0 and 1.
sub redirect {
    if ($stdin ne '') { open(STDIN, '<:raw', $stdin) or return "error cannot read '$stdin': $!" }
    return '' if $stdout eq '';
    my $mask = umask 077;
    open(STDOUT, '>:raw', $stdout) or return "error cannot write '$stdout': $!";
    umask $mask;
    return '';
}

# Nobody else knows what is written here, so a full or read-only disk is waited for; where the folder is gone nobody asks any more.
sub write_whole {
    my ($kind, $text) = @_;
    my $mask = umask 077;
    until (try_to_write($kind, $text)) {
        last if $! == $ENOENT;
        select undef, undef, undef, 0.2;
    }
    umask $mask;
}

sub try_to_write {
    my ($kind, $text) = @_;
    open(my $out, '>:raw', "$base.$kind.tmp") or return 0;
    (print {$out} $text) or return 0;
    close $out or return 0;
    return rename "$base.$kind.tmp", "$base.$kind";
}

sub finish {
    my ($text) = @_;
    $text =~ s/[\0\n]/ /g;
    # Who reads of the end may remove the directory at once, and this process must not count as one inside.
    chdir '/';
    # A log that somebody deletes to make room gives it back only when nobody has it open.
    unless ($in_terminal) { close STDOUT; close STDERR }
    write_whole('exit', $text);
    mark_end() if $in_terminal;
    exit 0;
}

# What reads the terminal for the log (log-pane.pl) knows by this that it has all: a message that terminals do not show. Whoever stopped
# the output with Ctrl-S is waited for, but not for long.
sub mark_end {
    my ($id) = $base =~ m{([^/]+)\z};
    $SIG{ALRM} = sub { };
    alarm 1;
    syswrite STDOUT, "\e^coppice end $id\e\\";
    alarm 0;
    # tmux closes a pane when its process has ended and no byte is waiting; what the kernel still moves to it does not count as waiting.
    select undef, undef, undef, 0.01;
}
