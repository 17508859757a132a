# SPDX-License-Identifier: Apache-2.0
#
# Runs a command that leads to tests/programs/announcer.c, kills that with SIGKILL after so many milliseconds, and prints what
# it announced, as JSON: {"pid", "taken": {"SITE": BLOCKS}, "unfreed": {"SITE": BLOCKS}}. Called by tests/t/kill.sh:
#   perl tests/witness.pl MILLISECONDS COMMAND...
# With WITNESS_TRACE=FILE it kills the collector that writes this file first, and the program some milliseconds after that. With
# WITNESS_STOPS=1 besides, it stops the program before both: so nothing happens that the collector's files can't hold.
use strict;
use warnings;
use POSIX qw(dup2);
use Fcntl;
use Time::HiRes qw(time);

# Those that have the file open, and are no readers of it.
sub collectors_of {
	my ($file) = @_;
	my %found;
	for my $descriptor (glob '/proc/[0-9]*/fd/*') {
		my ($process) = $descriptor =~ m{^/proc/(\d+)/};
		next if (readlink($descriptor) // '') ne $file;
		$found{$process} = 1 if (readlink("/proc/$process/exe") // '') =~ m{/seep-collector$};
	}
	return keys %found;
}

sub stop {
	my ($process) = @_;
	kill 'STOP', $process;
	while (1) {
		open(my $stat, '<', "/proc/$process/stat") or die "it ended before it was stopped";
		return if <$stat> =~ /\) T /;
	}
}

my $limit = shift() / 1000;
my $trace = $ENV{WITNESS_TRACE};
pipe(my $in, my $out) or die "pipe: $!";
fcntl($in, 1031, 1 << 20);    # F_SETPIPE_SZ: whoever announces should rarely wait
my $child = fork() // die "fork: $!";
if (!$child) {
	close $in;
	dup2(fileno($out), 3) // die "dup2: $!";
	fcntl(STDIN, F_GETFD, 0);
	$^F = 3;
	open(my $kept, '>&=', 3) or die "descriptor 3: $!";
	fcntl($kept, F_SETFD, 0);
	exec @ARGV or die "$ARGV[0]: $!";
}
close $out;

my $told = '';
my ($pid, $end);
while (1) {
	my $ready = '';
	vec($ready, fileno($in), 1) = 1;
	my $left = defined $end ? $end - time() : 20;
	if ($left <= 0 || !select($ready, undef, undef, $left)) {
		die "nothing was announced in 20 s" unless defined $pid;
		if (defined $trace) {
			my @collectors = collectors_of($trace) or die "nobody writes $trace";
			stop($pid) if $ENV{WITNESS_STOPS};
			kill 9, @collectors;
			undef $trace;
			$end = time() + ($ENV{WITNESS_STOPS} ? 0 : $limit / 4);
			next;
		}
		kill(9, $pid) == 1 or die 'it ended before it was killed';
		$end = time() + 20;
		last;
	}
	sysread($in, $told, 1 << 18, length $told) or die "it ended before it was killed";
	next if defined $pid || length $told < 8;
	$pid = unpack('x4 L', $told);
	$end = time() + $limit;
}
1 while sysread($in, $told, 1 << 18, length $told);
waitpid($child, 0);

die 'an announcement is torn' if length($told) % 8;
my @told = unpack('(L L)*', substr($told, 8));
my %taken = map { $_ => 0 } 1 .. 9;
my %unfreed = %taken;
for (my $i = 0; $i < @told; $i += 2) {
	$unfreed{$told[$i]}-- if $told[$i];
	next unless $told[$i + 1];
	$unfreed{$told[$i + 1]}++;
	$taken{$told[$i + 1]}++;
}
sub object {
	my %numbers = @_;
	return '{' . join(', ', map { "\"$_\": $numbers{$_}" } sort keys %numbers) . '}';
}
print '{"pid": ', $pid, ', "taken": ', object(%taken), ', "unfreed": ', object(%unfreed), "}\n";
