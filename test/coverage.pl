#!/usr/bin/env perl
# SPDX-License-Identifier: BSD-2-Clause
#
# coverage.pl DIRECTORY [-v]: the lines and branches of gpt/ that were reached,
# summed over all programs built and run in this directory; and those that were
# not, by file and line. -v: of the branches, too.
use strict;
use warnings;
use File::Find;
use JSON::PP;

my ($dir, $verbose) = @ARGV;
my (@data, %lines, %branches);

# optimised: which lines there are, and all branches, are told by the others.
sub take {
	my ($file, $optimised) = @_;
	for my $line (@{ $file->{lines} }) {
		my $n = $line->{line_number};
		my @ways = @{ $line->{branches} };
		next if $optimised && !defined $lines{ $file->{file} }{$n};
		$lines{ $file->{file} }{$n} += $line->{count};
		next if $optimised;
		# The same line can be in several functions, and in several programs;
		# test_gpt_race.c has all of them by other names.
		my $function = $line->{function_name} // '';
		$function =~ s/^raced_(gpt_)?/$1 \/\/ 'vmm_gpt_'/e;
		my $at = join ' ', $n, $function, scalar @ways;
		for my $i (0 .. $#ways) {
			$branches{ $file->{file} }{$at}[$i] += $ways[$i]{count};
		}
	}
}

find({ no_chdir => 1, wanted => sub { push @data, $_ if /\.gcda$/ } }, $dir);
my $fast = qr{/test_gpt_(?:hw|inter)/}; # test.mk: these count on being optimised
for my $path ((grep { !/$fast/ } @data), grep { /$fast/ } @data) {
	open my $gcov, '-|', 'gcov', '--json-format', '--stdout', '--branch-probabilities', $path
		or die "gcov: $!";
	local $/;
	my $text = <$gcov>;
	close $gcov or die "gcov: $path";
	for my $file (@{ decode_json($text)->{files} }) {
		take($file, $path =~ $fast) if $file->{file} =~ m{^gpt/};
	}
}
die "no data in $dir\n" unless %lines;

my @sum = (0) x 4;
my $format = "%-20s %5d of %5d lines %5.1f %%   %5d of %5d branches %5.1f %%\n";
for my $file (sort keys %lines) {
	my @count = (0) x 4;
	$count[1] = values %{ $lines{$file} };
	$count[0] = grep { $_ } values %{ $lines{$file} };
	for my $ways (values %{ $branches{$file} }) {
		$count[3] += @$ways;
		$count[2] += grep { $_ } @$ways;
	}
	$sum[$_] += $count[$_] for 0 .. 3;
	printf $format, $file, @count[0, 1], 100 * $count[0] / ($count[1] || 1),
		@count[2, 3], 100 * $count[2] / ($count[3] || 1);
}
printf $format, 'all', @sum[0, 1], 100 * $sum[0] / $sum[1], @sum[2, 3], 100 * $sum[2] / $sum[3];
for my $file (sort keys %lines) {
	print "$file:$_: not reached\n"
		for sort { $a <=> $b } grep { !$lines{$file}{$_} } keys %{ $lines{$file} };
	next unless $verbose;
	for my $at (sort { (split ' ', $a)[0] <=> (split ' ', $b)[0] } keys %{ $branches{$file} }) {
		my $ways = $branches{$file}{$at};
		my @missing = grep { !$ways->[$_] } 0 .. $#$ways;
		my ($n, $function) = split ' ', $at;
		print "$file:$n: $function: branches @missing of ", scalar @$ways, " not taken\n"
			if @missing;
	}
}
