/*
 * shares.js - a bar drawn pixel by pixel, as shares of several kinds: what is finer than a pixel adds up, so that a
 * thousand short stretches still show how much of each kind there is.
 */

class Shares {
	/* kinds: the names of their colours, from below. */
	constructor(frame, kinds) {
		this.frame = frame;
		this.kinds = kinds;
		this.wide = Math.ceil(frame.width - GUTTER);
		this.of = new Float32Array(this.wide * kinds.length);
	}

	/* Values [begin, end) of the axis are of that kind. */
	add(kind, begin, end) {
		const a = Math.max(0, this.frame.x(begin) - GUTTER);
		const b = Math.min(this.wide, this.frame.x(end) - GUTTER);
		for (let k = Math.floor(a); k < b; k++)
			this.of[k * this.kinds.length + kind] += Math.min(b, k + 1) - Math.max(a, k);
	}

	/* Of a pixel column: what lies below a kind. */
	below(k, kind) {
		let sum = 0;
		for (let other = 0; other < kind; other++)
			sum += this.of[k * this.kinds.length + other];
		return sum;
	}

	drawKind(ctx, y, tall, kind) {
		const share = (k) => this.of[k * this.kinds.length + kind];
		ctx.fillStyle = color(this.kinds[kind]);
		for (let k = 0; k < this.wide;) {
			let end = k + 1;
			while (share(k) > 0.999 && end < this.wide && share(end) > 0.999)
				end++;
			const high = Math.max(1, tall * share(k));
			if (share(k) > 0.001)
				ctx.fillRect(GUTTER + k, y + tall * (1 - this.below(k, kind)) - high, end - k, high);
			k = end;
		}
	}

	/* From above, so that even a little of a lower kind stays in sight. */
	draw(ctx, y, tall) {
		for (let kind = this.kinds.length - 1; kind >= 0; kind--)
			this.drawKind(ctx, y, tall, kind);
	}
}
