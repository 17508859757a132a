/* SPDX-License-Identifier: Apache-2.0
 *
 * unpack.h: undoes the packing of payloads (docs/FORMAT.md, "Packing"), which collector/pack.c does. For frames.c.
 */
#ifndef SEEP_UNPACK_H
#define SEEP_UNPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether payloads of this kind are packed. */
bool seep_is_packed(uint32_t version, uint32_t kind);

/* The size of the payload that is packed into these bytes, at most twice as many; SIZE_MAX: this is no packed payload. */
size_t seep_unpacked_bytes(uint32_t kind, uint32_t entries, const uint8_t *packed, size_t packed_bytes);

/* Unpacks it into so many bytes, aligned for any integer. Returns 1, 0 where it is no packed payload, -1 without memory. */
int seep_unpack(uint32_t kind, uint32_t entries, const uint8_t *packed, size_t packed_bytes, uint8_t *payload);

#endif
