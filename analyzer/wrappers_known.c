/* SPDX-License-Identifier: Apache-2.0
 *
 * wrappers_known.c: what is known to be only a way to malloc, in the syntax of a --wrappers file.
 *
 * A function belongs here if everybody who calls it could as well call malloc: it allocates, copies into the new block, grows
 * a buffer or checks the result, and its caller decides what the memory is for and when it ends. Constructors of things
 * that a program keeps (a connection, a node, a parsed file) do not belong here.
 */
#include <stddef.h>

#include "wrappers_known.h"

const char *const seep_wrappers_known[] = {
	/* C */
	"malloc", "calloc", "realloc", "reallocarray", "reallocf", "recallocarray", "memalign", "aligned_alloc",
	"posix_memalign", "valloc", "pvalloc", "__libc_malloc", "__libc_calloc", "__libc_realloc", "__libc_memalign",
	"__libc_valloc", "__libc_pvalloc", "__libc_reallocarray", "__posix_memalign", "strdup", "strndup", "__strdup",
	"__strndup", "wcsdup", "memdup", "asprintf", "vasprintf", "__asprintf", "__vasprintf", "__asprintf_chk",
	"__vasprintf_chk", "getline", "getdelim", "__getline", "__getdelim",

	/* What the C and C++ libraries do inside is somebody's call of opendir, regcomp, std::thread. */
	"* @libc.so.6", "* @libc.so", "* @libc-2.*.so", "* @ld-linux*.so*", "* @ld-2.*.so", "* @ld-musl-*.so*",
	"* @libpthread.so*", "* @libdl.so*", "* @librt.so*", "* @libresolv.so*", "* @libnss_*.so*", "* @libgcc_s.so*",
	"* @libstdc++.so*", "* @libc++.so*", "* @libc++abi.so*", "* @libgfortran.so*",

	/* Allocators that replace the C library's */
	"* @libjemalloc.so*", "* @libtcmalloc*.so*", "* @libmimalloc*.so*", "je_malloc", "je_calloc", "je_realloc",
	"je_memalign", "je_aligned_alloc", "je_posix_memalign", "je_valloc", "je_mallocx", "je_rallocx",
	"je_malloc_default", "mallocx", "rallocx", "tc_malloc", "tc_calloc", "tc_realloc", "tc_memalign", "tc_new*",
	"tcmalloc::*", "mi_malloc*", "mi_zalloc*", "mi_calloc*", "mi_realloc*", "mi_reallocf", "mi_rezalloc*",
	"mi_recalloc*", "mi_heap_*alloc*", "mi_new*", "mi_strdup", "mi_strndup", "mi_memalign", "mi_aligned_alloc",
	"mi_posix_memalign", "_mi_malloc_generic", "_mi_page_malloc*", "scalable_malloc", "scalable_calloc",
	"scalable_realloc", "scalable_aligned_malloc",

	/* C++ */
	"operator new", "operator new[]", "*::operator new", "*::operator new[]", "std::*", "__gnu_cxx::*",
	"__cxxabiv1::*", "__cxa_allocate_exception", "boost::make_shared<*", "boost::allocate_shared<*",
	"boost::container::new_allocator<*", "boost::*allocator<*", "absl::container_internal::*",
	"absl::inlined_vector_internal::*", "QArrayData::*", "QTypedArrayData<*", "QListData::*", "QHashData::*",
	"QMapDataBase::*", "rtc::checked_*",

	"* @include/c++/*",

	/* Rust, by the source of its library and by name. "core" and "alloc" alone may also be somebody's C++ namespace. */
	"* @/rustc/*/library/*", "* @rustlib/src/rust/library/*", "__rust_alloc*", "__rust_realloc", "__rdl_alloc*",
	"__rdl_realloc", "__rg_alloc*", "__rg_realloc", "__rustc::*", "alloc::alloc::*", "alloc::borrow::*",
	"alloc::boxed::*", "alloc::collections::*", "alloc::ffi::*", "alloc::fmt::*", "alloc::raw_vec::*",
	"alloc::rc::*", "alloc::slice::*", "alloc::str::*", "alloc::string::*", "alloc::sync::*", "alloc::vec::*",
	"core::alloc::*", "core::array::*", "core::cell::*", "core::clone::*", "core::convert::*", "core::default::*",
	"core::fmt::*", "core::hash::*", "core::intrinsics::*", "core::iter::*", "core::mem::*", "core::num::*",
	"core::ops::*", "core::option::*", "core::ptr::*", "core::result::*", "core::slice::*", "core::str::*",
	"hashbrown::*", "<alloc::*", "<core::*", "<std::*", "<hashbrown::*", "<? as alloc::*", "<? as core::*",
	"<? as std::*", "<str as alloc::*",

	/* Names that many projects give to a malloc that does not fail */
	"xmalloc", "xmalloc0", "xmallocz", "xmallocz_gently", "xmallocarray", "xcalloc", "xrealloc", "xreallocarray",
	"xrecallocarray", "xzalloc", "xalloc", "xalloc_*", "xnmalloc", "xnrealloc", "xnboundedmalloc", "x2malloc",
	"x2realloc", "x2nrealloc", "xpalloc", "xcharalloc", "xmemalign", "xalignalloc", "xaligned_alloc",
	"xposix_memalign", "ximalloc", "xizalloc", "xicalloc", "xirealloc", "xireallocarray", "imalloc", "irealloc",
	"icalloc", "ireallocarray", "xmemdup", "xmemdup0", "xmemdupz", "ximemdup", "ximemdup0", "xstrdup", "xstrndup",
	"xasprintf", "xvasprintf", "xmalloc_*", "xrealloc_*", "sh_xmalloc", "sh_xrealloc", "do_xmalloc", "do_xmallocz",
	"safe_malloc", "safe_calloc", "safe_realloc", "safe_strdup", "safe_strndup", "safemalloc", "safecalloc",
	"saferealloc", "safestrdup", "emalloc", "ecalloc", "erealloc", "ereallocarray", "estrdup", "estrndup",
	"checked_malloc", "checked_calloc", "checked_realloc", "checked_strdup", "malloc_or_die", "calloc_or_die",
	"realloc_or_die", "strdup_or_die", "must_malloc", "must_calloc", "must_realloc", "must_strdup", "ck_malloc",
	"ck_calloc", "ck_realloc*", "zmalloc*", "zcalloc*", "zrealloc*", "ztrymalloc*", "ztrycalloc*", "ztryrealloc*",
	"zstrdup", "alloc", "lalloc", "alloc_clear", "memdup_suffix0", "malloc_multiply", "malloc0", "realloc0",
	"greedy_realloc*", "_obstack_begin*", "_obstack_newchunk", "_obstack_allocated_p",

	/* GLib */
	"g_malloc*", "g_try_malloc*", "g_realloc*", "g_try_realloc*", "g_aligned_alloc*", "g_slice_alloc*",
	"g_slice_copy", "g_memdup*", "g_strdup*", "g_strndup", "g_strnfill", "g_strconcat", "g_strjoin*", "g_vasprintf",
	"g_array_maybe_expand", "g_ptr_array_maybe_expand", "g_string_maybe_expand", "g_string_expand",
	"g_type_create_instance", "g_object_new*",

	/* Memory pools: what is taken from a pool is its user's */
	"apr_palloc*", "apr_pcalloc*", "apr_pmemdup", "apr_pstrdup", "apr_pstrndup", "apr_pstrmemdup", "apr_pstrcat",
	"apr_psprintf", "apr_pvsprintf", "apr_allocator_alloc", "allocator_alloc", "apr_pool_create*",
	"apr_bucket_alloc", "ap_malloc", "ap_calloc", "ap_realloc", "ngx_alloc", "ngx_calloc", "ngx_memalign",
	"ngx_palloc*", "ngx_pnalloc", "ngx_pcalloc", "ngx_pmemalign", "ngx_pstrdup", "ngx_create_pool",
	"ngx_slab_alloc*", "ngx_slab_calloc*", "mem_pool_alloc*", "mem_pool_calloc", "mem_pool_strdup",
	"mem_pool_strndup", "MHD_pool_create", "MHD_pool_allocate", "MHD_pool_reallocate", "MHD_calloc_", "palloc",
	"palloc0", "palloc_extended", "palloc_aligned", "repalloc", "repalloc0", "repalloc_extended", "repalloc_huge",
	"pstrdup", "pnstrdup", "psprintf", "MemoryContextAlloc*", "MemoryContextStrdup", "AllocSetAlloc*",
	"AllocSetRealloc", "GenerationAlloc*", "SlabAlloc*", "BumpAlloc*", "pg_malloc*", "pg_realloc*", "pg_strdup",
	"guc_malloc", "guc_realloc", "guc_strdup", "talloc_*", "_talloc*", "__talloc*", "my_malloc", "my_realloc",
	"my_strdup", "my_strndup", "my_memdup", "my_multi_malloc", "my_raw_malloc", "alloc_root", "strdup_root",
	"strmake_root", "memdup_root", "MEM_ROOT::*",

	/* Single projects: redis and hiredis, SQLite, Python, Perl, PHP, Lua, OpenSSL, libxml2, curl, libuv, libevent, jansson, cJSON,
	 * GCC, FFmpeg, SDL, zstd, brotli, liblzma */
	"sdsnew", "sdsnewlen", "_sdsnewlen", "sdstrynewlen", "sdsempty", "sdsdup", "sdsMakeRoomFor*", "_sdsMakeRoomFor",
	"valkey_malloc", "valkey_calloc", "valkey_realloc", "valkey_strdup", "hi_malloc", "hi_calloc", "hi_realloc",
	"hi_strdup", "hi_sdsnew*", "sqlite3*Malloc*", "sqlite3*Realloc*", "sqlite3_malloc*", "sqlite3_realloc*",
	"sqlite3Db*Dup", "sqlite3_mprintf", "sqlite3_vmprintf", "sqlite3MPrintf", "sqlite3VMPrintf",
	"sqlite3StrAccumEnlarge*", "sqlite3_str_*", "mallocWithAlarm", "dbMallocRawFinish", "dbReallocFinish",
	"pcache1Alloc*", "pcache1InitBulk", "memsys5*alloc*", "PyMem_*", "_PyMem_*", "PyObject_Malloc",
	"PyObject_Calloc", "PyObject_Realloc", "_PyObject_Malloc", "_PyObject_Calloc", "_PyObject_Realloc",
	"PyObject_New", "PyObject_NewVar", "_PyObject_New", "_PyObject_NewVar", "_PyObject_GC_*", "PyObject_GC_*",
	"PyType_GenericAlloc", "_PyType_AllocNoTrack", "gc_alloc", "pymalloc_alloc", "allocate_from_new_pool",
	"new_arena", "Perl_safesys*", "Perl_malloc", "Perl_calloc", "Perl_realloc", "Perl_savepv*", "Perl_savesvpv*",
	"Perl_savesharedpv*", "Perl_more_bodies", "Perl_more_sv", "S_more_sv", "Perl_sv_grow*", "_emalloc*",
	"_ecalloc*", "_erealloc*", "_estrdup", "_estrndup", "_safe_emalloc", "_safe_malloc", "_safe_realloc",
	"_safe_erealloc", "__zend_malloc", "__zend_calloc", "__zend_realloc", "zend_mm_alloc*", "zend_strndup",
	"l_alloc", "luaM_*", "CRYPTO_malloc", "CRYPTO_calloc", "CRYPTO_zalloc", "CRYPTO_*realloc", "CRYPTO_strdup",
	"CRYPTO_strndup", "CRYPTO_memdup", "CRYPTO_secure_malloc", "CRYPTO_secure_zalloc", "CRYPTO_aligned_alloc*",
	"xmlMemMalloc", "xmlMemRealloc", "xmlMallocLoc", "xmlReallocLoc", "xmlMemStrdup*", "xmlStrdup", "xmlStrndup",
	"xmlCharStrdup", "xmlCharStrndup", "curl_dbg_malloc", "curl_dbg_calloc", "curl_dbg_realloc", "curl_dbg_strdup",
	"Curl_saferealloc", "Curl_memdup", "Curl_memdup0", "curl_maprintf", "curl_mvaprintf", "uv__malloc",
	"uv__calloc", "uv__realloc*", "uv__strdup", "uv__strndup", "event_mm_malloc_", "event_mm_calloc_",
	"event_mm_realloc_", "event_mm_strdup_", "jsonp_malloc", "jsonp_strdup", "jsonp_strndup", "cJSON_malloc",
	"cJSON_strdup", "ggc_internal_*alloc*", "ggc_alloc*", "va_heap::reserve<*", "va_gc::reserve<*",
	"base_pool_allocator<*", "av_malloc*", "av_calloc", "av_realloc*", "av_strdup", "av_strndup", "av_memdup",
	"av_fast_malloc*", "av_fast_realloc", "SDL_malloc*", "SDL_calloc*", "SDL_realloc*", "SDL_strdup*",
	"ZSTD_customMalloc", "ZSTD_customCalloc", "BrotliAllocate", "BrotliDefaultAllocFunc", "lzma_alloc",
	"lzma_alloc_zero", NULL};
