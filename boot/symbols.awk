# SPDX-License-Identifier: BSD-2-Clause
#
# Converts the output of "nm -n" to a table of all symbols in .text, as NASM source:
# struct symbol in backtrace.c.
BEGIN { n = 0; print "section .symbols alloc noexec nowrite progbits" }
$2 ~ /^[tT]$/ {
	gsub(/\.(constprop|isra)\.[0-9]+/, "", $3) # the compiler's copies
	print "dq 0x" $1 ", name" n
	names = names "name" n++ ": db \"" $3 "\", 0\n"
}
END {
	print "section .rodata\n" names
	print "section .note.GNU-stack noalloc noexec nowrite progbits"
}
