/* SPDX-License-Identifier: Apache-2.0
 *
 * junit.c: JUnit's XML as CI servers read it (the common subset of their schemas). Class names are components, so that leaks
 * stand where a component's tests do.
 */
#include <string.h>

#include "gate_outputs.h"
#include "gate_view.h"

#define FRAMES_MAX 40

/* The texts are printable, so only what means something to XML is left. */
static void put(FILE *out, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '&':
			fputs("&amp;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		default:
			fputc(*text, out);
		}
	}
}

static void put_attribute(FILE *out, const char *name, const char *value)
{
	fprintf(out, " %s=\"", name);
	put(out, value);
	fputc('"', out);
}

static void begin_case(FILE *out, const char *class, const char *name)
{
	fputs("    <testcase", out);
	put_attribute(out, "classname", class);
	put_attribute(out, "name", name);
}

/* "kind" is failure, error or skipped. */
static void put_outcome(FILE *out, const char *kind, const char *type, const char *message)
{
	fprintf(out, "      <%s", kind);
	if (type)
		put_attribute(out, "type", type);
	put_attribute(out, "message", message);
}

static void put_stack(FILE *out, struct seep_verdict *v, const struct seep_gate_site *site)
{
	struct seep_gate_line lines[FRAMES_MAX];
	size_t count = seep_gate_lines(v, site->stack, 0, lines, FRAMES_MAX);

	for (size_t i = 0; i < count; i++) {
		put(out, lines[i].function);
		fputs("  ", out);
		put(out, lines[i].place);
		fputc('\n', out);
	}
}

static void put_site(FILE *out, struct seep_verdict *v, const struct seep_gate_site *site)
{
	const char *change = seep_gate_change(v, site);

	begin_case(out, site->stack->component,
		seep_gate_text(v, "%s %s [%016llx:%u]", site->function,
			site->file ? site->file : site->stack->component, (unsigned long long)site->id, site->ordinal));
	if (site->file)
		put_attribute(out, "file", site->file);
	if (site->line)
		put_attribute(out, "line", seep_gate_text(v, "%u", site->line));
	fputs(" time=\"0\">\n", out);
	if (site->fate == SEEP_GATE_SUPPRESSED) {
		put_outcome(out, "skipped", NULL,
			seep_gate_text(
				v, "suppressed by %s at %s", site->suppression->name, site->suppression->origin));
		fputs("/>\n", out);
	} else {
		put_outcome(out, "failure", "leak",
			seep_gate_text(v, "%s%s%s", seep_gate_sentence(v, site), *change ? "; " : "", change));
		fputs(">\n", out);
		put_stack(out, v, site);
		fputs("</failure>\n", out);
	}
	fputs("    </testcase>\n", out);
}

static void put_budget(FILE *out, struct seep_verdict *v, const struct seep_gate_budget *b)
{
	const char *name = seep_gate_budget_name(v, b);

	begin_case(out, b->component ? b->component : "seep gate", seep_gate_text(v, "memory budget of %s", name));
	if (!b->exceeded) {
		fputs(" time=\"0\"/>\n", out);
		return;
	}
	fputs(" time=\"0\">\n", out);
	put_outcome(out, "failure", "budget", seep_gate_text(v, "%s: %s", name, seep_gate_budget_use(v, b)));
	fputs("/>\n    </testcase>\n", out);
}

static void put_peak(FILE *out, struct seep_verdict *v)
{
	const struct seep_gate_peak *p = &v->peak;

	begin_case(out, "seep gate", "peak of memory");
	if (!p->exceeded) {
		fputs(" time=\"0\"/>\n", out);
		return;
	}
	fputs(" time=\"0\">\n", out);
	put_outcome(out, "failure", "peak",
		seep_gate_text(v, "%s held %llu bytes, of at most %llu", p->process, (unsigned long long)p->bytes,
			(unsigned long long)p->max_bytes));
	fputs("/>\n    </testcase>\n", out);
}

static void put_measurement(FILE *out, struct seep_verdict *v)
{
	begin_case(out, "seep gate", "measurement");
	if (!v->reason_count) {
		fputs(" time=\"0\"/>\n", out);
		return;
	}
	fputs(" time=\"0\">\n", out);
	put_outcome(out, "error", "inconclusive", v->reasons[0]);
	fputs(">\n", out);
	for (size_t i = 0; i < v->reason_count; i++) {
		put(out, v->reasons[i]);
		fputc('\n', out);
	}
	fputs("</error>\n    </testcase>\n", out);
}

int seep_junit_write(FILE *out, struct seep_verdict *v)
{
	bool has_peak = v->peak.max_bytes != SEEP_POLICY_UNSET;
	size_t tests = 1 + v->budget_count + has_peak, failures = v->fails + (has_peak && v->peak.exceeded),
	       skipped = 0;

	for (size_t i = 0; i < v->site_count; i++) {
		tests += v->sites[i].fate == SEEP_GATE_FAILS || v->sites[i].fate == SEEP_GATE_SUPPRESSED;
		skipped += v->sites[i].fate == SEEP_GATE_SUPPRESSED;
	}
	for (size_t b = 0; b < v->budget_count; b++)
		failures += v->budgets[b].exceeded;
	fprintf(out,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"seep gate\" tests=\"%zu\" "
		"failures=\"%zu\" "
		"errors=\"%d\" skipped=\"%zu\">\n"
		"  <testsuite name=\"seep gate\" tests=\"%zu\" failures=\"%zu\" errors=\"%d\" skipped=\"%zu\" "
		"time=\"0\">\n",
		tests, failures, v->reason_count > 0, skipped, tests, failures, v->reason_count > 0, skipped);
	put_measurement(out, v);
	for (size_t b = 0; b < v->budget_count; b++)
		put_budget(out, v, &v->budgets[b]);
	if (has_peak)
		put_peak(out, v);
	for (size_t i = 0; i < v->site_count; i++)
		if (v->sites[i].fate == SEEP_GATE_FAILS || v->sites[i].fate == SEEP_GATE_SUPPRESSED)
			put_site(out, v, &v->sites[i]);
	fputs("  </testsuite>\n</testsuites>\n", out);
	return 0;
}
