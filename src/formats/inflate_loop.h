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

/* hold is what follows behind `taken` bits of in. */
#define REFILL()                                                                                   \
	do {                                                                                       \
		in += taken >> 3;                                                                  \
		taken &= 7;                                                                        \
		hold = dp__le64(in) >> taken;                                                      \
	} while (0)
#define DROP(bits)                                                                                 \
	do {                                                                                       \
		hold >>= (bits)&63;                                                                \
		taken += (bits);                                                                   \
	} while (0)
#define LOW(bits) (hold & (((uint64_t)1 << ((bits)&63)) - 1))

/* checked: matches may reach before base. */
static DP__INLINE dp__stop LOOP(const uint32_t *lit, dp__bits *bits, SINK *sink, unsigned width,
				bool checked)
{
	const uint32_t *const dist = lit + DP__LIT_ROOM;
	const uint64_t mask = ((uint64_t)1 << width) - 1, dist_mask = (1u << DP__DIST_BITS) - 1;
	const uint8_t *in = bits->in - (bits->n + 7) / 8, *const in_stop = bits->end - DP__IN_SLACK;
	const CELL *const base = sink->base;
	CELL *out = sink->out, *const out_stop = sink->end - DP__OUT_SLACK;
	uint64_t hold;
	unsigned taken = (8 - bits->n % 8) % 8;
	size_t begun = 0; /* the length of a match whose distance comes next */
	dp__stop stop = DP__STOP_EDGE;

	REFILL();
	uint32_t e = lit[hold & mask];
	do {
		REFILL();
		while (DP__UNLIKELY(e & E_ELSE)) {
			unsigned k = e >> E_K & 31;
			DROP(e & E_BITS);
			if (e & E_TABLE) {
				e = lit[(e >> E_BASE) + LOW(k)];
			} else if (e & E_EXTRA) {
				begun = (e >> E_BASE) + (size_t)LOW(k);
				DROP(k);
				e = dist[hold & dist_mask];
			} else {
				stop = e & E_END ? DP__STOP_BLOCK
				       : begun   ? DP__STOP_BAD_DISTANCE
						 : DP__STOP_BAD_SYMBOL;
				goto out;
			}
			REFILL();
		}
		dp__range range = dp__dist_range[e >> E_X & 255];
		unsigned drop = e & E_BITS;
		size_t far = range.base + (size_t)(LOW(drop) >> ((drop - range.extra) & 63));
		size_t part = (size_t)0 - (e >> 31);
		size_t len = (e >> E_LEN & 127) + begun;
		begun = len & part;
		len &= ~part;
		PUT(out, e >> E_LIT);
		out += e >> E_COUNT & 3;
		taken += drop;
		hold >>= e & 63;
		uint32_t next_dist = dist[hold & dist_mask], next_lit = lit[hold & mask];
		DP__OPAQUE(next_dist);
		DP__OPAQUE(next_lit);
		e = (int32_t)e < 0 ? next_dist : next_lit;
		if (checked && DP__UNLIKELY(far > (size_t)(out - base))) {
			if (len == 0)
				continue;
			stop = DP__STOP_TOO_FAR;
			break;
		}
		COPY(out, far, len);
		out += len;
	} while (DP__LIKELY(out < out_stop && in < in_stop) || begun);
out:
	in += taken >> 3;
	taken &= 7;
	bits->n = (8 - taken) & 7;
	bits->hold = taken ? (uint64_t)*in++ >> taken : 0;
	bits->in = in;
	sink->out = out;
	return stop;
}

#undef REFILL
#undef DROP
#undef LOW
