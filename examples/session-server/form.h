/* SPDX-License-Identifier: Apache-2.0
 *
 * form.h: the body of a POST as browsers send it (application/x-www-form-urlencoded).
 */
#ifndef FORM_H
#define FORM_H

#include <stddef.h>

struct form;

/* Parses a body of `size` bytes, which need not end in NUL and is not kept. Returns NULL when memory is short or the
 * body has more fields than any of our pages sends. The caller frees it with form_free(). */
struct form *form_parse(const char *body, size_t size);
void form_free(struct form *form);

/* The first value of that name, decoded, or NULL. It lives as long as the form. */
const char *form_value(const struct form *form, const char *name);

#endif
