# SPDX-License-Identifier: Apache-2.0
#
# work_perl.pl: what perl is used for: lines split into fields, hashes of arrays, sorting, joining, substitution.
#   work_perl.pl [ROUNDS]
use strict;
use warnings;

my $rounds = @ARGV ? shift : 1;
my $total = 0;

for my $round (1 .. $rounds) {
	my %orders;
	for my $number (1 .. 8000) {
		my $line = join(';', "customer" . ($number * 7919 % 1009), $number, "item $number of round $round", $number / 7);
		my ($customer, @fields) = split /;/, $line;
		push @{$orders{$customer}}, {number => $fields[0], text => $fields[1], price => $fields[2]};
	}
	for my $customer (sort keys %orders) {
		my @sorted = sort { $b->{price} <=> $a->{price} } @{$orders{$customer}};
		my $text = join(', ', map { (my $copy = $_->{text}) =~ s/item (\d+)/$1 times/; $copy } @sorted);
		$total += length $text;
	}
}
print "total $total\n";
