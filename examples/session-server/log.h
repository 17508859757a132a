/* SPDX-License-Identifier: Apache-2.0
 *
 * log.h: one line an event, on standard error. Any thread may call; a line is written whole.
 */
#ifndef LOG_H
#define LOG_H

#include <stdbool.h>

/* Whether log_request() writes anything. Set before the threads start. */
extern bool log_requests;

void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_request(const char *method, const char *path, unsigned status);

#endif
