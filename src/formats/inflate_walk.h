/*
 * inflate_walk.h - from block to block: symbols by the fast loop, and one by one where an end is
 * near. Included for bytes and for marks; CELL, SINK, WALK and FAST say which.
 */

/* What there is room for of the match that was begun. */
static void GO_ON(dp__inflate *self, SINK *sink)
{
	size_t room = (size_t)(sink->end - sink->out);
	size_t n = self->match_left < room ? self->match_left : room;
	const CELL *from = sink->out - self->match_dist;
	for (size_t i = 0; i < n; i++)
		sink->out[i] = from[i];
	sink->out += n;
	self->match_left -= (unsigned)n;
	self->match_done += (unsigned)n;
}

/* Whether the bits that were taken are all of this piece. */
static inline bool OWN_BITS(const dp__bits *bits)
{
	return bits->in - bits->begin >= (bits->n + 7) / 8;
}

/* Symbols one by one, up to an end; or up to where there are no bits of former pieces left:
 * DP__STOP_EDGE. */
static dp__stop ONE_BY_ONE(dp__inflate *self, dp__bits *bits, SINK *sink, bool few)
{
	dp__token token;
	for (;;) {
		if (self->match_left)
			GO_ON(self, sink);
		if (self->match_left)
			return DP__STOP_ROOM;
		if (few && OWN_BITS(bits))
			return DP__STOP_EDGE;
		dp__bits_fill(bits);
		dp__stop stop = dp__token_peek(self, bits, &token);
		if (stop != DP__STOP_EDGE)
			return stop;
		if (token.symbol == DP__END) {
			dp__bits_drop(bits, token.bits);
			return DP__STOP_BLOCK;
		}
		if (sink->out == sink->end)
			return DP__STOP_ROOM;
		if (token.symbol < DP__END) {
			*sink->out++ = (uint8_t)token.symbol;
		} else if (token.dist > (size_t)(sink->out - sink->base)) {
			return DP__STOP_TOO_FAR;
		} else {
			self->match_left = token.len;
			self->match_done = 0;
			self->match_dist = token.dist;
			self->match_bits = token.bits;
		}
		dp__bits_drop(bits, token.bits);
	}
}

static dp__stop SYMBOLS(dp__inflate *self, dp__bits *bits, SINK *sink)
{
	dp__stop stop = DP__STOP_EDGE;
	if (self->match_left || !OWN_BITS(bits))
		stop = ONE_BY_ONE(self, bits, sink, true);
	if (stop == DP__STOP_EDGE && bits->end - bits->in > DP__IN_SLACK &&
	    sink->end - sink->out > DP__OUT_SLACK)
		stop = self->kernel->FAST(self, bits, sink);
	if (stop != DP__STOP_EDGE)
		return stop;
	if (sink->soft && sink->end - sink->out <= DP__OUT_SLACK)
		return DP__STOP_ROOM;
	return ONE_BY_ONE(self, bits, sink, false);
}

static dp__stop STORED(dp__inflate *self, dp__bits *bits, SINK *sink)
{
	size_t n = self->stored_left, room = (size_t)(sink->end - sink->out);
	/* The bits that were taken are whole bytes of this piece. */
	bits->in -= bits->n / 8;
	bits->n = 0;
	bits->hold = 0;
	size_t input = (size_t)(bits->end - bits->in);
	n = n < room ? n : room;
	n = n < input ? n : input;
	for (size_t i = 0; i < n; i++)
		sink->out[i] = bits->in[i];
	sink->out += n;
	bits->in += n;
	self->stored_left -= (uint32_t)n;
	if (self->stored_left == 0)
		return DP__STOP_BLOCK;
	return sink->out == sink->end ? DP__STOP_ROOM : DP__STOP_INPUT;
}

/* Until an end. DP__STOP_BLOCK: behind the last block, or behind any when asked to stop there. */
static dp__stop WALK(dp__inflate *self, dp__bits *bits, SINK *sink, bool border)
{
	const uint8_t *from = bits->in - bits->n / 8;
	dp__stop stop = DP__STOP_BLOCK;
	while (stop == DP__STOP_BLOCK) {
		stop = DP__STOP_EDGE;
		if (self->place == DP__AT_HEADER)
			stop = dp__header_read(self, bits);
		if (stop == DP__STOP_EDGE)
			stop = self->place == DP__IN_STORED ? STORED(self, bits, sink)
							    : SYMBOLS(self, bits, sink);
		const uint8_t *now = bits->in - bits->n / 8;
		self->block_taken += (uint64_t)(now - from);
		from = now;
		if (stop != DP__STOP_BLOCK)
			break;
		bool last = self->last;
		dp__header_start(self);
		if (last)
			self->place = DP__AT_END;
		if (last || border)
			break;
	}
	return stop;
}
