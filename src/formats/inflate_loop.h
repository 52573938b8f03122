/*
 * inflate_loop.h - the fast loop: entries of the tables, as long as neither input nor room is near
 * its end. Included for bytes and for marks of 16 bits; CELL, SINK, LOOP, PUT and COPY say which.
 *
 * The time between two look-ups is what a piece costs, and each branch that is guessed wrong costs
 * as much as two of them. So there is one way for all entries but the rare ones: those without a
 * match copy some bytes too, which later ones overwrite.
 *
 * After a refill, hold has 57 bits at least: enough for the longest entry (12, and 13 of a
 * distance) and the look-up behind it (12).
 */

/* hold is what follows the first `at` bits of in. */
#define REFILL() (hold = dp__le64(in + (at >> 3)) >> (at & 7))
#define DROP(bits)                                                                                 \
	do {                                                                                       \
		hold >>= (bits)&63;                                                                \
		at += (bits);                                                                      \
	} while (0)
/* Where to look at the ends: no more than two bytes of input become one of text. */
#define PAUSE()                                                                                    \
	(out + ((in_size - (ptrdiff_t)(at / 8)) / 2 < out_stop - out                               \
			? (in_size - (ptrdiff_t)(at / 8)) / 2                                      \
			: out_stop - out))
#define LOW(bits) (hold & (((uint64_t)1 << ((bits)&63)) - 1))

/* checked: matches may reach before base. */
static DP__INLINE dp__stop LOOP(const uint32_t *lit, dp__bits *bits, SINK *sink, unsigned width,
				bool checked)
{
	DP__OPAQUE(lit);
	const uint64_t mask = ((uint64_t)1 << width) - 1, dist_mask = (1u << DP__DIST_BITS) - 1;
	const uint8_t *const in = bits->in - (bits->n + 7) / 8;
	const ptrdiff_t in_size = bits->end - DP__IN_SLACK - in;
	const CELL *const base = sink->base;
	CELL *out = sink->out, *const out_stop = sink->end - DP__OUT_SLACK;
	uint64_t hold;
	uint64_t at = (8 - bits->n % 8) % 8;
	size_t begun = 0; /* the length of a match whose distance comes next */
	dp__stop stop = DP__STOP_EDGE;

	const CELL *pause = PAUSE();
	REFILL();
	uint32_t e = lit[hold & mask];
	for (;;) {
		REFILL();
		while (DP__UNLIKELY(e & E_ELSE)) {
			unsigned k = e >> E_K & 31;
			DROP(e & E_BITS);
			if (e & E_TABLE) {
				e = lit[(e >> E_BASE) + LOW(k)];
			} else if (e & E_EXTRA) {
				begun = (e >> E_BASE) + (size_t)LOW(k);
				DROP(k);
				e = lit[DP__LIT_ROOM + (hold & dist_mask)];
			} else {
				stop = e & E_END ? DP__STOP_BLOCK
				       : begun   ? DP__STOP_BAD_DISTANCE
						 : DP__STOP_BAD_SYMBOL;
				goto out;
			}
			REFILL();
		}
		dp__x x = dp__xs[e >> E_X & 255];
		unsigned drop = e & E_BITS;
		size_t far = x.base + (size_t)(LOW(drop) >> ((drop - x.extra) & 63));
		size_t len = (e >> E_LEN) + begun;
		begun = x.begun;
		PUT(out, e >> E_LIT);
		out += (uint8_t)e >> E_COUNT;
		at += drop;
		hold >>= e & 63;
		uint32_t next_dist = lit[DP__LIT_ROOM + (hold & dist_mask)],
			 next_lit = lit[hold & mask];
		DP__OPAQUE(next_dist);
		DP__OPAQUE(next_lit);
		e = e & E_PART ? next_dist : next_lit;
		if (checked && DP__UNLIKELY(far > (size_t)(out - base))) {
			if (len) {
				stop = DP__STOP_TOO_FAR;
				break;
			}
		} else {
			COPY(out, far, len);
			out += len;
		}
		if (DP__LIKELY(out < pause))
			continue;
		/* To be asked here, not before: it is as often so as not. */
		DP__OPAQUE(begun);
		if (begun)
			continue;
		pause = PAUSE();
		if (out >= pause)
			break;
	}
out:
	bits->in = in + (at + 7) / 8;
	bits->n = (8 - at % 8) % 8;
	bits->hold = at % 8 ? (uint64_t)in[at / 8] >> at % 8 : 0;
	sink->out = out;
	return stop;
}

#undef REFILL
#undef DROP
#undef LOW
#undef PAUSE
