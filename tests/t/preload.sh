# SPDX-License-Identifier: Apache-2.0
#
# What libseep.so may bring into other people's programs: nothing but libc, none of libc's functions that allocate, lock, print or
# end the process, and no exported name beyond the functions it hooks and its own.
. tests/tap.sh

library=build/libseep.so

needs_only_libc() {
	! LC_ALL=C readelf -d "$library" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | grep -v -e '^libc\.so\.' -e '^ld-linux'
}

calls_nothing_unfit() {
	! nm -D --undefined-only "$library" | awk '{ sub(/@.*/, "", $NF); print $NF }' | grep -x -E \
		-e '(malloc|calloc|realloc|free|memalign|posix_memalign|aligned_alloc|strdup|strndup|asprintf)' \
		-e '.*printf|f(open|close|read|write|puts|flush)|puts|putchar|perror|syslog' \
		-e 'exit|_exit|_Exit|abort|__assert_fail|__stack_chk_fail' \
		-e 'pthread_create|thrd_create|fork|system|popen' \
		-e '(ZSTD|XXH)_?.*' -e '_Unwind_.*|unw_.*|_U.*' -e '__tls_get_addr'
}

exports_only_hooks() {
	! nm -D --defined-only "$library" | awk '$2 ~ /[A-Z]/ { sub(/@.*/, "", $NF); print $NF }' | grep -v -x -E \
		-e '(m|c|re)alloc|reallocarray|c?free|free_sized|free_aligned_sized' \
		-e 'memalign|aligned_alloc|posix_memalign|p?valloc|dlclose|seep_.*' \
		-e 'prctl|syscall|(set|p)rlimit(64)?'
}

starts_first() {
	LC_ALL=C readelf -d "$library" | grep -q INITFIRST
}

no_text_relocations() {
	! LC_ALL=C readelf -d "$library" | grep TEXTREL && ! LC_ALL=C readelf -lW "$library" | grep -E 'LOAD.*RWE|GNU_STACK.*RWE'
}

try "it needs nothing but libc" needs_only_libc
try "it calls nothing that allocates, prints, starts threads or ends the process" calls_nothing_unfit
try "it exports only what it hooks and seep_ names" exports_only_hooks
try "it is initialised before other libraries" starts_first
try "no memory of it is writable and executable" no_text_relocations
done_testing
