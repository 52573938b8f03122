/* decoded.c - records by their place in the decoded bytes. */
#include "strategies/decoded.h"

uint64_t dp__decoded_size(const dp_view *view)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < view->nunits; i++)
		sum += view->unit[i].raw;
	return sum;
}

static void step(dp__decoded *at)
{
	at->before += at->view->unit[at->unit++].raw;
}

uint64_t dp__decoded_before(dp__decoded *at, uint64_t rec)
{
	const dp_view *view = at->view;
	while (at->unit < view->nunits &&
	       rec >= view->unit[at->unit].rec + view->unit[at->unit].nrec)
		step(at);
	if (at->unit == view->nunits)
		return at->before;
	const dp_unit *unit = &view->unit[at->unit];
	double share = (double)(rec - unit->rec) / (double)unit->nrec;
	return at->before + (uint64_t)(share * (double)unit->raw);
}

uint64_t dp__decoded_record(dp__decoded *at, uint64_t off)
{
	const dp_view *view = at->view;
	while (at->unit < view->nunits && off - at->before >= view->unit[at->unit].raw)
		step(at);
	if (at->unit == view->nunits)
		return view->nrec;
	const dp_unit *unit = &view->unit[at->unit];
	double share = (double)(off - at->before) / (double)unit->raw;
	uint64_t within = (uint64_t)(share * (double)unit->nrec + 0.5);
	return unit->rec + (within < unit->nrec ? within : unit->nrec);
}
