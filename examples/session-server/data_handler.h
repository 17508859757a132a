/* SPDX-License-Identifier: Apache-2.0
 *
 * data_handler.h: what users may see and change of their data.
 */
#ifndef DATA_HANDLER_H
#define DATA_HANDLER_H

#include "http.h"

/* One "name value" a line. */
http_handler data_handle_get;

/* Form fields: `theme` (light, dark), `item` and `quantity` (1 unless given). */
http_handler data_handle_post;

#endif
