/* SPDX-License-Identifier: Apache-2.0
 *
 * status.h: the pages that machines read: is the server alive, and how is it doing.
 */
#ifndef STATUS_H
#define STATUS_H

#include "http.h"

http_handler status_handle_health;

/* In the text format of Prometheus. */
http_handler status_handle_stats;

#endif
