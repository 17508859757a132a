/* SPDX-License-Identifier: Apache-2.0
 *
 * dashboard.h: the page that users see after their login.
 */
#ifndef DASHBOARD_H
#define DASHBOARD_H

#include "http.h"

http_handler dashboard_handle;

#endif
