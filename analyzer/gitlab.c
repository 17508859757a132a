/* SPDX-License-Identifier: Apache-2.0
 *
 * gitlab.c: GitLab's code quality report, which merge requests show beside the changed lines. It is a list of objects with
 * description, check_name, fingerprint, severity and location; GitLab tells old from new by the fingerprint.
 */
#include <jansson.h>
#include <stdlib.h>

#include "gate_outputs.h"
#include "gate_view.h"

static json_t *issue_of(struct seep_verdict *v, const struct seep_gate_site *site)
{
	const char *change = seep_gate_change(v, site);

	/* A leak without a line of the project still needs a place: the policy says what is allowed. */
	return json_pack("{ss ss ss ss s{ss s{si}}}", "description",
		seep_gate_text(v, "Memory leak: %s%s%s", seep_gate_sentence(v, site), *change ? "; " : "", change),
		"check_name", "memory-leak", "fingerprint",
		seep_gate_text(v, "%016llx:%u", (unsigned long long)site->id, site->ordinal), "severity", "major",
		"location", "path", site->file && site->below_root ? site->file : SEEP_POLICY_FILE, "lines", "begin",
		site->line && site->below_root ? (int)site->line : 1);
}

int seep_gitlab_write(FILE *out, struct seep_verdict *v)
{
	json_t *issues = json_array();
	char *text;

	for (size_t i = 0; i < v->fails; i++)
		json_array_append_new(issues, issue_of(v, &v->sites[i]));
	text = issues ? json_dumps(issues, JSON_INDENT(2) | JSON_ENSURE_ASCII) : NULL;
	json_decref(issues);
	if (!text)
		return -1;
	fprintf(out, "%s\n", text);
	free(text);
	return 0;
}
