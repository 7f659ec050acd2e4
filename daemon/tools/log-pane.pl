#!/usr/bin/perl
# Writes what tmux reads of a pane to the log of a run, up to the mark that the wrapper (run-step.pl) writes at its end, or to the end of the
# pane. Standard input is tmux's pipe, standard output the log, argv <folder of step files>/<id>.
#
#   <id>.logged  there when nothing more comes into the log, whatever is in it
#
# No module is loaded, as in the wrapper.

my ($base) = @ARGV;
die "usage: log-pane.pl <folder>/<id>\n" unless defined $base && $base =~ m{/([^/]+)\z};
my $mark = "\e^coppice end $1\e\\";
# The pane's end is this one's too: a signal to all of tmux's processes must not take what is still in the pipe.
$SIG{$_} = 'IGNORE' for qw(HUP INT QUIT TERM PIPE);

my ($is_open, $lost) = (1, 0);
my $held = '';
while (sysread STDIN, $held, 65536, length $held) {
    my $at = index $held, $mark;
    if ($at >= 0) {
        $held = substr $held, 0, $at;
        last;
    }
    # What may be the beginning of the mark waits for the rest of it.
    my $kept = beginning_of_mark($held);
    put(substr $held, 0, length($held) - $kept, '');
}
put($held);
tell_end();

sub beginning_of_mark {
    my ($text) = @_;
    my $longest = length($mark) - 1;
    $longest = length $text if length $text < $longest;
    for (my $length = $longest; $length > 0; $length--) {
        return $length if substr($text, -$length) eq substr $mark, 0, $length;
    }
    return 0;
}

# Where the disk is full the terminal goes on, and the log tells what it lacks.
sub put {
    my ($text) = @_;
    return if $text eq '';
    if ($lost > 0) {
        my $note = "\r\n[$lost bytes are missing here: the log could not be written]\r\n";
        if (written($note) == length $note) { $lost = 0 }
        else { $lost += length $text; return }
    }
    $lost += length($text) - written($text);
}

sub written {
    my ($text) = @_;
    my $done = 0;
    while ($is_open && $done < length $text) {
        my $count = syswrite STDOUT, $text, length($text) - $done, $done;
        if ($count) { $done += $count; next }
        # A log that somebody deleted to make room gives it back only when nobody has it open.
        $is_open = 0 if !(stat STDOUT)[3] && close STDOUT;
        last;
    }
    return $done;
}

# Who forgets a run removes this file last, so either it finds the file, or the others are gone when they are looked for here.
sub tell_end {
    # Of a wrapper that told its end there is a file already: another name for it costs less than another file.
    unless (link "$base.exit", "$base.logged") {
        my $mask = umask 077;
        if (open(my $out, '>', "$base.logged")) { close $out }
        umask $mask;
    }
    unlink "$base.logged" unless grep { -e "$base.$_" } qw(spec pid exit);
}
