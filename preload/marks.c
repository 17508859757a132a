/* SPDX-License-Identifier: Apache-2.0
 *
 * marks.c: the other side of seep/seep.h. Called by the application, any thread.
 */
#include "seep/seep.h"

#include "ring.h"
#include "thread.h"

__attribute__((visibility("default"))) void seep_note_mark(const char *name)
{
	struct seep_thread *thread = seep_thread_enter(SEEP_PLACE_RECORDER);

	if (!thread)
		return;
	seep_ring_push_mark(thread, name);
	seep_thread_leave();
}
