/* plain.c - the framing of text that is stored as it is. */
#include <stdlib.h>
#include <string.h>

#include "core/base/digest.h"
#include "formats/framing.h"

typedef struct plain {
	dp__stored stored;
	const uint8_t *in;
	size_t len;
	uint64_t off; /* of in */
	uint32_t crc;
} plain;

static bool plain_probe(const uint8_t *head, size_t len)
{
	(void)head;
	(void)len;
	return true;
}

static dp_code plain_open(void **self, const dp__stored *stored, const uint8_t *state,
			  size_t state_len, dp_error *err)
{
	plain *own = calloc(1, sizeof *own);
	(void)state;
	(void)state_len;
	if (!own)
		return dp_fail(err, DP_ENOMEM, "no memory to read text");
	own->stored = *stored;
	own->off = stored->off;
	*self = own;
	return DP_OK;
}

static dp_code plain_read(void *self, dp__piece *piece, dp_error *err)
{
	plain *own = self;
	piece->got = 0;
	while (piece->got < piece->cap) {
		if (own->len == 0) {
			dp_code rc = own->stored.more(own->stored.user, &own->in, &own->len, err);
			if (rc != DP_OK)
				return rc;
			if (own->len == 0)
				break;
		}
		size_t n = own->len < piece->cap - piece->got ? own->len : piece->cap - piece->got;
		memcpy(piece->out + piece->got, own->in, n);
		own->in += n;
		own->len -= n;
		own->off += n;
		piece->got += n;
	}
	piece->at_border = piece->border;
	if (piece->crc)
		*piece->crc = own->crc = dp__crc32(own->crc, piece->out, piece->got);
	return DP_OK;
}

static uint64_t plain_stored_end(const void *self)
{
	const plain *own = self;
	return own->off;
}

static dp_code plain_mark(void *self, dp__mark *mark, dp_error *err)
{
	const plain *own = self;
	(void)err;
	*mark = (dp__mark){ own->off, 0 };
	return DP_OK;
}

static dp_code plain_state(void *self, dp__buf *out, dp_error *err)
{
	(void)self;
	(void)out;
	(void)err;
	return DP_OK;
}

const dp__framing dp__plain = {
	.name = "plain",
	.tag = 0,
	.direct = true,
	.probe = plain_probe,
	.open = plain_open,
	.read = plain_read,
	.stored_end = plain_stored_end,
	.mark = plain_mark,
	.state = plain_state,
	.close = free,
};
